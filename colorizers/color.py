"""Colour: sRGB <-> CIE Lab and the numbers that networks see.

Every conversion of the project goes through this file; nothing else knows a Lab constant.
The conversion itself is scikit-image's: CIE Lab, illuminant D65, 2 degree observer, sRGB.
A colorizer predicts a and b only; the picture that it makes keeps the input's own L.

References
----------
IEC 61966-2-1 (sRGB); CIE 15:2004 (Lab).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage import color as skcolor
from skimage.color import colorconv

Float = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

L_MAX = 100.0
"""L is in [0, L_MAX]."""
L_HALF = 50.0
"""Networks see L / L_HALF - 1, which is in [-1, 1]."""
AB_MAX = 110.0
"""Networks see ab / AB_MAX; the sRGB gamut stays within [-1, 1] of it."""
XYZ_FROM_RGB = np.array(colorconv.xyz_from_rgb)
"""(3, 3): XYZ of linear R, G, B. Like the next two it is scikit-image's."""
RGB_FROM_XYZ = np.array(colorconv.rgb_from_xyz)
WHITE = np.array(skcolor.xyz_tristimulus_values(illuminant="D65", observer="2"))
"""(3,): XYZ of white."""
PEAK = 1.0001
"""Most linear light of a channel: by these numbers, rounded as they are, white's own is 1.00008."""
HALVINGS = 5
"""Of the chroma of a colour that sRGB lacks; a straight line from there is within 2 of the edge."""


def rgb_to_lab(rgb: ArrayLike) -> Float:
    """CIE Lab of an sRGB picture.

    Parameters
    ----------
    rgb : array_like, shape (..., 3)
        sRGB, either uint8 in [0, 255], uint16 in [0, 65535] or floating point in [0, 1].

    Returns
    -------
    ndarray of float32, shape (..., 3)
        L in [0, 100], a and b in about [-110, 110].

    Raises
    ------
    ValueError
        If the last axis is not 3 long, or floating-point values lie outside [0, 1].

    Examples
    --------
    >>> rgb_to_lab(np.array([[255, 0, 0]], np.uint8)).round().tolist()
    [[53.0, 80.0, 67.0]]
    """
    rgb01 = _as_rgb01(rgb)
    return np.asarray(skcolor.rgb2lab(rgb01), np.float32)


def lab_to_rgb(lab: ArrayLike, *, clip: bool = False) -> Float:
    """sRGB of a Lab picture; a colour that sRGB lacks becomes paler, and keeps its lightness.

    The chroma of such colours is reduced, at their own L and hue, until sRGB has them.

    Parameters
    ----------
    lab : array_like, shape (..., 3)
        L in [0, 100], a and b in about [-110, 110].
    clip : bool
        Clip them per channel in RGB instead, as scikit-image does and as the figures of the
        literature are made: that moves L, of strong colours by 10 and more.

    Returns
    -------
    ndarray of float32, shape (..., 3)
        sRGB in [0, 1].

    Raises
    ------
    ValueError
        If the last axis is not 3 long.

    Examples
    --------
    >>> to_uint8(lab_to_rgb([[53.24, 80.09, 67.20]])).tolist()
    [[255, 0, 0]]
    >>> to_uint8(lab_to_rgb([[100, 9, 9]])).tolist(), to_uint8(lab_to_rgb([[0, 9, 9]])).tolist()
    ([[255, 255, 255]], [[0, 0, 0]])
    """
    lab = np.asarray(lab, np.float32)
    if lab.shape[-1:] != (3,):
        raise ValueError(f"lab has shape {lab.shape}; its last axis must be L, a, b.")
    if not clip:
        lab = lab.copy()
        outside = _beyond(lab) > 1e-6
        lab[outside, 1:] *= _share(lab[outside])[:, None].astype(np.float32)
    with warnings.catch_warnings():
        # scikit-image says how many values left the gamut; the docstring above says it for all.
        warnings.filterwarnings("ignore", message="Conversion from CIE-LAB")
        return np.asarray(skcolor.lab2rgb(lab), np.float32)


def to_uint8(rgb01: ArrayLike) -> UInt8:
    """Round sRGB in [0, 1] to the nearest of 256 levels.

    Parameters
    ----------
    rgb01 : array_like, any shape
        Values in [0, 1]; what lies outside is clipped.

    Returns
    -------
    ndarray of uint8, same shape
    """
    scaled = np.asarray(rgb01, np.float32) * 255.0
    return np.rint(np.clip(scaled, 0.0, 255.0)).astype(np.uint8)


def join(L: ArrayLike, ab: ArrayLike) -> Float:
    """Stack L (...,) and ab (..., 2) to Lab (..., 3), float32."""
    return np.concatenate(
        [np.asarray(L, np.float32)[..., None], np.asarray(ab, np.float32)], axis=-1
    )


def colorize_u8(L: ArrayLike, ab: ArrayLike) -> UInt8:
    """The 8-bit sRGB picture of L (..., in [0, 100]) and ab (..., 2): clip per channel, then round.

    The one path by which every picture that is measured or shown in a study, the ground truth
    included, becomes 8 bit; so no rounding tells one of them from another. It clips, as the
    published figures and stimulus sets do; photographs keep their lightness (`lab_to_rgb`).
    """
    return to_uint8(lab_to_rgb(join(L, ab), clip=True))


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


def _beyond(lab: NDArray[Any]) -> NDArray[Any]:
    """How far linear light of Lab (..., 3) is outside sRGB, (...,); negative inside."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Conversion from CIE-LAB")
        linear = skcolor.lab2xyz(lab.astype(np.float64)) @ RGB_FROM_XYZ.T
    return np.maximum(-linear.min(axis=-1), linear.max(axis=-1) - PEAK)


def _share(lab: NDArray[Any]) -> NDArray[Any]:
    """How much of their chroma sRGB has, in [0, 1], of colours (n, 3) that it lacks."""
    inside, outside = np.zeros(len(lab)), np.ones(len(lab))
    below, above = _beyond(lab * [1, 0, 0]), _beyond(lab)
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        there = _beyond(lab * np.stack([np.ones(len(lab)), middle, middle], axis=-1))
        out = there > 0
        outside, above = np.where(out, middle, outside), np.where(out, there, above)
        inside, below = np.where(out, inside, middle), np.where(out, below, there)
    return (inside - below * (outside - inside) / (above - below)).clip(0, 1)


def _as_rgb01(rgb: ArrayLike) -> NDArray[np.floating]:
    values = np.asarray(rgb)
    if values.shape[-1:] != (3,):
        raise ValueError(f"rgb has shape {values.shape}; its last axis must be R, G, B.")
    if values.dtype == np.uint8:
        return values.astype(np.float32) / np.float32(255.0)
    if values.dtype == np.uint16:
        return values.astype(np.float32) / np.float32(65535.0)
    if not np.issubdtype(values.dtype, np.floating):
        raise ValueError(f"rgb is {values.dtype}; give uint8, uint16 or floating point in [0, 1].")
    if values.size and not (values.min() >= 0.0 and values.max() <= 1.0):
        raise ValueError(
            f"rgb is in [{values.min():g}, {values.max():g}]; floating point must be in [0, 1]."
        )
    return values
