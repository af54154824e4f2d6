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

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from colorizers.networks.gan import Discriminator, Generator
from colorizers.networks.registry import METHODS

from . import data, processes
from .command import Trained, command, steps_per_epoch
from .losses import hinge_discriminator, hinge_generator
from .options import option
from .processes import autocast, bfloat16_is_fast, channels_last, prepare
from .regression import predict_ab
from .run import Average, Run, learning_rate, print_epoch, set_learning_rate
from .start import start_from
from .watch import Watch

NAME = "gan"


@dataclass(frozen=True)
class Settings:
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
    limit: int = option(0, "use only the first so many training pictures, 0 for all")
    batch: int = option(128, "pictures a step, over all processes")
    lr_generator: float = option(2e-4, "peak learning rate of the generator")
    lr_critic: float = option(4e-4, "of the critic: twice the generator's, as in TTUR")
    weight_l1: float = option(
        100.0, "lambda: the L1 of ab_norm against the hinge loss; less is more colourful and "
        "less like the truth"
    )  # fmt: skip
    widths: tuple[int, ...] = option((32, 64, 128, 256, 384), "channels of the U-Net")
    critic_widths: tuple[int, ...] = option((64, 128, 256), "channels of the critic")
    average: float = option(0.998, "decay of the weights' moving average, which is what is kept")
    shift: int = option(
        4, "pixels by which pictures are moved at random; without, L1 overfits after 7 epochs"
    )
    seed: int = option(1, "of the weights and the order")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    commit_weights: bool = option(False, "write the result to colorizers/weights/")


class Duel:
    """Generator, critic, their optimisers and one step of both.

    Parameters
    ----------
    settings : Settings
    steps : int
        Steps of the whole run, for the schedules.
    """

    def __init__(self, settings: Settings, steps: int) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.steps = steps
        self.alone = min(settings.critic_steps, steps // 10)
        generator = Generator(settings.widths)
        self.origin = start_from(settings.start, generator)
        self.generator = prepare(generator)
        self.critic = prepare(Discriminator(settings.critic_widths))
        self.average = Average(self.generator, settings.average)
        self.generator_adam = torch.optim.Adam(
            self.generator.parameters(), lr=settings.lr_generator, betas=(0.5, 0.999)
        )
        self.critic_adam = torch.optim.Adam(
            self.critic.parameters(), lr=settings.lr_critic, betas=(0.5, 0.999)
        )
        self._shared_generator = processes.parallel(self.generator)
        self._shared_critic = processes.parallel(self.critic)

    def parts(self) -> dict[str, torch.nn.Module | torch.optim.Optimizer]:
        """What a checkpoint holds."""
        return {
            "generator": self.generator,
            "critic": self.critic,
            "average": self.average,
            "generator_adam": self.generator_adam,
            "critic_adam": self.critic_adam,
        }

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
                painted = self.generator(L_norm)
            # One call for both: a second one before the backward would not be shared.
            both = self._shared_critic(
                torch.cat([L_norm, L_norm]), torch.cat([ab_norm, painted.to(ab_norm.dtype)])
            )
        real, fake = both.float().chunk(2)
        loss = hinge_discriminator(real, fake)
        self.critic_adam.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_adam.step()
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
        self.generator_adam.zero_grad(set_to_none=True)
        loss.backward()
        self.generator_adam.step()
        self.average.update(self.generator)
        return {"l1": l1.detach()}


def train(settings: Settings, pictures: data.Pictures, validation: data.Pictures) -> Trained:
    """Train, or go on with, the run of these settings."""
    steps = steps_per_epoch(len(pictures), settings.batch)
    run = Run(Path(settings.run), settings)
    duel = Duel(settings, settings.epochs * steps)
    batches = data.LabBatches(pictures.rgb_u8, progress=True)
    done = run.resume(**duel.parts())
    watch = Watch(validation, NAME)
    share = (processes.rank(), processes.count())
    for epoch in range(done, settings.epochs):
        duel.generator.train()
        total = torch.zeros(())
        stream = batches.epoch(settings.batch, settings.seed, epoch, share, settings.shift)
        for step, (L_norm, ab_norm) in enumerate(
            run.watch(stream, epoch, settings.epochs, steps, settings.batch)
        ):
            now = epoch * steps + step
            measured = duel.step(now, L_norm, ab_norm)
            total += measured.get("l1", torch.zeros(())).cpu()
            if now % 50 == 0:
                run.scalars({f"train/{key}": value.item() for key, value in measured.items()}, now)
        run.save(epoch + 1, **duel.parts())
        figures = watch.show(run, epoch + 1, lambda L: predict_ab(duel.average.module, L))
        print_epoch(epoch + 1, {"l1": processes.mean(total).item() / steps} | figures)
    return Trained(
        NAME, METHODS[NAME].title, duel.average.module, {"widths": settings.widths},
        run.seconds / 3600, duel.origin,
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.gan", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
