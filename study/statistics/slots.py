"""Are places on the screen picked for themselves? A test over participants.

Fed by each participant's shares of picks per place (`study.statistics.stats.slot_check`). People
may have favourite places of their own without any place being favoured by all; answers taken as
independent make a bias of that, `even_shares` does not.

References
----------
Hotelling (1931), The generalization of Student's ratio, Ann. Math. Stat. 2(3), 360-378.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc


def even_shares(shares: ArrayLike) -> float:
    """Test that all places are picked equally often, by Hotelling's T squared over participants.

    Parameters
    ----------
    shares : array-like of float, shape (participants, places)
        Each participant's shares; every row sums to 1.

    Returns
    -------
    float
        p; NaN with fewer participants than places, or where their shares do not vary in every
        direction.

    Examples
    --------
    >>> round(even_shares([[0.6, 0.4], [0.7, 0.3], [0.4, 0.6], [0.8, 0.2]]), 3)
    0.239
    """
    x = np.asarray(shares, dtype=np.float64)
    n, places = x.shape
    free = places - 1
    if n <= free or free < 1:
        return math.nan
    apart = x[:, :free] - 1 / places  # (n, free): the last place is what the others leave
    mean, spread = apart.mean(axis=0), np.atleast_2d(np.cov(apart, rowvar=False))
    if np.linalg.matrix_rank(spread, tol=1e-12) < free:
        return math.nan
    t2 = n * float(mean @ np.linalg.solve(spread, mean))
    return float(fdtrc(free, n - free, t2 * (n - free) / (free * (n - 1))))
