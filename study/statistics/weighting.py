"""A rate in which every person counts alike, beside the headline, in which every answer does.

Fed by the rows of `study.statistics.stats.analysed`. Both are the same where everybody has answered
as many trials. Where they are not, and whoever is easily fooled stops early, the mean over answers
is not that over people: it leans to those who stayed. `people_rates` gives both with their
difference, each with an interval over other people and other pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from study.statistics.intervals import LEVEL, Interval
from study.statistics.stats import methods
from study.statistics.twoway import (
    SHARES,
    Groups,
    codes,
    two_way_logit,
    two_way_mean,
    two_way_p,
    two_way_variance,
)

ALPHA = 0.05
POINTS = 0.01  # apart, from which both are called different without any test


@dataclass(frozen=True)
class PeopleRate:
    """A fool rate by person and by answer; `difference` is the first minus the second.

    `differ` says that they are a point or more apart, or that chance among people and pictures
    does not explain the difference (`p` up to 5 %).
    """

    name: str
    participants: int
    rate: float
    interval: Interval
    by_answer: float
    difference: float
    difference_interval: Interval
    p: float
    differ: bool


def people_rates(rows: pd.DataFrame, level: float = LEVEL) -> list[PeopleRate]:
    """Both rates of every method, the truth last.

    Parameters
    ----------
    rows : DataFrame
        From `study.statistics.stats.analysed`.
    level : float
    """
    found = []
    for name in methods(rows):
        shown = rows[rows["method"] == name]
        picked = shown["picked"].to_numpy(dtype=np.float64)
        weights = equal_people(shown["participant"])
        of = shown["participant"], shown["picture"]
        variance = two_way_variance(picked, *of, weights=weights)
        by_answer = float(picked.mean())
        # The influence of an answer on the difference of both means, as a score with mean 0.
        apart = weights * (picked - variance.mean) - (picked - by_answer)
        difference = variance.mean - by_answer
        score = two_way_variance(apart - apart.mean() + difference, *of)
        p = two_way_p(score)
        found.append(
            PeopleRate(
                name, variance.participants, variance.mean, two_way_logit(variance, level),
                by_answer, difference, two_way_mean(score, level, SHARES), p,
                abs(difference) >= POINTS or p <= ALPHA,
            )
        )  # fmt: skip
    return found


def equal_people(participant: Groups) -> NDArray[np.float64]:
    """Weights, 1 on average, by which every participant counts alike.

    Examples
    --------
    >>> equal_people(["a", "a", "a", "b"]).round(3).tolist()
    [0.667, 0.667, 0.667, 2.0]
    """
    person, people = codes(participant)
    counts = np.bincount(person)
    weights: NDArray[np.float64] = person.size / (people * counts[person])
    return weights
