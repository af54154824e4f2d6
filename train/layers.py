"""How near a layer of colours over the grey photograph comes to the coloured one, in CIEDE2000.

    python -m train.layers --photos FOLDER_OR_TAR

Of photographs that `train.kinds` holds out of every training. Each is coloured by `photo`, and in
its own colours; the layer is rounded to 8 bits, laid over the grey photograph by the blend mode
Color, and rounded again. Beside it: the coloured picture itself as the layer, a picture of the same
a and b at one L, and no layer at all.

References
----------
See :mod:`colorizers.painting.layer`. Sharma, Wu, Dalal: The CIEDE2000 color-difference formula,
Color Research and Application 30, 2005.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import bootstrap
from skimage.color import deltaE_ciede2000
from tqdm import tqdm

import colorizers
from colorizers.color import colorize_u8, rgb_to_lab, to_uint8
from colorizers.painting.layer import LUMA, colours_alone

from . import kinds

UInt8 = NDArray[np.uint8]
CONSTANT_L = 60.0
RESAMPLES, SEED = 9999, 0


def blended(under_u8: UInt8, layer_u8: UInt8) -> UInt8:
    """The blend mode Color: the layer's colours with the luma of what lies under it, (..., 3).

    Examples
    --------
    >>> grey, red = np.full((1, 3), 100, np.uint8), np.array([[200, 100, 100]], np.uint8)
    >>> blended(grey, red).tolist()
    [[170, 70, 70]]
    """
    under, layer = under_u8 / 255.0, layer_u8 / 255.0
    luma = (under @ LUMA)[..., None]
    made = layer + luma - (layer @ LUMA)[..., None]
    low, high = made.min(axis=-1, keepdims=True), made.max(axis=-1, keepdims=True)
    tiny = np.finfo(np.float64).tiny
    made = np.where(low < 0, luma + (made - luma) * luma / np.maximum(luma - low, tiny), made)
    return to_uint8(
        np.where(
            high > 1, luma + (made - luma) * (1 - luma) / np.maximum(high - luma, tiny), made
        ).clip(0.0, 1.0)
    )


def differences(coloured_u8: UInt8) -> dict[str, float]:
    """Mean CIEDE2000 between a coloured picture (H, W, 3) and its grey with each layer over it."""
    lab = rgb_to_lab(coloured_u8)
    L, ab = lab[..., 0], lab[..., 1:]
    grey_u8 = colorize_u8(L, np.zeros_like(ab))
    layers = {
        "the layer": np.asarray(colours_alone(coloured_u8), np.uint8),
        "the coloured picture": coloured_u8,
        f"constant L of {CONSTANT_L:g}": colorize_u8(np.full_like(L, CONSTANT_L), ab),
    }
    found = {name: blended(grey_u8, layer_u8) for name, layer_u8 in layers.items()}
    return {
        name: float(deltaE_ciede2000(rgb_to_lab(made_u8), lab).mean())
        for name, made_u8 in (found | {"no layer": grey_u8}).items()
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each layer: mean, interval over the photographs, largest."""
    parser = argparse.ArgumentParser(prog="python -m train.layers", description=__doc__)
    parser.add_argument("--photos", nargs="+", type=Path, required=True, metavar="FOLDER_OR_TAR")
    parser.add_argument("--limit", type=int, default=0, help="so many photographs (default: all)")
    options = parser.parse_args(arguments)
    held = kinds.load(options.photos, limit=1).held_rgb_u8
    if options.limit:
        held = held[:: max(1, len(held) // options.limit)][: options.limit]
    colorizer = colorizers.load("photo")
    for colours in ("photo", "their own"):
        rows = []
        for rgb_u8 in tqdm(held, desc=colours, disable=not sys.stderr.isatty()):
            coloured = colorizer(Image.fromarray(rgb_u8)) if colours == "photo" else rgb_u8
            rows.append(differences(np.asarray(coloured)))
        print(f"Colours: {colours}; n = {len(rows)} photographs.")
        for name in rows[0]:
            values = np.array([row[name] for row in rows])
            interval = bootstrap(
                (values,), np.mean, n_resamples=RESAMPLES, method="percentile",
                rng=np.random.default_rng(SEED),
            ).confidence_interval  # fmt: skip
            print(
                f"  {name}: {values.mean():.2f} [{interval.low:.2f}, {interval.high:.2f}], "
                f"largest {values.max():.2f}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
