"""A large photograph's L, and L with colours as sRGB: in strips, on every processor.

Fed by :mod:`colorizers.predict`. It computes what :mod:`colorizers.color` computes, whose numbers
it takes, by tables and whole-array operations instead of scikit-image's float pictures: for 12
megapixels a tenth of the time and of the memory. The tests hold the two against each other.

A strip is small enough that its planes stay in the processor's cache from one operation to the
next, and numpy and OpenCV release Python's lock, so threads share the strips.

References
----------
IEC 61966-2-1 (sRGB); CIE 15:2004 (Lab).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from colorizers.color import RGB_FROM_XYZ, WHITE, XYZ_FROM_RGB, rgb_to_lab
from colorizers.srgb import Pixels

Float = NDArray[np.float32]

STRIP_PIXELS = 1 << 17
"""Seven float planes of so many pixels are 3.5 MB: they stay in the cache."""
THREADS = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
"""More than this gain nothing: the memory is busy."""
BEND = 6 / 29
"""Where CIE's cube root becomes a straight line: at Y = BEND ** 3, L = 8."""
LEVELS = 65_536
"""Of linear light on its way to 8 bits: at the steepest, one step is a twentieth of a level."""


def strips(shape: tuple[int, ...], pixels: int = STRIP_PIXELS) -> Iterator[slice]:
    """Slices of rows, each of about so many pixels, that cover a picture of this shape."""
    height, width = shape[:2]
    step = max(1, pixels // width)
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def in_strips(
    shape: tuple[int, ...],
    work: Callable[[slice], object],
    progress: Callable[[float], None] | None = None,
    pixels: int = STRIP_PIXELS,
) -> None:
    """Call `work` with every strip, several at a time; `progress`, here, with the share done."""
    height = shape[0]
    with ThreadPoolExecutor(THREADS) as pool:
        # map() gives the first error of a strip to the caller, and cancels what has not begun.
        rows = list(strips(shape, pixels))
        for done, _ in zip(rows, pool.map(work, rows), strict=True):
            if progress is not None:
                progress(done.stop / height)


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
        # Grey, as `colorizers.image` holds it: one channel seen three times.
        grey = _grey_table(depth)

        def look_up(rows: slice) -> None:
            cv2.LUT(np.ascontiguousarray(rgb[rows, :, 0]), grey, L[rows])

        in_strips(L.shape, look_up)
        return L

    tables = _luminance_tables(depth)

    def convert(rows: slice) -> None:
        channels = cv2.split(np.ascontiguousarray(rgb[rows]))
        y = np.asarray(cv2.LUT(channels[0], tables[0]), np.float32)
        for channel, table in zip(channels[1:], tables[1:], strict=True):
            y += cv2.LUT(channel, table)
        _L_from_y(y, L[rows])

    in_strips(L.shape, convert, pixels=2 * STRIP_PIXELS)  # two planes: they fit as well
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
        sRGB, clipped per channel where the colour does not exist; in 8 bits within 0.53 levels of
        the exact value, where rounding alone is 0.5.
    """
    height, width = L.shape
    # (height, columns, 4): the rows of all strips at once; each strip enlarges its own columns.
    tall = np.asarray(cv2.resize(coefficients, (coefficients.shape[1], height)), np.float32)
    tall = tall.reshape(height, -1, 4)
    out = np.empty((height, width, 3), np.uint16 if deep else np.uint8)
    encode, scale = (_encode_deep, 1.0) if deep else (_encode, LEVELS - 1)

    def convert(rows: slice) -> None:
        ab = enlarge_columns(tall[rows], L[rows])
        encode(_linear(L[rows], *ab, scale), out[rows])

    in_strips(L.shape, convert, progress)
    return out


def enlarge_columns(coefficients: Float, L: Float) -> tuple[Float, Float]:
    """a and b, each (rows, width), of coefficients (rows, columns, 4) and L (rows, width)."""
    rows, width = L.shape
    wide = cv2.resize(coefficients, (width, rows)).reshape(rows, width, 4)
    slope_a, slope_b, a, b = (np.asarray(plane, np.float32) for plane in cv2.split(wide))
    slope_a *= L
    slope_b *= L
    a += slope_a
    b += slope_b
    return a, b


def _L_from_y(y: Float, L: Float) -> None:
    """L of luminance, both (h, w): 116 f(y) - 16 with the cube root's straight end."""
    below = np.minimum(y, np.float32(BEND**3))
    below -= np.float32(BEND**3)
    np.maximum(y, np.float32(BEND**3), out=y)
    np.cbrt(y, out=L)
    L *= np.float32(116.0)
    L -= np.float32(16.0)
    below *= np.float32(116.0 / (3.0 * BEND**2))
    L += below
    np.clip(L, 0.0, 100.0, out=L)


def _linear(L: Float, a: Float, b: Float, scale: float) -> Float:
    """Linear light (h, w, 3) in [0, scale], unclipped, of L, a and b (h, w)."""
    f_y = L * np.float32(1 / 116)
    f_y += np.float32(16 / 116)
    f_x = cv2.scaleAdd(a, 1 / 500, f_y)
    f_z = np.maximum(cv2.scaleAdd(b, -1 / 200, f_y), np.float32(0.0))  # as scikit-image does
    f = np.asarray(cv2.merge([f_x, f_y, f_z]), np.float32).reshape(*L.shape, 3)
    # XYZ relative to the white point: f cubed above the bend, a straight line below it.
    above = np.maximum(f, np.float32(BEND))
    f -= above
    xyz = above * above
    xyz *= above
    cv2.scaleAdd(f, 3.0 * BEND**2, xyz, xyz)
    return np.asarray(cv2.transform(xyz, scale * RGB_FROM_XYZ * WHITE), np.float32).reshape(f.shape)


def _encode(linear: Float, out: NDArray[np.uint8]) -> None:
    """Linear light in [0, LEVELS - 1] to sRGB."""
    np.clip(linear, np.float32(0.0), np.float32(LEVELS - 1), out=linear)
    levels = linear.astype(np.uint16)  # cuts off
    rows = out.shape[0]
    cv2.LUT(levels.reshape(rows, -1), _srgb_table(), out.reshape(rows, -1))


def _encode_deep(linear: Float, out: NDArray[np.uint16]) -> None:
    np.clip(linear, np.float32(0.0), np.float32(1.0), out=linear)
    values = to_srgb_curve(linear)
    values *= np.float32(65_535.0)
    np.rint(values, out=values)
    np.copyto(out, values, casting="unsafe")


def to_srgb_curve(linear: NDArray[Any]) -> NDArray[Any]:
    """sRGB's tone curve: linear light in [0, 1] -> coded value in [0, 1]; any shape."""
    power = linear.dtype.type(1 / 2.4)
    return np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.power(linear, power) - 0.055
    ).astype(linear.dtype, copy=False)


def from_srgb_curve(coded: NDArray[Any]) -> NDArray[Any]:
    """The inverse of `to_srgb_curve`."""
    return np.where(coded <= 0.04045, coded / 12.92, np.power((coded + 0.055) / 1.055, 2.4)).astype(
        coded.dtype, copy=False
    )


@functools.cache
def _srgb_table() -> NDArray[np.uint8]:
    linear = (np.arange(LEVELS) + 0.5) / (LEVELS - 1)
    linear = linear.clip(0.0, 1.0)  # the middle of what is cut off to each
    return np.rint(255.0 * to_srgb_curve(linear)).astype(np.uint8)[None]  # (1, LEVELS)


@functools.cache
def _luminance_tables(depth: int) -> tuple[Float, Float, Float]:
    """What each level of R, G and B, 0 to depth, adds to Y; each of shape (1, depth + 1)."""
    linear = from_srgb_curve(np.arange(depth + 1) / depth)
    red, green, blue = (
        (weight * linear).astype(np.float32)[None] for weight in XYZ_FROM_RGB[1] / WHITE[1]
    )
    return red, green, blue


@functools.cache
def _grey_table(depth: int) -> Float:
    """L of each level of grey, 0 to depth; shape (1, depth + 1)."""
    levels = np.arange(depth + 1).astype(np.uint8 if depth == 255 else np.uint16)
    lab = rgb_to_lab(np.repeat(levels[None, :, None], 3, axis=2))  # (1, depth + 1, 3)
    return np.ascontiguousarray(lab[..., 0]).clip(0.0, 100.0)
