"""A photograph as some forty regions that a network finds: each has one colour to draw.

How far the colours of a photograph are from their mean is little more than one step in a and b for
each shirt, wall or lawn. So a network groups the places of what was seen into regions that overlap
softly, by what they look like and where they are, and a flow draws one step for each
(`colorizers.networks.flow`): what is drawn keeps to the edges of things by its making, in numbers
so few that a small transformer learns how they belong together.

References
----------
Jampani et al.: Superpixel Sampling Networks, ECCV 2018 (k-means that learns). Zhang, Sennrich:
RMSNorm, NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, interpolate, pixel_unshuffle

from colorizers.networks.flow import Steps, draw

GRID = 6
"""Regions of a square photograph, a side."""
WIDTH, APART = 64, 24
"""Channels in which the regions are found, and in which places are near or far."""
ROUNDS = 3
"""Of k-means."""
ABOUT = 9
"""Numbers said of a region beside features: L, its square, the mean, where it is and the squares
of that, how large it is."""
AWAY = 15.0
"""Units of ab that are 1 to the flow: how far colours are from the mean, about."""
WHOLE = 0.48
"""Share of the noise's variance that is one number a picture: that of the colours (docs/LOG.md)."""
MOST_VIVID = 2.0


class RMSNorm(nn.Module):
    """Each place's channels over their root mean square."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same."""
        scale = torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-6)
        return x * scale * self.gain[:, None, None]


class Regions(nn.Module):
    """Which place belongs to which region, softly.

    Parameters
    ----------
    seen : sequence of int
        Channels of what was seen at the size of the places, at half of it, ...
    grid : int
        Regions of a square photograph, a side; others have about as many.
    shrink : int
        How many times smaller than L the grid of places is.

    Examples
    --------
    >>> seen = [torch.zeros(1, 8, 16, 24), torch.zeros(1, 8, 8, 12)]
    >>> L_norm, mean = torch.zeros(1, 1, 64, 96), torch.zeros(1, 2, 16, 24)
    >>> share, features = Regions((8, 8), shrink=4)(L_norm, mean, seen)
    >>> share.shape, features.shape
    (torch.Size([1, 384, 35]), torch.Size([1, 64, 16, 24]))
    """

    def __init__(self, seen: Sequence[int], grid: int = GRID, shrink: int = 1) -> None:
        super().__init__()
        self.grid, self.shrink = grid, shrink
        self.see = nn.ModuleList(nn.Conv2d(channels, WIDTH, 1) for channels in seen)
        self.look = nn.Conv2d(shrink**2 + 2, WIDTH, 1)
        self.body = nn.Sequential(
            RMSNorm(WIDTH), nn.SiLU(), nn.Conv2d(WIDTH, WIDTH, 3, padding=1),
            RMSNorm(WIDTH), nn.SiLU(), nn.Conv2d(WIDTH, WIDTH, 3, padding=1),
        )  # fmt: skip
        self.last = nn.Sequential(RMSNorm(WIDTH), nn.SiLU(), nn.Conv2d(WIDTH, APART, 1))
        self.far = nn.Parameter(torch.tensor(3.0))
        self.sharp = nn.Parameter(torch.tensor(1.0))

    def forward(
        self, L_norm: Tensor, mean: Tensor, seen: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Find the regions.

        Parameters
        ----------
        L_norm : Tensor, shape (N, 1, shrink H, shrink W)
        mean : Tensor, shape (N, 2, H, W)
            ab over `AWAY`.
        seen : list of Tensor
            (N, C, H, W), (N, C', H / 2, W / 2), ...

        Returns
        -------
        share : Tensor, shape (N, H W, regions)
            Of each place, how much of it is of each region; the sum is 1.
        features : Tensor, shape (N, WIDTH, H, W)
        """
        size = mean.shape[2:]
        h = self.look(torch.cat([pixel_unshuffle(L_norm, self.shrink), mean], dim=1))
        for see, maps in zip(self.see, seen, strict=True):
            h = h + interpolate(see(maps), size=size, mode="bilinear")
        h = h + self.body(h)
        with torch.autocast(h.device.type, enabled=False):  # distances are of large squares
            aspect = torch.tensor(size)[:, None, None] / max(size)
            place = self.far * (places(size) * aspect).to(h.device)
            apart = torch.cat([self.last(h.float()), place.expand(len(h), -1, -1, -1)], dim=1)
            return self._group(apart), h

    def _group(self, apart: Tensor) -> Tensor:
        """Soft k-means of places (N, C, H, W), from the cells of a grid."""
        height, width = apart.shape[2:]
        longer = (height / width) ** 0.5
        cells = max(1, round(self.grid * longer)), max(1, round(self.grid / longer))
        centres = adaptive_avg_pool2d(apart, cells).flatten(2).transpose(1, 2)
        points = apart.flatten(2).transpose(1, 2)
        for left in reversed(range(ROUNDS)):
            near = 2 * points @ centres.transpose(1, 2) - centres.square().sum(dim=2)[:, None]
            share = torch.softmax(near * self.sharp.exp(), dim=2)
            if left:
                weight = share.sum(dim=1)[..., None] + 1e-3
                centres = (share.transpose(1, 2) @ points) / weight
        return share


class Seen(NamedTuple):
    """What was seen of photographs.

    Attributes
    ----------
    mean : Tensor, shape (N, 2, H, W)
        ab over `AWAY` at the places.
    share : Tensor, shape (N, H W, regions)
        See `Regions.forward`.
    said, whole : Tensor, shape (N, regions, C) and (N, C')
        Of each region, see `described`, and of the photograph as a whole, for `Steps.prepare`.
    """

    mean: Tensor
    share: Tensor
    said: Tensor
    whole: Tensor


def look(find: Regions, L_norm: Tensor, mean: Tensor, seen: Sequence[Tensor]) -> Seen:
    """Find the regions and describe them; parameters as of `Regions.forward`."""
    share, features = find(L_norm, mean, seen)
    said = described(share, features, L_norm, mean, seen)
    return Seen(mean, share, said, seen[-1].float().mean(dim=(2, 3)))


def expected(velocity: Steps, seen: Seen) -> Tensor:
    """How far the mean of all drawings is from the mean, in units of Lab, (N, 2, H, W).

    From the middle of the noise, the flow's first direction is that of the mean of all ends.
    """
    count, _, regions = seen.share.shape
    begin = torch.zeros(count, regions, 2, device=seen.mean.device)
    told = velocity.prepare(seen.said, seen.whole)
    steps = velocity(begin, torch.zeros(count, device=begin.device), told).float()
    return mix(seen.share, steps * AWAY, seen.mean.shape[2:])


def drawn(velocity: Steps, seen: Seen, noise: Tensor, steps: int) -> Tensor:
    """How far colours are from the mean, in units of Lab, (M, 2, H, W), by the flow from noise.

    Parameters
    ----------
    velocity : Steps
    seen : Seen
        Of M photographs, or of one that is drawn M times.
    noise : Tensor, shape (M, regions, 2)
    steps : int
        Of Heun's method.
    """
    told = velocity.prepare(seen.said, seen.whole).expand(len(noise), -1, -1)
    return mix(seen.share, draw(velocity, noise, told, steps) * AWAY, seen.mean.shape[2:])


def places(size: Sequence[int]) -> Tensor:
    """Where each place is, (2, H, W), in [-1, 1]."""
    lines = [torch.linspace(-1, 1, side) for side in size]
    return torch.stack(torch.meshgrid(*lines, indexing="ij"))


def fit(share: Tensor, away: Tensor, firm: float = 1.0) -> Tensor:
    """The step of each region, (N, regions, 2), whose mixture is nearest to `away`.

    Parameters
    ----------
    share : Tensor, shape (N, H W, regions)
    away : Tensor, shape (N, 2, H, W)
    firm : float
        Places of no step that are added to each region, so that one of hardly any place has none.

    Examples
    --------
    >>> share = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    >>> fit(share, torch.tensor([[[[3.0, 6.0]], [[0.0, 1.0]]]]), firm=0.5)
    tensor([[[2.0000, 0.0000],
             [4.0000, 0.6667]]])
    """
    turned = share.transpose(1, 2)
    square = turned @ share + firm * torch.eye(share.shape[2], device=share.device)
    return torch.linalg.solve(square, turned @ away.flatten(2).transpose(1, 2))


def mix(share: Tensor, steps: Tensor, size: Sequence[int]) -> Tensor:
    """Steps (N, regions, 2) as a map (N, 2, H, W): what `fit` is the inverse of."""
    return (share @ steps).transpose(1, 2).unflatten(2, tuple(size))


def described(
    share: Tensor, features: Tensor, L_norm: Tensor, mean: Tensor, seen: Sequence[Tensor]
) -> Tensor:
    """What is said of each region, (N, regions, C): the mean of what is said of its places."""
    size = mean.shape[2:]
    weight = share.sum(dim=1)  # (N, regions)
    light = adaptive_avg_pool2d(L_norm, (size[0], size[1]))
    where = places(size).to(mean).expand(len(mean), -1, -1, -1)
    maps = [features, *(interpolate(m.float(), size=size, mode="bilinear") for m in seen[:-1])]
    maps += [light, light**2, mean, where, where**2]
    said = torch.cat([m.float() for m in maps], dim=1).flatten(2).transpose(1, 2)
    of = (share / (weight[:, None] + 1e-3)).transpose(1, 2) @ said
    return torch.cat([of, weight[..., None] / weight.mean(dim=1, keepdim=True)[..., None]], dim=2)


def channels(seen: Sequence[int]) -> int:
    """How many numbers `described` says of a region."""
    return WIDTH + sum(seen[:-1]) + ABOUT


def noise_of(
    seed: float, pictures: int, regions: int, calm: float = 1.0, vividness: float = 1.0
) -> Tensor:
    """Noise (N, regions, 2) to draw from: that of picture i is seed + i's.

    Parameters
    ----------
    seed : float
    pictures, regions : int
    calm : float
        In [0, 1], scale of what is each region's own: below 1, a picture is as much another one as
        before, and calmer in itself.
    vividness : float
        In [0, 2], scale of all of it, up to the variance of 1 of the training.

    Raises
    ------
    ValueError
        If seed is not a whole number from 0 on, or the vividness out of range.

    Examples
    --------
    >>> bool((noise_of(5, 2, 36)[1] == noise_of(6, 1, 36)[0]).all())
    True
    """
    check(seed, vividness)
    generator, size = torch.Generator(), (1, regions, 2)
    whole, own = min(1.0, vividness), min(1.0, calm * vividness)
    return torch.cat(
        [
            noise_like(size, generator.manual_seed(int(seed) + i), whole, own)
            for i in range(pictures)
        ]
    )


def check(seed: float, vividness: float) -> None:
    """Refuse a seed or a vividness out of range.

    Raises
    ------
    ValueError
        With one sentence.
    """
    if not (0 <= seed < 2**53 and seed == int(seed)):
        raise ValueError(f"seed is {seed:g}; it must be a whole number from 0 on.")
    if not 0 <= vividness <= MOST_VIVID:
        raise ValueError(f"vividness is {vividness:g}; it must be from 0 to {MOST_VIVID:g}.")


def noise_like(
    shape: Sequence[int], generator: torch.Generator, whole: float = 1.0, own: float = 1.0
) -> Tensor:
    """Noise of this shape: its whole one and each region's own, of these scales."""
    count, regions, two = shape
    one = torch.randn((count, 1, two), generator=generator)
    each = torch.randn((count, regions, two), generator=generator)
    return WHOLE**0.5 * whole * one + (1 - WHOLE) ** 0.5 * own * each
