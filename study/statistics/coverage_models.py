"""How often the intervals of the scale, attended trials and rating odds hold, by simulation.

Like `study.statistics.coverage`, for what the report estimates by a model. `study.coverage` prints
the tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from study.statistics import ordinal
from study.statistics.coverage import EVEN, METHOD, OFTEN, RARE, SIZES, Plan, draw, pictures_of
from study.statistics.lapses import attended, interval_of
from study.statistics.model import AnswerModel, Effects, draw_picks, expected_shares, intercepts
from study.statistics.strengths import estimated, fit
from study.statistics.twoway import two_way_logit, two_way_mean, two_way_variance

# Fool rates of two methods, and of four of which a trial shows two beside the truth.
SCALED = {
    "all three": {"a": 0.41, "b": 0.048},
    "even": {"a": EVEN, "b": EVEN},
    "2 of 4": {"a": 0.3, "b": 0.2, "c": 0.15, "d": 0.05},
}
LAPSED = ((8, 3), (16, 3), (16, 6), (64, 3), (64, 6))  # people, and catch trials each
LAPSE_RATE, LAPSE_SHAPE = 0.1, 1.0  # people's own rates: a beta distribution with this first shape
SCALES = tuple(
    (name, Plan(n, 30, pictures, EVEN)) for name in SCALED for n in SIZES for pictures in (200, 30)
)
LAPSES = tuple((Plan(n, 30, 200, rate), catch) for rate in (OFTEN, RARE) for n, catch in LAPSED)
# Thresholds of five categories; log odds of two methods against a third, and the standard deviation
# of what people and pictures add to each method apart from the others.
NORMAL = 1.959964
CUTS, RATED_SD = (-2.0, -0.5, 0.5, 2.0), (0.7, 0.7)
ODDS = tuple(
    (Plan(people, 30, pictures, EVEN, *RATED_SD), effect, apart)
    for people, pictures in ((16, 200), (16, 30), (40, 30))
    for effect, apart in ((-1.0, 0.0), (0.0, 0.7))
)


@dataclass(frozen=True)
class LapsedHeld:
    """Mean raw and attended rate, and shares of both intervals that hold the attended one's."""

    raw: float
    raw_held: float
    attended: float
    attended_held: float


@dataclass(frozen=True)
class Held:
    """Share of the intervals that hold what they shall, mean width, and share that do not exist."""

    held: float
    width: float
    missing: float


@dataclass(frozen=True)
class OddsHeld:
    """Mean log odds, and shares of the two-way and of the model's own intervals that hold them."""

    found: float
    held: float
    own_held: float


def odds_coverage(
    plan: Plan, effect: float, apart: float, studies: int, rng: np.random.Generator
) -> OddsHeld:
    """Simulate studies of ratings of three methods, and count the intervals that hold the log odds.

    Parameters
    ----------
    plan : Plan
        Its standard deviations are those of the levels of people and of pictures.
    effect : float
        Log odds of two methods against the third.
    apart : float
        Standard deviation of what each person and each picture adds to each method.
    studies : int
    rng : numpy Generator
    """
    person = np.repeat(np.arange(plan.participants), 3 * plan.trials)
    method = np.tile(np.arange(3), plan.participants * plan.trials)
    design = (method[:, None] == [1, 2]).astype(float)
    found, held, own = [], [], []
    for _ in range(studies):
        picture = np.repeat(pictures_of(plan, rng), 3)
        people = rng.normal(0, plan.participant_sd, (plan.participants, 1))
        pictures = rng.normal(0, plan.picture_sd, (plan.pictures, 1))
        people = people + rng.normal(0, apart, (plan.participants, 3))
        pictures = pictures + rng.normal(0, apart, (plan.pictures, 3))
        score = design @ [effect, effect] + people[person, method] + pictures[picture, method]
        ratings = np.searchsorted(CUTS, score + rng.logistic(size=len(score)))
        category = np.unique(ratings, return_inverse=True)[1]
        fitted = ordinal.fit(category, design, person, picture)
        errors = ordinal.standard_errors(category, design, person, picture, fitted)
        for i in range(2):
            variance = two_way_variance(fitted.effect[i] + fitted.parts[:, i], person, picture)
            interval = two_way_mean(variance)
            found.append(fitted.effect[i])
            held.append(interval.low <= effect <= interval.high)
            own.append(abs(fitted.effect[i] - effect) <= NORMAL * errors[i])
    return OddsHeld(float(np.mean(found)), float(np.mean(held)), float(np.mean(own)))


def scale_coverage(name: str, plan: Plan, studies: int, rng: np.random.Generator) -> Held:
    """Simulate studies of the methods of `SCALED` and count the intervals that hold the strengths.

    The strength that is to be held is the one to which many people and pictures lead. Where each
    trial shows some of the methods, people and pictures who differ make it depend on the trials.

    Parameters
    ----------
    name : str
        In `SCALED`.
    plan : Plan
        Its rate is not looked at.
    studies : int
    rng : numpy Generator
    """
    model = AnswerModel(SCALED[name], plan.participant_sd, plan.picture_sd)
    fixed, count = intercepts(model), len(model.methods)
    some = count if name != "2 of 4" else 2
    chosen = list(combinations(range(count), some))
    # The truth comes last, as `fit` has it.
    sets = np.array([[*(i in of for i in range(count)), True] for of in chosen])
    wanted = fit(sets, np.roll(expected_shares(model, fixed, np.roll(sets, 1, axis=1)), -1, axis=1))
    person = np.repeat(np.arange(plan.participants), plan.trials)
    held, widths = [], []
    for _ in range(studies):
        effects = Effects(
            fixed,
            rng.normal(0, plan.participant_sd, (plan.participants, count)),
            rng.normal(0, plan.picture_sd, (plan.pictures, count)),
        )
        picture = pictures_of(plan, rng)
        shown = sets[rng.integers(len(sets), size=person.size)]
        utilities = np.roll(effects.utilities(person, picture), -1, axis=1)
        picks = draw_picks(np.where(shown, utilities, -np.inf), rng)
        if np.unique(picks).size <= count:
            continue  # a method that nobody picked has no strength
        found, parts = estimated(shown, picks)
        for i in range(count):
            interval = two_way_mean(two_way_variance(found[i] + parts[:, i], person, picture))
            held.append(interval.low <= wanted[i] <= interval.high)
            widths.append(interval.high - interval.low)
    missing = 1 - len(held) / studies / count
    return Held(float(np.mean(held)), float(np.mean(widths)), missing)


def lapse_coverage(plan: Plan, catch: int, studies: int, rng: np.random.Generator) -> LapsedHeld:
    """Simulate studies with lapses and catch trials.

    People lapse in a tenth of their trials on average, some in none and some in a third.

    Parameters
    ----------
    plan : Plan
        Its rate is that of the attended trials.
    catch : int
        Catch trials a participant.
    studies : int
    rng : numpy Generator
    """
    fixed = intercepts(AnswerModel({METHOD: plan.rate}, plan.participant_sd, plan.picture_sd))
    other = LAPSE_SHAPE * (1 - LAPSE_RATE) / LAPSE_RATE
    catcher = np.repeat(np.arange(plan.participants), catch)
    found = np.empty((studies, 4))
    for study in range(studies):
        person, picture, picks = draw(plan, fixed, rng)
        own = rng.beta(LAPSE_SHAPE, other, plan.participants)
        by_chance = rng.integers(plan.options, size=picks.size) == 1
        picked = np.where(rng.random(picks.size) < own[person], by_chance, picks == 1)
        wrong = rng.integers(plan.options, size=catcher.size) > 0
        missed = ((rng.random(catcher.size) < own[catcher]) & wrong).astype(np.float64)
        picked = picked.astype(np.float64)
        raw = two_way_variance(picked, person, picture)
        without = attended(picked, person, picture, missed, catcher, plan.options)
        ends = two_way_logit(raw)
        held = [
            bool(interval.low <= plan.rate <= interval.high)
            for interval in (ends, interval_of(without, ends))
        ]
        found[study] = raw.mean, held[0], without.mean, held[1]
    return LapsedHeld(*(float(mean) for mean in found.mean(axis=0)))
