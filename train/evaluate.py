"""Every colorizer, floor and ceiling in one table, on the CIFAR-10 test split.

    python -m train.evaluate
    python -m train.evaluate --methods gan grey --limit 1000 --json -
    python -m train.evaluate --runs runs/gan --methods gan --split validation --no-deep

Settings are chosen on the validation part, with `--split validation`; the test split is for
the result.

The truth's own L is kept in every row, as in the app. Read accuracy, PSNR and SSIM beside the
colourfulness: a grey picture is 'right' on more than half of the pixels. The definitions are
in `train.metrics`. Equal pictures count as 100 dB; 106 of the test pictures are grey
themselves, so the mean PSNR without those stands beside the one with them. Intervals, in the
JSON, are mean plus or minus 1.96 standard errors over the pictures. `train.results` publishes.
A row that was computed before, of the same pictures by the same weights and code, is read back from
rows/ beside the data (`train.kept`).
"""

from __future__ import annotations

import argparse
import functools
import json
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

import colorizers
from colorizers.color import colorize_u8, rgb_to_lab
from colorizers.networks.base import Colorizer
from colorizers.networks.bins import TEMPERATURE, centres, nearest_bins
from truehue import TrueHueError

from . import data, features, kept, metrics
from .candidates import load_run
from .options import command_line
from .run import processor

Lab = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

FLOORS = ("grey", "median-ab")
CEILINGS = ("truth-hard-bins", "truth-soft-bins", "truth")
EPSILONS = (2, 5)
PERCEPTUAL = 1_000
"""The perceptual distance is of the first so many pictures: each takes 3 ms on one core."""
DRAWINGS = 8
"""Of each of those pictures, by methods that draw: the nearest of them tells whether the truth is
among what they draw."""
FRECHET = "frechet_efficientnet_lite0"
ROW = "row"
BEST, APART = f"psnr_best_of_{DRAWINGS}", "drawn_apart"

COLUMNS = (
    ("method", "method", "s"),
    ("psnr_mean", "PSNR mean", ".2f"),
    ("psnr_mean_coloured", "PSNR mean, not grey", ".2f"),
    ("psnr_pooled", "PSNR pooled", ".2f"),
    (BEST, "PSNR best of 8", ".2f"),
    (APART, "drawn apart", ".0%"),
    ("nazeri_accuracy_2", "Nazeri 2 %", ".1%"),
    ("nazeri_accuracy_5", "Nazeri 5 %", ".1%"),
    ("accuracy_r_5", "R 5 %", ".1%"),
    ("accuracy_g_5", "G 5 %", ".1%"),
    ("accuracy_b_5", "B 5 %", ".1%"),
    ("accuracy_rgb_5", "RGB 5 %", ".1%"),
    ("ssim", "SSIM", ".3f"),
    ("ciede2000", "CIEDE2000", ".2f"),
    ("auc", "AuC", ".1%"),
    ("auc_balanced", "AuC balanced", ".1%"),
    ("colourfulness", "colourfulness", ".2f"),
    ("colourfulness_gap", "gap", ".2f"),
    ("colourfulness_distance", "distance", ".2f"),
    ("stlpips_alex", "ST-LPIPS", ".4f"),
    (FRECHET, "Fréchet Lite0", ".2f"),
)
"""Key in the JSON, heading in the tables, format."""
SHORT = (
    "method", "psnr_mean", "psnr_mean_coloured", "nazeri_accuracy_5", "ssim", "ciede2000",
    "colourfulness", "stlpips_alex", FRECHET,
)  # fmt: skip
"""Columns of the table in the README."""


class Evaluation:
    """The test pictures with what all rows share, computed once.

    Parameters
    ----------
    test, train : data.Pictures
        Pictures to judge on; pictures whose median ab and prior of bins are used.
    deep : bool
        Compute the metrics that need a network as a ruler.
    others : dict, optional
        More colorizers by the name of their row, such as those of runs.
    keep : Path, optional
        Folder of rows that were computed before, see `train.kept`.
    """

    def __init__(
        self,
        test: data.Pictures,
        train: data.Pictures,
        deep: bool = True,
        others: dict[str, Colorizer] | None = None,
        keep: Path | None = None,
    ) -> None:
        self._others = others or {}
        self._keep, self._train = keep, train.rgb_u8[::5]
        self.truth = test.rgb_u8
        self.lab = rgb_to_lab(test.rgb_u8)
        self.labels = test.labels
        self.coloured = (np.ptp(test.rgb_u8, axis=-1) > 0).any(axis=(1, 2))  # not grey throughout
        self.deep = deep
        self.values: dict[str, dict[str, NDArray[np.float64]]] = {}
        """Method -> metric -> its value for each picture, for paired comparisons."""
        self._made: dict[str, UInt8] = {}
        self.painted: dict[str, Lab] = {}
        """Method -> ab that it painted here, shape (N, 32, 32, 2)."""

    @functools.cached_property
    def _train_ab(self) -> Lab:
        return rgb_to_lab(self._train)[..., 1:].reshape(-1, 2)

    @functools.cached_property
    def median_ab(self) -> NDArray[np.float32]:
        """The median ab of the training pictures, shape (2,)."""
        return np.median(self._train_ab, axis=0).astype(np.float32)

    @functools.cached_property
    def pixel_weight(self) -> NDArray[np.float64]:
        """Inverse prior of each pixel's bin, shape (N, 32, 32)."""
        prior = np.bincount(hard_bins(self._train_ab), minlength=len(centres())) + 1.0
        return np.asarray((prior.sum() / prior)[hard_bins(self.lab[..., 1:])])

    @functools.cached_property
    def _perceptual(self) -> features.Perceptual:
        return features.Perceptual(self.truth[:PERCEPTUAL], "the truth")

    @functools.cached_property
    def _truth_features(self) -> NDArray[np.float32]:
        return features.lite0_features(self.truth, "the truth")

    @functools.cached_property
    def _lite0(self) -> metrics.Frechet:
        return metrics.Frechet(self._truth_features)

    def pictures(self, method: str) -> UInt8:
        """The 8-bit pictures of a row, shape (N, 32, 32, 3); made once."""
        if method == "truth":
            return self.truth
        if method not in self._made:
            made = kept.once(
                self._keep, self._name("pictures", method), lambda: {"made": self._make(method)}
            )
            self._made[method] = made["made"]
        return self._made[method]

    def _make(self, method: str) -> UInt8:
        L, ab = self.lab[..., 0], self.lab[..., 1:]
        makers: dict[str, Callable[[], Lab]] = {
            "grey": lambda: np.zeros_like(ab),
            "median-ab": lambda: np.broadcast_to(self.median_ab, ab.shape),
            "truth-hard-bins": lambda: centres()[hard_bins(ab)],
            "truth-soft-bins": lambda: through_soft_bins(ab),
        }
        if method in makers:
            return colorize_u8(L, makers[method]())
        self.painted[method] = self._colorizer(method).predict_ab(L)
        return colorize_u8(L, self.painted[method])

    def _name(self, what: str, method: str) -> str:
        """By which a result is kept."""
        about: dict[str, Any] = {"what": what, "method": method, "versions": versions()}
        if method not in (*FLOORS, *CEILINGS) and self._keep:
            card = self._colorizer(method).card
            about["card"] = {key: value for key, value in card.items() if key != "metrics"}
        return kept.fingerprint(json.dumps(about, sort_keys=True), self.truth, self._train)

    def _colorizer(self, method: str) -> Colorizer:
        return self._others.get(method) or colorizers.load(method)

    def row(self, method: str) -> dict[str, Any]:
        """All metrics of one method, by name; lists of two numbers are 95 % intervals."""
        what = "row, deep" if self.deep else "row"
        found = kept.once(self._keep, self._name(what, method), lambda: self._row(method))
        self.values[method] = {key: found[key] for key in found if key != ROW}
        row: dict[str, Any] = json.loads(str(found[ROW]))
        return row

    def _row(self, method: str) -> kept.Arrays:
        """Its metrics of each picture by name and, as JSON, its figures."""
        truth, other = self.truth, self.pictures(method)
        lab = rgb_to_lab(other)
        row: dict[str, Any] = {"method": method, "n": len(truth)}
        of_each: kept.Arrays = {}

        def per_picture(key: str, values: NDArray[np.float64]) -> None:
            of_each[key] = values
            row[key] = float(values.mean())
            if len(values) > 1:
                half = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
                row[key + "_ci95"] = [row[key] - float(half), row[key] + float(half)]

        psnr = metrics.psnr(truth, other)
        per_picture("psnr_mean", psnr)
        per_picture("psnr_mean_coloured", psnr[self.coloured])
        row["psnr_mean_coloured_n"] = int(self.coloured.sum())
        row["psnr_pooled"] = metrics.pooled_psnr(truth, other)
        if self.deep and (drawn := self._drawn(method)) is not None:
            for key, values in zip((BEST, APART), drawn, strict=True):
                per_picture(key, values)
                row[f"{key}_n"] = len(values)
        for epsilon in EPSILONS:
            accuracy = metrics.nazeri_accuracy_lab(self.lab, lab, epsilon)
            per_picture(f"nazeri_accuracy_{epsilon}", accuracy)
            channels = metrics.channel_accuracy(truth, other, epsilon)
            for column, channel in enumerate(("r", "g", "b", "rgb")):
                per_picture(f"accuracy_{channel}_{epsilon}", channels[:, column])
        per_picture("ssim", metrics.ssim(truth, other))
        per_picture("ciede2000", metrics.ciede2000(self.lab, lab))
        row["auc"] = metrics.auc(self.lab[..., 1:], lab[..., 1:])
        row["auc_balanced"] = metrics.auc(self.lab[..., 1:], lab[..., 1:], self.pixel_weight)
        ours, theirs = metrics.colourfulness(other), metrics.colourfulness(truth)
        per_picture("colourfulness", ours)
        row["colourfulness_gap"] = abs(float(ours.mean() - theirs.mean()))
        per_picture("colourfulness_distance", np.abs(ours - theirs))
        if self.deep:
            per_picture("stlpips_alex", self._perceptual.distance(other[:PERCEPTUAL], method))
            row["stlpips_alex_n"] = min(PERCEPTUAL, len(truth))
            same = other is truth
            theirs_seen = self._truth_features if same else features.lite0_features(other, method)
            row[FRECHET] = self._lite0.distance(theirs_seen)
        row["per_class"] = self._per_class(psnr, ours)
        return {ROW: np.array(json.dumps(row)), **of_each}

    def _drawn(self, method: str) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """PSNR of the nearest of some drawings, and how far they are apart (`metrics.apart`).

        Of the first pictures; None of a method that does not draw.
        """
        if method in (*FLOORS, *CEILINGS) or "seed" not in self._colorizer(method).options:
            return None
        colorizer = self._colorizer(method)
        truth, L = self.truth[:PERCEPTUAL], self.lab[:PERCEPTUAL, ..., 0]
        seeds = range(0, DRAWINGS * len(L), len(L))  # no noise twice: picture i has seed + i
        ab = np.stack([colorizer.predict_ab(L, seed=seed) for seed in seeds])
        nearest = np.max([metrics.psnr(truth, colorize_u8(L, one)) for one in ab], axis=0)
        return nearest, metrics.apart(ab)

    def _per_class(
        self, psnr: NDArray[np.float64], colour: NDArray[np.float64]
    ) -> dict[str, dict[str, float]]:
        return {
            name: {
                "n": int((self.labels == label).sum()),
                "psnr_mean": float(psnr[self.labels == label].mean()),
                "colourfulness": float(colour[self.labels == label].mean()),
            }
            for label, name in enumerate(data.CLASSES)
            if (self.labels == label).any()
        }


def known() -> tuple[str, ...]:
    """The names of all rows in the order of the table."""
    return (*FLOORS, *colorizers.cifar10_names(controls=True), *CEILINGS)


def hard_bins(ab: NDArray[np.floating]) -> NDArray[np.int64]:
    """Index of the nearest of the 313 bins, shape (...,), for ab of shape (..., 2)."""
    return np.asarray(cKDTree(centres()).query(ab, workers=-1)[1], np.int64)


def through_soft_bins(ab: Lab) -> Lab:
    """The truth as a perfect classifier would give it: soft encoding, annealed mean, T = 0.38."""
    grid, out = torch.tensor(centres()), np.empty_like(ab)
    for start in range(0, len(ab), 500):
        part = ab[start : start + 500]
        index, weight = nearest_bins(torch.from_numpy(part.reshape(-1, 2)).double())
        share = weight.float() ** (1 / TEMPERATURE)  # (pixels, 10); all other bins have nothing
        mean = (share[..., None] * grid[index]).sum(1) / share.sum(1, keepdim=True)
        out[start : start + 500] = mean.numpy().reshape(part.shape)
    return out


def versions() -> dict[str, str]:
    """What the figures were made with."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "scikit-image": version("scikit-image"),
        "processor": processor(),
    }


def table(rows: list[dict[str, Any]], markdown: bool, keys: Sequence[str] | None = None) -> str:
    """The rows as an aligned table, or in Markdown; all columns, or those named by `keys`."""
    columns = [
        column for column in COLUMNS
        if any(column[0] in row for row in rows) and (keys is None or column[0] in keys)
    ]  # fmt: skip

    def cell(row: dict[str, Any], key: str, form: str) -> str:
        return format(row[key], form) if key in row else ""

    body = [[cell(row, key, form) for key, _, form in columns] for row in rows]
    heads = [head for _, head, _ in columns]
    if markdown:
        lines = ["| " + " | ".join(line) + " |" for line in (heads, *body)]
        rule = "|" + "|".join(["---"] + ["--:"] * (len(heads) - 1)) + "|"
        return "\n".join([lines[0], rule, *lines[1:]])
    # On a terminal methods are columns, since there are fewer of them than metrics.
    turned = [list(line) for line in zip(heads, *body, strict=True)]
    widths = [max(len(text) for text in column) for column in zip(*turned, strict=True)]
    return "\n".join(
        "  ".join(
            text.ljust(width) if index == 0 else text.rjust(width)
            for index, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in turned
    )


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = command_line("python -m train.evaluate", __doc__)
    add = parser.add_argument
    rows_help = f"rows of the table, of: {', '.join(known())} (default all)"
    add("--methods", nargs="+", choices=known(), default=known(), metavar="METHOD", help=rows_help)
    limit_help = "only the first N test pictures (default all 10,000)"
    add("--limit", type=int, default=0, metavar="N", help=limit_help)
    runs_help = "rows of trainings that are not committed, by the folders of their runs"
    add("--runs", nargs="+", type=Path, default=[], metavar="RUN", help=runs_help)
    split_help = "pictures to judge on (default test); choose settings on validation"
    add("--split", choices=("test", "validation"), default="test", help=split_help)
    add("--json", metavar="FILE", help="write one JSON object a row, as lines; - for stdout")
    add("--markdown", action="store_true", help="print the table in Markdown")
    deep_help = "the metrics that need a network as a ruler or many drawings (default yes)"
    add("--deep", action=argparse.BooleanOptionalAction, default=True, help=deep_help)
    data_help = "cache of CIFAR-10 (default %(default)s)"
    add("--data", type=Path, default=data.DEFAULT_FILE, metavar="FILE", help=data_help)
    arguments = parser.parse_args(argv)
    if arguments.limit < 0:
        parser.error(f"--limit is {arguments.limit}; it must be 1 or more, or 0 for all.")
    try:
        test, train = (
            data.load(arguments.split, arguments.data),
            data.load("train", arguments.data),
        )
        if arguments.limit:
            test = test[slice(0, arguments.limit)]
        for method in set(arguments.methods) & set(colorizers.cifar10_names(controls=True)):
            colorizers.load(method)  # missing weights are told now, not after minutes
        runs = {str(folder): load_run(folder) for folder in arguments.runs}
        evaluation = Evaluation(
            test, train, arguments.deep, runs, arguments.data.parent / kept.FOLDER
        )
        rows = []
        methods = [*arguments.methods, *runs]
        for number, method in enumerate(methods, 1):
            print(f"{number}/{len(methods)} {method}", file=sys.stderr, flush=True)
            rows.append(evaluation.row(method))
    except TrueHueError as error:
        print(error, file=sys.stderr)
        return 1
    rows = [row | {"versions": versions()} for row in rows]
    if arguments.json:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        if arguments.json == "-":
            print(lines, end="")
        else:
            Path(arguments.json).write_text(lines)
    about = ", ".join(f"{name} {version}" for name, version in versions().items())
    shown = f"{len(test):,} {arguments.split} pictures (ST-LPIPS: the first {PERCEPTUAL:,})"
    footer = f"n = {shown}; {about}."
    if arguments.json != "-":
        print(table(rows, arguments.markdown))
        print(f"\n{footer}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
