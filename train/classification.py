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

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from colorizers.color import AB_MAX, L_HALF
from colorizers.networks.bins import (
    COUNT,
    TEMPERATURE,
    SoftEncoder,
    annealed_mean,
    rebalancing_weights,
)
from colorizers.networks.classification import Classifier
from colorizers.networks.registry import METHODS

from . import data, processes
from .command import Trained, command, steps_per_epoch
from .losses import soft_cross_entropy
from .options import option
from .processes import autocast, bfloat16_is_fast, channels_last, device, prepare
from .run import Average, Run, learning_rate, print_epoch, set_learning_rate
from .start import NOTHING, start_from
from .watch import Watch

NAME = "classification"


@dataclass(frozen=True)
class Settings:
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/classification", "folder of the run; the same folder resumes it")
    start: str = option(
        NOTHING, "weights to start from: committed ones by name, those of a run as RUN/NAME"
    )
    epochs: int = option(4, "passes over the training pictures")
    limit: int = option(0, "use only the first so many training pictures, 0 for all")
    batch: int = option(128, "pictures a step")
    lr: float = option(2e-3, "peak learning rate of Adam; warmed up, then half a cosine")
    widths: tuple[int, ...] = option((32, 64, 128, 256, 384), "channels of the U-Net")
    pixels: int = option(
        256, "random pixels of each picture that the loss sees; neighbours say nearly the same, "
        "and the 313-way head costs a third of the step with all of them"
    )  # fmt: skip
    rebalance: bool = option(False, "weight rare colours up; the paper found that it disrupts")
    average: float = option(0.998, "decay of the weights' moving average, which is what is kept")
    shift: int = option(
        4, "pixels by which pictures are moved at random; without, L1 overfits after 7 epochs"
    )
    seed: int = option(1, "of the weights, the order and the pixels")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    commit_weights: bool = option(False, "write the result to colorizers/weights/")


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


def train(settings: Settings, pictures: data.Pictures, validation: data.Pictures) -> Trained:
    """Train, or go on with, the run of these settings."""
    steps = steps_per_epoch(len(pictures), settings.batch)
    run = Run(Path(settings.run), settings)
    torch.manual_seed(settings.seed)
    classifier = Classifier(settings.widths)
    origin = start_from(settings.start, classifier)
    model = prepare(classifier)
    average = Average(model, settings.average)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr)
    done = run.resume(model=model, average=average, optimizer=optimizer)
    sampled = processes.parallel(Sampled(model))

    batches = data.LabBatches(pictures.rgb_u8, progress=True)
    encoder = SoftEncoder(device())
    weights = _rebalancing(batches, encoder) if settings.rebalance else None
    watch = Watch(validation, NAME)
    share = (processes.rank(), processes.count())
    for epoch in range(done, settings.epochs):
        model.train()
        total = torch.zeros(())
        stream = batches.epoch(settings.batch, settings.seed, epoch, share, settings.shift)
        for step, (L_norm, ab_norm) in enumerate(
            run.watch(stream, epoch, settings.epochs, steps, settings.batch)
        ):
            now = epoch * steps + step
            rate = learning_rate(now, settings.epochs * steps, settings.lr)
            set_learning_rate(optimizer, rate)
            where = pixels(L_norm, settings.pixels, settings.seed, now)
            loss = loss_of(sampled, encoder, L_norm, ab_norm, where, settings.bfloat16, weights)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            average.update(model)
            total += loss.detach().cpu()
            if now % 50 == 0:
                run.scalars({"train/loss": loss.item(), "train/learning_rate": rate}, now)
        run.save(epoch + 1, model=model, average=average, optimizer=optimizer)
        figures = watch.show(run, epoch + 1, lambda L: predict_ab(average.module, L))
        print_epoch(epoch + 1, {"loss": processes.mean(total).item() / steps} | figures)
    network = {
        "widths": settings.widths, "temperature": TEMPERATURE,
    }  # fmt: skip
    return Trained(NAME, METHODS[NAME].title, average.module, network, run.seconds / 3600, origin)


def pixels(planes: Tensor, wanted: int, seed: int, now: int) -> Tensor:
    """Positions (N, P) in planes (N, C, H, W), drawn by seed, step `now` and process alone.

    So a run that goes on draws what it would have drawn.
    """
    count, _, height, width = planes.shape
    seeds = np.random.SeedSequence([seed, now, processes.rank()])
    generator = torch.Generator().manual_seed(int(seeds.generate_state(1)[0]))
    drawn = torch.rand(count, height * width, generator=generator)
    return drawn.topk(min(wanted, height * width), dim=1).indices.to(device())


def loss_of(
    sampled: nn.Module,
    encoder: SoftEncoder,
    L_norm: Tensor,
    ab_norm: Tensor,
    where: Tensor,
    bfloat16: bool,
    weights: Tensor | None,
) -> Tensor:
    """Cross-entropy of a batch at the pixels `where`, optionally rebalanced by `weights` (313,)."""
    with autocast(bfloat16):
        logits = sampled(channels_last(L_norm), where)  # (N, P, 313)
    return cross_entropy_at(logits, encoder, ab_norm.to(device()), where, weights)


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


def _rebalancing(batches: data.LabBatches, encoder: SoftEncoder) -> Tensor:
    counts = np.zeros(COUNT)
    for part in batches.ab_norm.split(1_000):
        index, weight = encoder(part.to(device()) * AB_MAX)
        likeliest = index.gather(-1, weight.argmax(-1, keepdim=True))
        counts += np.bincount(likeliest.cpu().numpy().ravel(), minlength=COUNT)
    return torch.from_numpy(rebalancing_weights(counts)).to(device())


@torch.inference_mode()
def predict_ab(
    model: torch.nn.Module, L: NDArray[np.float32], temperature: float = TEMPERATURE
) -> NDArray[np.float32]:
    """ab (N, H, W, 2) for L (N, H, W) in [0, 100] by a network in training."""
    model.eval()
    parts = [
        annealed_mean(model(channels_last(part[:, None] / L_HALF - 1)), temperature).cpu()
        for part in torch.from_numpy(L).split(250)
    ]
    return torch.cat(parts).permute(0, 2, 3, 1).contiguous().numpy()


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.classification", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
