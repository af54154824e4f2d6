"""Ratings of realism and quality: mean opinion scores, distributions, agreement.

Fed by the rows of `study.statistics.stats.analysed`; gathered by `study.report.ratings`. Scores of
1 to 5 are ordered, not measured: the mean is what mean opinion scores are compared by, the
distribution says what it hides, and Krippendorff's alpha treats them as the ordered categories they
are.

References
----------
Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, University of Pennsylvania.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from study.protocol.session import HIGHEST, LOWEST
from study.statistics.intervals import LEVEL, Interval, undefined
from study.statistics.stats import methods
from study.statistics.twoway import TWO_WAY_LINEAR, two_way_mean, two_way_variance

RATING_POINTS = tuple(range(LOWEST, HIGHEST + 1))


@dataclass(frozen=True)
class Rating:
    """Mean opinion score of one method on one scale; `counts` are the answers 1 to 5."""

    scale: str
    name: str
    ratings: int
    participants: int
    mean: float
    interval: Interval
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Agreement:
    """Krippendorff's ordinal alpha on one scale; NaN where it does not exist."""

    scale: str
    alpha: float
    pictures: int
    ratings: int


def ratings(rows: pd.DataFrame, scale: str, level: float = LEVEL) -> list[Rating]:
    """Mean opinion scores: the mean of all ratings, two-way interval over people and pictures.

    Parameters
    ----------
    rows : DataFrame
        From `analysed`.
    scale : str
        "realism" or "quality"; missing ratings are left out.
    """
    result = []
    rated = rows[rows[scale].notna()]
    for name in methods(rows):
        of_method = rated[rated["method"] == name]
        values = of_method[scale].astype(np.float64)
        mean, interval = math.nan, undefined(TWO_WAY_LINEAR, level, "no ratings")
        if len(values):
            groups = of_method["participant"], of_method["picture"]
            variance = two_way_variance(values, *groups)
            mean, interval = variance.mean, two_way_mean(variance, level, (LOWEST, HIGHEST))
        counts = tuple(int((values == point).sum()) for point in RATING_POINTS)
        people = of_method["participant"].nunique()
        result.append(Rating(scale, name, len(values), people, mean, interval, counts))
    return result


def agreement(rows: pd.DataFrame, scale: str) -> Agreement:
    """Krippendorff's ordinal alpha of the participants as raters of pictures by method."""
    rated = rows[rows[scale].notna()]
    codes = rated[scale].astype(np.int64).to_numpy() - RATING_POINTS[0]
    unit = rated.groupby(["picture", "method"], sort=False).ngroup().to_numpy()
    shape = (int(unit.max()) + 1 if len(unit) else 0, len(RATING_POINTS))
    counts = np.zeros(shape, dtype=np.int64)
    np.add.at(counts, (unit, codes), 1)
    paired = counts[counts.sum(axis=1) >= 2]
    return Agreement(scale, ordinal_alpha(counts), len(paired), int(paired.sum()))


def ordinal_alpha(counts: np.ndarray) -> float:
    """Krippendorff's alpha for ordered categories.

    1 is perfect agreement, 0 what chance gives, below 0 systematic disagreement.

    Parameters
    ----------
    counts : ndarray of int, shape (units, categories)
        How many raters gave each unit each category, categories in order. Units with fewer than
        two ratings are left out, as the coefficient asks.

    Returns
    -------
    float
        NaN if no unit has two ratings or only one category was used.

    Examples
    --------
    >>> ordinal_alpha(np.array([[2, 0, 0], [0, 2, 0], [0, 0, 2]]))
    1.0
    """
    paired = np.asarray(counts, dtype=np.float64)
    raters = paired.sum(axis=1)
    paired, raters = paired[raters >= 2], raters[raters >= 2]
    totals = paired.sum(axis=0)  # (categories,)
    # Squared ordinal distance: ratings that lie between two categories, both ends half.
    middle = np.cumsum(totals) - totals / 2
    delta2 = (middle[:, None] - middle[None, :]) ** 2  # (categories, categories)
    expected = float(totals @ delta2 @ totals)
    if expected == 0:
        return math.nan
    disagreement = np.einsum("uc,ck,uk->u", paired, delta2, paired) / (raters - 1)
    return 1 - (float(totals.sum()) - 1) * float(disagreement.sum()) / expected
