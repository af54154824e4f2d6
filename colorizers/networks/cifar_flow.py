"""CIFAR-10's colours drawn instead of averaged: a step away from the mean for each region.

The classifier's U-Net has learned where the sky is and what may be a frog; its features, frozen,
are the eyes, and the mean of what it holds possible is where the flow starts out. Its weights are
not stored twice: the card names them by their SHA-256. Regions and flow alone are trained
(`train.flow`) and kept.

References
----------
See :mod:`colorizers.networks.regions` and :mod:`colorizers.networks.classification`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from colorizers.errors import WeightsError
from colorizers.networks import regions, registry
from colorizers.networks.base import Network
from colorizers.networks.bins import annealed_mean
from colorizers.networks.checkpoint import read_card, restore
from colorizers.networks.classification import Classifier
from colorizers.networks.flow import Steps
from colorizers.networks.regions import AWAY, GRID, Regions, Seen

EYE = "classification"
WIDTH, DEPTH = 128, 4
STEPS = 4
"""Of Heun's method: seven questions to a small network."""


class Eyed(Network):
    """What draws colours for regions has: the classifier's eyes, frozen, and the regions.

    Parameters
    ----------
    name : str
        Of the method.
    grid : int
        See `Regions`.
    eye : str, optional
        SHA-256 of the classifier's weights that it was trained with; the committed ones' if
        left out.

    Attributes
    ----------
    seen : tuple of int
        Channels of what the eyes see, see `Regions`.

    Raises
    ------
    WeightsError
        If the committed classifier is missing, or another one.
    """

    mirror = False

    def __init__(self, name: str, grid: int, eye: str | None) -> None:
        super().__init__()
        classifier, card = _open_eye()
        self.eye_sha256: str = card["weights"]["sha256"]
        if eye not in (None, self.eye_sha256):
            raise WeightsError(
                f"{name} was trained with the {EYE} {eye[:12]}..., but here is {EYE} "
                f"{self.eye_sha256[:12]}...: restore it, or train again: python -m train.{name}"
            )
        self._eye = (classifier,)  # in a tuple, so that its weights are not taken for its own
        self.seen = tuple(classifier.widths)
        self.regions = Regions(self.seen, grid)

    def eye(self, L_norm: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The mean (N, 2, H, W), ab over `AWAY`, and the features of L_norm (N, 1, H, W)."""
        classifier = self._eye[0].to(L_norm.device)
        levels = classifier.body.levels(L_norm)
        return annealed_mean(classifier.head(levels[0]).float(), 1.0) / AWAY, levels

    def see(self, L_norm: Tensor) -> Seen:
        """Look at pictures, L_norm (N, 1, H, W) in [-1, 1]."""
        return regions.look(self.regions, L_norm, *self.eye(L_norm))


class Sampler(Eyed):
    """Colours of a small grey picture, drawn by a rectified flow.

    Parameters
    ----------
    grid : int
        See `Regions`.
    width, depth : int
        See `Steps`.
    calm : float
        Scale of the regions' own noise at vividness 1; the training's is 1.
    eye : str, optional
        See `Eyed`.
    """

    def __init__(
        self,
        grid: int = GRID,
        width: int = WIDTH,
        depth: int = DEPTH,
        calm: float = 1.0,
        eye: str | None = None,
    ) -> None:
        super().__init__("flow", grid, eye)
        self.velocity = Steps(regions.channels(self.seen), self.seen[-1], width, depth)
        self.calm = calm
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
            In [0, 2]: scale of the noise; at 0 all seeds give the same, calmest colouring.

        Raises
        ------
        ValueError
            If an option is out of range.
        """
        seen = self.see(L_norm)
        noise = regions.noise_of(seed, len(L_norm), seen.share.shape[2], self.calm, vividness)
        noise = noise.to(L_norm.device)
        return seen.mean * AWAY + regions.drawn(self.velocity, seen, noise, STEPS)


def _open_eye() -> tuple[Classifier, dict[str, Any]]:
    """The committed classifier, frozen, and its card."""
    card = read_card(EYE)
    network: Any = registry.network_of(card)
    restore(EYE, network)
    eye: Classifier = network.eval().requires_grad_(False)
    return eye.to(memory_format=torch.channels_last), card  # type: ignore[call-overload]
