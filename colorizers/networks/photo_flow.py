"""A colouring of a photograph drawn at random: `PhotoNet`'s mean, and a flow over what it saw.

References
----------
See :mod:`colorizers.networks.flow` and :mod:`colorizers.networks.photo`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pixel_unshuffle

from colorizers.color import AB_MAX
from colorizers.networks.flow import AB_SCALE, Velocity, draw
from colorizers.networks.photo import ENCODER, WIDTHS, PhotoNet

SHRINK = 4
"""A drawn grid of colours is this much smaller than L."""
FLOW_WIDTHS = (96, 192, 256)


class PhotoFlow(nn.Module):
    """Colours of a grey photograph, drawn at a quarter of its size.

    Parameters
    ----------
    encoder : str
    widths : sequence of int
        Of `PhotoNet`.
    flow_widths : sequence of int
        Of `Velocity`, at 1/8 to 1/32 of the size.
    """

    def __init__(
        self,
        encoder: str = ENCODER,
        widths: Sequence[int] = WIDTHS,
        flow_widths: Sequence[int] = FLOW_WIDTHS,
    ) -> None:
        super().__init__()
        self.mean = PhotoNet(encoder, widths)
        coarse, middle, fine = widths[:3]
        last = self.mean.deepest
        self.velocity = Velocity((fine + SHRINK**2 + 2, middle, coarse, last), flow_widths)

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
        half, *levels = self.mean.levels(L_norm)
        mean = torch.tanh(self.mean.head(half))
        shown = avg_pool2d(mean.detach(), 2) * (AB_MAX / AB_SCALE)
        levels[0] = torch.cat([levels[0], pixel_unshuffle(L_norm, SHRINK).to(shown), shown], dim=1)
        return mean, levels

    def draw(self, L_norm: Tensor, noise: Tensor, steps: int = 4, guidance: float = 1.0) -> Tensor:
        """ab in units of Lab, (N, 2, H / 4, W / 4), from noise of that shape."""
        _, seen = self.see(L_norm)
        return draw(self.velocity, noise, self.velocity.prepare(seen), steps, guidance) * AB_SCALE
