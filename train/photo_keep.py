"""Keep what a run of `train.photo_flow` has come to, and the point at which it is to draw.

    python -m train.photo_keep --run runs/photo-flow --calm 0.8
    python -m train.photo_keep --run runs/photo-flow --calm 0.8 --commit-weights

The run may have ended, or have been stopped after any round. How calm the noise is
(`colorizers.networks.photo_flow`) is chosen on training photographs, and stands in the card. What
draws is kept in bytes, half the size of half precision; the mean that the run began with stays to
the last bit, and so does what its card says of it; one that `train.photo` has left (`--mean`) comes
with its own card.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from colorizers.networks import checkpoint
from colorizers.networks.checkpoint import FLOAT16, INT8
from colorizers.networks.photo_flow import STEPS
from truehue import TrueHueError

from . import kinds, photo, photo_flow
from .options import option, parse
from .run import Average, RunError, provenance

Trained = TypeVar("Trained", photo.Settings, photo_flow.Settings)
ROOT = Path(__file__).parents[1]
ALIKE = ("name", "title", "licence", "network")
"""What the card of a mean and that of the flow beside it have in common."""


@dataclass(frozen=True)
class Settings:
    """Which run, and how it is to draw."""

    run: str = option("runs/photo-flow", "folder of the run; weights and card are put there")
    calm: float = option(1.0, "scale of the regions' own noise at vividness 1")
    bold: float = option(1.0, "what the expected colours are multiplied by")
    gain: float = option(1.0, "what a drawing is multiplied by")
    draw_steps: int = option(STEPS, "steps of Heun's method")
    terms: str = option("", "terms under which the photographs may be used, if the run has none")
    data: str = option("", "what the card says of the photographs; counted again by default")
    commit_weights: bool = option(False, "write the result to colorizers/weights/")


def keep(settings: Settings, made: dict[str, Any]) -> Path:
    """Write weights and card; returns their folder.

    Raises
    ------
    RunError
        If the folder is not that of a run that has been through a round.
    """
    run = Path(settings.run)
    try:
        told = json.loads((run / "settings.json").read_text())
        state = torch.load(run / "checkpoint.pt", weights_only=True)
    except FileNotFoundError as error:
        raise RunError(
            f"{settings.run} has no {Path(error.filename).name}: it is no run that has been "
            "through a round."
        ) from None
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in told.items()}
    trained = photo_flow.Settings(**given)
    data = settings.data or kinds.counted(
        kinds.load([Path(path) for path in trained.photos], trained.limit)
    )
    training = photo_flow.Training(trained)
    average: Average = training.average
    average.load_state_dict(state["average"])
    start = Path(trained.start)
    committed = trained.start == photo_flow.COMMITTED
    folder = checkpoint.FOLDER if committed else start.parent
    begun = checkpoint.read_card(photo_flow.NAME if committed else start.name, folder=folder)
    terms = trained.terms or settings.terms
    mean = _of_run(Path(trained.mean), terms) if trained.mean else begun
    trained = dataclasses.replace(
        _anywhere(trained, run), terms=terms,
        start=trained.start if committed else _short(start),
        mean=_short(Path(trained.mean)) if trained.mean else "",
    )  # fmt: skip
    card = photo_flow.card_of(trained, data, state["seconds"] / 3600, training.origin)
    card["network"] |= {
        "calm": settings.calm, "bold": settings.bold, "gain": settings.gain,
        "steps": settings.draw_steps,
    }  # fmt: skip
    kept = made["command"].replace(settings.run, f"runs/{run.name}")
    card |= made | {"kept": kept, "rounds": state["epoch"]}
    card["command"] = command(trained, "photo_flow")
    card = _beside(mean, card, None if committed else begun.get("flow"))
    precision = {"mean": FLOAT16, "regions": FLOAT16, "velocity": INT8}
    folder = checkpoint.FOLDER if settings.commit_weights else run
    checkpoint.save(photo_flow.NAME, average.module, card, folder=folder, precision=precision)
    return folder


def _beside(mean: dict[str, Any], card: dict[str, Any], before: Any) -> dict[str, Any]:
    """The card of a mean that stays as it was, and of what draws beside it.

    The figures that stay are of the mean when it was alone: under `flow` stands as `mean` the
    SHA-256 that its file had.
    """
    alone = mean.get("flow", {}).get("mean", mean["weights"]["sha256"])
    whole = {key: value for key, value in mean.items() if key not in ("flow", "weights")}
    whole["network"] = mean["network"] | card["network"]
    whole["flow"] = {"mean": alone}
    whole["flow"] |= {key: value for key, value in card.items() if key not in (*ALIKE, "start")}
    if before:
        hours = before["hours"] + before.get("start", {}).get("hours", 0.0)
        whole["flow"]["start"] = before | {"hours": round(hours, 2)}
    return whole


def _of_run(weights: Path, terms: str) -> dict[str, Any]:
    """The card of a mean that `train.photo` has left in the folder of its run."""
    card = checkpoint.read_card(weights.name, folder=weights.parent)
    given: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in card["settings"].items()
    }
    start = given["start"]
    trained = dataclasses.replace(
        _anywhere(photo.Settings(**given), weights.parent), terms=given["terms"] or terms,
        start=_short(Path(start)) if "/" in start else start,
    )  # fmt: skip
    return card | {
        "data_terms": trained.terms or "not stated",
        "settings": dataclasses.asdict(trained),
        "command": command(trained, "photo"),
    }


def _anywhere(settings: Trained, run: Path) -> Trained:
    """Settings without where runs and photographs lie on this machine."""
    photos = tuple(os.path.relpath(path, ROOT) for path in settings.photos)
    return dataclasses.replace(settings, run=f"runs/{run.name}", photos=photos)


def _short(weights: Path) -> str:
    """Weights of a run, without where runs lie on this machine; or committed ones."""
    if weights.parent.resolve() == checkpoint.FOLDER.resolve():
        return f"colorizers/weights/{weights.name}"
    return f"runs/{weights.parent.name}/{weights.name}"


def command(settings: photo.Settings | photo_flow.Settings, module: str) -> str:
    """The command of a training with these settings.

    Examples
    --------
    >>> command(photo_flow.Settings(photos=("a.tar", "b.tar"), fall=True, lr=0.001), "photo_flow")
    'python -m train.photo_flow --photos a.tar b.tar --lr 0.001 --fall'
    """
    words = ["python", "-m", f"train.{module}"]
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if value == field.default:
            continue
        name = field.name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        elif field.name == "photos":
            words += ["--photos", *value]
        else:
            shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            words += [f"--{name}", shown]
    return shlex.join(words)


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    settings = parse(Settings, "python -m train.photo_keep", __doc__ or "", argv)
    made = provenance(sys.argv[1:] if argv is None else argv, "train.photo_keep")
    try:
        print(f"weights and card: {keep(settings, made)}")
    except TrueHueError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, RunError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
