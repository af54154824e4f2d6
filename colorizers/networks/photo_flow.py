"""A colouring of a photograph drawn at random: `PhotoNet`'s mean, and a flow over what it saw.

The flow draws how far the colours are from the mean, so that it need not learn the mean again.

Weights of the method "photo" are of such a network, or of a mean alone: `of_card` knows.

References
----------
See :mod:`colorizers.networks.flow` and :mod:`colorizers.networks.photo`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pixel_unshuffle

from colorizers.color import AB_MAX
from colorizers.networks.base import Network
from colorizers.networks.flow import AB_SCALE, Velocity, draw, noise_of
from colorizers.networks.photo import ENCODER, SIDE, WIDTHS, PhotoNet, shape

SHRINK = 4
"""A drawn grid of colours is this much smaller than L."""
FLOW_WIDTHS = (64, 160, 224)
AWAY = 15.0
"""Units of ab that are 1 to the flow: how far colours are from the mean, about."""
STEPS = 3
"""Of Heun's method: five questions to the flow."""
MOST_VIVID = 2.0


def of_card(**network: Any) -> Network:
    """The network for photographs that a card describes: one that draws, or the mean alone."""
    return PhotoFlow(**network) if "flow_widths" in network else PhotoNet(**network)


def coarse(mean: Tensor) -> Tensor:
    """A mean (N, 2, H / 2, W / 2) at the size at which the flow draws; it learns nothing by it."""
    return avg_pool2d(mean.detach(), SHRINK // 2)


class PhotoFlow(Network):
    """Colours of a grey photograph: the mean, or drawn around it.

    Parameters
    ----------
    encoder : str
    widths : sequence of int
    vividness : float
        Of `PhotoNet`, whose answer the mean is; what is drawn is multiplied by it, too.
    flow_widths : sequence of int
        Of `Velocity`, at 1/8 to 1/32 of the size.
    calm : float
        Scale of the noise's patches at vividness 1; the training's is 1. What one drawing of a
        picture has as a whole is not calmed, or all would end near the likeliest, which is grey.
    guidance : float
        See `colorizers.networks.flow.draw`, at vividness 1.
    steps : int
        Of Heun's method.

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
        flow_widths: Sequence[int] = FLOW_WIDTHS,
        calm: float = 1.0,
        guidance: float = 1.0,
        steps: int = STEPS,
        vividness: float = 1.0,
    ) -> None:
        super().__init__()
        self.options = {"seed": 0.0, "vividness": 1.0}
        self.calm, self.guidance, self.steps = calm, guidance, steps
        self.mean = PhotoNet(encoder, widths, vividness=vividness)
        low, middle, fine = widths[:3]
        last = self.mean.deepest
        self.velocity = Velocity((fine + SHRINK**2 + 2, middle, low, last), flow_widths)

    def see(self, L_norm: Tensor) -> tuple[Tensor, list[Tensor]]:
        """What the flow looks at, and the mean.

        Parameters
        ----------
        L_norm : Tensor, shape (N, 1, H, W)
            In [-1, 1]; sides are multiples of 32.

        Returns
        -------
        mean : Tensor, shape (N, 2, H / 2, W / 2)
            ab_norm.
        seen : list of Tensor
            At 1/4 to 1/32 of the size.
        """
        return self.shown(L_norm, self.mean.levels(L_norm))

    def shown(self, L_norm: Tensor, levels: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """As `see`, of what `PhotoNet.levels` gave for L_norm."""
        half, fine, *rest = levels
        mean = torch.tanh(self.mean.head(half))
        shown = coarse(mean) * (AB_MAX / AB_SCALE)
        fine = torch.cat([fine, pixel_unshuffle(L_norm, SHRINK).to(shown), shown], dim=1)
        return mean, [fine, *rest]

    def draw(
        self, L_norm: Tensor, noise: Tensor, steps: int | None = None, guidance: float = 1.0
    ) -> Tensor:
        """ab in units of Lab, (N, 2, H / 2, W / 2), from noise (N, 2, H / 4, W / 4).

        Of one picture, (1, 1, H, W), several are drawn at once, looking at it once.
        """
        mean, seen = self.see(L_norm)
        seen = [maps.expand(len(noise), -1, -1, -1) for maps in self.velocity.prepare(seen)]
        away = draw(self.velocity, noise, seen, steps or self.steps, guidance) * AWAY
        return mean.float() * AB_MAX + interpolate(
            away, scale_factor=2.0, mode="bilinear", align_corners=False
        )

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
            0 is the mean of each picture, with that of its mirror image. Whole numbers from 1
            are a drawing each: picture i is drawn by seed + i.
        vividness : float
            In [0, 2], of what is drawn: scale of noise and guidance; at 0 all seeds give the
            same, calmest colouring.

        Raises
        ------
        ValueError
            If an option is out of range, or a vividness is given for the mean.
        """
        if not 0 <= vividness <= MOST_VIVID:
            raise ValueError(f"vividness is {vividness:g}; it must be from 0 to {MOST_VIVID:g}.")
        if not seed:
            if vividness != 1:
                raise ValueError(
                    f"vividness is {vividness:g}, but seed 0 is the mean, which has none: give a "
                    "seed from 1 on, or turn the saturation."
                )
            straight, mirrored = self.mean.predict(torch.cat([L_norm, L_norm.flip(-1)])).chunk(2)
            return (straight.float() + mirrored.float().flip(-1)) / 2
        count, _, height, width = L_norm.shape
        whole = min(1.0, vividness)
        patches = min(1.0, self.calm * vividness) / max(whole, 1e-6)
        size = (count, 2, height // SHRINK, width // SHRINK)
        noise = whole * noise_of(seed, size, patches=patches).to(L_norm.device)
        if (L_norm == L_norm[:1]).all():
            L_norm = L_norm[:1]
        drawn = self.draw(L_norm, noise, guidance=1 + (self.guidance - 1) * vividness)
        return drawn * self.mean.vividness
