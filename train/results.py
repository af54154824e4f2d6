"""docs/results.md with every table and picture, the README's table and the cards: one command.

    python -m train.results
    python -m train.results --runs runs/nazeri runs/cvae
    python -m train.results --add flow cvae
    python -m train.results --add flow --limit 1000
    python -m train.results --judge

Evaluates every row on all 10,000 test pictures, walks each method's frontier, compares the
methods in pairs, draws the sheets of pictures and asks the machine judge, which it trains
first (about half an hour on two cores in all). With `--runs` the tables and plots have a row and
a line of trainings whose weights are not committed, too. `--add` computes methods that have new
weights, and leaves all other rows, lines and trials of the judge as they are; with `--limit` on the
first test pictures only, without the metrics that take minutes. `--judge` asks the judge alone,
and leaves all else. What was painted and measured
before is read back (`train.kept`). No figure in the repository is
typed by hand; `tests/train/test_results.py` holds the files to each other.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import colorizers
from colorizers.networks.base import Colorizer
from colorizers.networks.checkpoint import FOLDER
from truehue import TrueHueError

from . import compare, data, evaluate, frontier, gallery, judge, kept
from .candidates import load_run
from .options import command_line
from .page import AFTER_JUDGE, DRAWN, JUDGE, RANKED, SEED, Results, judge_section, page_of
from .run import RunError

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- evaluation -->", "<!-- end of evaluation -->"
COMMAND = "python -m train.results"
ROWS = data.DEFAULT_FILE.parent / kept.FOLDER
TABLES = ("evaluation", "frontier", "comparisons", "judge")
RUN = ("command", "commit", "hours", "hardware")
"""What is kept of the card of a run."""


def compute(
    settings: judge.Settings, folders: Sequence[Path] = ()
) -> tuple[Results, evaluate.Evaluation]:
    """Everything from the committed weights, and from those in the folders of runs.

    Raises
    ------
    train.data.DataError, colorizers.errors.WeightsError, train.run.RunError
    """
    runs = _runs(folders)
    test, train = data.load("test"), data.load("train")
    for name in colorizers.cifar10_names(controls=True):
        colorizers.load(name)  # missing weights are told now, not after minutes
    evaluation = evaluate.Evaluation(test, train, others=runs, keep=ROWS)
    rows = []
    own = (*evaluate.FLOORS, *colorizers.cifar10_names(controls=True))
    for method in (*own, *runs, *evaluate.CEILINGS):
        print(f"evaluation: {method}", file=sys.stderr, flush=True)
        rows.append(evaluation.row(method))
    versions = evaluate.versions()
    rows = [row | {"versions": versions} for row in rows]
    print("paired bootstrap", file=sys.stderr, flush=True)
    compared = ("grey", *colorizers.cifar10_names(controls=True), *runs)
    comparisons = compare.paired({name: evaluation.values[name] for name in compared})
    models = {name: colorizers.load(name) for name in colorizers.cifar10_names(controls=True)}
    line = frontier.frontier(evaluation.truth, evaluation.lab, models | runs, evaluation.painted)
    rates = judge.ask(settings, train.rgb_u8[: settings.pictures], test.rgb_u8)
    cards = {name: {key: colorizer.card[key] for key in RUN} for name, colorizer in runs.items()}
    return _results(settings, rows, line, comparisons, rates, cards), evaluation


def _results(
    settings: judge.Settings,
    rows: list[dict[str, Any]],
    line: list[dict[str, Any]],
    comparisons: list[dict[str, Any]],
    rates: list[dict[str, Any]],
    cards: dict[str, dict[str, Any]],
) -> Results:
    """With what is said of all rows."""
    about = ", ".join(f"{name} {version}" for name, version in rows[0]["versions"].items())
    about += "".join(  # where a row was added on another machine, or on few pictures
        f"; {row['method']}: n = {row['n']:,}, {row['versions']['processor']}"
        for row in rows
        if (row["n"], row["versions"]) != (rows[0]["n"], rows[0]["versions"])
    )
    first = f"ST-LPIPS and the best of {evaluate.DRAWINGS}: the first {evaluate.PERCEPTUAL:,}"
    footer = f"n = {rows[0]['n']:,} test pictures ({first}); {about}."
    return Results(rows, line, comparisons, rates, _judged(settings), footer, cards)


def add(
    methods: Sequence[str], settings: judge.Settings, folder: Path, limit: int = 0
) -> tuple[Results, evaluate.Evaluation]:
    """The results in a folder with the rows of some committed methods computed anew.

    Parameters
    ----------
    methods : sequence of str
    settings : judge.Settings
        Of the judge whose rates are there.
    folder : Path
        Where `publish` left its tables.
    limit : int
        Only so many pictures, without the rulers that are networks; 0 for all.
    """
    rows, line, comparisons, rates = (read(folder, name) for name in TABLES)
    cards = {card.pop("method"): card for card in read(folder, "runs")}
    cards = {name: card for name, card in cards.items() if name not in methods}
    own = ("grey", *colorizers.cifar10_names(controls=True))
    order = [*evaluate.FLOORS, *own[1:], *cards, *evaluate.CEILINGS]
    test = data.load("test")[slice(0, limit or None)]
    evaluation = evaluate.Evaluation(test, data.load("train"), deep=not limit, keep=ROWS)
    rows = [one for one in rows if one["method"] not in methods]
    for name in own:
        print(f"evaluation: {name}", file=sys.stderr, flush=True)
        evaluation.deep = name in methods and not limit  # of others, what the comparisons need
        row = evaluation.row(name)
        rows += [row | {"versions": evaluate.versions()}] if name in methods else []
    line = [one for one in line if one["method"].split(",")[0] not in methods]
    new = {name: colorizers.load(name) for name in methods}
    line += frontier.frontier(evaluation.truth, evaluation.lab, new, evaluation.painted)
    comparisons = [one for one in comparisons if not {one["a"], one["b"]} & {*methods}]
    comparisons += compare.paired({name: evaluation.values[name] for name in own}, of=methods)
    for table in (rows, line):
        table.sort(key=lambda one: order.index(one["method"].split(",")[0]))
    comparisons.sort(
        key=lambda one: (
            compare.METRICS.index(one["metric"]), order.index(one["a"]), order.index(one["b"])
        )
    )  # fmt: skip
    return _results(settings, rows, line, comparisons, rates, cards), evaluation


def judge_again(settings: judge.Settings, root: Path = ROOT) -> list[Path]:
    """Ask the judge anew, and leave all else as it is; returns what was written."""
    training = data.load("train").rgb_u8[: settings.pictures]
    rates = judge.ask(settings, training, data.load("test").rgb_u8)
    table, page = root / "docs" / "results" / "judge.jsonl", root / "docs" / "results.md"
    table.write_text("".join(json.dumps(row) + "\n" for row in rates))
    before, _, rest = page.read_text().partition(JUDGE)
    _, heading, after = rest.partition(AFTER_JUDGE)
    page.write_text(f"{before}{judge_section(rates, _judged(settings))}\n{heading}{after}")
    return [table, page]


def _judged(settings: judge.Settings) -> dict[str, Any]:
    """What is said of the judge's training."""
    return {"pictures": settings.pictures, "epochs": settings.epochs, "seed": settings.seed}


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """A table as `publish` left it."""
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]


def _runs(folders: Sequence[Path]) -> dict[str, Colorizer]:
    runs: dict[str, Colorizer] = {}
    for folder in folders:
        colorizer = load_run(folder)
        if colorizer.name in (*evaluate.known(), *runs):
            raise RunError(
                f"{folder} holds {colorizer.name}, which has a row already; "
                "give runs of other methods with --runs."
            )
        runs[colorizer.name] = colorizer
    return runs


def publish(
    results: Results,
    pictures: Callable[[str], NDArray[np.uint8]],
    error: Callable[[str], NDArray[np.float64]],
    root: Path = ROOT,
    weights: Path = FOLDER,
    only: Sequence[str] = (),
) -> list[Path]:
    """Write docs/results.md, docs/results/, the README's table and the cards.

    Parameters
    ----------
    results : Results
    pictures : callable
        Name of a row -> its pictures, shape (N, H, W, 3).
    error : callable
        Name of a row -> CIEDE2000 of each of its pictures, shape (N,).
    root, weights : Path
        The repository; the folder of weights and cards.
    only : sequence of str
        The methods that were added, whose ranked pictures alone are drawn; runs are then on no
        sheet.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ValueError
        If the README has no place for the table.
    """
    readme = root / "README.md"
    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{readme.name} has no lines {BEGIN} and {END} to put the table between.")
    folder = root / "docs" / "results"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    tables = {name: getattr(results, name) for name in TABLES}
    tables["runs"] = [{"method": name, **card} for name, card in results.runs.items()]
    for name, table in tables.items():
        file = folder / f"{name}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in table))
        written.append(file)
    methods = [*trained(results.evaluation, weights), *results.runs]
    drawn = [name for name in methods if not (only and name in results.runs)]
    written += _draw(results, drawn, [*only] or drawn, pictures, error, folder)
    short = evaluate.table(results.evaluation, markdown=True, keys=evaluate.SHORT)
    readme.write_text(f"{before}{BEGIN}\n{short}\n\n{results.footer}\n{END}{after}")
    page = root / "docs" / "results.md"
    page.write_text(page_of(results, methods, drawn))
    return [*written, readme, page, *write_cards(results.evaluation, weights)]


def _draw(
    results: Results,
    methods: list[str],
    ranked: list[str],
    pictures: Callable[[str], NDArray[np.uint8]],
    error: Callable[[str], NDArray[np.float64]],
    folder: Path,
) -> list[Path]:
    truth, grey = pictures("truth"), pictures("grey")
    drawn = gallery.draw(DRAWN, len(truth), SEED)
    rows = [pictures(name)[drawn] for name in ("grey", *methods, "truth")]
    gallery.sheet(rows).save(folder / "random.png", optimize=True)
    written = [folder / "random.png"]
    for name in ranked:
        chosen = gallery.by_rank(error(name), RANKED)
        file = folder / f"ranked-{name}.png"
        picture = gallery.ranked_sheet(truth, pictures(name), grey, list(chosen.values()))
        picture.save(file, optimize=True)
        written.append(file)
    floors = [row for row in results.evaluation if row["method"] in evaluate.FLOORS]
    shipped = {name: shipped_value(name, results.frontier) for name in (*methods, *results.runs)}
    frontier.plot(results.frontier, floors, shipped, folder / "frontier.png")
    return [*written, folder / "frontier.png"]


def shipped_value(method: str, rows: list[dict[str, Any]]) -> float:
    """Where the app leaves a method's dial: the committed temperature, or a factor of 1."""
    dials = {row["dial"] for row in rows if row["method"] == method}
    if dials != {"T"}:
        return 1.0
    return float(colorizers.load(method).options["temperature"])


def trained(rows: list[dict[str, Any]], weights: Path = FOLDER) -> list[str]:
    """The methods among the rows that have weights."""
    names = [row["method"] for row in rows]
    return [name for name in names if (weights / f"{name}.json").exists()]


def for_card(row: dict[str, Any]) -> dict[str, Any]:
    """What a card keeps of a row: everything but the tables per class and the method's name."""
    return {key: value for key, value in row.items() if key not in ("method", "per_class")}


def write_cards(rows: list[dict[str, Any]], weights: Path = FOLDER) -> list[Path]:
    """Put the figures of each trained method into the card beside its weights."""
    written = []
    for row in rows:
        file = weights / f"{row['method']}.json"
        if file.exists():
            card = json.loads(file.read_text()) | {"metrics": for_card(row)}
            file.write_text(json.dumps(card, indent=2) + "\n")
            written.append(file)
    return written


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = command_line(COMMAND, __doc__)
    runs_help = "rows of trainings that are not committed, by the folders of their runs"
    add_help = "compute these methods alone, beside the rows that are there"
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--runs", nargs="+", type=Path, default=[], metavar="RUN", help=runs_help)
    which.add_argument(
        "--add",
        nargs="+",
        default=[],
        choices=colorizers.cifar10_names(controls=True),
        help=add_help,
    )
    which.add_argument("--judge", action="store_true", help="ask the machine judge alone, anew")
    limit_help = "with --add: only the first N test pictures (default all 10,000)"
    parser.add_argument("--limit", type=int, default=0, metavar="N", help=limit_help)
    arguments = parser.parse_args(argv)
    if arguments.limit < 0 or (arguments.limit and not arguments.add):
        parser.error("--limit is a number from 1 on, beside --add.")
    try:
        if arguments.judge:
            for file in judge_again(judge.Settings()):
                print(f"written: {file.relative_to(ROOT)}", file=sys.stderr)
            return 0
        if arguments.add:
            folder = ROOT / "docs" / "results"
            results, evaluation = add(arguments.add, judge.Settings(), folder, arguments.limit)
        else:
            results, evaluation = compute(judge.Settings(), arguments.runs)
    except TrueHueError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, RunError) else 1
    for file in publish(
        results,
        evaluation.pictures,
        lambda name: evaluation.values[name]["ciede2000"],
        only=arguments.add,
    ):
        print(f"written: {file.relative_to(ROOT)}", file=sys.stderr)
    print(evaluate.table(results.evaluation, markdown=False))
    print(f"\n{results.footer}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
