"""The network shapes of two published colorizers, untrained, to be timed beside ours.

Written for `train.benchmark` from the papers' descriptions: layers, widths and resolutions are
theirs as far as those say, so the operations are; the weights are random, so the colours are not.

References
----------
Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016 (figure 2; the released "ECCV16").
Kang et al.: DDColor, ICCV 2023 (section 3; the tiny variant). Liu et al.: A ConvNet for the 2020s,
CVPR 2022 (ConvNeXt-T). Shi et al.: sub-pixel convolution, CVPR 2016.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from colorizers.color import AB_MAX
from colorizers.networks.bins import COUNT
from colorizers.networks.encoders import prepare_torchvision


class Eccv16(nn.Module):
    """Eight blocks of convolutions, two of them dilated, and a choice of 313 colours a pixel.

    Examples
    --------
    >>> Eccv16()(torch.zeros(1, 1, 64, 64)).shape
    torch.Size([1, 2, 64, 64])
    """

    def __init__(self) -> None:
        super().__init__()
        # (outputs, convolutions, stride of the last, dilation); all 3 x 3 with ReLU
        plan = [
            (64, 2, 2, 1), (128, 2, 2, 1), (256, 3, 2, 1), (512, 3, 1, 1),
            (512, 3, 1, 2), (512, 3, 1, 2), (512, 3, 1, 1),
        ]  # fmt: skip
        layers: list[nn.Module] = []
        inputs = 1
        for outputs, count, stride, dilation in plan:
            for number in range(count):
                step = stride if number == count - 1 else 1
                layers += [nn.Conv2d(inputs, outputs, 3, step, dilation, dilation), nn.ReLU(True)]
                inputs = outputs
            layers.append(nn.BatchNorm2d(outputs))
        layers += [nn.ConvTranspose2d(512, 256, 4, 2, 1), nn.ReLU(True)]
        for _ in range(2):
            layers += [nn.Conv2d(256, 256, 3, 1, 1), nn.ReLU(True)]
        self.layers = nn.Sequential(*layers)
        self.choice = nn.Conv2d(256, COUNT, 1)
        self.mean = nn.Conv2d(COUNT, 2, 1, bias=False)

    def forward(self, L_norm: Tensor) -> Tensor:
        """ab (N, 2, H, W) in units of Lab, of L_norm (N, 1, H, W)."""
        chosen = torch.softmax(self.choice(self.layers(L_norm)), dim=1)  # (N, 313, H / 4, W / 4)
        return interpolate(self.mean(chosen) * AB_MAX, scale_factor=4, mode="bilinear")


class DDColorTiny(nn.Module):
    """A ConvNeXt-T, a decoder of pixels and one of 100 colours that look at three of its scales.

    Examples
    --------
    >>> DDColorTiny()(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 2, 64, 64])
    """

    def __init__(self, queries: int = 100, width: int = 256, layers: int = 9) -> None:
        super().__init__()
        prepare_torchvision()
        import timm

        self.encoder: Any = timm.create_model("convnext_tiny", features_only=True)
        below = (768, 512, 512)
        beside = (384, 192, 96)
        above = (512, 512, width)
        self.blocks = nn.ModuleList(map(_Enlarge, below, beside, above))
        self.last = nn.Sequential(
            nn.Conv2d(width, width * 16, 1), nn.ReLU(True), nn.PixelShuffle(4), *_soften()
        )
        self.scales = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in above)
        self.queries = nn.Parameter(torch.randn(1, queries, width))
        self.layers = nn.ModuleList(_Look(width) for _ in range(layers))
        self.embed = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, width),
        )  # fmt: skip
        self.refine = nn.Conv2d(queries + 3, 2, 1)

    def forward(self, grey: Tensor) -> Tensor:
        """ab (N, 2, H, W) of a grey picture (N, 3, H, W)."""
        *skips, x = self.encoder(grey)
        memories = []
        for block, scale, skip in zip(self.blocks, self.scales, reversed(skips), strict=True):
            x = block(x, skip)
            memories.append(scale(x).flatten(2).transpose(1, 2))  # (N, pixels, width)
        pixels = self.last(x)  # (N, width, H, W)
        colours = self.queries.expand(len(grey), -1, -1)
        for number, layer in enumerate(self.layers):
            colours = layer(colours, memories[number % len(memories)])
        maps = torch.einsum("nqc,nchw->nqhw", self.embed(colours), pixels)
        return self.refine(torch.cat([maps, grey], dim=1))


class _Enlarge(nn.Module):
    """Twice the size by sub-pixel convolution, joined with what the encoder had there."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.up = nn.Sequential(
            nn.Conv2d(inputs, outputs * 4, 1), nn.BatchNorm2d(outputs * 4), nn.ReLU(True),
            nn.PixelShuffle(2), *_soften(),
        )  # fmt: skip
        self.norm = nn.BatchNorm2d(skip)
        self.join = nn.Sequential(
            nn.ReLU(), nn.Conv2d(outputs + skip, outputs, 3, padding=1), nn.BatchNorm2d(outputs)
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.join(torch.cat([self.up(x), self.norm(skip)], dim=1))


def _soften() -> tuple[nn.Module, nn.Module]:
    """A mean of 2 x 2 pixels, against the chequers that sub-pixel convolution leaves."""
    return nn.ReplicationPad2d((1, 0, 1, 0)), nn.AvgPool2d(2, stride=1)


class _Look(nn.Module):
    """Colours look at the pixels of one scale, then at each other."""

    def __init__(self, width: int, heads: int = 8, hidden: int = 2048) -> None:
        super().__init__()
        self.cross = nn.MultiheadAttention(width, heads, batch_first=True)
        self.among = nn.MultiheadAttention(width, heads, batch_first=True)
        self.forward_part = nn.Sequential(
            nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))

    def forward(self, colours: Tensor, pixels: Tensor) -> Tensor:
        first, second, third = self.norms
        colours = first(colours + self.cross(colours, pixels, pixels, need_weights=False)[0])
        colours = second(colours + self.among(colours, colours, colours, need_weights=False)[0])
        return third(colours + self.forward_part(colours))
