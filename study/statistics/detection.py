"""d': how far the real picture stands out, in units that do not depend on how many are shown.

Picking the real picture out of m is an m-alternative forced choice: each picture leaves an
impression, the real one stronger by d' standard deviations on average, and the strongest is
picked. A share of correct picks of 60 % means more among four pictures than among two; d' says
how much more. Fed by `study.report.truth` with the truth's rate.

The model takes all fakes as **equally good** and impressions as independent and normal. With a
weak and a good fake in one trial the first is not true: d' is then that of a study whose fakes,
all alike, would be unmasked as often.

References
----------
Green, Dai (1991), Probability of being correct with 1 of M orthogonal signals, Perception &
Psychophysics 49, 100-101. Hacker, Ratcliff (1979), A revised table of d' for M-alternative forced
choice, Perception & Psychophysics 26, 168-170.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from study.statistics.intervals import Interval
from study.statistics.stats import Rate

_LIMIT = 8.0  # d' beyond which even two alternatives are told apart in all but 1 of 10^8 trials


@dataclass(frozen=True)
class Detection:
    """d' of the study's participants: `correct` is the share of picks of the real picture.

    `note` says why d' or an end of its interval is infinite, or why there is no interval.
    """

    alternatives: int
    correct: float
    d_prime: float
    interval: Interval
    note: str = ""


def detection(truth: Rate, alternatives: int) -> Detection:
    """d' from the truth's rate; the ends of its headline interval are moved by the same curve."""
    ends = (d_prime(end, alternatives) for end in (truth.headline.low, truth.headline.high))
    low, high = ends
    headline = truth.headline
    interval = Interval(low, high, headline.method, headline.level, headline.note)
    found = d_prime(truth.rate, alternatives)
    reasons = (
        (headline.note, headline.note),
        (f"d' is {'below' if found < 0 else 'above'} any number", math.isinf(found)),
        ("the interval has no lower end", math.isinf(low)),
        ("the interval has no upper end", math.isinf(high)),
    )
    note = "; ".join(words for words, holds in reasons if holds)
    return Detection(alternatives, truth.rate, found, interval, note)


def share_correct(d: float, alternatives: int) -> float:
    """Share of correct picks of an observer with a given d'.

    Parameters
    ----------
    d : float
        Distance of the real picture in standard deviations.
    alternatives : int
        Pictures a trial, m >= 2.

    Returns
    -------
    float
        Integral over x of phi(x - d) Phi(x)^(m - 1).

    Raises
    ------
    ValueError
        With fewer than two alternatives.

    Examples
    --------
    >>> round(share_correct(0, 4), 6), round(share_correct(1, 2), 4)
    (0.25, 0.7602)
    """
    from scipy.integrate import quad

    if alternatives < 2:
        raise ValueError(f"A choice needs at least 2 alternatives, got {alternatives}.")

    def density(x: float) -> float:
        return math.exp(-((x - d) ** 2) / 2) * float(ndtr(x)) ** (alternatives - 1)

    area = quad(density, d - 9, d + 9, epsabs=1e-11, limit=200)[0]
    return float(area) / math.sqrt(2 * math.pi)


def d_prime(correct: float, alternatives: int) -> float:
    """d' of an observer with a given share of correct picks, the inverse of `share_correct`.

    Parameters
    ----------
    correct : float
        Share of trials in which the real picture was picked, 0 to 1; NaN gives NaN.
    alternatives : int
        Pictures a trial, m >= 2.

    Returns
    -------
    float
        0 at 1/m, negative below; infinite where the share is 0 or 1 (or within 1e-8 of it).

    Raises
    ------
    ValueError
        With fewer than two alternatives.

    Examples
    --------
    >>> round(d_prime(0.8, 4), 3), abs(round(d_prime(1 / 3, 3), 6))
    (1.893, 0.0)
    """
    from scipy.optimize import brentq

    if math.isnan(correct):
        return math.nan
    low, high = share_correct(-_LIMIT, alternatives), share_correct(_LIMIT, alternatives)
    if not low < correct < high:
        return math.copysign(math.inf, correct - 1 / alternatives)
    root = brentq(lambda d: share_correct(d, alternatives) - correct, -_LIMIT, _LIMIT, xtol=1e-10)
    return float(np.round(root, 9))
