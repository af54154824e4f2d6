"""How often the intervals hold the rate, by simulation.

Draws many studies from `model` with a known rate, computes the headline interval and Wilson's for
each, and counts how often they hold it. `python -m study.coverage` prints the table that
docs/statistics.md shows, and a slow test holds the headline to its promise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from study.statistics.intervals import Interval, wilson
from study.statistics.model import AnswerModel, Effects, draw_picks, intercepts
from study.statistics.twoway import two_way_logit, two_way_variance

METHOD = "a"


@dataclass(frozen=True)
class Plan:
    """One kind of study: who answers what, and how much people and pictures differ.

    `trials` pictures a participant are drawn out of `pictures`; with as many pictures as trials,
    everybody sees the same ones (fully crossed).
    """

    participants: int
    trials: int
    pictures: int
    rate: float
    participant_sd: float = 0.5
    picture_sd: float = 1.0


@dataclass(frozen=True)
class Coverage:
    """Shares of intervals that hold the rate, and their mean widths."""

    two_way: float
    two_way_width: float
    wilson: float
    wilson_width: float


SIZES, SPARSE, CROSSED, OFTEN, RARE = (8, 16, 64), 200, 30, 0.41, 0.048
SMALL, LARGE = (0.2, 0.3), (1.0, 1.5)
PLANS = (
    *(Plan(n, 30, pictures, OFTEN) for n in SIZES for pictures in (SPARSE, CROSSED)),
    *(Plan(n, 30, pictures, RARE) for n in SIZES for pictures in (SPARSE, CROSSED)),
    *(Plan(16, 30, SPARSE, rate, *sds) for rate in (OFTEN, RARE) for sds in (SMALL, LARGE)),
)


def coverage(plan: Plan, studies: int, rng: np.random.Generator) -> Coverage:
    """Simulate `studies` studies and count the intervals that hold the rate.

    Parameters
    ----------
    plan : Plan
    studies : int
        The Monte-Carlo standard error of a coverage c is sqrt(c (1 - c) / studies).
    rng : numpy Generator

    Returns
    -------
    Coverage
    """
    fixed = intercepts(AnswerModel({METHOD: plan.rate}, plan.participant_sd, plan.picture_sd))
    results = np.empty((studies, 4))
    for study in range(studies):
        _, robust, naive = estimates(plan, fixed, rng)
        results[study] = (
            robust.low <= plan.rate <= robust.high,
            robust.high - robust.low,
            naive.low <= plan.rate <= naive.high,
            naive.high - naive.low,
        )
    held, width, naive_held, naive_width = (float(mean) for mean in results.mean(axis=0))
    return Coverage(held, width, naive_held, naive_width)


def estimates(
    plan: Plan, fixed: NDArray[np.float64], rng: np.random.Generator
) -> tuple[float, Interval, Interval]:
    """Draw one study and return its rate, the headline interval and Wilson's.

    Parameters
    ----------
    plan : Plan
    fixed : ndarray, shape (1,)
        From `study.statistics.model.intercepts` for the plan's rate and standard deviations.
    rng : numpy Generator
    """
    participant = np.repeat(np.arange(plan.participants), plan.trials)
    effects = Effects(
        fixed,
        rng.normal(0, plan.participant_sd, (plan.participants, 1)),
        rng.normal(0, plan.picture_sd, (plan.pictures, 1)),
    )
    picture = pictures_of(plan, rng)
    picked = draw_picks(effects.utilities(participant, picture), rng) == 1
    robust = two_way_logit(two_way_variance(picked, participant, picture))
    return float(picked.mean()), robust, wilson(int(picked.sum()), picked.size)


def pictures_of(plan: Plan, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the picture of every answer, shape (participants * trials,)."""
    every = np.tile(np.arange(plan.pictures), (plan.participants, 1))
    return rng.permuted(every, axis=1)[:, : plan.trials].ravel()
