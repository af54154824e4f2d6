"""How often the intervals hold the truth and the tests are wrong, by simulation.

Draws many studies from `model` with a known rate, computes the headline interval and Wilson's for
each, and counts how often they hold it; and studies of two methods that are equally good, of which
each p up to 5 % is an error. `python -m study.coverage` prints the tables that docs/statistics.md
shows, and a slow test holds both to their promise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from study.statistics.components import components
from study.statistics.intervals import Interval, t_interval, wilson
from study.statistics.model import AnswerModel, Effects, draw_picks, intercepts
from study.statistics.ratings import RATING_POINTS
from study.statistics.slots import even_shares
from study.statistics.twoway import (
    GAPS,
    two_way_logit,
    two_way_mean,
    two_way_p,
    two_way_variance,
)
from study.statistics.weighting import equal_people

METHOD = "a"
ALPHA = 0.05


@dataclass(frozen=True)
class Plan:
    """One kind of study: who answers what, and how much people and pictures differ.

    `trials` pictures a participant are drawn out of `pictures`; with as many pictures as trials,
    everybody sees the same ones (fully crossed). Of the participants a share `dropout` leaves after
    one of the trials before the last, each as likely, and a share `careless` picks one of the
    `options` pictures of each trial by chance.
    """

    participants: int
    trials: int
    pictures: int
    rate: float
    participant_sd: float = 0.5
    picture_sd: float = 1.0
    dropout: float = 0.0
    careless: float = 0.0
    options: int = 3

    def with_careless(self, rate: float) -> float:
        """Return what a rate becomes with the answers of the careless in it."""
        return (1 - self.careless) * rate + self.careless / self.options


@dataclass(frozen=True)
class Coverage:
    """Shares of intervals that hold the rate, and their mean widths."""

    two_way: float
    two_way_width: float
    wilson: float
    wilson_width: float


@dataclass(frozen=True)
class Sizes:
    """Shares of studies in which a test at 5 % rejects what is true, and one share held.

    `gap`: a method's gap to its point of indistinguishability is what it is. `difference`: two
    methods fool equally often. `ratings`: they are rated alike. `mean_held`: the mean opinion
    score's interval holds it. `people_only`: the gap by a t test over participants' means, as if
    the pictures were given.
    """

    gap: float
    difference: float
    ratings: float
    mean_held: float
    people_only: float


@dataclass(frozen=True)
class PlaceSizes:
    """Shares of studies without a favoured place in which a test at 5 % finds one."""

    by_participant: float
    naive: float


@dataclass(frozen=True)
class Leaving:
    """Studies that the easily fooled leave early: means of both rates, and shares that hold."""

    by_answer: float
    by_answer_held: float
    by_person: float
    by_person_held: float


@dataclass(frozen=True)
class Spreads:
    """Means of the estimated standard deviations, and shares of intervals that hold the true."""

    participant_sd: float
    participant_held: float
    picture_sd: float
    picture_held: float


SIZES, SPARSE, CROSSED, OFTEN, RARE = (8, 16, 64), 200, 30, 0.41, 0.048
SMALL, LARGE = (0.2, 0.3), (1.0, 1.5)
PLANS = (
    *(Plan(n, 30, pictures, OFTEN) for n in SIZES for pictures in (SPARSE, CROSSED)),
    *(Plan(n, 30, pictures, RARE) for n in SIZES for pictures in (SPARSE, CROSSED)),
    *(Plan(16, 30, SPARSE, rate, *sds) for rate in (OFTEN, RARE) for sds in (SMALL, LARGE)),
)
EVEN, CROWD = 1 / 3, (8, 12, 16, 40, 64, 200)
TESTED = (
    *(Plan(n, 30, pictures, EVEN) for n in CROWD for pictures in (SPARSE, CROSSED)),
    *(Plan(n, 30, pictures, RARE) for n in SIZES for pictures in (SPARSE, CROSSED)),
    *(
        Plan(16, 30, pictures, EVEN, *sds)
        for sds in (SMALL, LARGE)
        for pictures in (SPARSE, CROSSED)
    ),
)
PLACES = tuple((Plan(n, 30, SPARSE, EVEN), sd) for n in SIZES for sd in (0.0, 0.3, 0.6))
LEAVERS = tuple(Plan(n, 30, pictures, EVEN) for n in SIZES for pictures in (SPARSE, CROSSED))
SPREAD = (
    *(Plan(n, 30, pictures, OFTEN, 0.0, 0.0) for n in (16, 64) for pictures in (SPARSE, CROSSED)),
    *(Plan(n, 30, pictures, OFTEN) for n in SIZES for pictures in (SPARSE, CROSSED)),
    *(Plan(n, 30, pictures, RARE) for n in (16, 64) for pictures in (SPARSE, CROSSED)),
    Plan(16, 30, SPARSE, OFTEN, *LARGE),
)
STAYED = 1 / 3  # of the trials, by who leaves early


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
    participant, picture, picks = draw(plan, fixed, rng)
    picked = picks == 1
    robust = two_way_logit(two_way_variance(picked, participant, picture))
    return float(picked.mean()), robust, wilson(int(picked.sum()), picked.size)


def draw(
    plan: Plan, fixed: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Draw the answers of one study.

    Parameters
    ----------
    plan : Plan
        Its rate is not looked at.
    fixed : ndarray, shape (methods,)
        From `study.statistics.model.intercepts`.
    rng : numpy Generator

    Returns
    -------
    participant, picture, pick : ndarray of int, shape (answers,)
        `pick` is 0 for the truth, or for a picture that no method of `fixed` made.
    """
    person = np.repeat(np.arange(plan.participants), plan.trials)
    effects = Effects(
        fixed,
        rng.normal(0, plan.participant_sd, (plan.participants, fixed.size)),
        rng.normal(0, plan.picture_sd, (plan.pictures, fixed.size)),
    )
    picture = pictures_of(plan, rng)
    picks = draw_picks(effects.utilities(person, picture), rng)
    if plan.careless:
        careless = rng.random(plan.participants) < plan.careless
        by_chance = rng.integers(plan.options, size=picks.size)
        by_chance[by_chance > fixed.size] = 0
        picks = np.where(careless[person], by_chance, picks)
    if plan.dropout:
        there = who_stays(plan, rng)
        person, picture, picks = person[there], picture[there], picks[there]
    return person, picture, picks


def sizes(plan: Plan, studies: int, rng: np.random.Generator) -> Sizes:
    """Simulate studies of two methods of the plan's rate and count wrong tests at 5 %.

    Ratings of both are 3 on average: rounded sums of normal effects of the person and the picture,
    for both methods and for each of its own, and of noise.

    Parameters
    ----------
    plan : Plan
        Its rate is that of either method; at 1/3 the truth is picked as often as each.
    studies : int
        The Monte-Carlo standard error of a share s is sqrt(s (1 - s) / studies).
    rng : numpy Generator

    Returns
    -------
    Sizes
        A study without a p has rejected nothing, and one without an interval holds nothing.
    """
    sds = plan.participant_sd, plan.picture_sd
    fixed = intercepts(AnswerModel({METHOD: plan.rate, "other": plan.rate}, *sds))
    person = np.repeat(np.arange(plan.participants), plan.trials)
    true_gap = (plan.rate - (1 - 2 * plan.rate)) / 2
    found = np.empty((studies, 5))
    for study in range(studies):
        picture = pictures_of(plan, rng)
        effects = Effects(
            fixed,
            rng.normal(0, sds[0], (plan.participants, 2)),
            rng.normal(0, sds[1], (plan.pictures, 2)),
        )
        picks = draw_picks(effects.utilities(person, picture), rng)
        gap = ((picks == 1) - (picks == 0).astype(np.float64)) / 2
        apart = (picks == 1).astype(np.float64) - (picks == 2)
        scores = _ratings(plan, person, picture, rng)
        means = two_way_mean(two_way_variance(scores[:, 0], person, picture))
        gaps = gap.reshape(plan.participants, plan.trials).mean(axis=1)
        people = t_interval(gaps - true_gap)[1]
        rejected = [
            two_way_p(two_way_variance(values, person, picture), true, limits) <= ALPHA
            for values, true, limits in (
                (gap, true_gap, GAPS),
                (apart, 0.0, None),
                (scores[:, 0] - scores[:, 1], 0.0, None),
            )
        ]
        held = means.low <= np.mean(RATING_POINTS) <= means.high
        found[study] = [*rejected, bool(held), people.low > 0 or people.high < 0]
    return Sizes(*(float(share) for share in found.mean(axis=0)))


def place_sizes(plan: Plan, place_sd: float, studies: int, rng: np.random.Generator) -> PlaceSizes:
    """Simulate studies of three pictures a trial in which no place is favoured by all.

    Each participant has favourite places, normal on the log odds with `place_sd` and mean 0.

    Parameters
    ----------
    plan : Plan
        Its rate is that of either of two methods.
    place_sd : float
    studies : int
    rng : numpy Generator
    """
    sds = plan.participant_sd, plan.picture_sd
    fixed = intercepts(AnswerModel({METHOD: plan.rate, "other": plan.rate}, *sds))
    person = np.repeat(np.arange(plan.participants), plan.trials)
    places = len(fixed) + 1
    found = np.empty((studies, 2))
    for study in range(studies):
        picture = pictures_of(plan, rng)
        effects = Effects(
            fixed,
            rng.normal(0, sds[0], (plan.participants, places - 1)),
            rng.normal(0, sds[1], (plan.pictures, places - 1)),
        )
        order = rng.permuted(np.tile(np.arange(places), (person.size, 1)), axis=1)
        shown = np.take_along_axis(effects.utilities(person, picture), order, axis=1)
        favourite = rng.normal(0, place_sd, (plan.participants, places))
        picked = draw_picks(shown + favourite[person], rng)  # the place, 0 to 2
        counts = np.bincount(person * places + picked, minlength=plan.participants * places)
        shares = counts.reshape(plan.participants, places) / plan.trials
        chi2 = ((shares.mean(axis=0) - 1 / places) ** 2).sum() * places * person.size
        found[study] = even_shares(shares) <= ALPHA, chdtrc(places - 1, chi2) <= ALPHA
    return PlaceSizes(*(float(share) for share in found.mean(axis=0)))


def leaving(plan: Plan, studies: int, rng: np.random.Generator) -> Leaving:
    """Simulate studies in which whoever is easier fooled than the middle answers a third.

    Parameters
    ----------
    plan : Plan
        Its rate is that of people who count alike, over new pictures.
    studies : int
    rng : numpy Generator
    """
    fixed = intercepts(AnswerModel({METHOD: plan.rate}, plan.participant_sd, plan.picture_sd))
    every = np.repeat(np.arange(plan.participants), plan.trials)
    number = np.tile(np.arange(plan.trials), plan.participants)
    found = np.empty((studies, 4))
    for study in range(studies):
        people = rng.normal(0, plan.participant_sd, (plan.participants, 1))
        pictures = rng.normal(0, plan.picture_sd, (plan.pictures, 1))
        stays = (people[every, 0] < 0) | (number < STAYED * plan.trials)
        person, picture = every[stays], pictures_of(plan, rng)[stays]
        picked = draw_picks(Effects(fixed, people, pictures).utilities(person, picture), rng) == 1
        both = (
            two_way_variance(picked, person, picture),
            two_way_variance(picked, person, picture, weights=equal_people(person)),
        )
        ends = [two_way_logit(variance) for variance in both]
        held = [bool(interval.low <= plan.rate <= interval.high) for interval in ends]
        found[study] = both[0].mean, held[0], both[1].mean, held[1]
    return Leaving(*(float(mean) for mean in found.mean(axis=0)))


def spreads(plan: Plan, studies: int, rng: np.random.Generator) -> Spreads:
    """Simulate studies and estimate how much people and pictures differ.

    Parameters
    ----------
    plan : Plan
    studies : int
    rng : numpy Generator
    """
    fixed = intercepts(AnswerModel({METHOD: plan.rate}, plan.participant_sd, plan.picture_sd))
    person = np.repeat(np.arange(plan.participants), plan.trials)
    found = np.zeros((studies, 4))
    for study in range(studies):
        effects = Effects(
            fixed,
            rng.normal(0, plan.participant_sd, (plan.participants, 1)),
            rng.normal(0, plan.picture_sd, (plan.pictures, 1)),
        )
        picture = pictures_of(plan, rng)
        made = components(draw_picks(effects.utilities(person, picture), rng) == 1, person, picture)
        people, pictures = made.participant_interval, made.picture_interval
        found[study] = (
            made.participant_sd,
            people.low <= plan.participant_sd <= people.high,
            made.picture_sd,
            pictures.low <= plan.picture_sd <= pictures.high,
        )
    # A study without any pick has no components: it holds nothing, and is in no mean.
    return Spreads(*(float(mean) for mean in np.nanmean(found, axis=0)))


def _ratings(
    plan: Plan, person: NDArray[np.intp], picture: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Ratings of two methods that are equally good, shape (answers, 2)."""
    people = rng.normal(0, plan.participant_sd, (plan.participants, 3))
    pictures = rng.normal(0, plan.picture_sd, (plan.pictures, 3))
    common = people[person, :1] + pictures[picture, :1]
    own = people[person, 1:] + pictures[picture, 1:]
    noise = rng.normal(0, 1, own.shape)
    middle = float(np.mean(RATING_POINTS))
    return np.clip(np.rint(middle + common + own + noise), RATING_POINTS[0], RATING_POINTS[-1])


def who_stays(plan: Plan, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return True for each answer given before its participant drops out; as `pictures_of`."""
    person = np.repeat(np.arange(plan.participants), plan.trials)
    leaves = rng.random(plan.participants) < plan.dropout
    last = rng.integers(1, max(2, plan.trials), size=plan.participants)
    number = np.tile(np.arange(plan.trials), plan.participants)
    there: NDArray[np.bool_] = ~leaves[person] | (number < last[person])
    return there


def pictures_of(plan: Plan, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the picture of every answer, shape (participants * trials,)."""
    every = np.tile(np.arange(plan.pictures), (plan.participants, 1))
    return rng.permuted(every, axis=1)[:, : plan.trials].ravel()
