"""How sure a method is of its colours, place by place: by how far its drawings are apart.

The same photograph is drawn by several seeds; where the drawings lie far from the cautious guess
(seed 0), the guess is doubtful. How often the truth is near a guess of such a spread was counted on
photographs that were set aside: `train.doubt` writes that into the card of the weights, as "doubt",
and says how well it holds on others (docs/doubt.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizers.color import L_MAX
from colorizers.errors import ImageError
from colorizers.files.picture import Picture
from colorizers.painting.predict import (
    lightness,
    predict_grid,
    predict_grids,
    resize,
    working_shape,
)
from colorizers.painting.predictor import Predictor
from colorizers.parallel import one_thread

Float = NDArray[np.float32]

SEEDS = 8
"""Drawings, by the seeds from 1 on."""
CELL = 40
"""Places along the shorter side: each has one colour for this purpose."""
VEIL = np.array([150.0, 60.0, 200.0])
"""sRGB of what lies over doubtful places: a violet that few photographs have."""
CLEAR, DENSE = 0.75, 0.45
"""Sureness from which on nothing is veiled, and at which the veil is as dense as it gets."""
DENSEST = 0.75


def spread(colorizer: Predictor, L: Float) -> Float:
    """Root mean square distance in ab of the drawings from the guess, (rows, columns).

    Parameters
    ----------
    colorizer : Predictor
        One that draws.
    L : ndarray of float32, shape (height, width)
        In [0, 100], at the size of `colorizers.painting.predict.working_shape`.
    """
    with one_thread():  # the same to the last digit with any number of cores
        guess = on_places(predict_grid(colorizer, L), L.shape)
        drawn = predict_grids(colorizer, L, max(1, colorizer.first_seed), SEEDS)
    away = [((on_places(ab, L.shape) - guess) ** 2).sum(axis=-1) for ab in drawn]
    return np.asarray(np.sqrt(np.mean(away, axis=0)), np.float32)


def on_places(ab: Float, shape: tuple[int, ...]) -> Float:
    """ab of any size over a picture of this shape, averaged to its places."""
    scale = CELL / min(shape[:2])
    rows, columns = (max(1, round(side * scale)) for side in shape[:2])
    return resize(ab, columns, rows)


def sureness(colorizer: Predictor, L: Float) -> Float:
    """How probable it is that the truth is near the guess, (rows, columns), in [0, 1].

    "Near" is the CIEDE2000 that `within` gives. Parameters as of `spread`.

    Raises
    ------
    ImageError
        If the method does not draw, or its weights' card does not say how sure it is.
    """
    said = _said(colorizer)
    return np.interp(spread(colorizer, L), said["spread"], said["sure"]).astype(np.float32)


def within(colorizer: Predictor) -> float:
    """The CIEDE2000 up to which a colour counts as near; as `sureness`."""
    return float(_said(colorizer)["within"])


def write(photo: Picture, target: Path, colorizer: Predictor) -> float:
    """Write the map of a photograph, see `save`; return the share of it that is `CLEAR` or more.

    Raises
    ------
    ImageError
        As `sureness`.
    OSError
        If the target cannot be written.
    """
    L = lightness(photo.rgb)
    sure = sureness(colorizer, resize(L, *working_shape(*L.shape)[::-1]).clip(0.0, L_MAX))
    save(sure, photo.size, target)
    return float((sure >= CLEAR).mean())


def told(share: float, colorizer: Predictor) -> str:
    """A sentence about a share that `write` gave."""
    return (
        f"On {share:.0%} of the picture, {colorizer.title} is at least {CLEAR:.0%} sure of its "
        f"cautious colours, to a CIEDE2000 of {within(colorizer):g}."
    ).replace("%", " %")


def known(colorizer: Predictor) -> bool:
    """Whether it can be said how sure a method is."""
    return "seed" in colorizer.options and "doubt" in colorizer.card


def save(sure: Float, size: tuple[int, int], target: Path) -> None:
    """Write a map as a grey PNG of this width and height: black is 0 %, white 100 % sure."""
    large = resize(sure, *size, smooth=False)
    Image.fromarray(np.rint(large * 255).astype(np.uint8)).save(target, "PNG")


def veiled(rgb_u8: NDArray[np.uint8], sure: Float) -> NDArray[np.uint8]:
    """A picture (height, width, 3) with a veil over what is doubtful."""
    height, width = rgb_u8.shape[:2]
    doubt = ((CLEAR - resize(sure, width, height, smooth=False)) / (CLEAR - DENSE)).clip(0, 1)
    share = DENSEST * doubt[..., None]
    return np.rint(rgb_u8 * (1 - share) + VEIL * share).astype(np.uint8)


def _said(colorizer: Predictor) -> dict[str, Any]:
    if "seed" not in colorizer.options:
        raise ImageError(
            f"The method {colorizer.name} does not draw its colours, so how sure it is cannot be "
            "told; take photo."
        )
    if "doubt" not in colorizer.card:
        raise ImageError(
            f"How sure {colorizer.name} is was not measured for its weights: python -m train.doubt "
            "--write does that."
        )
    told: dict[str, Any] = colorizer.card["doubt"]
    return told
