"""Tests: each method against the truth, and methods against one another."""

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
    measures,
    not_computed,
    p_value,
    points_range,
    row,
    signed,
)
from study.statistics import comparisons
from study.statistics.comparisons import AgainstTruth, Difference
from study.statistics.stats import Counted

_MOST_DIFFERENCES = 10  # of five methods; of more, the scale is read more easily


@dataclass(frozen=True)
class Tests(Subject):
    """Both families of tests, each corrected on its own.

    `margin_fixed` says that the margin of equivalence is the study file's.
    """

    margin_fixed: bool
    against_truth: list[AgainstTruth]
    differences: list[Difference]

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Test every method, and every two."""
        return cls(
            counted.margin is not None,
            comparisons.against_truth(
                counted.rows, counted.level, counted.margin or comparisons.MARGIN
            ),
            comparisons.differences(counted.rows, counted.level),
        )

    def sections(self, scope: Scope) -> Iterator[Section]:
        """A table each, where there is something to test."""
        if self.against_truth and all(math.isnan(t.p) for t in self.against_truth):
            why = [t.interval.note for t in self.against_truth]
            yield not_computed("tests", "Tests against the truth", why)
        elif self.against_truth:
            margin = f"{100 * self.against_truth[0].margin:g}"
            fixed = (
                "fixed in the study file"
                if self.margin_fixed
                else "this report's default, as the study file fixes none"
            )
            yield Section(
                "tests",
                "Tests against the truth",
                "Is a method's gap to its point of indistinguishability 0 for other people and "
                "other pictures, too? t test of the gap with its two-way variance, logit scale: p "
                "is at most 5 % exactly where the 95 % interval does not contain 0. Holm's "
                "correction takes these tests and those of the last column as one family. d: the "
                "mean gap divided by its standard deviation between participants.",
                ("method", "gap", "d", "p", "p (Holm)", "flips", "naive", f"±{margin} (Holm)"),
                [
                    [
                        t.name,
                        signed(100 * t.gap, 1),
                        signed(t.effect_size),
                        p_value(t.p),
                        p_value(t.p_holm),
                        p_value(t.p_flips),
                        p_value(t.p_naive),
                        p_value(t.p_equivalent_holm),
                    ]
                    for t in self.against_truth
                ],
                (
                    "A large p does not show that there is no gap. The last column asks for that: "
                    f"two one-sided tests of whether the gap is within {margin} points ({fixed}); "
                    "a small p there means that the method is picked about as often as the truth. "
                    "Flips: a sign-flip test of the participants' gaps, valid for these pictures "
                    "only. Naive: a binomial test, as if all answers were independent.",
                ),
            )
        if self.differences and all(math.isnan(t.p) for t in self.differences):
            why = [t.interval.note for t in self.differences]
            yield not_computed("differences", "Method against method", why)
        elif self.differences:
            few = len(self.differences) <= _MOST_DIFFERENCES
            yield Section(
                "differences",
                "Method against method",
                "Differences between fool rates in percentage points, with two-way intervals and t "
                "tests. Flips: a sign-flip test of the participants' differences, valid for these "
                "pictures only.",
                ("methods", "diff.", "interval", "d", "p", "p (Holm)", "flips"),
                [
                    [
                        f"{t.name} − {t.other}",
                        signed(100 * t.difference, 1),
                        points_range(t.interval),
                        signed(t.effect_size, 1),
                        p_value(t.p),
                        p_value(t.p_holm),
                        p_value(t.p_flips),
                    ]
                    for t in (self.differences if few else ())
                ],
                ()
                if few
                else (
                    f"{len(self.differences)} differences are too many for a table: all of them "
                    "are in the CSV and JSON formats, and the next section puts all methods on one "
                    "scale.",
                ),
            )

    def rows(self) -> Iterator[Row]:
        """Each effect with its interval, then its p-values."""
        every = ("effect_size", "p", "p_holm", "p_flips", "patterns")
        for t in self.against_truth:
            yield row("tests", "gap", t.gap, t.interval, name=t.name)
            more = (*every, "p_naive", "margin", "p_equivalent", "p_equivalent_holm")
            yield from measures("tests", t, *more, name=t.name)
        for d in self.differences:
            of = {"group": d.other, "name": d.name}
            yield row("differences", "difference", d.difference, d.interval, **of)
            yield from measures("differences", d, *every, **of)
