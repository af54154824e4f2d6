"""A U-Net whose encoder is a classification network of timm: ResNet, ConvNeXt, EfficientNet, ...

An option for those who have the time or the weights; what is committed uses
`colorizers.networks.unet`. A stem of ours at full size comes first, since such encoders halve in
their first layer.

References
----------
He et al.: Deep Residual Learning, CVPR 2016; Wightman: PyTorch Image Models (timm).
"""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from colorizers.networks.unet import conv_block


class BackboneError(Exception):
    """An encoder cannot be had; the message says why and what to do."""


class BackboneUNet(nn.Module):
    """Features of a grey picture, at its own size, through an encoder by name.

    Parameters
    ----------
    name : str
        A model of timm that gives feature maps, such as "resnet18".
    width : int
        Channels at full size.
    pretrained : bool
        Fetch the encoder's ImageNet weights; its first layer is summed to one channel.

    Raises
    ------
    BackboneError
        If timm is not installed, has no such model, or cannot fetch its weights.

    Examples
    --------
    >>> BackboneUNet("resnet18", 8)(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 8, 32, 32])
    """

    def __init__(self, name: str, width: int, pretrained: bool = False) -> None:
        super().__init__()
        self.encoder = make_encoder(name, pretrained)
        info: Any = self.encoder.feature_info
        self._reductions = (1, *info.reduction())
        channels = (width, *info.channels())
        self.stem = conv_block(1, width)
        # From the deepest level upwards: narrow, enlarge, join with the skip.
        self.narrow = nn.ModuleList(
            conv_block(below, above)
            for above, below in reversed(list(itertools.pairwise(channels)))
        )
        self.join = nn.ModuleList(conv_block(2 * above, above) for above in channels[-2::-1])

    @property
    def multiple(self) -> int:
        """Height and width must be multiples of this."""
        return int(self._reductions[-1])

    def forward(self, L_norm: Tensor) -> Tensor:
        """Features (N, width, H, W) of L_norm (N, 1, H, W) in [-1, 1]."""
        features: list[Tensor] = [self.stem(L_norm), *self.encoder(L_norm)]
        x = features.pop()
        for narrow, join, skip in zip(self.narrow, self.join, reversed(features), strict=True):
            enlarged = interpolate(narrow(x), size=skip.shape[2:], mode="nearest")
            x = join(torch.cat([enlarged, skip], dim=1))
        return x


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
    BackboneError
        If timm is not installed, has no such model, or cannot fetch its weights.
    """
    prepare_torchvision()
    try:
        import timm
    except (ImportError, RuntimeError) as error:
        raise BackboneError(
            f"The backbone {name!r} needs timm ({error}); install requirements.txt."
        ) from error
    try:
        model: nn.Module = timm.create_model(
            name, features_only=True, in_chans=1, pretrained=pretrained
        )
    except Exception as error:  # timm and its hub raise many kinds
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BackboneError(
            f"timm cannot make the backbone {name!r} ({reason}); "
            "timm.list_models() names those that it has."
        ) from error
    return model
