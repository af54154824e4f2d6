"""Colorizers: trained networks that give grey photographs their colours back.

    >>> import colorizers
    >>> colorizers.names()
    ('photo', 'classification', 'gan')
    >>> colorizers.cifar10_names(controls=True)
    ('regression', 'classification', 'gan')

`load(name)` gives a `Colorizer`; call it with a PIL image of any size, or its `predict_ab`
with L at the network's own size. PyTorch is imported when the first one is loaded.
"""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colorizers.networks.base import Colorizer

__all__ = ["cifar10_names", "load", "names"]

_PHOTOGRAPHS = ("photo",)
_CIFAR10 = ("classification", "gan")
_CONTROLS = ("regression",)


def names() -> tuple[str, ...]:
    """The names of the colorizers for use, in the order in which a page shows them."""
    return (*_PHOTOGRAPHS, *_CIFAR10)


def cifar10_names(*, controls: bool = False) -> tuple[str, ...]:
    """The names of those that learned from CIFAR-10, in the order in which tables show them.

    Parameters
    ----------
    controls : bool
        Name the controls too: networks that exist to be compared with, not to be used.
    """
    return (*_CONTROLS, *_CIFAR10) if controls else _CIFAR10


@functools.cache
def load(name: str) -> Colorizer:
    """The colorizer of this name with its committed weights; loaded once, then shared.

    Raises
    ------
    ValueError
        If there is no such name.
    colorizers.networks.checkpoint.WeightsError
        If its weights are missing or damaged.
    """
    known = (*names(), *_CONTROLS)
    if name not in known:
        raise ValueError(f"There is no colorizer {name!r}; there are {', '.join(known)}.")
    module = importlib.import_module(f".networks.{name}", __package__)
    return module.load()
