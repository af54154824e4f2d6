"""The report on the screen or in a file: text, Markdown, CSV, JSON (LaTeX: `study.report.latex`).

Fed by a `study.statistics.summary.Summary`. Text and Markdown print the sections of
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
from typing import Any

from study.report.latex import latex
from study.report.layout import Section
from study.report.sections import banner, sections
from study.statistics.intervals import Interval
from study.statistics.stats import Rate
from study.statistics.summary import Summary

WIDTH = 80
CSV_COLUMNS = (
    *("section", "group", "name", "measure", "value", "low", "high", "interval"),
    *("level", "numerator", "denominator", "note", "simulated"),
)
_BAR = 54
_ASCII = str.maketrans("─│├┤●◆┄═–·−✓“”±½", '-|[]o*.=---x""~?')


def text(summary: Summary) -> str:
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


def markdown(summary: Summary) -> str:
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
            lines += [_pipe(row) for row in section.rows]
        for note in section.notes:
            lines += ["", note]
        lines += [""] if section.items else []
        lines += [f"- {mark} **{asked}**: {answer}" for mark, asked, answer in section.items]
    return "\n".join(lines) + "\n"


def json_text(summary: Summary) -> str:
    """The whole summary as JSON; values that do not exist are null."""
    return json.dumps(_plain(dataclasses.asdict(summary)), indent=2, ensure_ascii=False) + "\n"


def csv_text(summary: Summary) -> str:
    """One row an estimate and interval; the columns are `CSV_COLUMNS`."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in _rows(summary):
        filled = {key: "" if _is_nan(value) else value for key, value in row.items()}
        # In every row, so that no filter can take it off the numbers.
        writer.writerow({**filled, "simulated": summary.simulated})
    return out.getvalue()


FORMATS: dict[str, Callable[[Summary], str]] = {
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
    widths = [max(len(row[i]) for row in table) for i in range(len(section.columns))]
    lines = []
    for row in table:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append(" " + "  ".join(cells))
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
    """Values that JSON has: NaN becomes null, tuples become lists."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if _is_nan(value) else value


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _rows(s: Summary) -> Iterator[dict[str, Any]]:
    yield {"section": "report", "measure": "title", "note": s.title}
    yield {"section": "report", "measure": "study", "note": s.study}
    yield {"section": "report", "measure": "database", "note": s.database}
    counts = {name: n for name, n in dataclasses.asdict(s.flow).items() if n is not None}
    for reason, n in counts.pop("reasons").items():
        yield {"section": "participants", "group": reason, "measure": "excluded", "value": n}
    for measure, n in counts.items():
        yield {"section": "participants", "measure": measure, "value": n}
    for kind, n in s.answers.by_kind.items():
        yield {"section": "trials", "group": kind, "measure": "answered", "value": n}
    yield {"section": "trials", "measure": "analysed", "value": s.answers.analysed}
    for rule, limit in s.rules.items():
        yield {"section": "rules", "name": rule, "measure": "limit", "value": limit}
    yield from _rate_rows("fool_rates", "", s.fool_rates)
    for joint in s.joint:
        for interval in (joint.robust, joint.goodman):
            yield {
                "section": "joint",
                "name": joint.name,
                "measure": "rate",
                "value": joint.rate,
                **_ends(interval),
            }
    yield from _rate_rows("pairwise", "", s.pairwise)
    for d in s.distances:
        row = {"section": "against_truth", "name": d.name}
        yield {**row, "measure": "point", "value": d.point}
        yield {**row, "measure": "distance", "value": d.distance, **_ends(d.interval)}
    yield {
        "section": "detection",
        "measure": "d_prime",
        "value": s.detection.d_prime,
        **_ends(s.detection.interval),
    }
    yield from _test_rows(s)
    yield from _road_rows(s)
    for scale, of_scale in s.ratings.items():
        for rating in of_scale:
            row = {"section": "ratings", "group": scale, "name": rating.name}
            mean = {"value": rating.mean, "denominator": rating.participants}
            yield {
                **row,
                "measure": "mean",
                **mean,
                **_ends(rating.interval),
            }
            for point, count in enumerate(rating.counts, start=1):
                share = {"numerator": count, "denominator": rating.ratings}
                yield {**row, "measure": f"count_{point}", "value": count, **share}
    for agreement in s.agreement:
        yield {
            "section": "agreement",
            "group": agreement.scale,
            "measure": "krippendorff_alpha_ordinal",
            "value": agreement.alpha,
            "denominator": agreement.ratings,
        }
    for of_class in s.classes:
        yield from _rate_rows("classes", of_class.label, of_class.rates)
    yield from _rate_rows("slots", "", s.slots.slots)
    yield {"section": "slots", "measure": "p_naive", "value": s.slots.chi2_p}
    yield from _behaviour_rows(s)
    for measure, value in dataclasses.asdict(s.attention).items():
        yield {"section": "attention", "measure": measure, "value": value}
    for population in s.populations:
        yield from _rate_rows("populations", population.name, population.rates)


def _test_rows(s: Summary) -> Iterator[dict[str, Any]]:
    for t in s.against_truth:
        row = {"section": "tests", "name": t.name}
        yield {**row, "measure": "gap", "value": t.gap, **_ends(t.interval)}
        for measure in ("effect_size", "p", "p_holm", "p_naive", "margin", "p_equivalent"):
            yield {**row, "measure": measure, "value": getattr(t, measure)}
    for d in s.differences:
        row = {"section": "differences", "group": d.other, "name": d.name}
        yield {**row, "measure": "difference", "value": d.difference, **_ends(d.interval)}
        for measure in ("effect_size", "p", "p_holm"):
            yield {**row, "measure": measure, "value": getattr(d, measure)}
    for scale, of_scale in s.rating_differences.items():
        for r in of_scale:
            row = {"section": f"ratings_{scale}", "group": r.other, "name": r.name}
            yield {**row, "measure": "difference", "value": r.difference, **_ends(r.interval)}
            for measure in ("rank_correlation", "p", "p_holm"):
                yield {**row, "measure": measure, "value": getattr(r, measure)}


def _road_rows(s: Summary) -> Iterator[dict[str, Any]]:
    for o in s.sensitivity:
        row = {"section": "roads", "name": o.name, "measure": "rate"}
        for interval in (o.bootstrap, o.marginal, o.jeffreys):
            yield {**row, "value": o.rate, **_ends(interval)}
        yield {**row, "value": o.components.rate, **_ends(o.components.interval)}
        row = {"section": "components", "name": o.name}
        for measure in ("participant_sd", "picture_sd", "person_share"):
            yield {**row, "measure": measure, "value": getattr(o.components, measure)}


def _behaviour_rows(s: Summary) -> Iterator[dict[str, Any]]:
    if s.times is not None:
        for measure, value in dataclasses.asdict(s.times).items():
            yield {"section": "response_times", "measure": measure, "value": value}
    for pick in s.times_by_pick:
        row = {"section": "response_times", "name": pick.name, "denominator": pick.answers}
        yield {**row, "measure": "median_s", "value": pick.median_s}
    for block in s.blocks:
        row = {"section": "blocks", "group": f"{block.first}-{block.last}"}
        for measure in ("correct", "first_quartile_s", "median_s", "third_quartile_s"):
            value = getattr(block, measure)
            yield {**row, "measure": measure, "value": value, "denominator": block.answers}
    for trend in s.trends:
        row = {"section": "trends", "name": trend.name, "denominator": trend.participants}
        slope = {"value": trend.per_ten_trials, **_ends(trend.interval)}
        yield {**row, "measure": "per_ten_trials", **slope}
    for people in s.people:
        row = {"section": "people", "name": people.name}
        names = ("lowest", "first_quartile", "median", "third_quartile", "highest")
        for measure, value in zip(names, people.quantiles, strict=True):
            yield {**row, "measure": measure, "value": value}
        yield {**row, "measure": "sd", "value": people.sd}
        yield {**row, "measure": "sd_by_chance", "value": people.expected_sd}
    for picture in s.pictures:
        yield {
            "section": "pictures",
            "group": picture.picture,
            "name": picture.name,
            "measure": "rate",
            "value": picture.picked / picture.trials,
            "numerator": picture.picked,
            "denominator": picture.trials,
        }


def _rate_rows(section: str, group: str, rates: Sequence[Rate]) -> Iterator[dict[str, Any]]:
    for rate in rates:
        row = {"section": section, "group": group, "name": rate.name}
        share = {"value": rate.rate, "numerator": rate.picked, "denominator": rate.trials}
        for interval in (rate.headline, rate.wilson):
            yield {**row, "measure": "rate", **share, **_ends(interval)}
        if rate.paper is not None:
            yield {**row, "measure": "paper_rate", "value": rate.paper}


def _ends(interval: Interval) -> dict[str, Any]:
    return {
        "low": interval.low,
        "high": interval.high,
        "interval": interval.method,
        "level": interval.level,
        "note": interval.note,
    }
