"""What the evaluation computed before, so that nothing is painted or measured twice.

What decides a result is hashed: the pictures, the weights, the code that paints and measures, the
versions of the packages. Where all of it is as it was, the result is read back; where any of it
changed, its name is another one. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = "rows"
"""Where results are kept, beside the data: 30 MB for each method's 10,000 pictures."""
ROOT = Path(__file__).parents[1]
NETWORKS = (
    "base", "bins", "cifar_flow", "classification", "cvae", "flow", "gan", "regions", "unet",
)  # fmt: skip
CODE = (
    "colorizers/color.py",
    *(f"colorizers/networks/{name}.py" for name in NETWORKS),
    *(f"train/{name}.py" for name in ("evaluate", "features", "metrics", "nazeri")),
)
"""Files whose change makes all anew."""

Arrays = dict[str, NDArray[Any]]


def fingerprint(*parts: str | NDArray[Any], root: Path = ROOT) -> str:
    """A name for all of these parts and for the code in `root` that measures."""
    digest = hashlib.sha256()
    for file in CODE:
        digest.update(hashlib.sha256((root / file).read_bytes()).digest())
    for part in parts:
        array = isinstance(part, np.ndarray)
        payload = np.ascontiguousarray(part).data if array else str(part).encode()
        shape = f"{part.dtype}{part.shape}" if isinstance(part, np.ndarray) else "text"
        digest.update(shape.encode() + hashlib.sha256(payload).digest())
    return digest.hexdigest()


def once(folder: Path | None, name: str, compute: Callable[[], Arrays]) -> Arrays:
    """Arrays that are kept in a folder under this name, or else are computed and kept there.

    Parameters
    ----------
    folder : Path, optional
        Made if it is not there; nothing is kept without one.
    name : str
        See `fingerprint`.
    compute : callable
    """
    if folder is None:
        return compute()
    file = folder / f"{name}.npz"
    if file.exists():
        with np.load(file) as kept:
            return dict(kept)
    arrays = compute()
    folder.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as out:
        np.savez(out, allow_pickle=False, **arrays)
    os.replace(partial, file)
    return arrays
