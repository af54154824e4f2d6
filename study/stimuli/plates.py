"""Pictures that check eyes and screens: a digit of dots, seen or not. Computed, none is a copy.

A plate for protan or deutan vision has dots of two colours that differ only in what the L or the M
cones take up: who lacks these sees one colour. Every dot has a brightness of its own, so that
brightness tells nothing of the digit. The control differs in brightness, which everybody sees. The
steps are digits a little brighter than black, darker than white, and off a middle grey: what a
screen that is set badly does not show.

References
----------
Viénot, Brettel and Mollon (1999), Digital video colourmaps for checking the legibility of displays
by dichromats, Color Research & Application 24: the cones' take-up of linear RGB, and what a
dichromat sees in its place.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from study.protocol.screen import PLATES

SIDE = 320  # pixels
SHADES = {"dark": (0, 14), "bright": (255, 243), "middle": (128, 119)}
"""Ground and digit, as sRGB values."""
_LMS = np.array(
    [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]
)
_SEEN = {  # (L, M, S) of a dichromat
    "protan": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
    "deutan": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
}
_MIDDLE = np.array([0.30, 0.30, 0.22])  # linear RGB, between the two colours
_BRIGHTNESS = 0.62, 1.0  # of a dot, times its colour
_GROUND = (236, 236, 232)
# Strokes of digits on a grid of 2 x 4: those of a display of seven segments.
_CORNERS = {"a": (0, 0, 2, 0), "b": (2, 0, 2, 2), "c": (2, 2, 2, 4), "d": (0, 4, 2, 4)}
_CORNERS |= {"e": (0, 2, 0, 4), "f": (0, 0, 0, 2), "g": (0, 2, 2, 2)}
_STROKES = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgcde", "abc", "abcdefg", "abcdfg")
_UNIT, _HALF_STROKE = 42, 19  # pixels

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Dots:
    """A plate before it is drawn.

    `centres` is (n, 2) and `radii` (n,), in pixels; `colours` (n, 3) sRGB, uint8; `figure` (n,)
    says which belong to the digit.
    """

    centres: Float
    radii: Float
    colours: NDArray[np.uint8]
    figure: NDArray[np.bool_]


def dots(kind: str, digit: int, seed: int) -> Dots:
    """Return the dots of a plate.

    Parameters
    ----------
    kind
        One of `study.protocol.screen.PLATES`.
    digit
        0 to 9.
    seed
        Places, sizes and brightnesses.
    """
    chance = np.random.default_rng([seed, digit, PLATES.index(kind)])
    centres, radii = _scatter(chance)
    figure = _distance(centres, digit) <= _HALF_STROKE
    brightness = chance.uniform(*_BRIGHTNESS, len(radii))
    if kind == "control":
        colours = np.where(figure, 0.4, 1.6)[:, None] * _MIDDLE
    else:
        way = confusion(kind)
        reach = 0.9 * np.min(_MIDDLE / np.abs(way))  # both ends can be shown
        colours = _MIDDLE + np.where(figure, reach, -reach)[:, None] * way
    return Dots(centres, radii, _srgb(brightness[:, None] * colours), figure)


def confusion(kind: str) -> Float:
    """Return the direction in linear RGB that "protan" or "deutan" vision does not see."""
    missing = np.linalg.inv(_LMS)[:, ("protan", "deutan").index(kind)]
    return np.asarray(missing / np.linalg.norm(missing))


def seen(colours: NDArray[np.uint8], kind: str) -> NDArray[np.uint8]:
    """Return colours, (..., 3) sRGB, as "protan" or "deutan" vision sees them.

    Examples
    --------
    >>> seen(np.array([255, 255, 255], np.uint8), "protan")
    array([255, 255, 255], dtype=uint8)
    """
    through = np.linalg.inv(_LMS) @ _SEEN[kind] @ _LMS
    return _srgb(_linear(colours) @ through.T)


@functools.lru_cache(maxsize=256)
def picture(kind: str, digit: int, seed: int) -> bytes:
    """Return a plate or a step as PNG, 320 x 320; nothing in it tells kind or digit but pixels."""
    if kind in SHADES:
        ground, shade = SHADES[kind]
        image = Image.new("RGB", (SIDE, SIDE), (ground,) * 3)
        rows, columns = np.mgrid[:SIDE, :SIDE]
        places = np.stack([columns, rows], axis=-1).reshape(-1, 2).astype(np.float64)
        inside = (_distance(places, digit) <= _HALF_STROKE).reshape(SIDE, SIDE)
        mask = Image.fromarray(np.uint8(255) * inside.astype(np.uint8))
        image.paste((shade,) * 3, mask=mask)
    else:
        plate, fine = dots(kind, digit, seed), 3
        image = Image.new("RGB", (SIDE * fine, SIDE * fine), _GROUND)
        draw = ImageDraw.Draw(image)
        for (x, y), radius, colour in zip(plate.centres, plate.radii, plate.colours, strict=True):
            box = [
                fine * (x - radius),
                fine * (y - radius),
                fine * (x + radius),
                fine * (y + radius),
            ]
            draw.ellipse(box, fill=tuple(int(part) for part in colour))
        image = image.resize((SIDE, SIDE), Image.Resampling.BOX)
    file = io.BytesIO()
    image.save(file, "png")
    return file.getvalue()


def _scatter(chance: np.random.Generator) -> tuple[Float, Float]:
    """Dots in a disc that do not touch, the large ones first."""
    centres, radii = np.empty((0, 2)), np.empty(0)
    for radius, tries in ((9.0, 500), (6.5, 900), (4.5, 1500), (3.0, 2500)):
        for place in chance.uniform(radius, SIDE - radius, (tries, 2)):
            if np.hypot(*(place - SIDE / 2)) > SIDE / 2 - radius - 2:
                continue
            if np.all(np.hypot(*(centres - place).T) > radii + radius + 1):
                centres, radii = np.vstack([centres, place]), np.append(radii, radius)
    return centres, radii


def _distance(places: Float, digit: int) -> Float:
    """From each place, (n, 2) pixels, to the nearest stroke of a digit in the middle."""
    corner = np.array([SIDE / 2 - _UNIT, SIDE / 2 - 2 * _UNIT])
    nearest = np.full(len(places), np.inf)
    for stroke in _STROKES[digit]:
        ends = np.array(_CORNERS[stroke], np.float64).reshape(2, 2) * _UNIT + corner
        way = ends[1] - ends[0]
        along = np.clip((places - ends[0]) @ way / (way @ way), 0, 1)
        nearest = np.minimum(nearest, np.hypot(*(places - ends[0] - along[:, None] * way).T))
    return nearest


def _linear(colours: NDArray[np.uint8]) -> Float:
    coded = colours / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def _srgb(linear: Float) -> NDArray[np.uint8]:
    linear = np.clip(linear, 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(255 * coded), np.uint8)
