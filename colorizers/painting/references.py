"""Colours from reference photographs: what is alike takes their colours, the rest keeps the guess.

A network describes the regions that it finds in a photograph (`Predictor.described`). A region of
the photograph takes the colours of those regions of the references that are described alike and are
about as light, by one step in a and b, so that its shades stay; where nothing is alike enough, it
keeps what was guessed. Of photographs that show the same scene, less likeness will do, so that the
same thing has one colour all over an album. `train.references` and `train.album` chose the numbers
(docs/LOG.md).
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from colorizers.color import rgb_to_lab
from colorizers.errors import ImageError
from colorizers.files.picture import Picture, to_8_bits
from colorizers.files.reading import open_photo
from colorizers.painting import own
from colorizers.painting.predict import resize, working_shape
from colorizers.painting.predictor import Described, Predictor
from colorizers.parallel import one_thread

Float = NDArray[np.float32]

MOST = 8
"""References at once."""
LEAST_SIDE = 16
"""Shorter side of a reference, in pixels: in less, nothing is seen."""
LEAST = 0.75
"""Likeness from which on a region is believed to be another; 1 is the same."""
EDGE = 80.0
"""How fast a region's trust in its match grows with likeness."""
SCENE = 0.1, 0.3
"""Shares of a photograph that are alike a reference: from the first on, both may show one scene,
from the second on they do."""
LEAST_OF_SCENE = 0.4
"""Takes the place of `LEAST` in one scene: there it is more of a fault to leave a coat as it was
guessed on one photograph of an album, when it took its colour on the other."""
SHARP, DARKER = 25.0, 0.1
"""How much more a likelier region counts; likeness that a unit of lightness in [-1, 1] costs."""
FAINT = 30.0
"""Chroma from which on one tone all over is a colour, as of cloth: sepia prints have 10 to 25."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A photograph whose colours are taken.

    Attributes
    ----------
    sha256 : str
        Of its file's content: what a recipe names it by.
    rgb_u8 : ndarray of uint8, shape (height, width, 3)
        sRGB, at the size from which a network sees it.
    """

    sha256: str
    rgb_u8: NDArray[np.uint8] = field(compare=False, repr=False)


def read(file: Path) -> Reference:
    """The reference that a file is.

    Raises
    ------
    ImageError
        If it is no picture that can be read, or `of` refuses it.
    """
    try:
        return of(open_photo(file), file)
    except ImageError as error:
        raise ImageError(f"The reference {file.name} cannot be used. {error}") from error


def of(photo: Picture, file: Path) -> Reference:
    """The reference that an open photograph of this file is.

    Raises
    ------
    ImageError
        If it is too small, grey, or of one tone as a sepia print is.
    """
    width, height = photo.size
    if min(width, height) < LEAST_SIDE:
        raise ImageError(
            f"It has {width} x {height} pixels, and a reference needs {LEAST_SIDE} each way; "
            "take a larger picture."
        )
    rows, columns = working_shape(height, width)
    small = cv2.resize(to_8_bits(photo.rgb), (columns, rows), interpolation=cv2.INTER_AREA)
    rgb_u8 = np.asarray(small, np.uint8)
    tone = np.median(rgb_to_lab(rgb_u8)[..., 1:].reshape(-1, 2), axis=0)
    if np.linalg.norm(tone) < FAINT and own.coloured(rgb_u8) is None:
        raise ImageError(
            "It has no colours to take: it is grey, or of one tone as a sepia print is; give a "
            "colour photograph."
        )
    with file.open("rb") as stream:
        return Reference(hashlib.file_digest(stream, "sha256").hexdigest(), rgb_u8)


def with_references(
    colorizer: Predictor,
    L: Float,
    ab_grid: Float,
    references: Sequence[Reference],
    target: Described | None = None,
) -> Float:
    """Replace the colours of a small grid by those of references where the content is similar.

    Parameters
    ----------
    colorizer : Predictor
    L : ndarray of float32, shape (height, width)
        In [0, 100].
    ab_grid : ndarray of float32, shape (grid height, grid width, 2)
        The colours that the colorizer predicted for L.
    references : sequence of Reference
    target : Described, optional
        The colorizer's features of L, if they are computed already.

    Returns
    -------
    ndarray of float32, shape (grid height, grid width, 2)

    Raises
    ------
    ImageError
        If the colorizer finds no regions.
    """
    target = target or described(colorizer, L)
    if target is None:
        raise ImageError(
            f"The method {colorizer.name} takes no colours from a reference; take photo, or give "
            "no reference."
        )
    rows, columns = target.share.shape[:2]
    found = [_views(colorizer, one) for one in references]  # type: ignore[arg-type]  # by id
    steps = steps_to(target, resize(ab_grid, columns, rows), sum(found, ()))
    return ab_grid + resize(steps, ab_grid.shape[1], ab_grid.shape[0], smooth=False)


def described(colorizer: Predictor, L: Float) -> Described | None:
    """As `Predictor.described`, and the same to the last digit with any number of cores."""
    with one_thread():
        return colorizer.described(L)


def steps_to(
    target: Described,
    guess: Float,
    references: Sequence[tuple[Described, Float]],
    least: float = LEAST,
    edge: float = EDGE,
) -> Float:
    """How far the places of a photograph are moved, in ab, by the regions that references have.

    Parameters
    ----------
    target : Described
    guess : ndarray of float32, shape (rows, columns, 2)
        ab of the target's places.
    references : sequence of (Described, ndarray of float32, shape (regions, 2))
        Regions, and ab of each.
    least, edge : float
        See `LEAST` and `EDGE`.

    Returns
    -------
    ndarray of float32, shape (rows, columns, 2)
    """
    features = np.concatenate([seen.features for seen, _ in references])
    light = np.concatenate([seen.light for seen, _ in references])
    alike = target.features @ features.T - DARKER * np.abs(target.light[:, None] - light)
    best = alike.max(axis=1, keepdims=True)  # (regions, 1)
    weight = np.exp((alike - best) * SHARP)
    wanted = (weight / weight.sum(axis=1, keepdims=True)) @ np.concatenate(
        [ab for _, ab in references]
    )
    trust = 1 / (1 + np.exp((least - best) * edge))
    size = target.share.sum(axis=(0, 1))
    alike_share = float(size @ trust[:, 0] / size.sum())
    scene = np.interp(alike_share, SCENE, (0.0, 1.0))
    enough = least - scene * max(least - LEAST_OF_SCENE, 0.0)
    trust = 1 / (1 + np.exp((enough - best) * edge))
    steps = trust * (wanted - means(target, guess))
    return np.asarray(target.share @ steps, np.float32)


def means(seen: Described, ab: Float) -> Float:
    """Mean of ab (rows, columns, 2) over each region, (regions, 2)."""
    share = seen.share.reshape(-1, seen.share.shape[2])
    return np.asarray((share.T @ ab.reshape(-1, 2)) / (share.sum(axis=0)[:, None] + 1e-3))


def views(colorizer: Predictor, lab: Float) -> tuple[tuple[Described, Float], ...]:
    """The regions of a reference, Lab (h, w, 3), and of its mirror image, with ab of each.

    What is looked at from both sides is found again more evenly over an album.
    """
    seen = []
    for view in (lab, lab[:, ::-1]):
        found = described(colorizer, np.ascontiguousarray(view[..., 0]))
        assert found is not None  # or it would not have been asked
        rows, columns = found.share.shape[:2]
        ab = resize(np.ascontiguousarray(view[..., 1:]), columns, rows)
        seen.append((found, means(found, ab)))
    return tuple(seen)


@functools.lru_cache(maxsize=32)
def _views(colorizer: Predictor, reference: Reference) -> tuple[tuple[Described, Float], ...]:
    return views(colorizer, rgb_to_lab(reference.rgb_u8))
