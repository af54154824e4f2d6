"""Rows of the evaluation that were computed before, so that nothing is measured twice.

What decides a row is hashed: the pictures, the weights, the code that measures, the versions of
the packages. Where all of it is as it was, the row is read back; where any of it changed, its name
is another one. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = "rows"
"""Where rows are kept, beside the data."""
ROOT = Path(__file__).parents[1]
CODE = (
    "colorizers/color.py", "colorizers/networks/*.py",
    *(f"train/{name}.py" for name in ("evaluate", "features", "kept", "metrics", "nazeri")),
)  # fmt: skip
"""Files whose change makes rows anew."""
EACH = "each."
"""What precedes the names of values of each picture in a file."""

Row = tuple[dict[str, Any], dict[str, NDArray[np.float64]]]
"""The figures of a row, and what they were of each picture."""


def fingerprint(*parts: str | NDArray[Any], root: Path = ROOT) -> str:
    """A name for all of these parts and for the code in `root` that measures."""
    digest = hashlib.sha256()
    for pattern in CODE:
        for file in sorted(root.glob(pattern)):
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    for part in parts:
        array = isinstance(part, np.ndarray)
        payload = np.ascontiguousarray(part).data if array else str(part).encode()
        shape = f"{part.dtype}{part.shape}" if isinstance(part, np.ndarray) else "text"
        digest.update(shape.encode() + hashlib.sha256(payload).digest())
    return digest.hexdigest()


def once(folder: Path | None, name: str, compute: Callable[[], Row]) -> Row:
    """A row that is kept in a folder under this name, or else is computed and kept there.

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
            values = {key.removeprefix(EACH): kept[key] for key in kept if key != "row"}
            return json.loads(str(kept["row"])), values
    row, values = compute()
    folder.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.partial")
    arrays: dict[str, Any] = {EACH + key: value for key, value in values.items()}
    with partial.open("wb") as out:
        np.savez(out, row=np.array(json.dumps(row)), **arrays)
    os.replace(partial, file)
    return row, values
