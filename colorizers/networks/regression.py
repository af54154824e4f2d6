"""Colorization by regression on L1: the generator of the GAN before any critic saw it.

A control, not a proposal: what the same U-Net does with the plainest loss. `train.regression`
trains it.

References
----------
Isola et al.: pix2pix, CVPR 2017, where L1 alone is the control.
"""

from __future__ import annotations

from pathlib import Path

from colorizers.networks.base import Colorizer
from colorizers.networks.checkpoint import FOLDER
from colorizers.networks.gan import load_generator

NAME = "regression"
TITLE = "L1 regression (control)"


def load(folder: Path = FOLDER) -> Colorizer:
    """The trained U-Net; see `colorizers.load`."""
    return load_generator(NAME, TITLE, folder)
