"""`python -m study.power`: how large a study has to be, by simulation.

    python -m study.power --participants 8,16,32 --trials 20,40
    python -m study.power --participants 16,32,64 --trials 30 --rate 0.4 --plot power.png

For every number of participants and trials it draws many studies from `study.model`, computes
the headline interval of each, and tells how wide it will be and which difference between two
studies (or between the rate and a fixed value) can be seen with 80 % power. People and pictures
differ as `--participant-sd` and `--picture-sd` say: take them from the variance components of a
pilot study. Prints a table, or JSON with `--format json`; draws with `--plot FILE` (matplotlib,
imported only then). No result of this command is one of people.

The difference that can be seen is taken from the spread of the estimate over simulated studies:
against a fixed value it is (t of the test's quantile + t of the power) times that spread, and
between two independent studies of the same size the square root of 2 more.

References
----------
Westfall, Kenny, Judd (2014), Statistical power and optimal design in experiments in which samples
of participants respond to samples of stimuli, J. Exp. Psychol. Gen. 143(5), 2020-2045.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import stdtrit

from study.coverage import Plan, estimates
from study.model import AnswerModel, intercepts

POWER = 0.8
ALPHA = 0.05
TITLE = "Power of a study (SIMULATED PARTICIPANTS)"
_QUIET_SECONDS = 2.0


@dataclass(frozen=True)
class Power:
    """What to expect of one size of a study; widths and differences are shares.

    Attributes
    ----------
    participants, trials, pictures
        People, scored trials each, pictures of the set.
    width
        Median full width of the headline interval; `width_90` is not exceeded in 90 % of studies.
    spread
        Standard deviation of the estimated rate over the simulated studies.
    coverage
        Share of the intervals that hold the rate.
    against_value, between_studies
        Difference seen with 80 % power at the 5 % level.
    """

    participants: int
    trials: int
    pictures: int
    rate: float
    participant_sd: float
    picture_sd: float
    studies: int
    width: float
    width_90: float
    spread: float
    coverage: float
    against_value: float
    between_studies: float


def power(plan: Plan, studies: int, rng: np.random.Generator) -> Power:
    """Simulate studies of one size.

    Parameters
    ----------
    plan : Plan
        Size, rate and standard deviations; as many pictures as trials means that all people see
        the same ones.
    studies : int
        At least 2; the spread has a relative standard error of about 1/sqrt(2 studies).
    rng : numpy Generator

    Returns
    -------
    Power

    Raises
    ------
    ValueError
        With fewer than two studies.
    """
    if studies < 2:
        raise ValueError(f"At least 2 studies are needed to see a spread, got {studies}.")
    fixed = intercepts(AnswerModel({"a": plan.rate}, plan.participant_sd, plan.picture_sd))
    rates, lows, highs = (np.empty(studies) for _ in range(3))
    for i in range(studies):
        rates[i], interval, _ = estimates(plan, fixed, rng)
        lows[i], highs[i] = interval.low, interval.high
    spread = float(rates.std(ddof=1))
    df = min(plan.participants, plan.pictures) - 1
    factor = float(stdtrit(df, 1 - ALPHA / 2) + stdtrit(df, POWER))
    return Power(
        **asdict(plan),
        studies=studies,
        width=float(np.median(highs - lows)),
        width_90=float(np.quantile(highs - lows, 0.9)),
        spread=spread,
        coverage=float(((lows <= plan.rate) & (plan.rate <= highs)).mean()),
        against_value=factor * spread,
        between_studies=factor * spread * math.sqrt(2),
    )


def table(found: Sequence[Power]) -> str:
    """The results for a terminal, in percentage points."""
    one = found[0]
    head = ("people", "trials", "pictures", "width", "90 %", "vs a value", "vs a study", "coverage")
    rows = [
        (
            str(p.participants),
            str(p.trials),
            str(p.pictures),
            f"{100 * p.width:.1f}",
            f"{100 * p.width_90:.1f}",
            f"{100 * p.against_value:.1f}",
            f"{100 * p.between_studies:.1f}",
            f"{100 * p.coverage:.0f} %",
        )
        for p in found
    ]
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
            "width: median width of the headline interval (95 %); 90 %: not exceeded in 90 % of",
            "studies. vs a value, vs a study: smallest difference from a fixed rate, or from",
            "another study of the same size, seen with 80 % power at the 5 % level.",
            "",
        ]
    )


def json_text(found: Sequence[Power]) -> str:
    """The results as JSON, unrounded; differences and widths are shares."""
    rows = [asdict(p) for p in found]
    return json.dumps({"title": TITLE, "simulated": True, "designs": rows}, indent=2) + "\n"


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
    add("--rate", type=float, default=0.4069, help="the true fool rate (default: 0.4069)")
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
    """Run the command line; 0, or 1 with a sentence on stderr."""
    arguments = parser().parse_args(argv)
    plans = list(designs(arguments))
    try:
        _check(arguments, plans)
        rng = np.random.default_rng(arguments.seed)
        found, start, shown = [], time.monotonic(), False
        for done, plan in enumerate(plans, start=1):
            found.append(power(plan, arguments.studies, rng))
            passed = time.monotonic() - start
            if passed > _QUIET_SECONDS:
                left = passed / done * (len(plans) - done)
                line = f"\r{done}/{len(plans)} designs, {left:.0f} s left "
                print(line, end="", file=sys.stderr, flush=True)
                shown = True
        if shown:
            print(file=sys.stderr)
        if arguments.plot is not None:
            plot(found, arguments.plot)
    except (ValueError, OSError) as error:
        print(f"study.power: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    print((json_text if arguments.format == "json" else table)(found), end="")
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
    if arguments.seed < 0:
        raise ValueError(f"The seed must not be negative, got {arguments.seed}.")


if __name__ == "__main__":
    sys.exit(main())
