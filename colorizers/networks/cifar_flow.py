"""CIFAR-10's colours drawn instead of averaged: a rectified flow over what the classifier sees.

The classifier's U-Net has learned where the sky is and what may be a frog; its features, frozen,
are the eyes, and its weights are not stored twice: the card names them by their SHA-256. The flow
alone is trained (`train.flow`) and kept.

References
----------
See :mod:`colorizers.networks.flow` and :mod:`colorizers.networks.classification`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from colorizers.errors import WeightsError
from colorizers.networks import registry
from colorizers.networks.base import Network
from colorizers.networks.checkpoint import read_card, restore
from colorizers.networks.flow import AB_SCALE, WHITE, Velocity, draw, noise_of
from colorizers.networks.unet import UNet

EYE = "classification"
WIDTHS = (64, 96, 128)
"""Channels of the flow at 16, 8 and 4 pixels a side."""
STEPS = 4
"""Of Heun's method: seven questions to the network."""
MOST_VIVID = 2.0


class Sampler(Network):
    """Colours of a small grey picture, drawn.

    Parameters
    ----------
    widths : sequence of int
        Of the flow, see `Velocity`.
    calm : float
        Scale of the noise at vividness 1; the training's is 1.
    eye : str, optional
        SHA-256 of the classifier's weights that it was trained with; the committed ones' if
        left out.
    noise : str
        Of `flow.NOISES`: what it was trained to start from.

    Raises
    ------
    WeightsError
        If the committed classifier is missing, or another one.
    """

    mirror = False

    def __init__(
        self,
        widths: Sequence[int] = WIDTHS,
        calm: float = 1.0,
        eye: str | None = None,
        noise: str = WHITE,
    ) -> None:
        super().__init__()
        body, card = _open_eye()
        self.eye_sha256: str = card["weights"]["sha256"]
        if eye not in (None, self.eye_sha256):
            raise WeightsError(
                f"flow was trained with the {EYE} {eye[:12]}..., but here is {EYE} "
                f"{self.eye_sha256[:12]}...: restore it, or train again: python -m train.flow"
            )
        self._eye = (body,)  # in a tuple, so that its weights are not taken for the flow's
        fine, *coarse = body.widths[: len(widths) + 1]
        self.velocity = Velocity((fine + 1, *coarse), widths)
        self.calm, self.noise = calm, noise
        self.options = {"seed": 0.0, "vividness": 1.0}

    def see(self, L_norm: Tensor) -> list[Tensor]:
        """What the flow looks at, from the full size of L_norm (N, 1, H, W) down."""
        eye = self._eye[0].to(L_norm.device)
        fine, *coarse = eye.levels(L_norm)[: len(self.velocity.see) + 1]
        return [torch.cat([fine, L_norm.to(fine.dtype)], dim=1), *coarse]

    def predict(self, L_norm: Tensor, seed: float = 0.0, vividness: float = 1.0) -> Tensor:
        """ab in units of Lab, shape (N, 2, H, W).

        Parameters
        ----------
        L_norm : Tensor, shape (N, 1, H, W)
            In [-1, 1].
        seed : float
            A whole number from 0; each is another colouring. Picture i is drawn by seed + i.
        vividness : float
            In [0, 2]: scale of the noise; at 0 all seeds give the same, calmest colouring.

        Raises
        ------
        ValueError
            If an option is out of range.
        """
        if not 0 <= vividness <= MOST_VIVID:
            raise ValueError(f"vividness is {vividness:g}; it must be from 0 to {MOST_VIVID:g}.")
        shape = (len(L_norm), 2, *L_norm.shape[2:])
        noise = noise_of(seed, shape, self.noise).to(L_norm.device)
        seen = self.velocity.prepare(self.see(L_norm))
        return draw(self.velocity, noise * (self.calm * vividness), seen, STEPS) * AB_SCALE


def _open_eye() -> tuple[UNet, dict[str, Any]]:
    """The committed classifier's U-Net, frozen, and the classifier's card."""
    card = read_card(EYE)
    network: Any = registry.network_of(card)
    restore(EYE, network)
    body: UNet = network.body.eval().requires_grad_(False)
    return body.to(memory_format=torch.channels_last), card  # type: ignore[call-overload]
