"""The headline interval: a rate over participants and pictures at once.

Sixteen people who look at thirty shared pictures are not 480 independent answers: people differ,
and so do pictures, and an interval for the rate that other people on other pictures would give
has to carry both. `two_way_logit` does: two-way cluster-robust variance, logit scale, t quantile;
`two_way_p` is the test that belongs to such an interval. `two_way_gap` is the same interval of a
gap, between its own limits, and `two_way_mean` that of a score without a logit.
`study.statistics.stats` feeds it, `study.coverage` measures how often it holds the truth, and
docs/statistics.md compares it with the alternatives.

References
----------
Cameron, Gelbach, Miller (2011), Robust inference with multiway clustering, J. Bus. Econ. Stat.
29(2), 238-249. Korn, Graubard (1998), Confidence intervals for proportions with small expected
number of positive counts estimated from survey data, Survey Methodology 24(2), 193-201 (the
effective sample size). Satterthwaite (1946), An approximate distribution of estimates of variance
components, Biometrics Bulletin 2(6), 110-114.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, stdtr, stdtrit

from study.statistics.intervals import (
    ALIKE,
    LEVEL,
    Interval,
    check_level,
    clopper_pearson,
    undefined,
)

TWO_WAY_LOGIT = "two-way cluster-robust, logit"
TWO_WAY_LINEAR = "two-way cluster-robust"
SHARES = (-1.0, 1.0)  # limits of a difference of two shares
GAPS = (-0.5, 0.5)  # of half of one: a gap to the truth
CLOPPER_PEARSON_EFFECTIVE = "Clopper-Pearson on the effective sample size"

_FEWEST = 4  # clusters, below which the two parts say too little about their own noise
_MOST_GAPS = 16  # possible pairs of participant and picture an answer, up to which a table is made

Groups = Sequence[Any] | ArrayLike


@dataclass(frozen=True)
class TwoWayVariance:
    """A mean over answers that share participants and pictures, and its variance.

    Attributes
    ----------
    mean
        Mean of the values; the rate, if they are picks.
    by_participant, by_picture, by_answer
        Variance of the mean clustered by each, with its G/(G - 1) factor; NaN with one cluster.
    total
        ``by_participant + by_picture - by_answer``, never below the answers' own variance.
    independent
        What the variance would be if all answers were independent and as many as can be.
    n, participants, pictures
        Numbers of answers and of clusters.
    """

    mean: float
    by_participant: float
    by_picture: float
    by_answer: float
    total: float
    independent: float
    n: int
    participants: int
    pictures: int

    @property
    def degrees_of_freedom(self) -> float:
        """Degrees of freedom of `total`, as Satterthwaite has them for a sum of variances.

        A variance clustered by G groups has G - 1 of its own. One of the two enters whole, the
        other one with what it has above the answers' own, whichever way leaves fewer. Where no
        cluster shows (`total` is its floor) they are those of n answers. With fewer than four
        participants or pictures, and where nothing varies, min(participants, pictures) - 1.
        """
        fewest = min(self.participants, self.pictures)
        people, pictures, own = self.by_participant, self.by_picture, self.by_answer
        if fewest < _FEWEST or not self.total > 0:
            return fewest - 1
        if people + pictures - own <= self.total * (1 - 1e-9):
            return self.n - 1
        whole = people**2 / (self.participants - 1), pictures**2 / (self.pictures - 1)
        excess = (
            max(people - own, 0.0) ** 2 / (self.participants - 1),
            max(pictures - own, 0.0) ** 2 / (self.pictures - 1),
        )
        return self.total**2 / max(whole[0] + excess[1], excess[0] + whole[1])

    @property
    def design_effect(self) -> float:
        """How many times larger the variance is than that of as many independent answers.

        About 1 or more; NaN where all values are equal or there are fewer than two clusters.
        """
        return self.total / self.independent if self.independent > 0 else math.nan


def two_way_variance(
    values: ArrayLike,
    participant: Groups,
    picture: Groups,
    *,
    weights: ArrayLike | None = None,
) -> TwoWayVariance:
    """Variance of the mean of `values`, clustered by participant and by picture.

    With residuals e around the mean of n values, the variance clustered by a grouping with G
    groups is ``G / (G - 1) * sum over groups of (sum of e)^2 / n^2``. The two-way variance is the
    one by participant plus the one by picture minus the one by their intersection, which counts
    what both have counted. It can fall below the variance that the answers have on their own when
    clusters are few or opposed; that is noise, so the answers' own variance is its floor.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        One number an answer; 0 or 1 for a pick.
    participant, picture : array-like, shape (n,)
        Whose answer it is and of which picture; any hashable values.
    weights : array-like of float, shape (n,), optional
        How much each answer counts in the mean, 1 on average; all alike if None. They are taken
        as given: no part of the variance is theirs.

    Returns
    -------
    TwoWayVariance
        `total` is NaN with fewer than two participants or pictures.

    Raises
    ------
    ValueError
        If there are no values or the lengths differ.

    References
    ----------
    Cameron, Gelbach and Miller (2011), equations 2.8 to 2.11.
    """
    y = np.asarray(values, dtype=np.float64)
    n = y.size
    by_participant, n_participants = codes(participant)
    by_picture, n_pictures = codes(picture)
    if n == 0 or by_participant.size != n or by_picture.size != n:
        raise ValueError(
            "Values, participants and pictures must have one length above 0, "
            f"got {n}, {by_participant.size} and {by_picture.size}."
        )
    each = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    mean = float((each * y).sum() / each.sum())
    residuals = each * (y - mean)
    cells, n_cells = _cells(by_participant, by_picture, n_participants * n_pictures, n_pictures)
    var_participant = _clustered(residuals, by_participant, n_participants)
    var_picture = _clustered(residuals, by_picture, n_pictures)
    var_answer = _clustered(residuals, cells, n_cells)
    own = _clustered(residuals, np.arange(n), n)
    # Written so that an undefined part makes the total undefined; max() would swallow a NaN.
    total = var_participant + var_picture - var_answer
    if total < own:
        total = own
    return TwoWayVariance(
        mean=mean,
        by_participant=var_participant,
        by_picture=var_picture,
        by_answer=var_answer,
        total=total,
        independent=float(np.dot(residuals, residuals)) / n**2,
        n=n,
        participants=n_participants,
        pictures=n_pictures,
    )


def two_way_logit(
    variance: TwoWayVariance,
    level: float = LEVEL,
    *,
    fallback_design_effect: float | None = None,
) -> Interval:
    """Interval of a rate over participants and pictures: the headline of the report.

    The two-way variance is moved to the logit scale by the delta method, the interval is drawn
    there with the t quantile of the variance's degrees of freedom, and its ends are moved back, so
    that it stays inside (0, 1).

    With no pick, or only picks, there is no logit and no variance to see. Clopper and Pearson's
    interval on Korn and Graubard's effective sample size takes over: the answers divided by
    `fallback_design_effect` (the report passes the largest one seen among the study's other
    picks) and reduced for the degrees of freedom or, where no design effect is known,
    ``min(participants, pictures)``, as if a person or a picture gave one answer.

    Parameters
    ----------
    variance : TwoWayVariance
        Of picks, 0 or 1, from `two_way_variance`.
    level : float
        Nominal coverage in (0, 1).
    fallback_design_effect : float, optional
        Used only if the rate is 0 or 1; below 1 it counts as 1.

    Returns
    -------
    Interval
        Undefined with fewer than two participants or pictures; its note says so.

    Notes
    -----
    Coverage at nominal 95 % is measured by `study.coverage`; see docs/statistics.md.

    Examples
    --------
    >>> person = ["a"] * 4 + ["b"] * 4 + ["c"] * 4
    >>> picked = [1, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1]
    >>> interval = two_way_logit(two_way_variance(picked, person, [1, 2, 3, 4] * 3))
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.069, 0.931)
    """
    check_level(level)
    reason = _too_few(variance)
    if reason:
        return undefined(TWO_WAY_LOGIT, level, reason)
    p = variance.mean
    if p in (0.0, 1.0):
        effective, how = _effective_size(variance, fallback_design_effect, level)
        exact = clopper_pearson(p * effective, effective, level)
        answers = f"{effective:.0f} effective answer{'s' * (round(effective) != 1)}"
        which = f"{'all' if p else 'none'} picked, so the interval is Clopper and Pearson's"
        note = f"{which} on {answers} {how}"
        return Interval(exact.low, exact.high, CLOPPER_PEARSON_EFFECTIVE, level, note)
    return Interval(*_ends(variance, level, (0.0, 1.0)), TWO_WAY_LOGIT, level)


def two_way_gap(variance: TwoWayVariance, level: float = LEVEL) -> Interval:
    """Interval of a gap to the truth over participants and pictures.

    As `two_way_logit`, with the logit of where the gap lies between its limits `GAPS`. Near a
    limit, where hardly any picture fools, the gaps are as skewed as rates are, and an interval
    without a logit is wrong too often (docs/statistics.md).

    Parameters
    ----------
    variance : TwoWayVariance
        Of the gap scores: 1/2 for a pick of the method, -1/2 for the truth, 0 for another.
    level : float
        Nominal coverage in (0, 1).

    Returns
    -------
    Interval
        Undefined with fewer than two participants or pictures, or when all values are equal.

    Examples
    --------
    >>> person = ["a"] * 4 + ["b"] * 4 + ["c"] * 4
    >>> score = [-0.5, 0.5, 0, -0.5, -0.5, 0.5, -0.5, 0, 0, 0.5, -0.5, -0.5]
    >>> interval = two_way_gap(two_way_variance(score, person, [1, 2, 3, 4] * 3))
    >>> round(interval.low, 3), round(interval.high, 3)
    (-0.473, 0.427)
    """
    check_level(level)
    if reason := _none(variance):
        return undefined(TWO_WAY_LOGIT, level, reason)
    return Interval(*_ends(variance, level, GAPS), TWO_WAY_LOGIT, level)


def two_way_mean(
    variance: TwoWayVariance,
    level: float = LEVEL,
    limits: tuple[float, float] = (-math.inf, math.inf),
) -> Interval:
    """Interval of the mean of a score over participants and pictures.

    Like `two_way_logit` without the logit, for scores that are no proportions, such as ratings
    and differences.

    Parameters
    ----------
    variance : TwoWayVariance
    level : float
        Nominal coverage in (0, 1).
    limits : (float, float)
        Ends of the scale, such as -1 and 1 of a difference of two shares: the interval is cut
        there, which takes no possible value away.

    Returns
    -------
    Interval
        Undefined with fewer than two participants or pictures, or when all values are equal.
    """
    check_level(level)
    if reason := _none(variance):
        return undefined(TWO_WAY_LINEAR, level, reason)
    half = _quantile(variance, level) * math.sqrt(variance.total)
    low, high = max(limits[0], variance.mean - half), min(limits[1], variance.mean + half)
    return Interval(low, high, TWO_WAY_LINEAR, level)


def two_way_p(
    variance: TwoWayVariance, value: float = 0.0, limits: tuple[float, float] | None = None
) -> float:
    """Two-sided p of the t test that the mean is `value`, over people and pictures alike.

    It has the variance and the degrees of freedom of `two_way_mean`: p is at most 5 % exactly
    where the 95 % interval leaves the value out. With `limits` it has the logit between them, as
    `two_way_gap` has. How often that happens by chance is measured by `study.coverage`.

    Returns
    -------
    float
        NaN where `two_way_mean` is undefined.

    Examples
    --------
    >>> person, picture = ["a"] * 4 + ["b"] * 4, [1, 2, 3, 4] * 2
    >>> round(two_way_p(two_way_variance([1, 0, 1, 1, 1, 1, 0, 1], person, picture)), 3)
    0.137
    """
    if _too_few(variance) or not variance.total > 0:
        return math.nan
    return 2 * float(stdtr(variance.degrees_of_freedom, -abs(t_statistic(variance, value, limits))))


def t_statistic(
    variance: TwoWayVariance, value: float, limits: tuple[float, float] | None = None
) -> float:
    """How many standard errors the mean lies above `value`; the variance must be above 0.

    With `limits`, on the scale of the logit between them; a value at or beyond a limit is
    infinitely far.
    """
    error = math.sqrt(variance.total)
    if limits is None:
        return (variance.mean - value) / error
    low, high = limits
    center, slope = _logit(variance.mean, limits)
    if not low < value < high:
        return math.inf if value <= low else -math.inf
    return (center - _logit(value, limits)[0]) / (error * slope)


def codes(groups: Groups) -> tuple[NDArray[np.intp], int]:
    """Return codes 0..G-1 of the groups in the order of their first appearance, and G.

    Examples
    --------
    >>> codes(["b", "a", "b"])
    (array([0, 1, 0]), 2)
    """
    if isinstance(groups, pd.Series) and isinstance(groups.dtype, pd.CategoricalDtype):
        groups = groups.cat.codes  # whole numbers are grouped ten times faster than texts
    found, uniques = pd.factorize(np.asarray(groups))
    return found, len(uniques)


def _cells(
    by_participant: NDArray[np.intp], by_picture: NDArray[np.intp], possible: int, n_pictures: int
) -> tuple[NDArray[np.intp], int]:
    """Return a code of every pair of participant and picture, and how many pairs there are.

    The codes have gaps where there is room for all pairs that could be: a million answers are
    counted in such a table five times faster than they are looked up.
    """
    pairs = by_participant.astype(np.intp) * n_pictures + by_picture
    if possible <= _MOST_GAPS * pairs.size:
        return pairs, int(np.count_nonzero(np.bincount(pairs)))
    return codes(pairs)


def _ends(
    variance: TwoWayVariance, level: float, limits: tuple[float, float]
) -> tuple[float, float]:
    """Both ends of an interval on the scale of the logit between the limits, moved back."""
    center, slope = _logit(variance.mean, limits)
    half = _quantile(variance, level) * math.sqrt(variance.total) * slope
    low, high = (limits[0] + (limits[1] - limits[0]) * expit(center + by) for by in (-half, half))
    return float(low), float(high)


def _logit(value: float, limits: tuple[float, float]) -> tuple[float, float]:
    """Logit of where a value lies between two limits, and the logit's slope there."""
    wide = limits[1] - limits[0]
    share = (value - limits[0]) / wide
    return float(logit(share)), 1 / (share * (1 - share) * wide)


def _quantile(variance: TwoWayVariance, level: float) -> float:
    """Student's t for the degrees of freedom of the variance."""
    return float(stdtrit(variance.degrees_of_freedom, 0.5 + level / 2))


def _clustered(residuals: NDArray[np.float64], codes: NDArray[np.intp], n_groups: int) -> float:
    """Variance of the mean clustered by `codes`; NaN with one cluster."""
    if n_groups < 2:
        return math.nan
    sums = np.bincount(codes, weights=residuals, minlength=n_groups)
    return float(n_groups / (n_groups - 1) * np.dot(sums, sums) / residuals.size**2)


def _effective_size(
    variance: TwoWayVariance, known_effect: float | None, level: float
) -> tuple[float, str]:
    """Return the effective number of answers and the words for where it comes from.

    Korn and Graubard's: the answers over the design effect, times the squared ratio of the t
    quantiles of as many answers and of the degrees of freedom that the design effect has.
    """
    fewest = float(min(variance.participants, variance.pictures))
    if known_effect is None or math.isnan(known_effect):
        return fewest, "(one per participant or picture)"
    effect = max(1.0, known_effect)
    tail = 0.5 + level / 2
    ratio = stdtrit(variance.n - 1, tail) / stdtrit(variance.degrees_of_freedom, tail)
    effective = max(1.0, variance.n / effect * float(ratio) ** 2)
    return effective, f"(by the design effect of the other picks, {effect:.2f})"


def _none(variance: TwoWayVariance) -> str:
    """Why a score has no interval over participants and pictures, or an empty string."""
    return _too_few(variance) or (ALIKE if variance.total == 0 else "")


def _too_few(variance: TwoWayVariance) -> str:
    """Why no interval over participants and pictures exists, or an empty string."""
    for count, noun in ((variance.participants, "participant"), (variance.pictures, "picture")):
        if count < 2:
            return f"no interval over other {noun}s, because there is only 1"
    return ""
