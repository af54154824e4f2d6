"""Real or fake, one picture a trial: each method against the truth.

Fed by the rows of `study.statistics.stats.analysed` of a study whose trials show one picture each,
`picked` being whether it was called real; printed by `study.report.judged`. A hit is a real picture
that is called real, a false alarm a picture by a method that is. The rates lie on other answers, so
a contrast of the two is a mean over the answers of both, each with its derivative, and has the
two-way variance of the headline (`study.statistics.twoway`).

References
----------
Green, Swets (1966), Signal Detection Theory and Psychophysics, Wiley. Macmillan, Creelman (2005),
Detection Theory: A User's Guide, 2nd ed. (yes-no d' and the criterion c). Gourevitch, Galanter
(1967), A significance test for one parameter isosensitivity functions, Psychometrika 32, 25-33 (the
delta method).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from study.protocol.design import TRUTH
from study.statistics.comparisons import holm
from study.statistics.intervals import LEVEL, Interval, undefined
from study.statistics.stats import methods
from study.statistics.twoway import (
    SHARES,
    TWO_WAY_LINEAR,
    TwoWayVariance,
    two_way_mean,
    two_way_p,
    two_way_variance,
)


@dataclass(frozen=True)
class Judged:
    """One method against the truth.

    Attributes
    ----------
    name, called, trials
        The method, how often a picture of it was called real, and of how many.
    difference, interval
        Its rate of "real" less that of the truth; 0 is no difference.
    p, p_holm
        Of the two-way t test of that difference, and after Holm over the methods.
    d_prime, d_interval
        How far truth and method are apart, z(hits) - z(false alarms); NaN without a finite one.
    criterion, criterion_interval
        -(z(hits) + z(false alarms)) / 2: above 0 people rather say fake.
    """

    name: str
    called: int
    trials: int
    difference: float
    interval: Interval
    p: float
    p_holm: float
    d_prime: float
    d_interval: Interval
    criterion: float
    criterion_interval: Interval


def judged(rows: pd.DataFrame, level: float = LEVEL) -> list[Judged]:
    """Compare every method with the truth, methods by falling rate.

    Parameters
    ----------
    rows : DataFrame
        One row a trial, from `analysed`.
    level : float
        Nominal coverage of the intervals.

    Returns
    -------
    list of Judged
        Empty where no real picture was judged.
    """
    if not (rows["method"] == TRUTH).any():
        return []
    found = [
        (name, _of(rows[rows["method"].isin([name, TRUTH])]))
        for name in methods(rows)
        if name != TRUTH
    ]
    corrected = holm([two_way_p(difference) for _, (difference, _, _) in found])
    result = []
    for (name, (difference, apart, criterion)), p_holm in zip(found, corrected, strict=True):
        mine = rows[rows["method"] == name]
        result.append(
            Judged(
                name, int(mine["picked"].sum()), len(mine),
                difference.mean, two_way_mean(difference, level, SHARES),
                two_way_p(difference), p_holm,
                *estimate(apart, level), *estimate(criterion, level),
            )
        )  # fmt: skip
    return result


def _of(
    pair: pd.DataFrame,
) -> tuple[TwoWayVariance, TwoWayVariance | None, TwoWayVariance | None]:
    """The contrasts of the rows of a method and of the truth."""
    real, called = np.asarray(pair["method"] == TRUTH), pair["picked"].to_numpy(dtype=np.float64)
    return contrasts(real, called, pair["participant"], pair["picture"])


def contrasts(
    real: NDArray[np.bool_], called: NDArray[np.float64], participant: ArrayLike, picture: ArrayLike
) -> tuple[TwoWayVariance, TwoWayVariance | None, TwoWayVariance | None]:
    """Return difference of the rates, d' and criterion; the last two None where they are infinite.

    Parameters
    ----------
    real : ndarray of bool, shape (answers,)
        Whether the picture was real; the others are by one method.
    called : ndarray of float, shape (answers,)
        1 where it was called real, 0 where it was called fake.
    participant, picture : array-like, shape (answers,)
        Who answered, on what.
    """
    hits, alarms = float(called[real].mean()), float(called[~real].mean())

    def contrast(value: float, by_hits: float, by_alarms: float) -> TwoWayVariance:
        """Mean over all answers that is `value`, each answer with its part of the variance."""
        part = np.where(real, by_hits / real.mean(), by_alarms / (~real).mean())
        part *= called - np.where(real, hits, alarms)
        return two_way_variance(value + part, participant, picture)

    difference = contrast(alarms - hits, -1.0, 1.0)
    if not (0 < hits < 1 and 0 < alarms < 1):
        return difference, None, None
    z_hits, z_alarms = float(ndtri(hits)), float(ndtri(alarms))
    by_hits, by_alarms = 1 / _density(z_hits), 1 / _density(z_alarms)
    return (
        difference,
        contrast(z_hits - z_alarms, by_hits, -by_alarms),
        contrast(-(z_hits + z_alarms) / 2, -by_hits / 2, -by_alarms / 2),
    )


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def estimate(variance: TwoWayVariance | None, level: float = LEVEL) -> tuple[float, Interval]:
    """Return d' or the criterion with its interval; NaN and why, where it is infinite."""
    if variance is None:
        why = "no finite d', as one of the two was always or never called real"
        return math.nan, undefined(TWO_WAY_LINEAR, level, why)
    return variance.mean, two_way_mean(variance, level)
