"""CIFAR-10's colours from a conditional variational autoencoder: a latent for each region.

One vector for a whole picture gives tints: what a shirt and the lawn behind it may be are two
questions. So there is one latent of the picture and then, in stages, one of each of the 36 regions
that `flow` draws in, too (:mod:`colorizers.networks.regions`). Before each stage all regions look
at each other and at what was drawn so far, and the grey picture says how wide the stage may draw:
the prior is learned, and conditioned on L. While training, a posterior that sees the true colours
says what was drawn (`Posterior`); afterwards it is standard normal noise.

References
----------
Kingma, Welling: Auto-Encoding Variational Bayes, ICLR 2014; Sohn, Lee, Yan: Learning Structured
Output Representation using Deep Conditional Generative Models, NIPS 2015; Sønderby et al.: Ladder
Variational Autoencoders, NIPS 2016; Vahdat, Kautz: NVAE, NeurIPS 2020 (a posterior relative to the
prior); Deshpande et al.: Learning Diverse Image Colorization, CVPR 2017.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from colorizers.networks import regions
from colorizers.networks.cifar_flow import Eyed
from colorizers.networks.flow import Block
from colorizers.networks.regions import AWAY, GRID

WIDTH, STAGES = 64, 4
WHOLE, EACH = 16, 4
"""Numbers in the latent of a picture, and in that of a region at each stage."""
SURE = -4.0
"""Log variance of the posterior in the beginning."""

Draw = Callable[[int, Tensor], Tensor]
"""Stage, from 0 for the whole picture, and what is known so far, (N, 1 or regions, width) -> what
is drawn, (N, 1 or regions, `WHOLE` or `EACH`); standard normal where nothing else is known."""


class Colours(nn.Module):
    """Steps of all regions from what is drawn: the prior and the decoder, which are one network.

    Parameters
    ----------
    said, whole, width : int
        As of `colorizers.networks.flow.Steps`.
    stages : int
        Drawings of each region.

    Examples
    --------
    >>> colours = Colours(10, 5, 32, 2)
    >>> nothing = lambda stage, h: torch.zeros(*h.shape[:2], EACH if stage else WHOLE)
    >>> colours(torch.zeros(1, 7, 10), torch.zeros(1, 5), nothing).shape
    torch.Size([1, 7, 2])
    """

    def __init__(self, said: int, whole: int, width: int, stages: int) -> None:
        super().__init__()
        self.see = nn.Sequential(nn.Linear(said, width), nn.SiLU(), nn.Linear(width, width))
        self.see_whole = nn.Sequential(nn.Linear(whole, width), nn.SiLU(), nn.Linear(width, width))
        numbers = [WHOLE] + [EACH] * stages
        self.priors = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), _small(nn.Linear(width, 2 * one))) for one in numbers
        )
        self.tell = nn.ModuleList(nn.Linear(one, width) for one in numbers)
        self.blocks = nn.ModuleList(Block(width) for _ in range(stages))
        self.last = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2))

    def forward(self, said: Tensor, whole: Tensor, draw: Draw) -> Tensor:
        """ab over `AWAY` that each region is from the mean, (N, regions, 2).

        Parameters
        ----------
        said, whole : Tensor, shape (N, regions, C) and (N, C')
            See `colorizers.networks.regions.Seen`.
        draw : callable
            See `Draw`.
        """
        h = self._told(0, self.see_whole(whole)[:, None], draw)
        picture = silu(h[:, 0])
        h = h + self.see(said)
        for stage, block in enumerate(self.blocks, 1):
            h = self._told(stage, block(h, picture), draw)
        steps: Tensor = self.last(h)
        return steps

    def _told(self, stage: int, h: Tensor, draw: Draw) -> Tensor:
        """What is known, (N, regions, width), with what is drawn at a stage."""
        mean, log_scale = self.priors[stage](h).chunk(2, dim=2)
        latent = mean + log_scale.clamp(-5, 2).exp() * draw(stage, h)
        told: Tensor = h + self.tell[stage](latent)
        return told


class Painter(Eyed):
    """Colours of a small grey picture, drawn.

    Parameters
    ----------
    grid : int
        See `Regions`.
    width, stages : int
        See `Colours`.
    eye : str, optional
        See `Eyed`.
    """

    def __init__(
        self, grid: int = GRID, width: int = WIDTH, stages: int = STAGES, eye: str | None = None
    ) -> None:
        super().__init__("cvae", grid, eye)
        self.colours = Colours(regions.channels(self.seen), self.seen[-1], width, stages)
        self.options = {"seed": 0.0, "vividness": 1.0}

    def predict(self, L_norm: Tensor, seed: float = 0.0, vividness: float = 1.0) -> Tensor:
        """ab in units of Lab, shape (N, 2, H, W).

        Parameters
        ----------
        L_norm : Tensor, shape (N, 1, H, W)
            In [-1, 1].
        seed : float
            A whole number from 0; each is another colouring. Picture i is drawn by seed + i.
        vividness : float
            In [0, 2]: scale of what is drawn, up to that of the training; at 0 all seeds give the
            same colouring.

        Raises
        ------
        ValueError
            If an option is out of range.
        """
        regions.check(seed, vividness)
        generators = [torch.Generator().manual_seed(int(seed) + i) for i in range(len(L_norm))]

        def draw(stage: int, h: Tensor) -> Tensor:
            size = (h.shape[1], EACH if stage else WHOLE)
            noise = torch.stack([torch.randn(size, generator=one) for one in generators])
            return min(1.0, vividness) * noise.to(h)

        seen = self.see(L_norm)
        steps = self.colours(seen.said, seen.whole, draw).float() * AWAY
        return seen.mean * AWAY + regions.mix(seen.share, steps, seen.mean.shape[2:])


class Posterior(nn.Module):
    """What was drawn, judging by the true colours; only a training needs it.

    Parameters
    ----------
    said, whole, width, stages : int
        As of `Colours`.
    depth : int
        Blocks that look at the colours.
    """

    def __init__(self, said: int, whole: int, width: int, stages: int, depth: int = 2) -> None:
        super().__init__()
        self.first, self.see = nn.Linear(2, width), nn.Linear(said, width)
        self.picture = nn.Linear(whole, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        numbers = [WHOLE] + [EACH] * stages
        last = [nn.Linear(width, 2 * one) for one in numbers]
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), head) for head in last
        )
        for head, one in zip(last, numbers, strict=True):  # or all learn to do without
            nn.init.constant_(head.bias[one:], SURE)

    def look(self, said: Tensor, whole: Tensor, steps: Tensor) -> Tensor:
        """What is seen of each region and its true step, (N, regions, width)."""
        h: Tensor = self.first(steps) + self.see(said)
        picture = silu(self.picture(whole))
        for block in self.blocks:
            h = block(h, picture)
        return h

    def forward(self, stage: int, h: Tensor, looked: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of what was drawn at a stage, as of `Draw`; `looked` by `look`."""
        looked = looked if stage else looked.mean(dim=1, keepdim=True)
        mean, log_variance = self.heads[stage](torch.cat([h, looked], dim=2)).float().chunk(2, 2)
        return mean, log_variance.clamp(-10, 2)


def _small(layer: nn.Linear) -> nn.Linear:
    """A layer that begins as nearly nothing."""
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)
    return layer
