"""Each method beside the truth: the pairwise rate, the point of indistinguishability, d'."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from study.protocol.design import TRUTH
from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    interval_notes,
    number,
    number_range,
    percent,
    percent_range,
    points_range,
    rate_rows,
    row,
    signed,
)
from study.statistics import stats
from study.statistics.detection import Detection, detection
from study.statistics.stats import Counted, Distance, Rate


@dataclass(frozen=True)
class Truth(Subject):
    """How far each method is from the truth."""

    pairwise: list[Rate]
    distances: list[Distance]
    detection: Detection

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Compute rates, gaps and d'."""
        truth = next(rate for rate in counted.fool_rates if rate.name == TRUTH)
        return cls(
            stats.pairwise_rates(counted.rows, counted.level),
            stats.distances(counted.rows, counted.level),
            detection(truth, counted.options),
        )

    def sections(self, scope: Scope) -> Iterator[Section]:
        """One line a method, and d' below."""
        pairs = {rate.name: rate for rate in self.pairwise}
        rows = []
        for d in self.distances:
            pair = pairs.get(d.name)
            rows.append(
                [
                    d.name,
                    "–" if pair is None else f"{pair.picked}/{pair.trials}",
                    "–" if pair is None else percent(pair.rate),
                    "–" if pair is None else percent_range(pair.headline),
                    percent(d.point),
                    signed(100 * d.distance, 1),
                    points_range(d.interval),
                ]
            )
        found = self.detection
        yield Section(
            "truth",
            "Against the truth",
            "Rate: picks of the method among all picks of either the method or the truth; at 50 % "
            "the method is picked as often as the truth. Point: the fool rate at which that would "
            "be so, given the picks of the other methods (the point of indistinguishability). Gap: "
            "the fool rate minus that point, in percentage points, which is half of the difference "
            "between the picks of the method and those of the truth.",
            ("method", "picks", "rate", "interval", "point", "gap", "interval"),
            rows,
            (
                *interval_notes(self.pairwise),
                f"The real picture was found in {percent(found.correct)} of the trials with "
                f"{found.alternatives} pictures: {d_prime_words(found)}, assuming that all fakes "
                "are equally good.",
                *(
                    (
                        "To be picked as often as the truth does not mean that nobody can tell: if "
                        "half of a method's pictures fooled everybody and the other half nobody, "
                        "it would be picked as often, too.",
                    )
                    if self.distances
                    else ()
                ),
            ),
        )

    def rows(self) -> Iterator[Row]:
        """Pairwise rates, points, gaps and d'."""
        yield from rate_rows("pairwise", self.pairwise)
        for d in self.distances:
            yield row("against_truth", "point", d.point, name=d.name)
            yield row("against_truth", "distance", d.distance, d.interval, name=d.name)
        found = self.detection
        yield row("detection", "d_prime", found.d_prime, found.interval) | {"note": found.note}


def d_prime_words(d: Detection) -> str:
    """Say d' with its interval, such as "d' = 0.84 (0.61 to 1.07)"; without it, why."""
    interval = number_range(d.interval) if d.interval.defined else "no interval"
    if math.isinf(d.d_prime):
        often = "never" if d.d_prime < 0 else "always"
        return f"no d', as the real picture was {often} picked ({interval})"
    return f"d' = {number(d.d_prime)} ({interval})"
