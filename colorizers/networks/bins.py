"""The 313 ab bins of Zhang et al.: computed, not shipped.

Classification replaces the two numbers (a, b) of a pixel by a distribution over the cells of
a grid of step 10 that sRGB can reach. This file makes the grid, turns ab into soft targets,
turns predicted distributions back into ab, and makes rebalancing weights from a prior.
`train.classification` and `colorizers.networks.classification` use it.

References
----------
Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016. The paper's text says 5
neighbours; its code uses 10, and its author calls the text a typo.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
import torch
from numpy.typing import NDArray

from colorizers.color import AB_MAX, rgb_to_lab

STEP = 10.0
"""Distance of the centres along a and b."""
HALF_WIDTH = 9.9
"""Every reachable ab is dilated by a square of this half-width; 9.75 to 10.07 give the same."""
CUBE = 17
"""Levels per channel of the sRGB cube whose ab values span the gamut."""
NEIGHBOURS = 10
SIGMA = 5.0
"""Soft encoding: standard deviation of the Gaussian, in units of ab."""
TEMPERATURE = 0.38
"""Annealed mean: 1 is the mean of the distribution, towards 0 its mode."""


@functools.cache
def centres() -> NDArray[np.float32]:
    """The centres of the 313 bins, sorted by (a, b).

    Returns
    -------
    ndarray of float32, shape (313, 2)
        ab, multiples of 10 in [-110, 110]. Read-only, as it is shared.

    Notes
    -----
    The ab values of a 17 x 17 x 17 cube of sRGB, dilated by a square of half-width 9.9;
    the centres of the grid inside their convex hull. That is the set, in the order,
    of the file which came with the paper.

    Examples
    --------
    >>> centres().shape
    (313, 2)
    """
    # Imported where it is used, here and below: most colorizations need none of it.
    from scipy.spatial import ConvexHull, Delaunay

    levels = np.linspace(0.0, 1.0, CUBE)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 3)
    ab = rgb_to_lab(cube)[:, 1:].astype(np.float64)
    corners = np.concatenate(
        [ab + HALF_WIDTH * np.array(sign) for sign in itertools.product((-1, 1), repeat=2)]
    )
    hull = Delaunay(corners[ConvexHull(corners).vertices])
    axis = np.arange(-AB_MAX, AB_MAX + STEP / 2, STEP)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    inside = grid[hull.find_simplex(grid) >= 0].astype(np.float32)
    inside.flags.writeable = False
    return inside


COUNT = 313
"""How many bins there are; `tests/colorizers/networks/test_bins.py` holds the grid to it."""


def modes(
    shares: NDArray[np.float32], most: int = 4, apart: float = 22.0, least: float = 0.04
) -> list[tuple[tuple[float, float], float]]:
    """The few colours that a distribution over the bins speaks for, the likeliest first.

    Parameters
    ----------
    shares : ndarray of float32, shape (313,)
        Of each bin, in [0, 1].
    most : int
    apart : float
        What lies so near to a peak, in units of ab, is counted to it.
    least : float
        A colour has at least this share.

    Returns
    -------
    list of ((a, b), share)

    Examples
    --------
    >>> shares = np.zeros(COUNT, np.float32)
    >>> shares[[100, 300]] = 0.7, 0.3
    >>> [(ab, round(share, 1)) for ab, share in modes(shares)]
    [((-10.0, -20.0), 0.7), ((90.0, 50.0), 0.3)]
    """
    left = shares.astype(np.float64)
    found: list[tuple[tuple[float, float], float]] = []
    while len(found) < most:
        near = np.hypot(*(centres() - centres()[left.argmax()]).T) <= apart
        share = left[near].sum()
        if share < least:
            break
        a, b = (left[near] @ centres()[near] / share).tolist()
        found.append(((a, b), float(share)))
        left[near] = 0.0
    return found


class SoftEncoder:
    """Soft targets by look-up: the 10 nearest bins of each ab and their weights.

    The neighbours of a point are those of its cell of a fine table (step 0.5 in a and b), so
    that encoding is an index and not a search. The error of a weight is that of moving a point
    by at most 0.25.

    Parameters
    ----------
    device : torch.device or str
        Where the tables live.
    """

    RESOLUTION = 0.5

    def __init__(self, device: torch.device | str = "cpu") -> None:
        side = int(2 * AB_MAX / self.RESOLUTION) + 1
        axis = torch.linspace(-AB_MAX, AB_MAX, side, dtype=torch.float64)
        grid = torch.cartesian_prod(axis, axis)  # (side * side, 2)
        index, weight = nearest_bins(grid)
        self._side = side
        self._index = index.to(device)
        self._weight = weight.float().to(device)

    def __call__(self, ab: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Neighbours and weights of ab.

        Parameters
        ----------
        ab : Tensor, shape (N, 2, H, W)
            In units of Lab; clamped to [-110, 110].

        Returns
        -------
        index : Tensor of int64, shape (N, H, W, 10)
            Bins, nearest first.
        weight : Tensor of float32, shape (N, H, W, 10)
            Sums to 1 over the last axis.
        """
        cell = ((ab.float() + AB_MAX) / self.RESOLUTION).round().long()
        cell = cell.clamp_(0, self._side - 1)
        flat = cell[:, 0] * self._side + cell[:, 1]  # (N, H, W)
        return self._index[flat], self._weight[flat]


def nearest_bins(ab: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The 10 nearest bins of each ab and their Gaussian weights.

    Parameters
    ----------
    ab : Tensor of float64, shape (N, 2)

    Returns
    -------
    index : Tensor of int64, shape (N, 10)
    weight : Tensor of float64, shape (N, 10)
        exp(-d² / 2 sigma²), normalised to sum 1.
    """
    from scipy.spatial import cKDTree

    distance, index = cKDTree(centres()).query(ab.numpy(), k=NEIGHBOURS)  # (N, 10), nearest first
    squared = torch.from_numpy(distance).square()
    # Far outside the grid every Gaussian underflows; relative to the nearest it cannot.
    weight = torch.exp(-(squared - squared[:, :1]) / (2 * SIGMA**2))
    return torch.from_numpy(index).long(), weight / weight.sum(1, keepdim=True)


def annealed_mean(logits: torch.Tensor, temperature: float = TEMPERATURE) -> torch.Tensor:
    """Decode distributions over bins to ab by the annealed mean.

    Parameters
    ----------
    logits : Tensor, shape (N, 313, H, W)
        Unnormalised log probabilities.
    temperature : float
        In (0, 1]: log probabilities are divided by it before the mean is taken.

    Returns
    -------
    Tensor of float32, shape (N, 2, H, W)
        ab in units of Lab.

    Raises
    ------
    ValueError
        If the temperature is not in (0, 1].

    Notes
    -----
    Decode before any upsampling or averaging: the mean of two distributions decodes to
    something else than the mean of their colours.
    """
    if not 0.0 < temperature <= 1.0:
        raise ValueError(
            f"temperature is {temperature}; it must be above 0 (the likeliest bin) and at most 1 "
            "(the mean)."
        )
    with torch.autocast(logits.device.type, enabled=False):  # means need all digits
        grid = torch.tensor(centres(), device=logits.device)  # (313, 2)
        pixels = logits.permute(0, 2, 3, 1)  # (N, H, W, 313), in memory, too, if channels-last
        ab = torch.softmax(pixels.float() / temperature, dim=-1) @ grid
        return ab.permute(0, 3, 1, 2)


def rebalancing_weights(
    counts: NDArray[np.floating] | NDArray[np.integer], mix: float = 0.5
) -> NDArray[np.float32]:
    """Weights that make rare colours count more.

    Parameters
    ----------
    counts : ndarray, shape (313,)
        How often each bin occurs in the training data (hard or soft counts, at least 0).
    mix : float
        Lambda of the paper in [0, 1]: the share of the uniform distribution in the mix.

    Returns
    -------
    ndarray of float32, shape (313,)
        sum(prior * weight) is 1 for the unsmoothed prior. Bins that never occur have the weight
        of the rarest possible bin, 1 / (mix / bins in use), so that a weight is always finite.

    Raises
    ------
    ValueError
        If the shape is not (313,), nothing was counted, or mix is not in (0, 1].

    Notes
    -----
    The prior is smoothed by the Gaussian of the encoding (sigma 5 in ab, half a step of the
    grid) with the grid's edge taken into account, then mixed with the uniform distribution over
    the bins that the data uses: weight = 1 / ((1 - mix) * smoothed + mix / used).
    """
    counts = np.asarray(counts, np.float64)
    if counts.shape != (COUNT,):
        raise ValueError(f"counts has shape {counts.shape}; there are {COUNT} bins.")
    if not counts.sum() > 0 or counts.min() < 0:
        raise ValueError("counts must be at least 0 and not all 0.")
    if not 0.0 < mix <= 1.0:
        raise ValueError(f"mix is {mix}; it must be above 0 and at most 1.")
    prior = counts / counts.sum()
    used = counts > 0
    smoothed = _smooth(prior)
    uniform = np.where(used, 1.0 / used.sum(), 0.0)
    mixed = (1 - mix) * smoothed + mix * uniform
    floor = mix / used.sum()
    weight = 1.0 / np.maximum(mixed, floor)
    return np.asarray(weight / (prior * weight).sum(), np.float32)


def _smooth(prior: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter

    cell = np.rint((centres() + AB_MAX) / STEP).astype(int)
    side = int(2 * AB_MAX / STEP) + 1
    plane, inside = np.zeros((side, side)), np.zeros((side, side))
    plane[cell[:, 0], cell[:, 1]] = prior
    inside[cell[:, 0], cell[:, 1]] = 1.0
    sigma = SIGMA / STEP
    # Divide by the smoothed support, or the bins at the gamut's edge lose mass to the outside.
    blurred = gaussian_filter(plane, sigma, mode="constant")
    support = gaussian_filter(inside, sigma, mode="constant")
    smoothed = (blurred / np.maximum(support, 1e-12))[cell[:, 0], cell[:, 1]]
    return np.asarray(smoothed / smoothed.sum())
