"""The loop of every training: epochs over batches, progress, checkpoints, figures on the way.

A training is a `Training`: its networks, their optimisers and one step. `fit` takes it through the
epochs; `train` does so on CIFAR-10 with the settings that all of its trainings have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from colorizers.color import L_HALF
from colorizers.networks.registry import METHODS

from . import data, processes
from .options import option
from .processes import bfloat16_is_fast, channels_last
from .run import Run, RunError, print_epoch
from .watch import Watch


@dataclass(frozen=True)
class Settings:
    """What every training on CIFAR-10 is asked, with the reasons of the defaults."""

    run: str = option("", "folder of the run; the same folder resumes it")
    epochs: int = option(0, "passes over the training pictures")
    hours: float = option(0.0, "stop after the epoch in which so many are reached, 0 for never")
    limit: int = option(0, "use only the first so many training pictures, 0 for all")
    batch: int = option(128, "pictures a step, over all processes")
    shift: int = option(
        4, "pixels by which pictures are moved at random; without, L1 overfits after 7 epochs"
    )
    seed: int = option(1, "of the weights, the order and whatever else is drawn")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    commit_weights: bool = option(False, "write the result to colorizers/weights/")


@dataclass(frozen=True)
class UNetSettings(Settings):
    """Those of the trainings of a U-Net, whose weights are averaged on the way."""

    start: str = option(
        "none", "weights to start from: committed ones by name, those of a run as RUN/NAME, or none"
    )
    widths: tuple[int, ...] = option((32, 64, 128, 256, 384), "channels of the U-Net")
    average: float = option(0.998, "decay of the weights' moving average, which is what is kept")


class Training:
    """What is trained, and one step of it; each method has a subclass.

    Parameters
    ----------
    settings : Settings
    steps : int
        Of the whole run, for the schedules.

    Attributes
    ----------
    name, title : str
        Of the method: stem of its files, and its name for people.
    network : nn.Module
        What is put into training mode.
    kept : nn.Module
        What is looked at after each epoch, and kept at the end.
    described : dict
        What the definition of `kept` must be called with, for the card.
    parts : dict
        What a checkpoint holds: modules and optimisers by name.
    origin : dict
        More entries of the card, such as the weights it started from.
    """

    name: str
    title: str
    network: nn.Module
    kept: nn.Module
    described: dict[str, Any]
    parts: dict[str, Any]
    origin: dict[str, Any]

    def __init__(self, settings: Any, steps: int) -> None:
        self.settings, self.steps = settings, steps
        self.origin = {}

    def __init_subclass__(cls) -> None:
        if cls.name in METHODS:
            cls.title = METHODS[cls.name].title

    def step(self, now: int, *batch: Any) -> dict[str, Tensor]:
        """Step number `now` of the run; returns what it measured, by name."""
        raise NotImplementedError

    def see(self, batches: data.LabBatches) -> Any:
        """Look at all pictures before the first step; returns what has the epochs' batches."""
        return batches


def descend(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """One step of an optimiser down a loss."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def fit(
    training: Training,
    run: Run,
    stream: Callable[[int], Iterable[Any]],
    *,
    epochs: int,
    steps: int,
    batch: int,
    hours: float = 0.0,
    watch: Watch | None = None,
) -> None:
    """Take a training through the epochs that its run has not had yet.

    Parameters
    ----------
    training : Training
    run : Run
    stream : callable
        Number of an epoch -> its batches: what a step is called with behind its number.
    epochs, steps, batch : int
        How many epochs of how many steps of how many pictures.
    hours : float
        See `Settings`.
    watch : Watch, optional
        Tells how good the network is after each epoch.
    """
    for epoch in range(run.resume(**training.parts), epochs):
        # The mean, since the processes must agree whether to stop.
        if 0 < 3600 * hours <= processes.mean(torch.tensor(run.seconds)).item():
            break
        training.network.train()
        total: dict[str, Any] = {}
        for step, part in enumerate(run.watch(stream(epoch), epoch, epochs, steps, batch)):
            now = epoch * steps + step
            measured = training.step(now, *part)
            for key, value in measured.items():
                total[key] = total.get(key, 0.0) + value
            if now % 50 == 0:
                run.scalars({f"train/{key}": value.item() for key, value in measured.items()}, now)
        run.save(epoch + 1, **training.parts)
        figures = {key: processes.mean(value).item() / steps for key, value in total.items()}
        if watch is not None:
            figures |= watch.show(run, epoch + 1, lambda L: predict_ab(training.kept, L))
        print_epoch(epoch + 1, figures)


@torch.inference_mode()
def predict_ab(network: nn.Module, L: NDArray[np.float32]) -> NDArray[np.float32]:
    """ab (N, H, W, 2) for L (N, H, W) in [0, 100] by a network in training."""
    network.eval()
    parts = []
    for part in torch.from_numpy(L).split(100):
        ab = network.predict(channels_last(part[:, None] / L_HALF - 1)).cpu()  # type: ignore[operator]
        if ab.shape[2:] != part.shape[1:]:
            ab = interpolate(ab, size=part.shape[1:], mode="bilinear")
        parts.append(ab)
    return torch.cat(parts).permute(0, 2, 3, 1).contiguous().numpy()


@dataclass(frozen=True)
class Trained:
    """What a training ends with: see `Training`, and `hours`, the time spent."""

    name: str
    title: str
    module: nn.Module
    network: dict[str, Any]
    hours: float
    origin: dict[str, Any]


def train(
    kind: type[Training], settings: Any, pictures: data.Pictures, validation: data.Pictures
) -> Trained:
    """Train on CIFAR-10, or go on with, the run of these settings.

    Parameters
    ----------
    kind : type
        Of the training.
    settings : Settings
    pictures, validation : Pictures
    """
    steps = steps_per_epoch(len(pictures), settings.batch)
    run = Run(Path(settings.run), settings)
    torch.manual_seed(settings.seed)
    training = kind(settings, settings.epochs * steps)
    batches: Any = data.LabBatches(pictures.rgb_u8, progress=True)
    batches = training.see(batches)
    share = (processes.rank(), processes.count())
    fit(
        training,
        run,
        lambda epoch: batches.epoch(settings.batch, settings.seed, epoch, share, settings.shift),
        epochs=settings.epochs,
        steps=steps,
        batch=settings.batch,
        hours=settings.hours,
        watch=Watch(validation, kind.name),
    )
    return Trained(
        kind.name, kind.title, training.kept, training.described, run.seconds / 3600,
        training.origin,
    )  # fmt: skip


def steps_per_epoch(pictures: int, batch: int) -> int:
    """How many whole batches there are.

    Raises
    ------
    RunError
        If there is none, or the processes cannot share a batch equally.
    """
    if not 1 <= batch <= pictures:
        raise RunError(
            f"--batch is {batch}; with {pictures:,} training pictures it must be from 1 to that."
        )
    if batch % processes.count():
        raise RunError(
            f"--batch is {batch}, which {processes.count()} processes cannot share equally; "
            "give a multiple of their number."
        )
    return pictures // batch
