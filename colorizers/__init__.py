"""Colorizers: trained networks that give grey photographs their colours back.

    >>> import colorizers
    >>> colorizers.names()
    ('classification', 'gan')
    >>> colorizers.names(controls=True)
    ('regression', 'classification', 'gan')

`load(name)` gives a `Colorizer`; call it with a PIL image of any size, or its `predict_ab`
with L at the network's own size. PyTorch is imported when the first one is loaded.
"""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Colorizer

__all__ = ["load", "names"]

_NAMES = ("classification", "gan")
_CONTROLS = ("regression",)


def names(*, controls: bool = False) -> tuple[str, ...]:
    """The names that `load` knows, in the order in which tables show them.

    Parameters
    ----------
    controls : bool
        Name the controls too: networks that exist to be compared with, not to be used.
    """
    return (*_CONTROLS, *_NAMES) if controls else _NAMES


@functools.cache
def load(name: str) -> Colorizer:
    """The colorizer of this name with its committed weights; loaded once, then shared.

    Raises
    ------
    ValueError
        If there is no such name.
    colorizers.checkpoint.WeightsError
        If its weights are missing or damaged.
    """
    if name not in names(controls=True):
        known = ", ".join(names(controls=True))
        raise ValueError(f"There is no colorizer {name!r}; there are {known}.")
    module = importlib.import_module(f".{name}", __package__)
    return module.load()
