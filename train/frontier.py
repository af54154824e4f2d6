"""The trade-off of each method between closeness to the truth and colour, as rows and a plot.

PSNR rewards grey, so one operating point says little: each method has a dial that makes its
colours weaker or stronger, and its line over that dial is what is compared. For the classifier
the dial is the temperature of the annealed mean; for the others a factor on ab. The classifier has
a second line, the mean of its distribution (T = 1) times a factor: a low temperature makes single
pixels vivid, a factor all of them. A method is better than another where its whole line lies above
the other's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorizers.color import colorize_u8, rgb_to_lab
from colorizers.networks.base import Colorizer

from . import metrics

TEMPERATURES = (1.0, 0.8, 0.6, 0.38, 0.2, 0.1)
FACTORS = (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0)
SCALED = "{}, T = 1"
"""Name of the line of a method with a temperature whose mean is scaled instead."""
FIGURES = ("psnr_mean", "psnr_mean_coloured", "nazeri_accuracy_5")
"""What is computed at each point, beside the colourfulness."""


def frontier(
    truth: NDArray[np.uint8],
    lab: NDArray[np.float32],
    methods: Mapping[str, Colorizer],
    painted: Mapping[str, NDArray[np.float32]] | None = None,
) -> list[dict[str, Any]]:
    """Rows of every method at every setting of its dial.

    Parameters
    ----------
    truth : ndarray of uint8, shape (N, H, W, 3)
    lab : ndarray of float32, shape (N, H, W, 3)
        The same pictures.
    methods : mapping
        Name of a line -> its colorizer.
    painted : mapping, optional
        Name of a line -> its ab with the options as they are, where that is known.

    Returns
    -------
    list of dict
        `method`, `dial` ("T" or "factor"), `value`, `n`, `colourfulness` and the `FIGURES`.
    """
    coloured = (np.ptp(truth, axis=-1) > 0).any(axis=(1, 2))
    rows = []
    for method, dial, value, ab in _points(lab[..., 0], methods, painted or {}):
        print(f"frontier: {method}, {dial} {value:g}", file=sys.stderr, flush=True)
        ours = colorize_u8(lab[..., 0], ab)
        accuracy = metrics.nazeri_accuracy_lab(lab, rgb_to_lab(ours), 5)
        psnr = metrics.psnr(truth, ours)
        rows.append(
            {
                "method": method, "dial": dial, "value": value, "n": len(truth),
                "colourfulness": float(metrics.colourfulness(ours).mean()),
                "psnr_mean": float(psnr.mean()),
                "psnr_mean_coloured": float(psnr[coloured].mean()),
                "nazeri_accuracy_5": float(accuracy.mean()),
            }
        )  # fmt: skip
    return rows


def _points(
    L: NDArray[np.float32],
    methods: Mapping[str, Colorizer],
    painted: Mapping[str, NDArray[np.float32]],
) -> Iterator[tuple[str, str, float, NDArray[np.float32]]]:
    for method, colorizer in methods.items():
        line = method
        options: dict[str, Any] = {}
        if "temperature" in colorizer.options:
            for value in TEMPERATURES:
                yield method, "T", value, colorizer.predict_ab(L, temperature=value)
            line, options = SCALED.format(method), {"temperature": 1.0}
        known = painted.get(method) if not options else None
        ab = colorizer.predict_ab(L, **options) if known is None else known
        for value in FACTORS:
            yield line, "factor", value, np.float32(value) * ab


def at_colourfulness(rows: list[dict[str, Any]], least: float) -> dict[str, dict[str, Any]]:
    """The best mean PSNR of each method among its points of at least this colourfulness."""
    best: dict[str, dict[str, Any]] = {}
    for row in rows:
        before = best.get(row["method"])
        if row["colourfulness"] >= least and (
            before is None or row["psnr_mean"] > before["psnr_mean"]
        ):
            best[row["method"]] = row
    return best


def plot(
    rows: list[dict[str, Any]], floors: list[dict[str, Any]], shipped: dict[str, float], file: Path
) -> None:
    """Draw mean PSNR and accuracy over colourfulness.

    Parameters
    ----------
    rows : list of dict
        From `frontier`.
    floors : list of dict
        Rows of the evaluation without a dial, such as grey.
    shipped : dict
        Method -> value of its dial in the app, drawn as a ring.
    file : Path
        PNG or SVG.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.4), layout="constrained")
    panels = figure.subplots(1, 2)
    shown: tuple[tuple[str, str, Callable[[float], float]], ...] = (
        ("psnr_mean", "mean PSNR (dB)", lambda value: value),
        ("nazeri_accuracy_5", "Nazeri accuracy, eps 5 (%)", lambda value: 100 * value),
    )
    for axes, (key, label, scaled) in zip(panels, shown, strict=True):
        for method in dict.fromkeys(row["method"] for row in rows):
            mine = [row for row in rows if row["method"] == method]
            x = [row["colourfulness"] for row in mine]
            (line,) = axes.plot(x, [scaled(row[key]) for row in mine], marker=".", label=method)
            for row in mine:
                if row["value"] == shipped.get(method):
                    axes.plot(
                        row["colourfulness"], scaled(row[key]), marker="o", markersize=10,
                        markerfacecolor="none", markeredgecolor=line.get_color(), linestyle="none",
                    )  # fmt: skip
        for row in floors:
            axes.plot(row["colourfulness"], scaled(row[key]), "kx")
            axes.annotate(
                row["method"], (row["colourfulness"], scaled(row[key])), xytext=(6, -3),
                textcoords="offset points", fontsize=8,
            )  # fmt: skip
        axes.set(xlabel="colourfulness (the truth has 33.65)", ylabel=label)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.suptitle("Closeness to the truth against colour; rings: as shipped", fontsize=11)
    figure.savefig(file, dpi=120)
