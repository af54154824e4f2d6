"""Train the generator's U-Net on plain L1: the control of the table, and where the GAN starts.

    python -m train.regression
    torchrun --nproc-per-node 2 -m train.regression --epochs 1 --limit 2000 --run runs/try

What the mean absolute error asks for is the median of the colours that a grey pixel may
have: safe, and duller than any of them. The body starts from the committed classifier's
(`--start none` for random weights). A killed run goes on after its last whole epoch.

References
----------
Isola et al.: pix2pix, CVPR 2017 (L1 as the control of a conditional GAN); Antic: DeOldify
(NoGAN: a generator that is trained on a pixel loss first), 2018.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass

import torch
from torch import Tensor

from colorizers.networks.gan import Generator

from . import loop, processes
from .command import command
from .loop import Training, UNetSettings, descend
from .options import option
from .processes import autocast, channels_last, prepare
from .run import Average, learning_rate, set_learning_rate
from .start import start_from

NAME = "regression"


@dataclass(frozen=True)
class Settings(UNetSettings):
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/regression", "folder of the run; the same folder resumes it")
    start: str = option(
        "classification", "committed weights to start the U-Net from, or none: random ones"
    )
    epochs: int = option(14, "passes over the training pictures")
    lr: float = option(1.5e-3, "peak learning rate of Adam; warmed up, then half a cosine")


class Regression(Training):
    """The generator on the mean absolute error of ab_norm."""

    name = NAME

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(settings, steps)
        generator = Generator(settings.widths)
        self.origin = start_from(settings.start, generator)
        self.network = prepare(generator)
        self.average = Average(self.network, settings.average)
        self.kept, self.described = self.average.module, {"widths": settings.widths}
        self.adam = torch.optim.Adam(self.network.parameters(), lr=settings.lr, betas=(0.5, 0.999))
        self.parts = {"model": self.network, "average": self.average, "optimizer": self.adam}
        self.shared = processes.parallel(self.network)

    def step(self, now: int, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        """One step of Adam."""
        set_learning_rate(self.adam, learning_rate(now, self.steps, self.settings.lr))
        with autocast(self.settings.bfloat16):
            painted = self.shared(channels_last(L_norm))
        l1 = (painted.float() - channels_last(ab_norm)).abs().mean()
        descend(l1, self.adam)
        self.average.update(self.network)
        return {"l1": l1.detach()}


train = functools.partial(loop.train, Regression)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.regression", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
