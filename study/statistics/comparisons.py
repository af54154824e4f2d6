"""Tests of a study: each method against the truth, methods with one another, ratings.

Fed by the rows of `study.statistics.stats.analysed`; gathered by `study.report.summary`. The p of
the headline is of a t test with the two-way variance (`study.statistics.twoway.two_way_p`): the
same contrast, variance and degrees of freedom as the interval beside it, so that the two cannot
disagree, and it speaks about other people and other pictures. Beside it stands what holds on these
pictures: each participant gives one number (a mean gap, a rate, a mean rating), and signs are
exchanged within participants. Effects stand beside their p-values; families of tests are corrected
by Holm's method, equivalence and gap of all methods in one.

A p-value above 5 % is no proof that there is no gap; `equivalence` asks for that proof.
scipy.stats and statsmodels are imported where they are used, so that the report's other parts
start without them.

References
----------
Fisher (1935), The Design of Experiments, section 21 (sign flips). Schuirmann (1987), A comparison
of the two one-sided tests procedure, J. Pharmacokin. Biopharm. 15, 657-680. Holm (1979), A simple
sequentially rejective multiple test procedure, Scand. J. Stat. 6, 65-70. Kerby (2014), The simple
difference formula, Comprehensive Psychology 3 (the rank correlation).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

from study.protocol.design import TRUTH
from study.protocol.session import HIGHEST, LOWEST
from study.statistics.intervals import LEVEL, Interval
from study.statistics.stats import methods
from study.statistics.twoway import (
    GAPS,
    SHARES,
    TwoWayVariance,
    t_statistic,
    two_way_gap,
    two_way_mean,
    two_way_p,
    two_way_variance,
)

# A gap of 5 points to the point of indistinguishability is a difference of 10 points between how
# often the method and the truth are picked; a study that wants another margin fixes it beforehand.
RATINGS_APART = (float(LOWEST - HIGHEST), float(HIGHEST - LOWEST))  # limits of a difference
MARGIN = 0.05
_EXACT = 16  # participants up to which all sign patterns are counted: those of the default study
_PATTERNS = 9_999  # drawn beyond; fewer where participants are many, whose means vary little
_SIGNS = 20_000_000  # at most, over all drawn patterns
_SEED = 1


@dataclass(frozen=True)
class AgainstTruth:
    """One method against its point of indistinguishability (gap 0).

    `effect_size` is the participants' mean gap over its standard deviation (Cohen's d for paired
    values). `p` is of the two-way t test, `p_flips` of `patterns` sign flips over participants on
    these pictures, `p_naive` of the binomial test of the pairwise picks against 1/2,
    `p_equivalent` of the two one-sided tests: small means that the gap lies within `margin` of 0.
    `p_holm` and `p_equivalent_holm` are corrected in one family, of both tests of all methods.
    """

    name: str
    gap: float
    interval: Interval
    participants: int
    effect_size: float
    p: float
    p_holm: float
    p_flips: float
    p_naive: float
    margin: float
    p_equivalent: float
    p_equivalent_holm: float
    patterns: int


@dataclass(frozen=True)
class Difference:
    """Fool rate of one method minus that of another; p-values as in `AgainstTruth`."""

    name: str
    other: str
    difference: float
    interval: Interval
    participants: int
    effect_size: float
    p: float
    p_holm: float
    p_flips: float
    patterns: int


@dataclass(frozen=True)
class RatingDifference:
    """Mean rating of one method minus that of another, over the trials in which both are rated.

    `p` and `p_holm` are of the two-way t test, `p_ranks` of Wilcoxon's signed ranks of the
    participants' means on these pictures. `rank_correlation` is the share of rank sums in favour
    minus that against, from -1 to 1.
    """

    scale: str
    name: str
    other: str
    difference: float
    interval: Interval
    participants: int
    rank_correlation: float
    p: float
    p_holm: float
    p_ranks: float


def sign_flip(values: ArrayLike) -> tuple[float, int]:
    """Test whether values that are one a participant lie around 0.

    Under the hypothesis each value could as well have had the other sign. All sign patterns are
    counted up to 16 participants; beyond, patterns are drawn with a fixed seed.

    Parameters
    ----------
    values : array-like of float, shape (n,)

    Returns
    -------
    p : float
        Two-sided; NaN for fewer than two values.
    patterns : int
        How many sign patterns were compared.

    Examples
    --------
    >>> sign_flip([1.0, 2.0, 3.0])
    (0.25, 8)
    """
    x = np.asarray(values, dtype=np.float64)
    n = x.size
    if n < 2:
        return math.nan, 0
    limit = abs(x.sum()) * (1 - 1e-9)  # sums that differ by rounding alone are equal
    if n <= _EXACT:
        bits = np.arange(1 << n, dtype=np.uint32)[:, None] >> np.arange(n, dtype=np.uint32) & 1
        sums = (1.0 - 2.0 * bits) @ x  # (2^n,)
        return float((np.abs(sums) >= limit).mean()), sums.size
    rng = np.random.default_rng(_SEED)
    patterns = max(999, min(_PATTERNS, _SIGNS // n))
    beyond = 1  # the pattern that was seen
    for _ in range(patterns):
        signs = np.unpackbits(np.frombuffer(rng.bytes((n + 7) // 8), np.uint8), count=n)
        beyond += abs(x.sum() - 2 * x[signs.astype(bool)].sum()) >= limit
    return float(beyond / (patterns + 1)), patterns


def equivalence(
    variance: TwoWayVariance,
    margin: float = MARGIN,
    limits: tuple[float, float] | None = None,
) -> float:
    """Two one-sided tests: is the mean within `margin` of 0?

    Parameters
    ----------
    variance : TwoWayVariance
        Of the gap scores.
    margin : float
        In the unit of the scores, above 0.
    limits : (float, float), optional
        As of `study.statistics.twoway.two_way_p`.

    Returns
    -------
    float
        The larger p of the two; NaN where no variance exists.

    Raises
    ------
    ValueError
        If the margin is not above 0.
    """
    if not margin > 0:
        raise ValueError(f"The margin of equivalence must lie above 0, got {margin}.")
    if not variance.total > 0:
        return math.nan
    df = variance.degrees_of_freedom
    below = float(stdtr(df, -t_statistic(variance, -margin, limits)))  # H: mean <= -margin
    above = float(stdtr(df, t_statistic(variance, margin, limits)))  # H: mean >= margin
    return max(below, above)


def binomial_naive(k: int, n: int, share: float) -> float:
    """Two-sided exact binomial test, as if all answers were independent."""
    from scipy.stats import binomtest

    return float(binomtest(k, n, share).pvalue) if n else math.nan


def holm(p: Sequence[float]) -> list[float]:
    """Holm's correction of a family of tests; missing ones stay missing and do not count.

    statsmodels' `multipletests`, which the tests hold it against, collects Python's garbage at
    every call: a second of a report.

    Examples
    --------
    >>> [round(value, 3) for value in holm([0.01, 0.04, float("nan")])]
    [0.02, 0.04, nan]
    """
    values = np.asarray(p, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    # The smallest is multiplied by their number, the next one by one less; none falls again.
    risen = np.maximum.accumulate(values[order] * np.arange(len(order), 0, -1))
    result = np.full(values.shape, math.nan)
    result[order] = np.minimum(risen, 1.0)
    return [float(value) for value in result]


def against_truth(
    rows: pd.DataFrame, level: float = LEVEL, margin: float = MARGIN
) -> list[AgainstTruth]:
    """Test every method against its point of indistinguishability.

    The gap score of a trial is +1/2 for a pick of the method, -1/2 for the truth, 0 for another
    (`study.statistics.stats.distances`). `margin` is that of `equivalence`.
    """
    found = []
    for name, trials in _shown(rows):
        own = (trials["method"] == name).to_numpy()
        real = (trials["method"] == TRUTH).to_numpy()
        score = (own.astype(np.float64) - real) / 2
        naive = binomial_naive(int(own.sum()), int(own.sum() + real.sum()), 0.5)
        found.append((name, *_contrast(score, trials), naive))
    gaps = [two_way_p(variance, limits=GAPS) for _, variance, _, _ in found]
    within = [equivalence(variance, margin, GAPS) for _, variance, _, _ in found]
    corrected = holm([*gaps, *within])  # whoever may claim either has as many chances to err
    return [
        AgainstTruth(
            name, variance.mean, two_way_gap(variance, level), means.size, _effect(means),
            gaps[i], corrected[i], flips[0], naive, margin, within[i], corrected[len(found) + i],
            flips[1],
        )
        for i, (name, variance, means, naive) in enumerate(found)
        for flips in [sign_flip(means)]
    ]  # fmt: skip


def differences(rows: pd.DataFrame, level: float = LEVEL) -> list[Difference]:
    """Test every two methods' fool rates against each other, where both were shown."""
    found = []
    shown = dict(_shown(rows))
    for one, other in combinations(shown, 2):
        trials = shown[one][shown[one]["trial"].isin(shown[other]["trial"])]
        if trials.empty:
            continue
        first = np.asarray(trials["method"] == one, dtype=np.float64)
        second = np.asarray(trials["method"] == other, dtype=np.float64)
        found.append((one, other, *_contrast(first - second, trials)))
    corrected = holm([two_way_p(variance) for _, _, variance, _ in found])
    return [
        Difference(
            one, other, variance.mean, two_way_mean(variance, level, SHARES), means.size,
            _effect(means), two_way_p(variance), p_holm, *sign_flip(means),
        )
        for (one, other, variance, means), p_holm in zip(found, corrected, strict=True)
    ]  # fmt: skip


def rating_differences(
    rows: pd.DataFrame, scale: str, level: float = LEVEL
) -> list[RatingDifference]:
    """Test the ratings of every two methods, the truth among them, where one trial has both."""
    rated = rows[rows[scale].notna()]
    found = []
    for one, other in combinations([n for n in methods(rows) if (rated["method"] == n).any()], 2):
        first, second = (
            rated.loc[rated["method"] == name, ["trial", "participant", "picture", scale]]
            for name in (one, other)
        )
        both = first.merge(second[["trial", scale]], on="trial", suffixes=("", "_other"))
        if len(both):
            apart = both[[scale, f"{scale}_other"]].to_numpy(dtype=np.float64)
            found.append((one, other, *_contrast(apart[:, 0] - apart[:, 1], both)))
    corrected = holm([two_way_p(variance) for _, _, variance, _ in found])
    result = []
    for (one, other, variance, means), p_holm in zip(found, corrected, strict=True):
        correlation, p_ranks = signed_ranks(means)
        result.append(
            RatingDifference(
                scale, one, other, variance.mean, two_way_mean(variance, level, RATINGS_APART),
                means.size, correlation, two_way_p(variance), p_holm, p_ranks,
            )
        )  # fmt: skip
    return result


def signed_ranks(apart: NDArray[np.float64]) -> tuple[float, float]:
    """Rank correlation and p of Wilcoxon's signed-rank test; equal pairs are left out."""
    from scipy.stats import rankdata, wilcoxon

    moved = apart[np.abs(apart) > 1e-12]  # what rounding leaves of equal means is no difference
    if moved.size < 2:
        return math.nan, math.nan
    ranks = rankdata(np.abs(moved).round(12))
    correlation = float((np.sign(moved) * ranks).sum() / ranks.sum())
    return correlation, float(wilcoxon(moved.round(12)).pvalue)


def _shown(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Picks of the trials in which each method was shown, methods by falling rate."""
    picks = rows.loc[rows["picked"], ["trial", "participant", "picture", "method"]]
    return [
        (name, picks[picks["trial"].isin(rows.loc[rows["method"] == name, "trial"])])
        for name in methods(rows)
        if name != TRUTH
    ]


def _contrast(
    score: NDArray[np.float64], trials: pd.DataFrame
) -> tuple[TwoWayVariance, NDArray[np.float64]]:
    """Two-way variance of one score a trial, and the participants' means of it."""
    people = trials["participant"]
    return two_way_variance(score, people, trials["picture"]), _means(score, people)


def _means(values: NDArray[np.float64], participant: pd.Series) -> NDArray[np.float64]:
    """One mean a participant, in a fixed order."""
    means = pd.Series(values, index=participant.index).groupby(participant, observed=True).mean()
    # Rounding must not make two sign patterns differ that are equal.
    return np.asarray(means.sort_index(), dtype=np.float64).round(12)


def _effect(values: NDArray[np.float64]) -> float:
    sd = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return float(values.mean()) / sd if sd > 0 else math.nan
