"""docs/photo.md: how the colorizer of photographs does, figures and pictures, by one command.

    python -m train.photo_results --photos FOLDER_OR_TAR ...
    python -m train.photo_results --photos ... --run runs/photo --out runs/photo/docs
    python -m train.photo_results --photos ... --runs runs/photo-2 runs/photo-3
    python -m train.photo_results --photos ... --run runs/photo --vividness 0.75

Judged are the held-out photographs of the training's own sources (drawn by a hash of their
names, `train.photos`; no training saw them) and the colour photographs that scikit-image
carries, which come from elsewhere. Each goes the way of an upload: its L to the network, ab
back to its size along its edges, its own L kept. A factor on ab walks from grey to vivid, since
PSNR rewards grey. With `--run` the weights of a run are judged instead of the committed ones; with
`--runs` other trainings get lines of their own beside them, on the held-out photographs, and keep
them when the page is made again. With
`--vividness` the network's ab is first given the factor at which *training* photographs are so
colourful as this share of the truth, and its card keeps it.

References
----------
Hasler, Suesstrunk 2003 (colourfulness); Heusel et al. 2017 (Fréchet distance of features; here
those of EfficientNet-Lite0, whose ImageNet weights the network's encoder started from, too).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import brentq
from scipy.stats import t
from skimage import data as pictures_of_skimage

import colorizers
from colorizers.color import colorize_u8, rgb_to_lab
from colorizers.networks.base import Colorizer
from colorizers.networks.checkpoint import FOLDER
from colorizers.networks.registry import load
from colorizers.painting.predict import lightness, predict_grid, resize, upsample_ab
from truehue import TrueHueError

from . import features, metrics, photo_page, photos
from .candidates import load_run
from .data import DataError
from .evaluate import versions
from .gallery import draw
from .options import command_line
from .photo_page import FRECHET, HELD_OUT, SEED, Judged, others_sheet, page, plot, sheet

UInt8 = NDArray[np.uint8]
Float = NDArray[np.float32]

ROOT = Path(__file__).parents[1]
FACTORS = (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6)
SIDES = (300, 1000, 4000)
"""Longest sides at which the same photograph must get the same colours."""
SAME = 1e-3
"""dB that the grey of the same photographs may move when the last digits of L do."""
LEAST = 100
"""Photographs from which on any Fréchet distance is computed."""
MOST_VIVID = 4.0
PARTS = 6
"""Of the photographs, from the palest to the most colourful, by the truth."""
FIGURES = "evaluation.jsonl"


def judge(
    colorizer: Colorizer, name: str, truth: Sequence[UInt8], sources: Sequence[str] = ()
) -> Judged:
    """Grey, the network at every factor, and the truth, as rows.

    The row at factor 1 tells, too, the gain by source (`by_source`) and by how colourful the truth
    is (`by_colour`), and what the gain would be if somebody who knows the truth gave each
    photograph the best factor (`gain_known_factor`).

    Parameters
    ----------
    colorizer : Colorizer
    name : str
        Of the set.
    truth : sequence of ndarray of uint8, shape (H, W, 3)
        Of one size, or of several.
    sources : sequence of str
        Where each is from; without them there is no gain by source or colour.
    """
    L = [lightness(rgb) for rgb in truth]
    ab = [upsample_ab(plane, predict_grid(colorizer, plane)) for plane in L]
    theirs = _features(truth) if len(truth) >= LEAST else {}
    grey = [colorize_u8(plane, np.zeros((*plane.shape, 2), np.float32)) for plane in L]
    base = _row(name, "grey", 0.0, truth, grey, theirs)
    rows = [base]
    ours: list[UInt8] = []
    for factor in FACTORS:
        made = [
            colorize_u8(plane, np.float32(factor) * colour)
            for plane, colour in zip(L, ab, strict=True)
        ]
        row = _row(name, colorizer.name, factor, truth, made, theirs)
        gain = np.array(row["psnr"]) - np.array(base["psnr"])
        row |= {
            "gain": float(gain.mean()),
            "gain_ci95": _interval(gain),
        }
        for level in theirs:
            row[f"{FRECHET}{level}_of_grey"] = row[FRECHET + level] / base[FRECHET + level]
        rows.append(row)
        if factor == 1.0:
            ours = made
    each = np.array([row["psnr"] for row in rows]) - np.array(base["psnr"])  # (factors, n)
    shipped = next(row for row in rows if row["factor"] == 1.0)
    shipped["gain_known_factor"] = float(each.max(axis=0).mean())
    if sources:
        gain = np.array(shipped["psnr"]) - np.array(base["psnr"])
        shipped["by_source"] = _by_source(gain, np.array(base["psnr"]), sources)
        shipped["by_colour"] = _by_colour(gain, _colours(ours), _colours(truth))
    for row in rows:
        row["psnr_mean"] = float(np.mean(row.pop("psnr")))
    return Judged(rows, ours, grey, list(truth))


def _by_source(
    gain: NDArray[np.float64], grey: NDArray[np.float64], sources: Sequence[str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for source in sorted(set(sources)):
        mine = np.array(sources) == source
        found[source.removesuffix(".tar")] = {"grey": float(grey[mine].mean())} | _part(gain[mine])
    return found


def _by_colour(
    gain: NDArray[np.float64], ours: NDArray[np.float64], truth: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Of each of `PARTS`: the truth's colourfulness from `least` to `most`, and ours on average."""
    return [
        {
            "least": float(truth[part].min()),
            "most": float(truth[part].max()),
            "ours": float(ours[part].mean()),
        }
        | _part(gain[part])
        for part in np.array_split(np.argsort(truth, kind="stable"), PARTS)
        if len(part)
    ]


def _part(gain: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "n": len(gain), "gain": float(gain.mean()), "gain_ci95": _interval(gain),
        "better": float((gain > 0).mean()),
    }  # fmt: skip


def _colours(pictures: Sequence[UInt8]) -> NDArray[np.float64]:
    return np.array([metrics.colourfulness(picture[None])[0] for picture in pictures])


def _row(
    name: str, method: str, factor: float, truth: Sequence[UInt8], made: Sequence[UInt8],
    theirs: dict[str, Float],
) -> dict[str, Any]:  # fmt: skip
    def each(metric: Any) -> list[float]:
        return [float(metric(one[None], m[None])[0]) for one, m in zip(truth, made, strict=True)]

    colour, of_truth = float(_colours(made).mean()), float(_colours(truth).mean())
    delta = each(lambda one, m: metrics.ciede2000(rgb_to_lab(one), rgb_to_lab(m)))
    mine = _features(made) if theirs else {}
    return {
        "set": name, "method": method, "factor": factor, "n": len(truth),
        "psnr": each(metrics.psnr), "ciede2000": float(np.mean(delta)),
        "colourfulness": colour, "colourfulness_ratio": colour / of_truth,
        **{FRECHET + level: metrics.frechet(theirs[level], mine[level]) for level in theirs},
    }  # fmt: skip


def _features(pictures: Sequence[UInt8]) -> dict[str, Float]:
    square = [
        np.asarray(Image.fromarray(p).resize((128, 128), Image.Resampling.LANCZOS), np.uint8)
        for p in pictures
    ]
    together = np.stack(square)
    pooled = features.lite0_features(together, side=128)
    return features.lite0_levels(together, side=128) | {"1280": pooled}


def _interval(values: NDArray[np.float64]) -> list[float]:
    """Mean plus and minus the t interval's half width: some sets have four photographs."""
    if len(values) < 2:
        return [np.nan, np.nan]
    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return [float(values.mean() - half), float(values.mean() + half)]


def others() -> dict[str, UInt8]:
    """The colour photographs inside scikit-image's package, by name; nothing is fetched."""
    return {
        name: np.ascontiguousarray(getattr(pictures_of_skimage, name)()[..., :3])
        for name in ("astronaut", "chelsea", "coffee", "rocket")
    }


def fit_vividness(colorizer: Colorizer, truth: Sequence[UInt8], share: float) -> float:
    """The factor on ab at which photographs have a share of the truth's mean colourfulness.

    Parameters
    ----------
    colorizer : Colorizer
    truth : sequence of ndarray of uint8, shape (H, W, 3)
        Photographs of the training: those that judge must not choose.
    share : float

    Raises
    ------
    DataError
        If no factor up to 4 reaches it.
    """
    L = [lightness(rgb) for rgb in truth]
    ab = [upsample_ab(plane, predict_grid(colorizer, plane)) for plane in L]

    wanted = share * float(_colours(truth).mean())

    def missing(factor: float) -> float:
        made = [colorize_u8(p, np.float32(factor) * a) for p, a in zip(L, ab, strict=True)]
        return float(_colours(made).mean()) - wanted

    if missing(MOST_VIVID) < 0:
        raise DataError(
            f"A vividness of {share:g} is not reached with ab times {MOST_VIVID:g}; ask for less."
        )
    factor: float = brentq(missing, 0.0, MOST_VIVID, xtol=0.005)
    return round(factor, 2)


def across_sizes(colorizer: Colorizer, rgb: UInt8) -> float:
    """How much the colours of one photograph depend on its size.

    Parameters
    ----------
    colorizer : Colorizer
    rgb : ndarray of uint8, shape (H, W, 3)

    Returns
    -------
    float
        Mean CIEDE2000 over the pixels, and over the pairs of `SIDES`, between the colours that
        it gets at these longest sides, all brought to the smallest.
    """
    made: list[UInt8] = []
    for side in SIDES:
        scale = side / max(rgb.shape[:2])
        size = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
        sized = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
        L = lightness(sized)
        coloured = colorize_u8(L, upsample_ab(L, predict_grid(colorizer, L)))
        small = made[0].shape[1::-1] if made else size
        reduced = resize(coloured.astype(np.float32), *small)
        made.append(np.rint(reduced).clip(0, 255).astype(np.uint8))
    lab = [rgb_to_lab(m[None]) for m in made]
    pairs = [(0, 1), (0, 2), (1, 2)]
    return float(np.mean([metrics.ciede2000(lab[a], lab[b])[0] for a, b in pairs]))


def publish(
    colorizer: Colorizer,
    held_out: UInt8,
    out: Path,
    runs: Mapping[str, Colorizer] = MappingProxyType({}),
    sources: Sequence[str] = (),
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Judge, and write photo.md and photo/ into a folder; returns the rows and those of sizes.

    `runs` are other trainings by name; their rows say so in `run`, and come last. `sources` are
    those of the held-out photographs.
    """
    print("held-out photographs", file=sys.stderr, flush=True)
    own = judge(colorizer, HELD_OUT, list(held_out), sources)
    print("scikit-image's photographs", file=sys.stderr, flush=True)
    elsewhere = others()
    foreign = judge(colorizer, "scikit-image", list(elsewhere.values()))
    print("sizes", file=sys.stderr, flush=True)
    sizes = {name: across_sizes(colorizer, rgb) for name, rgb in elsewhere.items()}
    rows = [*own.rows, *foreign.rows]
    weights = colorizer.card["weights"]["sha256"]
    rows = [row | {"weights": weights} for row in rows]
    for name, other in runs.items():
        print(name, file=sys.stderr, flush=True)
        marks = {
            "run": name, "weights": other.card["weights"]["sha256"],
            "hours": photo_page.hours(other.card), "command": other.card.get("command", ""),
        }  # fmt: skip
        rows += [row | marks for row in judge(other, HELD_OUT, list(held_out)).rows[1:]]
    folder = out / "photo"
    folder.mkdir(parents=True, exist_ok=True)
    rows += [row for row in earlier(folder / FIGURES, rows[0]) if row["run"] not in runs]
    of_sizes = {"set": "sizes", "sides": SIDES, "ciede2000": sizes, "weights": weights}
    lines = [json.dumps({"versions": versions()} | row) + "\n" for row in [*rows, of_sizes]]
    (folder / FIGURES).write_text("".join(lines))
    sheet(own).save(folder / "sheet.jpg", quality=90, subsampling=0)
    others_sheet(foreign).save(folder / "others.jpg", quality=90, subsampling=0)
    plot(rows, folder / "frontier.png")
    (out / "photo.md").write_text(page(rows, sizes, SIDES, colorizer.card))
    return rows, sizes


def earlier(file: Path, grey: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of other trainings that this file has from before, so that they outlive their weights.

    Only if it measured the same photographs: as many, and grey of them as close to the truth.
    """
    if not file.exists():
        return []
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    for row in rows:
        if (row["set"], row.get("method"), row.get("n")) == (grey["set"], "grey", grey["n"]):
            same = abs(row["psnr_mean"] - grey["psnr_mean"]) < SAME
            return [other for other in rows if same and "run" in other]
    return []


def _more_vivid(
    colorizer: Colorizer, photographs: photos.Photographs, share: float, folder: Path
) -> Colorizer:
    if not 0 < share <= 2:
        raise DataError(f"--vividness is {share:g}, but must be above 0 and at most 2.")
    group = photographs.groups[0].lab_8  # the largest side comes first, one source after another
    seen = draw(photos.HELD_OUT, len(group), SEED)
    truth = [photos.to_rgb(group[which]) for which in seen]
    file = folder / "photo.json"
    card = json.loads(file.read_text())
    now = card["network"].get("vividness", 1.0)
    vividness = round(now * fit_vividness(colorizer, truth, share), 2)
    print(
        f"vividness {vividness:g} after {now:g}: {share:.0%} on {len(seen):,} training photographs"
    )
    card["network"]["vividness"] = vividness
    file.write_text(json.dumps(card, indent=2) + "\n")
    return load("photo", folder)


def write_card(rows: list[dict[str, Any]], sizes: dict[str, float], weights: Path = FOLDER) -> None:
    """Put the figures at factor 1 into the card beside the weights."""
    file = weights / "photo.json"
    metrics_of = {r["set"]: r for r in rows if r["factor"] == 1.0 and "run" not in r}
    metrics_of["sizes"] = {"sides": SIDES, "ciede2000": sizes}
    card = json.loads(file.read_text()) | {"metrics": metrics_of | {"versions": versions()}}
    file.write_text(json.dumps(card, indent=2) + "\n")


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = command_line("python -m train.photo_results", __doc__)
    add = parser.add_argument
    photos_help = "folders and tar files of the photographs that the training was given"
    add("--photos", nargs="+", type=Path, required=True, metavar="PATH", help=photos_help)
    add("--run", type=Path, metavar="RUN", help="judge the weights in the folder of this run")
    vivid_help = "give ab the factor at which training photographs have this share of the truth's "
    vivid_help += "colourfulness, and keep it in the card"
    add("--vividness", type=float, metavar="SHARE", help=vivid_help)
    runs_help = "other trainings to compare with, by the folders of their runs"
    add("--runs", nargs="+", type=Path, default=[], metavar="RUN", help=runs_help)
    out_help = "where photo.md and photo/ go (default docs)"
    add("--out", type=Path, default=ROOT / "docs", metavar="DIR", help=out_help)
    arguments = parser.parse_args(argv)
    try:
        colorizer = load_run(arguments.run) if arguments.run else colorizers.load("photo")
        runs = {run.name: load_run(run) for run in arguments.runs}
        photographs = photos.load(arguments.photos)
        held_out = photographs.held_out
        if len(held_out) < 2:
            raise DataError(
                f"{len(held_out)} of these photographs are held out; the figures need 2 or more: "
                "give the folders or tars of the training."
            )
        if arguments.vividness is not None:
            folder = arguments.run or FOLDER
            colorizer = _more_vivid(colorizer, photographs, arguments.vividness, folder)
        rows, sizes = publish(
            colorizer, held_out, arguments.out, runs, photographs.held_out_sources
        )
        if not arguments.run:
            write_card(rows, sizes)
    except TrueHueError as error:
        print(error, file=sys.stderr)
        return 1
    for row in rows:
        print(
            f"{row['set']:13} {row.get('run') or row['method']:10} x {row['factor']:<4g}"
            f" {row['psnr_mean']:.2f} dB"
            f"  {row.get('gain', 0.0):+.2f}  colour {row['colourfulness_ratio']:.0%}"
            + "".join(
                f"  Fréchet-{level} {row[f'{FRECHET}{level}_of_grey']:.0%} of grey's"
                for level in photo_page.LEVELS
                if f"{FRECHET}{level}_of_grey" in row
            )
        )
    print(f"written: {arguments.out / 'photo.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
