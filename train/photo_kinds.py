"""docs/photo-kinds.md: the colorizer of photographs by kind, and through other films.

    python -m train.photo_kinds --photos FOLDER_OR_TAR ...
    python -m train.photo_kinds --photos ... --run runs/photo-flow --out runs/photo-flow/docs
    python -m train.photo_kinds --page                # the page anew from photo/kinds.jsonl

Judged are photographs that no training of `train.photo_flow` sees (`train.kinds`: so many of each
kind, whoever adds a source), each by the way of an upload; then the same photograph through eight
films, ages and screens; and pictures drawn by seed, of all kinds as evenly as it goes. A colorizer
that draws its colours is asked for the mean of four seeds, too, and from calm to bold. Figures of
other weights are kept in photo/kinds.jsonl as long as the held-out photographs are the same; the
page shows the weights before in full, and older ones in one line each.

References
----------
Heusel et al. 2017 (Fréchet distance of features; here those of EfficientNet-Lite0, whose ImageNet
weights the network's encoder started from, too).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import colorizers
from colorizers.color import colorize_u8, rgb_to_lab
from colorizers.errors import WeightsError
from colorizers.networks.base import Colorizer
from colorizers.painting.predict import lightness, predict_grid, resize, upsample_ab

from . import by_kind, film, kinds, metrics
from .candidates import load_run
from .data import DataError
from .evaluate import versions
from .options import command_line

UInt8 = NDArray[np.uint8]
Float = NDArray[np.float32]

ROOT = Path(__file__).parents[1]
SHIPPED, SEEDS = "as shipped", 4
IN_FULL = 2
"""Weights whose figures the page shows by kind and way: the newest, and those before."""
VIVID = (0.0, 2.0)
"""Vividness beside 1, of a colorizer that draws."""
FILMED = 4
"""Photographs of each kind that are seen through the films."""
SHEET, SEED, COLUMNS, GAP = 48, 1, 12, 8
FIGURES = "kinds.jsonl"


def ways(colorizer: Colorizer) -> dict[str, by_kind.Paint]:
    """How colours can be asked of it, by name; each gives the grids of ab of photographs' L."""
    found: dict[str, by_kind.Paint] = {SHIPPED: partial(grids, colorizer)}
    if "seed" not in colorizer.options:
        return found
    first = float(colorizer.first_seed)
    if first:
        found["drawn"] = partial(grids, colorizer, seed=first)
    found[f"mean of {SEEDS} seeds"] = partial(_mean, colorizer)
    if "vividness" in colorizer.options:
        for value in VIVID:
            found[f"vividness {value:g}"] = partial(grids, colorizer, seed=first, vividness=value)
    return found


def grids(colorizer: Colorizer, L: list[Float], **options: float) -> list[Float]:
    """Grids of ab of photographs of one size, several at a time where the network takes them."""
    if colorizer.shape is None:
        return [predict_grid(colorizer, one, **options) for one in L]
    rows, columns = colorizer.shape(*L[0].shape)
    views = np.stack([resize(one, columns, rows) for one in L]).clip(0.0, 100.0)
    return list(colorizer.predict_ab(views, **options))


def _mean(colorizer: Colorizer, L: list[Float]) -> list[Float]:
    first = colorizer.first_seed
    drawn = [grids(colorizer, L, seed=float(first + number)) for number in range(SEEDS)]
    return [np.mean(several, axis=0) for several in zip(*drawn, strict=True)]


def through_films(colorizer: Colorizer, truth: UInt8) -> dict[str, float]:
    """How far a photograph's colours move when its grey is another one.

    Parameters
    ----------
    colorizer : Colorizer
    truth : ndarray of uint8, shape (N, H, W, 3)
        Sides are multiples of 8.

    Returns
    -------
    dict
        Name of the film, age or screen -> mean CIEDE2000 between the colours from that grey and
        those from the clean L, both on the clean L.
    """
    rgb = torch.from_numpy(truth).permute(0, 3, 1, 2).float() / 255
    clean = film.response(rgb, torch.tensor([film.LUMINANCE]).repeat(len(rgb), 1))

    def coloured(L: torch.Tensor) -> Float:
        planes = [np.ascontiguousarray(one[0].numpy()) for one in L]
        ab = [upsample_ab(*pair) for pair in zip(planes, grids(colorizer, planes), strict=True)]
        return rgb_to_lab(colorize_u8(clean[:, 0].numpy(), np.stack(ab)))

    base = coloured(clean)
    return {
        name: float(metrics.ciede2000(base, coloured(grey)).mean())
        for name, grey in film.examples(rgb, clean).items()
    }


def publish(colorizer: Colorizer, photographs: kinds.Kinds, out: Path) -> list[dict[str, Any]]:
    """Judge, and write photo-kinds.md and its files in photo/ into a folder; returns the rows."""
    truth, kind = photographs.held_rgb_u8, photographs.held_kind
    weights = colorizer.card["weights"]["sha256"]
    measured = {"versions": versions(), "weights": weights}
    rows: list[dict[str, Any]] = []
    for way, ask in ways(colorizer).items():
        print(way, file=sys.stderr, flush=True)
        found, _ = by_kind.judge(ask, truth, kind, photographs.names)
        rows += [{**measured, "way": way} | row for row in found]
    print("films and pictures", file=sys.stderr, flush=True)
    some = np.concatenate([np.flatnonzero(kind == k)[:FILMED] for k in np.unique(kind)])
    films = through_films(colorizer, truth[some])
    rows.append({**measured, "films": films, "n": len(some)})
    folder = out / "photo"
    folder.mkdir(parents=True, exist_ok=True)
    rows += earlier(folder / FIGURES, rows, weights)
    (folder / FIGURES).write_text("".join(json.dumps(row) + "\n" for row in rows))
    drawn = kinds.evenly(kind, SHEET, SEED)
    picture = sheet([_shown(colorizer, rgb) for rgb in truth[drawn]])
    picture.save(folder / "kinds.jpg", quality=90, subsampling=0)
    (out / "photo-kinds.md").write_text(page(rows))
    return rows


def rewrite(out: Path) -> None:
    """Write photo-kinds.md anew from the figures in this folder's photo/kinds.jsonl.

    Raises
    ------
    DataError
        If there is no such file.
    """
    file = out / "photo" / FIGURES
    if not file.is_file():
        raise DataError(f"There are no figures at {file}: --photos measures them.")
    (out / "photo-kinds.md").write_text(page(read(file)))


def _shown(colorizer: Colorizer, rgb: UInt8) -> list[UInt8]:
    """Grey, two versions and the truth."""
    L = lightness(rgb)
    first = next(iter(colorizer.options), "")
    asked = [{first: value} for value in (0.0, 1.0)] if first else [{}]
    colours = [upsample_ab(L, predict_grid(colorizer, L, **options)) for options in asked]
    return [*(colorize_u8(L, ab) for ab in (0 * colours[0], *colours)), rgb]


def sheet(shown: Sequence[Sequence[UInt8]]) -> Image.Image:
    """Blocks of rows, a column a photograph: the pictures of each, one above the other."""
    blocks: list[UInt8] = []
    for start in range(0, len(shown), COLUMNS):
        columns = [np.concatenate(list(one)) for one in shown[start : start + COLUMNS]]
        block = np.concatenate(columns, axis=1)
        if blocks:
            blocks.append(np.full((GAP, blocks[0].shape[1], 3), 255, np.uint8))
            missing = blocks[0].shape[1] - block.shape[1]
            block = np.pad(block, ((0, 0), (0, missing), (0, 0)), constant_values=255)
        blocks.append(block)
    return Image.fromarray(np.concatenate(blocks))


def earlier(file: Path, now: Sequence[dict[str, Any]], weights: str) -> list[dict[str, Any]]:
    """Rows of other weights in this file, if they are of as many photographs of each kind."""
    if not file.exists():
        return []
    rows = read(file)
    counts = {row["kind"]: row["n"] for row in now if "kind" in row}
    return [
        row
        for row in rows
        if row["weights"] != weights and "kind" in row and counts.get(row["kind"]) == row["n"]
    ]


def read(file: Path) -> list[dict[str, Any]]:
    """The rows of a file of figures, the newest weights first."""
    return [json.loads(line) for line in file.read_text().splitlines()]


def page(rows: Sequence[dict[str, Any]]) -> str:
    """The text of photo-kinds.md.

    Parameters
    ----------
    rows : sequence of dict
        As in kinds.jsonl, the newest weights first: figures by `kind`, `way` and `weights`, and
        one row with `films`. The first two weights are shown by kind and way; of each older one
        only what it did as shipped on all photographs.
    """
    weights = rows[0]["weights"]
    by_kinds = [row for row in rows if "kind" in row]
    in_full = list(dict.fromkeys(row["weights"] for row in by_kinds))[:IN_FULL]
    full = [row for row in by_kinds if row["weights"] in in_full]
    older = [
        row
        for row in by_kinds
        if row["weights"] not in in_full and (row["kind"], row["way"]) == ("all", SHIPPED)
    ]
    films = next(row for row in rows if "films" in row)
    listed = ", ".join(f"{name} {value:.2f}" for name, value in films["films"].items())
    mean = float(np.mean(list(films["films"].values())))
    about = ", ".join(f"{name} {version}" for name, version in rows[0]["versions"].items())
    ours = [row for row in by_kinds if row["weights"] == weights]
    skin = next((row["skin"] for row in ours if "skin" in row), None)
    faces = (
        ""
        if skin is None
        else f"Skin: {skin:.0%} of the faces have a mean chroma and hue of skin within "
    )
    faces += "the 5 to 95 % range of the truth's.\n" if faces else ""
    return f"""# The colorizer of photographs, by kind

Made by `python -m train.photo_kinds` from the committed weights ({weights[:8]}). Each photograph
goes the way of an upload and is held out by a hash of its name; nothing that nearly equals it, by a
perceptual hash, is in the training of `train.photo_flow`. *Closer than grey*: grey's root mean
square error of ab over ours, in cells of 4 x 4 pixels; 1 is no better than grey. *Chroma*: what is
painted, of the truth's. *Left grey*: photographs with an object whose chroma is below 5 where the
truth's is above 20, on 2 % of the cells or more. The Fréchet distances are of EfficientNet-Lite0's
features at 128 x 128 (40 channels at 1/8, 112 at 1/16 of the side), as a share of grey's; not FID.

{_table(full)}

{faces}{_earlier_weights(older)}
## The same photograph through other films

Mean CIEDE2000 between the colours from a grey and those from the clean one, {films["n"]}
photographs: {listed}; mean {mean:.2f}.

## Photographs drawn at random

In each block from above grey, two versions, truth.

![Photographs: grey, two versions, truth](photo/kinds.jpg)

{about}. The figures are in [photo/{FIGURES}](photo/{FIGURES}).
"""


def _earlier_weights(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return ""
    return f"""
## Earlier weights

All {rows[0]["n"]:,} photographs, {SHIPPED}; photo/{FIGURES} has the figures by kind and way, too.

{_table(rows)}
"""


def _table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        "| weights, way | kind | n | closer than grey | chroma | left grey | Fréchet 40, 112 |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        distance = (
            f"{row['frechet_40']:.1%}, {row['frechet_112']:.1%}" if "frechet_40" in row else ""
        )
        lines.append(
            f"| {row['weights'][:8]}, {row['way']} | {row['kind']} | {row['n']:,} "
            f"| {row['ratio']:.2f} | {row['chroma']:.0%} | {row['grey_object']:.0%} | {distance} |"
        )
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = command_line("python -m train.photo_kinds", __doc__)
    add = parser.add_argument
    photos_help = "folders and tar files; held out of each are the same photographs each time"
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--photos", nargs="+", type=Path, metavar="PATH", help=photos_help)
    page_help = "only write photo-kinds.md anew from photo/kinds.jsonl; nothing is measured"
    source.add_argument("--page", action="store_true", help=page_help)
    add("--run", type=Path, metavar="RUN", help="judge the weights in the folder of this run")
    out_help = "where photo-kinds.md and photo/ go (default docs)"
    add("--out", type=Path, default=ROOT / "docs", metavar="DIR", help=out_help)
    arguments = parser.parse_args(argv)
    if arguments.page and arguments.run:
        parser.error("--page measures nothing, so it takes no --run; leave one of them out.")
    try:
        if arguments.page:
            rewrite(arguments.out)
            print(f"written: {arguments.out / 'photo-kinds.md'}")
            return 0
        colorizer = load_run(arguments.run) if arguments.run else colorizers.load("photo")
        publish(colorizer, kinds.load(arguments.photos), arguments.out)
    except (DataError, WeightsError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"written: {arguments.out / 'photo-kinds.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
