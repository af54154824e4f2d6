"""The rates' intervals made in other ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    percent,
    percent_range,
    row,
)
from study.statistics.intervals import Interval
from study.statistics.sensitivity import Sensitivity, sensitivity
from study.statistics.stats import Counted


@dataclass(frozen=True)
class Roads(Subject):
    """All other roads for all methods but the truth."""

    sensitivity: list[Sensitivity]

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Bootstrap, fit and compute."""
        return cls(sensitivity(counted.rows, counted.level))

    def sections(self, scope: Scope) -> Iterator[Section]:
        """The intervals below the headline's."""
        if not self.sensitivity:
            return
        headline = {rate.name: rate.headline for rate in scope.rates}
        rows = []
        for o in self.sensitivity:
            rows.append([f"{o.name}, headline", percent(o.rate), percent_range(headline[o.name])])
            rows += [[f"  {road}", percent(rate), percent_range(i)] for road, rate, i in roads(o)]
        draws = max(o.draws for o in self.sensitivity)
        part = max(o.models_on for o in self.sensitivity)
        drawn = f"; GEE and mixed model on {part} answers, of participants drawn at random"
        yield Section(
            "roads",
            "Computed in other ways",
            "Does the conclusion depend on how the interval is computed? The bootstrap resamples "
            "participants and pictures and is rather too wide; the GEE takes only participants "
            "into account; Jeffreys' interval treats all answers as independent.",
            ("method, way", "rate", "interval"),
            rows,
            (
                f"Bootstrap: {draws:,} draws, percentiles. GEE: bias-reduced sandwich, logit. "
                "Mixed model: logit with crossed normal effects, variational Bayes, marginal rate"
                f"{drawn if part < scope.analysed else ''}.",
            ),
        )

    def rows(self) -> Iterator[Row]:
        """A row a road."""
        for o in self.sensitivity:
            for _, rate, interval in roads(o):
                yield row("roads", "rate", rate, interval, name=o.name)


def roads(o: Sensitivity) -> Iterator[tuple[str, float, Interval]]:
    """Yield name, rate and interval of each of a method's other roads."""
    yield "crossed bootstrap", o.rate, o.bootstrap
    yield "GEE by participant", o.rate, o.marginal
    yield "mixed model", o.mixed.rate, o.mixed.interval
    yield "Jeffreys (naive)", o.rate, o.jeffreys
