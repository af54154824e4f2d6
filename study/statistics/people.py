"""Simulated participants one by one, who are asked for an answer a trial.

Fed by the models of `study.statistics.model` and `study.statistics.model_kinds`; used by
``simulate``, which writes the answers down. An answer is a slot, ratings where the trials have
some, and the time that it took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from study.protocol.design import PICK, PREFERENCE, TRUTH, UNPAIRED, PlannedTrial
from study.protocol.session import FAKE, HIGHEST, LOWEST, REAL, SCALES
from study.statistics.model import AnswerModel, Effects, draw_effects, draw_picks
from study.statistics.model_kinds import JudgeModel, PreferenceModel, draw_called, log_odds

Model = AnswerModel | JudgeModel | PreferenceModel
KIND_OF = {AnswerModel: PICK, JudgeModel: UNPAIRED, PreferenceModel: PREFERENCE}

# Ratings on a latent scale, rounded to 1..5: the truth's mean, how much a point of log odds adds,
# and the standard deviations of people's leniency and of single ratings.
_TRUTH_MEAN, _PER_LOGIT, _LENIENCY_SD, _RATING_SD = 3.9, 0.45, 0.4, 0.7
# Seconds to the pick: log-normal, faster by a little with every trial.
_MEDIAN_S, _PERSON_LOG_SD, _TRIAL_LOG_SD, _LOG_SLOPE = 4.0, 0.3, 0.4, -0.006


class People:
    """The participants of one simulated study.

    Parameters
    ----------
    model
        How they answer.
    count
        How many there are.
    pictures
        Ids of the pictures.
    rng
        Draws everything about them.
    """

    def __init__(
        self, model: Model, count: int, pictures: Sequence[str], rng: np.random.Generator
    ) -> None:
        self.model, self.rng = model, rng
        self._index = {picture: i for i, picture in enumerate(pictures)}
        self._effects: Effects
        if isinstance(model, AnswerModel):
            self._effects = draw_effects(model, count, len(pictures), rng)
            self._versions: tuple[str, ...] = (TRUTH, *model.methods)
        else:
            self._effects = model.effects(model.intercepts(), count, len(pictures), rng)
            self._versions = model.versions

    def person(self, number: int) -> Person:
        """Return participant `number`, 0, 1, 2, ..., each to be asked for once, in this order."""
        return Person(self, number)

    def odds(self, number: int, picture: str) -> dict[str, float]:
        """Return the log odds of each version of a picture for one participant."""
        person, at = np.array([number]), np.array([self._index[picture]])
        if isinstance(self.model, AnswerModel):
            found = self._effects.utilities(person, at)  # (1, options)
        else:
            found = log_odds(self._effects, person, at)  # (1, versions)
        return dict(zip(self._versions, map(float, found[0]), strict=True))


class Person:
    """One simulated participant."""

    def __init__(self, people: People, number: int) -> None:
        self._people, self._number = people, number
        rng = people.rng
        self._leniency = rng.normal(0, _LENIENCY_SD)
        self._log_speed = rng.normal(0, _PERSON_LOG_SD)

    def answer(self, trial: PlannedTrial) -> tuple[int, Mapping[tuple[int, str], int], int]:
        """Return the slot (or `REAL` or `FAKE`), ratings by slot and scale, and milliseconds."""
        rng = self._people.rng
        every = self._people.odds(self._number, trial.picture)
        if isinstance(self._people.model, JudgeModel):
            (method,) = trial.methods
            slot = REAL if draw_called(np.array([every[method]]), rng)[0] else FAKE
        else:
            # In the model's order, so that a seed gives the same picks in any order of the slots.
            shown = np.array([list(every.values())])  # (1, versions)
            picked = list(every)[int(draw_picks(shown, rng)[0])]
            slot = trial.methods.index(picked) + 1
        ratings = self._ratings(trial, every)
        log_s = self._log_speed + _LOG_SLOPE * trial.position + rng.normal(0, _TRIAL_LOG_SD)
        return slot, ratings, round(1000 * _MEDIAN_S * float(np.exp(log_s)))

    def _ratings(
        self, trial: PlannedTrial, every: Mapping[str, float]
    ) -> dict[tuple[int, str], int]:
        """Rate all pictures of a trial, where its kind has ratings."""
        ratings: dict[tuple[int, str], int] = {}
        if not isinstance(self._people.model, AnswerModel):
            return ratings
        for slot, method in enumerate(trial.methods, start=1):
            latent = _TRUTH_MEAN + _PER_LOGIT * every[method] + self._leniency
            for scale in SCALES:
                value = round(latent + self._people.rng.normal(0, _RATING_SD))
                ratings[slot, scale] = min(HIGHEST, max(LOWEST, value))
        return ratings
