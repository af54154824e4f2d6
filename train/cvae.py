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

import functools
import sys
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from colorizers.networks.cvae import LATENT, Painter, Posterior

from . import loop, processes
from .command import command
from .loop import Training, UNetSettings, descend
from .options import option
from .processes import autocast, channels_last, prepare
from .run import Average, learning_rate, set_learning_rate
from .start import start_from

NAME = "cvae"


@dataclass(frozen=True)
class Settings(UNetSettings):
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/cvae", "folder of the run; the same folder resumes it")
    start: str = option(
        "regression", "weights to start body and head from: committed ones by name, those of "
        "a run as RUN/NAME, or none"
    )  # fmt: skip
    epochs: int = option(6, "passes over the training pictures")
    lr: float = option(1e-3, "peak learning rate of Adam")
    weight_l1: float = option(
        1000.0, "nats that an L1 of ab_norm of 1 costs; more makes z say more, and draws of it "
        "less plausible"
    )  # fmt: skip
    warm_up: float = option(0.2, "share of the run in which the divergence's weight grows to 1")
    latent: int = option(LATENT, "numbers in z")


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


class Variational(Training):
    """Painter and posterior on L1 and divergence."""

    name = NAME

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(settings, steps)
        painter = Painter(settings.widths, settings.latent)
        self.origin = start_from(settings.start, painter)
        self.both = prepare(Both(painter, Posterior(settings.latent)))
        self.network = self.both
        self.average = Average(self.both.painter, settings.average)
        self.kept = self.average.module
        self.described = {"widths": settings.widths, "latent": settings.latent}
        self.adam = torch.optim.Adam(self.both.parameters(), lr=settings.lr)
        self.parts = {"both": self.both, "average": self.average, "optimizer": self.adam}
        self.shared = processes.parallel(self.both)
        self.growing = max(1.0, settings.warm_up * steps)

    def step(self, now: int, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        """One step of Adam."""
        set_learning_rate(self.adam, learning_rate(now, self.steps, self.settings.lr))
        L_norm, ab_norm = channels_last(L_norm), channels_last(ab_norm)
        noise = torch.randn(len(L_norm), self.settings.latent).to(L_norm.device)
        with autocast(self.settings.bfloat16):
            painted, nats = self.shared(L_norm, ab_norm, noise)
        l1, nats = (painted.float() - ab_norm).abs().mean(), nats.mean()
        descend(self.settings.weight_l1 * l1 + min(1.0, now / self.growing) * nats, self.adam)
        self.average.update(self.both.painter)
        return {"l1": l1.detach(), "divergence": nats.detach()}


train = functools.partial(loop.train, Variational)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return command("train.cvae", Settings, __doc__ or "", train, argv)


if __name__ == "__main__":
    sys.exit(main())
