"""How often the intervals of the scale hold the strengths, by simulation.

Like `study.statistics.coverage`, for what the report estimates by a model. `study.coverage` prints
the tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from study.statistics.coverage import EVEN, SIZES, Plan, pictures_of
from study.statistics.model import AnswerModel, Effects, draw_picks, expected_shares, intercepts
from study.statistics.strengths import estimated, fit
from study.statistics.twoway import two_way_mean, two_way_variance

# Fool rates of two methods, and of four of which a trial shows two beside the truth.
SCALED = {
    "all three": {"a": 0.41, "b": 0.048},
    "even": {"a": EVEN, "b": EVEN},
    "2 of 4": {"a": 0.3, "b": 0.2, "c": 0.15, "d": 0.05},
}
SCALES = tuple(
    (name, Plan(n, 30, pictures, EVEN)) for name in SCALED for n in SIZES for pictures in (200, 30)
)


@dataclass(frozen=True)
class Held:
    """Share of the intervals that hold what they shall, mean width, and share that do not exist."""

    held: float
    width: float
    missing: float


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
