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
from pathlib import Path

from torch import Tensor, nn

from colorizers.networks.base import Colorizer, ready
from colorizers.networks.bins import COUNT, TEMPERATURE, annealed_mean
from colorizers.networks.checkpoint import FOLDER, read_card, restore
from colorizers.networks.unet import UNet

NAME = "classification"
TITLE = "Classification into 313 colours"


class Classifier(nn.Module):
    """313-way classifier of every pixel.

    Parameters
    ----------
    widths : sequence of int
        Channels of the U-Net, see `UNet`.
    """

    def __init__(self, widths: Sequence[int] = (32, 64, 128, 256, 384)) -> None:
        super().__init__()
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


def load(folder: Path = FOLDER) -> Colorizer:
    """The trained classifier; see `colorizers.load`."""
    card = read_card(NAME, folder=folder)
    model = Classifier(card["network"]["widths"])
    restore(NAME, model, folder=folder)
    return Colorizer(
        NAME, TITLE, card["network"]["size"], card, ready(model, model.predict),
        {"temperature": card["network"]["temperature"]},
    )  # fmt: skip
