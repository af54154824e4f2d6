"""Train the generator's U-Net on plain L1: the control of the table, and where the GAN starts.

    python -m train.regression
    torchrun --nproc-per-node 2 -m train.regression --epochs 1 --limit 2000 --run runs/try

What the mean absolute error asks for is the median of the colours that a grey pixel may
have: safe, and duller than any of them. The body starts from the committed classifier's
(`--start none` for random weights). A killed run goes on after its last whole epoch.

References
----------
Isola et al.: pix2pix, CVPR 2017 (L1 as the control of a conditional GAN); Antic: DeOldify
(NoGAN: a generator that is trained on a pixel loss first), 2018.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from colorizers.color import L_HALF
from colorizers.networks.gan import Generator
from colorizers.networks.registry import METHODS

from . import data, processes
from .command import Trained, command, steps_per_epoch
from .options import option
from .processes import autocast, bfloat16_is_fast, channels_last, prepare
from .run import Average, Run, learning_rate, print_epoch, set_learning_rate
from .start import start_from
from .watch import Watch

NAME = "regression"


@dataclass(frozen=True)
class Settings:
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/regression", "folder of the run; the same folder resumes it")
    start: str = option(
        "classification", "committed weights to start the U-Net from, or none: random ones"
    )
    epochs: int = option(14, "passes over the training pictures")
    limit: int = option(0, "use only the first so many training pictures, 0 for all")
    batch: int = option(128, "pictures a step, over all processes")
    lr: float = option(1.5e-3, "peak learning rate of Adam; warmed up, then half a cosine")
    widths: tuple[int, ...] = option((32, 64, 128, 256, 384), "channels of the U-Net")
    average: float = option(0.998, "decay of the weights' moving average, which is what is kept")
    shift: int = option(
        4, "pixels by which pictures are moved at random; without, L1 overfits after 7 epochs"
    )
    seed: int = option(1, "of the weights and the order")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    commit_weights: bool = option(False, "write the result to colorizers/weights/")


def train(settings: Settings, pictures: data.Pictures, validation: data.Pictures) -> Trained:
    """Train, or go on with, the run of these settings."""
    steps = steps_per_epoch(len(pictures), settings.batch)
    run = Run(Path(settings.run), settings)
    torch.manual_seed(settings.seed)
    generator = Generator(settings.widths)
    origin = start_from(settings.start, generator)
    model = prepare(generator)
    average = Average(model, settings.average)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr, betas=(0.5, 0.999))
    done = run.resume(model=model, average=average, optimizer=optimizer)
    shared = processes.parallel(model)

    batches = data.LabBatches(pictures.rgb_u8, progress=True)
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
            with autocast(settings.bfloat16):
                painted = shared(channels_last(L_norm))
            loss = (painted.float() - channels_last(ab_norm)).abs().mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            average.update(model)
            total += loss.detach().cpu()
            if now % 50 == 0:
                run.scalars({"train/l1": loss.item(), "train/learning_rate": rate}, now)
        run.save(epoch + 1, model=model, average=average, optimizer=optimizer)
        figures = watch.show(run, epoch + 1, lambda L: predict_ab(average.module, L))
        print_epoch(epoch + 1, {"l1": processes.mean(total).item() / steps} | figures)
    network = {"widths": settings.widths}
    return Trained(NAME, METHODS[NAME].title, average.module, network, run.seconds / 3600, origin)


@torch.inference_mode()
def predict_ab(model: torch.nn.Module, L: NDArray[np.float32]) -> NDArray[np.float32]:
    """ab (N, H, W, 2) for L (N, H, W) in [0, 100] by a generator in training."""
    model.eval()
    parts = [
        model.predict(channels_last(part[:, None] / L_HALF - 1)).cpu()  # type: ignore[operator]
        for part in torch.from_numpy(L).split(250)
    ]
    return torch.cat(parts).permute(0, 2, 3, 1).contiguous().numpy()


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.regression", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
