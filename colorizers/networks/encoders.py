"""Encoders of timm by name, for a `PhotoNet` on another one than EfficientNet-Lite0.

References
----------
Wightman: PyTorch Image Models (timm).
"""

from __future__ import annotations

import contextlib

import torch
from torch import nn

from colorizers.errors import EncoderError


def prepare_torchvision() -> None:
    """Make `import torchvision` work beside a build of torch without CUDA.

    The registry's torchvision has one binary, linked to CUDA. Where torch has none, that binary
    cannot be loaded and two registrations fail on import because their operators do not exist.
    Declared here, they let everything import that does not need the operators.
    """
    with contextlib.suppress(ImportError, RuntimeError):
        import torchvision  # noqa: F401

        return
    signature = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    for operator in ("nms", "qnms"):
        with contextlib.suppress(RuntimeError):  # declared by an earlier call
            torch.library.define(f"torchvision::{operator}", signature)


def make_encoder(name: str, pretrained: bool = False) -> nn.Module:
    """A model of timm that turns L_norm (N, 1, H, W) into feature maps of falling size.

    Raises
    ------
    EncoderError
        If timm is not installed, has no such model, or cannot fetch its weights.
    """
    prepare_torchvision()
    try:
        import timm
    except (ImportError, RuntimeError) as error:
        raise EncoderError(
            f"The encoder {name!r} needs timm ({error}); install requirements.txt."
        ) from error
    try:
        model: nn.Module = timm.create_model(
            name, features_only=True, in_chans=1, pretrained=pretrained
        )
    except Exception as error:  # timm and its hub raise many kinds
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise EncoderError(
            f"timm cannot make the encoder {name!r} ({reason}); "
            "timm.list_models() names those that it has."
        ) from error
    return model
