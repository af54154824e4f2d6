"""All methods on one scale: Bradley, Terry and Luce's strengths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    measures,
    not_computed,
    number_range,
    percent,
    percent_range,
    row,
    signed,
)
from study.statistics.stats import Counted
from study.statistics.strengths import Strengths, strengths

_FEWEST = 2  # methods, from which on a scale says more than a rate


@dataclass(frozen=True)
class OneScale(Subject):
    """The strengths of all methods, the truth's being 0."""

    scale: Strengths

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Fit them to all scored trials."""
        return cls(strengths(counted.rows, counted.level))

    def sections(self, scope: Scope) -> Iterator[Section]:
        """A line a method, by falling strength."""
        found = self.scale
        if len(found.strengths) + len(found.never) < _FEWEST and not found.why:
            return
        if not found.strengths and found.why:
            never = f"never picked: {', '.join(found.never)}" if found.never else ""
            yield not_computed("scale", "All methods on one scale", [found.why, never])
            return
        notes = [f"{found.why[0].upper()}{found.why[1:]}."] if found.why else []
        if found.never:
            notes.append(
                f"Never picked, hence without a finite strength: {', '.join(found.never)}."
            )
        yield Section(
            "scale",
            "All methods on one scale",
            "Strength (Bradley, Terry and Luce): the log odds that the method is picked rather "
            "than the truth, from all trials together, whichever methods each of them showed; at "
            "0 it is picked as often as the truth. Pair: the same as a share, how often the method "
            "would be picked in a pair with the truth. Two-way intervals over other participants "
            "and other pictures.",
            ("method", "picks", "strength", "interval", "pair", "interval"),
            [
                [
                    s.name,
                    f"{s.picks}/{s.trials}",
                    signed(s.strength),
                    number_range(s.interval, "+.2f"),
                    percent(s.pair),
                    percent_range(s.pair_interval),
                ]
                for s in found.strengths
            ],
            (
                *notes,
                "The scale assumes that the odds between two pictures do not depend on what else "
                "the trial shows. Differences between strengths, with intervals and tests, are in "
                "the CSV and JSON formats.",
            ),
        )

    def rows(self) -> Iterator[Row]:
        """Strengths, shares of pairs, and differences; or why there is none."""
        for s in self.scale.strengths:
            of: Row = {"name": s.name, "numerator": s.picks, "denominator": s.trials}
            yield row("scale", "strength", s.strength, s.interval, **of)
            yield row("scale", "pair", s.pair, s.pair_interval, **of)
        for d in self.scale.differences:
            of = {"group": d.other, "name": d.name}
            yield row("scale_differences", "difference", d.difference, d.interval, **of)
            yield from measures("scale_differences", d, "p", "p_holm", **of)
        for name in self.scale.never:
            yield row("scale", "strength", None, name=name, note="never picked")
        if self.scale.why:
            yield row("scale", "strength", None, note=self.scale.why)
