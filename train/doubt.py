"""How sure `photo` is of its colours: counted on some photographs, checked on others.

    python -m train.doubt --photos FOLDER_OR_TAR --write

Counts how often the true colour is within a CIEDE2000 of `WITHIN` of the guess, by how far the
drawings are apart there (`colorizers.painting.doubt`), on photographs that are set aside from the
training and from its tests (`train.kinds.set_aside`). `--write` puts that into the card of the
weights. Then the reliability on the photographs that the tests hold out is written to
docs/doubt.md: of places that are said to be so sure, how many hold the truth. To be run again for
other weights.

References
----------
Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017 (reliability by
bins). Sharma, Wu, Dalal: The CIEDE2000 color-difference formula, Color Research and Application 30,
2005.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from skimage.color import deltaE_ciede2000
from tqdm import tqdm

import colorizers
from colorizers.color import rgb_to_lab
from colorizers.networks import checkpoint
from colorizers.painting.doubt import SEEDS, on_places, spread
from colorizers.painting.predict import predict_grid
from colorizers.painting.predictor import Predictor

from . import kinds
from .photos import files, read, sources

UInt8 = NDArray[np.uint8]

WITHIN = 10.0
"""CIEDE2000 up to which a guess holds the truth: another shade, not another colour."""
KNOTS = 24
SAID = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.75, 0.85, 0.95, 1.0)
"""Bounds of the table's rows: what is said to be about 80 % sure has one of its own."""
RESAMPLES, SEED = 300, 0
PAGE = Path(__file__).parents[1] / "docs" / "doubt.md"


class Places(NamedTuple):
    """Of all places of one photograph: the spread there, and whether the truth is near."""

    spread: NDArray[np.float32]
    near: NDArray[np.bool_]


def places_of(colorizer: Predictor, rgb_u8: UInt8) -> Places:
    """Look at a photograph (height, width, 3) of known colours."""
    lab = rgb_to_lab(rgb_u8)
    L = np.ascontiguousarray(lab[..., 0])
    true = on_places(lab, L.shape)
    guessed = np.dstack([true[..., 0], on_places(predict_grid(colorizer, L), L.shape)])
    away = deltaE_ciede2000(guessed, true)
    return Places(spread(colorizer, L).ravel(), (away <= WITHIN).ravel())


def counted(seen: Sequence[Places], knots: int = KNOTS) -> dict[str, list[float]]:
    """How often the truth is near, by the spread: knots of a falling line.

    Examples
    --------
    >>> seen = [Places(np.float32([1, 2, 3, 4]), np.array([True, True, True, False]))]
    >>> counted(seen, knots=2)
    {'spread': [1.5, 3.5], 'sure': [1.0, 0.5]}
    """
    away = np.concatenate([one.spread for one in seen])
    near = np.concatenate([one.near for one in seen])
    parts = np.array_split(np.argsort(away, kind="stable"), knots)
    share = isotonic_regression([near[part].mean() for part in parts], increasing=False).x
    return {
        "spread": [round(float(away[part].mean()), 3) for part in parts],
        "sure": [round(float(value), 4) for value in share],
    }


class Row(NamedTuple):
    """Of places that are said to be about so sure: how sure on average, and what holds.

    `low` and `high` are the 95 % interval of what is said minus what holds.
    """

    said: str
    places: int
    sure: float
    near: float
    low: float
    high: float


def reliability(counted_on: Sequence[Places], held: Sequence[Places]) -> list[Row]:
    """What the count on some photographs says of others, and what holds there.

    The interval is of a bootstrap over both: what is said has been counted on a draw of
    photographs, too. Places of one photograph go together.
    """
    seen = Places(*(np.concatenate(parts) for parts in zip(*held, strict=True)))
    photograph = np.repeat(np.arange(len(held)), [one.near.size for one in held])

    def rows(again: Sequence[int], weights: NDArray[np.int64]) -> NDArray[np.float64]:
        """Places, the sum of what is said of them, and how many hold, (3, rows)."""
        said = counted([counted_on[index] for index in again])
        sure = np.interp(seen.spread, said["spread"], said["sure"])
        row = (np.searchsorted(SAID, sure, side="right") - 1).clip(max=len(SAID) - 2)
        weight = weights[photograph]
        of_place = (weight, weight * sure, weight * seen.near)
        return np.stack([np.bincount(row, one, len(SAID) - 1) for one in of_place])

    rng = np.random.default_rng(SEED)
    places, sure, near = rows(range(len(counted_on)), np.ones(len(held), np.int64))
    drawn = np.full((RESAMPLES, len(SAID) - 1), np.nan)
    for resample in drawn:
        again = rng.integers(0, len(counted_on), len(counted_on)).tolist()
        weights = rng.multinomial(len(held), np.full(len(held), 1 / len(held)))
        count, said, holds = rows(again, weights)
        np.divide(said - holds, count, out=resample, where=count > 0)
    return [
        Row(
            f"{SAID[at]:.0%} to {SAID[at + 1]:.0%}", int(places[at]),
            float(sure[at] / places[at]), float(near[at] / places[at]),
            *map(float, np.nanpercentile(drawn[:, at], (2.5, 97.5))),
        )
        for at in np.flatnonzero(places)
    ]  # fmt: skip


def photographs(paths: Sequence[Path], count: int, limit: int) -> tuple[list[UInt8], list[UInt8]]:
    """Of each kind so many photographs to count and to check; 0 for all. Only those are decoded."""
    some: tuple[list[UInt8], list[UInt8]] = [], []
    for source in sources(paths):
        found = list(files(source))
        held, aside = kinds.set_aside([f"{source.name}/{name}" for name, _ in found])
        for into, positions in zip(
            some, (aside[: count or None], held[: limit or None]), strict=True
        ):
            decoded = (read(found[position][1]) for position in positions)
            into += [rgb for rgb in decoded if rgb is not None and len(rgb) == kinds.SIDE]
    return some


def page(rows: Sequence[Row], seen: int, photographs: int, sha256: str) -> str:
    """docs/doubt.md."""
    lines = [
        "# How sure `photo` is of its colours",
        "",
        f"Made by `python -m train.doubt` from the committed weights ({sha256[:8]}). A place, 1/40",
        f"of the shorter side, is said to be so sure by how far {SEEDS} drawings are apart there;",
        f"the truth is near if its CIEDE2000 from the cautious guess is at most {WITHIN:g}.",
        f"Counted on {seen:,} photographs of all kinds that were set aside; below, {photographs:,}",
        "others that no training saw. Intervals: 95 %, bootstrap over the photographs of both;",
        "where one holds 0, said and found differ by no more than two draws of photographs do.",
        "",
        "| said to be sure | places | on average | truth is near | points too sure | interval |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row.said} | {row.places:,} | {row.sure:.1%} | {row.near:.1%} "
        f"| {100 * (row.sure - row.near):.1f} | {100 * row.low:.1f} to {100 * row.high:.1f} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, write, check."""
    parser = argparse.ArgumentParser(prog="python -m train.doubt", description=__doc__)
    parser.add_argument("--photos", nargs="+", type=Path, required=True, metavar="FOLDER_OR_TAR")
    parser.add_argument(
        "--count", type=int, default=100, help="to count, of each kind (%(default)s)"
    )
    parser.add_argument(
        "--limit", type=int, default=0, help="to check, of each kind (default: all)"
    )
    parser.add_argument("--write", action="store_true", help="into the card and docs/doubt.md")
    options = parser.parse_args(arguments)
    colorizer = colorizers.load("photo")
    seen, held = (
        [places_of(colorizer, rgb_u8) for rgb_u8 in tqdm(some, mininterval=10)]
        for some in photographs(options.photos, options.count, options.limit)
    )
    said = counted(seen)
    sha256 = colorizer.card["weights"]["sha256"]
    made = page(reliability(seen, held), len(seen), len(held), sha256)
    print(made)
    if options.write:
        card = checkpoint.read_card("photo") | {"doubt": {"within": WITHIN, **said}}
        file = checkpoint.FOLDER / "photo.json"
        file.write_text(json.dumps(card, indent=2) + "\n")
        PAGE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
