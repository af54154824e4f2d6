"""Train the sampler of CIFAR-10's colours: a rectified flow over what the classifier sees.

    python -m train.flow
    torchrun --nproc-per-node 2 -m train.flow --epochs 1 --limit 2000 --run runs/try

The flow is asked for the direction from noise to the true colours at a random point between the
two; the classifier's U-Net, whose features it looks at, stays as it is. The learning rate is
constant and an average of the weights is kept, so that any epoch may be the last: `--hours` ends
a run in time. A last run may start from such weights and let the rate fall:

    python -m train.flow --start flow --fall --epochs 4

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
from torch.nn.functional import mse_loss

from colorizers.color import AB_MAX
from colorizers.networks.checkpoint import FOLDER, read_card, restore
from colorizers.networks.cifar_flow import EYE, WIDTHS, Sampler
from colorizers.networks.flow import AB_SCALE, NOISES, PATCHES, WHITE, Velocity

from . import loop, processes
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
    draws: int = option(2, "times and noises of each picture in a step: it is looked at once")
    lr: float = option(1e-3, "learning rate of AdamW, after 200 steps of warming up")
    fall: bool = option(False, "let the rate fall to nothing by the last epoch")
    weight_decay: float = option(0.01, "of AdamW")
    widths: tuple[int, ...] = option(WIDTHS, "channels of the flow, multiples of 32")
    noise: str = option(WHITE, f"what is drawn from: {WHITE}, or {PATCHES} as large as colours")
    average: float = option(0.999, "decay of the weights' moving average, which is what is kept")
    compile: bool = option(False, "compile the flow: two thirds of the time, after some minutes")


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


class Rectified(Training):
    """The flow on the error of its direction."""

    name = NAME

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(settings, steps)
        if settings.noise not in NOISES:
            raise RunError(f"--noise is {settings.noise}; it is one of {', '.join(NOISES)}.")
        sampler = Sampler(settings.widths, noise=settings.noise)
        self.origin = _start(settings, sampler)
        self.sampler = prepare(sampler)
        self.network = self.sampler.velocity
        self.average = Average(self.sampler, settings.average)
        self.kept = self.average.module
        self.described = {
            "widths": settings.widths,
            "eye": self.sampler.eye_sha256,
            "noise": settings.noise,
        }
        self.adam = torch.optim.AdamW(
            self.network.parameters(), lr=settings.lr, betas=(0.9, 0.98),
            weight_decay=settings.weight_decay,
        )  # fmt: skip
        self.parts = {"sampler": self.sampler, "average": self.average, "optimizer": self.adam}
        self.error: Any = processes.parallel(Error(self.sampler.velocity))
        if settings.compile:
            self.error = torch.compile(self.error)
        self.warm_up = min(200, max(1, steps // 10))

    def step(self, now: int, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        """One step of AdamW."""
        settings = self.settings
        share = learning_rate(now, self.steps, 1.0) if settings.fall else 1.0
        set_learning_rate(self.adam, settings.lr * min(share, (now + 1) / self.warm_up))
        truth = channels_last(ab_norm * (AB_MAX / AB_SCALE)).repeat(settings.draws, 1, 1, 1)
        noise = NOISES[settings.noise](truth.shape, torch.default_generator, 1.0).to(truth)
        t = torch.sigmoid(torch.randn(len(truth))).to(truth)  # logistic normal
        with autocast(settings.bfloat16):
            with torch.no_grad():
                seen = self.sampler.see(channels_last(L_norm))
            loss = self.error(truth, noise, t, seen)
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adam.step()
        self.average.update(self.sampler)
        return {"error": loss.detach()}


def _start(settings: Settings, sampler: Sampler) -> dict[str, Any]:
    """Begin with the weights that the settings name; what the card says of the start."""
    if settings.start == "none":
        return origin(EYE, read_card(EYE))
    folder = Path(settings.start).parent if "/" in settings.start else FOLDER
    name = Path(settings.start).name
    card = read_card(name, folder=folder)
    if card["name"] != NAME or card["network"]["widths"] != list(settings.widths):
        raise RunError(
            f"--start is {settings.start}, but a flow of widths {list(settings.widths)} starts "
            "from one like it: give the weights of such a flow, its --widths, or --start none."
        )
    return origin(NAME, restore(name, sampler, folder=folder))


train = functools.partial(loop.train, Rectified)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.flow", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
