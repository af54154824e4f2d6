"""Colorizers that a run left in its folder, to be looked at before anything is committed."""

from __future__ import annotations

import json
from pathlib import Path

from colorizers.errors import WeightsError
from colorizers.networks import registry
from colorizers.networks.base import Colorizer


def load_run(folder: Path) -> Colorizer:
    """The colorizer in the folder of a finished run.

    Raises
    ------
    WeightsError
        If there is none, or its weights are damaged.
    """
    from . import nazeri

    kinds = dict.fromkeys(registry.METHODS) | {nazeri.NAME: nazeri.Generator}
    for name, kind in kinds.items():
        card = folder / f"{name}.json"
        if card.exists() and "weights" in json.loads(card.read_text()):
            return registry.load(name, folder, kind)
    raise WeightsError(
        f"{folder} has no finished weights (one of {', '.join(kinds)} with a card); "
        "name the --run of a training that came to its end."
    )
