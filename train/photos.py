"""Photographs from folders and tar files, as Lab in memory, for `train.photo`.

Pictures are cut to a square and brought to one of a few sides; the small ones stay small
instead of being blown up. L and ab are kept as 8-bit numbers, which is finer than JPEG was, so
31,000 photographs of 64 to 128 pixels take 0.8 GB. Broken files are left out and counted.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate
from tqdm import tqdm

from colorizers.color import AB_MAX, L_HALF, colorize_u8, rgb_to_lab

from .data import DataError

SIDES = (128, 64)
"""Pictures of at least so many pixels are brought to this side; smaller ones are left out."""
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
HELD_OUT = 600
"""Pictures that no training sees, drawn by a hash of their names: whoever adds a folder does
not move the others in or out."""
L_STEP = 100.0 / 255.0
MAX_PIXELS = 50_000_000


@dataclass(frozen=True)
class Group:
    """Photographs of one side.

    Attributes
    ----------
    lab_8 : ndarray of uint8, shape (N, side, side, 3)
        L / (100 / 255), a + 128, b + 128, rounded.
    """

    lab_8: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.lab_8)


@dataclass(frozen=True)
class Photographs:
    """What was read.

    Attributes
    ----------
    groups : list of Group
        For training, one a side.
    held_out : ndarray of uint8, shape (N, 128, 128, 3)
        sRGB, for validation; of the largest side only.
    sources : dict
        Name of a tar or folder -> pictures taken from it.
    broken : int
        Files that could not be read, or were too small or too large.
    held_out_sources : tuple of str
        The source of each held-out picture.
    """

    groups: list[Group]
    held_out: NDArray[np.uint8]
    sources: dict[str, int]
    broken: int
    held_out_sources: tuple[str, ...] = ()


def load(paths: Sequence[Path], limit: int = 0) -> Photographs:
    """Read all photographs in these folders and tar files.

    Parameters
    ----------
    paths : sequence of Path
        Tar files, and folders, which are searched for pictures and tar files.
    limit : int
        At most so many from each source, 0 for all.

    Raises
    ------
    DataError
        If a path is not there or no photograph is found.
    """
    kept: dict[int, list[NDArray[np.uint8]]] = {side: [] for side in SIDES}
    names: dict[int, list[str]] = {side: [] for side in SIDES}
    taken: dict[str, int] = {}
    broken = 0
    for source in sources(paths):
        count = 0
        stream = tqdm(files(source), desc=source.name, disable=not sys.stderr.isatty())
        for name, payload in stream:
            if limit and count >= limit:
                break
            picture = read(payload)
            if picture is None:
                broken += 1
                continue
            kept[len(picture)].append(picture)
            names[len(picture)].append(f"{source.name}/{name}")
            count += 1
        taken[source.name] = count
    total = sum(map(len, kept.values()))
    if not total:
        raise DataError(
            f"There is no photograph of {min(SIDES)} x {min(SIDES)} pixels or more in "
            f"{', '.join(map(str, paths))}; name folders or tar files of pictures with --photos."
        )
    out = held_out(names[SIDES[0]], min(HELD_OUT, len(names[SIDES[0]]) // 10))
    validation = [kept[SIDES[0]][index] for index in out]
    of = tuple(names[SIDES[0]][index].split("/")[0] for index in out)
    unseen = set(out)
    kept[SIDES[0]] = [rgb for index, rgb in enumerate(kept[SIDES[0]]) if index not in unseen]
    groups = [Group(_to_lab_8(kept.pop(side))) for side in SIDES if kept[side]]
    empty = np.empty((0, SIDES[0], SIDES[0], 3), np.uint8)
    seen = np.stack(validation) if validation else empty
    return Photographs(groups, seen, taken, broken, of)


def held_out(names: Sequence[str], count: int) -> list[int]:
    """Positions of the pictures that are kept for validation: those of the smallest hashes.

    They come in the order of the hashes, so that the first of them are of all sources.
    """
    digests = [hashlib.sha256(name.encode()).digest() for name in names]
    return sorted(range(len(names)), key=lambda index: digests[index])[:count]


def read(payload: bytes) -> NDArray[np.uint8] | None:
    """A photograph upright, cut to a square, at one of `SIDES`; None if it cannot be used."""
    try:
        with Image.open(io.BytesIO(payload)) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            upright = ImageOps.exif_transpose(image).convert("RGB")
        side = next((side for side in SIDES if min(upright.size) >= side), None)
        if side is None:
            return None
        square = ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)
        return np.asarray(square, np.uint8)
    except Exception:  # Pillow's plugins raise many kinds on broken files
        return None


def sources(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.glob("*.tar"))
            if any(file.suffix.lower() in ENDINGS for file in path.rglob("*")):
                yield path
        elif path.is_file():
            yield path
        else:
            raise DataError(f"{path} is not there; name folders or tar files with --photos.")


def files(source: Path) -> Iterator[tuple[str, bytes]]:
    if source.is_dir():
        for file in sorted(source.rglob("*")):
            if file.suffix.lower() in ENDINGS:
                yield str(file.relative_to(source)), file.read_bytes()
        return
    try:
        with tarfile.open(source) as tar:
            for member in tar:
                if member.isfile() and Path(member.name).suffix.lower() in ENDINGS:
                    stream = tar.extractfile(member)
                    if stream is not None:
                        yield member.name, stream.read()
    except tarfile.TarError as error:
        raise DataError(f"{source} cannot be read as a tar file ({error}).") from error


def _to_lab_8(pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    out = np.empty((len(pictures), *pictures[0].shape), np.uint8)
    for start in range(0, len(pictures), 500):
        lab = rgb_to_lab(np.stack(pictures[start : start + 500]))
        lab[..., 0] /= L_STEP
        lab[..., 1:] += 128
        out[start : start + 500] = np.rint(lab).clip(0, 255)
    return out


def to_rgb(lab_8: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """sRGB of what a `Group` holds, (..., 3) uint8; exact but for the rounding of Lab."""
    return colorize_u8(lab_8[..., 0] * np.float32(L_STEP), lab_8[..., 1:] - np.float32(128))


class PhotoBatches:
    """Shuffled batches, each of one side, with the changes that old photographs ask for.

    Parameters
    ----------
    groups : list of Group
    batch : int
        Pictures a step.
    seed : int
    scales : tuple of float
        A batch of 128 pixels is resized by one of these, to a multiple of 32: the network must
        give the same colours at any size.
    zoom : float
        Least side of the random part of a picture, as a share of the picture's.
    """

    def __init__(
        self,
        groups: list[Group],
        batch: int,
        seed: int,
        scales: tuple[float, ...] = (0.75, 1.0, 1.0, 1.25),
        zoom: float = 0.6,
    ) -> None:
        self._groups = groups
        self._batch = batch
        self._seed = seed
        self._scales = scales
        self._zoom = zoom
        self.steps = sum(len(group) // batch for group in groups)

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of one epoch, which seed and number alone decide.

        Yields
        ------
        L_norm : Tensor, shape (batch, 1, H, W)
            A random part, with random contrast, brightness and grain; what the network sees.
        ab_norm : Tensor, shape (batch, 2, H / 2, W / 2)
            The colours at half the size.
        """
        rng = np.random.default_rng([self._seed, number])
        plan = [
            (index, which)
            for index, group in enumerate(self._groups)
            for which in _batches(rng.permutation(len(group)), self._batch)
        ]
        for position in rng.permutation(len(plan)):
            index, which = plan[position]
            yield self._make(self._groups[index].lab_8[which], rng)

    def _make(self, lab_8: NDArray[np.uint8], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        lab = torch.from_numpy(lab_8).permute(0, 3, 1, 2).float()
        side = lab.shape[2]
        wanted = round(side * float(rng.choice(self._scales)) / 32) * 32 if side > 64 else side
        if wanted < side:
            lab = interpolate(lab, size=(wanted, wanted), mode="bilinear", antialias=True)
        lab = _moved(lab, wanted, self._zoom, rng)
        L_norm = lab[:, :1] * (L_STEP / L_HALF) - 1
        ab_norm = (lab[:, 1:] - 128) / AB_MAX
        half = interpolate(ab_norm, scale_factor=0.5, mode="bilinear", antialias=True)
        return _aged(L_norm, rng), half


def _batches(order: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    return [order[start : start + size] for start in range(0, len(order) - size + 1, size)]


def _moved(lab: Tensor, side: int, least: float, rng: np.random.Generator) -> Tensor:
    """Each picture flipped or not, turned a little, and a random part of it enlarged to `side`."""
    count = len(lab)
    zoom = rng.uniform(least, 1.0, count)
    turn = np.deg2rad(rng.uniform(-4, 4, count))
    flip = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    affine = np.empty((count, 2, 3), np.float32)
    affine[:, 0] = np.stack([zoom * flip * np.cos(turn), -zoom * np.sin(turn), np.zeros(count)], 1)
    affine[:, 1] = np.stack([zoom * flip * np.sin(turn), zoom * np.cos(turn), np.zeros(count)], 1)
    affine[:, :, 2] = rng.uniform(-1, 1, (count, 2)) * (1 - zoom)[:, None]
    grid = affine_grid(torch.from_numpy(affine), [count, 3, side, side], align_corners=False)
    return grid_sample(lab, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _aged(L_norm: Tensor, rng: np.random.Generator) -> Tensor:
    """Random contrast and brightness, and on a third of the pictures grain, as prints have."""
    count = len(L_norm)

    def column(values: NDArray[np.floating]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32))[:, None, None, None]

    contrast = column(rng.uniform(0.7, 1.15, count))
    brightness = column(rng.uniform(-0.12, 0.12, count))
    grain = column(rng.uniform(0, 0.12, count) * (rng.random(count) < 0.33))
    noise = torch.from_numpy(rng.standard_normal(L_norm.shape, dtype=np.float32))
    return (L_norm * contrast + brightness + grain * noise).clamp(-1, 1)
