"""Train the classifier: a U-Net, 313 bins, cross-entropy against soft targets.

    python -m train.classification
    python -m train.classification --epochs 1 --limit 2000 --run runs/try

Watch it: `tensorboard --logdir runs`, or the pictures in RUN/grid/. Kill it at any time; the
same command goes on after the last whole epoch, and ends with the weights that an
uninterrupted run has. Only `--commit-weights` replaces what the app uses.

References
----------
arXiv 2508.05068; Zhang, Isola, Efros, ECCV 2016.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from colorizers.color import AB_MAX
from colorizers.networks.bins import (
    COUNT,
    TEMPERATURE,
    SoftEncoder,
    rebalancing_weights,
)
from colorizers.networks.classification import Classifier

from . import data, loop, processes
from .command import command
from .loop import Training, UNetSettings, descend
from .losses import soft_cross_entropy
from .options import option
from .processes import autocast, channels_last, device, prepare
from .run import Average, learning_rate, set_learning_rate
from .start import start_from

NAME = "classification"


@dataclass(frozen=True)
class Settings(UNetSettings):
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/classification", "folder of the run; the same folder resumes it")
    epochs: int = option(4, "passes over the training pictures")
    lr: float = option(2e-3, "peak learning rate of Adam; warmed up, then half a cosine")
    pixels: int = option(
        256, "random pixels of each picture that the loss sees; neighbours say nearly the same, "
        "and the 313-way head costs a third of the step with all of them"
    )  # fmt: skip
    rebalance: bool = option(False, "weight rare colours up; the paper found that it disrupts")


class Sampled(nn.Module):
    """The classifier at some pixels only, which is what the loss sees."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, L_norm: Tensor, where: Tensor) -> Tensor:
        """Logits (N, P, 313) at the flat positions `where` (N, P) of L_norm (N, 1, H, W)."""
        features = self.classifier.body(L_norm).permute(0, 2, 3, 1)  # (N, H, W, C)
        head = self.classifier.head
        return functional.linear(take(features, where), head.weight[:, :, 0, 0], head.bias)


class Classification(Training):
    """The classifier on the cross-entropy of random pixels."""

    name = NAME

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(settings, steps)
        classifier = Classifier(settings.widths)
        self.origin = start_from(settings.start, classifier)
        self.network = prepare(classifier)
        self.average = Average(self.network, settings.average)
        self.kept = self.average.module
        self.described = {"widths": settings.widths, "temperature": TEMPERATURE}
        self.adam = torch.optim.Adam(self.network.parameters(), lr=settings.lr)
        self.parts = {"model": self.network, "average": self.average, "optimizer": self.adam}
        self.sampled = processes.parallel(Sampled(classifier))
        self.encoder = SoftEncoder(device())
        self.weights: Tensor | None = None

    def see(self, batches: data.LabBatches) -> data.LabBatches:
        """Count the colours, if rare ones are to weigh more."""
        if self.settings.rebalance:
            counts = np.zeros(COUNT)
            for part in batches.ab_norm.split(1_000):
                index, weight = self.encoder(part.to(device()) * AB_MAX)
                likeliest = index.gather(-1, weight.argmax(-1, keepdim=True))
                counts += np.bincount(likeliest.cpu().numpy().ravel(), minlength=COUNT)
            self.weights = torch.from_numpy(rebalancing_weights(counts)).to(device())
        return batches

    def step(self, now: int, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        """One step of Adam."""
        set_learning_rate(self.adam, learning_rate(now, self.steps, self.settings.lr))
        where = pixels(L_norm, self.settings.pixels, self.settings.seed, now)
        with autocast(self.settings.bfloat16):
            logits = self.sampled(channels_last(L_norm), where)  # (N, P, 313)
        ab_norm = ab_norm.to(device())
        loss = cross_entropy_at(logits, self.encoder, ab_norm, where, self.weights)
        descend(loss, self.adam)
        self.average.update(self.network)
        return {"loss": loss.detach()}


train = functools.partial(loop.train, Classification)


def pixels(planes: Tensor, wanted: int, seed: int, now: int) -> Tensor:
    """Positions (N, P) in planes (N, C, H, W), drawn by seed, step `now` and process alone.

    So a run that goes on draws what it would have drawn.
    """
    count, _, height, width = planes.shape
    seeds = np.random.SeedSequence([seed, now, processes.rank()])
    generator = torch.Generator().manual_seed(int(seeds.generate_state(1)[0]))
    drawn = torch.rand(count, height * width, generator=generator)
    return drawn.topk(min(wanted, height * width), dim=1).indices.to(device())


def cross_entropy_at(
    logits: Tensor,
    encoder: SoftEncoder,
    ab_norm: Tensor,
    where: Tensor,
    weights: Tensor | None = None,
) -> Tensor:
    """Cross-entropy of logits (N, P, 313) against ab_norm (N, 2, H, W) at `where` (N, P)."""
    ab = take(ab_norm.permute(0, 2, 3, 1) * AB_MAX, where)  # (N, P, 2)
    index, weight = encoder(ab.permute(0, 2, 1)[..., None])  # (N, P, 1, 10)
    return soft_cross_entropy(
        logits.reshape(-1, COUNT), index.reshape(-1, index.shape[-1]),
        weight.reshape(-1, weight.shape[-1]), weights,
    )  # fmt: skip


def take(values: Tensor, where: Tensor) -> Tensor:
    """Values (N, H, W, C) at the flat positions (N, P) -> (N, P, C)."""
    flat = values.flatten(1, 2)
    return flat.gather(1, where[..., None].expand(-1, -1, flat.shape[2]))


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.classification", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
