"""The fool rates once more, every person counting alike, and whether that makes a difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from study.protocol.design import TRUTH
from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    percent,
    percent_range,
    points_range,
    row,
    signed,
)
from study.statistics.stats import Counted
from study.statistics.weighting import PeopleRate, people_rates


@dataclass(frozen=True)
class Weighting(Subject):
    """Both rates of every method; `equal` says that everybody has answered as many trials."""

    equal: bool
    people_rates: list[PeopleRate]

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Compute both rates."""
        trials = counted.rows.groupby("participant", observed=True)["trial"].nunique()
        return cls(trials.nunique() == 1, people_rates(counted.rows, counted.level))

    def sections(self, scope: Scope) -> Iterator[Section]:
        """A table where both can differ, and one sentence where they cannot."""
        title = "By person and by answer"
        if self.equal:
            yield Section(
                "weighting",
                title,
                "Everybody answered the same number of trials, so it makes no difference whether "
                "every answer or every person counts the same.",
            )
            return
        yield Section(
            "weighting",
            title,
            "The headline gives every answer the same weight, so people who answered more trials "
            "count for more. Here every person has the same weight, as in tests of participants' "
            "means.",
            ("picked as real", "by answer", "by person", "interval", "difference", "interval"),
            [
                [
                    rate.name,
                    percent(rate.by_answer),
                    percent(rate.rate),
                    percent_range(rate.interval),
                    signed(100 * rate.difference, 1),
                    points_range(rate.difference_interval),
                ]
                for rate in self.people_rates
            ],
            (self.verdict,),
        )

    @property
    def verdict(self) -> str:
        """Whether it makes a difference, in one sentence; empty where it cannot."""
        if self.equal:
            return ""
        apart = [rate for rate in self.people_rates if rate.differ and rate.name != TRUTH]
        if not apart:
            return "The rates by person are the same to within one percentage point."
        said = "; ".join(
            f"{rate.name} {percent(rate.rate)} by person, {percent(rate.by_answer)} by answer"
            for rate in apart
        )
        return (
            f"The rates differ: {said}. People who answered fewer trials were fooled "
            f"{_often(apart)}; the rate to expect of people like these is the one by person."
        )

    def rows(self) -> Iterator[Row]:
        """The rate by person, and its difference from the headline."""
        for rate in self.people_rates:
            of: Row = {"name": rate.name, "denominator": rate.participants}
            yield row("weighting", "rate_by_person", rate.rate, rate.interval, **of)
            yield row("weighting", "apart", rate.difference, rate.difference_interval, **of)
            yield row("weighting", "p", rate.p, **of)


def _often(apart: list[PeopleRate]) -> str:
    if len({rate.difference > 0 for rate in apart}) > 1:
        return "more often by some methods and less often by others"
    return "more often" if apart[0].difference > 0 else "less often"
