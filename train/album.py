"""How alike a reference makes the colours of an album: the spread of the same object's colour.

    python -m train.album --photos FOLDER_OR_TAR              # on photographs that no training saw
    python -m train.album --photos FOLDER_OR_TAR --limit 130  # 130 of them, of all kinds alike

Each photograph becomes an album: five parts of it at random, in other tones, every other one
mirrored. A sixth part, in its own colours, is the reference of all five. The photograph's objects
are found in its own colours; an object's colour on a picture of the album is its mean in a and b
where at least half of it is to be seen, and its spread is the root of the mean squared distance of
these colours from their mean. Printed, without and with the reference: the spread, and how far the
objects' colours are from the true ones; the share that is left of the spread.

References
----------
Felzenszwalb, Huttenlocher: Efficient graph-based image segmentation, IJCV 2004, as in scikit-image.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap
from skimage.segmentation import felzenszwalb

import colorizers
from colorizers.color import rgb_to_lab
from colorizers.painting.predict import resize
from colorizers.painting.references import EDGE, LEAST, steps_to, views

from . import kinds
from .references import RESAMPLES, SEED, Part, Seen, part, told

Float = NDArray[np.float32]

PICTURES = 5
"""Of an album."""
SCALE, LEAST_SHARE = 200.0, 0.02
"""How large objects are to the segmentation, and the least share of the photograph that one has."""
SEEN_SHARE = 0.5
"""Of an object, to be seen on a picture, or it has no colour there."""


def objects(rgb_u8: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The object of each pixel of a photograph (h, w, 3), from 0."""
    smallest = int(LEAST_SHARE * rgb_u8[..., 0].size)
    return np.asarray(felzenszwalb(rgb_u8, SCALE, min_size=smallest), np.int64)


def colours(cut: Part, ab: Float, found: NDArray[np.int64]) -> Float:
    """Mean ab of each object on a picture of it, (objects, 2); nan where too little is seen."""
    rows, columns = cut.lab.shape[:2]
    whole = resize(ab, columns, rows).reshape(-1, 2)
    here = found[cut.place[..., 0], cut.place[..., 1]].ravel()
    size = np.bincount(found.ravel())
    seen = np.bincount(here, minlength=len(size))
    sums = [np.bincount(here, whole[:, channel], len(size)) for channel in (0, 1)]
    mean = np.stack(sums, axis=-1) / np.maximum(seen, 1)[:, None]
    mean[seen < SEEN_SHARE * size] = np.nan
    return np.asarray(mean, np.float32)


def spread(album: Float) -> float:
    """Mean over objects of how far their colours are from their mean, for (pictures, objects, 2).

    Examples
    --------
    >>> spread(np.float32([[[0, 0], [5, 5]], [[6, 8], [5, 5]]]))  # 5 of the first, 0 of the second
    2.5
    """
    often = np.isfinite(album[..., 0]).sum(axis=0) > 1
    if not often.any():
        return float("nan")
    away = album[:, often] - np.nanmean(album[:, often], axis=0)
    return float(np.sqrt(np.nanmean((away**2).sum(axis=-1), axis=0)).mean())


def error(album: Float, truth: Float) -> float:
    """Mean distance of the objects' colours (pictures, objects, 2) from the true ones."""
    away = np.linalg.norm(album - truth, axis=-1)
    return float(np.nanmean(away)) if np.isfinite(away).any() else float("nan")


def left(before: Sequence[float], after: Sequence[float]) -> str:
    """The share of a mean that is left, with its interval over the photographs."""
    pairs = np.array([before, after])
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    low, high = bootstrap(
        tuple(pairs), lambda was, now: now.mean() / was.mean(), paired=True, vectorized=False,
        n_resamples=RESAMPLES, method="percentile", rng=np.random.default_rng(SEED),
    ).confidence_interval  # fmt: skip
    return f"{pairs[1].mean() / pairs[0].mean():.0%} [{low:.0%}, {high:.0%}] of it"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print spread and error without and with the reference."""
    parser = argparse.ArgumentParser(prog="python -m train.album", description=__doc__)
    parser.add_argument("--photos", nargs="+", type=Path, required=True, metavar="FOLDER_OR_TAR")
    parser.add_argument("--limit", type=int, default=0, help="so many photographs (default: all)")
    parser.add_argument("--least", type=float, default=LEAST, help="likeness; default: %(default)s")
    parser.add_argument("--edge", type=float, default=EDGE, help="default: %(default)s")
    options = parser.parse_args(arguments)
    held = kinds.load(options.photos, limit=1)
    chosen = kinds.evenly(held.held_kind, options.limit or len(held.held_kind), SEED)
    colorizer = colorizers.load("photo")
    rng = np.random.default_rng(SEED)
    rows = []
    for rgb_u8 in held.held_rgb_u8[chosen]:
        lab, found = rgb_to_lab(rgb_u8), objects(rgb_u8)
        *album, reference = [
            Seen.of(part(lab, rng, changed=True), colorizer) for _ in range(PICTURES + 1)
        ]
        given = views(colorizer, reference.part.lab)
        steps = [
            steps_to(one.described, one.guess, given, least=options.least, edge=options.edge)
            for one in album
        ]
        truth, plain, after = (
            np.stack([colours(one.part, ab, found) for one, ab in zip(album, made, strict=True)])
            for made in (
                [one.truth for one in album],
                [one.guess for one in album],
                [one.guess + step for one, step in zip(album, steps, strict=True)],
            )
        )
        rows.append([spread(plain), spread(after), error(plain, truth), error(after, truth)])
    was, now, wrong, less = (list(column) for column in zip(*rows, strict=True))
    print(f"n = {len(rows)} photographs, albums of {PICTURES}, least likeness {options.least:g}")
    print("no reference:", told("spread", was) + ";", told("error", wrong))
    print("with it:", told("spread", now) + ",", left(was, now) + ";", told("error", less))
    return 0


if __name__ == "__main__":
    sys.exit(main())
