"""The command line that all trainings share: settings in, weights and their card out."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from colorizers.networks import checkpoint
from truehue import TrueHueError

from . import data, processes
from .loop import Trained
from .options import parse
from .run import RunError, provenance

Settings = TypeVar("Settings")


Train = Callable[[Any, data.Pictures, data.Pictures], Trained]
"""Settings, training pictures, validation pictures -> what came of it."""


def command(
    module: str, kind: type[Settings], text: str, train: Train, argv: list[str] | None
) -> int:
    """Run a training from the command line and write its weights; returns the exit code.

    Parameters
    ----------
    module : str
        What follows `python -m`, such as "train.gan".
    kind : dataclass
        The settings; `run`, `limit` and `commit_weights` are among them.
    text : str
        The module's docstring, shown by --help up to its references.
    train : callable
    argv : list of str or None
        None for the process's own.
    """
    description = text.split("\n\nReferences")[0]
    settings: Any = parse(kind, f"python -m {module}", description, argv)
    origin = provenance(sys.argv[1:] if argv is None else argv, module)
    try:
        with processes.together():
            pictures, validation = _pictures(settings.limit)
            trained = train(settings, pictures, validation)
            if not processes.is_main():
                return 0
            folder = checkpoint.FOLDER if settings.commit_weights else Path(settings.run)
            card = {
                "name": trained.name,
                "title": trained.title,
                "licence": "Apache-2.0",
                "data": f"CIFAR-10, {len(pictures):,} training pictures of 32 x 32 pixels",
                "network": trained.network,
                "settings": dataclasses.asdict(settings),
                "hours": round(trained.hours, 2),
                **trained.origin,
                **origin,
                "processes": processes.count(),
            }
            checkpoint.save(trained.name, trained.module, card, folder=folder)
            print(f"weights and card: {folder}")
    except TrueHueError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, RunError) else 1
    return 0


def _pictures(limit: int) -> tuple[data.Pictures, data.Pictures]:
    if not processes.is_main():
        processes.wait()  # until process 0 has fetched them
    pictures, validation = data.load("train"), data.load("validation")
    if processes.is_main():
        processes.wait()
    return (pictures[slice(0, limit)] if limit else pictures), validation
