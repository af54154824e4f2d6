"""The page about the photographs' colorizer: tables, plot and sheets from figures and pictures.

`train.photo_results` measures them and writes what is made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .evaluate import versions
from .gallery import draw

UInt8 = NDArray[np.uint8]

FRECHET = "frechet_lite0_"
LEVELS = ("40", "112", "1280")
"""Numbers of EfficientNet-Lite0's features, from those nearest to colour to the last ones."""
ENOUGH = 5
"""Photographs a feature from which on a Fréchet distance is read against its target: with fewer
the covariance is unsure, and noise of single photographs looks like distance."""
HELD_OUT = "held out"
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
    """Draw the gain over grey against the share of the truth's colourfulness, a panel a set."""
    from matplotlib.figure import Figure

    sets = list(dict.fromkeys(row["set"] for row in rows))
    figure = Figure(figsize=(10, 5), layout="constrained")
    panels = figure.subplots(1, len(sets), sharex=True, squeeze=False)[0]
    for name, axes in zip(sets, panels, strict=True):
        axes.axvspan(TARGETS["least_ratio"], TARGETS["most_ratio"], color="0.93", zorder=0)
        axes.axhline(TARGETS["gain"], color="0.5", linestyle=":", linewidth=1)
        axes.axhline(0, color="0.5", linewidth=1)
        of_set = [row for row in rows if row["set"] == name and "gain" in row]
        _lines(axes, of_set)
        axes.set(
            xlabel="colourfulness, share of the truth's",
            title=f"{name} (n = {of_set[0]['n']:,})",
        )
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("mean PSNR above grey (dB)")
    lines, names = panels[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", ncol=8, frameon=False, fontsize=8)
    figure.suptitle(
        "Closeness against colour; rings: as shipped; grey band and dotted line: the targets",
        fontsize=10,
    )
    figure.savefig(file, dpi=120)


def _lines(axes: Any, rows: list[dict[str, Any]]) -> None:
    """One line a training: the shipped one with intervals and a ring, others dashed."""
    others = 0
    for run in dict.fromkeys(row.get("run", "") for row in rows):
        mine = [row for row in rows if row.get("run", "") == run]
        x = [row["colourfulness_ratio"] for row in mine]
        y = [row["gain"] for row in mine]
        if run:  # same photographs, so the intervals would only hide the lines
            # There are ten colours; from the eleventh line on they come again with other marks.
            axes.plot(x, y, "--", marker=".x+1"[others // 10 % 4], linewidth=1, label=run)
            others += 1
            continue
        low = [row["gain"] - row["gain_ci95"][0] for row in mine]
        high = [row["gain_ci95"][1] - row["gain"] for row in mine]
        line = axes.errorbar(
            x, y, yerr=[low, high], marker=".", capsize=2, color="black",
            label="committed, 95 % interval",
        )  # fmt: skip
        shipped = next(row for row in mine if row["factor"] == 1.0)
        axes.plot(
            shipped["colourfulness_ratio"], shipped["gain"], "o", markersize=11,
            markerfacecolor="none", markeredgecolor=line[0].get_color(),
        )  # fmt: skip


def page(
    rows: list[dict[str, Any]],
    sizes: dict[str, float],
    sides: Sequence[int],
    card: dict[str, Any],
) -> str:
    """docs/photo.md; rows of other trainings have `run`, and its `hours` and `command`."""
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
    spent = hours(card)
    return f"""# The colorizer of photographs

Made by `python -m train.photo_results` from the committed weights ({spent:.1f} hours of training;
{_seen(card)}). Each photograph goes the way of an upload. *Held out* are photographs of the
training's own sources that no training saw, 128 x 128 pixels; *scikit-image* are the colour
photographs that package carries. PSNR rewards grey, so each row has another factor on ab; the app
ships 1. The Fréchet distances are of EfficientNet-Lite0's features at 128 x 128, not FID: of its
40 channels at 1/8 and 112 at 1/16 of the side, and of the 1,280 at its end, for which these are too
few photographs ({ENOUGH} a feature are asked for). The network's encoder started from the same
weights.{_kin(card)}

{chr(10).join(lines)}

{about}. The figures are in [photo/evaluation.jsonl](photo/evaluation.jsonl).

![Gain over grey against colourfulness](photo/frontier.png)

The targets: {TARGETS["gain"]} dB above grey at {TARGETS["least_ratio"]:.0%} to
{TARGETS["most_ratio"]:.0%} of the truth's colourfulness, and at most {TARGETS["frechet"]:.0%} of
grey's Fréchet distance.
{verdict([row for row in rows if "run" not in row])}
{_where(rows)}{_trainings(rows, spent)}
## The same photograph at several sizes

Mean CIEDE2000 between the colours that a photograph gets at longest sides of
{", ".join(f"{side:,}" for side in sides)} pixels (target: below {TARGETS["size"]:g}): {by_size};
mean {np.mean(list(sizes.values())):.2f}.

## Photographs drawn at random

{SHEET} of the held-out photographs, drawn with seed {SEED}; in each block from above grey, ours,
truth.

![{SHEET} photographs: grey, ours, truth](photo/sheet.jpg)

## Photographs from elsewhere

![scikit-image's photographs: grey, ours, truth](photo/others.jpg)
"""


def _seen(card: dict[str, Any]) -> str:
    """The photographs of the training, and of those before it where they were others."""
    seen, before = [card["data"]], card.get("start", {})
    while before:
        seen += [before["data"]] if before.get("data", seen[-1]) not in seen else []
        before = before.get("start", {})
    return "; before that ".join(seen)


def _kin(card: dict[str, Any]) -> str:
    """What a reader must know if the network was trained against a relative of the ruler."""
    if card.get("settings", {}).get("critic") != "features":
        return ""
    return (
        " Its critic saw with EfficientNet-Lite1, which learned from the same pictures as the\n"
        "ruler: not the same network, but a relative, which may flatter these distances."
    )


def _where(rows: list[dict[str, Any]]) -> str:
    """Where the gain comes from and where it is lost; nothing without sources."""
    shipped = next(r for r in rows if r["factor"] == 1.0 and r["set"] == HELD_OUT)
    if "by_source" not in shipped:
        return ""
    lines = [
        "",
        "## Where it gains, where it loses, and why",
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
        "And by how colourful the truth is, in parts of equal number:",
        "",
        "| truth's colourfulness | ours | n | above grey, 95 % interval | better |",
        "|---|--:|--:|--:|--:|",
    ]
    for of in shipped["by_colour"]:
        low, high = of["gain_ci95"]
        lines.append(
            f"| {of['least']:.0f} to {of['most']:.0f} | {of['ours']:.0f} | {of['n']:,} "
            f"| {of['gain']:+.2f} dB ({low:+.2f} to {high:+.2f}) | {of['better']:.0%} |"
        )
    most = max(row["factor"] for row in rows)
    lines += [
        "",
        "Grey of a photograph does not say how colourful it is: given by somebody who knows the "
        f"truth, the best factor for each photograph (0 to {most:g}) would bring "
        f"{shipped['gain_known_factor']:+.2f} dB with the same hues.",
    ]
    return "\n".join(lines) + "\n"


def _trainings(rows: list[dict[str, Any]], spent: float) -> str:
    """A table of the trainings that are not committed; nothing if there are none."""
    runs = list(dict.fromkeys(row.get("run", "") for row in rows))
    if len(runs) < 2:
        return ""
    lines = [
        "",
        "## Other trainings",
        "",
        "Not committed; on the same held-out photographs, dashed in the plot. *Hours* are with "
        "those of the weights that a training started from. Trainings that were measured before "
        "stay, as long as the held-out photographs are the same.",
        "",
        "| training | hours | factor 1 | colourfulness | best factor | colourfulness | "
        "CIEDE2000 at 1 | Fréchet Lite0-40, of grey's | Lite0-112 |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for run in runs:
        mine = [r for r in rows if r["set"] == HELD_OUT and r.get("run", "") == run and "gain" in r]
        shipped = next(row for row in mine if row["factor"] == 1.0)
        best = max(mine, key=lambda row: row["gain"])
        title = f"{run}: `{shipped['command']}`" if run else "committed"
        lines.append(
            f"| {title} | {shipped['hours'] if run else spent:.1f} "
            f"| {shipped['gain']:+.2f} dB | {shipped['colourfulness_ratio']:.0%} "
            f"| {best['gain']:+.2f} dB at {best['factor']:g} | {best['colourfulness_ratio']:.0%} "
            f"| {shipped['ciede2000']:.2f} | {_distance(shipped, LEVELS[0])} "
            f"| {_distance(shipped, LEVELS[1])} |"
        )
    return "\n".join(lines) + "\n"


def hours(card: dict[str, Any]) -> float:
    """Of this training and of what it started from."""
    spent: float = card["hours"] + card.get("start", {}).get("hours", 0.0)
    return spent


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
        sentences.append(frontier([other for other in rows if other["set"] == row["set"]]))
    return "\n".join(sentences)


def frontier(rows: Sequence[dict[str, Any]]) -> str:
    """Where on the line through these factors of one set both targets hold, or how far off it is.

    Examples
    --------
    >>> print(frontier([{"colourfulness_ratio": 0.5, "gain": 2.0}, {"colourfulness_ratio": 0.9}]))
    No factor reaches both: of 70% or more of the colourfulness, the nearest is +1.00 dB at 70%.
    """
    ratios, gains = zip(
        *sorted((row["colourfulness_ratio"], row.get("gain", 0.0)) for row in rows), strict=True
    )
    shares = np.arange(TARGETS["least_ratio"], TARGETS["most_ratio"] + 1e-9, 0.001)
    shares = shares[(shares >= ratios[0]) & (shares <= ratios[-1])]
    if not len(shares):
        return f"No factor gives {TARGETS['least_ratio']:.0%} of the colourfulness."
    line = np.interp(shares, ratios, gains)
    both = shares[line >= TARGETS["gain"]]
    if len(both):
        return (
            f"Both are reached by factors that give {both[0]:.0%} to {both[-1]:.0%} of the "
            "colourfulness."
        )
    return (
        f"No factor reaches both: of {TARGETS['least_ratio']:.0%} or more of the colourfulness, "
        f"the nearest is {line.max():+.2f} dB at {shares[line.argmax()]:.0%}."
    )


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
