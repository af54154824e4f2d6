"""`python -m study.power`: how large a study has to be, by simulation.

    python -m study.power --participants 8,16,32 --trials 20,40
    python -m study.power --participants 16,32,64 --trials 30 --rate 0.4 --plot power.png
    python -m study.power --rate 0.40 --against 0.33    # how many people tell 40 % from 33 %?
    python -m study.power --rate 0.40 --versus 0.25     # two methods in the same trials
    python -m study.power --fool gan=40% --fool classification=5%   # every claim of the report
    python -m study.power --real truth=75% --real gan=60%           # the same of real or fake
    python -m study.power --prefer gan=60% --prefer flow=40%      # and of preferences

For every number of participants and trials it draws many studies from `study.statistics.model`,
computes the headline interval of each, and tells how wide it will be and from which fixed rates the
rate can be told with 80 % power. People and pictures differ as `--participant-sd` and
`--picture-sd` say: take them from the variance components of a pilot study. `--dropout` and
`--careless` add people who leave early and people who pick by chance. Prints a table, or JSON with
`--format json`; draws with `--plot FILE` (matplotlib, imported only then). With `--against` or
`--versus` it also counts how many of the studies see that very difference, and looks for the number
of participants that it takes; with `--fool` it does so for every claim that the report makes of
these methods, with `--real` and `--prefer` for trials of real or fake and of preferences. No result
of this command is one of people.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from study.report.planning import claims_json, claims_table, json_text, plot, table
from study.statistics.claims import Claims, Methods, claims, people_for_claims
from study.statistics.claims_kinds import Judging, Preferring
from study.statistics.comparisons import MARGIN
from study.statistics.coverage import Plan
from study.statistics.sizing import Question, people_by_size, power

_RATE = 0.4069
_QUIET_SECONDS = 2.0
_SHARES = ("fool", "real", "prefer")  # options with a share a method, one of them at most


def designs(arguments: argparse.Namespace) -> Iterator[Plan]:
    """Every combination of participants and trials."""
    for trials in arguments.trials:
        for participants in arguments.participants:
            pictures = trials if arguments.same_pictures else arguments.pictures
            yield Plan(
                participants,
                trials,
                pictures,
                _RATE if arguments.rate is None else arguments.rate,
                arguments.participant_sd,
                arguments.picture_sd,
                arguments.dropout,
                arguments.careless,
                arguments.options,
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


def _fool(argument: str) -> tuple[str, float]:
    method, equals, rate = argument.partition("=")
    if not (equals and method):
        raise argparse.ArgumentTypeError(f"{argument!r} is not METHOD=RATE, such as gan=40%")
    return method, _share(rate)


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
        metavar="RATE",
        help=f"the true fool rate, as 0.4 or 40%% (default: {_RATE:g})",
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
    asked.add_argument(
        "--fool",
        type=_fool,
        action="append",
        metavar="METHOD=RATE",
        help="once a method: how often, and with how many people, each claim of the report is made "
        "(gap to the truth, equivalence, differences), after Holm's correction, too",
    )
    asked.add_argument(
        "--real",
        type=_fool,
        action="append",
        metavar="METHOD=RATE",
        help="the same of trials that ask real or fake: share of this version's pictures that are "
        "called real, of the truth, too",
    )
    asked.add_argument(
        "--prefer",
        type=_fool,
        action="append",
        metavar="METHOD=RATE",
        help="the same of preferences: share of trials in which the method is preferred, together "
        "100%%",
    )
    add(
        "--margin",
        type=_share,
        default=MARGIN,
        metavar="SHARE",
        help="margin of equivalence for --fool, as 0.05 or 5%% (default: 0.05)",
    )
    add(
        "--dropout",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="share of people who leave after any of their trials; these count (default: 0)",
    )
    add(
        "--careless",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="share of people who pick by chance and are not excluded (default: 0)",
    )
    add(
        "--options",
        type=int,
        default=3,
        metavar="N",
        help="pictures a trial, for who picks by chance (default: 3; with rates of methods, as "
        "many as there are)",
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
    try:
        plans = list(designs(arguments))
        _check(arguments, plans)
        print(_answer(arguments, plans), end="")
    except (ValueError, OSError) as error:
        print(f"study.power: {error}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    return 0


def _answer(arguments: argparse.Namespace, plans: Sequence[Plan]) -> str:
    """Simulate, draw where a plot is asked for, and return what is printed."""
    rng, studies = np.random.default_rng(arguments.seed), arguments.studies
    as_json = arguments.format == "json"
    methods = _methods(arguments)
    if methods is not None:
        made = [(plan, claims(plan, methods, studies, rng)) for plan in _in_time(plans)]
        sizes = {(plan.trials, plan.pictures): plan for plan in plans}
        fewest = {
            size: people_for_claims(plan, methods, studies, rng) for size, plan in sizes.items()
        }
        printed = claims_json if as_json else claims_table
        return printed(made, methods, studies, fewest)
    question, needed = None, {}
    if arguments.against is not None:
        question = Question(arguments.against)
    elif arguments.versus is not None:
        question = Question(arguments.versus, within=True)
    found = [power(plan, studies, rng, question) for plan in _in_time(plans)]
    if question is not None:
        needed = people_by_size(plans, question, studies, rng)
    if arguments.plot is not None:
        plot(found, arguments.plot)
    return (json_text if as_json else table)(found, question, needed)


def _methods(arguments: argparse.Namespace) -> Claims | None:
    """What the study shows, where rates of its methods are given."""
    shares: dict[str, Mapping[str, float]] = {
        option: dict(getattr(arguments, option) or []) for option in _SHARES
    }
    if shares["fool"]:
        return Methods(shares["fool"], arguments.margin)
    if shares["real"]:
        return Judging(shares["real"])
    return Preferring(shares["prefer"]) if shares["prefer"] else None


def _in_time(plans: Sequence[Plan]) -> Iterator[Plan]:
    """Yield the plans, and say on stderr how long is left where it takes long."""
    start, shown = time.monotonic(), False
    for done, plan in enumerate(plans, start=1):
        yield plan
        passed = time.monotonic() - start
        if passed > _QUIET_SECONDS:
            left = passed / done * (len(plans) - done)
            line = f"\r{done}/{len(plans)} designs, {left:.0f} s left "
            print(line, end="", file=sys.stderr, flush=True)
            shown = True
    if shown:
        print(file=sys.stderr)


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
    for name in ("dropout", "careless"):
        share = getattr(arguments, name)
        if not 0 <= share < 1:
            raise ValueError(
                f"--{name} must lie from 0 to below 1, got {share:g}; write 10 % as 0.1 or 10%."
            )
    if arguments.options < 2:
        raise ValueError(f"--options must be at least 2 pictures a trial, got {arguments.options}.")
    _check_shares(arguments)
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


def _check_shares(arguments: argparse.Namespace) -> None:
    for option in _SHARES:
        given = getattr(arguments, option)
        if not given:
            continue
        if len(dict(given)) < len(given):
            raise ValueError(
                f"A method has two rates of --{option}; give --{option} once a method."
            )
        if arguments.rate is not None or arguments.plot is not None:
            raise ValueError(
                f"--{option} takes the place of --rate and has no --plot; leave these out."
            )


if __name__ == "__main__":
    sys.exit(main())
