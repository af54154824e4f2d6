"""How sure `photo` is of its colours: counted on some photographs, checked on others.

    python -m train.doubt --photos FOLDER_OR_TAR --write

Counts how often the true colour is within a CIEDE2000 of `WITHIN` of the guess, by how far the
drawings are apart there (`colorizers.painting.doubt`), on training photographs of all kinds: as many
of each as there are and as it goes. `--write` puts that into the card of the weights. Then the
reliability on the photographs that no training sees is written to docs/doubt.md: of places that are
said to be so sure, how many hold the truth. To be run again for other weights.

The photographs that are counted were seen in training, so their errors are a little smaller than
of others; the table shows by how much the claim is too high for that.

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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from skimage.color import deltaE_ciede2000
from tqdm import tqdm

import colorizers
from colorizers.color import rgb_to_lab
from colorizers.networks import checkpoint
from colorizers.painting.doubt import on_places, spread
from colorizers.painting.predict import predict_grid
from colorizers.painting.predictor import Predictor

from . import kinds

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


def places_of(colorizer: Predictor, rgb_u8: NDArray[np.uint8]) -> Places:
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
    for low, high in zip(SAID, SAID[1:], strict=False):
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


def page(rows: Sequence[Sequence[Any]], seen: int, photographs: int, sha256: str) -> str:
    """docs/doubt.md."""
    lines = [
        "# How sure `photo` is of its colours",
        "",
        f"Made by `python -m train.doubt` from the committed weights ({sha256[:8]}). A place (1/40 "
        "of the shorter side)",
        "is said to be so sure by how far 16 drawings are apart there; the truth is near if its "
        "CIEDE2000 from the cautious",
        f"guess is at most {WITHIN:g}. Counted on {seen:,} training photographs of all kinds; "
        f"below, {photographs:,} photographs that no training",
        "saw. Intervals: 95 %, bootstrap over photographs.",
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
    parser.add_argument("--count", type=int, default=600, help="photographs (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=0, help="held-out ones (default: all)")
    parser.add_argument("--write", action="store_true", help="into the card and docs/doubt.md")
    options = parser.parse_args(arguments)
    found = kinds.load(options.photos)
    colorizer = colorizers.load("photo")

    def looked(rgb_u8: NDArray[np.uint8], kind: NDArray[np.int64], count: int) -> list[Places]:
        chosen = rgb_u8[kinds.evenly(kind, count, SEED)] if count else rgb_u8
        return [places_of(colorizer, rgb) for rgb in tqdm(chosen, mininterval=10)]

    seen = looked(found.rgb_u8, found.kind, options.count)
    said = counted(seen)
    held = looked(found.held_rgb_u8, found.held_kind, options.limit)
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
