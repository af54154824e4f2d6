"""Fool rates of the attended trials, from the catch trials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from study.protocol.design import TRUTH
from study.report.layout import Row, Scope, Section, Subject, percent, percent_range, row
from study.statistics.lapses import Lapses, lapses
from study.statistics.stats import Counted


@dataclass(frozen=True)
class Attended(Subject):
    """The lapse rate, and the rates without lapses."""

    lapses: Lapses

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Estimate both."""
        return cls(lapses(counted.answers, counted.rows, counted.level))

    def sections(self, scope: Scope) -> Iterator[Section]:
        """Raw and adjusted rates side by side, where the study has catch trials."""
        found = self.lapses
        if not found.trials:
            return
        notes = [
            f"{found.missed} of {found.trials} catch trials were missed, which means that in "
            f"{percent(found.rate)} of the trials ({percent_range(found.interval)}) people picked "
            "at random.",
            "Assumed: people who look never miss a catch trial, people who do not look pick each "
            "picture with the same probability, and attention lapses as often in scored as in "
            "catch trials.",
        ]
        if found.why:
            notes.append(f"No rates, because {found.why}.")
        elif not found.missed:
            notes.append("No catch trial was missed, so the rates stand as they are.")
        notes += [
            f"{rate.name}: {rate.interval.note}." for rate in found.rates if rate.interval.note
        ]
        yield Section(
            "lapses",
            "Without lapses of attention",
            "Fool rates of the trials that people paid attention to. A lapse is a trial in which a "
            "picture is picked at random; the catch trials, in which the truth stands beside "
            "obvious fakes, tell how many there are. The two-way intervals include the uncertainty "
            "of that.",
            ("picked as real", "raw", "attended", "interval"),
            [
                [
                    "truth (the real one)" if rate.name == TRUTH else rate.name,
                    percent(rate.raw),
                    percent(rate.rate),
                    percent_range(rate.interval),
                ]
                for rate in found.rates
            ],
            notes,
        )

    def rows(self) -> Iterator[Row]:
        """The lapse rate, and every rate with and without lapses."""
        found = self.lapses
        counts: Row = {"numerator": found.missed, "denominator": found.trials}
        yield row("lapses", "lapse_rate", found.rate, found.interval, **counts)
        for rate in found.rates:
            yield row("lapses", "raw_rate", rate.raw, name=rate.name)
            yield row("lapses", "attended_rate", rate.rate, rate.interval, name=rate.name)
