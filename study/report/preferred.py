"""Which picture is preferred, without the truth: rates, differences, and one scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    count,
    measures,
    not_computed,
    number_range,
    p_value,
    percent,
    percent_range,
    points_range,
    rate_rows,
    row,
    signed,
)
from study.report.places import place_rows, places
from study.report.shares import interval_words, shares, taken, tested_words, without_paper
from study.statistics.behaviour import Times, times
from study.statistics.comparisons import Difference, differences
from study.statistics.intervals import undefined
from study.statistics.stats import Counted, Rate, SlotCheck, methods, slot_check
from study.statistics.strengths import Strengths, strengths
from study.statistics.twoway import TWO_WAY_LINEAR


@dataclass(frozen=True)
class Preference(Subject):
    """Preference rates, differences, strengths against `reference` (whose own is 0), and places."""

    preferred: list[Rate]
    preference_differences: list[Difference]
    reference: str
    strengths: Strengths
    slots: SlotCheck
    times: Times | None

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Compute all of it; the paper's rates are of another task."""
        rows, level = counted.rows, counted.level
        rates = without_paper(counted.fool_rates)
        picked = {rate.name for rate in rates if rate.picked}
        reference = next((name for name in reversed(methods(rows)) if name in picked), "")
        found = strengths(rows, level)
        checked = slot_check(rows, level)
        return cls(rates, differences(rows, level), reference, found, checked, times(rows))

    def sections(self, scope: Scope) -> Iterator[Section]:
        """Rates, differences, the scale, places and times."""
        yield shares(
            "preferred",
            "Preferred",
            "In what share of the trials was the method's picture preferred? Each trial has one "
            f"pick among {scope.options} pictures, without the real picture; methods that are "
            f"liked equally well would have {percent(1 / scope.options)} each.",
            ("method", "picks"),
            self.preferred,
            scope.level,
        )
        yield Section(
            "preference-differences",
            "Method against method",
            "Differences between preference rates in percentage points, with two-way intervals and "
            "t tests, corrected by Holm's method.",
            ("methods", "diff.", "interval", "p", "p (Holm)"),
            [
                [
                    f"{t.name} − {t.other}",
                    signed(100 * t.difference, 1),
                    points_range(t.interval),
                    p_value(t.p),
                    p_value(t.p_holm),
                ]
                for t in self.preference_differences
            ],
        )
        yield self._scale()
        yield places(self.slots)
        if self.times is not None:
            yield taken(self.times, "pick")

    def _scale(self) -> Section:
        found = self.strengths
        notes = [f"{found.why[0].upper()}{found.why[1:]}."] if found.why else []
        if found.never:
            notes.append(
                f"Never picked, hence without a finite strength: {', '.join(found.never)}."
            )
        if not found.strengths and found.why:
            never = f"never picked: {', '.join(found.never)}" if found.never else ""
            return not_computed("strengths", "All methods on one scale", [found.why, never])
        rows = [
            [
                s.name,
                signed(s.strength),
                number_range(s.interval, "+.2f"),
                percent(s.pair),
                percent_range(s.pair_interval),
            ]
            for s in found.strengths
        ]
        if rows:
            rows.append([self.reference, "0", "–", "–", "–"])
        return Section(
            "strengths",
            "All methods on one scale",
            "Strength (Bradley, Terry and Luce): the log odds that the method is preferred to "
            f"{self.reference}, which was preferred least and has 0. Pair: the same as a share, "
            f"how often the method would be preferred in a pair with {self.reference}. Two-way "
            "intervals over other participants and other pictures.",
            ("method", "strength", "interval", "pair", "interval"),
            rows,
            (
                *notes,
                "The scale assumes that the odds between two pictures do not depend on what else "
                "the trial shows.",
            ),
        )

    def rows(self) -> Iterator[Row]:
        """Rates, differences, strengths and places, each with its interval."""
        yield from rate_rows("preferred", self.preferred)
        for d in self.preference_differences:
            of: Row = {"group": d.other, "name": d.name}
            yield row("preference_differences", "difference", d.difference, d.interval, **of)
            yield from measures("preference_differences", d, "p", "p_holm", **of)
        for s in self.strengths.strengths:
            of = {"group": self.reference, "name": s.name}
            yield row("strengths", "strength", s.strength, s.interval, **of)
            yield row("strengths", "pair", s.pair, s.pair_interval, **of)
        if self.strengths.why:
            why = undefined(TWO_WAY_LINEAR, 0.95, self.strengths.why)
            yield row("strengths", "strength", None, why)
        yield from place_rows(self.slots)
        if self.times is not None:
            yield from measures("response_times", self.times, *asdict(self.times))

    def sentences(self) -> Iterator[str]:
        """The results in running text."""
        for rate in self.preferred:
            yield (
                f"Pictures by {rate.name} were preferred in {percent(rate.rate)} of "
                f"{count(rate.trials, 'trial')} ({interval_words(rate)})."
            )
        for t in self.preference_differences:
            tested = tested_words(t.interval, t.p_holm)
            points = round(100 * t.difference, 1) + 0.0
            often = (
                f"{abs(points):.1f} points {'more' if points > 0 else 'less'} often than"
                if points
                else "as often as"
            )
            yield f"{t.name} was preferred {often} {t.other} ({tested})."
