"""Train the sampler of CIFAR-10's colours: a rectified flow over what the classifier sees.

    python -m train.flow
    torchrun --nproc-per-node 2 -m train.flow --epochs 1 --limit 2000 --run runs/try

The flow is asked for the direction from noise to the true colours at a random point between the
two; the classifier's U-Net, whose features it looks at, stays as it is. The learning rate is
constant and an average of the weights is kept, so that any epoch may be the last: `--hours` ends
a run in time. A killed run goes on after its last whole epoch.

References
----------
Liu, Gong, Liu: Flow Straight and Fast, ICLR 2023; Lipman et al.: Flow Matching, ICLR 2023; Esser
et al., ICML 2024 (times from a logistic normal).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from colorizers.color import AB_MAX
from colorizers.networks.checkpoint import read_card
from colorizers.networks.cifar_flow import EYE, WIDTHS, Sampler
from colorizers.networks.flow import AB_SCALE, Velocity
from colorizers.networks.registry import METHODS

from . import data, processes
from .command import Trained, command, steps_per_epoch
from .options import option
from .processes import autocast, bfloat16_is_fast, channels_last, prepare
from .regression import predict_ab
from .run import Average, Run, print_epoch, set_learning_rate
from .start import origin
from .watch import Watch

NAME = "flow"


@dataclass(frozen=True)
class Settings:
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/flow", "folder of the run; the same folder resumes it")
    epochs: int = option(20, "passes over the training pictures")
    hours: float = option(0.0, "stop after the epoch in which so many are reached, 0 for never")
    limit: int = option(0, "use only the first so many training pictures, 0 for all")
    batch: int = option(64, "pictures a step, over all processes")
    draws: int = option(2, "times and noises of each picture in a step: it is looked at once")
    lr: float = option(1e-3, "learning rate of AdamW, after 200 steps of warming up")
    weight_decay: float = option(0.01, "of AdamW")
    widths: tuple[int, ...] = option(WIDTHS, "channels of the flow, multiples of 32")
    average: float = option(0.999, "decay of the weights' moving average, which is what is kept")
    shift: int = option(4, "pixels by which pictures are moved at random")
    seed: int = option(1, "of the weights, the order, the times and the noise")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    compile: bool = option(False, "compile the flow: two thirds of the time, after some minutes")
    commit_weights: bool = option(False, "write the result to colorizers/weights/")


class Error(nn.Module):
    """The mean square error of a flow, as one module whose gradients many processes share.

    Parameters
    ----------
    velocity : Velocity
    """

    def __init__(self, velocity: Velocity) -> None:
        super().__init__()
        self.velocity = velocity

    def forward(self, truth: Tensor, noise: Tensor, t: Tensor, seen: list[Tensor]) -> Tensor:
        """Of the direction at (1 - t) noise + t truth.

        Parameters
        ----------
        truth, noise : Tensor, shape (N, 2, H, W)
            ab in units of `AB_SCALE`; N is a multiple of the number of pictures in `seen`.
        t : Tensor, shape (N,)
            In [0, 1].
        seen : list of Tensor
            By `Sampler.see`.
        """
        at = t[:, None, None, None]
        maps = self.velocity.prepare(seen)
        maps = [level.repeat(len(t) // len(level), 1, 1, 1) for level in maps]
        moved = self.velocity((1 - at) * noise + at * truth, t, maps)
        return mse_loss(moved.float(), truth - noise)


def train(settings: Settings, pictures: data.Pictures, validation: data.Pictures) -> Trained:
    """Train, or go on with, the run of these settings."""
    steps = steps_per_epoch(len(pictures), settings.batch)
    run = Run(Path(settings.run), settings)
    torch.manual_seed(settings.seed)
    sampler = prepare(Sampler(settings.widths))
    velocity = sampler.velocity
    average = Average(sampler, settings.average)
    optimizer = torch.optim.AdamW(
        velocity.parameters(), lr=settings.lr, betas=(0.9, 0.98),
        weight_decay=settings.weight_decay,
    )  # fmt: skip
    done = run.resume(sampler=sampler, average=average, optimizer=optimizer)
    error: Any = processes.parallel(Error(velocity))
    if settings.compile:
        error = torch.compile(error)

    batches = data.LabBatches(pictures.rgb_u8, progress=True)
    watch = Watch(validation, NAME)
    share = (processes.rank(), processes.count())
    warm_up = min(200, max(1, settings.epochs * steps // 10))
    for epoch in range(done, settings.epochs):
        total = torch.zeros(())
        stream = batches.epoch(settings.batch, settings.seed, epoch, share, settings.shift)
        for step, (L_norm, ab_norm) in enumerate(
            run.watch(stream, epoch, settings.epochs, steps, settings.batch)
        ):
            now = epoch * steps + step
            set_learning_rate(optimizer, settings.lr * min(1.0, (now + 1) / warm_up))
            truth = channels_last(ab_norm * (AB_MAX / AB_SCALE)).repeat(settings.draws, 1, 1, 1)
            noise = torch.randn(truth.shape).to(truth)
            t = torch.sigmoid(torch.randn(len(truth))).to(truth)  # logistic normal
            with autocast(settings.bfloat16):
                with torch.no_grad():
                    seen = sampler.see(channels_last(L_norm))
                loss = error(truth, noise, t, seen)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(velocity.parameters(), 1.0)
            optimizer.step()
            average.update(sampler)
            total += loss.detach().cpu()
            if now % 50 == 0:
                run.scalars({"train/error": loss.item()}, now)
        run.save(epoch + 1, sampler=sampler, average=average, optimizer=optimizer)
        figures = watch.show(run, epoch + 1, lambda L: predict_ab(average.module, L))
        print_epoch(epoch + 1, {"error": processes.mean(total).item() / steps} | figures)
        # The mean, since the processes must agree whether to stop.
        spent = processes.mean(torch.tensor(run.seconds)).item()
        if 0 < 3600 * settings.hours <= spent:
            break
    network = {"widths": settings.widths, "eye": sampler.eye_sha256}
    return Trained(
        NAME, METHODS[NAME].title, average.module, network, run.seconds / 3600,
        origin(EYE, read_card(EYE)),
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.flow", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
