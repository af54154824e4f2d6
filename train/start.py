"""Weights to start a training from, so that none begins with what another has done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from colorizers.networks import checkpoint
from colorizers.networks.classification import Classifier
from colorizers.networks.gan import Generator
from colorizers.networks.registry import network_of

from .run import RunError


def start_from(name: str, module: Generator | Classifier) -> dict[str, Any]:
    """Load committed weights, or those in the folder of a run, into a network.

    From a network of the same kind everything is taken, from another kind the U-Net.

    Parameters
    ----------
    name : str
        "none" for random weights; "classification", "regression" or "gan" for committed ones;
        RUN/NAME for those that a run left in its folder.
    module : Generator or Classifier

    Returns
    -------
    dict
        For the card, see `origin`; empty for random ones.

    Raises
    ------
    RunError
        If the weights are of other widths.
    colorizers.errors.WeightsError
        If there are none.
    """
    if name == "none":
        return {}
    folder = Path(name).parent if "/" in name else checkpoint.FOLDER
    method = Path(name).name
    card = checkpoint.read_card(method, folder=folder)
    widths = card["network"]["widths"]
    if list(module.widths) != widths:
        raise RunError(
            f"--widths is {list(module.widths)}, but {name} to start from has {widths}; "
            "give the same, or --start none."
        )
    giver = network_of(card)
    checkpoint.restore(method, giver, folder=folder)
    if type(giver) is type(module):
        module.load_state_dict(giver.state_dict())
    else:
        module.body.load_state_dict(giver.get_submodule("body").state_dict())
    return origin(method, card)


def origin(name: str, card: dict[str, Any]) -> dict[str, Any]:
    """What a card says of the weights that its training started from, back to the first ones.

    Examples
    --------
    >>> first = {"weights": {"sha256": "0"}, "hours": 1.0, "command": "first", "data": "cats"}
    >>> second = {"weights": {"sha256": "1"}, "hours": 0.5, "command": "second"}
    >>> found = origin("gan", second | origin("gan", first))["start"]
    >>> found["command"], found["hours"], found["start"]["command"], found["start"]["hours"]
    ('second', 1.5, 'first', 1.0)
    >>> found["start"]["data"]
    'cats'
    """
    before = card.get("start", {})
    start = {
        "name": name,
        "sha256": card["weights"]["sha256"],
        "hours": round(card["hours"] + before.get("hours", 0.0), 2),
    }
    start |= {key: card[key] for key in ("command", "data") if key in card}
    start |= {"start": before} if before else {}
    return {"start": start}
