"""Train the sampler of photographs' colours: a rectified flow over the regions that `photo` sees.

    python -m train.photo_flow --photos FOLDER_OR_TAR ...
    python -m train.photo_flow --photos FOLDER --start runs/1/photo --settle 0 --fall --run runs/2
    python -m train.photo_flow --photos FOLDER --limit 50 --rounds 1 --steps 20 --run runs/try

The mean and its features stay as they are. First the regions learn to be such that a step of
colour for each takes the mean to the truth, then the flow learns to draw these steps. Photographs
are seen as films, time, print and scanner may have left them (`train.film`). What is seen of a
photograph serves several times and noises of one step. Kill it at any time; the same command goes
on after the last whole round.

References
----------
Liu, Gong, Liu: Flow Straight and Fast, ICLR 2023. Esser et al.: Scaling Rectified Flow
Transformers, ICML 2024 (times from a logistic normal).
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from colorizers.color import L_HALF, colorize_u8, rgb_to_lab
from colorizers.networks import checkpoint, regions
from colorizers.networks.photo_flow import DEPTH, SHRINK, WIDTH, PhotoFlow
from colorizers.networks.regions import AWAY, GRID
from colorizers.networks.registry import METHODS, network_of
from truehue import TrueHueError

from . import flows, kinds
from .options import option, parse
from .processes import autocast, bfloat16_is_fast, channels_last, prepare
from .run import Average, Run, RunError, learning_rate, print_epoch, provenance
from .start import origin
from .watch import save_png

NAME = "photo"
COMMITTED = "committed"


@dataclass(frozen=True)
class Settings:
    """What decides the result of the training, with the reasons of the defaults."""

    photos: tuple[str, ...] = option(("photos",), "folders and tar files of photographs")
    run: str = option("runs/photo-flow", "folder of the run; the same folder resumes it")
    start: str = option(COMMITTED, "the mean of the committed photo, or all of RUN/photo")
    mean: str = option("", "the mean in place of the start's, as RUN/photo")
    grid: int = option(GRID, "regions of a square photograph, a side")
    width: int = option(WIDTH, "channels of the flow, a multiple of 32")
    depth: int = option(DEPTH, "blocks of the flow")
    settle: int = option(600, "steps in which the regions learn, before the flow does")
    rounds: int = option(12, "checkpoints and grids of the run")
    steps: int = option(400, "steps a round")
    limit: int = option(0, "at most so many photographs of each kind, 0 for all")
    batch: int = option(48, "photographs a step")
    draws: int = option(8, "times and noises of each photograph in a step")
    lr: float = option(8e-4, "peak learning rate of the flow")
    lr_regions: float = option(2e-3, "peak learning rate of the regions")
    fall: bool = option(False, "let the flow's rate fall to nothing, as the last stage should")
    weight_decay: float = option(0.01, "of AdamW")
    evenness: float = option(0.3, "0 draws each photograph as often, 1 each kind")
    zoom: float = option(0.6, "least side of the random part of a photograph, as a share")
    terms: str = option("", "terms under which the photographs may be used, for the card")
    average: float = option(0.998, "decay of the weights' moving average, which is what is kept")
    seed: int = option(1, "of the weights, the order and the changes")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    compile: bool = option(False, "compile the flow: less time, after two minutes")


class Training:
    """Network, optimisers and one step."""

    def __init__(self, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        network = PhotoFlow(grid=settings.grid, width=settings.width, depth=settings.depth)
        self.origin = _start(settings, network)
        self.network = prepare(network).eval()
        self.network.mean.requires_grad_(False)
        self.average = Average(self.network, settings.average)
        self.error: Any = flows.Error(self.network.velocity)
        if settings.compile:
            self.error = torch.compile(self.error)
        self.adam = torch.optim.AdamW(
            [
                {"params": list(self.network.velocity.parameters())},
                {"params": list(self.network.regions.parameters())},
            ],
            weight_decay=settings.weight_decay, betas=(0.9, 0.98),
        )  # fmt: skip

    def parts(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {"network": self.network, "average": self.average, "adam": self.adam}

    def step(self, now: int, L: Tensor, ab: Tensor) -> dict[str, Tensor]:
        """Step number `now`; returns what it measured, by name."""
        settings = self.settings
        settling = now < settings.settle
        rates = settings.lr * self._share(now), settings.lr_regions
        if settling:
            rates = 0.0, settings.lr_regions * learning_rate(now, settings.settle, 1.0)
        for group, rate in zip(self.adam.param_groups, rates, strict=True):
            group["lr"] = rate
        with autocast(settings.bfloat16), torch.set_grad_enabled(settling):
            _, seen = self.network.see(channels_last(L / L_HALF - 1))
        away = avg_pool2d(channels_last(ab), SHRINK // 2) / AWAY - seen.mean
        if settling:
            loss = flows.unexplained(seen.share, away)
        else:
            generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + now)
            drawn = flows.drawn_at(seen.share, away, settings.draws, generator)
            with autocast(settings.bfloat16):
                loss = self.error(*drawn, seen.said, seen.whole)
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adam.step()
        self.average.update(self.network)
        return {"unexplained" if settling else "error": loss.detach()}

    def _share(self, now: int) -> float:
        """Of the flow's peak learning rate."""
        settings = self.settings
        now -= settings.settle
        steps = settings.rounds * settings.steps - settings.settle
        return learning_rate(now if settings.fall else min(now, 200), max(steps, 1), 1.0)


def _start(settings: Settings, network: PhotoFlow) -> dict[str, Any]:
    committed = settings.start == COMMITTED
    folder = checkpoint.FOLDER if committed else Path(settings.start).parent
    name = NAME if committed else Path(settings.start).name
    given = network_of(checkpoint.read_card(name, folder=folder))
    if isinstance(given, PhotoFlow) and not committed:
        begun = origin(name, checkpoint.restore(name, network, folder=folder))
    else:
        begun = origin(name, _take_mean(network, name, folder))
    if settings.mean:
        of_mean = Path(settings.mean)
        begun["start"]["mean"] = origin(
            of_mean.name, _take_mean(network, of_mean.name, of_mean.parent)
        )["start"]
    return begun


def _take_mean(network: PhotoFlow, name: str, folder: Path) -> dict[str, Any]:
    """Give the network the mean of these weights; returns their card."""
    given = network_of(checkpoint.read_card(name, folder=folder))
    card = checkpoint.restore(name, given, folder=folder)
    mean = given.mean if isinstance(given, PhotoFlow) else given
    network.mean.load_state_dict(mean.state_dict())
    return card


def train(settings: Settings, photographs: kinds.Kinds) -> tuple[Training, float]:
    """Train, or go on with, the run of these settings; return it and its hours."""
    run = Run(Path(settings.run), settings)
    batches = kinds.KindBatches(
        photographs, settings.batch, settings.seed, settings.evenness, settings.zoom
    )
    training = Training(settings)
    done = run.resume(**training.parts())
    grid = Grid(photographs)
    for number in range(done, settings.rounds):
        total: dict[str, float] = {}
        stream = batches.batches(number * settings.steps, settings.steps)
        for step, (L, ab) in enumerate(
            run.watch(stream, number, settings.rounds, settings.steps, settings.batch)
        ):
            now = number * settings.steps + step
            measured = {key: value.item() for key, value in training.step(now, L, ab).items()}
            total = {key: total.get(key, 0.0) + value for key, value in measured.items()}
            if now % 50 == 0:
                run.scalars({f"train/{key}": value for key, value in measured.items()}, now)
        run.save(number + 1, **training.parts())
        save_png(
            grid.picture(training.average.module), run.folder / f"grid/round-{number + 1:03d}.png"
        )
        print_epoch(number + 1, {key: value / settings.steps for key, value in total.items()})
    return training, run.seconds / 3600


class Grid:
    """Two held-out photographs of each kind: grey, mean, three drawings, truth."""

    def __init__(self, photographs: kinds.Kinds) -> None:
        which = [
            index
            for kind in range(len(photographs.names))
            for index in np.flatnonzero(photographs.held_kind == kind)[:2]
        ]
        self._truth = photographs.held_rgb_u8[which]
        self._L = rgb_to_lab(self._truth)[..., 0]

    @torch.inference_mode()
    def picture(self, network: Any) -> np.ndarray[Any, Any]:
        """The grid as sRGB, 8 bits."""
        network.eval()
        L_norm = channels_last(torch.from_numpy(self._L)[:, None] / L_HALF - 1)
        with autocast(bfloat16_is_fast()):
            mean, seen = network.see(L_norm)
            answers = [mean]
            for seed, apart in ((0, 1.0), (1000, 1.0), (2000, 0.8)):
                noise = regions.noise_of(seed, len(L_norm), seen.share.shape[2], apart)
                answers.append(network.drawn(mean, seen, noise.to(L_norm)))
        rows = [np.zeros((*self._L.shape, 2), np.float32)]
        for ab in answers:
            large = interpolate(ab.float().cpu(), size=self._L.shape[1:], mode="bicubic")
            rows.append(large.permute(0, 2, 3, 1).numpy())
        pictures = [*(colorize_u8(self._L, row) for row in rows), self._truth]
        halves = np.array_split(np.arange(len(self._L)), 2)
        return np.concatenate(
            [np.concatenate(list(row[half]), axis=1) for half in halves for row in pictures]
        )


def card_of(settings: Settings, data: str, hours: float, start: dict[str, Any]) -> dict[str, Any]:
    """What the card says of a training on this data."""
    return {
        "name": NAME,
        "title": METHODS[NAME].title,
        "licence": "Apache-2.0",
        "data": data,
        "data_terms": settings.terms or "not stated",
        "network": {"grid": settings.grid, "width": settings.width, "depth": settings.depth},
        "settings": asdict(settings),
        "hours": round(hours, 2),
        **start,
    }


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    settings = parse(Settings, "python -m train.photo_flow", __doc__, argv)
    made = provenance(sys.argv[1:] if argv is None else argv, "train.photo_flow")
    try:
        photographs = kinds.load([Path(path) for path in settings.photos], settings.limit)
        data = kinds.counted(photographs)
        print(f"{data}; {photographs.dropped} near those left out", file=sys.stderr)
        training, hours = train(settings, photographs)
        card = card_of(settings, data, hours, training.origin) | made
        checkpoint.save(NAME, training.average.module, card, folder=Path(settings.run))
        print(f"weights and card: {settings.run}")
    except TrueHueError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, RunError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
