"""Colorizers: trained networks that give grey photographs their colours back.

    >>> import colorizers
    >>> colorizers.names()
    ('photo', 'classification', 'gan', 'flow', 'cvae')
    >>> colorizers.cifar10_names(controls=True)
    ('regression', 'classification', 'gan', 'flow', 'cvae')

`load(name)` gives a `Colorizer`; call it with a PIL image of any size, or its `predict_ab`
with L at the network's own size. PyTorch is imported when the first one is loaded.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from colorizers.errors import ImageError, WeightsError
from colorizers.networks import registry
from truehue import TrueHueError

if TYPE_CHECKING:
    from colorizers.networks.base import Colorizer

__all__ = ["ImageError", "TrueHueError", "WeightsError", "cifar10_names", "load", "names"]


def names() -> tuple[str, ...]:
    """The names of the colorizers for use, in the order in which a page shows them."""
    return registry.names(registry.PHOTOGRAPHS, registry.CIFAR10)


def cifar10_names(*, controls: bool = False) -> tuple[str, ...]:
    """The names of those that learned from CIFAR-10, in the order in which tables show them.

    Parameters
    ----------
    controls : bool
        Name the controls too: networks that exist to be compared with, not to be used.
    """
    return registry.names(registry.CIFAR10, registry.CONTROL if controls else registry.CIFAR10)


@functools.cache
def load(name: str) -> Colorizer:
    """The colorizer of this name with its committed weights; loaded once, then shared.

    Raises
    ------
    ValueError
        If there is no such name.
    colorizers.errors.WeightsError
        If its weights are missing or damaged.
    """
    known = (*names(), *registry.names(registry.CONTROL))
    if name not in known:
        raise ValueError(f"There is no colorizer {name!r}; there are {', '.join(known)}.")
    return registry.load(name)
