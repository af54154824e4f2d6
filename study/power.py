"""`python -m study.power`: how large a study has to be, by simulation.

    python -m study.power --participants 8,16,32 --trials 20,40
    python -m study.power --participants 16,32,64 --trials 30 --rate 0.4 --plot power.png
    python -m study.power --rate 0.40 --against 0.33    # how many people tell 40 % from 33 %?
    python -m study.power --rate 0.40 --versus 0.25     # two methods in the same trials

For every number of participants and trials it draws many studies from `study.statistics.model`,
computes the headline interval of each, and tells how wide it will be and which difference between
two studies (or between the rate and a fixed value) can be seen with 80 % power. People and pictures
differ as `--participant-sd` and `--picture-sd` say: take them from the variance components of a
pilot study. Prints a table, or JSON with `--format json`; draws with `--plot FILE` (matplotlib,
imported only then). With `--against` or `--versus` it also counts how many of the studies see that
very difference, and looks for the number of participants that it takes. No result of this command
is one of people.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from study.statistics.coverage import Plan
from study.statistics.sizing import MOST_PEOPLE, Power, Question, people_by_size, power

TITLE = "Power of a study (SIMULATED PARTICIPANTS)"
NOTHING = "–"
_QUIET_SECONDS = 2.0


def table(
    found: Sequence[Power],
    question: Question | None = None,
    needed: Mapping[tuple[int, int], int | None] = {},
) -> str:
    """The results for a terminal, in percentage points; `needed` is of `people_by_size`."""
    one = found[0]
    head = ["people", "trials", "pictures", "width", "90 %", "vs a value", "vs a study", "coverage"]
    rows = [
        [
            str(p.participants),
            str(p.trials),
            str(p.pictures),
            _points(p.width),
            _points(p.width_90),
            _points(p.against_value, p.rate),
            _points(p.between_studies, p.rate),
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
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = ["  ".join(c.rjust(w) for c, w in zip(r, widths, strict=True)) for r in (head, *rows)]
    return "\n".join(
        [
            TITLE,
            "",
            f"Fool rate {100 * one.rate:g} %; people differ by SD {one.participant_sd:g} and "
            f"pictures by SD {one.picture_sd:g}",
            f"on the log odds; {one.studies} simulated studies a row. All in percentage points.",
            "",
            *lines,
            "",
            *asked,
            "width: median width of the headline interval (95 %); 90 %: not exceeded in 90 % of",
            "studies. vs a value, vs a study: smallest difference from a fixed rate, or from",
            "another study of the same size, seen with 80 % power at the 5 % level.",
            f"{NOTHING}: there is no interval, or no rate that is so far away.",
            "",
        ]
    )


def _points(share: float, rate: float = 0.0) -> str:
    """A width or a difference from the rate in percentage points, if there can be such a one."""
    possible = share <= max(rate, 1 - rate)  # False for NaN
    return f"{100 * share:.1f}" if possible else NOTHING


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
        (sides[1], "Difference seen with 80 % power, from a fixed rate", lambda p: p.against_value),
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


def designs(arguments: argparse.Namespace) -> Iterator[Plan]:
    """Every combination of participants and trials."""
    for trials in arguments.trials:
        for participants in arguments.participants:
            pictures = trials if arguments.same_pictures else arguments.pictures
            yield Plan(
                participants,
                trials,
                pictures,
                arguments.rate,
                arguments.participant_sd,
                arguments.picture_sd,
            )


def _numbers(argument: str) -> list[int]:
    try:
        found = [int(part) for part in argument.split(",")]
    except ValueError:
        found = [0]
    if min(found) < 1:
        raise argparse.ArgumentTypeError(
            f"{argument!r} is no list of numbers from 1 on, such as 8,16,32"
        )
    return sorted(set(found))


def _share(argument: str) -> float:
    number, percent = argument.removesuffix("%"), argument.endswith("%")
    try:
        return float(number) / (100 if percent else 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{argument!r} is no rate; write 0.4 or 40%") from None


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        prog="python -m study.power",
        description="How wide the interval of a fool rate will be, and which difference a study "
        "can see, for numbers of participants and trials; by simulation.",
        epilog="Example: python -m study.power --participants 8,16,32 --trials 20,40 --plot "
        "power.png",
    )
    add = result.add_argument
    add(
        "--participants",
        type=_numbers,
        default=[8, 16, 32],
        metavar="N,N",
        help="numbers of people (default: 8,16,32); at least 2",
    )
    add(
        "--trials",
        type=_numbers,
        default=[30],
        metavar="N,N",
        help="numbers of scored trials each (default: 30)",
    )
    add(
        "--pictures",
        type=int,
        default=240,
        metavar="N",
        help="pictures of the set, of which each participant sees some (default: 240)",
    )
    add(
        "--same-pictures",
        action="store_true",
        help="everybody sees the same pictures, as many as there are trials",
    )
    add(
        "--rate",
        type=_share,
        default=0.4069,
        metavar="RATE",
        help="the true fool rate, as 0.4 or 40%% (default: 0.4069)",
    )
    asked = result.add_mutually_exclusive_group()
    asked.add_argument(
        "--against",
        type=_share,
        metavar="RATE",
        help="how often, and with how many people, the rate is told from this fixed value",
    )
    asked.add_argument(
        "--versus",
        type=_share,
        metavar="RATE",
        help="the same for a second method of this rate, shown in the same trials",
    )
    add(
        "--participant-sd",
        type=float,
        default=0.5,
        metavar="SD",
        help="how much people differ, standard deviation on the log odds (default: 0.5)",
    )
    add(
        "--picture-sd",
        type=float,
        default=1.0,
        metavar="SD",
        help="how much pictures differ, likewise (default: 1.0)",
    )
    add("--studies", type=int, default=400, metavar="N", help="studies a design (default: 400)")
    add("--seed", type=int, default=1, help="same seed, same numbers (default: 1)")
    add("--format", choices=("text", "json"), default="text", help="table (default) or JSON")
    add("--plot", type=Path, metavar="FILE", help="draw into this file, such as power.png or .svg")
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; 0, or with a sentence 2 if misused, 1 if the plot cannot be written."""
    arguments = parser().parse_args(argv)
    plans = list(designs(arguments))
    question, needed = None, {}
    if arguments.against is not None:
        question = Question(arguments.against)
    elif arguments.versus is not None:
        question = Question(arguments.versus, within=True)
    try:
        _check(arguments, plans)
        rng = np.random.default_rng(arguments.seed)
        found, start, shown = [], time.monotonic(), False
        for done, plan in enumerate(plans, start=1):
            found.append(power(plan, arguments.studies, rng, question))
            passed = time.monotonic() - start
            if passed > _QUIET_SECONDS:
                left = passed / done * (len(plans) - done)
                line = f"\r{done}/{len(plans)} designs, {left:.0f} s left "
                print(line, end="", file=sys.stderr, flush=True)
                shown = True
        if shown:
            print(file=sys.stderr)
        if question is not None:
            needed = people_by_size(plans, question, arguments.studies, rng)
        if arguments.plot is not None:
            plot(found, arguments.plot)
    except (ValueError, OSError) as error:
        print(f"study.power: {error}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    printed = json_text if arguments.format == "json" else table
    print(printed(found, question, needed), end="")
    return 0


def _check(arguments: argparse.Namespace, plans: Sequence[Plan]) -> None:
    for plan in plans:
        if min(plan.participants, plan.pictures) < 2:
            raise ValueError(
                f"{plan.participants} participants and {plan.pictures} pictures: an interval over "
                "both needs at least 2 of each."
            )
        if plan.trials > plan.pictures:
            raise ValueError(
                f"{plan.trials} trials need as many pictures, but there are {plan.pictures}; ask "
                "for more (--pictures)."
            )
    for name in ("rate", "against", "versus"):
        share = getattr(arguments, name)
        if share is not None and not 0 < share < 1:
            raise ValueError(
                f"--{name} must lie above 0 and below 1, got {share:g}; write 33 % as 0.33 or 33%."
            )
    if arguments.plot is not None:  # before the work, not after it
        folder = arguments.plot.parent
        if not folder.is_dir():
            raise ValueError(f"{folder} is no folder; make it first, or name another (--plot).")
        from matplotlib.backend_bases import FigureCanvasBase

        kinds = FigureCanvasBase.get_supported_filetypes()
        if arguments.plot.suffix.lstrip(".").lower() not in kinds:
            raise ValueError(
                f"{arguments.plot} has no ending of a picture; name it .png, .svg or .pdf."
            )
    if arguments.seed < 0:
        raise ValueError(f"The seed must not be negative, got {arguments.seed}.")


if __name__ == "__main__":
    sys.exit(main())
