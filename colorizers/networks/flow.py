"""Colours drawn instead of averaged: a rectified flow from noise to the colours of regions.

The mean of all colours that a grey dress may have is grey, so a network that answers with it
convinces nobody. A flow is trained on straight lines from noise to the colours of photographs,
x_t = (1 - t) noise + t colours, and learns the direction of the line through x_t. Followed in a
few steps from noise, it draws one plausible colouring; other noise gives another. What is said of
the regions (`colorizers.networks.regions`) is looked at once for all steps.

References
----------
Liu, Gong, Liu: Flow Straight and Fast, ICLR 2023. Lipman et al.: Flow Matching for Generative
Modeling, ICLR 2023. Esser et al.: Scaling Rectified Flow Transformers, ICML 2024 (t from a
logistic normal). Peebles, Xie: DiT, ICCV 2023 (a transformer that is told the time).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

HEAD = 32
"""Channels of a head of attention."""
FREQUENCIES = 32
"""Sines and cosines, each, that tell the network the time."""


class Steps(nn.Module):
    """The direction of the flow at all regions' steps at once: a transformer.

    Parameters
    ----------
    said : int
        Features of each region.
    whole : int
        Channels of the features of the whole photograph.
    width : int
        A multiple of `HEAD`.
    depth : int

    Examples
    --------
    >>> network = Steps(10, 5, 32, 1)
    >>> seen = network.prepare(torch.zeros(1, 7, 10), torch.zeros(1, 5))
    >>> network(torch.zeros(1, 7, 2), torch.zeros(1), seen).shape
    torch.Size([1, 7, 2])
    """

    def __init__(self, said: int, whole: int, width: int, depth: int) -> None:
        super().__init__()
        self.time = nn.Sequential(
            nn.Linear(2 * FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.see = nn.Sequential(nn.Linear(said, width), nn.SiLU(), nn.Linear(width, width))
        self.see_whole = nn.Sequential(nn.Linear(whole, width), nn.SiLU(), nn.Linear(width, width))
        self.first = nn.Linear(2, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.last = nn.Sequential(nn.LayerNorm(width), _zero(nn.Linear(width, 2)))

    def prepare(self, said: Tensor, whole: Tensor) -> Tensor:
        """What is said, (N, regions, C) and (N, C'), as the blocks take it."""
        seen: Tensor = self.see(said) + self.see_whole(whole)[:, None]
        return seen

    def forward(self, x: Tensor, t: Tensor, seen: Tensor) -> Tensor:
        """Velocity at x, both (N, regions, 2), and t (N,) in [0, 1]; `seen` by `prepare`."""
        time = silu(self.time(waves(t)))
        h = self.first(x) + seen
        for block in self.blocks:
            h = block(h, time)
        velocity: Tensor = self.last(h)
        return velocity


class Block(nn.Module):
    """All regions look at each other, then each thinks for itself; the time scales both."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False)
        self.ask, self.tell = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.think = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.film = _zero(nn.Linear(width, 6 * width))

    def forward(self, h: Tensor, time: Tensor) -> Tensor:
        """(N, regions, width) and (N, width) -> (N, regions, width)."""
        scale1, shift1, gain1, scale2, shift2, gain2 = self.film(time)[:, None].chunk(6, dim=2)
        count, regions, width = h.shape
        asked = self.ask(self.norm1(h) * (1 + scale1) + shift1)
        heads = asked.reshape(count, regions, 3, width // HEAD, HEAD).permute(2, 0, 3, 1, 4)
        query, key, value = heads.unbind(0)  # each (N, heads, regions, HEAD)
        near = torch.softmax(query @ key.transpose(2, 3) * HEAD**-0.5, dim=-1)
        told = (near.to(value.dtype) @ value).transpose(1, 2).reshape(count, regions, width)
        h = h + (1 + gain1) * self.tell(told)
        out: Tensor = h + (1 + gain2) * self.think(self.norm2(h) * (1 + scale2) + shift2)
        return out


def _zero(module: nn.Linear) -> nn.Linear:
    """A layer that begins as nothing."""
    nn.init.zeros_(module.weight)
    nn.init.zeros_(module.bias)
    return module


def draw(
    velocity: Callable[[Tensor, Tensor, Tensor], Tensor],
    noise: Tensor,
    seen: Tensor,
    steps: int = 4,
) -> Tensor:
    """Follow the flow from noise to colours, by Heun's method.

    Parameters
    ----------
    velocity : callable
        `Steps`, or what answers like it.
    noise : Tensor, shape (N, ...)
        Normal; of a smaller scale, the colours are calmer.
    seen : Tensor
        By `Steps.prepare`.
    steps : int
        Each asks the network twice, the last one once.

    Returns
    -------
    Tensor, shape (N, ...)
        In the units of the training.
    """

    def ask(x: Tensor, time: float) -> Tensor:
        return velocity(x, torch.full((len(x),), time, device=x.device), seen).float()

    x = noise
    for step in range(steps):
        now, then = step / steps, (step + 1) / steps
        slope = ask(x, now)
        if step + 1 < steps:
            slope = (slope + ask(x + (then - now) * slope, then)) / 2
        x = x + (then - now) * slope
    return x


def waves(t: Tensor) -> Tensor:
    """Sines and cosines (N, 64) of times (N,) in [0, 1]."""
    speeds = torch.exp(torch.linspace(0, math.log(1000), FREQUENCIES, device=t.device))
    angle = t[:, None] * speeds
    return torch.cat([angle.sin(), angle.cos()], dim=1)
