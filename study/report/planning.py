"""What `python -m study.power` prints: tables, JSON and a plot.

Fed by `study.statistics.sizing` (one rate) and `study.statistics.claims` (several methods).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from study.statistics.claims import EQUIVALENCE, GAP, TOLD, Claim, Claims, Methods
from study.statistics.claims_kinds import Judging, Preferring
from study.statistics.coverage import Plan
from study.statistics.sizing import MOST_PEOPLE, Power, Question

TITLE = "Power of a study (SIMULATED PARTICIPANTS)"
NOTHING = "–"
Made = list[tuple[Plan, list[Claim]]]
Fewest = Mapping[tuple[int, int], Mapping[tuple[str, str, str], int | None]]


def table(
    found: Sequence[Power],
    question: Question | None = None,
    needed: Mapping[tuple[int, int], int | None] = {},
) -> str:
    """The results for a terminal, in percentage points; `needed` is of `people_by_size`."""
    one = found[0]
    head = ["people", "trials", "pictures", "width", "90 %", "below", "above", "coverage"]
    rows = [
        [
            str(p.participants),
            str(p.trials),
            str(p.pictures),
            _points(p.width),
            _points(p.width_90),
            f"{100 * p.told_below:.1f}" if p.told_below > 0 else NOTHING,
            f"{100 * p.told_above:.1f}" if p.told_above < 1 else NOTHING,
            NOTHING if math.isnan(p.coverage) else f"{100 * p.coverage:.0f} %",
        ]
        for p in found
    ]
    asked: list[str] = []
    if question is not None:
        head.append("power")
        for row, p in zip(rows, found, strict=True):
            row.append(NOTHING if p.power is None else f"{100 * p.power:.0f} %")
        asked = [*_answers(one.rate, question, needed), ""]
    return "\n".join(
        [
            TITLE,
            "",
            f"Fool rate {100 * one.rate:g} %; {_people(one)}",
            f"{one.studies} simulated studies a row. All in percent or percentage points.",
            "",
            *_aligned(head, rows),
            "",
            *asked,
            "width: median width of the headline interval (95 %); 90 %: not exceeded in 90 % of",
            "studies. below, above: 80 % of the studies tell the rate from this fixed one and all",
            "that are lower, or higher, at the 5 % level.",
            *_diluted(one),
            f"{NOTHING}: there is no interval, or no rate that is so far away.",
            "",
        ]
    )


def claims_table(made: Made, methods: Claims, studies: int, needed: Fewest) -> str:
    """The power of every claim for a terminal; `needed` is of `people_for_claims`."""
    one = made[0][0]
    rates = ", ".join(f"{name} {100 * rate:g} %" for name, rate in methods.shares.items())
    word, _, explained = _words(methods)
    head = ["people", "trials", "pictures", "true", "power", "Holm", "claim"]
    rows = []
    for plan, found in made:
        for i, claim in enumerate(found):
            size = [str(plan.participants), str(plan.trials), str(plan.pictures)]
            rows.append(
                [
                    *(size if i == 0 else [""] * 3),
                    f"{100 * claim.value:+.1f}",
                    f"{100 * claim.power:.0f} %",
                    f"{100 * claim.power_holm:.0f} %",
                    _claim(claim.kind, claim.name, claim.other, methods),
                ]
            )
    return "\n".join(
        [
            TITLE,
            "",
            f"{word}: {rates}; {_people(one)}",
            f"{studies} simulated studies a row. true: {'gap or ' * isinstance(methods, Methods)}"
            "difference in percentage points.",
            "",
            *_aligned(head, rows, left=1),
            "",
            *(
                line
                for size, people in needed.items()
                for line in _fewest(size, people, made, methods)
            ),
            "",
            "power: share of the studies whose p is at most 5 %; Holm: the same after the report's",
            f"correction.{explained}",
            "Where a claim is not true, its power is how often it would be made all the same.",
            *_diluted(one, methods.options),
            "",
        ]
    )


def _words(methods: Claims) -> tuple[str, str, str]:
    """What the shares are, their name in JSON, and a word on the claims."""
    if isinstance(methods, Judging):
        return "Called real", "real", " Told: not called real as often as the truth."
    if isinstance(methods, Preferring):
        return "Preferred", "prefer", ""
    gap = " Gap: half of the difference between the picks of method and truth."
    return "Fool rates", "fool", gap


def _claim(kind: str, name: str, other: str, methods: Claims) -> str:
    """Name a claim, such as "gan: gap"."""
    if kind == GAP:
        return f"{name}: gap to the truth"
    if kind == TOLD:
        return f"{name}: told from the truth"
    if kind == EQUIVALENCE and isinstance(methods, Methods):
        return f"{name}: within ±{100 * methods.margin:g} of the truth"
    return f"{name} − {other}"


def _fewest(
    size: tuple[int, int],
    needed: Mapping[tuple[str, str, str], int | None],
    made: Made,
    methods: Claims,
) -> Iterator[str]:
    """How many people each claim takes with so many trials and pictures."""
    trials, pictures = size
    yield f"For 80 % after Holm, with {trials} trials of {pictures} pictures each:"
    for claim in made[0][1]:
        people = needed[claim.kind, claim.name, claim.other]
        said = f"about {people} people" if people else f"more than {MOST_PEOPLE} people"
        if not methods.can_be_shown(claim.kind, claim.value):
            said = "not true, so no number of people shows it"
        yield f"  {_claim(claim.kind, claim.name, claim.other, methods)}: {said}"


def _aligned(head: list[str], rows: list[list[str]], left: int = 0) -> list[str]:
    """Lines of a table whose last `left` columns begin at one place and whose others end at one."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    right = len(head) - left
    return [
        "  ".join(
            cell.rjust(width) if i < right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]


def _people(of: Plan | Power) -> str:
    """How people and pictures differ, and who leaves or picks by chance."""
    more = [
        f", {100 * share:g} % {what}"
        for share, what in ((of.dropout, "leave early"), (of.careless, "pick by chance"))
        if share
    ]
    return (
        f"people differ by SD {of.participant_sd:g} and pictures\nby SD {of.picture_sd:g} on the "
        f"log odds{''.join(more)};"
    )


def _diluted(of: Plan | Power, options: int | None = None) -> list[str]:
    """What the careless do to a rate, where there are some."""
    if not of.careless:
        return []
    return [
        "Answers of those who pick by chance are in the rates, and draw them towards "
        f"{100 / (options or of.options):.1f} %."
    ]


def _points(share: float) -> str:
    """A width in percentage points, if there is one."""
    return NOTHING if math.isnan(share) else f"{100 * share:.1f}"


def _answers(
    rate: float, question: Question, needed: Mapping[tuple[int, int], int | None]
) -> list[str]:
    other = f"{100 * question.rate:g} %"
    where = f"a second method's {other} in the same trials" if question.within else other
    lines = [f"power: share of the studies that tell {100 * rate:g} % from {where}."]
    for (trials, pictures), people in needed.items():
        size = f"{trials} trials of {pictures} pictures"
        lines.append(
            f"For 80 %, with {size} each: about {people} people."
            if people is not None
            else f"With {size}, {MOST_PEOPLE} people are too few for 80 %; take more pictures."
        )
    return lines


def json_text(
    found: Sequence[Power],
    question: Question | None = None,
    needed: Mapping[tuple[int, int], int | None] = {},
) -> str:
    """The results as JSON, unrounded; differences and widths are shares, null where none is."""
    rows = [
        {
            k: None if isinstance(v, float) and not math.isfinite(v) else v
            for k, v in asdict(p).items()
        }
        for p in found
    ]
    made: dict[str, Any] = {"title": TITLE, "simulated": True, "designs": rows}
    if question is not None:
        made["question"] = asdict(question)
        made["needed"] = [
            {"trials": trials, "pictures": pictures, "participants": people}
            for (trials, pictures), people in needed.items()
        ]
    return json.dumps(made, indent=2, allow_nan=False) + "\n"


def claims_json(made: Made, methods: Claims, studies: int, needed: Fewest) -> str:
    """The power of every claim as JSON, unrounded shares."""
    content = {
        "title": TITLE,
        "simulated": True,
        "studies": studies,
        _words(methods)[1]: dict(methods.shares),
        **({"margin": methods.margin} if isinstance(methods, Methods) else {}),
        "designs": [
            {
                **{k: v for k, v in asdict(plan).items() if k != "rate"},
                "options": methods.options,
                "claims": [asdict(claim) for claim in found],
            }
            for plan, found in made
        ],
        "needed": [
            {
                **{"trials": trials, "pictures": pictures},
                **{"kind": kind, "name": name, "other": other, "participants": people},
            }
            for (trials, pictures), fewest in needed.items()
            for (kind, name, other), people in fewest.items()
        ],
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def plot(found: Sequence[Power], path: Path) -> None:
    """Draw width and detectable difference against participants, a line a number of trials.

    The format is that of the file's ending, such as .png or .svg; the same results give the same
    bytes.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "truehue"
    figure = Figure(figsize=(9, 4.2), layout="constrained", dpi=150)
    figure.suptitle(TITLE, fontsize=11)
    sides = figure.subplots(1, 2)
    shown: list[tuple[Any, str, Callable[[Power], float]]] = [
        (sides[0], "Width of the 95 % interval", lambda p: p.width),
        (sides[1], "Difference seen with 80 % power, from a fixed rate", _difference_seen),
    ]
    colours = ("#c4472b", "#1f6f9f", "#7b5aa6", "#a67c00", "#3d7f6a", "#55595e")
    groups = sorted({(p.trials, p.pictures) for p in found})
    for axes, title, value in shown:
        for i, (trials, pictures) in enumerate(groups):
            mine = sorted(
                (p for p in found if (p.trials, p.pictures) == (trials, pictures)),
                key=lambda p: p.participants,
            )
            axes.plot(
                [p.participants for p in mine],
                [100 * value(p) for p in mine],
                "o-",
                color=colours[i % len(colours)],
                label=f"{trials} trials of {pictures} pictures",
            )
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("participants")
        axes.set_ylabel("percentage points")
        axes.set_xscale("log", base=2)
        people = sorted({p.participants for p in found})
        axes.set_xticks(people, [str(n) for n in people], minor=False)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    sides[0].legend(frameon=False, fontsize=9)
    kind = path.suffix.lstrip(".").lower()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    figure.savefig(path, metadata=metadata)


def _difference_seen(found: Power) -> float:
    """How far off the fixed rates on either side are that 80 % of the studies leave out."""
    rate = found.rate + found.careless * (1 / found.options - found.rate)
    far = max(rate - found.told_below, found.told_above - rate)
    return far if math.isfinite(far) else math.nan
