"""A colorizer as an ONNX file, for programs without PyTorch.

    python -m colorizers.export --method photo --out photo.onnx
    python -m colorizers.export --method gan --out gan.onnx

Input `L`: float32 (batch, 1, height, width), CIE L in [0, 100]. Output `ab`: float32 (batch, 2,
height', width') in units of Lab. The normalisation of both is inside the file. `photo` takes
heights and widths that are multiples of 32 (its short side is meant to be 160) and answers at half
of them, as painted; of `photo` the file has the network's mean, without the steps of its regions.
The methods that learned from CIFAR-10 take 32 x 32. Join the answer with the full-size L as
`colorizers.painting.predict` does. The file's metadata say this, too, and hold the card.

Needs `onnx` and `onnxscript` (requirements-dev.txt). PyTorch's exporter of today, the one on
`torch.export`, makes the graph; tests/colorizers/test_onnx.py compares the answers of both.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import colorizers
from colorizers.errors import ExportError, WeightsError
from truehue import __version__

OPSET = 18
"""Of December 2022; every ONNX Runtime since 1.14 reads it."""
PACKAGES = ("onnx", "onnxscript")


def export(method: str, target: Path, *, folder: Path | None = None) -> dict[str, str]:
    """Write a colorizer as ONNX.

    Parameters
    ----------
    method : str
        One of `colorizers.names()`.
    target : Path
        The file; replaced if it exists.
    folder : Path, optional
        Where the weights are, if not those of this package.

    Returns
    -------
    dict of str
        The metadata in the file.

    Raises
    ------
    ExportError
        If onnx or onnxscript are not installed, or the method draws and has no mean.
    colorizers.errors.WeightsError
        If the weights are missing or damaged.
    """
    for package in PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise ExportError(
                f"The export needs {package}, which is not installed: "
                f"pip install {' '.join(PACKAGES)}"
            )
    import onnx
    import torch
    from torch import Tensor, nn

    from colorizers.color import L_HALF
    from colorizers.networks.checkpoint import FOLDER, read_card, restore
    from colorizers.networks.photo import MULTIPLE
    from colorizers.networks.photo_flow import PhotoFlow
    from colorizers.networks.registry import network_of

    folder = folder or FOLDER
    card = read_card(method, folder=folder)
    network = network_of(card)
    restore(method, network, folder=folder)
    if isinstance(network, PhotoFlow):
        network = network.mean
    if "seed" in network.options:
        raise ExportError(
            f"{method} draws its colours, and ONNX knows no seed: export another method."
        )
    any_shape = network.shape is not None

    class Whole(nn.Module):
        """The network between L and ab in their own units."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, L: Tensor) -> Tensor:
            ab: Tensor = self.network.predict(L / L_HALF - 1.0, **network.options)
            return ab

    shapes: dict[int, Any] = {0: torch.export.Dim("batch", min=1, max=1024)}
    if any_shape:
        for axis, name in ((2, "rows"), (3, "columns")):
            shapes[axis] = MULTIPLE * torch.export.Dim(name, min=1, max=256)
    side = network.size
    example = torch.full((2, 1, side, side + (MULTIPLE if any_shape else 0)), 50.0)
    with _quiet(), torch.inference_mode():
        program = torch.onnx.export(
            Whole().eval(), (example,), dynamo=True, opset_version=OPSET, external_data=False,
            input_names=["L"], output_names=["ab"], dynamic_shapes={"L": shapes}, verbose=False,
        )  # fmt: skip
    assert program is not None
    model = program.model_proto
    metadata = _metadata(method, card, any_shape, side)
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(model.SerializeToString())
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return metadata


def _metadata(method: str, card: dict[str, Any], any_shape: bool, side: int) -> dict[str, str]:
    size = (
        f"height and width multiples of 32, the short side {side}; ab has half of them"
        if any_shape
        else f"{side} x {side}, ab as well"
    )
    return {
        "name": f"truehue-{method}",
        "truehue": __version__,
        "input": f"L, float32 (batch, 1, height, width), CIE L in [0, 100]; {size}",
        "output": "ab, float32 (batch, 2, height, width), CIE a and b in units of Lab, D65",
        "normalisation": "inside the graph: L / 50 - 1 before the network, 110 times its answer "
        "(or the mean of the 313 bins) behind it",
        "licence": str(card.get("licence", "")),
        "weights_sha256": str(card["weights"]["sha256"]),
        "card": json.dumps(card, sort_keys=True),
    }


@contextlib.contextmanager
def _quiet() -> Any:
    """Keep the exporter's progress, and the warnings of its own insides, from the terminal."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    names = colorizers.names()
    made = argparse.ArgumentParser(
        prog="python -m colorizers.export", description="Write a colorizer as an ONNX file."
    )
    made.add_argument(
        "--method", choices=names, default=names[0], help="which network (default: %(default)s)"
    )
    made.add_argument(
        "--out", type=Path, metavar="FILE", help="the file (default: METHOD.onnx, here)"
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 written, 1 not, 2 misused."""
    options = parser().parse_args(arguments)
    target: Path = options.out or Path(f"{options.method}.onnx")
    try:
        metadata = export(options.method, target)
    except (ExportError, WeightsError) as error:
        print(f"python -m colorizers.export: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"python -m colorizers.export: {target}: {error.strerror}.", file=sys.stderr)
        return 1
    size = target.stat().st_size / 1e6
    print(f"{target}: {size:.1f} MB, opset {OPSET}. {metadata['input']}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
