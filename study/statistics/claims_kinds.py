"""What reports of real or fake and of preferences claim, and studies of them drawn by chance.

A study of real or fake claims that a method is told from the truth: its pictures are not called
real as often. A study of preferences claims that one method is preferred to another. Each simulated
study has the lists that participants get, and goes through the report's own contrasts;
`study.statistics.claims` counts, `study.power` and `study.register` print.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from study.protocol.design import TRUTH, UNPAIRED, Design, version_list
from study.statistics.claims import DIFFERENCE, TOLD, Claims, Drawn
from study.statistics.coverage import Plan, pictures_of, who_stays
from study.statistics.judged import contrasts
from study.statistics.model import draw_picks
from study.statistics.model_kinds import JudgeModel, PreferenceModel, draw_called, log_odds
from study.statistics.twoway import two_way_p, two_way_variance

Ints = NDArray[np.intp]
# Of each answer: who, on which picture, which version (index), and whether it was called real.
Judgement = tuple[Ints, Ints, Ints, NDArray[np.float64]]


@dataclass(frozen=True)
class Judging(Claims):
    """Versions that are judged one by one; `real` as in `JudgeModel`, with the truth."""

    real: Mapping[str, float]

    def __post_init__(self) -> None:
        JudgeModel(self.real)  # which refuses shares that cannot be

    @property
    def shares(self) -> Mapping[str, float]:
        """The shares that are called real."""
        return self.real

    @property
    def options(self) -> int:
        """Real and fake."""
        return 2

    @property
    def families(self) -> tuple[int, ...]:
        """One family of all methods."""
        return (len(self.real) - 1,)

    def claimed(self, plan: Plan) -> list[tuple[str, str, str, float]]:
        """Each method's share less the truth's."""
        truth = plan.with_careless(self.real[TRUTH])
        return [
            (TOLD, name, TRUTH, plan.with_careless(share) - truth)
            for name, share in self.real.items()
            if name != TRUTH
        ]

    def studies(self, plan: Plan) -> Drawn:
        """Return a function that simulates one study and gives the report's p of every claim."""
        model = JudgeModel(self.real, plan.participant_sd, plan.picture_sd)
        one = judgements(plan, model)

        def tested(rng: np.random.Generator) -> list[float]:
            person, picture, version, called = one(rng)
            found = []
            for other in range(1, len(model.versions)):
                pair = (version == 0) | (version == other)
                real = version[pair] == 0
                if real.all() or not real.any():  # everybody has left before
                    found.append(np.nan)
                    continue
                apart, _, _ = contrasts(real, called[pair], person[pair], picture[pair])
                found.append(two_way_p(apart))
            return found

        return tested


@dataclass(frozen=True)
class Preferring(Claims):
    """Methods that are shown together without the truth; `preferred` as in `PreferenceModel`."""

    preferred: Mapping[str, float]

    def __post_init__(self) -> None:
        PreferenceModel(self.preferred)  # which refuses shares that cannot be

    @property
    def shares(self) -> Mapping[str, float]:
        """The shares that are preferred."""
        return self.preferred

    @property
    def options(self) -> int:
        """The methods."""
        return len(self.preferred)

    @property
    def families(self) -> tuple[int, ...]:
        """One family of all pairs."""
        return (self.options * (self.options - 1) // 2,)

    def claimed(self, plan: Plan) -> list[tuple[str, str, str, float]]:
        """The differences of all pairs."""
        shares = {name: plan.with_careless(share) for name, share in self.preferred.items()}
        return [(DIFFERENCE, a, b, shares[a] - shares[b]) for a, b in combinations(shares, 2)]

    def studies(self, plan: Plan) -> Drawn:
        """Return what draws one study and gives the report's p of every claim."""
        one = preferences(
            plan, PreferenceModel(self.preferred, plan.participant_sd, plan.picture_sd)
        )

        def tested(rng: np.random.Generator) -> list[float]:
            person, picture, picks = one(rng)
            own = [(picks == option).astype(np.float64) for option in range(self.options)]
            return [
                two_way_p(two_way_variance(a - b, person, picture)) for a, b in combinations(own, 2)
            ]

        return tested


def judgements(plan: Plan, model: JudgeModel) -> Callable[[np.random.Generator], Judgement]:
    """Return what draws the answers of one study of real or fake.

    Lists of pictures and versions are those of `study.protocol.design.version_list`, the same in
    each study; people, pictures, the order of the trials and answers are drawn anew.

    Parameters
    ----------
    plan : Plan
        Its rate is not looked at.
    model : JudgeModel

    Raises
    ------
    ValueError
        When the trials are no multiple of the versions, or the pictures too few.
    """
    names = [f"{i:06d}" for i in range(plan.pictures)]
    try:
        design = Design(model.versions, plan.trials, 0, kind=UNPAIRED)
        lists = [version_list(names, design, number) for number in range(plan.participants)]
    except ValueError as error:
        raise ValueError(f"{error}.") from error
    at = {name: i for i, name in enumerate(model.versions)}
    # Both of shape (participants, trials).
    pictures = np.array([[int(picture) for picture, _ in of] for of in lists], dtype=np.intp)
    versions = np.array([[at[version] for _, version in of] for of in lists], dtype=np.intp)
    person = np.repeat(np.arange(plan.participants), plan.trials)
    fixed = model.intercepts()

    def one(rng: np.random.Generator) -> Judgement:
        order = rng.permuted(np.tile(np.arange(plan.trials), (plan.participants, 1)), axis=1)
        picture = np.take_along_axis(pictures, order, axis=1).ravel()
        version = np.take_along_axis(versions, order, axis=1).ravel()
        effects = model.effects(fixed, plan.participants, plan.pictures, rng)
        odds = log_odds(effects, person, picture)[np.arange(person.size), version]
        called = draw_called(odds, rng)
        if plan.careless:
            careless = rng.random(plan.participants) < plan.careless
            called = np.where(careless[person], rng.random(person.size) < 1 / 2, called)
        there = who_stays(plan, rng) if plan.dropout else np.ones(person.size, dtype=bool)
        said = called.astype(np.float64)
        return person[there], picture[there], version[there], said[there]

    return one


def preferences(
    plan: Plan, model: PreferenceModel
) -> Callable[[np.random.Generator], tuple[Ints, Ints, Ints]]:
    """Return what draws the answers of one study of preferences: who, on what, and the pick."""
    person = np.repeat(np.arange(plan.participants), plan.trials)
    fixed = model.intercepts()

    def one(rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
        effects = model.effects(fixed, plan.participants, plan.pictures, rng)
        picture = pictures_of(plan, rng)
        picks = draw_picks(log_odds(effects, person, picture), rng)
        if plan.careless:
            careless = rng.random(plan.participants) < plan.careless
            by_chance = rng.integers(fixed.size, size=picks.size)
            picks = np.where(careless[person], by_chance, picks)
        there = who_stays(plan, rng) if plan.dropout else np.ones(person.size, dtype=bool)
        return person[there], picture[there], picks[there]

    return one
