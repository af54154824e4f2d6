"""The critic of photographs that looks with the eyes of a network trained on ImageNet.

A critic that learns everything from the photographs at hand judges small patches, and asks for
variety in them: red and green spots on one wooden table. This one has learned before what hair,
wood and grass look like in colour, so it can tell that a colour is wrong for the thing. Its eyes
are EfficientNet-Lite1, frozen; only small heads on four of its levels are trained.

Lite1 and not Lite0, as Lite0 is the evaluation's ruler (`train.features`): a generator that is
trained against a ruler gets better by it than it is. Both learned from the same photographs, so
Fréchet distances on Lite0 may favour what was trained with this critic, too.

References
----------
Sauer, Chitta, Müller, Geiger: Projected GANs Converge Faster, NeurIPS 2021.
Miyato, Kataoka, Koyama, Yoshida: Spectral Normalization, ICLR 2018.
"""

from __future__ import annotations

from typing import Any

import torch
from kornia.color import lab_to_rgb
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.parametrizations import spectral_norm

from colorizers.color import AB_MAX, L_HALF

from .features import lite1

LEVELS = {1: 24, 2: 40, 4: 112, 6: 320}
"""Block of EfficientNet-Lite1 -> its channels: at 1/4, 1/8, 1/16 and 1/32 of the side."""
HIDDEN = 64


class FeatureCritic(nn.Module):
    """Scores of coloured photographs, above 0 for what looks like their own colours.

    Its parameters are those of the heads alone.

    Parameters
    ----------
    hidden : int
        Channels of each head.
    """

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(
                spectral_norm(nn.Conv2d(channels, hidden, 1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(hidden, hidden, 3, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(hidden, 1, 1)),
            )
            for channels in LEVELS.values()
        )

    def forward(self, L_norm: Tensor, ab_norm: Tensor) -> list[Tensor]:
        """Scores at every level, each of shape (N, 1, h, w).

        Parameters
        ----------
        L_norm : Tensor, shape (N, 1, H, W)
            In [-1, 1].
        ab_norm : Tensor, shape (N, 2, H', W')
            In [-1, 1]; enlarged to the size of L.
        """
        eyes: Any = lite1().to(L_norm.device)
        x = eyes.bn1(eyes.conv_stem(2 * to_rgb(L_norm, ab_norm) - 1))
        scores = []
        heads = iter(self.heads)
        for position, block in enumerate(eyes.blocks):
            x = block(x)
            if position in LEVELS:
                scores.append(next(heads)(x))
        return scores


def to_rgb(L_norm: Tensor, ab_norm: Tensor) -> Tensor:
    """sRGB in [0, 1], shape (N, 3, H, W), through which gradients flow back to ab.

    Examples
    --------
    >>> rgb = to_rgb(torch.zeros(1, 1, 4, 4), torch.zeros(1, 2, 2, 2))  # L is 50
    >>> [round(value, 2) for value in rgb[0, :, 0, 0].tolist()]
    [0.47, 0.47, 0.47]
    """
    ab = interpolate(ab_norm.float(), size=L_norm.shape[2:], mode="bilinear")
    rgb: Tensor = lab_to_rgb(torch.cat([(L_norm.float() + 1) * L_HALF, ab * AB_MAX], dim=1))
    return rgb
