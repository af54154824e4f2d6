"""Colours drawn instead of averaged: a rectified flow from noise to ab, given what a network saw.

The mean of all colours that a grey dress may have is grey, so a network that answers with it
convinces nobody. A flow is trained on straight lines from noise to the colours of photographs,
x_t = (1 - t) noise + t colours, and learns the direction of the line through x_t. Followed in a
few steps from noise, it draws one plausible colouring; other noise gives another. What it looks
at (features of L) is computed once for all steps.

References
----------
Liu, Gong, Liu: Flow Straight and Fast, ICLR 2023. Lipman et al.: Flow Matching for Generative
Modeling, ICLR 2023. Esser et al.: Scaling Rectified Flow Transformers, ICML 2024 (t from a
logistic normal). Perez et al.: FiLM, AAAI 2018. Zhang, Sennrich: RMSNorm, NeurIPS 2019.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    interpolate,
    pixel_shuffle,
    pixel_unshuffle,
    silu,
)

AB_SCALE = 25.0
"""Units of ab that are 1 to the flow: the spread of the colours of photographs, about."""
HEAD = 32
"""Channels of a head of attention."""
SCALES = ((1, 0.07), (2, 0.10), (4, 0.13), (8, 0.16), (16, 0.11), (math.inf, 0.43))
"""Sides of the patches of noise, in places of the flow's grid, and their shares of its variance:
those of how far colours are from their mean, which are nearly the same in photographs and in
CIFAR-10 (docs/LOG.md). White noise says nothing of a whole wall: few steps from it end near the
mean."""
PATCH = 2
"""Colours a side that are one place to the U-Net."""
FINE = 32
"""Channels at the full size of the colours."""
FREQUENCIES = 32
"""Sines and cosines, each, that tell the network the time."""


class Velocity(nn.Module):
    """The direction of the flow at x_t, a U-Net that knows the time and what was seen.

    It works on patches of 2 x 2 colours, so that most of its work is done at half the size, where
    every place can look at every other; what it makes of them is joined with the fine features
    at the end.

    Parameters
    ----------
    seen : sequence of int
        Channels of what was seen at the size of the colours, at half of it, and so on.
    widths : sequence of int
        Channels of each level, from half the size of the colours downwards: one fewer than `seen`;
        multiples of `HEAD`.

    Examples
    --------
    >>> network = Velocity((8, 16), (32,))
    >>> seen = network.prepare([torch.zeros(1, 8, 8, 12), torch.zeros(1, 16, 4, 6)])
    >>> network(torch.zeros(1, 2, 8, 12), torch.zeros(1), seen).shape
    torch.Size([1, 2, 8, 12])
    """

    def __init__(self, seen: Sequence[int], widths: Sequence[int]) -> None:
        super().__init__()
        time = 4 * widths[0]
        fine, *coarse = seen
        self.time = nn.Sequential(
            nn.Linear(2 * FREQUENCIES, time), nn.SiLU(), nn.Linear(time, time)
        )
        self.first = nn.Conv2d(2 * PATCH**2, widths[0], 3, padding=1)
        self.see_fine = _see(fine, FINE)
        self.see_patches = nn.Conv2d(FINE, widths[0], PATCH, stride=PATCH)
        self.see = nn.ModuleList(
            _see(channels, width) for channels, width in zip(coarse, widths, strict=True)
        )
        self.down = nn.ModuleList(
            Block(width, width, time, look=level > 0) for level, width in enumerate(widths)
        )
        self.shrink = nn.ModuleList(
            nn.Conv2d(width, wider, 2, stride=2) for width, wider in itertools.pairwise(widths)
        )
        self.middle = Block(widths[-1], widths[-1], time)
        self.enlarge = nn.ModuleList(
            nn.Conv2d(wider, width, 1) for width, wider in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(Block(2 * width, width, time) for width in widths)
        self.spread = nn.Conv2d(widths[0], FINE * PATCH**2, 1)
        self.join = nn.Conv2d(2 + 2 * FINE, FINE, 3, padding=1)
        self.last = nn.Sequential(RMSNorm(FINE), nn.SiLU(), _zero(nn.Conv2d(FINE, 2, 3, padding=1)))

    def prepare(self, seen: Sequence[Tensor]) -> list[Tensor]:
        """What was seen, (N, C, H, W), (N, C', H / 2, W / 2) and so on, as the levels take it."""
        fine, *coarse = seen
        fine = self.see_fine(fine)
        maps = [see(level) for see, level in zip(self.see, coarse, strict=True)]
        maps[0] = maps[0] + self.see_patches(fine)
        return [fine, *maps]

    def forward(self, x: Tensor, t: Tensor, seen: Sequence[Tensor]) -> Tensor:
        """Velocity (N, 2, H, W) at x (N, 2, H, W) and t (N,) in [0, 1]; `seen` by `prepare`."""
        time = silu(self.time(waves(t)))
        fine, *maps = seen
        h = self.first(pixel_unshuffle(x, PATCH))
        skips = []
        for level, block in enumerate(self.down):
            if level:
                h = self.shrink[level - 1](h)
            h = block(h + maps[level], time)
            skips.append(h)
        h = self.middle(h, time)
        for level in reversed(range(len(self.up))):
            skip = skips[level]
            if level < len(self.enlarge):
                h = interpolate(self.enlarge[level](h), size=skip.shape[2:], mode="nearest")
            h = self.up[level](torch.cat([h, skip], dim=1), time)
        spread = pixel_shuffle(self.spread(h), PATCH)  # (N, FINE, H, W)
        velocity: Tensor = self.last(self.join(torch.cat([x.to(h.dtype), spread, fine], dim=1)))
        return velocity


def _see(channels: int, width: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, width, 1),
        RMSNorm(width),
        nn.SiLU(),
        nn.Conv2d(width, width, 3, padding=1),
    )


class Block(nn.Module):
    """Two convolutions beside a way round, told the time by FiLM; and a look at all places."""

    def __init__(self, inputs: int, width: int, time: int, look: bool = True) -> None:
        super().__init__()
        self.norm1, self.conv1 = RMSNorm(inputs), nn.Conv2d(inputs, width, 3, padding=1)
        self.film = nn.Linear(time, 2 * width)
        self.norm2, self.conv2 = RMSNorm(width), _zero(nn.Conv2d(width, width, 3, padding=1))
        self.round = nn.Conv2d(inputs, width, 1) if inputs != width else nn.Identity()
        self.look = Look(width) if look else nn.Identity()

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """(N, inputs, H, W) and (N, time) -> (N, width, H, W)."""
        scale, shift = self.film(time)[:, :, None, None].chunk(2, dim=1)
        h = self.conv1(silu(self.norm1(x)))
        h = self.conv2(silu(self.norm2(h) * (1 + scale) + shift))
        out: Tensor = self.look(self.round(x) + h)
        return out


class Look(nn.Module):
    """Attention over all places of a map."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = RMSNorm(width)
        self.ask = nn.Conv2d(width, 3 * width, 1)
        self.tell = _zero(nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same."""
        count, width, rows, columns = x.shape
        heads = self.ask(self.norm(x)).reshape(count, 3, width // HEAD, HEAD, rows * columns)
        query, key, value = heads.transpose(3, 4).unbind(1)  # each (N, heads, H W, HEAD)
        # Written out: for so few places, torch's fused attention takes three times as long on CPUs.
        near = torch.softmax(query @ key.transpose(-1, -2) * HEAD**-0.5, dim=-1)
        told = near.to(value.dtype) @ value
        told = told.transpose(2, 3).reshape(count, width, rows, columns)
        out: Tensor = x + self.tell(told)
        return out


class RMSNorm(nn.Module):
    """Each place's channels over their root mean square."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same."""
        scale = torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-6)
        return x * scale * self.gain[:, None, None]


def noise_like(shape: Sequence[int], generator: torch.Generator, patches: float = 1.0) -> Tensor:
    """Normal noise (N, C, H, W) of variance 1 that varies over as large patches as colours do.

    Parameters
    ----------
    shape : sequence of int
    generator : torch.Generator
    patches : float
        Scale of all of it but the one number of a picture and channel: below 1, a picture is
        as much another one as before, and calmer in itself.

    Examples
    --------
    >>> noise = noise_like((64, 2, 32, 32), torch.Generator().manual_seed(0))
    >>> noise.shape, 0.3 < noise.mean((2, 3)).var().item() < 0.7
    (torch.Size([64, 2, 32, 32]), True)
    """
    *pictures, height, width = shape
    total = torch.zeros(*shape)
    for side, share in SCALES:
        size = max(1, round(height / side)), max(1, round(width / side))
        noise = torch.randn((*pictures, *size), generator=generator)
        noise = interpolate(noise, size=(height, width), mode="bilinear")
        noise *= (share / (_kept(size[0], height) * _kept(size[1], width))) ** 0.5
        total += noise if math.isinf(side) else patches * noise
    return total


@functools.cache
def _kept(few: int, many: int) -> float:
    """What is left of the variance of so few numbers in a row when they are enlarged to many."""
    weights = interpolate(torch.eye(few)[None], size=many, mode="linear")
    return float(weights.square().sum(dim=1).mean())


def white(shape: Sequence[int], generator: torch.Generator, patches: float = 1.0) -> Tensor:
    """Normal noise of this shape, each number by itself, times `patches`."""
    return patches * torch.randn(tuple(shape), generator=generator)


PATCHES, WHITE = "patches", "white"
NOISES: dict[str, Callable[[Sequence[int], torch.Generator, float], Tensor]] = {
    PATCHES: noise_like,
    WHITE: white,
}
"""What a flow may start from, as its card names it."""


def noise_of(
    seed: float, shape: Sequence[int], kind: str = PATCHES, patches: float = 1.0
) -> Tensor:
    """Noise (N, C, H, W) for pictures in a row, see `NOISES`: that of picture i is seed + i's.

    Raises
    ------
    ValueError
        If seed is not a whole number from 0 on.

    Examples
    --------
    >>> bool((noise_of(5, (2, 2, 8, 8))[1] == noise_of(6, (1, 2, 8, 8))[0]).all())
    True
    """
    if not (0 <= seed < 2**53 and seed == int(seed)):
        raise ValueError(f"seed is {seed:g}; it must be a whole number from 0 on.")
    generator, one = torch.Generator(), (1, *shape[1:])
    return torch.cat(
        [
            NOISES[kind](one, generator.manual_seed(int(seed) + number), patches)
            for number in range(shape[0])
        ]
    )


def draw(
    velocity: Callable[[Tensor, Tensor, Sequence[Tensor]], Tensor],
    noise: Tensor,
    seen: Sequence[Tensor],
    steps: int = 4,
    guidance: float = 1.0,
) -> Tensor:
    """Follow the flow from noise to colours, by Heun's method.

    Parameters
    ----------
    velocity : callable
        A `Velocity`, or what answers like one.
    noise : Tensor, shape (N, 2, H, W)
        Normal; of a smaller scale, the colours are calmer.
    seen : sequence of Tensor
        By `Velocity.prepare`.
    steps : int
        Each asks the network twice, the last one once.
    guidance : float
        1 is the flow as it is; above, away from what the network would do without having seen
        anything (Ho, Salimans: Classifier-Free Diffusion Guidance, 2022), at twice the time.

    Returns
    -------
    Tensor, shape (N, 2, H, W)
        Colours in units of `AB_SCALE`.
    """
    blind = [torch.zeros_like(maps) for maps in seen] if guidance != 1.0 else []

    def ask(x: Tensor, time: float) -> Tensor:
        t = torch.full((len(x),), time, device=x.device)
        if not blind:
            return velocity(x, t, seen).float()
        both = [torch.cat(pair) for pair in zip(seen, blind, strict=True)]
        there, nothing = velocity(torch.cat([x, x]), t.repeat(2), both).float().chunk(2)
        return nothing + guidance * (there - nothing)

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


def _zero(module: nn.Conv2d) -> nn.Conv2d:
    """A convolution that begins as nothing, so that its block begins as the identity."""
    nn.init.zeros_(module.weight)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
    return module
