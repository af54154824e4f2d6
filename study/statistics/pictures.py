"""Which pictures fool: a table of all of them, and the most and the least fooling ones.

Fed by the rows of `study.statistics.stats.analysed`; `study.report.gallery` shows them. Single
pictures are seen by few people: the order is by (picks + 1/2) / (trials + 1), so that one pick in
one trial does not stand above nine in ten, and it is a description of this study, no estimate for a
picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from study.protocol.design import TRUTH
from study.statistics.stats import methods

SHOWN = 6


@dataclass(frozen=True)
class PictureRate:
    """How often one picture of one method was taken for real.

    `label` is its class or None, `realism` the mean of its ratings, NaN where there are none.
    """

    picture: str
    label: str | None
    name: str
    picked: int
    trials: int
    realism: float

    @property
    def score(self) -> float:
        """What the order is by, between 0 and 1."""
        return (self.picked + 0.5) / (self.trials + 1)


@dataclass(frozen=True)
class Extremes:
    """The most and the least fooling pictures of one method."""

    name: str
    most: list[PictureRate]
    least: list[PictureRate]


def picture_rates(rows: pd.DataFrame) -> list[PictureRate]:
    """Picks and trials of every picture of every method but the truth.

    Methods come by falling rate, pictures by their ids.
    """
    keys = ["method", "picture"]
    shown = rows[rows["method"] != TRUTH]
    groups = shown.groupby(keys, observed=True)["picked"]
    realism = shown["realism"].astype("Float64").astype(np.float64)
    means = realism.groupby([shown[key] for key in keys], observed=True).mean()
    counts = pd.DataFrame({"picked": groups.sum(), "trials": groups.size(), "realism": means})
    labels = shown.drop_duplicates("picture").set_index("picture")["label"].astype(object)
    of_method = {
        str(name): frame.droplevel(0) for name, frame in counts.groupby(level=0, observed=True)
    }
    found = []
    for name in methods(rows):
        if name == TRUTH:
            continue
        frame = of_method[name]
        frame = frame.set_axis(frame.index.astype(str)).sort_index()
        found += [
            PictureRate(
                picture, None if pd.isna(label) else str(label), name, int(k), int(n), float(r)
            )
            for picture, label, k, n, r in zip(
                frame.index,
                labels.reindex(frame.index),
                frame["picked"],
                frame["trials"],
                frame["realism"],
                strict=True,
            )
        ]
    return found


def extremes(rates: list[PictureRate], shown: int = SHOWN) -> list[Extremes]:
    """The pictures at both ends, at most half of all at each.

    None that was never picked is among the most fooling ones, and none that was always picked or
    is among the most fooling ones is among the least fooling. Ties go to more trials, then to the
    higher (at the lower end: lower) mean rating of realism, then to the smaller id.
    """
    found = []
    for name in dict.fromkeys(rate.name for rate in rates):
        mine = [rate for rate in rates if rate.name == name]
        count = min(shown, len(mine) // 2)
        falling = sorted(mine, key=lambda r: (-r.score, -r.trials, -_known(r), r.picture))
        rising = sorted(mine, key=lambda r: (r.score, -r.trials, _known(r), r.picture))
        most = [rate for rate in falling[:count] if rate.picked]
        least = [rate for rate in rising[:count] if rate.picked < rate.trials]
        found.append(Extremes(name, most, [rate for rate in least if rate not in most]))
    return found


def _known(rate: PictureRate) -> float:
    return 0.0 if math.isnan(rate.realism) else rate.realism
