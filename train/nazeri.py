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

import functools
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from colorizers.color import AB_MAX
from colorizers.networks.base import Network

from . import loop, processes
from .command import command
from .loop import Training, descend
from .options import option
from .processes import autocast, channels_last, prepare

NAME = "nazeri"
TITLE = "Nazeri et al. (control)"
WIDTHS = (64, 128, 256, 512, 512)


@dataclass(frozen=True)
class Settings(loop.Settings):
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/nazeri", "folder of the run; the same folder resumes it")
    hours: float = option(1.0, "stop after the epoch in which so many hours are reached")
    epochs: int = option(200, "passes over the training pictures at most; the paper's number")
    lr: float = option(3e-4, "learning rate of the generator")
    lr_critic: float = option(3e-5, "of the critic: a tenth")
    generator_steps: int = option(2, "steps of the generator for each of the critic")
    weight_l1: float = option(100.0, "lambda: the L1 of ab_norm against the critic's loss")
    smoothing: float = option(0.9, "target of the critic for true colours")
    dropout: float = option(0.5, "in the first two steps of the decoder, while training")
    widths: tuple[int, ...] = option(WIDTHS, "channels of the encoder")
    critic_widths: tuple[int, ...] = option((64, 128, 256, 512), "channels of the critic")
    shift: int = option(0, "pixels by which pictures are moved at random; the paper has none")


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


class Recipe(Training):
    """Generator and critic; the generator has two steps for each of the critic's."""

    name, title = NAME, TITLE

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(settings, steps)
        self.network = prepare(Generator(settings.widths, settings.dropout))
        self.kept, self.described = self.network, {"widths": settings.widths}
        self.critic = prepare(Critic(settings.critic_widths))
        self.generator_adam = torch.optim.Adam(
            self.network.parameters(), settings.lr, betas=(0.0, 0.999)
        )
        self.critic_adam = torch.optim.Adam(
            self.critic.parameters(), settings.lr_critic, betas=(0.0, 0.999)
        )
        self.parts = {
            "generator": self.network, "critic": self.critic,
            "generator_adam": self.generator_adam, "critic_adam": self.critic_adam,
        }  # fmt: skip
        self._shared_generator = processes.parallel(self.network)
        self._shared_critic = processes.parallel(self.critic)

    def step(self, now: int, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        """A step of the generator, and every other time one of the critic."""
        L_norm, ab_norm = channels_last(L_norm), channels_last(ab_norm)
        l1 = self._paint(L_norm, ab_norm)
        if now % self.settings.generator_steps == self.settings.generator_steps - 1:
            self._judge(L_norm, ab_norm)
        return {"l1": l1}

    def _judge(self, L_norm: Tensor, ab_norm: Tensor) -> None:
        self.critic.requires_grad_(True)
        with autocast(self.settings.bfloat16):
            with torch.no_grad():
                painted = self.network(L_norm)
            both = self._shared_critic(
                torch.cat([L_norm, L_norm]), torch.cat([ab_norm, painted.to(ab_norm.dtype)])
            )
        real, fake = both.float().chunk(2)
        wanted = torch.full_like(real, self.settings.smoothing)
        loss = binary_cross_entropy_with_logits(real, wanted)
        loss = loss + binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
        descend(loss, self.critic_adam)

    def _paint(self, L_norm: Tensor, ab_norm: Tensor) -> Tensor:
        self.critic.requires_grad_(False)
        with autocast(self.settings.bfloat16):
            painted = self._shared_generator(L_norm)
            scores = self.critic(L_norm, painted).float()
        l1 = (painted.float() - ab_norm).abs().mean()
        fooled = binary_cross_entropy_with_logits(scores, torch.ones_like(scores))
        descend(fooled + self.settings.weight_l1 * l1, self.generator_adam)
        return l1.detach()


train = functools.partial(loop.train, Recipe)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.nazeri", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
