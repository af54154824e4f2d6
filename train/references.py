"""How much the colours of a reference photograph help, and how much a wrong one harms.

    python -m train.references --photos FOLDER_OR_TAR --limit 390         # to choose the likeness
    python -m train.references --photos FOLDER_OR_TAR --held --least 0.75 # what it then gives

Each photograph is cut into three parts at random: a target, the same otherwise (another part,
another tone, every other one mirrored) and a reference (likewise). Printed, for each least
likeness: the error of the target's colours with that reference; how far the colours of target and
second part are apart where they show the same, as in an album; the error with a wrong reference
beside the right one, with another photograph of the same kind alone, and with one of another kind.

References
----------
See :mod:`colorizers.painting.references`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

import colorizers
from colorizers.color import rgb_to_lab
from colorizers.painting.predict import predict_grid, resize
from colorizers.painting.predictor import Described, Predictor
from colorizers.painting.references import EDGE, steps_to, views

from . import kinds

Float = NDArray[np.float32]
LEASTS = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8)
SHARES, TONES = (0.65, 0.85), (0.8, 1.25)
"""Sides of a part over the photograph's, and powers to which its L is raised."""
RESAMPLES, SEED = 9999, 0


class Part(NamedTuple):
    """A part of a photograph as Lab (h, w, 3), and for each pixel where it was, (h, w, 2)."""

    lab: Float
    place: NDArray[np.int64]


class Seen(NamedTuple):
    """A part and what the network makes of it: ab of its places, guessed and true."""

    part: Part
    described: Described
    guess: Float
    truth: Float

    @classmethod
    def of(cls, cut: Part, colorizer: Predictor) -> Seen:
        """Have the network look at a part."""
        L = np.ascontiguousarray(cut.lab[..., 0])
        described = colorizer.described(L)
        assert described is not None
        size = described.share.shape[1::-1]
        guess = resize(predict_grid(colorizer, L), *size)
        return cls(cut, described, guess, resize(cut.lab[..., 1:], *size))

    def error(self, ab: Float) -> float:
        """Mean distance of ab from the truth."""
        return float(np.linalg.norm(ab - self.truth, axis=-1).mean())


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


def apart(first: Part, one: Float, second: Part, other: Float) -> float:
    """Mean distance of two parts' colours where they show the same pixel; nan if nowhere."""
    side = int(max(first.place.max(), second.place.max())) + 1
    maps = []
    for cut, ab in ((first, one), (second, other)):
        whole = np.full((side, side, 2), np.nan, np.float32)
        whole[cut.place[..., 0], cut.place[..., 1]] = resize(ab, *cut.lab.shape[1::-1])
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
    parser.add_argument("--held", action="store_true", help="those that no training sees")
    parser.add_argument("--edge", type=float, default=EDGE, help="default: %(default)s")
    parser.add_argument(
        "--least", nargs="+", type=float, default=LEASTS, metavar="L", help="default: %(default)s"
    )
    options = parser.parse_args(arguments)
    found = kinds.load(options.photos, limit=1 if options.held else 0)
    rgb_u8, kind = (
        (found.held_rgb_u8, found.held_kind) if options.held else (found.rgb_u8, found.kind)
    )
    chosen = kinds.evenly(kind, options.limit or len(kind), SEED)
    rgb_u8, kind = rgb_u8[chosen], kind[chosen]
    colorizer = colorizers.load("photo")
    rng = np.random.default_rng(SEED)
    targets, seconds, references = (
        [Seen.of(part(rgb_to_lab(rgb), rng, changed=number > 0), colorizer) for rgb in rgb_u8]
        for number in range(3)
    )
    given_by = [views(colorizer, one.part.lab) for one in references]
    alike = [_other(n, kind, rng, same=True) for n in range(len(kind))]
    strange = [_other(n, kind, rng, same=False) for n in range(len(kind))]
    print(f"n = {len(kind)} photographs, edge {options.edge:g}")
    error = [target.error(target.guess) for target in targets]
    spread = [
        apart(one.part, one.guess, two.part, two.guess)
        for one, two in zip(targets, seconds, strict=True)
    ]
    print("no reference:", told("error", error) + ";", told("apart", spread))
    for least in options.least:

        def taken(seen: Seen, *which: int, least: float = least) -> Float:
            """What a part becomes with these references."""
            given = [view for n in which for view in given_by[n]]
            return seen.guess + steps_to(
                seen.described, seen.guess, given, least=least, edge=options.edge
            )

        made = [taken(target, n) for n, target in enumerate(targets)]
        said = {
            "error": [t.error(ab) for t, ab in zip(targets, made, strict=True)],
            "apart": [
                apart(one.part, ab, two.part, taken(two, n))
                for n, (one, two, ab) in enumerate(zip(targets, seconds, made, strict=True))
            ],
            "with a wrong one beside it": [
                t.error(taken(t, n, strange[n])) for n, t in enumerate(targets)
            ],
            "another of its kind": [t.error(taken(t, alike[n])) for n, t in enumerate(targets)],
            "of another kind": [t.error(taken(t, strange[n])) for n, t in enumerate(targets)],
        }
        print(f"least {least}:", "; ".join(told(*row) for row in said.items()), flush=True)
    return 0


def _other(n: int, kind: NDArray[np.int64], rng: np.random.Generator, *, same: bool) -> int:
    """Another photograph, of the same kind or of none that is the same."""
    others = np.flatnonzero((kind == kind[n]) == same)
    return int(rng.choice(others[others != n]))


if __name__ == "__main__":
    sys.exit(main())
