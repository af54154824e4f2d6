"""What everything around a network needs of it; `colorizers.networks.base.Colorizer` is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Described(NamedTuple):
    """The regions that a network finds in a photograph, and what it sees in each.

    Attributes
    ----------
    share : ndarray of float32, shape (rows, columns, regions)
        Of each place, how much of it is of each region; the sum is 1.
    features : ndarray of float32, shape (regions, C)
        Of length 1.
    light : ndarray of float32, shape (regions,)
        L_norm in [-1, 1].
    """

    share: NDArray[np.float32]
    features: NDArray[np.float32]
    light: NDArray[np.float32]


class Predictor(Protocol):
    """Colours for small views of L.

    Attributes
    ----------
    name, title : str
        As in `colorizers.names()`, and for people.
    size : int
        Height and width of the L that it takes; of one that takes any shape, the short side.
    shape : callable or None
        Of one that takes more than one square: height and width of a photograph -> height and
        width of the L that it is to see of it.
    options : dict
        What `predict_ab` takes by keyword, with its defaults.
    first_seed : int
        Of one with a `seed`: the first that draws; what is below is no drawing.
    card : dict
        Where its weights come from.
    """

    name: str
    title: str
    size: int
    shape: Callable[[int, int], tuple[int, int]] | None
    options: dict[str, float]
    first_seed: int
    card: dict[str, Any]

    def predict_ab(self, L: NDArray[np.float32], **options: float) -> NDArray[np.float32]:
        """ab (N, H, W, 2) in units of Lab for L (N, H, W) in [0, 100]; see `Colorizer`."""

    def likely(self, L: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """How likely each bin is where, (rows, columns, 313), or None; see `Colorizer`."""

    def described(self, L: NDArray[np.float32]) -> Described | None:
        """The regions of L (rows, columns), or None if it finds none; see `Colorizer`."""
