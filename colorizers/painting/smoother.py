"""An edge-preserving smoother: least squares along rows and columns, weighted by a guide's edges.

For :mod:`colorizers.painting.predict`. It is OpenCV's `FastGlobalSmootherFilter`, which gives other
last digits where other threads work, or more of them; this one gives the same on every machine.

References
----------
Min, Choi, Lu, Ham, Sohn, Do 2014, "Fast global image smoothing based on weighted least squares",
IEEE Transactions on Image Processing 23 (12): algorithm 1.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from colorizers.painting.kernels import compiled

Float = NDArray[np.float32]

ROUNDS = 3
WEAKER = np.float32(0.25)
"""Strength of a round as a share of that of the one before."""
_0, _1 = np.float32(0), np.float32(1)


def smooth(guide: NDArray[np.uint8], planes: Float, strength: float, sigma: float) -> Float:
    """Planes as smooth as the guide's edges allow.

    Parameters
    ----------
    guide : ndarray of uint8, shape (height, width)
    planes : ndarray of float32, shape (n, height, width)
    strength : float
        Lambda: how much smoothness counts against closeness, in squared pixels.
    sigma : float
        Difference of the guide at which neighbours are 1 / e as close.

    Returns
    -------
    ndarray of float32, shape (n, height, width)
    """
    height, width = guide.shape
    closeness = np.exp(-np.arange(256) / sigma).astype(np.float32)
    steps = guide.astype(np.int16)
    along = closeness[np.abs(np.diff(steps, axis=1))].T.copy()  # (width - 1, height)
    down = closeness[np.abs(np.diff(steps, axis=0))]  # (height - 1, width)
    lying, standing = np.zeros((width, height), np.float32), np.zeros((height, width), np.float32)
    turned = np.empty((len(planes), width, height), np.float32)
    made = np.array(planes, np.float32)
    weight = np.float32(strength)
    for _ in range(ROUNDS):
        for plane, other in zip(made, turned, strict=True):
            cv2.transpose(plane, other)
        _solve(along, weight, lying, turned)
        for plane, other in zip(made, turned, strict=True):
            cv2.transpose(other, plane)
        _solve(down, weight, standing, made)
        weight *= WEAKER
    return made


@compiled
def _solve(links: Float, weight: Any, ratio: Float, planes: Float) -> None:
    """Solve every column for itself (Thomas's algorithm): planes, (n, height, width), in place.

    `links`, (height - 1, width), is how close each row is to the next; `ratio`, (height, width), is
    room, without numbers that are not finite. Columns stand side by side in the inner loops, so
    that the compiler takes several at once.
    """
    count, height, width = planes.shape
    above, below = np.zeros(width, np.float32), np.zeros(width, np.float32)
    scale = np.empty(width, np.float32)
    for row in range(height):
        last = max(row - 1, 0)
        for x in range(width):
            below[x] = weight * links[row, x] if row + 1 < height else _0
        for x in range(width):
            scale[x] = _1 / (_1 + above[x] + below[x] - above[x] * ratio[last, x])
        for k in range(count):
            for x in range(width):
                one = planes[k, row, x] + above[x] * planes[k, last, x]
                planes[k, row, x] = one * scale[x]
        for x in range(width):
            ratio[row, x] = below[x] * scale[x]
            above[x] = below[x]
    for row in range(height - 2, -1, -1):
        for k in range(count):
            for x in range(width):
                planes[k, row, x] += ratio[row, x] * planes[k, row + 1, x]
