"""How simulated participants answer trials of other kinds: real or fake, and preferences.

Like `study.statistics.model`, whose effects and rates these models have: `JudgeModel` of trials
that show one version of a picture, `PreferenceModel` of trials that show several without the truth.
For tests of the pipeline, for coverage and for power, never for results.

A participant p calls picture i in version j real with log odds a_j + s_p + t_i + s_pj + t_ij. Half
of the variance of people and of pictures is common to all versions: people who say real easily, and
pictures that look real in any version. The other half is of each version by itself. Of several
versions, p prefers j with a probability proportional to exp(a_j + s_pj + t_ij), the effects such
that the log odds of any two versions have the standard deviations that are asked for. In both
models the a_j give the **marginal** rates, over new participants and new pictures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from study.protocol.design import TRUTH
from study.statistics.model import AnswerModel, Effects, intercepts, normal_points

Floats = NDArray[np.float64]
HALF = math.sqrt(0.5)


@dataclass(frozen=True)
class JudgeModel:
    """How people judge single pictures.

    Attributes
    ----------
    real
        Marginal share in which each version is called real, in (0, 1), the truth among them.
    participant_sd, picture_sd
        Standard deviations of people and of pictures on the log odds of "real".

    Raises
    ------
    ValueError
        If a share or a standard deviation is out of range, or the truth or a method is lacking.
    """

    real: Mapping[str, float] = field(
        default_factory=lambda: {TRUTH: 0.75, "gan": 0.5, "classification": 0.2}
    )
    participant_sd: float = 0.5
    picture_sd: float = 1.0

    def __post_init__(self) -> None:
        if TRUTH not in self.real or len(self.real) < 2:
            raise ValueError(
                f"Shares are given for {', '.join(self.real) or 'nothing'}, but {TRUTH!r} and at "
                "least one method must be judged."
            )
        _refuse_sds(self)
        for name, share in self.real.items():
            if not 0 < share < 1:
                raise ValueError(
                    f"The share of {name} that is called real must lie above 0 and below 1, got "
                    f"{share}."
                )

    @property
    def versions(self) -> tuple[str, ...]:
        """The truth, then the methods in the order given."""
        return (TRUTH, *(name for name in self.real if name != TRUTH))

    def intercepts(self) -> Floats:
        """Return the a_j, shape (versions,).

        Examples
        --------
        >>> model = JudgeModel({"truth": 0.5, "gan": 0.25}, participant_sd=0, picture_sd=0)
        >>> model.intercepts().round(4).tolist()
        [0.0, -1.0986]
        """
        sds = self.participant_sd, self.picture_sd
        alone = [intercepts(AnswerModel({"m": self.real[name]}, *sds)) for name in self.versions]
        return np.concatenate(alone)

    def effects(
        self, fixed: Floats, participants: int, pictures: int, rng: np.random.Generator
    ) -> Effects:
        """Draw the participants and pictures of one study; `fixed` is from `intercepts`."""

        def drawn(sd: float, count: int) -> Floats:
            common = rng.normal(0, HALF * sd, (count, 1))
            own: Floats = rng.normal(0, HALF * sd, (count, fixed.size))
            return common + own

        return Effects(
            fixed, drawn(self.participant_sd, participants), drawn(self.picture_sd, pictures)
        )


@dataclass(frozen=True)
class PreferenceModel:
    """How people choose among versions of which none is the truth.

    Attributes
    ----------
    shares
        Marginal share of the trials in which each method is preferred, in (0, 1), together 1.
    participant_sd, picture_sd
        Standard deviations of people and of pictures on the log odds of any two methods.

    Raises
    ------
    ValueError
        If a share or a standard deviation is out of range, or the shares are not 1 together.
    """

    shares: Mapping[str, float] = field(default_factory=lambda: {"gan": 0.7, "classification": 0.3})
    participant_sd: float = 0.5
    picture_sd: float = 1.0

    def __post_init__(self) -> None:
        if TRUTH in self.shares or len(self.shares) < 2:
            raise ValueError(
                f"Shares are given for {', '.join(self.shares) or 'nothing'}, but a preference is "
                f"among at least two methods, and {TRUTH!r} is none of them."
            )
        _refuse_sds(self)
        for name, share in self.shares.items():
            if not 0 < share < 1:
                raise ValueError(
                    f"The share that prefers {name} must lie above 0 and below 1, got {share}."
                )
        total = math.fsum(self.shares.values())
        if not math.isclose(total, 1, abs_tol=1e-6):
            raise ValueError(
                f"The shares that prefer {', '.join(self.shares)} sum to {total:.6g}, but must sum "
                "to 1: each trial has one pick."
            )

    @property
    def versions(self) -> tuple[str, ...]:
        """The methods in the order given."""
        return tuple(self.shares)

    def intercepts(self) -> Floats:
        """Return the a_j, shape (versions,), with mean 0.

        Examples
        --------
        >>> model = PreferenceModel({"a": 0.8, "b": 0.2}, participant_sd=0, picture_sd=0)
        >>> model.intercepts().round(4).tolist()
        [0.6931, -0.6931]
        """
        wanted = np.log(list(self.shares.values()))
        sd = HALF * math.hypot(self.participant_sd, self.picture_sd)
        effects = sd * normal_points(wanted.size)  # (points, versions)
        a: Floats = wanted.copy()
        for _ in range(500):
            odds = np.exp(a + effects)
            present = (odds / odds.sum(axis=1, keepdims=True)).mean(axis=0)
            step = wanted - np.log(present)
            a += step
            if np.abs(step).max() < 1e-10:
                break
        return a - a.mean()

    def effects(
        self, fixed: Floats, participants: int, pictures: int, rng: np.random.Generator
    ) -> Effects:
        """Draw the participants and pictures of one study; `fixed` is from `intercepts`."""
        return Effects(
            fixed,
            rng.normal(0, HALF * self.participant_sd, (participants, fixed.size)),
            rng.normal(0, HALF * self.picture_sd, (pictures, fixed.size)),
        )


def log_odds(effects: Effects, person: NDArray[np.intp], picture: NDArray[np.intp]) -> Floats:
    """Return a_j with the effects of each answer's person and picture, (answers, versions).

    Of a `JudgeModel` these are the log odds of "real", of a `PreferenceModel` the utilities.
    """
    found: Floats = effects.intercepts + effects.participants[person] + effects.pictures[picture]
    return found


def draw_called(odds: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which answers say real, shape (answers,), by their log odds."""
    called: NDArray[np.bool_] = rng.logistic(size=odds.shape) < odds
    return called


def _refuse_sds(model: JudgeModel | PreferenceModel) -> None:
    for name, sd in (("participant", model.participant_sd), ("picture", model.picture_sd)):
        if not 0 <= sd <= 5:
            raise ValueError(f"The {name} SD must lie between 0 and 5, got {sd}.")
