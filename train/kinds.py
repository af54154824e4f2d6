"""Photographs by kind, whole in memory: what `train.photo_flow` learns from and is held against.

A source (a tar file or a folder) is a kind: people, food, interiors. Of each kind some are held
out, drawn by a hash of their names, so that whoever adds a source does not move the others in
or out; what nearly equals one of them, by a perceptual hash, leaves the training.

References
----------
Krawetz: Kind of Like That, 2013 (the difference hash).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate

from . import film
from .data import DataError
from .photos import SIDES, files, held_out, read, sources

SIDE = SIDES[0]
SHARE, LEAST, MOST = 20, 30, 100
"""Held out of a kind: one in so many, but from `LEAST` to `MOST`."""
UNSEEN = 15
"""One in so many of a kind leaves the training in any case, so that it sees none of those either
that `train.photos` holds out of the same sources: by the same hashes, about one in 20 of ours."""
NEAR = 4
"""Bits of 64 in which the hashes of two photographs may differ that are nearly equal."""
ASPECT = 0.25
"""Width over height of the part that is taken, at most exp of plus or minus this."""


@dataclass(frozen=True)
class Kinds:
    """Photographs of several kinds.

    Attributes
    ----------
    rgb_u8 : ndarray of uint8, shape (N, 128, 128, 3)
        For training.
    kind : ndarray of int64, shape (N,)
        Positions in `names`.
    names : tuple of str
    held_rgb_u8, held_kind : ndarray
        The same of those that no training sees.
    dropped : int
        Training photographs that left because they nearly equal one that is held out.
    """

    rgb_u8: NDArray[np.uint8]
    kind: NDArray[np.int64]
    names: tuple[str, ...]
    held_rgb_u8: NDArray[np.uint8]
    held_kind: NDArray[np.int64]
    dropped: int


def load(paths: Sequence[Path], limit: int = 0) -> Kinds:
    """Read all photographs of 128 pixels or more in these folders and tar files.

    Parameters
    ----------
    paths : sequence of Path
        Tar files, and folders, which are searched for pictures and tar files.
    limit : int
        At most so many of each kind for training, 0 for all.

    Raises
    ------
    DataError
        If a path is not there or no photograph is found.
    """
    names: list[str] = []
    learn: list[NDArray[np.uint8]] = []
    held: list[NDArray[np.uint8]] = []
    learn_kind: list[int] = []
    held_kind: list[int] = []
    for source in sources(paths):
        found = [(f"{source.name}/{name}", read(payload)) for name, payload in files(source)]
        kept = [(name, rgb) for name, rgb in found if rgb is not None and len(rgb) == SIDE]
        if not kept:
            continue
        out, aside = set_aside([name for name, _ in kept])
        held += [kept[index][1] for index in out]
        held_kind += [len(names)] * len(out)
        rest = [rgb for index, (_, rgb) in enumerate(kept) if index not in {*out, *aside}]
        rest = rest[:limit] if limit else rest
        learn += rest
        learn_kind += [len(names)] * len(rest)
        names.append(source.stem)
    if not learn:
        raise DataError(
            f"There is no photograph of {SIDE} x {SIDE} pixels or more in "
            f"{', '.join(map(str, paths))}; name folders or tar files of pictures with --photos."
        )
    rgb, kind = np.stack(learn), np.array(learn_kind, np.int64)
    seen = np.stack(held) if held else np.empty((0, SIDE, SIDE, 3), np.uint8)
    fresh = ~near(rgb, seen)
    return Kinds(
        rgb[fresh],
        kind[fresh],
        tuple(names),
        seen,
        np.array(held_kind, np.int64),
        int((~fresh).sum()),
    )


def set_aside(names: Sequence[str]) -> tuple[list[int], list[int]]:
    """Positions of a kind's photographs that are held out, and of more that no training sees."""
    count = min(MOST, max(LEAST, len(names) // SHARE), len(names) // 2)
    out = held_out(names, max(count, len(names) // UNSEEN))
    return out[:count], out[count:]


def counted(photographs: Kinds) -> str:
    """How many of each kind there are to learn from, and to judge by."""
    counts = np.bincount(photographs.kind, minlength=len(photographs.names))
    text = ", ".join(f"{n} {c:,}" for n, c in zip(photographs.names, counts, strict=True))
    return f"photographs: {text}; {len(photographs.held_kind):,} more held out by kind"


def near(rgb_u8: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of the first pictures nearly equal one of the others, or its mirror image."""
    hashes = difference_hash(rgb_u8)
    found = np.zeros(len(rgb_u8), bool)
    for other in np.concatenate([difference_hash(others), difference_hash(others[:, :, ::-1])]):
        found |= np.bitwise_count(hashes ^ other) <= NEAR
    return found


def difference_hash(rgb_u8: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """64 bits of each picture (N, H, W, 3): where a 9 x 8 reduction of it brightens rightwards."""
    bits = np.empty((len(rgb_u8), 64), bool)
    for index, rgb in enumerate(rgb_u8):
        grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
        bits[index] = (np.diff(small, axis=1) > 0).ravel()
    return np.packbits(bits, axis=1).view(np.uint64)[:, 0]


class KindBatches:
    """Batches drawn at random, with new parts, mirror images and greys each time.

    Parameters
    ----------
    kinds : Kinds
    batch : int
        Photographs a batch.
    evenness : float
        0 draws each photograph as often, 1 each kind.
    zoom : float
        Least side of the random part of a photograph, as a share.
    """

    def __init__(
        self, kinds: Kinds, batch: int, seed: int, evenness: float = 0.3, zoom: float = 0.6
    ) -> None:
        counts = np.bincount(kinds.kind, minlength=len(kinds.names))
        weight = 1.0 / np.maximum(counts, 1)[kinds.kind] ** evenness
        self._share = weight / weight.sum()
        self._rgb, self._batch, self._seed, self._zoom = kinds.rgb_u8, batch, seed, zoom

    def batches(self, first: int, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches number `first` and on; seed and number alone decide each.

        Yields
        ------
        L : Tensor, shape (batch, 1, 128, 128)
            In [0, 100], as a film and time may have left it.
        ab : Tensor, shape (batch, 2, 64, 64)
            In units of Lab, at half the size.
        """
        for number in range(first, first + count):
            rng = np.random.default_rng([self._seed, number])
            which = rng.choice(len(self._rgb), self._batch, p=self._share)
            yield self.make(self._rgb[which], int(rng.integers(2**62)))

    def make(self, rgb_u8: NDArray[np.uint8], seed: int) -> tuple[Tensor, Tensor]:
        """One batch of these photographs (N, 128, 128, 3)."""
        generator = torch.Generator().manual_seed(seed)
        rgb = torch.from_numpy(rgb_u8).permute(0, 3, 1, 2).float() / 255
        rgb = part(rgb, self._zoom, generator).clamp(0, 1)
        L = film.age(film.response(rgb, film.random_weights(len(rgb), generator)), generator)
        ab = film.lab_of(interpolate(rgb, scale_factor=0.5, mode="area"))[:, 1:]
        return L, ab


def part(rgb: Tensor, least: float, generator: torch.Generator) -> Tensor:
    """A random part of each picture (N, 3, H, W), mirrored or not, brought to the whole size."""
    count = len(rgb)

    def drawn(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=generator) * (high - low) + low

    zoom, aspect = drawn(least, 1.0), torch.exp(drawn(-ASPECT, ASPECT) / 2)
    wide, high = (zoom * aspect).clamp_max(1.0), (zoom / aspect).clamp_max(1.0)
    turn, flip = drawn(-4, 4) * (math.pi / 180), (drawn(-1, 1) > 0).float() * 2 - 1
    affine = torch.empty(count, 2, 3)
    affine[:, 0] = torch.stack([flip * wide * turn.cos(), -high * turn.sin(), flip * 0], dim=1)
    affine[:, 1] = torch.stack([flip * wide * turn.sin(), high * turn.cos(), flip * 0], dim=1)
    affine[:, 0, 2] = drawn(-1, 1) * (1 - wide)
    affine[:, 1, 2] = drawn(-1, 1) * (1 - high)
    grid = affine_grid(affine, list(rgb.shape), align_corners=False)
    return grid_sample(rgb, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def evenly(kind: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Positions of `count` photographs, as many of each kind as there are and as it goes."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(kind))
    turn = np.empty(len(kind), np.int64)  # how many of its kind come before it
    for number in np.unique(kind):
        mine = order[kind[order] == number]
        turn[mine] = np.arange(len(mine))
    return rng.permutation(order[np.argsort(turn[order], kind="stable")][:count])
