"""Weights on disk: a safetensors file and, beside it, a card in JSON that says what it is.

The card holds the settings of the network, the training data and its licence, the command,
the commit, the figures, and the SHA-256 of the weights, which is checked when they are loaded.
Weights may be kept as bytes: each channel's are then whole numbers of a step of its own.
safetensors hold numbers only: loading weights from a stranger runs no code of theirs.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_bytes
from safetensors.torch import save as save_bytes
from torch import Tensor, nn

from colorizers.errors import WeightsError

FOLDER = Path(__file__).parents[1] / "weights"
"""The committed weights: NAME.safetensors and NAME.json."""
FLOAT32, FLOAT16, INT8 = "float32", "float16", "int8"
STEP = ":step"
"""What follows the name of weights in bytes, for the step of each channel."""


def save(
    name: str,
    module: nn.Module,
    card: dict[str, Any],
    *,
    folder: Path = FOLDER,
    precision: str | dict[str, str] = FLOAT16,
) -> dict[str, Any]:
    """Write the weights of a module and their card.

    Parameters
    ----------
    name : str
        Stem of both files.
    module : nn.Module
    card : dict
        Everything that the reader should know; its `name` and `weights` are added here.
    folder : Path
    precision : str or dict of str
        How floating-point weights are kept, of all or of each part of the module by its name;
        they are computed with in float32. "float16" is half
        the size of "float32". "int8" is a quarter: -127 to 127 times a step for each channel;
        what has no channels (norms, biases) is float16.

    Returns
    -------
    dict
        The card as written.
    """
    tensors = {}
    for key, value in module.state_dict().items():
        value = value.detach().cpu()
        kept = precision if isinstance(precision, str) else precision[key.split(".")[0]]
        if value.is_floating_point() and kept != FLOAT32:
            if kept == INT8 and value.dim() > 1:
                value, tensors[key + STEP] = _in_bytes(value)
            else:
                value = value.half()
        tensors[key] = value.contiguous()
    payload = save_bytes(tensors)
    weights = {
        "file": f"{name}.safetensors",
        "sha256": hashlib.sha256(payload).hexdigest(),
        "bytes": len(payload),
        "parameters": sum(p.numel() for p in module.parameters()),
        "precision": precision,
    }
    whole = {"name": name} | card | {"weights": weights}
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{name}.safetensors", payload)
    _write(folder / f"{name}.json", (json.dumps(whole, indent=2) + "\n").encode())
    return whole


def read_card(name: str, *, folder: Path = FOLDER) -> dict[str, Any]:
    """The card of committed weights.

    Raises
    ------
    WeightsError
        If there is none, or it cannot be read.
    """
    file = folder / f"{name}.json"
    try:
        card: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        raise WeightsError(
            f"There are no weights for {name!r}: {file.name} is missing from {folder.name}/. "
            f"Restore it from the repository, or train them with: python -m train.{name}"
        ) from None
    except ValueError as error:
        raise WeightsError(f"The card {file.name} is not valid JSON ({error}).") from error
    return card


def restore(name: str, module: nn.Module, *, folder: Path = FOLDER) -> dict[str, Any]:
    """Load weights into a module and return their card.

    Raises
    ------
    WeightsError
        If a file is missing, its SHA-256 is not the card's, or the tensors do not fit.
    """
    card = read_card(name, folder=folder)
    file = folder / f"{name}.safetensors"
    try:
        payload = file.read_bytes()
        digest = hashlib.sha256(payload).hexdigest()
        if digest != card["weights"]["sha256"]:
            raise WeightsError(
                f"{file.name} has SHA-256 {digest[:12]}..., its card says "
                f"{card['weights']['sha256'][:12]}...: restore both from the repository."
            )
        tensors = load_bytes(payload)
        steps = {key: tensors.pop(key) for key in list(tensors) if key.endswith(STEP)}
        for key, value in tensors.items():
            if value.is_floating_point():
                tensors[key] = value.float()
            elif key + STEP in steps:
                tensors[key] = value * steps[key + STEP].reshape(-1, *[1] * (value.dim() - 1))
        module.load_state_dict(tensors)
    except FileNotFoundError:
        raise WeightsError(f"{file.name} is missing; restore it from the repository.") from None
    except (KeyError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(f"{file.name} does not fit the network {name!r}: {reason}") from error
    return card


def _in_bytes(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (channels, ...) as int8, and the step of each channel."""
    step = weights.abs().flatten(1).amax(dim=1).clamp(min=1e-12) / 127
    whole = weights / step.reshape(-1, *[1] * (weights.dim() - 1))
    return whole.round().to(torch.int8), step


def _write(file: Path, payload: bytes) -> None:
    partial = file.with_name(file.name + ".partial")
    partial.write_bytes(payload)
    os.replace(partial, file)
