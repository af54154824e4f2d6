"""docs/photo.md: how the colorizer of photographs does, figures and pictures, by one command.

    python -m train.photo_results --photos FOLDER_OR_TAR ...
    python -m train.photo_results --photos ... --run runs/photo --out runs/photo/docs
    python -m train.photo_results --photos ... --runs runs/photo-2 runs/photo-3

Judged are the held-out photographs of the training's own sources (drawn by a hash of their
names, `train.photos`; no training saw them) and the colour photographs that scikit-image
carries, which come from elsewhere. Each goes the way of an upload: its L to the network, ab
back to its size along its edges, its own L kept. A factor on ab walks from grey to vivid, since
PSNR rewards grey. With `--run` the weights of a run are judged instead of the committed ones; with
`--runs` other trainings get lines of their own beside them, on the held-out photographs.

References
----------
Hasler, Suesstrunk 2003 (colourfulness); Heusel et al. 2017 (Fréchet distance of features; here
those of EfficientNet-Lite0, whose ImageNet weights the network's encoder started from, too).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import t
from skimage import data as pictures_of_skimage

import colorizers
from colorizers.base import Colorizer
from colorizers.checkpoint import FOLDER, WeightsError
from colorizers.color import colorize_u8, rgb_to_lab
from colorizers.photo import NAME
from colorizers.predict import lightness, predict_grid, resize, upsample_ab

from . import features, metrics, photos
from .candidates import load_run
from .data import DataError
from .evaluate import versions
from .gallery import draw

UInt8 = NDArray[np.uint8]
Float = NDArray[np.float32]

ROOT = Path(__file__).parents[1]
FACTORS = (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6)
SIDES = (300, 1000, 4000)
"""Longest sides at which the same photograph must get the same colours."""
FRECHET = "frechet_lite0_"
LEVELS = ("40", "112", "1280")
"""Numbers of EfficientNet-Lite0's features, from those nearest to colour to the last ones."""
ENOUGH = 5
"""Photographs a feature from which on a Fréchet distance is read against its target: with fewer
the covariance is unsure, and noise of single photographs looks like distance."""
HELD_OUT = "held out"
LEAST = 100
"""Photographs from which on any Fréchet distance is computed."""
SHEET, SEED = 48, 1
COLUMNS = 12
TARGETS = {"gain": 1.8, "least_ratio": 0.7, "most_ratio": 1.1, "frechet": 0.5, "size": 3.0}
"""dB above grey; share of the truth's colourfulness; share of grey's distance; CIEDE2000."""


@dataclass(frozen=True)
class Judged:
    """Figures of one set of photographs, and what the page shows of them."""

    rows: list[dict[str, Any]]
    ours: list[UInt8]
    grey: list[UInt8]
    truth: list[UInt8]


def judge(
    colorizer: Colorizer, name: str, truth: Sequence[UInt8], sources: Sequence[str] = ()
) -> Judged:
    """Grey, the network at every factor, and the truth, as rows.

    The row at factor 1 tells, too, the gain by source (`by_source`) and what the gain would be if
    somebody who knows the truth gave each photograph the best factor (`gain_known_factor`).

    Parameters
    ----------
    colorizer : Colorizer
    name : str
        Of the set.
    truth : sequence of ndarray of uint8, shape (H, W, 3)
        Of one size, or of several.
    sources : sequence of str
        Where each is from; no gain by source if empty.
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
        shipped["by_source"] = _by_source(
            np.array(shipped["psnr"]), np.array(base["psnr"]), sources
        )
    for row in rows:
        row["psnr_mean"] = float(np.mean(row.pop("psnr")))
    return Judged(rows, ours, grey, list(truth))


def _by_source(
    psnr: NDArray[np.float64], grey: NDArray[np.float64], sources: Sequence[str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for source in sorted(set(sources)):
        mine = np.array(sources) == source
        gain = (psnr - grey)[mine]
        found[source.removesuffix(".tar")] = {
            "n": int(mine.sum()), "grey": float(grey[mine].mean()), "gain": float(gain.mean()),
            "gain_ci95": _interval(gain), "better": float((gain > 0).mean()),
        }  # fmt: skip
    return found


def _row(
    name: str, method: str, factor: float, truth: Sequence[UInt8], made: Sequence[UInt8],
    theirs: dict[str, Float],
) -> dict[str, Any]:  # fmt: skip
    def each(metric: Any) -> list[float]:
        return [float(metric(one[None], m[None])[0]) for one, m in zip(truth, made, strict=True)]

    colour = float(np.mean([metrics.colourfulness(m[None])[0] for m in made]))
    of_truth = float(np.mean([metrics.colourfulness(one[None])[0] for one in truth]))
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


def sheet(judged: Judged) -> Image.Image:
    """Blocks of three rows (grey, ours, truth) of pictures drawn by seed."""
    drawn = draw(SHEET, len(judged.truth), SEED)
    blocks: list[UInt8] = []
    for start in range(0, len(drawn), COLUMNS):
        which = drawn[start : start + COLUMNS]
        if blocks:
            blocks.append(np.full((8, blocks[0].shape[1], 3), 255, np.uint8))
        blocks.append(
            np.concatenate(
                [
                    np.concatenate([source[i] for i in which], axis=1)
                    for source in (judged.grey, judged.ours, judged.truth)
                ]
            )
        )
    return Image.fromarray(np.concatenate(blocks))


def plot(rows: list[dict[str, Any]], file: Path) -> None:
    """Draw the gain over grey against the share of the truth's colourfulness."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.axvspan(TARGETS["least_ratio"], TARGETS["most_ratio"], color="0.93", zorder=0)
    axes.axhline(TARGETS["gain"], color="0.5", linestyle=":", linewidth=1)
    axes.axhline(0, color="0.5", linewidth=1)
    for name, run in dict.fromkeys((row["set"], row.get("run", "")) for row in rows):
        mine = [r for r in rows if (r["set"], r.get("run", "")) == (name, run) and "gain" in r]
        x = [row["colourfulness_ratio"] for row in mine]
        if run:  # same photographs, so the intervals would only hide the lines
            axes.plot(x, [row["gain"] for row in mine], "--.", linewidth=1, label=f"{name}, {run}")
            continue
        low = [row["gain"] - row["gain_ci95"][0] for row in mine]
        high = [row["gain_ci95"][1] - row["gain"] for row in mine]
        line = axes.errorbar(
            x, [row["gain"] for row in mine], yerr=[low, high], marker=".", capsize=2,
            label=f"{name} (n = {mine[0]['n']:,})",
        )  # fmt: skip
        shipped = next(row for row in mine if row["factor"] == 1.0)
        axes.plot(
            shipped["colourfulness_ratio"], shipped["gain"], "o", markersize=11,
            markerfacecolor="none", markeredgecolor=line[0].get_color(),
        )  # fmt: skip
    axes.set(
        xlabel="colourfulness, share of the truth's", ylabel="mean PSNR above grey (dB)",
        title="Closeness against colour; rings: as shipped; grey band and dots: the targets",
    )  # fmt: skip
    axes.title.set_fontsize(9)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="lower left")
    figure.savefig(file, dpi=120)


def page(
    rows: list[dict[str, Any]],
    sizes: dict[str, float],
    card: dict[str, Any],
    runs: Mapping[str, dict[str, Any]] = MappingProxyType({}),
) -> str:
    """docs/photo.md; `runs` has the cards of other trainings by the name of their row's run."""
    lines = [
        "| photographs | n | method | factor | PSNR mean | above grey, 95 % interval | CIEDE2000 "
        "| colourfulness, of the truth's "
        + "".join(f"| Fréchet Lite0-{level}, of grey's " for level in LEVELS)
        + "|",
        "|---|--:|---|--:|--:|--:|--:|--:" + "|--:" * len(LEVELS) + "|",
    ]
    for row in (row for row in rows if "run" not in row):
        gain = ""
        if "gain" in row:
            low, high = row["gain_ci95"]
            gain = f"{row['gain']:+.2f} ({low:+.2f} to {high:+.2f})"
        lines.append(
            f"| {row['set']} | {row['n']:,} | {row['method']} | {row['factor']:g} "
            f"| {row['psnr_mean']:.2f} | {gain} | {row['ciede2000']:.2f} "
            f"| {row['colourfulness_ratio']:.0%} "
            + "".join(f"| {_distance(row, level)} " for level in LEVELS)
            + "|"
        )
    by_size = ", ".join(f"{name} {value:.2f}" for name, value in sizes.items())
    about = ", ".join(f"{name} {version}" for name, version in versions().items())
    spent = _hours(card)
    return f"""# The colorizer of photographs

Made by `python -m train.photo_results` from the committed weights ({spent:.1f} hours of training;
{card["data"]}). Each photograph goes the way of an upload. *Held out* are photographs of the
training's own sources that no training saw, 128 x 128 pixels; *scikit-image* are the colour
photographs that package carries. PSNR rewards grey, so each row has another factor on ab; the app
ships 1. The Fréchet distances are of EfficientNet-Lite0's features at 128 x 128, not FID: of its
40 channels at 1/8 and 112 at 1/16 of the side, and of the 1,280 at its end, for which these are too
few photographs ({ENOUGH} a feature are asked for). The network's encoder started from the same
weights.

{chr(10).join(lines)}

{about}. The figures are in [photo/evaluation.jsonl](photo/evaluation.jsonl).

![Gain over grey against colourfulness](photo/frontier.png)

The targets: {TARGETS["gain"]} dB above grey at {TARGETS["least_ratio"]:.0%} to
{TARGETS["most_ratio"]:.0%} of the truth's colourfulness, and at most {TARGETS["frechet"]:.0%} of
grey's Fréchet distance.
{verdict([row for row in rows if "run" not in row])}
{_where(rows)}{_trainings(rows, card, runs)}
## The same photograph at several sizes

Mean CIEDE2000 between the colours that a photograph gets at longest sides of
{", ".join(f"{side:,}" for side in SIDES)} pixels (target: below {TARGETS["size"]:g}): {by_size};
mean {np.mean(list(sizes.values())):.2f}.

## Photographs drawn at random

{SHEET} of the held-out photographs, drawn with seed {SEED}; in each block from above grey, ours,
truth.

![{SHEET} photographs: grey, ours, truth](photo/sheet.jpg)

## Photographs from elsewhere

![scikit-image's photographs: grey, ours, truth](photo/others.jpg)
"""


def _where(rows: list[dict[str, Any]]) -> str:
    """Where the gain comes from and where it is lost; nothing without sources."""
    shipped = next(r for r in rows if r["factor"] == 1.0 and r["set"] == HELD_OUT)
    if "by_source" not in shipped:
        return ""
    lines = [
        "",
        "## Where it gains and where it loses",
        "",
        "As shipped, held out, by source. *Better*: the share of photographs that are closer to "
        "the truth in colour than in grey.",
        "",
        "| source | n | grey | above grey, 95 % interval | better |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, of in shipped["by_source"].items():
        low, high = of["gain_ci95"]
        lines.append(
            f"| {name} | {of['n']:,} | {of['grey']:.2f} dB "
            f"| {of['gain']:+.2f} dB ({low:+.2f} to {high:+.2f}) | {of['better']:.0%} |"
        )
    lines += [
        "",
        "Grey of a photograph does not say how colourful it is: given by somebody who knows the "
        f"truth, the best factor for each photograph (0 to {FACTORS[-1]:g}) would bring "
        f"{shipped['gain_known_factor']:+.2f} dB with the same hues.",
    ]
    return "\n".join(lines) + "\n"


def _trainings(
    rows: list[dict[str, Any]], card: dict[str, Any], runs: Mapping[str, dict[str, Any]]
) -> str:
    """A table of the trainings that are not committed; nothing if there are none."""
    if not runs:
        return ""
    lines = [
        "",
        "## Other trainings",
        "",
        "Not committed; on the same held-out photographs, dashed in the plot. *Hours* are with "
        "those of the weights that a training started from.",
        "",
        "| training | hours | factor 1 | colourfulness | best factor | colourfulness | "
        "CIEDE2000 at 1 | Fréchet Lite0-40, of grey's |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    cards = {"": card} | dict(runs)
    for run, its in cards.items():
        mine = [r for r in rows if r["set"] == HELD_OUT and r.get("run", "") == run and "gain" in r]
        shipped = next(row for row in mine if row["factor"] == 1.0)
        best = max(mine, key=lambda row: row["gain"])
        title = f"{run}: `{its.get('command', '')}`" if run else "committed"
        lines.append(
            f"| {title} | {_hours(its):.1f} "
            f"| {shipped['gain']:+.2f} dB | {shipped['colourfulness_ratio']:.0%} "
            f"| {best['gain']:+.2f} dB at {best['factor']:g} | {best['colourfulness_ratio']:.0%} "
            f"| {shipped['ciede2000']:.2f} | {_distance(shipped, LEVELS[0])} |"
        )
    return "\n".join(lines) + "\n"


def _hours(card: dict[str, Any]) -> float:
    """Of this training and of what it started from."""
    hours: float = card["hours"] + card.get("start", {}).get("hours", 0.0)
    return hours


def _distance(row: dict[str, Any], level: str) -> str:
    if FRECHET + level not in row:
        return ""
    of_grey = row.get(f"{FRECHET}{level}_of_grey")
    return f"{row[FRECHET + level]:.1f}" + (f", {of_grey:.0%}" if of_grey is not None else "")


def verdict(rows: Sequence[dict[str, Any]]) -> str:
    """One sentence a set: what is reached at the factor that the app ships, by the figures."""
    sentences = []
    for row in rows:
        if row["factor"] != 1.0:
            continue
        near = row["gain"] >= TARGETS["gain"]
        colourful = TARGETS["least_ratio"] <= row["colourfulness_ratio"] <= TARGETS["most_ratio"]
        parts = [
            f"{row['gain']:+.2f} dB is {'reached' if near else 'short of the target'}",
            f"{row['colourfulness_ratio']:.0%} of the colourfulness is "
            f"{'inside' if colourful else 'outside'}",
        ]
        for level in LEVELS:
            share = row.get(f"{FRECHET}{level}_of_grey")
            if share is not None and row["n"] >= ENOUGH * int(level):
                word = "reached" if share <= TARGETS["frechet"] else "not reached"
                parts.append(f"the distance on {level} features, {share:.0%}, is {word}")
        sentences.append(f"As shipped, {row['set']}: {'; '.join(parts)}.")
    return "\n".join(sentences)


def others_sheet(judged: Judged, height: int = 220) -> Image.Image:
    """A row each of grey, ours and truth at one height."""
    rows = []
    for source in (judged.grey, judged.ours, judged.truth):
        resized = [
            np.asarray(
                Image.fromarray(p).resize(
                    (round(p.shape[1] * height / p.shape[0]), height), Image.Resampling.LANCZOS
                )
            )
            for p in source
        ]
        rows.append(np.concatenate(resized, axis=1))
    return Image.fromarray(np.concatenate(rows))


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
        marks = {"run": name, "weights": other.card["weights"]["sha256"]}
        rows += [row | marks for row in judge(other, HELD_OUT, list(held_out)).rows[1:]]
    folder = out / "photo"
    folder.mkdir(parents=True, exist_ok=True)
    of_sizes = {"set": "sizes", "sides": SIDES, "ciede2000": sizes, "weights": weights}
    lines = [json.dumps(row | {"versions": versions()}) + "\n" for row in [*rows, of_sizes]]
    (folder / "evaluation.jsonl").write_text("".join(lines))
    sheet(own).save(folder / "sheet.jpg", quality=90, subsampling=0)
    others_sheet(foreign).save(folder / "others.jpg", quality=90, subsampling=0)
    plot(rows, folder / "frontier.png")
    cards = {name: other.card for name, other in runs.items()}
    (out / "photo.md").write_text(page(rows, sizes, colorizer.card, cards))
    return rows, sizes


def write_card(rows: list[dict[str, Any]], sizes: dict[str, float], weights: Path = FOLDER) -> None:
    """Put the figures at factor 1 into the card beside the weights."""
    file = weights / f"{NAME}.json"
    metrics_of = {r["set"]: r for r in rows if r["factor"] == 1.0 and "run" not in r}
    metrics_of["sizes"] = {"sides": SIDES, "ciede2000": sizes}
    card = json.loads(file.read_text()) | {"metrics": metrics_of | {"versions": versions()}}
    file.write_text(json.dumps(card, indent=2) + "\n")


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m train.photo_results",
        description=(__doc__ or "").split("\n\nReferences")[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    photos_help = "folders and tar files of the photographs that the training was given"
    add("--photos", nargs="+", type=Path, required=True, metavar="PATH", help=photos_help)
    add("--run", type=Path, metavar="RUN", help="judge the weights in the folder of this run")
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
        rows, sizes = publish(
            colorizer, held_out, arguments.out, runs, photographs.held_out_sources
        )
        if not arguments.run:
            write_card(rows, sizes)
    except (DataError, WeightsError) as error:
        print(error, file=sys.stderr)
        return 1
    for row in rows:
        print(
            f"{row['set']:13} {row.get('run') or row['method']:10} x {row['factor']:<4g}"
            f" {row['psnr_mean']:.2f} dB"
            f"  {row.get('gain', 0.0):+.2f}  colour {row['colourfulness_ratio']:.0%}"
            + "".join(
                f"  Fréchet-{level} {row[f'{FRECHET}{level}_of_grey']:.0%} of grey's"
                for level in LEVELS
                if f"{FRECHET}{level}_of_grey" in row
            )
        )
    print(f"written: {arguments.out / 'photo.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
