"""A visible mark in a corner of a coloured picture, for those who ask for one.

What XMP says of a file is lost in a screenshot or a print; a mark is not. It is white words on a
dark ground in the lower right corner, and covers the photograph there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from colorizers.files.srgb import Pixels

WORDS = "Colours are a guess"
HEIGHT = 0.035
"""Of the letters, as a share of the picture's shorter side."""
WIDEST = 0.6
"""Of the mark, as a share of the picture's width."""
SMALLEST = 8
"""Pixels of the letters' height below which they cannot be read: then there is no mark."""
GROUND = 0.65
"""How much of the photograph the dark ground covers."""
TOO_SMALL = (
    "The picture is too small ({} x {} pixels) for a visible mark; its XMP says that the colours "
    "are a guess."
)


def mark(rgb: Pixels) -> str | None:
    """Mark a picture, in place.

    Parameters
    ----------
    rgb : ndarray of uint8 or uint16, shape (height, width, 3)
        sRGB.

    Returns
    -------
    str or None
        A sentence, if the picture is too small and was left as it was.

    Examples
    --------
    >>> mark(np.zeros((32, 32, 3), np.uint8))
    'The picture is too small (32 x 32 pixels) for a visible mark; ...'
    """
    height, width = rgb.shape[:2]
    letters = _letters(height, width)
    if letters is None:
        return TOO_SMALL.format(width, height)
    rows, columns = letters.shape
    corner = rgb[height - rows :, width - columns :]
    most = np.iinfo(rgb.dtype).max
    dark = corner.astype(np.float32) * (1 - GROUND)
    white = letters[..., None]
    corner[:] = np.rint(dark * (1 - white) + most * white)
    return None


def _letters(height: int, width: int) -> NDArray[np.float32] | None:
    """How white each pixel of the mark is, from 0 to 1; None where it cannot be read."""
    size = round(HEIGHT * min(height, width))
    size = min(size, int(size * WIDEST * width / max(_box(max(size, 1))[0], 1)))
    if size < SMALLEST:
        return None
    columns, rows = _box(size)
    page = Image.new("L", (columns, rows))
    ImageDraw.Draw(page).text(
        (columns / 2, rows / 2), WORDS, fill=255, font=ImageFont.load_default(size), anchor="mm"
    )
    return np.asarray(page, np.float32) / np.float32(255)


def _box(size: int) -> tuple[int, int]:
    """Width and height of the mark whose letters are so high, with the ground around them."""
    length = ImageFont.load_default(size).getlength(WORDS)
    return round(length + size), round(1.6 * size)
