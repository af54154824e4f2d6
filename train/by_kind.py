"""How a colorizer of photographs does on each kind of held-out photograph: figures, no pictures.

Fed by :mod:`train.kinds`; `train.photo_results` prints what it finds. Each photograph goes the
way of an upload: its L to the network, ab back to its size along its edges, its own L kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorizers.color import colorize_u8, rgb_to_lab
from colorizers.painting.predict import upsample_ab

from . import features, metrics

UInt8 = NDArray[np.uint8]
Float = NDArray[np.float32]
Paint = Callable[[list[Float]], list[Float]]
"""L of photographs, each (H, W) in [0, 100] -> grids of ab, each (h, w, 2)."""

CELL = 4
"""Errors and chroma are of cells of so many pixels a side: finer colours nobody sees."""
GREY, COLOURED, OBJECT = 5.0, 20.0, 0.02
"""A photograph has an object left grey where this share of its cells or more has a chroma below
the first although the truth's is above the second."""
SKIN_HUE, SKIN_CHROMA = (20.0, 80.0), (8.0, 45.0)
"""Degrees and chroma of the cells of a face that count as skin, in the truth."""


def cells(ab: Float) -> Float:
    """Means over cells: (H, W, 2) -> (H / 4, W / 4, 2)."""
    height, width = ab.shape[0] // CELL * CELL, ab.shape[1] // CELL * CELL
    tiles = ab[:height, :width].reshape(height // CELL, CELL, width // CELL, CELL, 2)
    return tiles.mean(axis=(1, 3))


def figures(truth: Sequence[Float], ours: Sequence[Float]) -> dict[str, float]:
    """Of some photographs, from the ab of their cells.

    Returns
    -------
    dict
        `n`; `ratio`: grey's root mean square error of ab over ours (1 is no better than grey);
        `chroma`: ours over the truth's, of the means; `grey_object`: share of the photographs
        with an object left grey.

    Examples
    --------
    >>> truth = [np.full((8, 8, 2), 30.0, np.float32)]
    >>> {key: round(value, 2) for key, value in figures(truth, [truth[0] / 2]).items()}
    {'n': 1, 'ratio': 2.0, 'chroma': 0.5, 'grey_object': 0.0}
    """
    error = sum(float(np.square(t - o).sum()) for t, o in zip(truth, ours, strict=True))
    grey = sum(float(np.square(t).sum()) for t in truth)
    chroma = [(_chroma(t), _chroma(o)) for t, o in zip(truth, ours, strict=True)]
    left = [float(((t > COLOURED) & (o < GREY)).mean()) >= OBJECT for t, o in chroma]
    return {
        "n": len(truth),
        "ratio": (grey / error) ** 0.5,
        "chroma": float(sum(o.mean() for _, o in chroma) / sum(t.mean() for t, _ in chroma)),
        "grey_object": float(np.mean(left)),
    }


def skin(truth: Sequence[Float], ours: Sequence[Float]) -> float:
    """Share of faces whose skin, ours, has a chroma and a hue that 90 % of the truths have.

    Skin is where the truth has its hue and chroma; a face's are the mean's over these cells.
    """
    means = []
    for t, o in zip(truth, ours, strict=True):
        hue, chroma = np.degrees(np.arctan2(t[..., 1], t[..., 0])), _chroma(t)
        where = (hue > SKIN_HUE[0]) & (hue < SKIN_HUE[1])
        where &= (chroma > SKIN_CHROMA[0]) & (chroma < SKIN_CHROMA[1])
        if where.mean() >= 0.05:
            means.append((t[where].mean(axis=0), o[where].mean(axis=0)))
    both = np.array(means)  # (faces, 2, 2)
    hue, chroma = np.degrees(np.arctan2(both[..., 1], both[..., 0])), _chroma(both)
    inside = np.ones(len(both), bool)
    for values in (hue, chroma):
        low, high = np.quantile(values[:, 0], (0.05, 0.95))
        inside &= (values[:, 1] >= low) & (values[:, 1] <= high)
    return float(inside.mean())


def judge(
    paint: Paint, truth: UInt8, kind: NDArray[np.int64], names: Sequence[str]
) -> tuple[list[dict[str, Any]], list[UInt8]]:
    """A row a kind and one over all, and the pictures.

    Parameters
    ----------
    paint : callable
    truth : ndarray of uint8, shape (N, H, W, 3)
    kind : ndarray of int64, shape (N,)
        Positions in `names`.
    """
    lab = rgb_to_lab(truth)
    L = [np.ascontiguousarray(one[..., 0]) for one in lab]
    ab = [upsample_ab(plane, grid) for plane, grid in zip(L, paint(L), strict=True)]
    made = [colorize_u8(one[..., 0], colours) for one, colours in zip(lab, ab, strict=True)]
    # What is seen is what sRGB holds of it.
    ours = [cells(rgb_to_lab(rgb)[..., 1:]) for rgb in made]
    theirs = [cells(one[..., 1:]) for one in lab]
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        which = np.flatnonzero(kind == number)
        rows.append({"kind": name} | figures([theirs[i] for i in which], [ours[i] for i in which]))
        if name == "faces":
            rows[-1]["skin"] = skin([theirs[i] for i in which], [ours[i] for i in which])
    grey = colorize_u8(lab[..., 0], np.zeros_like(lab[..., 1:]))
    of = {
        key: features.lite0_levels(pictures, side=128)
        for key, pictures in {"truth": truth, "ours": np.stack(made), "grey": grey}.items()
    }
    distance = {
        f"frechet_{level}": metrics.frechet(of["truth"][level], of["ours"][level])
        / metrics.frechet(of["truth"][level], of["grey"][level])
        for level in of["truth"]
    }
    rows.append({"kind": "all"} | figures(theirs, ours) | distance)
    return rows, made


def _chroma(ab: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.hypot(ab[..., 0], ab[..., 1])
