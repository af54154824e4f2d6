"""How much of scratches and dust the repair finds, what it takes for them, and what that is worth.

    python -m train.repair --photos FOLDER_OR_TAR --limit 130         # to choose thresholds
    python -m train.repair --photos FOLDER_OR_TAR --held --limit 130  # what they then give

Each photograph gets scratches and specks by :func:`train.film.scratched`, one pixel wide, so its
damage is known. Printed, each as a mean over the photographs with its interval: precision of the
mask (a pixel beside the damage counts as of it) and recall, the error of L before and after, the
distance of the guessed colours from those of the undamaged photograph before and after, and the
share of the undamaged photograph that is marked.

References
----------
See :mod:`colorizers.painting.scratches`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

import colorizers
from colorizers.color import rgb_to_lab
from colorizers.painting.predict import predict_grid, resize
from colorizers.painting.predictor import Predictor
from colorizers.painting.scratches import filled_in, marked

from . import kinds
from .film import scratched
from .references import told

Float = NDArray[np.float32]
SEEN = 8.0
"""Least L by which a pixel differs to be damaged."""
SEED = 0


def measured(L: Float, hurt: Float, colorizer: Predictor) -> dict[str, float]:
    """What the repair makes of a damaged L (height, width), by name; nan where there is nothing."""
    damage, mask = np.abs(hurt - L) > SEEN, marked(hurt)
    near = cv2.dilate(damage.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    levels = np.rint(hurt * 2.55).clip(0, 255).astype(np.uint8)
    whole = filled_in(levels, mask).astype(np.float32) / np.float32(2.55)
    guess, before, after = (
        resize(predict_grid(colorizer, plane), *L.shape[::-1]) for plane in (L, hurt, whole)
    )
    return {
        "precision": float(near[mask].mean()) if mask.any() else float("nan"),
        "recall": float(mask[damage].mean()) if damage.any() else float("nan"),
        "error of L before": float(np.abs(hurt - L).mean()),
        "after": float(np.abs(whole - L).mean()),
        "distance of the colours before": float(np.linalg.norm(before - guess, axis=-1).mean()),
        "afterwards": float(np.linalg.norm(after - guess, axis=-1).mean()),
        "% marked of the undamaged": 100 * float(marked(L).mean()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each measure."""
    parser = argparse.ArgumentParser(prog="python -m train.repair", description=__doc__)
    parser.add_argument("--photos", nargs="+", type=Path, required=True, metavar="FOLDER_OR_TAR")
    parser.add_argument("--limit", type=int, default=0, help="so many photographs (default: all)")
    parser.add_argument("--held", action="store_true", help="those that no training sees")
    options = parser.parse_args(arguments)
    found = kinds.load(options.photos, limit=1 if options.held else 0)
    rgb_u8, kind = (
        (found.held_rgb_u8, found.held_kind) if options.held else (found.rgb_u8, found.kind)
    )
    rgb_u8 = rgb_u8[kinds.evenly(kind, options.limit or len(kind), SEED)]
    L = np.stack([rgb_to_lab(rgb)[..., 0] for rgb in rgb_u8]).astype(np.float32)
    planes = torch.from_numpy(L)[:, None] / 100
    hurt = 100 * scratched(planes, torch.Generator().manual_seed(SEED)).clamp(0, 1)[:, 0].numpy()
    colorizer = colorizers.load("photo")
    rows = [measured(*pair, colorizer) for pair in zip(L, hurt, strict=True)]
    print(f"n = {len(rows)} photographs of {L.shape[2]} x {L.shape[1]} pixels")
    for name in rows[0]:
        print(told(name, (row[name] for row in rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
