"""A damaged photograph made whole before it is coloured, for those who ask for it.

For :mod:`colorizers.painting.pipeline` and the page. `look` says what it would do and changes
nothing: where scratches and dust are (:mod:`colorizers.painting.scratches`), between which levels
a faded scan lies, and how wide its borders are. `mended` does it: what is marked is continued from
around it, the levels are stretched by a line in three pieces that never folds, at the photograph's
own depth. Borders of paper or of black keep no colour (`borders`, `neutral.blank`).

It ends "the photograph keeps its own lightness", so it is off unless asked for, and the recipe
says it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizers.files.picture import Picture
from colorizers.files.srgb import Pixels
from colorizers.painting.scratches import filled_in, marked
from colorizers.painting.strips import lightness
from colorizers.parallel import in_strips

Float = NDArray[np.float32]
Inside = tuple[float, float, float, float]
"""Top, bottom, left and right of the picture inside its borders, as shares."""

WHOLE: Inside = (0.0, 1.0, 0.0, 1.0)
"""Without borders."""
DARKEST, LIGHTEST = 0.5, 99.5
"""Percentiles of the levels between which a photograph lies."""
BLACK, WHITE = 0.02, 0.98
"""Levels to which they are brought, of [0, 1]: nothing that is beyond them is lost."""
FADED = 0.75
"""Greatest distance between the two of a photograph that is faded."""
GAIN = 2.5
"""Most that contrast is raised."""
SIDE = 512
"""Shorter side at which borders and levels are looked for."""
EVEN, STEP = 3.0, 5.0
"""Greatest standard deviation of L along a line of a border, and least step where that ends."""
PAPER, INK = 75.0, 15.0
"""Least L of a border of paper, and greatest of a black one."""
WIDEST = 0.2
"""Of a border, as a share of the side."""
MARK = np.array([255, 40, 140], np.uint8)
"""Colour of what is marked on the screen: none that a photograph has at such places."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to repair.

    Attributes
    ----------
    mask : ndarray of bool, shape (height, width)
        Scratches and dust.
    levels : tuple of float, or None
        Darkest and lightest level, each in [0, 1], of a faded scan; None if it is not faded.
    inside : tuple of float
        Where the picture is inside its borders, as of `borders`.
    """

    mask: NDArray[np.bool_]
    levels: tuple[float, float] | None
    inside: Inside


def look(photo: Picture) -> Found:
    """What there is to repair of a photograph; nothing is changed.

    Parameters
    ----------
    photo : Picture

    Examples
    --------
    >>> rgb = np.full((60, 90, 3), 100, np.uint8)
    >>> rgb[:, 30] = 230
    >>> found = look(Picture(rgb, None, "PNG"))
    >>> bool(found.mask[:, 30].all()), found.inside
    (True, (0.0, 1.0, 0.0, 1.0))
    """
    L = lightness(photo.rgb)
    height, width = L.shape
    shrink = min(1.0, SIDE / min(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = cv2.resize(L, size, interpolation=cv2.INTER_AREA).reshape(size[::-1])
    inside = borders(small)
    mask = marked(L)
    top, bottom, left, right = _pixels(inside, L.shape)
    within = np.zeros_like(mask)
    within[top:bottom, left:right] = mask[top:bottom, left:right]
    return Found(within, _faded(photo.rgb, within, inside), inside)


def mended(photo: Picture, found: Found) -> Picture:
    """The photograph without what was found.

    Parameters
    ----------
    photo : Picture
    found : Found
        Of this photograph, from `look`.

    Returns
    -------
    Picture
        Of the same size and depth; grey if the photograph is.
    """
    rgb = photo.rgb
    planes = [rgb[..., 0]] if _grey(rgb) else [rgb[..., channel] for channel in range(3)]
    planes = [filled_in(plane, found.mask) for plane in planes]
    if found.levels is not None:
        table = curve(found.levels, rgb.dtype)
        planes = [_through(plane, table) for plane in planes]
    if len(planes) == 1:
        made = np.broadcast_to(planes[0][..., None], rgb.shape)
    else:
        made = np.stack(planes, axis=-1)
    return replace(photo, rgb=cast("Pixels", made))


def curve(levels: tuple[float, float], dtype: np.dtype[np.unsignedinteger]) -> Pixels:
    """The new level of each level: straight between three bends, and never downwards.

    Parameters
    ----------
    levels : tuple of float
        Darkest and lightest, in [0, 1].
    dtype : dtype
        uint8 or uint16.

    Returns
    -------
    ndarray of this type, shape (256,) or (65536,)

    Examples
    --------
    >>> table = curve((0.3, 0.7), np.dtype(np.uint8))
    >>> table[[0, 76, 128, 179, 255]].tolist()
    [0, 5, 129, 250, 255]
    """
    most = int(np.iinfo(dtype).max)
    low, high = levels
    black, white = _ends(low, high)
    bends = np.array([0.0, low, high, 1.0]) * most
    made = np.interp(np.arange(most + 1), bends, np.array([0.0, black, white, 1.0]) * most)
    return np.rint(made).astype(dtype)


def borders(L: Float) -> Inside:
    """Where a picture is inside borders of paper or of black, each side for itself.

    Parameters
    ----------
    L : ndarray of float32, shape (height, width)
        In [0, 100]; small.

    Returns
    -------
    tuple of float
        Top, bottom, left and right, as shares.

    Examples
    --------
    >>> L = np.full((100, 200), 95, np.float32)
    >>> L[10:, :160] = np.linspace(20, 70, 160)
    >>> borders(L)
    (0.1, 1.0, 0.0, 0.8)
    """
    top, bottom = _border(L), _border(L[::-1])
    across = L[top : len(L) - bottom].T
    left, right = _border(across), _border(across[::-1])
    height, width = L.shape
    return top / height, 1 - bottom / height, left / width, 1 - right / width


def told(found: Found) -> str:
    """A sentence or more about what was found."""
    said = []
    if found.mask.any():
        # A few pixels apart they are one for the eye.
        near = cv2.dilate(found.mask.astype(np.uint8), np.ones((3, 3), np.uint8))
        count = cv2.connectedComponents(near)[0] - 1
        share = f"{max(0.01, 100 * float(found.mask.mean())):.2f} %"
        said.append(
            f"{count:,} {'mark' if count == 1 else 'marks'} of scratches and dust ({share})"
        )
    if found.levels is not None:
        low, high = (round(100 * level) for level in found.levels)
        said.append(f"faded, it lies between {low} % and {high} % of its range")
    if found.inside != WHOLE:
        said.append("a border, which stays without colour")
    return f"Repair found: {'; '.join(said)}." if said else "Repair found nothing to repair."


def write(found: Found, target: Path) -> None:
    """Write scratches and dust as a PNG of black and white, which is marked; OSError if not."""
    Image.fromarray(found.mask.astype(np.uint8) * 255).save(target, "PNG")


def overlaid(rgb_u8: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A picture of any size with what is marked drawn over it, nothing too small to be seen.

    Parameters
    ----------
    rgb_u8 : ndarray, shape (height, width, 3)
    mask : ndarray of bool, shape (rows, columns)
        Of the whole picture, at the same or another size.
    """
    height, width = rgb_u8.shape[:2]
    share = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    seen = cv2.dilate((share > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(seen[..., None] > 0, MARK, rgb_u8).astype(np.uint8)


def _grey(rgb: Pixels) -> bool:
    """Whether the three channels are one."""
    return rgb.strides[-1] == 0 or bool((rgb == rgb[..., :1]).all())


def _through(plane: Pixels, table: Pixels) -> Pixels:
    """A channel whose levels are looked up in a table."""
    made = np.empty(plane.shape, plane.dtype)

    def convert(rows: slice) -> None:
        made[rows] = table[plane[rows]]

    in_strips((plane.shape[0], plane.shape[1]), convert)
    return made


def _ends(low: float, high: float) -> tuple[float, float]:
    """Where darkest and lightest go: to the ends, or as far as the gain allows."""
    gain = (WHITE - BLACK) / (high - low)
    if gain <= GAIN:
        return BLACK, WHITE
    # Its middle goes as far from where it is as the ends of the range ask for, in proportion.
    share = (GAIN - 1) / (gain - 1)
    return low + share * (BLACK - low), high + share * (WHITE - high)


def _faded(rgb: Pixels, mask: NDArray[np.bool_], inside: Inside) -> tuple[float, float] | None:
    """Darkest and lightest level inside the borders, if they are near to each other."""
    top, bottom, left, right = _pixels(inside, mask.shape)
    step = max(1, min(bottom - top, right - left) // SIDE)
    part = np.s_[top:bottom:step, left:right:step]
    values = rgb[part].mean(axis=-1)[~mask[part]] / np.iinfo(rgb.dtype).max
    if not values.size:
        return None
    low, high = np.percentile(values, (DARKEST, LIGHTEST)).tolist()
    plain = high - low < 1 / 32  # nothing to see, and no levels to stretch
    return None if plain or high - low > FADED else (low, high)


def _pixels(inside: Inside, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Top, bottom, left and right in pixels."""
    height, width = shape[:2]
    top, bottom, left, right = inside
    return round(top * height), round(bottom * height), round(left * width), round(right * width)


def _border(L: Float) -> int:
    """How many rows from above are of a border."""
    mean, spread = L.mean(axis=1), L.std(axis=1)
    for even in (
        (spread < EVEN) & (mean > PAPER),
        (spread < EVEN) & (mean < INK),
    ):
        width = int(np.argmin(even)) if not even.all() else 0
        if 0 < width <= WIDEST * len(L):
            inner = mean[width : width + 3]
            if abs(float(mean[:width].mean()) - float(inner.mean())) > STEP:
                return width
    return 0
