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
import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

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
RESAMPLES, SEED = 2000, 0
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


def reliability(
    seen: Sequence[Places], said: dict[str, list[float]]
) -> list[tuple[str, int, float, float, float, float]]:
    """Rows: what is said, places, its mean, the share near, and that share's 95 % interval.

    The interval is of a bootstrap over photographs, as places of one photograph go together.
    """
    sure = [np.interp(one.spread, said["spread"], said["sure"]) for one in seen]
    rng = np.random.default_rng(SEED)
    draws = rng.integers(0, len(seen), (RESAMPLES, len(seen)))
    rows = []
    for low, high in itertools.pairwise(SAID):
        inside = [(one >= low) & ((one < high) | (high == 1.0)) for one in sure]
        count = np.array([int(which.sum()) for which in inside])
        near = np.array(
            [int(one.near[which].sum()) for one, which in zip(seen, inside, strict=True)]
        )
        if not count.sum():
            continue
        drawn = count[draws].sum(axis=1)
        shares = near[draws].sum(axis=1)[drawn > 0] / drawn[drawn > 0]
        mean = sum(float(one[which].sum()) for one, which in zip(sure, inside, strict=True))
        rows.append((
            f"{low:.0%} to {high:.0%}", int(count.sum()), mean / count.sum(),
            near.sum() / count.sum(), *map(float, np.percentile(shares, (2.5, 97.5))),
        ))  # fmt: skip
    return rows


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


def page(rows: Sequence[Sequence[Any]], seen: int, photographs: int, sha256: str) -> str:
    """docs/doubt.md."""
    lines = [
        "# How sure `photo` is of its colours",
        "",
        f"Made by `python -m train.doubt` from the committed weights ({sha256[:8]}). A place, 1/40",
        f"of the shorter side, is said to be so sure by how far {SEEDS} drawings are apart there;",
        f"the truth is near if its CIEDE2000 from the cautious guess is at most {WITHIN:g}.",
        f"Counted on {seen:,} photographs of all kinds that were set aside; below, {photographs:,}",
        "others that no training saw. Intervals: 95 %, bootstrap over photographs.",
        "",
        "| said to be sure | places | said on average | truth is near | interval |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, count, mean, share, low, high in rows:
        lines.append(f"| {name} | {count:,} | {mean:.1%} | {share:.1%} | {low:.1%} to {high:.1%} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, write, check."""
    parser = argparse.ArgumentParser(prog="python -m train.doubt", description=__doc__)
    parser.add_argument("--photos", nargs="+", type=Path, required=True, metavar="FOLDER_OR_TAR")
    parser.add_argument(
        "--count", type=int, default=20, help="to count, of each kind (%(default)s)"
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
    made = page(reliability(held, said), len(seen), len(held), sha256)
    print(made)
    if options.write:
        card = checkpoint.read_card("photo") | {"doubt": {"within": WITHIN, **said}}
        file = checkpoint.FOLDER / "photo.json"
        file.write_text(json.dumps(card, indent=2) + "\n")
        PAGE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
