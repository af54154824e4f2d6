"""Colorization of photographs: a U-Net on an ImageNet-pretrained EfficientNet-Lite0.

The encoder knows what is grass, skin and sky before it sees a colour; the decoder brings that
back to half the input's size, where chroma is smooth enough to be enlarged along the edges of
the full photograph (`colorizers.predict`). Two heads share it: one paints ab, the other gives
each pixel a distribution over the 313 bins, which knows what else the colour might have been.
`train.photo` trains both.

References
----------
Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016 (the bins). Tan, Le: EfficientNet, ICML 2019; the Lite variant (no squeeze-and-excitation, ReLU6) is
Google's, 2020. Ronneberger, Fischer, Brox: U-Net, MICCAI 2015.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from .backbone import make_encoder
from .bins import COUNT
from .color import AB_MAX
from .unet import conv_block

NAME = "photo"
TITLE = "Photographs"
ENCODER = "tf_efficientnet_lite0"
WIDTHS = (192, 128, 64, 48)


class PhotoNet(nn.Module):
    """ab of a grey photograph at half its size.

    Parameters
    ----------
    encoder : str
        A model of timm that halves five times, such as "resnet18".
    widths : sequence of int
        Channels of the decoder at 1/16, 1/8, 1/4 and 1/2 of the size.
    pretrained : bool
        Fetch the encoder's ImageNet weights from timm's hub.

    Raises
    ------
    colorizers.backbone.BackboneError
        If timm or the encoder cannot be had.

    Examples
    --------
    >>> PhotoNet()(torch.zeros(2, 1, 64, 96)).shape
    torch.Size([2, 2, 32, 48])
    """

    MULTIPLE = 32
    """Height and width must be multiples of this."""

    def __init__(
        self, encoder: str = ENCODER, widths: Sequence[int] = WIDTHS, pretrained: bool = False
    ) -> None:
        super().__init__()
        self.encoder = make_encoder(encoder, pretrained)
        info: Any = self.encoder.feature_info
        channels = info.channels()[-5:]
        # The features are narrowed before they are enlarged, which is a quarter of the work.
        inputs = (channels[-1], *widths)
        self.narrow = nn.ModuleList(
            conv_block(below, above) for below, above in itertools.pairwise(inputs)
        )
        self.join = nn.ModuleList(
            conv_block(width + skip, width)
            for width, skip in zip(widths, channels[-2::-1], strict=True)
        )
        self.head = nn.Conv2d(widths[-1], 2, 1)
        self.bins = nn.Conv2d(widths[-1], COUNT, 1)

    def features(self, L_norm: Tensor) -> Tensor:
        """Features (N, widths[-1], H / 2, W / 2) of L_norm (N, 1, H, W) in [-1, 1]."""
        *skips, x = self.encoder(L_norm)[-5:]
        for narrow, join, skip in zip(self.narrow, self.join, reversed(skips), strict=True):
            enlarged = interpolate(narrow(x), size=skip.shape[2:], mode="nearest")
            x = join(torch.cat([enlarged, skip], dim=1))
        return x

    def forward(self, L_norm: Tensor) -> Tensor:
        """ab_norm (N, 2, H / 2, W / 2) in (-1, 1) for L_norm (N, 1, H, W) in [-1, 1]."""
        ab_norm: Tensor = torch.tanh(self.head(self.features(L_norm)))
        return ab_norm

    def predict(self, L_norm: Tensor) -> Tensor:
        """ab in units of Lab, shape (N, 2, H / 2, W / 2)."""
        return self(L_norm).float() * AB_MAX
