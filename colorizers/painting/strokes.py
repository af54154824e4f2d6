"""Strokes: lines of places, as a brush leaves them, which :mod:`colorizers.painting.hints` colours.

Places are shares of a picture's width and height from the left and the top, so that a stroke fits
every size; a radius is a share of its longer side. A single place is a stroke, too: a dot.

References
----------
Douglas, Peucker 1973, "Algorithms for the reduction of the number of points required to represent
a digitized line or its caricature", which is what OpenCV's `approxPolyDP` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Place = tuple[float, float]

WIDTH, WIDTH_DEFAULT = (0.004, 0.2), 0.024
"""Of a stroke, as a share of the picture's longer side."""
LONGEST = 64
"""Places of a stroke: a hand's scribble of ten turns needs fewer after `simplified`."""
DIGITS = 4
"""Of a place that a hand drew: a tenth of a pixel of a preview of 1,024."""
_LOOSEST = 0.002
"""How far a place may lie beside the line and still be left out, as a share of the longer side."""


def covered(shape: tuple[int, int], places: Sequence[Place], radius: float) -> NDArray[np.bool_]:
    """The pixels of a stroke: those whose centres are near it, and those that it passes through.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the picture.
    places : sequence of (x, y)
        At least one, each in [0, 1].
    radius : float
        As a share of the longer side.

    Returns
    -------
    ndarray of bool, shape (height, width)

    Examples
    --------
    >>> covered((3, 5), [(0.1, 0.5), (0.9, 0.5)], 0.01).astype(int).tolist()
    [[0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]]
    """
    height, width = shape
    points = np.array(places, np.float64) * (width, height)
    inside = np.minimum(points.astype(np.int32), (width - 1, height - 1))
    line = np.zeros(shape, np.uint8)
    cv2.polylines(line, [inside[:, None]], False, 1)
    found = line.astype(bool)
    reach = radius * max(height, width)
    for start, end in pairwise(points if len(points) > 1 else [points[0], points[0]]):
        # Only the pixels around a segment are measured: a stroke has up to LONGEST of them.
        left, top = np.floor(np.minimum(start, end) - reach).astype(int).clip(0)
        right, bottom = np.ceil(np.maximum(start, end) + reach).astype(int)
        part = found[top:bottom, left:right]
        y, x = np.mgrid[: part.shape[0], : part.shape[1]] + 0.5
        part |= _distance(x + left, y + top, start, end) <= reach
    return found


def distance(places: Sequence[Place], x: float, y: float, shape: tuple[int, int]) -> float:
    """How far a place lies from a stroke, as a share of the longer side of a picture.

    Examples
    --------
    >>> distance([(0.2, 0.5), (0.8, 0.5)], 0.5, 0.75, (100, 200))
    0.125
    """
    height, width = shape
    scale = np.array([width, height], np.float64) / max(height, width)
    points = np.array([places[0], *places], np.float64) * scale
    across, down = np.array([x, y]) * scale
    return float(min(_distance(across, down, start, end) for start, end in pairwise(points)))


def moved(places: Sequence[Place], x: float, y: float) -> tuple[Place, ...]:
    """A stroke with its middle at another place, or as near as the picture's edges allow."""
    points = np.array(places, np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    shift = np.clip(np.array([x, y]) - (low + high) / 2, -low, 1 - high)
    shifted = (points + shift).clip(0.0, 1.0).round(DIGITS)
    return tuple((float(across), float(down)) for across, down in shifted)


def simplified(places: Sequence[Place], shape: tuple[int, int]) -> tuple[Place, ...]:
    """Simplify a line to few points that keep its shape (Douglas-Peucker), at most `LONGEST`.

    Parameters
    ----------
    places : sequence of (x, y)
        As a hand drew them, at least one.
    shape : tuple of int
        Height and width of the picture, which tell what is near.

    Examples
    --------
    >>> simplified([(0.1, 0.5), (0.3, 0.5001), (0.9, 0.5)], (100, 200))
    ((0.1, 0.5), (0.9, 0.5))
    """
    height, width = shape
    scale = np.array([width, height], np.float32) / max(height, width)
    line = np.array(places, np.float32) * scale
    loose = _LOOSEST
    kept = cv2.approxPolyDP(line[:, None], loose, False)
    while len(kept) > LONGEST:
        loose *= 1.5
        kept = cv2.approxPolyDP(line[:, None], loose, False)
    rounded = (kept[:, 0].astype(np.float64) / scale).clip(0.0, 1.0).round(DIGITS)
    return tuple(place for place, _ in groupby((float(x), float(y)) for x, y in rounded))


def _distance(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
) -> NDArray[np.float64]:
    """From places to the nearest point of a segment; start and end may be one."""
    along = end - start
    length = float(along @ along) or 1.0
    share = (((x - start[0]) * along[0] + (y - start[1]) * along[1]) / length).clip(0.0, 1.0)
    return np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1])
