"""Rates of the trials that people attended to: how many they did not is told by the catch trials.

In a catch trial the truth stands beside obvious fakes, so whoever looks picks it. A lapse is a
trial in which a picture is picked by chance, one as likely as another: of m pictures it is a fake
in (m - 1)/m of the lapses, so the lapse rate is the share of missed catch trials times m/(m - 1).
If people lapse as often in scored trials, a raw rate r is a mixture of the attended trials' rate
and of 1/m, and the attended trials' rate is (r - lapses/m) / (1 - lapses). People may differ in how
often they lapse. Fed by all answers; printed by `study.report.lapses`.

References
----------
Wichmann, Hill (2001), The psychometric function: I. Fitting, sampling, and goodness of fit,
Perception & Psychophysics 63(8), 1293-1313 (what lapses do to rates).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from study.protocol.design import CATCH, TRUTH
from study.statistics.intervals import LEVEL, Interval, undefined
from study.statistics.stats import fool_rates, is_excluded
from study.statistics.twoway import (
    TWO_WAY_LOGIT,
    TwoWayVariance,
    codes,
    two_way_logit,
    two_way_variance,
)

OUTSIDE = "cut off at 0 or 100 %, because lapses alone would give more picks, or fewer"


@dataclass(frozen=True)
class AttendedRate:
    """The raw rate of a method, or of the truth, and that of the attended trials."""

    name: str
    raw: float
    rate: float
    interval: Interval


@dataclass(frozen=True)
class Lapses:
    """How often people lapsed, and the rates without that.

    Attributes
    ----------
    trials, missed, participants
        Catch trials, those in which another picture than the real one was picked, and their people.
    rate, interval
        Lapse rate, a share; over participants. NaN without catch trials.
    rates
        Empty where `why` says so.
    """

    trials: int
    missed: int
    participants: int
    rate: float
    interval: Interval
    rates: list[AttendedRate]
    why: str = ""


def lapses(answers: pd.DataFrame, rows: pd.DataFrame, level: float = LEVEL) -> Lapses:
    """Estimate the lapse rate and the rates of the attended trials.

    Parameters
    ----------
    answers : DataFrame
        All answers; catch trials of people who are not excluded are taken.
    rows : DataFrame
        The scored rows that count, from `analysed`.
    level : float
    """
    catch = answers[answers["picked"] & (answers["kind"] == CATCH) & ~is_excluded(answers)]
    if catch.empty:
        none = undefined(TWO_WAY_LOGIT, level, "no catch trial")
        return Lapses(0, 0, 0, math.nan, none, [], "the study has no catch trials")
    of_catch = answers.loc[answers["trial"].isin(catch["trial"]), "trial"]
    options = int(of_catch.value_counts().max())
    missed = (catch["method"] != TRUTH).to_numpy().astype(np.float64)
    person = catch["participant"].astype(object).to_numpy()
    found, interval = lapse_rate(missed, person, options, level)
    size = len(missed), int(missed.sum()), len(set(person))
    if found >= 1:
        why = "the catch trials were passed no more often than by chance"
        return Lapses(*size, found, interval, [], why)
    every = []
    for raw in fool_rates(rows, level):
        shown = rows[rows["method"] == raw.name]
        variance = attended(
            shown["picked"].to_numpy(dtype=np.float64),
            shown["participant"].astype(object).to_numpy(),
            shown["picture"],
            missed,
            person,
            options,
        )
        rate = min(1.0, max(0.0, variance.mean)) if found else raw.rate
        own = interval_of(variance, raw.headline, level) if found else raw.headline
        every.append(AttendedRate(raw.name, raw.rate, rate, own))
    return Lapses(*size, found, interval, every)


def lapse_rate(
    missed: NDArray[np.float64], participant: ArrayLike, options: int, level: float = LEVEL
) -> tuple[float, Interval]:
    """Lapse rate with its interval over participants.

    Parameters
    ----------
    missed : ndarray of 0 and 1, shape (catch trials,)
    participant : array-like, shape (catch trials,)
    options : int
        Pictures a catch trial.
    level : float

    Examples
    --------
    >>> rate, interval = lapse_rate(np.array([0.0, 0, 1, 0, 0, 1, 0, 0]), list("aabbccdd"), 3)
    >>> rate
    0.375
    """
    factor = options / (options - 1)
    # Each catch trial its own picture: they are alike in that nobody who looks can err.
    found = two_way_logit(two_way_variance(missed, participant, np.arange(missed.size)), level)
    if found.defined:
        found = replace(found, low=min(1.0, factor * found.low), high=min(1.0, factor * found.high))
    return min(1.0, factor * float(missed.mean())), found


def attended(
    picked: NDArray[np.float64],
    participant: NDArray[Any],
    picture: ArrayLike,
    missed: NDArray[np.float64],
    catch_participant: NDArray[Any],
    options: int,
) -> TwoWayVariance:
    """Rate of the attended trials, with the variance that scored and catch trials give it.

    What each answer adds to the estimate (its influence) is clustered by participant and picture;
    a person's scored and catch trials are one cluster.

    Parameters
    ----------
    picked : ndarray of 0 and 1, shape (scored trials,)
    participant, picture : array-like, shape (scored trials,)
    missed, catch_participant : shape (catch trials,)
    options : int
        Pictures a trial.

    Returns
    -------
    TwoWayVariance
        Its mean may lie outside 0 to 1 by chance.
    """
    raw, share, factor = picked.mean(), missed.mean(), options / (options - 1)
    lapse = factor * share
    rate = (raw - lapse / options) / (1 - lapse)
    n = picked.size + missed.size
    by_raw = n / picked.size * (picked - raw) / (1 - lapse)
    slope = factor * (raw - 1 / options) / (1 - lapse) ** 2
    by_lapse = n / missed.size * slope * (missed - share)
    seen, count = codes(picture)
    return two_way_variance(
        rate + np.concatenate([by_raw, by_lapse]),
        np.concatenate([participant, catch_participant]),
        np.concatenate([seen, count + np.arange(missed.size)]),
    )


def interval_of(variance: TwoWayVariance, raw: Interval, level: float = LEVEL) -> Interval:
    """Interval of a rate of attended trials, on the logit scale.

    Where the estimate is at 0 or below, or at 1 or above, it goes from there to the far end of the
    raw rate's interval: more lapses only lead further away from chance.

    Parameters
    ----------
    variance : TwoWayVariance
        From `attended`.
    raw : Interval
        Of the raw rate.
    level : float
    """
    if 0 < variance.mean < 1:
        return two_way_logit(variance, level)
    if not raw.defined:
        return raw
    if variance.mean <= 0:
        return replace(raw, low=0.0, note=OUTSIDE)
    return replace(raw, high=1.0, note=OUTSIDE)
