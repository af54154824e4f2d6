"""A control: the generator and the recipe of Nazeri et al., re-implemented from their paper.

    python -m train.nazeri --hours 1

An encoder 64-128-256-512-512 of strided 4 x 4 convolutions, a mirrored decoder with skips, a
critic on L and ab, the non-saturating loss with one-sided label smoothing plus lambda times
L1. It stops after a given time, so that it can be compared at the same cost. Its weights, 33 MB,
stay in the folder of the run: `python -m train.evaluate --runs runs/nazeri` shows its row.

Not copied: batch norm that goes on in training mode when pictures are made.

References
----------
Nazeri, Ng, Ebrahimi: Image Colorization using Generative Adversarial Networks, 2018 (batch
128, Adam, lambda 100; learning rate 3e-4, the critic's a tenth of it, beta1 0 and two steps of
the generator for one of the critic are those of their published settings for CIFAR-10).
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from colorizers.color import AB_MAX
from colorizers.networks.base import Network

from . import data, processes
from .command import Trained, command, steps_per_epoch
from .options import option
from .processes import autocast, bfloat16_is_fast, channels_last, prepare
from .regression import predict_ab
from .run import Run, print_epoch
from .watch import Watch

NAME = "nazeri"
TITLE = "Nazeri et al. (control)"
WIDTHS = (64, 128, 256, 512, 512)


@dataclass(frozen=True)
class Settings:
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/nazeri", "folder of the run; the same folder resumes it")
    hours: float = option(1.0, "stop after the epoch in which so many hours are reached")
    epochs: int = option(200, "passes over the training pictures at most; the paper's number")
    limit: int = option(0, "use only the first so many training pictures, 0 for all")
    batch: int = option(128, "pictures a step, over all processes")
    lr: float = option(3e-4, "learning rate of the generator")
    lr_critic: float = option(3e-5, "of the critic: a tenth")
    generator_steps: int = option(2, "steps of the generator for each of the critic")
    weight_l1: float = option(100.0, "lambda: the L1 of ab_norm against the critic's loss")
    smoothing: float = option(0.9, "target of the critic for true colours")
    dropout: float = option(0.5, "in the first two steps of the decoder, while training")
    widths: tuple[int, ...] = option(WIDTHS, "channels of the encoder")
    critic_widths: tuple[int, ...] = option((64, 128, 256, 512), "channels of the critic")
    shift: int = option(0, "pixels by which pictures are moved at random; the paper has none")
    seed: int = option(1, "of the weights and the order")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    commit_weights: bool = option(False, "write the result to colorizers/weights/")


class Generator(Network):
    """ab_norm (N, 2, H, W) in (-1, 1) for L_norm (N, 1, H, W).

    Parameters
    ----------
    widths : tuple of int
        Channels of the encoder; each after the first halves the size.
    dropout : float
        Share dropped in the first two steps of the decoder, while training.
    """

    def __init__(self, widths: Sequence[int] = WIDTHS, dropout: float = 0.5) -> None:
        super().__init__()
        encoder: list[nn.Module] = [_down(1, widths[0], stride=1)]
        for above, below in itertools.pairwise(widths):
            encoder.append(_down(above, below, stride=2))
        decoder: list[nn.Module] = []
        inputs = widths[-1]
        for step, outputs in enumerate(widths[-2::-1]):
            decoder.append(_up(inputs, outputs, dropout if step < 2 else 0.0))
            inputs = 2 * outputs  # with the skip
        self.encoder, self.decoder = nn.ModuleList(encoder), nn.ModuleList(decoder)
        self.head = nn.Conv2d(inputs, 2, 1)

    def forward(self, L_norm: Tensor) -> Tensor:
        """ab_norm of shape (N, 2, H, W)."""
        x, skips = L_norm, []
        for layer in self.encoder:
            x = layer(x)
            skips.append(x)
        for layer, skip in zip(self.decoder, skips[-2::-1], strict=True):
            x = torch.cat([layer(x), skip], dim=1)
        return torch.tanh(self.head(x))

    def predict(self, L_norm: Tensor) -> Tensor:
        """ab in units of Lab, shape (N, 2, H, W)."""
        return self(L_norm).float() * AB_MAX


class Critic(nn.Module):
    """Logits (N, 1, h, w) that L and ab belong together, one a patch."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = [_down(3, widths[0], stride=2, norm=False)]
        for level, (above, below) in enumerate(itertools.pairwise(widths)):
            layers.append(_down(above, below, stride=2 if level < len(widths) - 2 else 1))
        layers.append(nn.Conv2d(widths[-1], 1, 3, padding=1))
        self.layers = nn.Sequential(*layers)

    def forward(self, L_norm: Tensor, ab_norm: Tensor) -> Tensor:
        """Logits, above 0 for what looks true."""
        logits: Tensor = self.layers(torch.cat([L_norm, ab_norm], dim=1))
        return logits


def _down(inputs: int, outputs: int, stride: int, norm: bool = True) -> nn.Sequential:
    size, padding = (4, 1) if stride == 2 else (3, 1)
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, size, stride, padding, bias=not norm)]
    if norm:
        layers.append(nn.BatchNorm2d(outputs))
    return nn.Sequential(*layers, nn.LeakyReLU(0.2))


def _up(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.ReLU())


def train(settings: Settings, pictures: data.Pictures, validation: data.Pictures) -> Trained:
    """Train, or go on with, the run of these settings until its time is over."""
    steps = steps_per_epoch(len(pictures), settings.batch)
    run = Run(Path(settings.run), settings)
    torch.manual_seed(settings.seed)
    generator = prepare(Generator(settings.widths, settings.dropout))
    critic = prepare(Critic(settings.critic_widths))
    generator_adam = torch.optim.Adam(generator.parameters(), settings.lr, betas=(0.0, 0.999))
    critic_adam = torch.optim.Adam(critic.parameters(), settings.lr_critic, betas=(0.0, 0.999))
    parts = {
        "generator": generator, "critic": critic,
        "generator_adam": generator_adam, "critic_adam": critic_adam,
    }  # fmt: skip
    done = run.resume(**parts)
    shared_generator, shared_critic = processes.parallel(generator), processes.parallel(critic)

    def judge(L_norm: Tensor, ab_norm: Tensor) -> None:
        critic.requires_grad_(True)
        with autocast(settings.bfloat16):
            with torch.no_grad():
                painted = generator(L_norm)
            both = shared_critic(
                torch.cat([L_norm, L_norm]), torch.cat([ab_norm, painted.to(ab_norm.dtype)])
            )
        real, fake = both.float().chunk(2)
        loss = binary_cross_entropy_with_logits(real, torch.full_like(real, settings.smoothing))
        loss = loss + binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
        critic_adam.zero_grad(set_to_none=True)
        loss.backward()
        critic_adam.step()

    def paint(L_norm: Tensor, ab_norm: Tensor) -> Tensor:
        critic.requires_grad_(False)
        with autocast(settings.bfloat16):
            painted = shared_generator(L_norm)
            scores = critic(L_norm, painted).float()
        l1 = (painted.float() - ab_norm).abs().mean()
        fooled = binary_cross_entropy_with_logits(scores, torch.ones_like(scores))
        generator_adam.zero_grad(set_to_none=True)
        (fooled + settings.weight_l1 * l1).backward()
        generator_adam.step()
        return l1.detach()

    batches = data.LabBatches(pictures.rgb_u8, progress=True)
    watch = Watch(validation, NAME)
    share = (processes.rank(), processes.count())
    for epoch in range(done, settings.epochs):
        if processes.mean(torch.tensor(run.seconds)).item() >= 3600 * settings.hours:
            break
        generator.train()
        total = torch.zeros(())
        stream = batches.epoch(settings.batch, settings.seed, epoch, share, settings.shift)
        for step, (L_norm, ab_norm) in enumerate(
            run.watch(stream, epoch, settings.epochs, steps, settings.batch)
        ):
            L_norm, ab_norm = channels_last(L_norm), channels_last(ab_norm)
            total += paint(L_norm, ab_norm).cpu()
            if step % settings.generator_steps == settings.generator_steps - 1:
                judge(L_norm, ab_norm)
        run.save(epoch + 1, **parts)
        figures = watch.show(run, epoch + 1, lambda L: predict_ab(generator, L))
        print_epoch(epoch + 1, {"l1": processes.mean(total).item() / steps} | figures)
    network = {"widths": settings.widths}
    return Trained(NAME, TITLE, generator, network, run.seconds / 3600)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.nazeri", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
