"""A network between two others: the weights of one, moved a share of the way to the other's.

    python -m train.blend --first runs/regression/regression --second runs/gan/gan --share 0.8
    python -m train.blend --first runs/photo/photo --second runs/photo-2/photo --share 0.5

A training that starts from another network stays near it, so that the networks between the two
work, too. Against a critic: less colourful and closer to the truth towards the first, the
opposite towards the second. On fewer kinds of photographs: better on all others towards the
first, on those of the second training towards the second. `--share` is a dial that needs no
training; choose it on pictures that are no test pictures.

References
----------
Wang et al.: Deep Network Interpolation for Continuous Imagery Effect Transition, CVPR 2019.
Wortsman et al.: Robust fine-tuning of zero-shot models, CVPR 2022.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from colorizers.networks import checkpoint
from colorizers.networks.registry import METHODS, PHOTOGRAPHS, load, network_of
from truehue import TrueHueError

from . import data
from .options import option, parse
from .run import RunError, provenance
from .watch import Watch


@dataclass(frozen=True)
class Settings:
    """Which two, and how far from the first."""

    first: str = option("regression", "weights at a share of 0: committed ones, or RUN/NAME")
    second: str = option("runs/gan/gan", "weights at a share of 1: those of a finer training of it")
    share: float = option(0.8, "from 0 to 1")
    run: str = option("runs/blend", "folder for the result")
    commit_weights: bool = option(False, "write the result to colorizers/weights/")


def between(
    first: Mapping[str, Tensor], second: Mapping[str, Tensor], share: float
) -> dict[str, Tensor]:
    """Weights a share of the way from the first to the second; counters are the second's.

    Examples
    --------
    >>> between({"w": torch.zeros(1)}, {"w": torch.ones(1)}, 0.25)
    {'w': tensor([0.2500])}
    """
    return {
        name: value if not value.is_floating_point() else torch.lerp(first[name], value, share)
        for name, value in second.items()
    }


def blend(settings: Settings) -> tuple[nn.Module, dict[str, Any]]:
    """The network between the two, and the card of the second with both named.

    Raises
    ------
    RunError
        If the share is not from 0 to 1, or the two are different networks.
    colorizers.errors.WeightsError
        If weights are missing.
    """
    if not 0 <= settings.share <= 1:
        raise RunError(f"--share is {settings.share}; it must be from 0 to 1.")
    parents, cards = [], []
    for name in (settings.first, settings.second):
        folder = Path(name).parent if "/" in name else checkpoint.FOLDER
        card = checkpoint.read_card(Path(name).name, folder=folder)
        network = network_of(card)
        checkpoint.restore(Path(name).name, network, folder=folder)
        parents.append(network)
        cards.append(card)
    shapes = [{key: value.shape for key, value in p.state_dict().items()} for p in parents]
    if shapes[0] != shapes[1]:
        raise RunError(f"{settings.first} and {settings.second} are different networks.")
    blended = parents[1]
    blended.load_state_dict(
        between(parents[0].state_dict(), parents[1].state_dict(), settings.share)
    )
    named = [
        {
            "name": card["name"], "sha256": card["weights"]["sha256"], "hours": card["hours"],
            "command": card["command"], "commit": card["commit"],
        }
        for card in cards
    ]  # fmt: skip
    card = {key: value for key, value in cards[1].items() if key not in ("weights", "metrics")}
    # How vivid it is to paint is chosen anew: `train.photo_results --vividness`.
    settings_of = {key: value for key, value in card["network"].items() if key != "vividness"}
    card |= {"network": settings_of, "blend": {"share": settings.share, "of": named}}
    return blended, card


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    settings = parse(Settings, "python -m train.blend", __doc__, argv)
    origin = provenance(sys.argv[1:] if argv is None else argv, "train.blend")
    try:
        network, card = blend(settings)
        watch = None
        if METHODS[card["name"]].kind != PHOTOGRAPHS:
            watch = Watch(data.load("validation"), card["name"], limit=data.VALIDATION)
    except TrueHueError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, RunError) else 1
    card["blend"] |= {"command": origin["command"], "settings": asdict(settings)}
    folder = checkpoint.FOLDER if settings.commit_weights else Path(settings.run)
    checkpoint.save(card["name"], network, card, folder=folder)
    if watch is not None:
        figures = watch.figures(load(card["name"], folder).predict_ab)
        print("validation: " + "  ".join(f"{key} {value:.4g}" for key, value in figures.items()))
    print(f"weights and card: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
