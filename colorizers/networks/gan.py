"""Colorization by a conditional DCGAN: a generator of ab and a discriminator of (L, ab).

The generator is the U-Net of `colorizers.networks.unet` with a tanh head; there is no noise input,
as in the papers below, since generators of this kind learn to ignore it. The discriminator sees the
colours together with the L that they belong to. `train.gan` trains both; only the generator is
kept. Before any critic saw it, it is the control `regression`: the same U-Net on L1 alone, which
`train.regression` trains.

References
----------
arXiv 2508.05068 (conditional DCGAN on CIFAR-10); Nazeri, Ng, Ebrahimi, 2018; Isola et al.:
pix2pix, CVPR 2017; Miyato et al.: Spectral Normalization, ICLR 2018.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from colorizers.color import AB_MAX
from colorizers.networks.base import Network
from colorizers.networks.unet import UNet


class Generator(Network):
    """ab of a grey picture.

    Parameters
    ----------
    widths : sequence of int
        Channels of the U-Net, see `UNet`.
    """

    def __init__(self, widths: Sequence[int] = (32, 64, 128, 256, 384)) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.body = UNet(widths)
        self.head = nn.Conv2d(widths[0], 2, 1)

    def forward(self, L_norm: Tensor) -> Tensor:
        """ab_norm of shape (N, 2, H, W) in (-1, 1) for L_norm of shape (N, 1, H, W)."""
        ab_norm: Tensor = torch.tanh(self.head(self.body(L_norm)))
        return ab_norm

    def predict(self, L_norm: Tensor) -> Tensor:
        """ab in units of Lab, shape (N, 2, H, W)."""
        return self(L_norm).float() * AB_MAX


class Discriminator(nn.Module):
    """Scores of a picture: above 0 for what looks like a photograph's own colours.

    Four strided 4 x 4 convolutions as in DCGAN, with spectral norm instead of batch norm.

    Parameters
    ----------
    widths : sequence of int
        Channels after each halving.
    """

    def __init__(self, widths: Sequence[int] = (64, 128, 256)) -> None:
        super().__init__()
        channels = (3, *widths)
        layers: list[nn.Module] = []
        for above, below in itertools.pairwise(channels):
            layers += [
                spectral_norm(nn.Conv2d(above, below, 4, stride=2, padding=1)),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        layers.append(spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1)))
        self.layers = nn.Sequential(*layers)

    def forward(self, L_norm: Tensor, ab_norm: Tensor) -> Tensor:
        """Scores of shape (N, 1, H / 8, W / 8) with the default widths, one a patch."""
        scores: Tensor = self.layers(torch.cat([L_norm, ab_norm], dim=1))
        return scores
