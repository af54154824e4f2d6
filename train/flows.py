"""What trains a flow over regions (`colorizers.networks.regions`): the regions first, then it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from colorizers.networks import regions
from colorizers.networks.flow import Steps
from colorizers.networks.regions import Regions

LEAST = 0.1
"""Squares of `AWAY` that are added to how far each photograph's truth is, so that the few colours
of a grey one count less than all the colours of another; and what the least region counts for,
where one of mean size counts for 1."""


class Unexplained(nn.Module):
    """What regions leave of how far the truth is from the mean, each with its best step.

    Parameters
    ----------
    find : Regions
    """

    def __init__(self, find: Regions) -> None:
        super().__init__()
        self.find = find

    def forward(self, L_norm: Tensor, mean: Tensor, seen: Sequence[Tensor], away: Tensor) -> Tensor:
        """The mean over photographs of a share, from 0 to 1; `away` as of `regions.fit`."""
        return unexplained(self.find(L_norm, mean, seen)[0].float(), away)


def unexplained(share: Tensor, away: Tensor) -> Tensor:
    """As `Unexplained`, of regions (N, H W, regions) that were found."""
    best = regions.mix(share, regions.fit(share, away), away.shape[2:])
    left = (best - away).square().mean(dim=(1, 2, 3))
    return (left / (away.square().mean(dim=(1, 2, 3)) + LEAST)).mean()


class Error(nn.Module):
    """The mean square error of the flow's direction, as one module that processes can share.

    Parameters
    ----------
    velocity : Steps
    """

    def __init__(self, velocity: Steps) -> None:
        super().__init__()
        self.velocity = velocity

    def forward(
        self, steps: Tensor, noise: Tensor, t: Tensor, said: Tensor, whole: Tensor
    ) -> Tensor:
        """Of the direction at (1 - t) noise + t steps; large regions count for more.

        Parameters
        ----------
        steps, noise : Tensor, shape (M, regions, 2)
            M is a multiple of the number of photographs.
        t : Tensor, shape (M,)
            In [0, 1].
        said, whole : Tensor, shape (N, regions, C) and (N, C')
            See `regions.Seen`.
        """
        at, times = t[:, None, None], len(t) // len(said)
        told = self.velocity.prepare(said, whole).repeat(times, 1, 1)
        moved = self.velocity((1 - at) * noise + at * steps, t, told).float()
        weight = (1 - LEAST) * said[..., -1:].repeat(times, 1, 1) + LEAST
        return ((moved - (steps - noise)).square() * weight).mean()


def drawn_at(
    share: Tensor, away: Tensor, draws: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Steps, noise and times of so many draws of each photograph, as `Error` takes them.

    Times are of a logistic normal: the middle of the way is the hardest.
    """
    steps = regions.fit(share.float(), away).repeat(draws, 1, 1)
    noise = regions.noise_like(steps.shape, generator).to(steps)
    return steps, noise, torch.sigmoid(torch.randn(len(steps), generator=generator)).to(steps)
