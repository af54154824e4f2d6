"""Sheets of pairs for a blinded look: truth and colorization side by side, in random order.

    python -m train.pairs --photos FOLDER_OR_TAR ... --out runs/pairs
    python -m train.pairs --photos ... --run runs/flow-2 --seed 3 --out runs/pairs-2
    python -m train.pairs --photos ... --drawn 1 --mean --out runs/pairs-3
    python -m train.pairs --cifar10 --methods flow gan classification --out runs/pairs-4
    python -m train.pairs --cifar10 --split validation --run runs/cvae --out runs/pairs-5
    python -m train.pairs --score runs/pairs/answers.txt --out runs/pairs

The photographs are held out and drawn at random, as many of each kind; of CIFAR-10, test or
validation pictures are drawn, others for each method, and the methods' pairs are mixed. Both
pictures of a pair go the same way: Lab, clipped, 8 bits. Which of them is the truth stands in
key.json, to be opened when everything is decided: write one line a sheet into answers.txt, the
letter of the picture that you take for real of each pair, such as ABBABA, and let `--score` count.
Whoever looks is named with the rate: a vision model's rate is no person's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.stats import binomtest

import colorizers
from colorizers.color import colorize_u8, rgb_to_lab
from colorizers.errors import WeightsError
from colorizers.painting.predict import predict_grid, upsample_ab
from colorizers.painting.predictor import Predictor

from . import data, kinds
from .candidates import load_run
from .data import DataError
from .options import command_line

UInt8 = NDArray[np.uint8]

SIDE = 256
"""Pixels of a photograph on a sheet."""
GAP = 12


class Layout(NamedTuple):
    """How pairs lie on a sheet."""

    side: int
    columns: int
    rows: int


LARGE = Layout(SIDE, 3, 2)
SMALL = Layout(128, 5, 4)
"""Of photographs, and of pictures of 32 pixels a side."""


class Drawn(NamedTuple):
    """Pairs: the true pictures, what was made of them, by which method, and more for the key."""

    truth: list[UInt8]
    made: list[UInt8]
    method: list[str]
    about: dict[str, Any]


def write(drawn: Drawn, seed: int, folder: Path, layout: Layout = LARGE) -> int:
    """Write sheets and key; returns how many sheets there are.

    Parameters
    ----------
    drawn : Drawn
        Pictures of shape (H, W, 3).
    seed : int
        Of the order in each pair.
    folder : Path
        Made if it is not there.
    layout : Layout
    """
    folder.mkdir(parents=True, exist_ok=True)
    left = np.random.default_rng(seed).random(len(drawn.truth)) < 0.5  # truth is A
    a_sheet, count = layout.columns * layout.rows, 0
    for start in range(0, len(left), a_sheet):
        count += 1
        pairs = [
            (true, made) if first else (made, true)
            for true, made, first in zip(
                *(part[start : start + a_sheet] for part in (drawn.truth, drawn.made, left)),
                strict=True,
            )
        ]
        sheet(pairs, layout).save(folder / f"sheet-{count:02d}.png")
    key = {"truth": ["A" if first else "B" for first in left], "method": drawn.method, "seed": seed}
    (folder / "key.json").write_text(json.dumps(key | drawn.about, indent=2) + "\n")
    return count


def sheet(pairs: Sequence[tuple[UInt8, UInt8]], layout: Layout) -> Image.Image:
    """Some pairs a row, each two pictures side by side, numbered."""
    side, columns, _ = layout
    wide, high = 2 * side + 3 * GAP, side + 20 + GAP
    rows = -(-len(pairs) // columns)
    out = Image.new("RGB", (columns * wide, rows * high), (128, 128, 128))
    pen = ImageDraw.Draw(out)
    for number, pair in enumerate(pairs):
        left, top = number % columns * wide + GAP, number // columns * high
        for letter, place, rgb in zip("AB", (left, left + side + 2), pair, strict=True):
            pen.text((place + 4, top + 4), f"{number + 1} {letter}", fill=(255, 255, 255))
            picture = Image.fromarray(rgb).resize((side, side), Image.Resampling.BICUBIC)
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
    taken = [letter != real for letter, real in zip(letters, truth, strict=True)]
    methods = key.get("method", [])
    apart = {
        name: rate([one for one, by in zip(taken, methods, strict=True) if by == name])
        for name in dict.fromkeys(sorted(methods))
    }
    return rate(taken) | ({"methods": apart} if len(apart) > 1 else {})


def rate(taken: Sequence[bool]) -> dict[str, Any]:
    """How many of these there are, with Wilson's 95 % interval of the share."""
    low, high = binomtest(sum(taken), len(taken)).proportion_ci(method="wilson")
    return {"fooled": sum(taken), "n": len(taken), "rate": sum(taken) / len(taken),
            "rate_ci95": [float(low), float(high)]}  # fmt: skip


def of_photographs(
    colorizer: Predictor,
    photographs: kinds.Kinds,
    count: int,
    seed: int,
    drawn: int = 0,
    mean: bool = False,
) -> Drawn:
    """Pairs of held-out photographs.

    Parameters
    ----------
    colorizer : Predictor
    photographs : Kinds
    count, seed : int
        How many, and of which choice.
    drawn : int
        From 1, of a colorizer that draws: picture i is drawn by `drawn` + i; 0 is its default.
    mean : bool
        What it paints by default instead of the truth.
    """
    which = kinds.evenly(photographs.held_kind, count, seed)
    truth, made = [], []
    for number, rgb in enumerate(photographs.held_rgb_u8[which]):
        lab = rgb_to_lab(rgb)
        L = np.ascontiguousarray(lab[..., 0])
        options = {"seed": float(drawn + number)} if drawn else {}
        ab = upsample_ab(L, predict_grid(colorizer, L)) if mean else lab[..., 1:]
        truth.append(colorize_u8(L, ab))
        made.append(colorize_u8(L, upsample_ab(L, predict_grid(colorizer, L, **options))))
    about = {
        "weights": colorizer.card["weights"]["sha256"],
        "drawn": drawn,
        "mean": mean,
        "photographs": which.tolist(),
        "kinds": [photographs.names[kind] for kind in photographs.held_kind[which]],
    }
    return Drawn(truth, made, [colorizer.name] * len(truth), about)


def of_cifar10(methods: Sequence[Predictor], rgb_u8: UInt8, count: int, seed: int) -> Drawn:
    """Pairs of `count` pictures a method, none of them twice, the methods mixed.

    Raises
    ------
    ValueError
        If there are fewer pictures.
    """
    rng = np.random.default_rng(seed)
    if not 0 < count * len(methods) <= len(rgb_u8):
        raise ValueError(
            f"--count is {count}; with {len(methods)} methods and {len(rgb_u8):,} pictures it must "
            f"be from 1 to {len(rgb_u8) // len(methods)}."
        )
    which = rng.permutation(len(rgb_u8))[: count * len(methods)]
    lab = rgb_to_lab(rgb_u8[which])
    L = np.ascontiguousarray(lab[..., 0])
    made = [
        colorize_u8(part, method.predict_ab(part))
        for part, method in zip(np.split(L, len(methods)), methods, strict=True)
    ]
    order = rng.permutation(len(which))
    return Drawn(
        list(colorize_u8(L, lab[..., 1:])[order]),
        list(np.concatenate(made)[order]),
        [methods[position // count].name for position in order],
        {
            "weights": {method.name: method.card["weights"]["sha256"] for method in methods},
            "pictures": which[order].tolist(),
        },
    )


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = command_line("python -m train.pairs", __doc__)
    parser.add_argument("--photos", nargs="+", type=Path, help="folders and tar files")
    parser.add_argument("--cifar10", action="store_true", help="CIFAR-10's pictures instead")
    parser.add_argument(
        "--split", choices=("test", "validation"), default="test", help="of CIFAR-10 (default test)"
    )
    parser.add_argument("--methods", nargs="+", default=[], help="committed colorizers to judge")
    parser.add_argument("--run", type=Path, help="judge the weights of a run as well")
    parser.add_argument("--count", type=int, default=96, help="pairs a method (default 96)")
    parser.add_argument("--seed", type=int, default=1, help="of the choice and of the order")
    parser.add_argument(
        "--drawn", type=int, default=0, metavar="SEED", help="draw, by this seed and the next ones"
    )
    parser.add_argument(
        "--mean", action="store_true", help="beside the drawing its mean instead of the truth"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the sheets")
    parser.add_argument("--score", type=Path, help="answers, to be held against the key in --out")
    arguments = parser.parse_args(argv)
    try:
        if arguments.score:
            key = json.loads((arguments.out / "key.json").read_text())
            print(json.dumps(score(arguments.score.read_text(), key)))
            return 0
        if arguments.cifar10 == bool(arguments.photos):
            raise DataError("Name folders or tar files with --photos, or give --cifar10.")
        methods: list[Predictor] = [colorizers.load(name) for name in arguments.methods]
        methods += [load_run(arguments.run)] if arguments.run else []
        if arguments.cifar10:
            methods = methods or [colorizers.load(name) for name in colorizers.cifar10_names()]
            rgb_u8 = data.load(arguments.split).rgb_u8
            drawn = of_cifar10(methods, rgb_u8, arguments.count, arguments.seed)
        else:
            colorizer, *more = methods or [colorizers.load("photo")]
            if more:
                raise DataError("Of photographs one method is judged at a time; name one.")
            photographs = kinds.load(arguments.photos)
            drawn = of_photographs(
                colorizer, photographs, arguments.count, arguments.seed,
                arguments.drawn, arguments.mean,
            )  # fmt: skip
        layout = SMALL if arguments.cifar10 else LARGE
        sheets = write(drawn, arguments.seed, arguments.out, layout)
    except (DataError, WeightsError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(drawn.truth)} pairs on {sheets} sheets in {arguments.out}; decide before key.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
