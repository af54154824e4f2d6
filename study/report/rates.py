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
        yield Section(
            "rates",
            "Fool rates",
            f"In what share of the trials was the picture taken for the real one? Each trial has "
            f"one pick among {scope.options}, so the rates share one denominator, "
            f"{scope.analysed} trials, and sum to 100 %.",
            ("picked as real", "picks", "rate", f"{level} interval", "Wilson (naive)", "paper"),
            [
                [
                    name_of(rate),
                    f"{rate.picked}/{rate.trials}",
                    percent(rate.rate),
                    percent_range(rate.headline),
                    percent_range(rate.wilson),
                    "" if rate.paper is None else percent(rate.paper, 2),
                ]
                for rate in self.fool_rates
            ],
            (
                *interval_notes(self.fool_rates),
                f"{level} interval: over other participants and other pictures (two-way "
                "cluster-robust, logit scale, t quantile). Wilson treats all answers as "
                "independent and is too narrow; it stands here for comparison only.",
                f"paper: the rate that {self.paper} reports for its own study, not a result of "
                "this one.",
            ),
            self.fool_rates,
        )
        yield Section(
            "joint",
            "The rates together",
            f"Intervals that hold for all rates at once with {level}, and how much the answers of "
            "the same person or picture resemble each other (design effect: variance over that of "
            "independent answers).",
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
