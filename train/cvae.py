"""Train the conditional VAE: several colourings of one grey picture.

    python -m train.cvae
    python -m train.cvae --epochs 1 --limit 2000 --run runs/try

Two networks: the painter gives ab for L and a short z, the posterior reads z off the true
colours. The loss is the L1 of ab, in nats by `weight_l1`, plus the divergence of the posterior
from a standard normal distribution, which is what z is drawn from afterwards. The painter starts
from the L1 regression. A killed run goes on after its last whole epoch.

References
----------
Kingma, Welling, ICLR 2014; Sohn, Lee, Yan, NIPS 2015; Deshpande et al., CVPR 2017. Bowman et
al., CoNLL 2016 (the divergence's weight grows from 0, or z is ignored).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from colorizers.networks.cvae import LATENT, Painter, Posterior
from colorizers.networks.registry import METHODS

from . import data, processes
from .command import Trained, command, steps_per_epoch
from .options import option
from .processes import autocast, bfloat16_is_fast, channels_last, prepare
from .regression import predict_ab
from .run import Average, Run, learning_rate, print_epoch, set_learning_rate
from .start import start_from
from .watch import Watch

NAME = "cvae"


@dataclass(frozen=True)
class Settings:
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/cvae", "folder of the run; the same folder resumes it")
    start: str = option(
        "regression", "weights to start body and head from: committed ones by name, those of "
        "a run as RUN/NAME, or none"
    )  # fmt: skip
    epochs: int = option(6, "passes over the training pictures")
    limit: int = option(0, "use only the first so many training pictures, 0 for all")
    batch: int = option(128, "pictures a step, over all processes")
    lr: float = option(1e-3, "peak learning rate of Adam")
    weight_l1: float = option(
        1000.0, "nats that an L1 of ab_norm of 1 costs; more makes z say more, and draws of it "
        "less plausible"
    )  # fmt: skip
    warm_up: float = option(0.2, "share of the run in which the divergence's weight grows to 1")
    latent: int = option(LATENT, "numbers in z")
    widths: tuple[int, ...] = option((32, 64, 128, 256, 384), "channels of the U-Net")
    average: float = option(0.998, "decay of the weights' moving average, which is what is kept")
    shift: int = option(4, "pixels by which pictures are moved at random")
    seed: int = option(1, "of the weights, the order and z")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    commit_weights: bool = option(False, "write the result to colorizers/weights/")


class Both(nn.Module):
    """Painter and posterior as one module, whose gradients many processes share.

    Parameters
    ----------
    painter : Painter
    posterior : Posterior
    """

    def __init__(self, painter: Painter, posterior: Posterior) -> None:
        super().__init__()
        self.painter, self.posterior = painter, posterior

    def forward(self, L_norm: Tensor, ab_norm: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """ab_norm painted with the posterior's z, and the divergence of each picture in nats.

        Parameters
        ----------
        L_norm : Tensor, shape (N, 1, H, W)
        ab_norm : Tensor, shape (N, 2, H, W)
        noise : Tensor, shape (N, latent)
            Standard normal.
        """
        mean, log_variance = self.posterior(L_norm, ab_norm)
        z = mean + noise * (0.5 * log_variance).exp()
        return self.painter(L_norm, z), divergence(mean, log_variance)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence, in nats, of normal distributions from the standard one.

    Parameters
    ----------
    mean, log_variance : Tensor, shape (N, K)

    Returns
    -------
    Tensor, shape (N,)

    Examples
    --------
    >>> divergence(torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2)).item()
    0.5
    """
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)


def train(settings: Settings, pictures: data.Pictures, validation: data.Pictures) -> Trained:
    """Train, or go on with, the run of these settings."""
    steps = steps_per_epoch(len(pictures), settings.batch)
    run = Run(Path(settings.run), settings)
    torch.manual_seed(settings.seed)
    painter = Painter(settings.widths, settings.latent)
    origin = start_from(settings.start, painter)
    both = prepare(Both(painter, Posterior(settings.latent)))
    average = Average(both.painter, settings.average)
    optimizer = torch.optim.Adam(both.parameters(), lr=settings.lr)
    done = run.resume(both=both, average=average, optimizer=optimizer)
    shared = processes.parallel(both)

    batches = data.LabBatches(pictures.rgb_u8, progress=True)
    watch = Watch(validation, NAME)
    share = (processes.rank(), processes.count())
    growing = max(1.0, settings.warm_up * settings.epochs * steps)
    for epoch in range(done, settings.epochs):
        both.train()
        total = torch.zeros(2)
        stream = batches.epoch(settings.batch, settings.seed, epoch, share, settings.shift)
        for step, (L_norm, ab_norm) in enumerate(
            run.watch(stream, epoch, settings.epochs, steps, settings.batch)
        ):
            now = epoch * steps + step
            set_learning_rate(optimizer, learning_rate(now, settings.epochs * steps, settings.lr))
            L_norm, ab_norm = channels_last(L_norm), channels_last(ab_norm)
            noise = torch.randn(len(L_norm), settings.latent).to(L_norm.device)
            with autocast(settings.bfloat16):
                painted, nats = shared(L_norm, ab_norm, noise)
            l1, nats = (painted.float() - ab_norm).abs().mean(), nats.mean()
            loss = settings.weight_l1 * l1 + min(1.0, now / growing) * nats
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            average.update(both.painter)
            total += torch.stack([l1.detach(), nats.detach()]).cpu()
            if now % 50 == 0:
                run.scalars({"train/l1": l1.item(), "train/divergence": nats.item()}, now)
        run.save(epoch + 1, both=both, average=average, optimizer=optimizer)
        figures = watch.show(run, epoch + 1, lambda L: predict_ab(average.module, L))
        l1_mean, nats_mean = (processes.mean(total) / steps).tolist()
        print_epoch(epoch + 1, {"l1": l1_mean, "divergence": nats_mean} | figures)
    network = {
        "widths": settings.widths, "size": data.SIDE,
        "latent": settings.latent,
    }  # fmt: skip
    return Trained(NAME, METHODS[NAME].title, average.module, network, run.seconds / 3600, origin)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.cvae", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
