"""Colours of a photograph: `PhotoNet`'s mean, and a step away from it for each region, drawn.

Weights of the method "photo" are of such a network, or of a mean alone: `of_card` knows.

References
----------
See :mod:`colorizers.networks.regions`, :mod:`colorizers.networks.flow` and
:mod:`colorizers.networks.photo`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, interpolate, normalize

from colorizers.color import AB_MAX
from colorizers.networks import regions
from colorizers.networks.base import Network
from colorizers.networks.flow import Steps
from colorizers.networks.photo import ENCODER, SIDE, WIDTHS, PhotoNet, shape
from colorizers.networks.regions import AWAY, GRID, Regions, Seen

SHRINK = 4
"""The places that regions are made of are a grid that is this much smaller than L."""
WIDTH, DEPTH = 192, 6
STEPS = 6
"""Of Heun's method: eleven questions to a small network."""


def of_card(**network: Any) -> Network:
    """The network for photographs that a card describes: one that draws, or the mean alone."""
    return PhotoFlow(**network) if "grid" in network else PhotoNet(**network)


def enlarged(away: Tensor) -> Tensor:
    """Colours (N, 2, H, W) of places at the size of the mean, twice theirs."""
    return interpolate(away, scale_factor=2.0, mode="bilinear", align_corners=False)


class PhotoFlow(Network):
    """Colours of a grey photograph: those that are expected, or drawn.

    Parameters
    ----------
    encoder : str
    widths : sequence of int
    vividness : float
        Of `PhotoNet`, which paints the mean that the steps of the regions lead away from.
    grid : int
        See `Regions`.
    width, depth : int
        See `Steps`.
    calm : float
        Scale of the regions' own noise at vividness 1; the training's is 1. What one drawing of a
        picture has as a whole is not calmed, or all would end near the likeliest, which is grey.
    steps : int
        Of Heun's method.
    bold, gain : float
        What the expected colours, and a drawing, are multiplied by.

    Examples
    --------
    >>> PhotoFlow().predict(torch.zeros(2, 1, 64, 96), seed=3.0).shape
    torch.Size([2, 2, 32, 48])
    """

    size = SIDE
    shape = staticmethod(shape)
    mirror = False
    first_seed = 1

    def __init__(
        self,
        encoder: str = ENCODER,
        widths: Sequence[int] = WIDTHS,
        grid: int = GRID,
        width: int = WIDTH,
        depth: int = DEPTH,
        calm: float = 1.0,
        steps: int = STEPS,
        bold: float = 1.0,
        gain: float = 1.0,
        vividness: float = 1.0,
    ) -> None:
        super().__init__()
        self.options = {"seed": 0.0, "vividness": 1.0}
        self.calm, self.steps, self.bold, self.gain = calm, steps, bold, gain
        self.mean = PhotoNet(encoder, widths, vividness=vividness)
        low, middle, fine = widths[:3]
        seen = (fine, middle, low, self.mean.deepest)
        self.regions = Regions(seen, grid, SHRINK)
        self.velocity = Steps(regions.channels(seen), seen[-1], width, depth)

    def see(self, L_norm: Tensor) -> tuple[Tensor, Seen]:
        """Look at photographs.

        Parameters
        ----------
        L_norm : Tensor, shape (N, 1, H, W)
            In [-1, 1]; sides are multiples of 32.

        Returns
        -------
        mean : Tensor, shape (N, 2, H / 2, W / 2)
            ab in units of Lab.
        seen : Seen
        """
        half, *levels = self.mean.levels(L_norm)
        mean = torch.tanh(self.mean.head(half)).float() * AB_MAX
        coarse = avg_pool2d(mean, SHRINK // 2) / AWAY
        return mean, regions.look(self.regions, L_norm, coarse, levels)

    def expect(self, L_norm: Tensor) -> Tensor:
        """Expected ab in units of Lab, (N, 2, H / 2, W / 2): the mean and the expected step.

        At the start of the flow its end is not known yet, so the velocity there points at the mean
        of all ends.
        """
        mean, seen = self.see(L_norm)
        return mean + enlarged(regions.expected(self.velocity, seen))

    def drawn(self, mean: Tensor, seen: Seen, noise: Tensor) -> Tensor:
        """ab in units of Lab, (M, 2, H / 2, W / 2), from noise (M, regions, 2).

        `mean` and `seen` are the output of `see`, for M photographs or for one that is drawn M
        times.
        """
        return mean + enlarged(regions.drawn(self.velocity, seen, noise, self.steps))

    def described(self, L_norm: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The regions of one photograph, and the decoder's features in each.

        Parameters
        ----------
        L_norm : Tensor, shape (1, 1, H, W)
            In [-1, 1]; sides are multiples of 32.

        Returns
        -------
        share : Tensor, shape (H / 4, W / 4, regions)
            Of each place, how much of it is of each region.
        features : Tensor, shape (regions, C)
            Of length 1; each level of the decoder counts alike.
        light : Tensor, shape (regions,)
            L_norm.
        """
        half, *levels = self.mean.levels(L_norm)
        mean = torch.tanh(self.mean.head(half)) * AB_MAX
        coarse = avg_pool2d(mean, SHRINK // 2) / AWAY
        size = coarse.shape[2:]
        share = self.regions(L_norm, coarse, levels)[0][0]  # (places, regions)
        of = (share / (share.sum(dim=0) + 1e-3)).T
        maps = [normalize(interpolate(m, size=size, mode="bilinear"), dim=1) for m in levels[1:]]
        seen = torch.cat(maps, dim=1)[0].flatten(1)  # (C, places)
        light = adaptive_avg_pool2d(L_norm, (size[0], size[1])).flatten()
        return share.unflatten(0, tuple(size)), normalize(of @ seen.T, dim=1), of @ light

    def likely(self, L_norm: Tensor) -> Tensor:
        """As `PhotoNet.likely`: what the mean was trained beside."""
        return self.mean.likely(L_norm)

    def predict(self, L_norm: Tensor, seed: float = 0.0, vividness: float = 1.0) -> Tensor:
        """ab in units of Lab, shape (N, 2, H / 2, W / 2).

        Parameters
        ----------
        L_norm : Tensor, shape (N, 1, H, W)
            In [-1, 1]; sides are multiples of 32. N times the same picture is looked at once.
        seed : float
            0 is what is expected of each picture, with that of its mirror image. Whole numbers
            from 1 are a drawing each: picture i is drawn by seed + i.
        vividness : float
            In [0, 2], of what is drawn: scale of the noise; at 0 all seeds give the same, calmest
            colouring.

        Raises
        ------
        ValueError
            If an option is out of range, or a vividness is given for what is expected.
        """
        if not seed:
            if vividness != 1:
                raise ValueError(
                    f"vividness is {vividness:g}, but seed 0 is the average, which has none: give "
                    "a seed from 1 on, or turn the saturation."
                )
            straight, mirrored = self.expect(torch.cat([L_norm, L_norm.flip(-1)])).chunk(2)
            return (straight + mirrored.flip(-1)) * (self.bold / 2)
        count = len(L_norm)
        if (L_norm == L_norm[:1]).all():
            L_norm = L_norm[:1]
        mean, seen = self.see(L_norm)
        noise = regions.noise_of(seed, count, seen.share.shape[2], self.calm, vividness)
        return self.drawn(mean, seen, noise.to(L_norm.device)) * self.gain
