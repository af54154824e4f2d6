"""Colour hints: a few places or strokes with a colour, and the regions that follow them.

Levin, Lischinski and Weiss let neighbouring pixels of similar lightness have similar colours and
solve for the colours that do so best while the marked pixels keep theirs. Here a network has
coloured the picture already, so what is solved for is not the colour but how far each hint
reaches: a field that is 1 on its own pixels, 0 on the other hints', and as smooth as the
lightness allows in between. A small pull towards 0 everywhere lets regions that belong to no hint
keep the network's colours. The fields depend on places only: another colour costs no solve.

References
----------
Levin, Lischinski, Weiss 2004, "Colorization using optimization", SIGGRAPH. The variances of the
weights are those of the authors' published code, which the paper does not spell out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from colorizers.painting.adjust import within
from colorizers.painting.predict import resize, upsample_ab
from colorizers.painting.strokes import Place, covered

Float = NDArray[np.float32]

WORK_SIDE, WORK_PIXELS = 256, 36_000
"""Longest side and most pixels at which hints are solved for: 0.4 s of one core for 219 x 164, and
the time grows faster than the pixels do. `colorizers.painting.predict` follows the edges
further."""
RADIUS = 0.012
"""Radius of a hint, as a share of the picture's longer side."""
MAX_HINTS = 24
"""Of one picture."""
REACH = (0.0, 1.0)
REACH_DEFAULT = 0.4
PULL = (1e-6, 1e-10)
"""Pull towards 0 at the shortest and the longest reach; geometric in between. At 1e-8 a hint on a
forehead colours the face and one on a saucer the saucer; at 1e-10 it runs over soft edges."""
GRAIN = (7, 15.0, 2.0)
"""Bilateral filter before edges are looked for: diameter, range in 8-bit levels, sigma."""
FLOOR = 1.0
"""Least 2 sigma squared of a weight, in squared L units: below it, differences are noise."""
OPEN, FULL = 0.35, 0.65
"""Raw fields below OPEN count as 0 and above FULL as 1: regions are filled evenly, and end. From
0.1 on, a hint on the wall behind a portrait tints its hair and face, too (docs/LOG.md)."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A colour for a place.

    Attributes
    ----------
    x, y : float
        Place as a share of width and height, in [0, 1], from the left and the top.
    ab : tuple of float
        Its colour.
    radius : float
        As a share of the longer side; of a stroke, half of its width.
    more : tuple of (x, y)
        Of a stroke, where it goes on to from there; see `colorizers.painting.strokes`.
    """

    x: float
    y: float
    ab: tuple[float, float]
    radius: float = RADIUS
    more: tuple[Place, ...] = ()

    @property
    def places(self) -> tuple[Place, ...]:
        """All of a stroke, or the one place of a point."""
        return (self.x, self.y), *self.more

    def at(self, places: Sequence[Place]) -> Hint:
        """The same colour at other places."""
        (x, y), *more = places
        return replace(self, x=x, y=y, more=tuple(more))


def work_shape(height: int, width: int) -> tuple[int, int]:
    """Height and width at which a picture's hints are solved for.

    Examples
    --------
    >>> work_shape(3000, 4000), work_shape(32, 32), work_shape(1, 60000)
    ((164, 219), (32, 32), (1, 256))
    """
    shrink = min(1.0, WORK_SIDE / max(height, width), (WORK_PIXELS / (height * width)) ** 0.5)
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def small(L: Float) -> Float:
    """L at the size of `work_shape`."""
    height, width = work_shape(*L.shape)
    return resize(L, width, height)


def with_hints(
    L: Float,
    ab_grid: Float,
    hints: Sequence[Hint],
    reach: float = REACH_DEFAULT,
    reached: Float | None = None,
) -> Float:
    """Colours of a small grid with hints in place of them, as far as the hints reach.

    Parameters
    ----------
    L : ndarray of float32, shape (height, width)
        In [0, 100].
    ab_grid : ndarray of float32, shape (grid height, grid width, 2)
        Spans the same picture.
    hints, reach
        As of `fields`.
    reached : ndarray of float32, optional
        What `fields` gave of `small(L)`, if it is known.

    Returns
    -------
    ndarray of float32, shape (height', width', 2)
        At the size of `work_shape`.
    """
    L_small = small(L)
    if reached is None:
        reached = fields(L_small, hints, reach)
    return blend(upsample_ab(L_small, ab_grid), reached, hints)


def fields(L: Float, hints: Sequence[Hint], reach: float = REACH_DEFAULT) -> Float:
    """How far each hint reaches.

    Parameters
    ----------
    L : ndarray of float32, shape (height, width)
        In [0, 100], at the size of `work_shape`.
    hints : sequence of Hint
        Where two overlap, the later one has the pixels.
    reach : float
        In [0, 1].

    Returns
    -------
    ndarray of float32, shape (number of hints, height, width)
        In [0, 1]; exactly 1 on a hint's own pixels and 0 on the others', and at most 1 in sum.

    Raises
    ------
    ValueError
        If the reach is out of its range.

    Notes
    -----
    Minimizes sum_r (u_r - sum_s w_rs u_s)^2 + pull * sum_r u_r^2 over the pixels r that no hint
    has, s running over the four neighbours of r. The solution is sharpened by a smooth step.
    """
    within("reach", reach, REACH)
    owner = _owners(L.shape, hints)
    count = len(hints)
    raw = (owner[None] == np.arange(count)[:, None, None]).astype(np.float64)  # (K, h, w)
    free = (owner < 0).ravel()
    if count and free.any():
        smooth = sparse.identity(owner.size, format="csr") - neighbour_weights(_without_grain(L))
        pull = PULL[0] * (PULL[1] / PULL[0]) ** reach
        quadratic = (smooth.T @ smooth + pull * sparse.identity(owner.size)).tocsr()
        rows = quadratic[free]
        fixed = raw.reshape(count, -1)[:, ~free].T  # (pixels of hints, K)
        # Symmetric mode: the matrix is positive definite, and pivoting would fill it up.
        factors = splu(
            rows[:, free].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        raw.reshape(count, -1)[:, free] = factors.solve(-(rows[:, ~free] @ fixed)).T
    step = ((raw - OPEN) / (FULL - OPEN)).clip(0.0, 1.0)
    step = step * step * (3.0 - 2.0 * step)
    return np.asarray(step / np.maximum(step.sum(axis=0), 1.0), np.float32)


def blend(ab: Float, reached: Float, hints: Sequence[Hint]) -> Float:
    """Colours with the hints' in place of them, as far as the hints reach.

    Parameters
    ----------
    ab : ndarray of float32, shape (height, width, 2)
    reached : ndarray of float32, shape (number of hints, height, width)
        From `fields`.
    hints : sequence of Hint
        The same, in the same order; only their colours are looked at.

    Returns
    -------
    ndarray of float32, shape (height, width, 2)
    """
    colours = np.array([hint.ab for hint in hints], np.float32).reshape(-1, 2)  # (K, 2)
    kept = 1.0 - reached.sum(axis=0)
    return np.asarray(kept[..., None] * ab + np.einsum("khw,kc->hwc", reached, colours))


def neighbour_weights(L: Float) -> sparse.csr_array:
    """Weights of each pixel's four neighbours; a row's sum is 1, or 0 for a single pixel.

    Parameters
    ----------
    L : ndarray of float32, shape (height, width)

    Returns
    -------
    scipy.sparse.csr_array, shape (height * width, height * width)
        w_rs proportional to exp(-(L_r - L_s)^2 / v_r), where v_r is 0.6 times the variance of L in
        the 3 x 3 window of r, but never so small that the nearest neighbour's weight before
        normalisation falls under 0.01, nor below `FLOOR`.
    """
    height, width = L.shape
    index = np.arange(L.size).reshape(L.shape)
    steps = ((-1, 0), (1, 0), (0, -1), (0, 1))
    squared = np.full((len(steps), *L.shape), np.inf)
    for step, (down, right) in enumerate(steps):
        here = _inside(height, down), _inside(width, right)
        there = _inside(height, -down), _inside(width, -right)
        squared[(step, *here)] = (L[here].astype(np.float64) - L[there]) ** 2
    L64 = L.astype(np.float64)
    mean = cv2.blur(L64, (3, 3)).reshape(L.shape)
    variance = cv2.blur(L64 * L64, (3, 3)).reshape(L.shape) - mean * mean
    nearest = squared.min(axis=0)
    nearest[~np.isfinite(nearest)] = 0.0  # a single pixel
    spread = np.maximum(np.maximum(0.6 * variance, nearest / np.log(100.0)), FLOOR)
    weights = np.exp(-squared / spread)  # (4, h, w)
    weights /= np.maximum(weights.sum(axis=0), np.finfo(np.float64).tiny)
    rows, columns, values = [], [], []
    for step, (down, right) in enumerate(steps):
        here = _inside(height, down), _inside(width, right)
        rows.append(index[here].ravel())
        columns.append(index[_inside(height, -down), _inside(width, -right)].ravel())
        values.append(weights[(step, *here)].ravel())
    places = np.concatenate(rows), np.concatenate(columns)
    return sparse.csr_array((np.concatenate(values), places), (L.size, L.size))


def _inside(length: int, step: int) -> slice:
    """The positions along an axis whose neighbour at `step` exists."""
    return slice(max(0, -step), length - max(0, step))


def _owners(shape: tuple[int, ...], hints: Sequence[Hint]) -> NDArray[np.int64]:
    """Which hint each pixel belongs to, -1 for none; every hint has its nearest pixel at least."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width] + 0.5
    owner = np.full((height, width), -1)
    for number, hint in enumerate(hints):
        if hint.more:
            owner[covered((height, width), hint.places, hint.radius)] = number
            continue
        row = min(int(hint.y * height), height - 1)
        column = min(int(hint.x * width), width - 1)
        radius = hint.radius * max(height, width)
        owner[np.hypot(x - column - 0.5, y - row - 0.5) <= radius] = number
        owner[row, column] = number
    return owner


def _without_grain(L: Float) -> Float:
    """L without film grain, which would be an edge at every speck."""
    L_u8 = np.rint(L * 2.55).clip(0, 255).astype(np.uint8)
    smooth = cv2.bilateralFilter(np.ascontiguousarray(L_u8), *GRAIN)
    return np.asarray(smooth.reshape(L.shape), np.float32) / np.float32(2.55)
