"""Real or fake, one picture a trial: how often each version is called real, and d'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Self

from study.protocol.design import TRUTH
from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    count,
    equal,
    interval_notes,
    measures,
    name_of,
    number,
    number_range,
    p_value,
    percent,
    percent_range,
    points_range,
    rate_rows,
    row,
    signed,
)
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
        rates = [replace(rate, paper=None) for rate in counted.fool_rates]
        every = counted.rows.assign(picked=True)  # an answer is one, real or fake
        return cls(rates, judged(counted.rows, counted.level), times(every))

    def sections(self, scope: Scope) -> Iterator[Section]:
        """The rates, then the comparisons."""
        level = f"{100 * scope.level:g} %"
        yield Section(
            "called-real",
            "Called real",
            "Each trial showed one picture, and people said real or fake. In what share of the "
            "trials with such a picture did they say real?",
            ("version", "real", "rate", f"{level} interval", "Wilson (naive)"),
            [
                [
                    name_of(rate),
                    f"{rate.picked}/{rate.trials}",
                    percent(rate.rate),
                    percent_range(rate.headline),
                    percent_range(rate.wilson),
                ]
                for rate in self.called_real
            ],
            (
                *interval_notes(self.called_real),
                f"{level} interval: over other participants and other pictures (two-way "
                "cluster-robust, logit scale, t quantile). Wilson treats all answers as "
                "independent and is too narrow.",
            ),
            self.called_real,
        )
        if self.against_truth:
            yield from self._compared()
        if self.times is not None:
            t = self.times
            yield Section(
                "attention",
                "Time",
                columns=("", "value"),
                rows=[
                    ["seconds to the answer, median", number(t.median_s, 1)],
                    ["  quartiles", f"{t.first_quartile_s:.1f} to {t.third_quartile_s:.1f}"],
                    ["  first half of the trials, median", number(t.early_median_s, 1)],
                    ["  second half of the trials, median", number(t.late_median_s, 1)],
                ],
            )

    def _compared(self) -> Iterator[Section]:
        yield Section(
            "judged",
            "Told from the truth",
            "Difference: the method's rate of real less the truth's, in percentage points; two-way "
            "interval and t test, corrected by Holm over the methods.",
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
                "A large p does not show that there is no difference; the interval tells how large "
                "it may be.",
            ),
        )
        notes = sorted({t.d_interval.note for t in self.against_truth if t.d_interval.note})
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
            interval = (
                f"95 % interval {percent_range(rate.headline)}".replace(
                    "95", f"{100 * rate.headline.level:g}"
                )
                if rate.headline.defined
                else rate.headline.note
            )
            yield (
                f"{what} were called real in {percent(rate.rate)} of {count(rate.trials, 'trial')} "
                f"({interval})."
            )
        for t in self.against_truth:
            apart = (
                f"d' = {number(t.d_prime)} ({number_range(t.d_interval)})"
                if t.d_interval.defined
                else t.d_interval.note
            )
            tested = (
                f"{points_range(t.interval)}; two-way t test, Holm-corrected p {equal(t.p_holm)}"
                if t.interval.defined
                else t.interval.note
            )
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
