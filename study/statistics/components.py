"""How much people and pictures differ: variance components by moments, without a prior.

Fed by picks, whose they are and of which picture; printed by `study.report.components`, and what
`study.power` is told of a pilot. Two answers of one person to two pictures agree more often than
two answers that share neither, by the covariance that people make; two answers to one picture by
two persons, by that of pictures. Both covariances are averages over pairs, without bias. The
standard deviations on the log odds are those of the logit model with crossed normal effects that
has this rate and these covariances. `study.coverage` measures how far off they are.

References
----------
Williams (1962), A confidence interval for variance components, Biometrika 49, 278-281 (the limits
of a mean square, moved by what chance adds to it).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri, expit, logit

from study.statistics.intervals import LEVEL, Interval, undefined
from study.statistics.twoway import Groups, codes, two_way_variance

MOMENTS = "moments of pairs, chi-square limits"
MOST_SD = 5.0  # of the log odds: above, nearly every person or picture is all or nothing
_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(24)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_STEPS, _HALVINGS = 40, 30
_CLOSE = 1e-3


@dataclass(frozen=True)
class Components:
    """Standard deviations on the log odds of people and pictures, each with its interval.

    0 means that the pairs agree no more often than by chance, and `MOST_SD` that or more.
    `person_share` is the people's part of both variances, NaN where both are 0. All are NaN where
    every answer is equal; the intervals' note says why.
    """

    participant_sd: float
    participant_interval: Interval
    picture_sd: float
    picture_interval: Interval
    person_share: float
    intercept: float


def components(
    picked: ArrayLike, participant: Groups, picture: Groups, level: float = LEVEL
) -> Components:
    """Estimate both standard deviations.

    Parameters
    ----------
    picked : array-like of 0 and 1, shape (n,)
    participant, picture : array-like, shape (n,)
    level : float

    Returns
    -------
    Components
        Undefined with fewer than two participants or pictures, where no person has seen two
        pictures or no picture was seen by two, and where all answers are equal.
    """
    y = np.asarray(picked, dtype=np.float64)
    (p, n_people), (q, n_pictures) = codes(participant), codes(picture)
    cell, _ = codes(p * n_pictures + q)
    squares = [_squares(y, group) for group in (p, q, cell, np.zeros_like(p))]
    (s_p, n_p), (s_q, n_q), (s_c, n_c), (s, n) = squares
    # Ordered pairs of answers that share the person alone, the picture alone, or neither.
    pairs = n_p - n_c, n_q - n_c, n - n_p - n_q + n_c
    if y.min() == y.max() or min(n_people, n_pictures) < 2 or min(pairs) <= 0:
        why = "no components, because "
        if y.min() == y.max():
            why += "all answers are equal"
        elif pairs[0] <= 0:
            why += "nobody has answered about two pictures"
        elif pairs[1] <= 0:
            why += "no picture was seen by two people"
        else:
            why += "every two answers share the person or the picture"
        none = undefined(MOMENTS, level, why)
        return Components(math.nan, none, math.nan, none, math.nan, math.nan)
    neither = (s - s_p - s_q + s_c) / pairs[2]
    rate = float(y.mean())
    shared = (s_p - s_c) / pairs[0] - neither, (s_q - s_c) / pairs[1] - neither
    variance = two_way_variance(y, p, q)
    people, pictures, intercept = _solve(rate, *shared)
    ends = []
    for i, (part, groups) in enumerate(
        ((variance.by_participant, n_people), (variance.by_picture, n_pictures))
    ):
        # What is below the answers' own variance is noise: limits are moved by no less than that.
        part = max(part, variance.by_answer)
        moved = [
            shared[i] + part * (ratio - 1) * y.size**2 / pairs[i]
            for ratio in _chi_square_ratios(groups - 1, level)
        ]
        both = [(x, shared[1]) if i == 0 else (shared[0], x) for x in moved]
        low, high = (_solve(rate, *each)[i] for each in both)
        why = "" if high > 0 else "no interval, because answers agree less often than by chance"
        ends.append(undefined(MOMENTS, level, why) if why else Interval(low, high, MOMENTS, level))
    total = people**2 + pictures**2
    return Components(
        people, ends[0], pictures, ends[1], people**2 / total if total else math.nan, intercept
    )


def _squares(y: NDArray[np.float64], group: NDArray[np.intp]) -> tuple[float, float]:
    """Sum over groups of the squared sum of values, and of the squared number of answers."""
    sums, sizes = np.bincount(group, y), np.bincount(group).astype(np.float64)
    return float(sums @ sums), float(sizes @ sizes)


def _chi_square_ratios(df: int, level: float) -> tuple[float, float]:
    """Ends of the interval of a variance over its estimate."""
    tail = (1 - level) / 2
    return df / float(chdtri(df, tail)), df / float(chdtri(df, 1 - tail))


def _solve(rate: float, by_person: float, by_picture: float) -> tuple[float, float, float]:
    """Standard deviations and intercept of the logit model with this rate and covariances."""
    people, pictures, intercept = 0.0, 0.0, float(logit(rate))
    for _ in range(_STEPS):
        before = people, pictures
        people, _ = _one(rate, by_person, pictures)
        pictures, intercept = _one(rate, by_picture, people)
        if abs(people - before[0]) + abs(pictures - before[1]) < _CLOSE:
            break
    return people, pictures, intercept


def _one(rate: float, wanted: float, other: float) -> tuple[float, float]:
    """Standard deviation of one effect with the covariance `wanted`, beside that of the other."""
    low, high = 0.0, MOST_SD
    if wanted <= 0:
        return 0.0, _intercept(rate, other)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        intercept = _intercept(rate, math.hypot(middle, other))
        # What one person (or picture) with each effect answers, over the others.
        own = expit(intercept + middle * _POINTS[:, None] + other * _POINTS[None]) @ _WEIGHTS
        covariance = float(_WEIGHTS @ own**2) - rate**2
        low, high = (middle, high) if covariance < wanted else (low, middle)
        if high - low < _CLOSE / 10:
            break
    sd = (low + high) / 2
    return sd, _intercept(rate, math.hypot(sd, other))


def _intercept(rate: float, spread: float) -> float:
    """Log odds at average effects with which the rate over normal effects is `rate`."""
    found = float(logit(rate))
    for _ in range(50):  # Newton's steps; the mean of expit rises with its argument
        p = expit(found + spread * _POINTS)
        step = (float(_WEIGHTS @ p) - rate) / max(float(_WEIGHTS @ (p * (1 - p))), 1e-9)
        found -= max(-1.0, min(1.0, step))
        if abs(step) < 1e-9:
            break
    return found
