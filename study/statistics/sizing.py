"""What a study of some size can see, and how many people it takes, by simulation.

All of it draws many studies from `study.statistics.model`. `power` tells how wide their headline
intervals are and which differences can be seen; `share_that_tells` counts the studies whose 95 %
interval leaves out what it shall leave out; `people_needed` looks for the smallest number of
participants with which enough of them do. `study.power` asks all three.

Which fixed rates a study can be told from is read off the simulated intervals: 80 % of them leave
out `told_below` and all below, 80 % leave out `told_above` and all above. At low rates an interval
is much longer on one side, and a spread times a quantile promises more than it keeps. What the
report claims of several methods at once is in `study.statistics.claims`.

References
----------
Westfall, Kenny, Judd (2014), Statistical power and optimal design in experiments in which samples
of participants respond to samples of stimuli, J. Exp. Psychol. Gen. 143(5), 2020-2045.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from study.statistics.coverage import METHOD, Plan, draw, estimates
from study.statistics.model import AnswerModel, intercepts
from study.statistics.twoway import two_way_mean, two_way_variance

POWER = 0.8
MOST_PEOPLE = 1024


@dataclass(frozen=True)
class Question:
    """What a study shall tell its method's fool rate from.

    Attributes
    ----------
    rate
        A share in (0, 1).
    within
        True: the rate of a second method, which is shown in the same trials. False: a fixed value.
    """

    rate: float
    within: bool = False


@dataclass(frozen=True)
class Power:
    """What to expect of one size of a study; widths and rates are shares.

    Attributes
    ----------
    participants, trials, pictures
        People, scored trials each, pictures of the set.
    dropout, careless, options
        As in `study.statistics.coverage.Plan`.
    width
        Median full width of the headline interval; `width_90` is not exceeded in 90 % of studies.
    spread
        Standard deviation of the estimated rate over the simulated studies.
    coverage
        Share of the intervals that hold the rate, the answers of the careless in it.
    told_below, told_above
        The highest fixed rate below and the lowest one above that 80 % of the studies leave out;
        infinite where that many have no interval.
    power
        Share of studies that see the difference that was asked for; None if none was.
    """

    participants: int
    trials: int
    pictures: int
    rate: float
    participant_sd: float
    picture_sd: float
    dropout: float
    careless: float
    options: int
    studies: int
    width: float
    width_90: float
    spread: float
    coverage: float
    told_below: float
    told_above: float
    power: float | None = None


def power(
    plan: Plan, studies: int, rng: np.random.Generator, question: Question | None = None
) -> Power:
    """Simulate studies of one size.

    Parameters
    ----------
    plan : Plan
        Size, rate and standard deviations; as many pictures as trials means that all people see
        the same ones.
    studies : int
        At least 2; the spread has a relative standard error of about 1/sqrt(2 studies).
    rng : numpy Generator
    question : Question, optional
        A difference to look for.

    Returns
    -------
    Power
        Widths and coverage are of the studies that have an interval.

    Raises
    ------
    ValueError
        With fewer than two studies, or a question that has no answer.
    """
    if studies < 2:
        raise ValueError(f"At least 2 studies are needed to see a spread, got {studies}.")
    fixed = intercepts(AnswerModel({"a": plan.rate}, plan.participant_sd, plan.picture_sd))
    rates, lows, highs = (np.empty(studies) for _ in range(3))
    for i in range(studies):
        rates[i], interval, _ = estimates(plan, fixed, rng)
        lows[i], highs[i] = interval.low, interval.high
    spread = float(rates.std(ddof=1))
    there = np.isfinite(highs - lows)  # with all answers equal there may be none
    widths = (highs - lows)[there] if there.any() else np.array([math.nan])
    rate = plan.with_careless(plan.rate)
    held = (lows <= rate) & (rate <= highs)
    ends = np.where(there, lows, -math.inf), np.where(there, highs, math.inf)
    return Power(
        **asdict(plan),
        studies=studies,
        width=float(np.median(widths)),
        width_90=float(np.quantile(widths, 0.9)),
        spread=spread,
        coverage=float(held[there].mean()) if there.any() else math.nan,
        told_below=float(np.quantile(ends[0], 1 - POWER, method="lower")),
        told_above=float(np.quantile(ends[1], POWER, method="higher")),
        power=share_that_tells(plan, question, studies, rng) if question else None,
    )


def share_that_tells(
    plan: Plan, question: Question, studies: int, rng: np.random.Generator
) -> float:
    """Share of simulated studies that see the difference at the 5 % level, two-sided.

    Parameters
    ----------
    plan : Plan
    question : Question
    studies : int
        The standard error of a share s is sqrt(s (1 - s) / studies).
    rng : numpy Generator

    Returns
    -------
    float
        Studies without an interval (all answers equal) have seen nothing.

    Raises
    ------
    ValueError
        If the two rates are one, out of range, or, within a study, too large together.
    """
    if question.rate == plan.rate:
        raise ValueError(f"Both rates are {plan.rate:g}; there is no difference to see.")
    sds = plan.participant_sd, plan.picture_sd
    # Also for a fixed value, which must be a rate as well.
    fool = {METHOD: plan.rate, "other": question.rate}
    if not question.within:
        AnswerModel({"other": question.rate})
        fool = {METHOD: plan.rate}
    fixed = intercepts(AnswerModel(fool, *sds))
    seen = 0
    for _ in range(studies):
        if question.within:
            low, high = _difference(plan, fixed, rng)
            seen += low > 0 or high < 0
        else:
            interval = estimates(plan, fixed, rng)[1]
            seen += interval.low > question.rate or interval.high < question.rate
    return seen / studies


def people_needed(
    plan: Plan, question: Question, power: float, studies: int, rng: np.random.Generator
) -> int | None:
    """About how many participants see the difference with this power.

    Parameters
    ----------
    plan : Plan
        Its number of participants is not looked at.
    question : Question
    power : float
        In (0, 1).
    studies : int
        With 400 the answer is right within about a tenth.
    rng : numpy Generator

    Returns
    -------
    int or None
        None if `MOST_PEOPLE` do not: the pictures are too few then.
    """
    return fewest(
        lambda people: (
            share_that_tells(replace(plan, participants=people), question, studies, rng) >= power
        )
    )


def fewest(enough: Callable[[int], bool]) -> int | None:
    """Smallest number of people that is enough, by doubling and halving; within a thirtieth.

    None if `MOST_PEOPLE` are not.
    """
    high = 4
    while not enough(high):
        high *= 2
        if high > MOST_PEOPLE:
            return None
    low = high // 2
    while high - low > max(1, high // 32):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def people_by_size(
    plans: Sequence[Plan], question: Question, studies: int, rng: np.random.Generator
) -> dict[tuple[int, int], int | None]:
    """About how many people it takes for 80 % power, by numbers of trials and pictures."""
    sizes = {(plan.trials, plan.pictures): plan for plan in plans}
    return {
        size: people_needed(plan, question, POWER, studies, rng) for size, plan in sizes.items()
    }


def _difference(
    plan: Plan, fixed: NDArray[np.float64], rng: np.random.Generator
) -> tuple[float, float]:
    """Interval of the first method's rate less the second's in one study; NaN without one."""
    participant, picture, picks = draw(plan, fixed, rng)
    apart = (picks == 1).astype(np.float64) - (picks == 2)
    interval = two_way_mean(two_way_variance(apart, participant, picture))
    return interval.low, interval.high
