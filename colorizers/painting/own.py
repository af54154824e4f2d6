"""Colours that a photograph has already: a hand-tinted print, a dress in colour on a grey street.

For :mod:`colorizers.painting.pipeline` and the page. A tone that all of it has, sepia or the yellow
of age, is no colour in this sense: more or less of it is in most pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from colorizers.color import rgb_to_lab
from colorizers.files.picture import to_8_bits
from colorizers.files.srgb import Pixels

Own = tuple[NDArray[np.uint8], NDArray[np.bool_]]
"""A small picture, and where it has colours."""
SIDE = 256
"""Short side at which colours are looked for."""
DEEPEST = 2.0
"""How much of the tone a pixel may have, the middle one having 1."""
TONE, COLOUR = 6.0, 10.0
"""How far, in ab, from its tone a pixel still has it, and from where on it has a colour."""
TONED, SOME = 0.3, 0.003
"""Least share of pixels that have the tone, if there is one, and of those with a colour."""


def coloured(rgb: Pixels) -> NDArray[np.bool_] | None:
    """Find the parts of a photograph that are coloured already, apart from an overall tone.

    Parameters
    ----------
    rgb : ndarray of uint8 or uint16, shape (height, width, 3)
        sRGB.

    Returns
    -------
    ndarray of bool, shape (rows, columns), or None
        True where coloured, on a small grid that spans the whole picture; None if the
        photograph is grey throughout.
    """
    if rgb.strides[-1] == 0:  # grey, as `colorizers.files.reading` holds it
        return None
    height, width = rgb.shape[:2]
    shrink = min(1.0, SIDE / min(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = to_8_bits(cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA))
    if (np.ptp(small, axis=-1) < 8).all():
        return None
    ab = rgb_to_lab(small)[..., 1:]
    tone = np.median(ab.reshape(-1, 2), axis=0)
    depth = (ab @ tone / max(float(tone @ tone), 1.0)).clip(0.0, DEEPEST)
    away = np.linalg.norm(ab - depth[..., None] * tone, axis=-1)
    if (away < TONE).mean() < TONED:  # colours all over
        away = np.linalg.norm(ab, axis=-1)
    found = cv2.medianBlur((away > COLOUR).astype(np.uint8), 3).reshape(away.shape) > 0
    return found if found.mean() > SOME else None


def told(where: NDArray[np.bool_], kept: bool) -> str:
    """A sentence on how much of the photograph is coloured already, and whether that is kept."""
    share = f"{max(0.01, float(where.mean())):.0%}".replace("%", " %")
    what = "which are kept" if kept else "which are replaced; “keep colours” leaves them"
    return f"The photograph has colours of its own on {share} of it, {what}."


def keep(painted: Pixels, rgb: Pixels, where: NDArray[np.bool_]) -> None:
    """Put a photograph's own colours back into its colorization of the same size, in place."""
    height, width = rgb.shape[:2]
    share = cv2.resize(where.astype(np.uint8) * 255, (width, height))
    np.copyto(painted, rgb, where=(share > 127).reshape(height, width, 1))
