"""Scratches and specks of dust in a grey photograph: where they are, and what lay under them.

For :mod:`colorizers.painting.repair`. Damage is thin or small, and lighter or darker than all that
is around it: a top-hat finds the light, a bottom-hat the dark. So do eyes, hair, twigs, letters and
wires; what tells them apart is what is round them. So a response counts by how far it is above
the mean response of its neighbourhood. A speck must be small, differ much, lie on smooth ground
and have few others near it, as stars and letters do not. A scratch must be a line that a Hough
transform finds over half of the picture, with the same ground on both sides and nothing beside it;
and if it is dark it must be nearly upright, as those of running film are and wires are not. A mast
is upright, too: what is found is to be looked at before it is believed (docs/LOG.md has how often
it is right).

References
----------
Kokaram 1996, "Detection and removal of line scratches in degraded motion picture sequences".
Matas, Galambos, Kittler 2000, "Robust detection of lines using the progressive probabilistic Hough
transform". Telea 2004, "An image inpainting technique based on the fast marching method".
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from colorizers.files.srgb import Pixels
from colorizers.parallel import one_thread

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]

WIDE = 0.005
"""Width of the widest scratch, as a share of the shorter side; at least three pixels."""
LEAST = 8.0
"""Least L by which damage differs from what is around it."""
PLAIN = 15.0
"""Least L by which a speck does."""
ABOVE = 3.5
"""Least of that in mean responses of the neighbourhood."""
CAPPED = 14.0
"""Highest response, in L, that counts in that mean, or a scratch would hide itself."""
SMOOTH = 2.0
"""Greatest such mean round a speck."""
SPECK = 4.0
"""Longest side of a speck, in widths of the widest scratch."""
CROWD = 12
"""Specks within `NEAR` widths of each other from which on they are stars, or letters."""
NEAR = 12.0
LONG = 0.5
"""Length of the shortest scratch, as a share of the shorter side of the picture."""
FILLED = 0.65
"""Least share of it that differs from what is around it."""
ALONE = 0.2
"""Greatest such share beside it, in its own."""
STEP = 0.5
"""Greatest difference between its two sides, in what the scratch differs from them."""
UPRIGHT = 1.2, 0.3
"""Greatest tangents of the angle between light and dark scratches and the vertical."""
HOUGH_SIDE = 768
"""Longest side at which lines are looked for."""
RADIUS = 3.0
"""From which pixels round a hole it is filled, in pixels."""


def marked(L: Float) -> Mask:
    """Which pixels are damaged.

    Parameters
    ----------
    L : ndarray of float32, shape (height, width)
        In [0, 100].

    Returns
    -------
    ndarray of bool, shape (height, width)

    Examples
    --------
    >>> L = np.full((60, 90), 40, np.float32)
    >>> L[:, 30] = L[20, 60] = 90
    >>> mask = marked(L)
    >>> bool(mask[:, 30].all() and mask[20, 60]), round(float(mask.mean()), 2)
    (True, 0.01)
    """
    if min(L.shape) < 16:
        return np.zeros(L.shape, np.bool_)
    L_u8 = _u8(cv2.convertScaleAbs(L, alpha=2.55))
    width = _width(L.shape)
    element = np.ones((width + 2, width + 2), np.uint8)
    light = _u8(cv2.morphologyEx(L_u8, cv2.MORPH_TOPHAT, element))
    dark = _u8(cv2.morphologyEx(L_u8, cv2.MORPH_BLACKHAT, element))
    either = np.maximum(light, dark)
    capped = np.minimum(either, np.uint8(CAPPED * 2.55))
    around = _u8(cv2.blur(capped, (8 * width + 1, 8 * width + 1)))
    least = np.maximum(_u8(cv2.convertScaleAbs(around, alpha=ABOVE)), np.uint8(LEAST * 2.55))
    mask = _specks((light, dark), around, width)
    for response, upright in zip((light, dark), UPRIGHT, strict=True):
        strong = (response > least).view(np.uint8)
        mask |= _scratches(L_u8, response, strong, width, upright)
    # The soft edge of damage is damage, too.
    grown = _u8(cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=max(1, width // 3)))
    differs = either > np.maximum(around, np.uint8(4))
    return (mask > 0) | ((grown > 0) & differs)


def _u8(values: NDArray[np.integer | np.floating]) -> NDArray[np.uint8]:
    """What OpenCV made of 8 bits, as what it is."""
    return np.asarray(values, np.uint8)


def _width(shape: tuple[int, ...]) -> int:
    """Width of the widest scratch in pixels, an odd number."""
    return max(3, round(WIDE * min(shape)) // 2 * 2 + 1)


def _specks(responses: Sequence[Pixels], around: Pixels, width: int) -> Pixels:
    """The small things, light or dark, that differ much, on smooth ground and without a crowd."""
    mask = np.zeros(around.shape, np.uint8)
    found = []
    for response in responses:
        plain = (response > PLAIN * 2.55).view(np.uint8)
        _, labels, boxes, centres = cv2.connectedComponentsWithStats(plain)
        longest = boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
        small = longest <= SPECK * width
        small[0] = False  # what does not differ
        found.append((labels, small, centres))
    places = np.concatenate([centres[small] for _, small, centres in found])
    if not places.size:
        return mask
    tree = KDTree(places)
    for labels, small, centres in found:
        rows, columns = np.rint(centres[:, ::-1]).astype(np.intp).T
        kept = small & (around[rows, columns] <= SMOOTH * 2.55)
        near = tree.query_ball_point(centres[kept], NEAR * width, return_length=True)
        kept[np.flatnonzero(kept)[near > CROWD]] = False
        mask |= kept.astype(np.uint8)[labels]
    return mask


def _scratches(
    L_u8: Pixels, response: Pixels, strong: Pixels, width: int, upright: float
) -> Pixels:
    """Those of the strong pixels that lie on long straight lines with nothing beside them."""
    height, across = strong.shape
    shrink = max(1.0, max(strong.shape) / HOUGH_SIDE)
    size = max(1, round(across / shrink)), max(1, round(height / shrink))
    share = cv2.resize(strong * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    small = (_u8(share) > 127 / shrink).view(np.uint8)
    length = LONG * min(small.shape)
    with one_thread():
        lines = cv2.HoughLinesP(
            small, 1, np.pi / 360, max(8, round(FILLED * length)),
            minLineLength=length, maxLineGap=length / 4,
        )  # fmt: skip
    band = np.zeros_like(strong)
    if lines is None:
        return band
    ground = _u8(cv2.resize(L_u8, size, interpolation=cv2.INTER_AREA))
    reach = 2 * round(shrink) + 1
    highest = cv2.dilate(response, np.ones((reach, reach), np.uint8))
    peak = _u8(cv2.resize(highest, size, interpolation=cv2.INTER_NEAREST))
    thick = _u8(cv2.dilate(small, np.ones((3, 3), np.uint8)))
    beside = 2 + round(width / shrink)
    for line in lines.reshape(-1, 4).tolist():
        x0, y0, x1, y1 = line
        if abs(x1 - x0) > upright * abs(y1 - y0):
            continue
        on = _along(thick, line, 0).mean()
        away = max(_along(small, line, side * beside).mean() for side in (-1, 1))
        left, right = (_along(ground, line, side * beside).astype(float) for side in (-1, 1))
        step = np.median(np.abs(left - right)) / max(1.0, float(np.median(_along(peak, line, 0))))
        if on >= FILLED and away <= ALONE * on and step <= STEP:
            ends = [round((end + 0.5) * shrink - 0.5) for end in line]
            cv2.line(band, tuple(ends[:2]), tuple(ends[2:]), 1, width + 2)
    return band & strong


def _along(small: Pixels, line: Sequence[float], beside: float) -> Pixels:
    """The values along a line that is moved by so many pixels to its side."""
    x0, y0, x1, y1 = line
    long = max(1.0, float(np.hypot(x1 - x0, y1 - y0)))
    steps = np.linspace(0, 1, round(long) + 1)
    x = np.rint(x0 + steps * (x1 - x0) - beside * (y1 - y0) / long).astype(np.intp)
    y = np.rint(y0 + steps * (y1 - y0) + beside * (x1 - x0) / long).astype(np.intp)
    return small[y.clip(0, len(small) - 1), x.clip(0, small.shape[1] - 1)]


def filled_in(plane: Pixels, mask: Mask) -> Pixels:
    """A channel whose marked pixels are continued from around them.

    Parameters
    ----------
    plane : ndarray of uint8 or uint16, shape (height, width)
    mask : ndarray of bool, shape (height, width)

    Returns
    -------
    ndarray of the same shape and type
        The same levels outside of the mask.

    Examples
    --------
    >>> plane = np.full((20, 20), 40_000, np.uint16)
    >>> mask = np.zeros((20, 20), bool)
    >>> plane[:, 9], mask[:, 9] = 65_535, True
    >>> np.unique(filled_in(plane, mask)).tolist()
    [40000]
    """
    if not mask.any():
        return plane
    filled = cv2.inpaint(
        np.ascontiguousarray(plane), mask.view(np.uint8), RADIUS, cv2.INPAINT_TELEA
    )
    return np.where(mask, filled, plane)
