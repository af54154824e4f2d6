"""What reports of one question a trial say alike: a table of shares, times, and tests in words.

The subjects ``judged`` (real or fake) and ``preferred`` are made of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from study.report.layout import (
    Section,
    equal,
    interval_notes,
    name_of,
    number,
    percent,
    percent_range,
    points_range,
)
from study.statistics.behaviour import Times
from study.statistics.intervals import Interval
from study.statistics.stats import Rate


def without_paper(rates: Sequence[Rate]) -> list[Rate]:
    """Return the rates without those of the paper, whose trials asked something else."""
    return [replace(rate, paper=None) for rate in rates]


def shares(
    key: str, title: str, intro: str, columns: tuple[str, str], rates: Sequence[Rate], level: float
) -> Section:
    """Return the section of the rates; `columns` heads their names and their counts."""
    wide = f"{100 * level:g} %"
    return Section(
        key,
        title,
        intro,
        (*columns, "rate", f"{wide} interval", "Wilson (naive)"),
        [
            [
                name_of(rate),
                f"{rate.picked}/{rate.trials}",
                percent(rate.rate),
                percent_range(rate.headline),
                percent_range(rate.wilson),
            ]
            for rate in rates
        ],
        (
            *interval_notes(rates),
            f"{wide} interval: over other participants and other pictures (two-way "
            "cluster-robust, logit scale, t quantile). Wilson's interval treats all answers as "
            "independent and is too narrow.",
        ),
        rates,
    )


def taken(t: Times, until: str) -> Section:
    """Return the section of the times `until` the pick or the answer."""
    return Section(
        "attention",
        "Time",
        columns=("", "value"),
        rows=[
            [f"seconds to the {until}, median", number(t.median_s, 1)],
            ["  quartiles", f"{t.first_quartile_s:.1f} to {t.third_quartile_s:.1f}"],
            ["  first half of the trials, median", number(t.early_median_s, 1)],
            ["  second half of the trials, median", number(t.late_median_s, 1)],
        ],
    )


def interval_words(rate: Rate) -> str:
    """Return the interval of a rate as a paper has it in brackets, or why there is none."""
    interval = rate.headline
    if not interval.defined:
        return interval.note
    return f"{100 * interval.level:g} % interval {percent_range(interval)}"


def tested_words(interval: Interval, p_holm: float) -> str:
    """Return interval and test of a difference as a paper has them, or why there are none."""
    if not interval.defined:
        return interval.note
    return f"{points_range(interval)}; two-way t test, Holm-corrected p {equal(p_holm)}"
