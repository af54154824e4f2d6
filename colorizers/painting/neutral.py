"""What has no colour of its own, whatever a network says: paper, scratches, plain grey.

For :mod:`colorizers.painting.predict`. The paper round a print is looked for as a scanner shows
it: rows or columns along opposite edges, as bright as paper and alike, that end in a step. A
scratch is thin and nearly white; so are glints, whiskers and letters, which are better grey than
tinted, too.
"""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from colorizers.files.srgb import Pixels

Float = NDArray[np.float32]

PLAIN = (0.4, 1.2)
"""Standard deviations of L below which there is nothing to see, and above which there is all."""
PAPER, EVEN, STEP = 75.0, 2.5, 5.0
"""Least L of paper, greatest standard deviation along it, and least step of L where it ends."""
WIDEST = 0.2
"""Of a border, as a share of the side."""
THIN = 0.0025
"""Half of the width of the widest scratch, as a share of the shorter side."""
BRIGHT, ABOVE = 88.0, 18.0
"""Least L of a scratch, and how far above what is around it it is at least."""


def seen(L: Float) -> float:
    """How much there is to see in L (height, width), in [0, 1]: nothing in a plain grey."""
    return _ramp(float(L.std()), PLAIN)


def frame(L: Float) -> tuple[float, float, float, float]:
    """Where the picture is inside its paper: top, bottom, left and right as shares.

    Parameters
    ----------
    L : ndarray of float32, shape (height, width)
        In [0, 100]; small.

    Examples
    --------
    >>> L = np.full((100, 200), 95, np.float32)
    >>> L[10:80, 20:190] = np.linspace(20, 70, 170)
    >>> frame(L), frame(L[10:80, 20:190])
    ((0.1, 0.8, 0.1, 0.95), (0.0, 1.0, 0.0, 1.0))
    """
    top, bottom = _ends(L)
    left, right = _ends(np.ascontiguousarray(L[round(top * len(L)) : round(bottom * len(L))].T))
    return top, bottom, left, right


def _ends(L: Float) -> tuple[float, float]:
    """Where the paper above ends, and where that below begins; there are both or none."""
    mean, spread = L.mean(axis=1), L.std(axis=1)
    paper = (mean > PAPER) & (spread < EVEN)
    widest = int(WIDEST * len(L))
    found = []
    for lines, levels in ((paper, mean), (paper[::-1], mean[::-1])):
        width = int(np.argmin(lines)) if not lines.all() else 0
        inner = levels[width : width + 3]
        step = abs(float(levels[:width].mean()) - float(inner.mean())) if width > 0 else 0.0
        found.append(width if width <= widest and step > STEP else 0)
    if not all(found):
        return 0.0, 1.0
    return found[0] / len(L), 1 - found[1] / len(L)


def whiten(rgb: Pixels, L: Float, inside: tuple[float, float, float, float]) -> None:
    """Take the colours from paper and scratches of a painted picture, in place.

    Parameters
    ----------
    rgb : ndarray of uint8 or uint16, shape (height, width, 3)
    L : ndarray of float32, shape (height, width)
        Its L in [0, 100].
    inside : tuple of float
        From `frame`.
    """
    blank(rgb, L, inside)
    scratched = np.flatnonzero(_scratches(L))
    if scratched.size:
        rgb.reshape(-1, 3)[scratched] = _grey(L.reshape(-1)[scratched], rgb.dtype)[:, None]


def blank(rgb: Pixels, L: Float, inside: tuple[float, float, float, float]) -> None:
    """Take the colours from what is outside of a frame, in place; as `whiten`."""
    height, width = L.shape
    top, bottom = (round(share * height) for share in inside[:2])
    left, right = (round(share * width) for share in inside[2:])
    for paper in (np.s_[:top], np.s_[bottom:], np.s_[:, :left], np.s_[:, right:]):
        if L[paper].size:
            rgb[paper] = _grey(L[paper], rgb.dtype)[..., None]


def _scratches(L: Float) -> NDArray[np.bool_]:
    """Which pixels are of a scratch; empty if nothing is bright.

    What is around is looked for at half the size, a pixel wider than need be, so that the edge of
    something large and bright is none.
    """
    L_u8 = cv2.convertScaleAbs(L, alpha=2.55)
    bright = cv2.threshold(L_u8, BRIGHT * 2.55, 1, cv2.THRESH_BINARY)[1]
    if not cv2.countNonZero(bright):
        return np.zeros((0, 0), bool)
    height, width = L.shape
    small = cv2.resize(L_u8, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA)
    half = max(1, round(THIN * min(L.shape) / 2))
    around = cv2.erode(small, np.ones((2 * half + 1,) * 2, np.uint8))
    around = cv2.dilate(around, np.ones((2 * half + 3,) * 2, np.uint8))
    around = cv2.resize(around, (width, height), interpolation=cv2.INTER_NEAREST)
    above = cv2.subtract(L_u8, around, dst=around)
    cv2.threshold(above, ABOVE * 2.55, 1, cv2.THRESH_BINARY, dst=above)
    return np.asarray(cv2.bitwise_and(bright, above, dst=bright)).view(np.bool_)


def _grey(L: Float, dtype: np.dtype[Any]) -> Pixels:
    """Levels of grey, of this type, for each L."""
    return np.rint(np.interp(L, *_greys(int(np.iinfo(dtype).max)))).astype(dtype)


@functools.cache
def _greys(most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """L of each of 256 levels of grey, and the levels, up to `most`."""
    from colorizers.color import rgb_to_lab

    levels = np.linspace(0, 1, 256)
    L = rgb_to_lab(np.repeat(levels[:, None], 3, axis=1))[:, 0]
    return L.astype(np.float64), levels * most


def _ramp(value: float, limits: tuple[float, float]) -> float:
    low, high = limits
    return min(1.0, max(0.0, (value - low) / (high - low)))
