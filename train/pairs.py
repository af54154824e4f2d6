"""Sheets of pairs for a blinded look: truth and colorization side by side, in random order.

    python -m train.pairs --photos FOLDER_OR_TAR ... --out runs/pairs
    python -m train.pairs --photos ... --run runs/flow-2 --seed 3 --out runs/pairs-2
    python -m train.pairs --score runs/pairs/answers.txt --out runs/pairs

The photographs are held out and drawn at random, as many of each kind. Both pictures of a pair go
the same way: Lab, clipped, 8 bits. Which of them is the truth stands in key.json, to be opened
when everything is decided: write one line a sheet into answers.txt, the letter of the picture that
you take for real of each pair, such as ABBABA, and let `--score` count. Whoever looks is named
with the rate: a vision model's rate is no person's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.stats import binomtest

import colorizers
from colorizers.color import colorize_u8, rgb_to_lab
from colorizers.networks.checkpoint import WeightsError
from colorizers.painting.predict import predict_grid, upsample_ab

from . import kinds
from .candidates import load_run
from .data import DataError

UInt8 = NDArray[np.uint8]

SIDE = 256
"""Pixels of a picture on a sheet."""
A_SHEET = 6
GAP = 12


def write(
    truth: Sequence[UInt8], made: Sequence[UInt8], seed: int, folder: Path, about: dict[str, Any]
) -> int:
    """Write sheets and key; returns how many sheets there are.

    Parameters
    ----------
    truth, made : sequence of ndarray of uint8, shape (H, W, 3)
    seed : int
        Of the order in each pair.
    folder : Path
        Made if it is not there.
    about : dict
        Goes into the key.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left = np.random.default_rng(seed).random(len(truth)) < 0.5  # truth is A
    count = 0
    for start in range(0, len(truth), A_SHEET):
        count += 1
        which = range(start, min(start + A_SHEET, len(truth)))
        sheet([(truth[i], made[i]) if left[i] else (made[i], truth[i]) for i in which]).save(
            folder / f"sheet-{count:02d}.png"
        )
    key = {"truth": ["A" if first else "B" for first in left], "seed": seed, **about}
    (folder / "key.json").write_text(json.dumps(key, indent=2) + "\n")
    return count


def sheet(pairs: Sequence[tuple[UInt8, UInt8]]) -> Image.Image:
    """Three pairs a row, each two pictures side by side, numbered."""
    wide, high = 2 * SIDE + 3 * GAP, SIDE + 20 + GAP
    rows = -(-len(pairs) // 3)
    out = Image.new("RGB", (3 * wide, rows * high), (128, 128, 128))
    pen = ImageDraw.Draw(out)
    for number, pair in enumerate(pairs):
        left, top = number % 3 * wide + GAP, number // 3 * high
        for letter, place, rgb in zip("AB", (left, left + SIDE + 2), pair, strict=True):
            pen.text((place + 4, top + 4), f"{number + 1} {letter}", fill=(255, 255, 255))
            picture = Image.fromarray(rgb).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            out.paste(picture, (place, top + 20))
    return out


def score(answers: str, key: dict[str, Any]) -> dict[str, Any]:
    """How often the colorization was taken for real.

    Parameters
    ----------
    answers : str
        Letters A and B in the order of the pairs; white space does not count.
    key : dict
        As `write` left it.

    Raises
    ------
    ValueError
        If there are fewer or more letters than pairs, or others than A and B.

    Examples
    --------
    >>> score("AB BA", {"truth": ["A", "A", "B", "A"]})["fooled"]
    1
    """
    letters = "".join(answers.split()).upper()
    truth = key["truth"]
    if len(letters) != len(truth) or set(letters) - {"A", "B"}:
        raise ValueError(
            f"The answers have {len(letters)} letters ({''.join(sorted(set(letters)))}); "
            f"give {len(truth)}, each A or B."
        )
    fooled = sum(letter != real for letter, real in zip(letters, truth, strict=True))
    low, high = binomtest(fooled, len(truth)).proportion_ci(method="wilson")
    return {"fooled": fooled, "n": len(truth), "rate": fooled / len(truth),
            "rate_ci95": [float(low), float(high)]}  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m train.pairs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--photos", nargs="+", type=Path, help="folders and tar files")
    parser.add_argument("--run", type=Path, help="judge the weights of a run (default: committed)")
    parser.add_argument("--count", type=int, default=96, help="pairs (default 96)")
    parser.add_argument("--seed", type=int, default=1, help="of the choice and of the order")
    parser.add_argument("--out", type=Path, required=True, help="folder of the sheets")
    parser.add_argument("--score", type=Path, help="answers, to be held against the key in --out")
    arguments = parser.parse_args(argv)
    try:
        if arguments.score:
            key = json.loads((arguments.out / "key.json").read_text())
            print(json.dumps(score(arguments.score.read_text(), key)))
            return 0
        if not arguments.photos:
            raise DataError("--photos is missing; name folders or tar files of photographs.")
        photographs = kinds.load(arguments.photos)
        colorizer = load_run(arguments.run) if arguments.run else colorizers.load("photo")
        which = choose(photographs.held_kind, arguments.count, arguments.seed)
        truth, made = [], []
        for rgb in photographs.held_rgb_u8[which]:
            lab = rgb_to_lab(rgb)
            L = np.ascontiguousarray(lab[..., 0])
            truth.append(colorize_u8(L, lab[..., 1:]))
            made.append(colorize_u8(L, upsample_ab(L, predict_grid(colorizer, L))))
        about = {
            "weights": colorizer.card["weights"]["sha256"],
            "photographs": which.tolist(),
            "kinds": [photographs.names[kind] for kind in photographs.held_kind[which]],
        }
        sheets = write(truth, made, arguments.seed, arguments.out, about)
    except (DataError, WeightsError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(truth)} pairs on {sheets} sheets in {arguments.out}; decide before key.json")
    return 0


def choose(kind: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Positions of `count` photographs, as many of each kind as there are and as it goes."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(kind))
    turn = np.empty(len(kind), np.int64)  # how many of its kind come before it
    for number in np.unique(kind):
        mine = order[kind[order] == number]
        turn[mine] = np.arange(len(mine))
    return rng.permutation(order[np.argsort(turn[order], kind="stable")][:count])


if __name__ == "__main__":
    sys.exit(main())
