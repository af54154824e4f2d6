"""Colorization by a conditional variational autoencoder: several colourings of one picture.

A grey picture has more than one plausible colouring; a short vector z says which. While
training, a posterior network reads z off the true colours; afterwards z is drawn from a
standard normal distribution, and each draw is another colouring. z = 0 is the middle one.

References
----------
Kingma, Welling: Auto-Encoding Variational Bayes, ICLR 2014; Sohn, Lee, Yan: Learning Structured
Output Representation using Deep Conditional Generative Models, NIPS 2015; Deshpande et al.:
Learning Diverse Image Colorization, CVPR 2017; Perez et al.: FiLM, AAAI 2018.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from colorizers.color import AB_MAX
from colorizers.networks.base import Network
from colorizers.networks.unet import UNet, conv_block

LATENT = 16
"""Numbers in z."""


class Painter(Network):
    """ab of a grey picture and a z.

    Body and head are those of `colorizers.networks.gan.Generator`; between them z scales and shifts
    the features. Untrained, z changes nothing, so that a trained generator is a start.

    Parameters
    ----------
    widths : sequence of int
        Channels of the U-Net, see `UNet`.
    latent : int
        Numbers in z.
    """

    def __init__(
        self,
        widths: Sequence[int] = (32, 64, 128, 256, 384),
        latent: int = LATENT,
    ) -> None:
        super().__init__()
        self.widths, self.latent = tuple(widths), latent
        self.options = {"seed": 0.0}
        width = widths[0]
        self.body = UNet(widths)
        self.modulate = nn.Sequential(
            nn.Linear(latent, 64), nn.ReLU(inplace=True), nn.Linear(64, 4 * width)
        )
        self.mix = nn.Conv2d(width, width, 3, padding=1)
        self.head = nn.Conv2d(width, 2, 1)
        for layer in (self.modulate[2], self.mix):
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, L_norm: Tensor, z: Tensor) -> Tensor:
        """ab_norm (N, 2, H, W) in (-1, 1) for L_norm (N, 1, H, W) and z (N, latent)."""
        x = self.body(L_norm)
        scale, shift, last_scale, last_shift = (
            part[..., None, None] for part in self.modulate(z).chunk(4, dim=1)
        )
        x = x + self.mix(torch.relu(x * (1 + scale) + shift))
        ab_norm: Tensor = torch.tanh(self.head(x * (1 + last_scale) + last_shift))
        return ab_norm

    def predict(self, L_norm: Tensor, seed: float = 0.0) -> Tensor:
        """ab in units of Lab, shape (N, 2, H, W).

        Parameters
        ----------
        L_norm : Tensor, shape (N, 1, H, W)
        seed : float
            A whole number: 0 for z = 0, another for a draw that this seed repeats.
        """
        z = torch.zeros(len(L_norm), self.latent)
        if seed:
            generator = torch.Generator().manual_seed(int(seed))
            z = torch.randn(z.shape, generator=generator)
        return self(L_norm, z.to(L_norm.device)).float() * AB_MAX


class Posterior(nn.Module):
    """What z was, judging by the true colours: mean and log variance, (N, latent) each.

    Parameters
    ----------
    latent : int
    widths : sequence of int
        Channels after each halving.
    """

    def __init__(self, latent: int = LATENT, widths: Sequence[int] = (32, 64, 128, 128)) -> None:
        super().__init__()
        channels = (3, *widths)
        self.layers = nn.Sequential(
            *(conv_block(above, below, stride=2) for above, below in itertools.pairwise(channels))
        )
        self.head = nn.Linear(widths[-1], 2 * latent)

    def forward(self, L_norm: Tensor, ab_norm: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of z, shape (N, latent) each."""
        features = self.layers(torch.cat([L_norm, ab_norm], dim=1)).mean(dim=(2, 3))
        mean, log_variance = self.head(features).float().chunk(2, dim=1)
        return mean, log_variance.clamp(-8, 4)
