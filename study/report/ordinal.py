"""Ratings as ordered categories: the odds of a higher one, by a cumulative link mixed model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from study.protocol.session import SCALES
from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    measures,
    not_computed,
    number,
    number_range,
    p_value,
    row,
)
from study.statistics.intervals import Interval
from study.statistics.ordinal import RatingModel, rating_model
from study.statistics.stats import Counted


@dataclass(frozen=True)
class RatingModels(Subject):
    """A model of each scale."""

    rating_models: list[RatingModel]

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Fit every scale."""
        scales = SCALES if counted.rated else ()
        return cls([rating_model(counted.rows, scale, counted.level) for scale in scales])

    def sections(self, scope: Scope) -> Iterator[Section]:
        """The odds of all pairs of methods, both scales in one table."""
        models = [model for model in self.rating_models if model.odds]
        notes = [
            f"{model.scale.capitalize()}: {model.ratings:,} ratings; on the log odds people have a "
            f"standard deviation of {number(model.people_sd)}, pictures one of "
            f"{number(model.pictures_sd)}."
            for model in models
        ]
        notes += [
            f"{model.scale.capitalize()}: no model, because {model.why}."
            for model in self.rating_models
            if model.why and model.ratings
        ]
        if not notes:
            return
        if not models:
            why = {model.why: model.scale for model in self.rating_models if model.why}
            yield not_computed("rating-odds", "Ratings as ordered categories", why)
            return
        yield Section(
            "rating-odds",
            "Ratings as ordered categories",
            "The odds of a higher rating of one method than of another, for the same person and "
            "picture, by a cumulative link mixed model (logit; people and pictures crossed, "
            "Laplace's approximation). Two-way intervals over other participants and other "
            "pictures; p is corrected by Holm's method within each scale.",
            ("scale, methods", "odds ratio", "interval", "p", "p (Holm)"),
            [
                [
                    f"{model.scale}, {odds.name} : {odds.other}",
                    number(math.exp(odds.log_odds)),
                    number_range(_odds(odds.interval)),
                    p_value(odds.p),
                    p_value(odds.p_holm),
                ]
                for model in models
                for odds in model.odds
            ],
            tuple(notes),
        )

    def rows(self) -> Iterator[Row]:
        """Log odds, standard deviations and thresholds; or why there is none."""
        for model in self.rating_models:
            section = f"rating_odds_{model.scale}"
            for odds in model.odds:
                of: Row = {"group": odds.other, "name": odds.name, "denominator": model.ratings}
                yield row(section, "log_odds", odds.log_odds, odds.interval, **of)
                yield from measures(section, odds, "p", "p_holm", group=odds.other, name=odds.name)
            if model.odds:
                yield from measures(section, model, "people_sd", "pictures_sd")
                for number_, threshold in enumerate(model.thresholds, start=1):
                    yield row(section, f"threshold_{number_}", threshold)
            elif model.why:
                yield row(section, "log_odds", None, note=model.why)


def _odds(interval: Interval) -> Interval:
    """An interval of log odds as one of odds."""
    return replace(interval, low=math.exp(interval.low), high=math.exp(interval.high))
