"""The U-Net that both CIFAR-10 colorizers share.

L goes in, a map of features at the same size comes out; each colorizer adds its own head.
Four halvings bring 32 x 32 down to 2 x 2, where every unit sees the whole picture: what is
sky and what is frog is decided there, and the skips say where it ends.

References
----------
Ronneberger, Fischer, Brox: U-Net, MICCAI 2015. Batch normalisation and strided convolutions
instead of pooling follow Radford, Metz, Chintala: DCGAN, ICLR 2016.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn


def conv_block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """3 x 3 convolution, batch norm, ReLU; (N, inputs, H, W) -> (N, outputs, H/s, W/s)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Features of a grey picture, at its own size.

    Parameters
    ----------
    widths : sequence of int
        Channels from full size downwards; each further entry halves the size.

    Examples
    --------
    >>> UNet((8, 16, 32))(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 8, 32, 32])
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        if len(widths) < 2:
            raise ValueError(f"widths is {tuple(widths)}; a U-Net needs at least two levels.")
        self.widths = tuple(widths)
        self.stem = conv_block(1, widths[0])
        self.down = nn.ModuleList(
            nn.Sequential(conv_block(above, below, stride=2), conv_block(below, below))
            for above, below in itertools.pairwise(widths)
        )
        # The features are narrowed before they are enlarged: a quarter of the work.
        self.narrow = nn.ModuleList(
            conv_block(below, above)
            for above, below in zip(widths[-2::-1], widths[:0:-1], strict=True)
        )
        self.join = nn.ModuleList(conv_block(2 * above, above) for above in widths[-2::-1])
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")

    @property
    def multiple(self) -> int:
        """Height and width must be multiples of this."""
        return int(2 ** (len(self.widths) - 1))

    def forward(self, L_norm: Tensor) -> Tensor:
        """Feature map at full resolution.

        Parameters
        ----------
        L_norm : Tensor, shape (N, 1, H, W)
            L / 50 - 1, in [-1, 1]; H and W multiples of `multiple`.

        Returns
        -------
        Tensor, shape (N, widths[0], H, W)
        """
        return self.levels(L_norm)[0]

    def levels(self, L_norm: Tensor) -> list[Tensor]:
        """The decoder's feature maps, full resolution first; each depends on the whole picture."""
        x: Tensor = self.stem(L_norm)
        skips = []
        for down in self.down:
            skips.append(x)
            x = down(x)  # (N, widths[i + 1], H / 2^(i + 1), W / 2^(i + 1))
        levels = [x]
        for narrow, join, skip in zip(self.narrow, self.join, reversed(skips), strict=True):
            x = join(torch.cat([self.enlarge(narrow(x)), skip], dim=1))
            levels.append(x)
        return levels[::-1]
