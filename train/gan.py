"""Train the conditional DCGAN: a U-Net that paints ab, a critic that sees L and ab.

    python -m train.gan
    python -m train.gan --epochs 1 --limit 2000 --run runs/try

As in DeOldify's NoGAN the generator starts from a training on L1 (`train.regression` comes
first); then the critic alone learns on the generator's pictures; then both against each
other, hinge loss plus lambda times L1. The critic has spectral norm and sees real and painted
colours in equal number. What is kept is a moving average of the generator's weights.

Watch it: `tensorboard --logdir runs`, or the pictures in RUN/grid/. Kill it at any time; the
same command goes on after the last whole epoch, and ends with the weights that an
uninterrupted run has. Only `--commit-weights` replaces what the app uses.

References
----------
arXiv 2508.05068; Nazeri, Ng, Ebrahimi, 2018; Isola et al., CVPR 2017; Miyato et al., ICLR 2018;
Lim, Ye: Geometric GAN, 2017 (hinge loss); Antic: DeOldify (NoGAN), 2018.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass

import torch
from torch import Tensor

from colorizers.networks.gan import Discriminator, Generator

from . import loop, processes
from .command import command
from .loop import Training, UNetSettings, descend
from .losses import hinge_discriminator, hinge_generator
from .options import option
from .processes import autocast, channels_last, prepare
from .run import Average, learning_rate, set_learning_rate
from .start import start_from

NAME = "gan"


@dataclass(frozen=True)
class Settings(UNetSettings):
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/gan", "folder of the run; the same folder resumes it")
    start: str = option(
        "regression", "weights to start the generator from: committed ones by name, those of "
        "a run as RUN/NAME, or none; from random weights the critic wins early (docs/LOG.md)"
    )  # fmt: skip
    epochs: int = option(5, "passes over the training pictures")
    critic_steps: int = option(
        200, "steps of the critic alone before the two meet; at most a tenth of the run"
    )
    lr_generator: float = option(2e-4, "peak learning rate of the generator")
    lr_critic: float = option(4e-4, "of the critic: twice the generator's, as in TTUR")
    weight_l1: float = option(
        100.0, "lambda: the L1 of ab_norm against the hinge loss; less is more colourful and "
        "less like the truth"
    )  # fmt: skip
    critic_widths: tuple[int, ...] = option((64, 128, 256), "channels of the critic")


class Duel(Training):
    """Generator, critic, their optimisers and one step of both."""

    name = NAME

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(settings, steps)
        self.alone = min(settings.critic_steps, steps // 10)
        generator = Generator(settings.widths)
        self.origin = start_from(settings.start, generator)
        self.network = prepare(generator)
        self.critic = prepare(Discriminator(settings.critic_widths))
        self.average = Average(self.network, settings.average)
        self.kept, self.described = self.average.module, {"widths": settings.widths}
        self.generator_adam = torch.optim.Adam(
            self.network.parameters(), lr=settings.lr_generator, betas=(0.5, 0.999)
        )
        self.critic_adam = torch.optim.Adam(
            self.critic.parameters(), lr=settings.lr_critic, betas=(0.5, 0.999)
        )
        self.parts = {
            "generator": self.network,
            "critic": self.critic,
            "average": self.average,
            "generator_adam": self.generator_adam,
            "critic_adam": self.critic_adam,
        }
        self._shared_generator = processes.parallel(self.network)
        self._shared_critic = processes.parallel(self.critic)

    def step(self, now: int, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        """Step number `now` of the run; returns what it measured, by name."""
        L_norm, ab_norm = channels_last(L_norm), channels_last(ab_norm)
        rate = learning_rate(now, self.steps, 1.0)
        set_learning_rate(self.generator_adam, rate * self.settings.lr_generator)
        set_learning_rate(self.critic_adam, rate * self.settings.lr_critic)
        measured = self._judge(L_norm, ab_norm)
        if now >= self.alone:
            measured |= self._paint(L_norm, ab_norm)
        return measured

    def _judge(self, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        self.critic.requires_grad_(True)
        with autocast(self.settings.bfloat16):
            with torch.no_grad():
                painted = self.network(L_norm)
            # One call for both: a second one before the backward would not be shared.
            both = self._shared_critic(
                torch.cat([L_norm, L_norm]), torch.cat([ab_norm, painted.to(ab_norm.dtype)])
            )
        real, fake = both.float().chunk(2)
        loss = hinge_discriminator(real, fake)
        descend(loss, self.critic_adam)
        return {
            "critic_loss": loss.detach(),
            "score_real": real.detach().mean(),
            "score_painted": fake.detach().mean(),
        }

    def _paint(self, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        self.critic.requires_grad_(False)
        with autocast(self.settings.bfloat16):
            painted = self._shared_generator(L_norm)
            scores = self.critic(L_norm, painted)
        l1 = (painted.float() - ab_norm).abs().mean()
        loss = self.settings.weight_l1 * l1 + hinge_generator(scores.float())
        descend(loss, self.generator_adam)
        self.average.update(self.network)
        return {"l1": l1.detach()}


train = functools.partial(loop.train, Duel)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.gan", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
