"""How often the intervals of real or fake and of preferences hold, and their tests err.

Like `study.statistics.coverage`, with the studies of `study.statistics.claims_kinds`: the lists
that participants get, people and pictures crossed, the report's own estimates. `study.coverage`
prints the tables.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from study.protocol.design import TRUTH
from study.statistics.claims import holm_rows
from study.statistics.claims_kinds import judgements, preferences
from study.statistics.coverage import ALPHA, Plan
from study.statistics.intervals import Interval
from study.statistics.judged import contrasts, estimate
from study.statistics.model_kinds import JudgeModel, PreferenceModel
from study.statistics.twoway import TwoWayVariance, two_way_logit, two_way_p, two_way_variance

METHOD, OTHER = "a", "b"
SIZES, POOLS = (8, 16, 64), (240, 30)
# Shares that are called real: of the truth, and of a method that is told from it, that is not, and
# that hardly anybody calls real.
HITS, ALARMS = 0.75, (0.5, 0.75, 0.1)
# Shares of three methods that are preferred: all alike, and far apart.
PREFERRED = {
    "even": {METHOD: 1 / 3, OTHER: 1 / 3, "c": 1 / 3},
    "apart": {METHOD: 0.6, OTHER: 0.35, "c": 0.05},
}
JUDGED = tuple(Plan(n, 30, pool, rate) for rate in ALARMS for n in SIZES for pool in POOLS)
PREFERENCES = tuple(
    (name, Plan(n, 30, pool, 1 / 3)) for name in PREFERRED for n in SIZES for pool in POOLS
)


@dataclass(frozen=True)
class JudgedHeld:
    """Shares of intervals that hold the true value, and of studies in which the tests err.

    `hits` and `alarms` are of the rates of the truth and of a method, `d_prime` and `criterion` of
    these. `error`: p of the difference is at most 5 %, the true difference taken off. `family`: so
    is p of either of two methods, after Holm. `missing`: studies without a finite d', which are in
    no share of d' and of the criterion.
    """

    hits: float
    alarms: float
    d_prime: float
    criterion: float
    error: float
    family: float
    missing: float


@dataclass(frozen=True)
class PreferredHeld:
    """Shares of intervals that hold the true share, and of studies in which the tests err.

    `first` and `last` are of the most and of the least preferred method. `error`: p of the
    difference of the first two is at most 5 %, the true difference taken off; `family`: so is p of
    any pair, after Holm.
    """

    first: float
    last: float
    error: float
    family: float


def judged_coverage(plan: Plan, studies: int, rng: np.random.Generator) -> JudgedHeld:
    """Simulate studies of a truth and two methods of the plan's rate, and look at the first.

    Parameters
    ----------
    plan : Plan
        Its rate is the share of either method's pictures that is called real; that of the truth is
        `HITS`.
    studies : int
        The Monte-Carlo standard error of a share s is sqrt(s (1 - s) / studies).
    rng : numpy Generator
    """
    rates = {TRUTH: HITS, METHOD: plan.rate, OTHER: plan.rate}
    one = judgements(plan, JudgeModel(rates, plan.participant_sd, plan.picture_sd))
    z_hits, z_alarms = float(ndtri(HITS)), float(ndtri(plan.rate))
    d_prime, criterion = z_hits - z_alarms, -(z_hits + z_alarms) / 2
    found, p = np.full((studies, 4), np.nan), np.empty((studies, 2))
    for study in range(studies):
        person, picture, version, called = one(rng)
        for number, rate in ((0, HITS), (1, plan.rate)):
            own = version == number
            variance = two_way_variance(called[own], person[own], picture[own])
            found[study, number] = _holds(two_way_logit(variance), rate)
        for number in (1, 2):
            pair = (version == 0) | (version == number)
            apart, *two = contrasts(version[pair] == 0, called[pair], person[pair], picture[pair])
            p[study, number - 1] = _p(apart, plan.rate - HITS)
            if number == 1 and two[0] is not None:
                held = [
                    _holds(estimate(of)[1], x)
                    for of, x in zip(two, (d_prime, criterion), strict=True)
                ]
                found[study, 2:] = held
    there = ~np.isnan(found[:, 2])
    hits, alarms = (float(share) for share in found[:, :2].mean(axis=0))
    last = found[there, 2:].mean(axis=0) if there.any() else np.full(2, np.nan)
    apart_held, criterion_held = (float(share) for share in last)
    error, family = _errors(p)
    missing = float(1 - there.mean())
    return JudgedHeld(hits, alarms, apart_held, criterion_held, error, family, missing)


def preferred_coverage(
    name: str, plan: Plan, studies: int, rng: np.random.Generator
) -> PreferredHeld:
    """Simulate studies of the methods of `PREFERRED` and count what holds.

    Parameters
    ----------
    name : str
        In `PREFERRED`.
    plan : Plan
        Its rate is not looked at.
    studies : int
    rng : numpy Generator
    """
    shares = list(PREFERRED[name].values())
    one = preferences(plan, PreferenceModel(PREFERRED[name], plan.participant_sd, plan.picture_sd))
    pairs = list(combinations(range(len(shares)), 2))
    found, p = np.empty((studies, 2)), np.empty((studies, len(pairs)))
    for study in range(studies):
        person, picture, picks = one(rng)
        own = [(picks == option).astype(np.float64) for option in range(len(shares))]
        for column, option in enumerate((0, len(shares) - 1)):
            variance = two_way_variance(own[option], person, picture)
            found[study, column] = _holds(two_way_logit(variance), shares[option])
        for column, (a, b) in enumerate(pairs):
            apart = two_way_variance(own[a] - own[b], person, picture)
            p[study, column] = _p(apart, shares[a] - shares[b])
    first, last = (float(share) for share in found.mean(axis=0))
    return PreferredHeld(first, last, *_errors(p))


def _p(variance: TwoWayVariance, true: float) -> float:
    """The report's p of a contrast with its true value taken off: each one up to 5 % is wrong."""
    return two_way_p(replace(variance, mean=variance.mean - true))


def _errors(p: NDArray[np.float64]) -> tuple[float, float]:
    """Shares of the studies in which the first p errs, and any p of a study after Holm."""
    return float((p[:, 0] <= ALPHA).mean()), float((holm_rows(p) <= ALPHA).any(axis=1).mean())


def _holds(interval: Interval, value: float) -> bool:
    """Whether an interval holds a value; one that does not exist does not."""
    return bool(interval.low <= value <= interval.high)
