"""Where the figures of the evaluation go: docs, README, cards, a sheet of pictures.

`python -m train.evaluate --publish` writes them all, so that no figure in the repository is
typed by hand. `tests/train/test_evaluate.py` holds the files to each other.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizers.checkpoint import FOLDER

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- evaluation -->", "<!-- end of evaluation -->"
SHEET_SEED = 1
SHEET_COLUMNS = 24
SHEET_ENLARGE = 2
COMMAND = "python -m train.evaluate --publish"


def publish(
    rows: list[dict[str, Any]],
    whole_table: str,
    short_table: str,
    footer: str,
    pictures: Callable[[str], NDArray[np.uint8]],
    root: Path = ROOT,
    weights: Path = FOLDER,
) -> list[Path]:
    """Write docs/evaluation.jsonl, .md and .png, the table of the README and the cards.

    Parameters
    ----------
    rows : list of dict
        One a method, as `train.evaluate` makes them.
    whole_table, short_table : str
        Markdown, for docs/ and for the README.
    footer : str
        n, versions, machine.
    pictures : callable
        Name of a row -> its pictures, shape (N, H, W, 3).
    root, weights : Path
        The repository and the folder of weights and cards.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ValueError
        If the README has no place for the table.
    """
    docs = root / "docs"
    lines, page, sheet = (docs / f"evaluation.{ending}" for ending in ("jsonl", "md", "png"))
    readme = root / "README.md"
    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{readme.name} has no lines {BEGIN} and {END} to put the table between.")

    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    page.write_text(
        "# Evaluation\n\n"
        f"Made by `{COMMAND}`; intervals and the tables per class are in\n"
        "[evaluation.jsonl](evaluation.jsonl), one JSON object a row. The definitions are in\n"
        "[`train/metrics.py`](../train/metrics.py).\n\n"
        f"{whole_table}\n\n{footer}\n\n"
        f"![{SHEET_COLUMNS} test pictures](evaluation.png)\n\n"
        f"Drawn at random (seed {SHEET_SEED}), never by hand. From above: grey, "
        f"{', '.join(trained(rows, weights))}, truth.\n"
    )
    readme.write_text(f"{before}{BEGIN}\n{short_table}\n\n{footer}\n{END}{after}")
    _sheet(["grey", *trained(rows, weights), "truth"], pictures).save(sheet)
    return [lines, page, sheet, readme, *write_cards(rows, weights)]


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


def _sheet(names: list[str], pictures: Callable[[str], NDArray[np.uint8]]) -> Image.Image:
    rows = []
    for name in names:
        whole = pictures(name)
        rng = np.random.default_rng(SHEET_SEED)  # the same pictures in each row
        drawn = rng.choice(len(whole), size=min(SHEET_COLUMNS, len(whole)), replace=False)
        rows.append(np.concatenate(list(whole[np.sort(drawn)]), axis=1))
    sheet = np.concatenate(rows).repeat(SHEET_ENLARGE, 0).repeat(SHEET_ENLARGE, 1)
    return Image.fromarray(sheet)
