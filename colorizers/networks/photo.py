"""Colorization of photographs: a U-Net on an ImageNet-pretrained EfficientNet-Lite0.

The encoder knows what is grass, skin and sky before it sees a colour; the decoder brings that
back to half the input's size, where chroma is smooth enough to be enlarged along the edges of
the full photograph (`colorizers.painting.predict`). Two heads share it: one paints ab, the other
gives each pixel a distribution over the 313 bins, which knows what else the colour might have been.
`train.photo` trains both.

References
----------
Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016 (the bins). Tan, Le: EfficientNet,
ICML 2019; the Lite variant (no squeeze-and-excitation, ReLU6) is Google's, 2020.
Ronneberger, Fischer, Brox: U-Net, MICCAI 2015.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from colorizers.color import AB_MAX
from colorizers.networks import lite
from colorizers.networks.base import Network
from colorizers.networks.bins import COUNT
from colorizers.networks.encoders import make_encoder
from colorizers.networks.unet import conv_block

ENCODER = lite.NAME
WIDTHS = (192, 128, 64, 48)
SIDE = 160
"""Short side of the L that the network sees of a photograph, whatever the photograph's size: so
its colours do not depend on how many pixels a camera or a scanner gave it. Chosen among 96 to 256
(docs/LOG.md): 128 and 160 are best on training photographs of 128 pixels, 160 on larger ones."""
LONGEST = 6 * SIDE
MULTIPLE = 32
"""Height and width of that L are multiples of this: the encoder halves five times."""


def shape(height: int, width: int) -> tuple[int, int]:
    """Height and width of the L that the network is to see of a photograph.

    Examples
    --------
    >>> shape(3000, 4000), shape(4000, 3000), shape(32, 32), shape(100, 10000)
    ((160, 224), (224, 160), (160, 160), (160, 960))
    """
    scale = SIDE / min(height, width)
    rows, columns = (
        MULTIPLE * max(1, round(min(side * scale, LONGEST) / MULTIPLE)) for side in (height, width)
    )
    return rows, columns


class PhotoNet(Network):
    """ab of a grey photograph at half its size.

    Parameters
    ----------
    encoder : str
        A model of timm that halves five times, such as "resnet18".
    widths : sequence of int
        Channels of the decoder at 1/16, 1/8, 1/4 and 1/2 of the size.
    pretrained : bool
        Fetch the encoder's ImageNet weights from timm's hub.
    vividness : float
        What the painted ab is multiplied by. A network that is trained to be near the truth is
        paler than it; `train.photo_results --vividness` chooses this on training photographs.

    Raises
    ------
    colorizers.errors.EncoderError
        If timm or the encoder cannot be had.

    Examples
    --------
    >>> PhotoNet()(torch.zeros(2, 1, 64, 96)).shape
    torch.Size([2, 2, 32, 48])
    """

    size = SIDE
    shape = staticmethod(shape)

    def __init__(
        self,
        encoder: str = ENCODER,
        widths: Sequence[int] = WIDTHS,
        pretrained: bool = False,
        vividness: float = 1.0,
    ) -> None:
        super().__init__()
        self.vividness = vividness
        self.encoder, channels = _encoder(encoder, pretrained)
        # The features are narrowed before they are enlarged, which is a quarter of the work.
        self.deepest: int = channels[-1]
        inputs = (self.deepest, *widths)
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

    def levels(self, L_norm: Tensor) -> list[Tensor]:
        """Features at 1/2 to 1/32 of the size: the decoder's, and the encoder's last."""
        *skips, x = self.encoder(L_norm)[-5:]
        levels = [x]
        for narrow, join, skip in zip(self.narrow, self.join, reversed(skips), strict=True):
            enlarged = interpolate(narrow(x), size=skip.shape[2:], mode="nearest")
            x = join(torch.cat([enlarged, skip], dim=1))
            levels.append(x)
        return levels[::-1]

    def forward(self, L_norm: Tensor) -> Tensor:
        """ab_norm (N, 2, H / 2, W / 2) in (-1, 1) for L_norm (N, 1, H, W) in [-1, 1]."""
        ab_norm: Tensor = torch.tanh(self.head(self.features(L_norm)))
        return ab_norm

    def likely(self, L_norm: Tensor) -> Tensor:
        """How likely each bin is, (N, 313, H / 4, W / 4), for L_norm (N, 1, H, W) in [-1, 1]."""
        logits = self.bins(self.features(L_norm)).float()
        return avg_pool2d(torch.softmax(logits, dim=1), 2)

    def predict(self, L_norm: Tensor) -> Tensor:
        """What the first head paints: ab in units of Lab, shape (N, 2, H / 2, W / 2)."""
        return self(L_norm).float() * (AB_MAX * self.vividness)


def _encoder(name: str, pretrained: bool) -> tuple[nn.Module, Sequence[int]]:
    """An encoder and the channels of its last five levels."""
    if name == lite.NAME and not pretrained:
        return lite.Lite0(), lite.CHANNELS
    encoder = make_encoder(name, pretrained)
    info: Any = encoder.feature_info
    return encoder, info.channels()[-5:]
