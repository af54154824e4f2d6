"""Intervals for the answers of a "pick the real one" study.

Textbook intervals of counts and means: numbers in, numbers out. `study.statistics.stats` feeds
them; the headline interval of the report, which knows about participants and pictures, is in
`study.statistics.twoway`; docs/statistics.md explains all of them.

The closed forms need only `scipy.special`, so that the report starts quickly (statsmodels and
scipy.stats would double the time); the tests hold them against both and against published tables.

References
----------
Wilson (1927), J. Am. Stat. Assoc. 22, 209-212. Clopper, Pearson (1934), Biometrika 26, 404-413.
Brown, Cai, DasGupta (2001), Statistical Science 16(2), 101-133 (Jeffreys). Goodman (1965),
Technometrics 7(2), 247-254.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, ndtri, stdtrit

LEVEL = 0.95

WILSON_NAIVE = "Wilson, naive"
JEFFREYS_NAIVE = "Jeffreys, naive"
GOODMAN_NAIVE = "Goodman joint, naive"
T_PARTICIPANTS = "t over participants"
ALIKE = "no interval, because all values are equal and their spread cannot be seen"


@dataclass(frozen=True)
class Interval:
    """A confidence interval, or the reason why there is none.

    Attributes
    ----------
    low, high
        Ends of the interval, in the unit of the estimate; NaN where it does not exist.
    method
        How it was made, as the report prints it.
    level
        Nominal coverage, 0.95 by default.
    note
        What a reader has to know: why it is undefined, or why another method stepped in.
    """

    low: float
    high: float
    method: str
    level: float = LEVEL
    note: str = ""

    @property
    def defined(self) -> bool:
        """Whether the interval exists."""
        return not (math.isnan(self.low) or math.isnan(self.high))


def undefined(method: str, level: float, reason: str) -> Interval:
    """Return the interval that does not exist, with the reason why."""
    return Interval(math.nan, math.nan, method, level, reason)


def wilson(k: float, n: float, level: float = LEVEL) -> Interval:
    """Wilson's score interval of a proportion, for independent answers.

    Answers of one study are not independent; the report prints it labelled naive.

    Parameters
    ----------
    k, n : float
        Successes and trials, ``0 <= k <= n``, ``n > 0``.
    level : float
        Nominal coverage in (0, 1).

    Returns
    -------
    Interval
        Within [0, 1].

    Raises
    ------
    ValueError
        If `k`, `n` or `level` is out of range.

    Examples
    --------
    >>> interval = wilson(81, 263)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.2553, 0.3662)
    """
    _check_proportion(k, n, level)
    low, high = _score_interval(k, n, float(ndtri(0.5 + level / 2)) ** 2)
    return Interval(low, high, WILSON_NAIVE, level)


def clopper_pearson(k: float, n: float, level: float = LEVEL) -> Interval:
    """Clopper and Pearson's exact interval of a proportion.

    `k` and `n` may be fractional, so that it also serves an effective sample size.

    Raises
    ------
    ValueError
        If `k`, `n` or `level` is out of range.

    Examples
    --------
    >>> interval = clopper_pearson(0, 20)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.0, 0.1684)
    """
    _check_proportion(k, n, level)
    return Interval(*_beta_tails(k, n, 0.0, level), "Clopper-Pearson", level)


def jeffreys(k: float, n: float, level: float = LEVEL) -> Interval:
    """Jeffreys' interval of a proportion, for independent answers.

    Equal tails of the posterior under the prior Beta(1/2, 1/2); an end is 0 or 1 where no or
    every trial succeeded.

    Raises
    ------
    ValueError
        If `k`, `n` or `level` is out of range.

    Examples
    --------
    >>> interval = jeffreys(1, 7)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.016, 0.501)
    """
    _check_proportion(k, n, level)
    return Interval(*_beta_tails(k, n, 0.5, level), JEFFREYS_NAIVE, level)


def _beta_tails(k: float, n: float, prior: float, level: float) -> tuple[float, float]:
    """Quantiles of Beta(k + prior, n - k + 1 - prior) and of Beta(k + 1 - prior, n - k + prior)."""
    tail = (1 - level) / 2
    low = 0.0 if k == 0 else float(betaincinv(k + prior, n - k + 1 - prior, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1 - prior, n - k + prior, 1 - tail))
    return low, high


def goodman(counts: Sequence[int], level: float = LEVEL) -> list[Interval]:
    """Goodman's joint intervals of multinomial proportions, for independent answers.

    All of them hold at once with about `level`. Each is Wilson's interval at the level
    ``1 - (1 - level) / m``; meant for counts of at least 5.

    Parameters
    ----------
    counts : sequence of int
        How often each of the m categories was picked; not all zero.

    Returns
    -------
    list of Interval
        One a category, in order.

    Raises
    ------
    ValueError
        If a count is negative or all are zero.

    Examples
    --------
    >>> [(round(i.low, 3), round(i.high, 3)) for i in goodman([56, 72, 73])]
    [(0.21, 0.36), (0.282, 0.442), (0.287, 0.447)]
    """
    total = sum(counts)
    if len(counts) < 2:
        raise ValueError(f"Joint intervals need at least 2 categories, got {len(counts)}.")
    each = 1 - (1 - level) / len(counts)
    small = min(counts) < 5
    note = "meant for counts of at least 5" if small else ""
    return [
        Interval(i.low, i.high, GOODMAN_NAIVE, level, note)
        for i in (wilson(count, total, each) for count in counts)
    ]


def t_interval(values: ArrayLike, level: float = LEVEL) -> tuple[float, Interval]:
    """Mean of independent values and its t interval.

    The values are one a participant, so that the interval speaks about people.

    Returns
    -------
    mean : float
        NaN without values.
    interval : Interval
        Undefined, with the reason in its note, for fewer than two values or equal ones.

    Examples
    --------
    >>> mean, interval = t_interval([3.0, 4.0, 5.0])
    >>> mean, round(interval.low, 3), round(interval.high, 3)
    (4.0, 1.516, 6.484)
    """
    x = np.asarray(values, dtype=np.float64)
    n = x.size
    if n == 0:
        return math.nan, undefined(T_PARTICIPANTS, level, "no values")
    mean = float(x.mean())
    if n == 1:
        return mean, undefined(T_PARTICIPANTS, level, "1 participant; at least 2 are needed")
    spread = float(x.std(ddof=1))
    if spread <= 1e-12 * max(1.0, abs(mean)):
        return mean, undefined(T_PARTICIPANTS, level, ALIKE)
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * spread / math.sqrt(n)
    return mean, Interval(mean - half, mean + half, T_PARTICIPANTS, level)


def _score_interval(k: float, n: float, z2: float) -> tuple[float, float]:
    """Ends of the score interval for the squared normal quantile `z2`."""
    center = (k + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (k * (n - k) / n + z2 / 4)) / (n + z2)
    return max(0.0, center - half), min(1.0, center + half)


def check_level(level: float) -> None:
    """Refuse a nominal coverage outside (0, 1)."""
    if not 0 < level < 1:
        raise ValueError(f"The level must lie between 0 and 1, got {level}; 0.95 is usual.")


def _check_proportion(k: float, n: float, level: float) -> None:
    check_level(level)
    if not (n > 0 and 0 <= k <= n):
        raise ValueError(f"A proportion needs 0 <= k <= n and n > 0, got k = {k} and n = {n}.")
