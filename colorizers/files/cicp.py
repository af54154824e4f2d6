"""Colour that a file says by numbers, as video does: primaries, curve, matrix, range.

Fed by :mod:`colorizers.files.reading` with the numbers of a PNG, AVIF or HEIC file; they become an
ICC profile, so that the rest goes the way of all files.

References
----------
ITU-T H.273, 8.1 and 8.2 (tables 2 and 3); PNG 3rd edition, 11.3.2.6 (cICP); ICC.1:2010, E.1
(Bradford's adaptation).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from colorizers.files.profiles import LEVELS, curve_of, linear_light, rgb_profile

HDR = {16: "PQ", 18: "HLG"}
VIDEO = (1, 6, 14, 15)
"""The curve of BT.709 and its relatives."""
_UNKNOWN, SRGB = 2, 13
_D65, _C, _DCI = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351)
_PRIMARIES = {
    1: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65),
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _DCI),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}
"""Of red, green, blue and white: x and y."""
_CURVES: dict[int, tuple[float, ...]] = {
    **dict.fromkeys(VIDEO, (1 / 0.45, 0.909672, 0.090328, 1 / 4.5, 0.081243)),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
    SRGB: (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
}
"""As `curve_of` takes them."""
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_D50 = np.array([0.9642, 1.0, 0.8249])


class Numbers(NamedTuple):
    """Code points of H.273; `full` is false where black is 16 and white 235, of 255."""

    primaries: int
    transfer: int
    matrix: int = 0
    full: bool = True


def profile(numbers: Numbers, deep: bool, notices: list[str]) -> bytes:
    """An ICC profile for these numbers; empty if they mean sRGB, or what is taken as sRGB.

    Parameters
    ----------
    numbers : Numbers
        Of RGB: where the file holds YCbCr, its decoder has followed `matrix` and `full`.
    deep : bool
        Whether the file has 16 bits a channel, of which narrow range is a little another part.
    notices : list of str
        A sentence is appended if the numbers are not followed.
    """
    primaries, transfer, matrix, full = numbers
    primaries = 1 if primaries == _UNKNOWN else primaries
    transfer = SRGB if transfer == _UNKNOWN else transfer
    if transfer in HDR:
        notices.append(f"The file is HDR ({HDR[transfer]}); its values are taken as those of sRGB.")
        return b""
    if primaries not in _PRIMARIES or transfer not in _CURVES or matrix:
        notices.append(
            f"The file says its colours by numbers ({primaries}-{transfer}-{matrix}) that are not "
            "known here; they are taken as those of sRGB."
        )
        return b""
    if (primaries, transfer, full) == (1, SRGB, True):
        return b""
    curve = curve_of(*_CURVES[transfer])
    return rgb_profile(curve if full else _narrow(curve, deep), _colorants(primaries))


def _narrow(curve: bytes, deep: bool) -> bytes:
    """The same curve, from a black of 16 to a white of 235."""
    black, white = (0x1000 / 65_535, 0xEB00 / 65_535) if deep else (16 / 255, 235 / 255)
    x = (np.linspace(0, 1, 4096) - black) / (white - black)
    linear = np.interp(x, np.linspace(0, 1, LEVELS), linear_light(curve))
    return (
        b"curv\0\0\0\0"
        + struct.pack(">I", len(x))
        + np.rint(65_535 * linear).astype(">u2").tobytes()
    )


def _colorants(primaries: int) -> NDArray[np.float64]:
    """XYZ relative to D50 of linear R, G and B, (3, 3), one a column."""
    xyz = np.array([(x / y, 1, (1 - x - y) / y) for x, y in _PRIMARIES[primaries]]).T
    white = xyz[:, 3]
    matrix = xyz[:, :3] * np.linalg.solve(xyz[:, :3], white)
    scale = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    return np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD @ matrix
