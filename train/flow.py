"""Train the sampler of CIFAR-10's colours: a rectified flow over regions that the classifier sees.

    python -m train.flow
    torchrun --nproc-per-node 2 -m train.flow --epochs 1 --limit 2000 --run runs/try

First the regions learn to be such that a step of colour for each takes the classifier's mean to the
truth; then the flow is asked for the direction from noise to these steps at a random point between
the two. The classifier stays as it is. The learning rate is constant and an average of the weights
is kept, so that any epoch may be the last: `--hours` ends a run in time. A last run may start from
such weights and let the rate fall:

    python -m train.flow --start flow --settle 0 --fall --epochs 4

A killed run goes on after its last whole epoch.

References
----------
Liu, Gong, Liu: Flow Straight and Fast, ICLR 2023; Lipman et al.: Flow Matching, ICLR 2023; Esser
et al., ICML 2024 (times from a logistic normal).
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from colorizers.color import AB_MAX
from colorizers.networks import regions
from colorizers.networks.checkpoint import FOLDER, read_card, restore
from colorizers.networks.cifar_flow import DEPTH, EYE, WIDTH, Sampler
from colorizers.networks.regions import AWAY, GRID

from . import flows, loop, processes
from .command import command
from .loop import Training
from .options import option
from .processes import autocast, channels_last, prepare
from .run import Average, RunError, learning_rate, set_learning_rate
from .start import origin

NAME = "flow"


@dataclass(frozen=True)
class Settings(loop.Settings):
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/flow", "folder of the run; the same folder resumes it")
    start: str = option("none", "a flow to go on with: the committed one by name, or RUN/flow")
    epochs: int = option(20, "passes over the training pictures")
    batch: int = option(64, "pictures a step, over all processes")
    draws: int = option(8, "times and noises of each picture in a step: it is looked at once")
    settle: int = option(600, "steps in which the regions learn, before the flow does")
    lr: float = option(1e-3, "learning rate of the flow's AdamW, after 200 steps of warming up")
    lr_regions: float = option(2e-3, "peak learning rate of the regions")
    fall: bool = option(False, "let the rate fall to nothing by the last epoch")
    weight_decay: float = option(0.01, "of AdamW")
    grid: int = option(GRID, "regions of a picture, a side")
    width: int = option(WIDTH, "channels of the flow, a multiple of 32")
    depth: int = option(DEPTH, "blocks of the flow")
    average: float = option(0.999, "decay of the weights' moving average, which is what is kept")
    compile: bool = option(False, "compile the flow: less time, after some minutes")


class Rectified(Training):
    """Regions on what they leave unexplained, then the flow on the error of its direction."""

    name = NAME

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(settings, steps)
        sampler = Sampler(settings.grid, settings.width, settings.depth)
        self.origin = _start(settings, sampler)
        self.sampler = prepare(sampler)
        self.network = self.sampler.velocity
        self.average = Average(self.sampler, settings.average)
        self.kept = self.average.module
        self.described = {
            "grid": settings.grid, "width": settings.width, "depth": settings.depth,
            "eye": self.sampler.eye_sha256,
        }  # fmt: skip
        self.adam = torch.optim.AdamW(
            [
                {"params": list(self.sampler.velocity.parameters())},
                {"params": list(self.sampler.regions.parameters())},
            ],
            betas=(0.9, 0.98), weight_decay=settings.weight_decay,
        )  # fmt: skip
        self.parts = {"sampler": self.sampler, "average": self.average, "optimizer": self.adam}
        self.unexplained: Any = processes.parallel(flows.Unexplained(self.sampler.regions))
        self.error: Any = processes.parallel(flows.Error(self.sampler.velocity))
        if settings.compile:
            self.error = torch.compile(self.error)
        self.settle = min(settings.settle, steps // 2)
        self.warm_up = min(200, max(1, (steps - self.settle) // 10))

    def step(self, now: int, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        """One step of AdamW."""
        settings, settling = self.settings, now < self.settle
        L_norm = channels_last(L_norm)
        with autocast(settings.bfloat16):
            with torch.no_grad():
                mean, levels = self.sampler.eye(L_norm)
                away = channels_last(ab_norm) * (AB_MAX / AWAY) - mean
            if settling:
                rate = settings.lr_regions * learning_rate(now, self.settle, 1.0)
                loss = self.unexplained(L_norm, mean, levels, away)
            else:
                rate = settings.lr * self._share(now - self.settle)
                with torch.no_grad():
                    seen = regions.look(self.sampler.regions, L_norm, mean, levels)
                    drawn = flows.drawn_at(
                        seen.share, away, settings.draws, torch.default_generator
                    )
                loss = self.error(*drawn, seen.said, seen.whole)
        set_learning_rate(self.adam, rate)
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.sampler.parameters(), 1.0)
        self.adam.step()
        self.average.update(self.sampler)
        return {"unexplained": loss.detach()} if settling else {"error": loss.detach()}

    def _share(self, now: int) -> float:
        """Of the flow's learning rate, `now` steps after the regions have settled."""
        falling = learning_rate(now, self.steps - self.settle, 1.0) if self.settings.fall else 1.0
        return min(falling, (now + 1) / self.warm_up)


def _start(settings: Settings, sampler: Sampler) -> dict[str, Any]:
    """Begin with the weights that the settings name; what the card says of the start."""
    if settings.start == "none":
        return origin(EYE, read_card(EYE))
    folder = Path(settings.start).parent if "/" in settings.start else FOLDER
    name = Path(settings.start).name
    card = read_card(name, folder=folder)
    wanted = {"grid": settings.grid, "width": settings.width, "depth": settings.depth}
    if card["name"] != NAME or not wanted.items() <= card["network"].items():
        words = " ".join(f"--{key} {value}" for key, value in wanted.items())
        raise RunError(
            f"--start is {settings.start}, but a flow of {words} starts from one like it: give the "
            "weights of such a flow, what it was made with, or --start none."
        )
    return origin(NAME, restore(name, sampler, folder=folder))


train = functools.partial(loop.train, Rectified)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.flow", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
