"""Colorizers that a run left in its folder, to be looked at before anything is committed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from colorizers.networks.base import Colorizer
from colorizers.networks.checkpoint import WeightsError

MODULES = {
    "classification": "colorizers.networks.classification",
    "regression": "colorizers.networks.regression",
    "gan": "colorizers.networks.gan",
    "cvae": "colorizers.networks.cvae",
    "nazeri": "train.nazeri",
    "photo": "colorizers.networks.photo",
}
"""Name on the card -> the module that knows its network."""


def load_run(folder: Path) -> Colorizer:
    """The colorizer in the folder of a finished run.

    Raises
    ------
    WeightsError
        If there is none, or its weights are damaged.
    """
    for name, module in MODULES.items():
        card = folder / f"{name}.json"
        if card.exists() and "weights" in json.loads(card.read_text()):
            return importlib.import_module(module).load(folder)
    raise WeightsError(
        f"{folder} has no finished weights (one of {', '.join(MODULES)} with a card); "
        "name the --run of a training that came to its end."
    )
