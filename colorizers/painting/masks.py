"""A mask: where the guess is taken back to grey, or another version of the colours is used.

A mask is a grey picture of the photograph's shape: white takes back, black leaves, and what is
between blends. It is kept small, as its edges are soft anyway, and so that a recipe can hold it.
It blends the coefficients of :mod:`colorizers.painting.predict`, which are linear in the colours:
where it is white, nothing of the guess is left, and where it is black, nothing is changed. Hints
are the person's own and stay in both.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizers.errors import ImageError
from colorizers.files.picture import Picture, to_8_bits
from colorizers.files.reading import open_photo
from colorizers.painting.predict import resize
from colorizers.painting.predictor import Predictor
from colorizers.painting.strokes import Place, covered

Float = NDArray[np.float32]

GREY = "grey"
"""In place of a version's number."""
VERSIONS = (0, 999_999)
SIDE = 512
"""Longest side of a mask that is kept."""
OFF = 0.02
"""How far the ratio of a mask's sides may be from the photograph's, as a share of it."""
SOFT = 0.002
"""Sigma of its edges, as a share of the longer side."""
EMBEDDED = 12_000
"""Bytes of the longest PNG that a recipe holds; of a longer one it has the SHA-256 alone."""
_FINE = 4
"""A stroke is drawn so many times as large and averaged, so that its edge is smooth."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Where something else than the guess is seen, and what.

    Attributes
    ----------
    png : bytes
        8 bits of grey, at most `SIDE` a side; empty of one of which only the hash is known.
    sha256 : str
        Of its size and pixels: what a recipe names it by.
    version : int or None
        The seed of the version that is seen where it is white; None is grey.
    """

    png: bytes
    sha256: str
    version: int | None = None

    def pixels(self) -> NDArray[np.uint8]:
        """What it holds: (height, width), 255 is taken back."""
        with Image.open(io.BytesIO(self.png), formats=("PNG",)) as image:
            return np.asarray(image, np.uint8)


def of(pixels_u8: NDArray[np.uint8], version: int | None = None) -> Mask | None:
    """The mask that pixels are, made small where they are many; None if nothing is white.

    Parameters
    ----------
    pixels_u8 : ndarray of uint8, shape (height, width)
    version : int, optional

    Examples
    --------
    >>> made = of(np.full((2, 3), 255, np.uint8))
    >>> made.pixels().tolist(), made.version
    ([[255, 255, 255], [255, 255, 255]], None)
    """
    height, width = pixels_u8.shape
    shrink = min(1.0, SIDE / max(height, width))
    if shrink < 1.0:
        size = max(1, round(width * shrink)), max(1, round(height * shrink))
        pixels_u8 = np.rint(resize(pixels_u8.astype(np.float32), *size)).astype(np.uint8)
    if not pixels_u8.any():
        return None
    stream = io.BytesIO()
    Image.fromarray(pixels_u8).save(stream, "PNG", compress_level=9)
    told = b"%d %d " % pixels_u8.shape + pixels_u8.tobytes()
    return Mask(stream.getvalue(), hashlib.sha256(told).hexdigest(), version)


def read(file: Path, version: int | None = None) -> Mask:
    """The mask that a file is.

    Raises
    ------
    ImageError
        If it is no picture that can be read, or black all over.
    """
    try:
        return of_picture(open_photo(file), version)
    except ImageError as error:
        raise ImageError(f"The mask {file.name} cannot be used. {error}") from error


def of_picture(picture: Picture, version: int | None = None) -> Mask:
    """The mask that a picture is: of colours, their grey counts; as `read`."""
    rgb_u8 = np.ascontiguousarray(to_8_bits(picture.rgb))
    grey = rgb_u8[..., 0] if (rgb_u8 == rgb_u8[..., :1]).all() else _grey(rgb_u8)
    made = of(np.ascontiguousarray(grey), version)
    if made is None:
        raise ImageError("It is black all over and takes nothing back; paint white what is to go.")
    return made


def in_png(png: bytes, version: int | None = None) -> Mask:
    """The mask that a recipe holds.

    Raises
    ------
    ValueError
        If it is none, with what is wrong with it.
    """
    if len(png) > EMBEDDED:
        raise ValueError(f"its PNG has more than {EMBEDDED:,} bytes, which is the limit.")
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
            if image.mode != "L" or max(image.size) > SIDE:
                raise ValueError(f"its PNG must be 8-bit grey with at most {SIDE} pixels a side.")
            pixels_u8 = np.asarray(image, np.uint8)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("its PNG cannot be read.") from error
    made = of(pixels_u8, version)
    if made is None:
        raise ValueError("its PNG is black all over and takes nothing back.")
    return made


def painted(
    mask: Mask | None,
    places: Sequence[Place],
    radius: float,
    shape: tuple[int, int],
    *,
    back: bool = False,
) -> Mask | None:
    """A mask with a stroke more: white, or black where the guess is to come back.

    Parameters
    ----------
    mask : Mask or None
    places, radius
        The stroke; see `colorizers.painting.strokes.covered`.
    shape : tuple of int
        Height and width of the photograph, or of a preview of it.
    back : bool

    Returns
    -------
    Mask or None
        None if nothing is taken back any more.

    Raises
    ------
    ImageError
        If the mask has more details than a recipe holds.
    """
    size = kept_size(*shape)
    before = np.zeros(size, np.float32)
    if mask is not None:
        before = resize(mask.pixels().astype(np.float32), size[1], size[0])
    fine = covered((size[0] * _FINE, size[1] * _FINE), places, radius).astype(np.float32)
    stroke = resize(fine, size[1], size[0])
    after = before * (1 - stroke) if back else np.maximum(before, 255 * stroke)
    made = of(np.rint(after).astype(np.uint8), mask.version if mask else None)
    if made is not None and len(made.png) > EMBEDDED:
        raise ImageError("The mask has more details than a recipe holds; use a broader brush.")
    return made


def kept_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the mask of a photograph that is painted here."""
    shrink = SIDE / max(height, width)
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def said(mask: Mask) -> dict[str, Any]:
    """A mask as a recipe says it, and `parsed` reads it: without its PNG, if that is too long."""
    told = {"version": GREY if mask.version is None else mask.version, "sha256": mask.sha256}
    if 0 < len(mask.png) <= EMBEDDED:
        told["png"] = base64.b64encode(mask.png).decode()
    return told


def parsed(value: Any) -> Mask:
    """The mask that a recipe says, unchecked; without its PNG only the hash is known.

    Raises
    ------
    ValueError
        With what is wrong with it.
    """
    if not isinstance(value, dict) or set(value) - {"png"} != {"version", "sha256"}:
        raise ValueError("it must have version, sha256 and perhaps png, and nothing else.")
    number, sha256, png = version(value["version"]), value["sha256"], value.get("png")
    if not isinstance(sha256, str) or not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ValueError("its sha256 must be a SHA-256: 64 digits from 0 to f.")
    if png is None:
        return Mask(b"", sha256, number)
    try:
        decoded = base64.b64decode(png if isinstance(png, str) else "?", validate=True)
    except ValueError as error:
        raise ValueError("its png must be a PNG in Base64.") from error
    made = in_png(decoded, number)
    if made.sha256 != sha256:
        raise ValueError(f"its png has the SHA-256 {made.sha256[:12]}..., and not the one said.")
    return made


def followed(named: Mask | None, given: Mask | None) -> Mask | None:
    """The mask to use for a recipe, checked against the mask that was given with it.

    Parameters
    ----------
    named : Mask or None
        From the recipe; too large a mask has only its SHA-256 there.
    given : Mask or None
        From the caller.

    Raises
    ------
    ImageError
        If the given mask has another SHA-256, the recipe has none, or it is needed and missing.
    """
    if named is None:
        if given is not None:
            raise ImageError("The recipe has no mask; leave the one that is given out.")
        return None
    if given is not None and given.sha256 != named.sha256:
        raise ImageError(
            f"The recipe takes a mask with the SHA-256 {named.sha256[:12]}..., and the one that is "
            f"given has {given.sha256[:12]}...; give the same mask again."
        )
    if not named.png and given is None:
        raise ImageError(
            f"The recipe takes a mask with the SHA-256 {named.sha256[:12]}..., which was too large "
            "to be kept in it and was not given; give the same mask again."
        )
    return named if given is None else replace(given, version=named.version)


def fit(mask: Mask, width: int, height: int) -> None:
    """Make sure that a mask has a photograph's shape.

    Raises
    ------
    ImageError
    """
    rows, columns = mask.pixels().shape
    # A pixel more or less is rounding.
    if abs(columns * height - rows * width) > max(OFF * rows * width, height, width):
        raise ImageError(
            f"The mask has the shape of {columns} x {rows} pixels and the photograph has "
            f"{width:,} x {height:,}; give a mask of the photograph's shape, in any size."
        )


def options(mask: Mask, colorizer: Predictor, given: Mapping[str, float]) -> dict[str, float]:
    """A colorizer's options for the version that is shown where the mask is white.

    Raises
    ------
    ImageError
        If it draws no versions.
    """
    if mask.version is None:
        return dict(given)
    if "seed" not in colorizer.options:
        raise ImageError(
            f"The method {colorizer.name} draws no versions, so that its mask cannot show version "
            f"{mask.version}; take the guess back to {GREY}."
        )
    return dict(given) | {"seed": float(mask.version)}


def blended(mask: Mask, guess: Float, other: Float) -> Float:
    """Blend two arrays of shape (height, width, channels): `other` where the mask is white."""
    height, width = guess.shape[:2]
    white = resize(mask.pixels().astype(np.float32) / np.float32(255), width, height)
    soft = cv2.GaussianBlur(white, (0, 0), SOFT * max(height, width))
    share = np.asarray(soft, np.float32).reshape(height, width, 1).clip(0.0, 1.0)
    return np.asarray((1 - share) * guess + share * other, np.float32)


def version(value: str | float) -> int | None:
    """What is seen where a mask is white, as somebody said it: "grey", or the number of a version.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> version("grey"), version("3"), version(3.0)
    (None, 3, 3)
    """
    if value == GREY:
        return None
    low, high = VERSIONS
    if isinstance(value, str):
        number = int(value) if value.isascii() and value.isdigit() and len(value) <= 6 else -1
    else:
        whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value
        number = int(value) if whole and low <= value <= high and value == int(value) else -1
    if not low <= number <= high:
        raise ValueError(
            f"The mask's version {str(value)[:20]!r} must be {GREY!r} or a whole number from {low} "
            f"to {high}."
        )
    return number


def _grey(rgb_u8: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(rgb_u8, cv2.COLOR_RGB2GRAY), np.uint8)
