"""What every colorizer can do, whatever its network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from colorizers.color import L_HALF
from colorizers.painting.predict import Progress, colorize, resize
from colorizers.painting.predictor import Described

if TYPE_CHECKING:
    from PIL import Image

Float = NDArray[np.float32]

BATCH = 8
"""Pictures at once, each with its mirror image: the distributions of so many over the bins, 20 MB,
stay near the processor."""


def bfloat16_is_fast() -> bool:
    """Whether this processor multiplies bfloat16 natively: AVX-512 BF16 or AMX."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


class Network(nn.Module):
    """What every network here has: a size that it sees, and options of how it is asked.

    A subclass is called with what its card says under `network`, and has a method `predict`:
    L_norm of shape (N, 1, H, W) in [-1, 1], and the options by keyword -> ab in units of Lab.

    Attributes
    ----------
    size : int
        Height and width of the L that it sees; of one that takes any shape, the short side.
    shape : callable or None
        Of one that takes more than one square, see `Colorizer`.
    options : dict
        The options of `predict` with their defaults; a page turns the first one.
    mirror : bool
        Whether the mean with the mirror image's answer is better than the answer: not where
        answers are drawn, as the mean of two drawings is none.
    first_seed : int
        Of one with a `seed`: the first that draws.
    """

    size: int = 32
    mirror: bool = True
    first_seed: int = 0
    shape: Callable[[int, int], tuple[int, int]] | None = None
    predict: Callable[..., Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.options: dict[str, float] = {}


def ready(network: Network, card: dict[str, Any]) -> Colorizer:
    """A network as a colorizer, as fast as this processor lets it be.

    bfloat16 takes a third of the time where the processor has it, and moves ab by 0.03 on
    average (docs/LOG.md).

    Parameters
    ----------
    network : Network
        Put into evaluation mode and channels-last.
    card : dict
        Of its weights; its name and title are the colorizer's.
    """
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    fast = bfloat16_is_fast()

    def predict(L_norm: Tensor, **options: float) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast):
            return network.predict(L_norm.contiguous(memory_format=torch.channels_last), **options)

    return Colorizer(
        card["name"], card["title"], network.size, card, predict, network.options, network.shape,
        network.mirror, getattr(network, "likely", None), network.first_seed,
        getattr(network, "described", None),
    )  # fmt: skip


class Colorizer:
    """A trained network, ready to use: `colorizers.load(name)` makes it.

    Parameters
    ----------
    name : str
        Short name, as in `colorizers.names()`.
    title : str
        Name for people.
    size : int
        Height and width of the L that the network sees; of a network that takes any, its short
        side.
    card : dict
        The card of its weights.
    predict : callable
        L_norm of shape (N, 1, size, size) in [-1, 1] -> ab of shape (N, 2, size, size) in units
        of Lab; takes the options in `options` by keyword.
    options : dict
        Options of this method with their defaults, such as {"temperature": 0.38}.
    shape : callable, optional
        Of a network that takes more than one square: height and width of a photograph -> height
        and width of the L that the network is to see of it. Its ab may be smaller than its L.
    mirror : bool
        Whether its answer is the mean with that to the mirror image; see `Network`.
    likely : callable, optional
        Of one that knows how likely each of the 313 bins is, see `PhotoNet.likely`.
    first_seed : int
        Of one with a `seed`: the first that draws; what is below is no drawing.
    described : callable, optional
        Of one that finds regions, see `PhotoFlow.described`.
    """

    def __init__(
        self,
        name: str,
        title: str,
        size: int,
        card: dict[str, Any],
        predict: Callable[..., Tensor],
        options: dict[str, float] | None = None,
        shape: Callable[[int, int], tuple[int, int]] | None = None,
        mirror: bool = True,
        likely: Callable[[Tensor], Tensor] | None = None,
        first_seed: int = 0,
        described: Callable[[Tensor], tuple[Tensor, Tensor, Tensor]] | None = None,
    ) -> None:
        self.name = name
        self.title = title
        self.size = size
        self.card = card
        self.options = options or {}
        self.shape = shape
        self.mirror = mirror
        self.first_seed = first_seed
        self._predict = predict
        self._likely = likely
        self._described = described

    def predict_ab(self, L: Float, **options: float) -> Float:
        """Colours for the L of pictures at the network's own size.

        Parameters
        ----------
        L : ndarray of float32, shape (N, size, size)
            In [0, 100]; with `shape`, of a shape (N, height, width) that it gives.
        **options : float
            Options of this method; see `options`.

        Returns
        -------
        ndarray of float32, shape (N, size, size, 2)
            ab in units of Lab; with `shape`, at the size of the network's answer. With `mirror`,
            the mean of the answers to the picture and to its mirror image (docs/LOG.md has what
            that gains). Without, where there is a `seed`, picture i is drawn by seed + i.

        Raises
        ------
        ValueError
            If the shape is not (N, size, size) or an option is unknown or out of range.
        """
        L = np.asarray(L, np.float32)
        side = (self.size, self.size)
        if L.ndim != 3 or L.shape[1:] != (self.shape(*L.shape[1:]) if self.shape else side):
            raise ValueError(f"L has shape {L.shape}; {self.name} needs (N, {side[0]}, {side[1]}).")
        unknown = sorted(set(options) - set(self.options))
        if unknown:
            raise ValueError(
                f"{self.name} has no option {unknown[0]!r}; it has "
                f"{sorted(self.options) or 'none'}."
            )
        parts = []
        with torch.inference_mode():
            for start in range(0, len(L), BATCH):
                part = torch.from_numpy(L[start : start + BATCH])[:, None]  # (n, 1, size, size)
                L_norm = part / L_HALF - 1
                if self.mirror:
                    straight, mirrored = self._both(L_norm, self.options | options)
                    ab = (straight + mirrored.flip(-1)) / 2
                else:
                    asked = self.options | options
                    if asked.get("seed", -1.0) >= self.first_seed:  # each its own drawing
                        asked["seed"] += start
                    ab = self._predict(L_norm, **asked).float()
                parts.append(ab.permute(0, 2, 3, 1).numpy())
        return np.concatenate(parts)

    def likely(self, L: Float) -> Float | None:
        """How likely each of the 313 bins is in every place of one picture.

        Parameters
        ----------
        L : ndarray of float32, shape (height, width)
            In [0, 100], of any size.

        Returns
        -------
        ndarray of float32, shape (rows, columns, 313), or None
            In [0, 1], spanning the whole picture; None if the network does not know.
        """
        if self._likely is None or self.shape is None:
            return None
        rows, columns = self.shape(*L.shape)
        view = torch.from_numpy(resize(L, columns, rows).clip(0.0, 2 * L_HALF))
        with torch.inference_mode():
            found = self._likely(view[None, None] / L_HALF - 1)[0]  # (313, rows, columns)
        return found.permute(1, 2, 0).numpy()

    def described(self, L: Float) -> Described | None:
        """The regions of one picture, and the network's features in each.

        Parameters
        ----------
        L : ndarray of float32, shape (height, width)
            In [0, 100], of any size.

        Returns
        -------
        Described or None
            None if the network finds no regions.
        """
        if self._described is None or self.shape is None:
            return None
        rows, columns = self.shape(*L.shape)
        view = torch.from_numpy(resize(L, columns, rows).clip(0.0, 2 * L_HALF))
        with torch.inference_mode():
            found = self._described(view[None, None] / L_HALF - 1)
        return Described(*(part.numpy() for part in found))

    def _both(self, L_norm: Tensor, options: dict[str, float]) -> tuple[Tensor, Tensor]:
        """The answers to pictures, and to their mirror images."""
        views = L_norm, L_norm.flip(-1)
        if "seed" in options:  # two calls, so that what it draws is the same in both
            straight, mirrored = (self._predict(view, **options) for view in views)
        else:  # one call takes a third less of the time (docs/LOG.md)
            straight, mirrored = self._predict(torch.cat(views), **options).chunk(2)
        return straight.float(), mirrored.float()

    def __call__(
        self,
        image: Image.Image,
        *,
        saturation: float = 1.0,
        warmth: float = 0.0,
        progress: Progress | None = None,
        **options: float,
    ) -> Image.Image:
        """Colorize a photograph of any size; the result has its size and its L.

        See `colorizers.painting.predict.colorize`, which this calls: saturation is in [0, 2] and
        warmth in [-1, 1]; `progress` gets the share that is done and what is being done.
        """
        return colorize(
            self, image, saturation=saturation, warmth=warmth, progress=progress, **options
        )
