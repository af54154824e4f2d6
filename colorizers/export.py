"""A colorizer as an ONNX file, for programs without PyTorch.

    python -m colorizers.export --method photo --out photo.onnx
    python -m colorizers.export --method gan --out gan.onnx

Input `L`: float32 (batch, 1, height, width), CIE L in [0, 100]. Output `ab`: float32 (batch, 2,
height', width') in units of Lab. The normalisation of both is inside the file. `photo` takes
heights and widths that are multiples of 32 (its short side is meant to be 192) and answers at half
of them; the methods that learned from CIFAR-10 take 32 x 32. Join the answer with the full-size L
as `colorizers.predict` does. The file's metadata say this, too, and hold the card of the weights.

Needs `onnx` and `onnxscript`, which are in requirements-dev.txt. The exporter is the one on
`torch.export`, PyTorch's default since 2.9; `tests/colorizers/test_export.py` compares its
answers with PyTorch's.
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

OPSET = 18
"""Of 2022: every ONNX Runtime since 1.14 reads it."""


class ExportError(Exception):
    """There can be no ONNX file; the message is one sentence."""


def export(method: str, target: Path) -> dict[str, str]:
    """Write a colorizer as ONNX.

    Parameters
    ----------
    method : str
        One of `colorizers.names()`.
    target : Path
        The file; replaced if it exists.

    Returns
    -------
    dict of str
        The metadata that were written into it.

    Raises
    ------
    ExportError
        If onnx or onnxscript are not installed.
    colorizers.checkpoint.WeightsError
        If the weights are missing or damaged.
    """
    for package in ("onnx", "onnxscript"):
        if importlib.util.find_spec(package) is None:
            raise ExportError(
                f"The export needs {package}, which is not installed: pip install onnx onnxscript"
            )
    import torch
    from torch import Tensor, nn

    colorizer = colorizers.load(method)
    predict = colorizer.predict_norm

    class Whole(nn.Module):
        """The network between L and ab in their own units."""

        def __init__(self, network: nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, L: Tensor) -> Tensor:
            return predict(L / 50.0 - 1.0)

    raise NotImplementedError
