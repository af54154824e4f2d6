"""Train the conditional VAE of CIFAR-10's colours: a latent for each region.

    python -m train.cvae
    python -m train.cvae --epochs 1 --limit 2000 --run runs/try

The regions are those of the committed flow, and stay: each picture is looked at once, before the
first step (`--shift` has no effect). A posterior that sees the true steps of the
regions says what was drawn at each stage, and the painter makes the steps of it. The loss, in
nats, is their squared error at a fixed deviation plus the divergence of what was drawn from the
standard normal distribution that it is drawn from afterwards. A number below its free nats costs
nothing, so that none is given up early. A killed run goes on after its last whole epoch.

References
----------
Kingma, Welling, ICLR 2014; Sohn, Lee, Yan, NIPS 2015. Kingma et al., NIPS 2016 (free bits).
Bowman et al., CoNLL 2016 (the divergence's weight grows from 0, or the latents are ignored).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from colorizers.color import AB_MAX
from colorizers.networks import regions
from colorizers.networks.checkpoint import read_card, restore
from colorizers.networks.cifar_flow import Sampler
from colorizers.networks.cvae import STAGES, WIDTH, Colours, Painter, Posterior
from colorizers.networks.regions import AWAY

from . import data, flows, loop, processes
from .command import command
from .loop import Training
from .options import option
from .processes import autocast, channels_last, prepare
from .run import Average, learning_rate, set_learning_rate
from .start import origin

NAME, REGIONS = "cvae", "flow"
LOOK = 50
"""Pictures that are looked at together."""


@dataclass(frozen=True)
class Settings(loop.Settings):
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/cvae", "folder of the run; the same folder resumes it")
    epochs: int = option(8, "passes over the training pictures")
    batch: int = option(128, "pictures a step, over all processes")
    lr: float = option(1e-3, "peak learning rate of AdamW")
    weight_decay: float = option(0.01, "of AdamW")
    deviation: float = option(
        0.2, "of a region's colours from what is painted, in 15 units of ab; less makes the "
        "latents say more, and draws of them less plausible"
    )  # fmt: skip
    free: float = option(0.02, "nats that each number of a latent may say for nothing")
    warm_up: float = option(0.15, "share of the run in which the divergence's weight grows to 1")
    width: int = option(WIDTH, "channels, a multiple of 32")
    stages: int = option(STAGES, "drawings of each region, each behind a block")
    average: float = option(0.998, "decay of the weights' moving average, which is what is kept")


class Both(nn.Module):
    """Painter and posterior as one module, whose gradients many processes share.

    Parameters
    ----------
    colours : Colours
    posterior : Posterior
    """

    def __init__(self, colours: Colours, posterior: Posterior) -> None:
        super().__init__()
        self.colours, self.posterior = colours, posterior

    def forward(self, said: Tensor, whole: Tensor, steps: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Steps painted from what the posterior says, and the nats of each number.

        Parameters
        ----------
        said, whole : Tensor, shape (N, regions, C) and (N, C')
        steps : Tensor, shape (N, regions, 2)
            The true ones.

        Returns
        -------
        painted : Tensor, shape (N, regions, 2)
        nats : list of Tensor, shape (N, 1 or regions, numbers)
            Of each stage.
        """
        looked, nats = self.posterior.look(said, whole, steps), []

        def draw(stage: int, h: Tensor) -> Tensor:
            mean, log_variance = self.posterior(stage, h, looked)
            nats.append(divergence(mean, log_variance))
            return mean + torch.randn_like(mean) * (0.5 * log_variance).exp()

        return self.colours(said, whole, draw).float(), nats


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence, in nats, of normal numbers from the standard distribution.

    Parameters
    ----------
    mean, log_variance : Tensor, shape (...)

    Returns
    -------
    Tensor, shape (...)

    Examples
    --------
    >>> divergence(torch.tensor([1.0, 0.0]), torch.zeros(2))
    tensor([0.5000, 0.0000])
    """
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance)


def charged(nats: list[Tensor], free: float) -> Tensor:
    """Nats a picture, where each number of a stage costs `free` at least, on average.

    Examples
    --------
    >>> charged([torch.tensor([[[0.0, 3.0], [0.0, 1.0]]])], 0.5)
    tensor(5.)
    """
    return torch.stack(
        [stage.shape[1] * stage.mean(dim=(0, 1)).clamp(min=free).sum() for stage in nats]
    ).sum()


class Looked:
    """What was seen of pictures, once: 40 kB each, where looking takes most of a step's time.

    Parameters
    ----------
    *parts : Tensor, shape (N, ...)
    """

    def __init__(self, *parts: Tensor) -> None:
        self.parts = parts

    def epoch(
        self, batch: int, seed: int, number: int, share: tuple[int, int], shift: int
    ) -> Iterator[tuple[Tensor, ...]]:
        """As `data.LabBatches.epoch`, but pictures are neither flipped nor moved."""
        rank, count = share
        order = np.random.default_rng([seed, number]).permutation(len(self.parts[0]))
        for start in range(0, len(order) - batch + 1, batch):
            which = torch.from_numpy(order[start + rank : start + batch : count])
            yield tuple(part[which] for part in self.parts)


class Variational(Training):
    """Painter and posterior on squared error and divergence."""

    name = NAME

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(settings, steps)
        card = read_card(REGIONS)
        giver = Sampler(**card["network"])
        self.origin = origin(REGIONS, restore(REGIONS, giver))
        painter = Painter(giver.regions.grid, settings.width, settings.stages)
        painter.regions.load_state_dict(giver.regions.state_dict())
        painter.regions.requires_grad_(False)
        self.painter = prepare(painter)
        seen = painter.seen
        posterior = prepare(
            Posterior(regions.channels(seen), seen[-1], settings.width, settings.stages)
        )
        self.network = self.both = Both(self.painter.colours, posterior)
        self.average = Average(self.painter, settings.average)
        self.kept = self.average.module
        self.described = {
            "grid": giver.regions.grid, "width": settings.width, "stages": settings.stages,
            "eye": painter.eye_sha256,
        }  # fmt: skip
        self.adam = torch.optim.AdamW(
            self.both.parameters(), betas=(0.9, 0.98), weight_decay=settings.weight_decay
        )
        self.parts: dict[str, Any] = {
            "both": self.both, "average": self.average, "optimizer": self.adam
        }  # fmt: skip
        self.shared = processes.parallel(self.both)
        self.growing = max(1.0, settings.warm_up * steps)

    @torch.inference_mode()
    def see(self, batches: data.LabBatches) -> Looked:
        """What is seen of all pictures, and the true steps of their regions."""
        parts: list[tuple[Tensor, ...]] = []
        for L_norm, ab_norm in zip(
            batches.L_norm.split(LOOK), batches.ab_norm.split(LOOK), strict=True
        ):
            with autocast(self.settings.bfloat16):
                seen = self.painter.see(channels_last(L_norm))
            away = channels_last(ab_norm) * (AB_MAX / AWAY) - seen.mean
            steps = regions.fit(seen.share.float(), away)
            parts.append(tuple(part.half().cpu() for part in (seen.said, seen.whole, steps)))
        return Looked(*(torch.cat(part) for part in zip(*parts, strict=True)))

    def step(self, now: int, said: Tensor, whole: Tensor, steps: Tensor) -> dict[str, Tensor]:
        """One step of AdamW."""
        settings, on = self.settings, processes.device()
        said, whole, steps = (part.to(on).float() for part in (said, whole, steps))
        set_learning_rate(self.adam, learning_rate(now, self.steps, settings.lr))
        with autocast(settings.bfloat16):
            painted, nats = self.shared(said, whole, steps)
        weight = (1 - flows.LEAST) * said[..., -1:] + flows.LEAST
        error = ((painted - steps).square() * weight).sum(dim=(1, 2)).mean()
        price = min(1.0, now / self.growing) * charged(nats, settings.free)
        loss = error / (2 * settings.deviation**2) + price
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.both.parameters(), 100.0)
        self.adam.step()
        self.average.update(self.painter)
        told = torch.stack([stage.sum(dim=(1, 2)).mean() for stage in nats])
        return {"error": error.detach(), "divergence": told.sum().detach()}


train = functools.partial(loop.train, Variational)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.cvae", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
