"""Colorization as classification: one of 313 ab bins for every pixel.

A U-Net gives each pixel a distribution over the bins; cross-entropy against soft targets
trains it (`train.classification`), the annealed mean turns it into a colour.

References
----------
arXiv 2508.05068 (U-Net on CIFAR-10, no rebalancing); Zhang, Isola, Efros, ECCV 2016 (bins,
soft encoding, annealed mean).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from colorizers.networks.base import Network
from colorizers.networks.bins import COUNT, TEMPERATURE, annealed_mean
from colorizers.networks.unet import UNet


class Classifier(Network):
    """313-way classifier of every pixel.

    Parameters
    ----------
    widths : sequence of int
        Channels of the U-Net, see `UNet`.
    temperature : float
        By which it is asked if nobody says another.
    """

    def __init__(
        self, widths: Sequence[int] = (32, 64, 128, 256, 384), temperature: float = TEMPERATURE
    ) -> None:
        super().__init__()
        self.options = {"temperature": temperature}
        self.widths = tuple(widths)
        self.body = UNet(widths)
        self.head = nn.Conv2d(widths[0], COUNT, 1)

    def forward(self, L_norm: Tensor) -> Tensor:
        """Logits of shape (N, 313, H, W) for L_norm of shape (N, 1, H, W) in [-1, 1]."""
        logits: Tensor = self.head(self.body(L_norm))
        return logits

    def predict(self, L_norm: Tensor, temperature: float = TEMPERATURE) -> Tensor:
        """ab in units of Lab, shape (N, 2, H, W), by the annealed mean."""
        return annealed_mean(self(L_norm), temperature)
