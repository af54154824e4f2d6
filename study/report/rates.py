"""In what share of the trials each picture was taken for the real one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    interval_notes,
    name_of,
    not_computed,
    percent,
    percent_range,
    rate_rows,
    row,
)
from study.statistics import stats
from study.statistics.stats import Counted, JointRate, Rate


@dataclass(frozen=True)
class Rates(Subject):
    """Fool rates one by one and together; `paper` names who published the rates beside them."""

    fool_rates: list[Rate]
    joint: list[JointRate]
    paper: str

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Compute both kinds of intervals."""
        return cls(counted.fool_rates, stats.joint_rates(counted.rows, counted.level), stats.PAPER)

    def sections(self, scope: Scope) -> Iterator[Section]:
        """The headline, and the intervals that hold together."""
        level = f"{100 * scope.level:g} %"
        published = any(rate.paper is not None for rate in self.fool_rates)
        yield Section(
            "rates",
            "Fool rates",
            "In what share of the trials was the picture taken for the real one? Each trial has "
            f"one pick among {scope.options} pictures, so the rates share one denominator "
            f"({scope.analysed} trials) and add up to 100 %.",
            (
                *("picked as real", "picks", "rate", f"{level} interval", "Wilson (naive)"),
                *(("paper",) if published else ()),
            ),
            [
                [
                    name_of(rate),
                    f"{rate.picked}/{rate.trials}",
                    percent(rate.rate),
                    percent_range(rate.headline),
                    percent_range(rate.wilson),
                    *(["" if rate.paper is None else percent(rate.paper, 2)] if published else []),
                ]
                for rate in self.fool_rates
            ],
            (
                *interval_notes(self.fool_rates),
                f"{level} interval: over other participants and other pictures (two-way "
                "cluster-robust, logit scale, t quantile). Wilson's interval treats all answers as "
                "independent and is too narrow; it is shown for comparison only.",
                *(
                    (
                        f"Paper: the rate that {self.paper} reports for its own study, not a "
                        "result of this one.",
                    )
                    if published
                    else ()
                ),
            ),
            self.fool_rates,
        )
        if not any(joint.robust.defined for joint in self.joint):
            why = [joint.robust.note for joint in self.joint]
            yield not_computed("joint", "The rates together", why)
            return
        yield Section(
            "joint",
            "The rates together",
            f"Intervals that hold for all rates at once with {level} confidence. The design effect "
            "shows how much answers by the same person, or about the same picture, resemble each "
            "other: it is the variance divided by that of independent answers.",
            ("picked as real", "rate", "joint interval", "Goodman (naive)", "design effect"),
            [
                [
                    name_of(rate),
                    percent(joint.rate),
                    percent_range(joint.robust),
                    percent_range(joint.goodman),
                    "–" if math.isnan(rate.design_effect) else f"{rate.design_effect:.2f}",
                ]
                for joint, rate in zip(self.joint, self.fool_rates, strict=True)
            ],
        )

    def rows(self) -> Iterator[Row]:
        """Each rate with each of its intervals."""
        yield from rate_rows("fool_rates", self.fool_rates)
        for joint in self.joint:
            for interval in (joint.robust, joint.goodman):
                yield row("joint", "rate", joint.rate, interval, name=joint.name)
