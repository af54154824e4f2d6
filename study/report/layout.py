"""What a subject of the report is: numbers, the sections that say them, and rows for a table.

One file a subject (`rates`, `tests`, `ratings`, ...): a dataclass of results that `of` computes,
`sections` puts into words and `rows` lists in full. The formats in `render`, `latex` and `page`
print what they are given, so a new statistic is one such file and a line in
`study.report.summary.Summary`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from study.protocol.design import TRUTH
from study.statistics.intervals import Interval
from study.statistics.stats import Counted, Rate

Row = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A heading, sentences, a table and notes.

    `columns` are the table's headings, the first one aligned to the left and the others to the
    right; `bars` are intervals to be drawn where the format can draw; `items` are the lines of a
    checklist: a mark, what is asked, and the answer. `key` names the section in HTML and LaTeX.
    """

    key: str
    title: str
    intro: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = ()
    bars: Sequence[Rate] = ()
    items: Sequence[tuple[str, str, str]] = ()


def not_computed(key: str, title: str, why: Iterable[str]) -> Section:
    """Return a section that is nothing but the sentence that says why there is none."""
    reasons = list(dict.fromkeys(one for one in why if one))
    return Section(key, title, f"Not computed: {'; '.join(reasons) or 'no interval exists'}.")


@dataclass(frozen=True)
class Scope:
    """What every subject may say of the whole: `options` pictures a trial, all fool rates."""

    level: float
    analysed: int
    options: int
    rates: Sequence[Rate]


@dataclass(frozen=True)
class Subject(ABC):
    """One subject of the report; its fields are what JSON holds."""

    @classmethod
    @abstractmethod
    def of(cls, counted: Counted) -> Self:
        """Compute the subject from what is counted."""

    @abstractmethod
    def sections(self, scope: Scope) -> Iterable[Section]:
        """Say it, rounded for reading."""

    @abstractmethod
    def rows(self) -> Iterable[Row]:
        """List it in full, one row an estimate and interval; see `row`."""


def row(
    section: str, measure: str, value: object, interval: Interval | None = None, **more: Any
) -> Row:
    """Return a row of the CSV; `more` may be group, name, numerator, denominator and note."""
    ends: Row = {}
    if interval is not None:
        ends = {
            "low": interval.low,
            "high": interval.high,
            "interval": interval.method,
            "level": interval.level,
            "note": interval.note,
        }
    return {"section": section, "measure": measure, "value": value, **ends, **more}


def measures(section: str, item: object, *names: str, **more: Any) -> Iterator[Row]:
    """Yield a row for each of these fields of a result."""
    for name in names:
        yield row(section, name, getattr(item, name), **more)


def rate_rows(section: str, rates: Sequence[Rate], group: str = "") -> Iterator[Row]:
    """Yield the rows of rates: both intervals, and the paper's rate."""
    for rate in rates:
        of: Row = {"group": group, "name": rate.name}
        counts: Row = {"numerator": rate.picked, "denominator": rate.trials}
        for interval in (rate.headline, rate.wilson):
            yield row(section, "rate", rate.rate, interval, **of, **counts)
        if rate.paper is not None:
            yield row(section, "paper_rate", rate.paper, **of)


def percent(value: float, digits: int = 1) -> str:
    """Print a share, such as 0.4069 as "40.7 %"; "–" where it does not exist."""
    return "–" if math.isnan(value) else f"{100 * value:.{digits}f} %"


def percent_range(interval: Interval, digits: int = 1) -> str:
    """Print an interval of shares, such as "33.9 to 47.7 %"."""
    if not interval.defined:
        return "–"
    return f"{100 * interval.low:.{digits}f} to {100 * interval.high:.{digits}f} %"


def number_range(interval: Interval, form: str = ".2f") -> str:
    """Print an interval of scores, such as "3.51 to 3.87"; of one end only, "at least 3.51"."""
    low, high = interval.low, interval.high
    if not interval.defined:
        return "–"
    if math.isinf(low) or math.isinf(high):
        ends = (("at least", low), ("at most", high))
        return " ".join(f"{word} {x:{form}}" for word, x in ends if math.isfinite(x)) or "any"
    return f"{low:{form}} to {high:{form}}"


def points_range(interval: Interval) -> str:
    """Print an interval of differences of shares in points, such as "-17.3 to -3.8"."""
    if not interval.defined:
        return "–"
    return f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f}"


def number(value: float, digits: int = 2) -> str:
    """Print a number, such as "0.84"; "–" where there is none."""
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def signed(value: float, digits: int = 2) -> str:
    """Print a number with its sign, such as "+0.84"."""
    return "–" if math.isnan(value) else f"{value:+.{digits}f}"


def p_value(p: float) -> str:
    """Print a p-value, such as "0.0035" or "< 0.0001".

    Examples
    --------
    >>> p_value(0.0352), p_value(0.6), p_value(3e-9)
    ('0.035', '0.60', '< 0.0001')
    """
    if math.isnan(p):
        return "–"
    if p < 0.0001:
        return "< 0.0001"
    return f"{p:.4f}" if p < 0.01 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def equal(p: float) -> str:
    """Print a p-value after its letter, such as "= 0.0035" or "< 0.0001"."""
    said = p_value(p)
    return said if said.startswith(("<", "–")) else f"= {said}"


def count(n: int, noun: str) -> str:
    """Print how many there are, such as "1 picture" or "2 pictures"."""
    return f"{n} {noun}{'s' * (n != 1)}"


def name_of(rate: Rate) -> str:
    """Return the name of a rate as tables print it."""
    return "truth (the real one)" if rate.name == TRUTH else rate.name


def interval_notes(rates: Sequence[Rate]) -> tuple[str, ...]:
    """Why intervals are missing or made in another way, each reason once."""
    by_note: dict[str, list[str]] = {}
    for rate in rates:
        if rate.headline.note:
            by_note.setdefault(rate.headline.note, []).append(rate.name)
    return tuple(f"{', '.join(names)}: {note}." for note, names in by_note.items())
