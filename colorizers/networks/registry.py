"""Every network of this project by name: a new one is a module beside this one and a row here.

A row says what a page needs to know of a method before any network is made, so nothing here
imports PyTorch before one is asked for. The class that it names is a `base.Network`, called with
what stands under `network` in the card of its weights, or a function that gives one.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from colorizers.networks.base import Colorizer, Network

PHOTOGRAPHS, CIFAR10, CONTROL = "photographs", "CIFAR-10", "control"
"""What a method is for: photographs; the pictures of CIFAR-10; to be compared with alone."""


class Method(NamedTuple):
    """What is known of a method by its name."""

    title: str
    kind: str
    network: str
    """Module in this folder and what is called in it."""


METHODS = {
    "photo": Method("Photographs", PHOTOGRAPHS, "photo_flow:of_card"),
    "regression": Method("L1 regression (control)", CONTROL, "gan:Generator"),
    "classification": Method(
        "Classification into 313 colours", CIFAR10, "classification:Classifier"
    ),
    "gan": Method("Conditional DCGAN", CIFAR10, "gan:Generator"),
    "flow": Method("Rectified flow", CIFAR10, "cifar_flow:Sampler"),
    "cvae": Method("Conditional VAE", CIFAR10, "cvae:Painter"),
}
"""In the order in which pages and tables show them."""

_OLDER = ("backbone", "size")
"""What older cards say beside the arguments of the class."""


def names(*kinds: str) -> tuple[str, ...]:
    """The methods of these kinds.

    Examples
    --------
    >>> names(CONTROL, CIFAR10)
    ('regression', 'classification', 'gan', 'flow', 'cvae')
    """
    return tuple(name for name, method in METHODS.items() if method.kind in kinds)


def network_of(card: dict[str, Any], kind: type[Network] | None = None) -> Network:
    """The network that a card describes, without its weights.

    Parameters
    ----------
    card : dict
    kind : type, optional
        Its class, of a method that is not in `METHODS`.
    """
    if kind is None:
        module, _, name = METHODS[card["name"]].network.partition(":")
        kind = getattr(importlib.import_module(f"{__package__}.{module}"), name)
    return kind(**{key: value for key, value in card["network"].items() if key not in _OLDER})


def load(name: str, folder: Path | None = None, kind: type[Network] | None = None) -> Colorizer:
    """The colorizer whose weights are in a folder.

    Parameters
    ----------
    name : str
        Stem of the weights and their card.
    folder : Path, optional
        The committed weights' by default.
    kind : type, optional
        See `network_of`.

    Raises
    ------
    colorizers.errors.WeightsError
        If the weights are missing or damaged.
    """
    from colorizers.networks.base import ready
    from colorizers.networks.checkpoint import FOLDER, read_card, restore

    folder = folder or FOLDER
    card = read_card(name, folder=folder)
    network = network_of(card, kind)
    restore(name, network, folder=folder)
    return ready(network, card)
