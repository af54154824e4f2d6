"""Sheets of pictures for people who would rather look than read; chosen by rule, never by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

UInt8 = NDArray[np.uint8]

ENLARGE = 2
GAP = 6


def sheet(rows: Sequence[UInt8], enlarge: int = ENLARGE) -> Image.Image:
    """Rows of pictures, each of shape (N, H, W, 3), below each other."""
    whole = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    return Image.fromarray(whole.repeat(enlarge, 0).repeat(enlarge, 1))


def draw(count: int, of: int, seed: int) -> NDArray[np.int64]:
    """Positions of pictures drawn at random without replacement, in order."""
    drawn = np.random.default_rng(seed).choice(of, size=min(count, of), replace=False)
    return np.sort(drawn)


def by_rank(error: NDArray[np.float64], count: int) -> dict[str, NDArray[np.int64]]:
    """The pictures of smallest, middle and largest error.

    Parameters
    ----------
    error : ndarray, shape (N,)
    count : int
        How many of each, at most N / 3.

    Returns
    -------
    dict
        "best", "median", "worst" -> positions, shape (count,), by rising error.

    Examples
    --------
    >>> {name: list(map(int, which)) for name, which in by_rank(np.arange(9.0), 2).items()}
    {'best': [0, 1], 'median': [3, 4], 'worst': [7, 8]}
    """
    order = np.argsort(error, kind="stable")
    count = min(count, len(order) // 3)
    middle = (len(order) - count) // 2
    return {
        "best": order[:count],
        "median": order[middle : middle + count],
        "worst": order[len(order) - count :],
    }


def ranked_sheet(
    truth: UInt8, ours: UInt8, grey: UInt8, which: Sequence[NDArray[np.int64]]
) -> Image.Image:
    """Blocks of three rows (grey, ours, truth), one a choice of pictures, with gaps between."""
    blocks: list[UInt8] = []
    for choice in which:
        if blocks:
            blocks.append(np.full((GAP, blocks[0].shape[1], 3), 255, np.uint8))
        rows = [np.concatenate(list(source[choice]), axis=1) for source in (grey, ours, truth)]
        blocks.append(np.concatenate(rows))
    whole = np.concatenate(blocks)
    return Image.fromarray(whole.repeat(ENLARGE, 0).repeat(ENLARGE, 1))
