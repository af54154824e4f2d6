"""A large photograph's L, and L with colours as sRGB: in strips, on every processor.

Fed by :mod:`colorizers.painting.predict`. It computes what :mod:`colorizers.color` computes, whose
numbers it takes, by tables and compiled loops (`colorizers.painting.kernels`) instead of
scikit-image's float pictures: for 12 megapixels a thirtieth of the time and a tenth of the memory.
The tests hold the two against each other.

The loops, like OpenCV, release Python's lock, so threads share the strips.

References
----------
IEC 61966-2-1 (sRGB); CIE 15:2004 (Lab).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from colorizers.color import rgb_to_lab
from colorizers.files.srgb import Pixels
from colorizers.parallel import in_strips

Float = NDArray[np.float32]


def lightness(rgb: Pixels) -> Float:
    """CIE L of an sRGB picture.

    Parameters
    ----------
    rgb : ndarray, shape (height, width, 3), uint8 or uint16
        sRGB.

    Returns
    -------
    ndarray of float32, shape (height, width)
        L in [0, 100], within 0.001 of scikit-image's.

    Examples
    --------
    >>> lightness(np.array([[[0, 0, 0], [119, 119, 119], [255, 255, 255]]], np.uint8)).round(1)
    array([[  0.,  50., 100.]], dtype=float32)
    """
    L = np.empty(rgb.shape[:2], np.float32)
    depth = int(np.iinfo(rgb.dtype).max)
    if rgb.strides[-1] == 0:
        # Grey, as `colorizers.files.reading` holds it: one channel seen three times.
        grey = _grey_table(depth)

        def look_up(rows: slice) -> None:
            cv2.LUT(np.ascontiguousarray(rgb[rows, :, 0]), grey, L[rows])

        in_strips(L.shape, look_up)
        return L

    # Numba takes 0.2 s to import, so only who converts needs it.
    from colorizers.painting import kernels

    tables, curve = kernels.luminance_tables(depth), kernels.L_table()

    def convert(rows: slice) -> None:
        kernels.lightness(rgb[rows], *tables, curve, L[rows])

    in_strips(L.shape, convert)
    return L


def paint(
    L: Float,
    coefficients: Float,
    *,
    deep: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Pixels:
    """The sRGB picture of L and of an ab that is linear in L.

    Parameters
    ----------
    L : ndarray of float32, shape (height, width)
        In [0, 100].
    coefficients : ndarray of float32, shape (rows, columns, 4)
        Slope of a, slope of b, offset of a, offset of b, on a grid over the same picture, which
        is enlarged bilinearly.
    deep : bool
        16 bits a channel.
    progress : callable, optional
        Called with the share done.

    Returns
    -------
    ndarray, shape (height, width, 3), uint8 or, if `deep`, uint16
        sRGB, with less chroma where the colour does not exist (`colorizers.color.lab_to_rgb`), so
        that L is kept everywhere: within 0.53 levels of the exact value in 8 bits, where rounding
        alone is 0.5, and within about 1 in 16.
    """
    from colorizers.painting import kernels

    height, width = L.shape
    L = np.ascontiguousarray(L, np.float32)
    coefficients = np.ascontiguousarray(coefficients, np.float32)
    before, part = kernels.places(height, coefficients.shape[0])
    columns = kernels.places(width, coefficients.shape[1])
    out: Any = np.empty((height, width, 3), np.uint16 if deep else np.uint8)
    loop: Any = kernels.paint_deep if deep else kernels.paint
    curve: Any = kernels.deep_srgb_table() if deep else kernels.srgb_table()

    def convert(rows: slice) -> None:
        loop(L[rows], coefficients, (before[rows], part[rows]), columns, curve, out[rows])

    in_strips(L.shape, convert, progress)
    painted: Pixels = out
    return painted


@functools.cache
def _grey_table(depth: int) -> Float:
    """L of each level of grey, 0 to depth; shape (1, depth + 1)."""
    levels = np.arange(depth + 1).astype(np.uint8 if depth == 255 else np.uint16)
    lab = rgb_to_lab(np.repeat(levels[None, :, None], 3, axis=2))  # (1, depth + 1, 3)
    return np.ascontiguousarray(lab[..., 0]).clip(0.0, 100.0)
