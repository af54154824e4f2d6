"""Would the colours of a reference photograph help? An experiment, which the app does not use yet.

    python -m train.references --photos FOLDER_OR_TAR

Regions of a photograph take the colour of those regions of a grey reference that the network
describes alike, and keep the guess where none is alike. Each photograph that `train.kinds` holds
out is cut into three parts at random: a target, the same otherwise (another part, another tone,
every other one mirrored) and a reference (likewise). Printed, for each least likeness: the error of
the target's colours with that reference and with one of another photograph, and how far the colours
of target and second part are apart where they show the same, as in an album.

References
----------
See :mod:`colorizers.networks.regions`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import bootstrap
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, interpolate, normalize

from colorizers.color import AB_MAX, L_HALF, rgb_to_lab
from colorizers.networks import checkpoint, registry
from colorizers.networks.photo_flow import SHRINK, PhotoFlow
from colorizers.networks.regions import AWAY

from . import kinds

Float = NDArray[np.float32]
SHARP, DARKER = 60.0, 0.1
"""How much more a likelier region counts; likeness that a unit of lightness in [-1, 1] costs."""
EDGE = 80.0
"""How fast a region's trust in its match grows with likeness."""
LEAST = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SHARES, TONES = (0.65, 0.85), (0.8, 1.25)
"""Sides of a part over the photograph's, and powers to which its L is raised."""
RESAMPLES, SEED = 9999, 0


class Looked(NamedTuple):
    """What a network made of one photograph.

    Attributes
    ----------
    share : Tensor, shape (places, regions)
        Of each place, how much of it is of each region.
    mean : Tensor, shape (places, regions)
        Weights that give a region's mean over the places.
    features : Tensor, shape (regions, C)
        Of length 1.
    light : Tensor, shape (regions,)
        L_norm in [-1, 1].
    guess : Tensor, shape (2, rows, columns)
        ab of the places.
    """

    share: Tensor
    mean: Tensor
    features: Tensor
    light: Tensor
    guess: Tensor


class Part(NamedTuple):
    """A part of a photograph as Lab (h, w, 3), and for each pixel where it was, (h, w, 2)."""

    lab: Float
    place: NDArray[np.int64]


def look(network: PhotoFlow, L: Float) -> Looked:
    """Find the regions of L (h, w) in [0, 100], described by all that the decoder saw."""
    side = network.size
    grown = cv2.INTER_AREA if min(L.shape) > side else cv2.INTER_CUBIC
    view = cv2.resize(L, (side, side), interpolation=grown).clip(0, 2 * L_HALF)
    L_norm = torch.from_numpy(np.asarray(view, np.float32))[None, None] / L_HALF - 1
    half, *levels = network.mean.levels(L_norm)
    coarse = avg_pool2d(torch.tanh(network.mean.head(half)) * AB_MAX, SHRINK // 2)
    size = coarse.shape[2:]
    share = network.regions(L_norm, coarse / AWAY, levels)[0][0]
    mean = share / (share.sum(dim=0) + 1e-3)
    maps = [normalize(interpolate(m, size=size, mode="bilinear"), dim=1) for m in levels[1:]]
    seen = torch.cat(maps, dim=1)[0].flatten(1)  # (C, places)
    light = adaptive_avg_pool2d(L_norm, (size[0], size[1])).flatten()
    guess = avg_pool2d(network.predict(L_norm), SHRINK // 2)[0]
    return Looked(share, mean, normalize(mean.T @ seen.T, dim=1), mean.T @ light, guess)


def taken(target: Looked, reference: Looked, ab: Tensor, least: float) -> Tensor:
    """The target's colours with those of a reference, (2, rows, columns).

    Parameters
    ----------
    target, reference : Looked
    ab : Tensor, shape (2, rows, columns)
        The reference's own colours.
    least : float
        Likeness from which on a region is believed to be another; 1 is the same.
    """
    darker = (target.light[:, None] - reference.light[None]).abs()
    alike = target.features @ reference.features.T - DARKER * darker
    wanted = torch.softmax(alike * SHARP, dim=1) @ (reference.mean.T @ ab.flatten(1).T)
    trust = torch.sigmoid((alike.amax(dim=1) - least) * EDGE)[:, None]
    steps = trust * (wanted - target.mean.T @ target.guess.flatten(1).T)  # (regions, 2)
    return target.guess + (target.share @ steps).T.reshape(target.guess.shape)


def part(lab: Float, rng: np.random.Generator, *, changed: bool) -> Part:
    """A square part of a photograph (h, w, 3), in another tone and perhaps mirrored if changed."""
    side = int(len(lab) * rng.uniform(*SHARES))
    top, left = rng.integers(0, len(lab) - side + 1, 2)
    cut = lab[top : top + side, left : left + side].copy()
    place = np.moveaxis(np.mgrid[top : top + side, left : left + side], 0, -1)
    if changed:
        cut[..., 0] = 100 * (cut[..., 0] / 100) ** rng.uniform(*TONES)
        if rng.random() < 0.5:
            cut, place = cut[:, ::-1].copy(), place[:, ::-1]
    return Part(cut, place)


def on_places(ab: Float, like: Tensor) -> Tensor:
    """ab (h, w, 2) averaged to the places of a guess (2, rows, columns)."""
    size = like.shape[2], like.shape[1]
    small = np.asarray(cv2.resize(ab, size, interpolation=cv2.INTER_AREA), np.float32)
    return torch.from_numpy(small).permute(2, 0, 1)


def apart(first: Part, one: Tensor, second: Part, other: Tensor) -> float:
    """Mean distance of two parts' colours where they show the same pixel; nan if nowhere."""
    side = int(max(first.place.max(), second.place.max())) + 1
    maps = []
    for cut, ab in ((first, one), (second, other)):
        size = cut.lab.shape[1], cut.lab.shape[0]
        large = np.dstack([cv2.resize(plane.numpy(), size) for plane in ab])
        whole = np.full((side, side, 2), np.nan, np.float32)
        whole[cut.place[..., 0], cut.place[..., 1]] = large
        maps.append(whole)
    away = np.linalg.norm(maps[0] - maps[1], axis=-1)
    return float(np.nanmean(away)) if np.isfinite(away).any() else float("nan")


def told(name: str, values: Iterable[float]) -> str:
    """A mean with its interval over the photographs."""
    known = np.array([value for value in values if np.isfinite(value)])
    low, high = bootstrap(
        (known,), np.mean, n_resamples=RESAMPLES, method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval  # fmt: skip
    return f"{name} {known.mean():.2f} [{low:.2f}, {high:.2f}]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each least likeness."""
    parser = argparse.ArgumentParser(prog="python -m train.references", description=__doc__)
    parser.add_argument("--photos", nargs="+", type=Path, required=True, metavar="FOLDER_OR_TAR")
    parser.add_argument("--limit", type=int, default=0, help="so many photographs (default: all)")
    options = parser.parse_args(arguments)
    held = kinds.load(options.photos, limit=1).held_rgb_u8
    if options.limit:
        held = held[:: max(1, len(held) // options.limit)][: options.limit]
    network = registry.network_of(checkpoint.read_card("photo"))
    checkpoint.restore("photo", network)
    assert isinstance(network, PhotoFlow)
    network.eval()
    rng = np.random.default_rng(SEED)
    cuts = [
        [part(rgb_to_lab(rgb_u8), rng, changed=number > 0) for number in range(3)]
        for rgb_u8 in held
    ]
    with torch.inference_mode():
        seen = [[look(network, np.ascontiguousarray(cut.lab[..., 0])) for cut in of] for of in cuts]
        own = [
            [on_places(cut.lab[..., 1:], one.guess) for cut, one in zip(of, ones, strict=True)]
            for of, ones in zip(cuts, seen, strict=True)
        ]

        def error(number: int, ab: Tensor) -> float:
            return float((ab - own[number][0]).norm(dim=0).mean())

        everyone = range(len(held))
        print(f"n = {len(held)} photographs")
        alone = [error(n, seen[n][0].guess) for n in everyone]
        spread = [
            apart(cuts[n][0], seen[n][0].guess, cuts[n][1], seen[n][1].guess) for n in everyone
        ]
        print("no reference:", told("error", alone) + ";", told("apart", spread))
        for least in LEAST:
            first, second = (
                [taken(seen[n][i], seen[n][2], own[n][2], least) for n in everyone] for i in (0, 1)
            )
            strangers = [(n + len(held) // 2) % len(held) for n in everyone]
            strange = [
                taken(seen[n][0], seen[m][2], own[m][2], least)
                for n, m in zip(everyone, strangers, strict=True)
            ]
            print(
                f"least {least}:",
                told("error", (error(n, first[n]) for n in everyone)) + ";",
                told("apart", (apart(cuts[n][0], first[n], cuts[n][1], second[n])
                               for n in everyone)) + ";",
                told("of another photograph, error", (error(n, strange[n]) for n in everyone)),
            )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
