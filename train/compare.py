"""Differences between methods with paired bootstrap intervals over the pictures.

Two means with an interval each say little about their difference: both methods saw the same
pictures and find the same ones hard. So each picture gives one difference, and pictures are
drawn with replacement. The interval is about other pictures of this kind, not about other
trainings; those are the spread over seeds in docs/LOG.md.

References
----------
Efron, Tibshirani: An Introduction to the Bootstrap, 1993 (percentile interval).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

METRICS = ("psnr_mean", "nazeri_accuracy_5", "ssim", "ciede2000", "colourfulness_distance")
"""Higher is better in the first three, lower in the others."""
RESAMPLES = 2_000
SHOWN = (("classification", "gan"), ("gan", "flow"))
"""The pairs that the page shows: the paper's two methods, and the better of them beside flow."""


def paired(
    values: Mapping[str, Mapping[str, NDArray[np.float64]]],
    metrics: tuple[str, ...] = METRICS,
    resamples: int = RESAMPLES,
    seed: int = 1,
    of: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Every pair of methods on every metric, or every pair with one of the methods `of`.

    Parameters
    ----------
    values : mapping
        Method -> metric -> its value for each picture, shape (N,), the same pictures throughout.
    metrics : tuple of str
    resamples : int
        Sets of pictures drawn.
    seed : int
    of : str

    Returns
    -------
    list of dict
        `a`, `b`, `metric`, `n`, `difference` (mean of a - b) and `difference_ci95` (percentile
        bootstrap).
    """
    rows = []
    for metric in metrics:
        for a, b in itertools.combinations(values, 2):
            if of and not {a, b} & {*of}:
                continue
            difference = values[a][metric] - values[b][metric]
            interval = bootstrap(
                (difference,), np.mean, n_resamples=resamples, method="percentile",
                batch=100, rng=np.random.default_rng(seed),
            ).confidence_interval  # fmt: skip
            rows.append(
                {
                    "a": a, "b": b, "metric": metric, "n": len(difference),
                    "difference": float(difference.mean()),
                    "difference_ci95": [float(interval.low), float(interval.high)],
                }
            )  # fmt: skip
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The differences of the pairs in `SHOWN` in Markdown; bold where the interval leaves out 0."""
    lines = ["| metric | a | b | a - b | 95 % interval |", "|---|---|---|--:|--:|"]
    for row in rows:
        if (row["a"], row["b"]) not in SHOWN:
            continue
        low, high = row["difference_ci95"]
        clear = "**" if low > 0 or high < 0 else ""
        lines.append(
            f"| {row['metric']} | {row['a']} | {row['b']} | "
            f"{clear}{row['difference']:+.4g}{clear} | {low:+.4g} to {high:+.4g} |"
        )
    return "\n".join(lines)
