"""Real or fake, one picture a trial: how often each version is called real, and d'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

from study.protocol.design import TRUTH
from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    count,
    measures,
    not_computed,
    number,
    number_range,
    p_value,
    percent,
    points_range,
    rate_rows,
    row,
    signed,
)
from study.report.shares import interval_words, shares, taken, tested_words, without_paper
from study.statistics.behaviour import Times, times
from study.statistics.judged import Judged, judged
from study.statistics.stats import Counted, Rate


@dataclass(frozen=True)
class RealOrFake(Subject):
    """Rates of "real", and each method against the truth."""

    called_real: list[Rate]
    against_truth: list[Judged]
    times: Times | None

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Compute both; the paper's rates are of another task."""
        rates = without_paper(counted.fool_rates)
        every = counted.rows.assign(picked=True)  # an answer is one, real or fake
        return cls(rates, judged(counted.rows, counted.level), times(every))

    def sections(self, scope: Scope) -> Iterator[Section]:
        """The rates, then the comparisons."""
        yield shares(
            "called-real",
            "Called real",
            "Each trial showed one picture, and the participant called it real or fake. In what "
            "share of the trials with a version was it called real?",
            ("version", "real"),
            self.called_real,
            scope.level,
        )
        if self.against_truth:
            yield from self._compared()
        if self.times is not None:
            yield taken(self.times, "answer")

    def _compared(self) -> Iterator[Section]:
        yield Section(
            "judged",
            "Told from the truth",
            "How much more or less often are pictures by the method called real than real ones? "
            "Differences in percentage points, with two-way intervals and t tests, corrected by "
            "Holm's method over all methods.",
            ("method", "difference", "interval", "p", "p (Holm)"),
            [
                [
                    t.name,
                    signed(_rounded(t.difference), 1),
                    points_range(t.interval),
                    p_value(t.p),
                    p_value(t.p_holm),
                ]
                for t in self.against_truth
            ],
            (
                "A large p does not show that there is no difference; the interval shows how large "
                "it may be.",
            ),
        )
        notes = sorted({t.d_interval.note for t in self.against_truth if t.d_interval.note})
        if not any(t.d_interval.defined for t in self.against_truth):
            yield not_computed("detection", "Sensitivity and criterion", notes)
            return
        yield Section(
            "detection",
            "Sensitivity and criterion",
            "d': how far method and truth are apart, in standard deviations (0: not at all). c: "
            "the criterion; above 0 people rather say fake. Two-way intervals over other "
            "participants and other pictures.",
            ("method", "d'", "interval", "c", "interval"),
            [
                [
                    t.name,
                    number(t.d_prime),
                    number_range(t.d_interval),
                    signed(t.criterion),
                    number_range(t.criterion_interval, "+.2f"),
                ]
                for t in self.against_truth
            ],
            [f"{note[0].upper()}{note[1:]}." for note in notes],
        )

    def rows(self) -> Iterator[Row]:
        """Rates, differences, d' and criteria, each with its intervals."""
        yield from rate_rows("called_real", self.called_real)
        for t in self.against_truth:
            of: Row = {"name": t.name, "numerator": t.called, "denominator": t.trials}
            yield row("judged", "difference", t.difference, t.interval, **of)
            yield from measures("judged", t, "p", "p_holm", **of)
            yield row("judged", "d_prime", t.d_prime, t.d_interval, **of)
            yield row("judged", "criterion", t.criterion, t.criterion_interval, **of)
        if self.times is not None:
            yield from measures("response_times", self.times, *asdict(self.times))

    def sentences(self) -> Iterator[str]:
        """The results in running text."""
        for rate in self.called_real:
            what = "Real pictures" if rate.name == TRUTH else f"Pictures by {rate.name}"
            yield (
                f"{what} were called real in {percent(rate.rate)} of {count(rate.trials, 'trial')} "
                f"({interval_words(rate)})."
            )
        for t in self.against_truth:
            apart = (
                f"d' = {number(t.d_prime)} ({number_range(t.d_interval)})"
                if t.d_interval.defined
                else t.d_interval.note
            )
            tested = tested_words(t.interval, t.p_holm)
            points = _rounded(t.difference)
            often = (
                f"{abs(points):.1f} points {'more' if points > 0 else 'less'} often than"
                if points
                else "as often as"
            )
            yield f"{t.name} was called real {often} the truth ({tested}); {apart}."


def _rounded(share: float) -> float:
    """Return points to one digit, and no -0.0."""
    return round(100 * share, 1) + 0.0
