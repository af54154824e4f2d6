"""What the report's sections are made of, and how it prints numbers.

Used by `study.report.sections`, `study.report.checks` and `study.report.checklist`, which choose
the words, and by the formats in `study.report.render`, `study.report.latex` and
`study.report.page`. No number is computed here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from study.protocol.design import TRUTH
from study.statistics.intervals import Interval
from study.statistics.stats import Rate


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


def percent(value: float, digits: int = 1) -> str:
    """Print a share, such as 0.4069 as "40.7 %"; "–" where it does not exist."""
    return "–" if math.isnan(value) else f"{100 * value:.{digits}f} %"


def percent_range(interval: Interval, digits: int = 1) -> str:
    """Print an interval of shares, such as "33.9 to 47.7 %"."""
    if not interval.defined:
        return "–"
    return f"{100 * interval.low:.{digits}f} to {100 * interval.high:.{digits}f} %"


def number_range(interval: Interval) -> str:
    """Print an interval of scores, such as "3.51 to 3.87"."""
    return f"{interval.low:.2f} to {interval.high:.2f}" if interval.defined else "–"


def points_range(interval: Interval) -> str:
    """Print an interval of differences of shares in points, such as "-17.3 to -3.8"."""
    if not interval.defined:
        return "–"
    return f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f}"


def number(value: float, digits: int = 2) -> str:
    """Print a number, such as "0.84"; "–" where it does not exist."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


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
