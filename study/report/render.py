"""The report on the screen or in a file: text, Markdown, CSV, JSON (LaTeX: `study.report.latex`).

Fed by a `study.report.summary.Report`. Text and Markdown print the sections of
`study.report.sections`, rounded for reading; CSV and JSON hold the same values in full. CSV has one
row an estimate and interval, so that a spreadsheet or R can filter it.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import textwrap
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from study.report.latex import latex
from study.report.layout import Row, Section, Subject, row
from study.report.sections import banner, sections
from study.report.summary import Report
from study.statistics.intervals import Interval
from study.statistics.stats import Rate

WIDTH = 80
CSV_COLUMNS = (
    *("section", "group", "name", "measure", "value", "low", "high", "interval"),
    *("level", "numerator", "denominator", "note", "simulated"),
)
_BAR = 54
_ASCII = str.maketrans("─│├┤●◆┄═–·−✓“”±½", '-|[]o*.=---x""~?')


def text(summary: Report) -> str:
    """The report for a terminal of 80 columns, with a plot of the fool rates."""
    lines = [summary.title, "═" * WIDTH]
    if banner(summary):
        lines += ["", *_wrapped(banner(summary))]
    for section in sections(summary):
        lines += ["", section.title.upper(), "─" * WIDTH]
        lines += _wrapped(section.intro)
        if section.rows:
            lines += [""] if section.intro else []
            lines += _text_table(section)
        if section.bars:
            lines += ["", *_plot(section.bars)]
        if section.notes:
            lines += [""]
        for note in section.notes:
            lines += _wrapped(note)
        if section.items:
            lines += [""]
        for mark, asked, answer in section.items:
            lines += _wrapped(f"{mark} {asked}: {answer}", "  ")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def markdown(summary: Report) -> str:
    """The report as Markdown with pipe tables."""
    lines = [f"# {summary.title}"]
    if banner(summary):
        lines += ["", f"**{banner(summary)}**"]
    for section in sections(summary):
        lines += ["", f"## {section.title}"]
        if section.intro:
            lines += ["", section.intro]
        if section.rows:
            lines += ["", _pipe(section.columns)]
            lines += ["|" + "|".join([":---"] + ["---:"] * (len(section.columns) - 1)) + "|"]
            lines += [_pipe(cells) for cells in section.rows]
        for note in section.notes:
            lines += ["", note]
        lines += [""] if section.items else []
        lines += [f"- {mark} **{asked}**: {answer}" for mark, asked, answer in section.items]
    return "\n".join(lines) + "\n"


def json_text(summary: Report) -> str:
    """The whole summary as JSON, all subjects in one object; values that do not exist are null."""
    whole: dict[str, Any] = {}
    for field in dataclasses.fields(summary):
        value = getattr(summary, field.name)
        whole |= dataclasses.asdict(value) if isinstance(value, Subject) else {field.name: value}
    whole["about"] = dataclasses.asdict(summary.about)
    return json.dumps(_plain(whole), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def csv_text(summary: Report) -> str:
    """One row an estimate and interval; the columns are `CSV_COLUMNS`."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for found in _rows(summary):
        filled = {key: "" if _no_number(value) else value for key, value in found.items()}
        # In every row, so that no filter can take it off the numbers.
        writer.writerow({**filled, "simulated": summary.simulated})
    return out.getvalue()


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text,
    "json": json_text,
    "csv": csv_text,
    "markdown": markdown,
    "latex": latex,
}


def ascii_only(report: str) -> str:
    """The report for a terminal that knows no lines and dots."""
    return report.translate(_ASCII).encode("ascii", "replace").decode("ascii")


def _wrapped(paragraph: str, indent: str = "") -> list[str]:
    # "40.7 %" must not be torn apart at the end of a line.
    glued = paragraph.replace(" %", "\u00a0%")
    lines = textwrap.wrap(glued, WIDTH, break_on_hyphens=False, subsequent_indent=indent)
    return [line.replace("\u00a0", " ") for line in lines]


def _text_table(section: Section) -> list[str]:
    table = [list(section.columns), *(list(row) for row in section.rows)]
    widths = [max(len(cells[i]) for cells in table) for i in range(len(section.columns))]
    lines = []
    for first, *rest in table:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append(" " + "  ".join([first.ljust(widths[0]), *cells]))
    return lines


def _plot(rates: Sequence[Rate]) -> list[str]:
    """Forest plot: the headline interval above Wilson's, on one axis from 0 %."""
    ends = [rate.wilson.high for rate in rates] + [rate.paper or 0.0 for rate in rates]
    ends += [rate.headline.high for rate in rates if rate.headline.defined]
    ticks = min(10, math.ceil(10 * max(ends) + 1e-9))
    step = _BAR // ticks  # characters for 10 %, the same everywhere
    width = step * ticks + 1
    names = max(len(rate.name) for rate in rates)

    def place(share: float) -> int:
        return round(10 * share * step)

    lines = []
    for rate in rates:
        main, naive = [" "] * width, [" "] * width
        _draw(main, rate.headline, place, "├─┤")
        main[place(rate.rate)] = "●"
        _draw(naive, rate.wilson, place, "┄┄┄")
        if rate.paper is not None:
            naive[place(rate.paper)] = "◆"
        lines += [f"  {rate.name:>{names}} │{''.join(main)}", f"  {'':>{names}} │{''.join(naive)}"]
    axis = "".join(f"{10 * tick:<{step}}" for tick in range(ticks)) + f"{10 * ticks} %"
    lines += [f"  {'':>{names}} └{'─' * width}", f"  {'':>{names}}  {axis}"]
    legend = "├─●─┤ rate, interval   ┄┄┄ Wilson (naive)"
    if any(rate.paper is not None for rate in rates):
        legend += "   ◆ paper"
    return [*lines, f"  {'':>{names}}  {legend}"]


def _draw(cells: list[str], interval: Interval, place: Callable[[float], int], ink: str) -> None:
    if interval.defined:
        low, high = place(interval.low), place(interval.high)
        cells[low : high + 1] = ink[1] * (high - low + 1)
        cells[low], cells[high] = ink[0], ink[2]


def _pipe(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.strip().replace("|", "\\|") for cell in cells) + " |"


def _plain(value: Any) -> Any:
    """Values that JSON has: no finite number is null, tuples are lists, moments are texts."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return None if _no_number(value) else value


def _no_number(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _rows(s: Report) -> Iterator[Row]:
    for measure, note in (("title", s.title), ("study", s.study), ("database", s.database)):
        yield row("report", measure, None, note=note)
    for subject in s.subjects:
        yield from subject.rows()
