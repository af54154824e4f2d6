"""Train the sampler of photographs' colours: a rectified flow over what `photo` sees.

    python -m train.photo_flow --photos FOLDER_OR_TAR ...
    python -m train.photo_flow --photos FOLDER --start runs/1/photo --joint --run runs/2
    python -m train.photo_flow --photos FOLDER --limit 50 --rounds 1 --steps 20 --run runs/try

Stage by stage, each from the weights of the one before: first the flow alone over the frozen
features of the committed `photo`, which is cheap; then everything together (`--joint`), the mean
included. Photographs are seen as films, time, print and scanner may have left them
(`train.film`). Each photograph's features serve several times and noises of one step. Kill it at
any time; the same command goes on after the last whole round.

References
----------
Liu, Gong, Liu: Flow Straight and Fast, ICLR 2023. Ho, Salimans: Classifier-Free Diffusion
Guidance, 2022 (what was seen is sometimes hidden).
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, linear, mse_loss

from colorizers.color import AB_MAX, L_HALF, colorize_u8, rgb_to_lab
from colorizers.networks import checkpoint
from colorizers.networks.bins import SoftEncoder
from colorizers.networks.flow import noise_like
from colorizers.networks.photo_flow import AWAY, FLOW_WIDTHS, SHRINK, PhotoFlow, coarse
from colorizers.networks.registry import METHODS, network_of
from truehue import TrueHueError

from . import kinds
from .classification import cross_entropy_at, pixels, take
from .options import option, parse
from .photo import weighted_l1
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
    flow_widths: tuple[int, ...] = option(FLOW_WIDTHS, "channels of the flow from fine to coarse")
    joint: bool = option(False, "train encoder, decoder and mean as well")
    rounds: int = option(12, "checkpoints and grids of the run")
    steps: int = option(400, "steps a round")
    limit: int = option(0, "at most so many photographs of each kind, 0 for all")
    batch: int = option(64, "photographs a step")
    draws: int = option(2, "times and noises of each photograph in a step")
    lr: float = option(8e-4, "peak learning rate of the flow")
    lr_mean: float = option(1.5e-4, "peak learning rate of the rest")
    fall: bool = option(False, "let the rates fall to nothing, as the last stage should")
    weight_decay: float = option(0.01, "of AdamW")
    weight_mean: float = option(2.0, "of the mean's L1 against the flow's error")
    weight_bins: float = option(0.04, "of the 313 bins' cross-entropy against the mean's L1")
    pixels: int = option(512, "random pixels of each photograph that the cross-entropy sees")
    saturation: float = option(1.0, "a pixel's L1 has weight 1 + this times |ab| / 110")
    hide: float = option(0.1, "share of draws that are hidden what was seen, for guidance")
    zoom: float = option(0.6, "least side of the random part of a photograph, as a share")
    evenness: float = option(0.3, "0 draws each photograph as often, 1 each kind")
    terms: str = option("", "terms under which the photographs may be used, for the card")
    average: float = option(0.998, "decay of the weights' moving average, which is what is kept")
    seed: int = option(1, "of the weights, the order and the changes")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    compile: bool = option(False, "compile the flow: two thirds of the time, after two minutes")


class Training:
    """Network, optimiser and one step."""

    def __init__(self, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        network = PhotoFlow(flow_widths=settings.flow_widths)
        self.origin = _start(settings, network)
        self.network = prepare(network)
        self.average = Average(self.network, settings.average)
        self.soft_encoder = SoftEncoder()
        self.velocity: Any = self.network.velocity
        self.levels: Any = self.network.mean.levels
        if settings.compile:
            self.velocity = torch.compile(self.network.velocity)
            if settings.joint:
                self.levels = torch.compile(self.network.mean.levels)
        groups: list[dict[str, Any]] = [
            {"params": list(self.network.velocity.parameters()), "lr": settings.lr}
        ]
        if settings.joint:
            rest = list(self.network.mean.parameters())
            groups.append({"params": rest, "lr": settings.lr_mean})
        self.peaks = [group["lr"] for group in groups]
        self.adam = torch.optim.AdamW(groups, weight_decay=settings.weight_decay, betas=(0.9, 0.98))

    def parts(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {"network": self.network, "average": self.average, "adam": self.adam}

    def step(self, now: int, L: Tensor, ab: Tensor) -> dict[str, Tensor]:
        """Step number `now`; returns what it measured, by name."""
        settings = self.settings
        steps = settings.rounds * settings.steps
        share = learning_rate(now if settings.fall else min(now, 200), steps, 1.0)
        for group, peak in zip(self.adam.param_groups, self.peaks, strict=True):
            group["lr"] = share * peak
        L_norm, ab = channels_last(L / L_HALF - 1), channels_last(ab)
        with autocast(settings.bfloat16), torch.set_grad_enabled(settings.joint):
            levels = self.levels(L_norm)
            mean, seen = self.network.shown(L_norm, levels)
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + now)
        truth = (avg_pool2d(ab, SHRINK // 2) - coarse(mean).float() * AB_MAX) / AWAY
        truth = truth.repeat(settings.draws, 1, 1, 1)
        noise = noise_like(truth.shape, generator).to(truth)
        t = torch.sigmoid(torch.randn(len(truth), generator=generator)).to(truth)
        shown = (torch.rand(len(truth), generator=generator) >= settings.hide).to(truth)
        at = t[:, None, None, None]
        with autocast(settings.bfloat16):
            maps = [
                m.repeat(settings.draws, 1, 1, 1) * shown[:, None, None, None].to(m.dtype)
                for m in self.network.velocity.prepare(seen)
            ]
            x = channels_last((1 - at) * noise + at * truth)
            moved = self.velocity(x, t, maps)
        flow = mse_loss(moved.float(), truth - noise)
        measured = {"flow": flow.detach()}
        loss = flow
        if settings.joint:
            l1 = weighted_l1(mean.float(), ab / AB_MAX, settings.saturation)
            entropy = self._entropy(levels[0], ab / AB_MAX, now)
            loss = flow + settings.weight_mean * (l1 + settings.weight_bins * entropy)
            measured |= {"l1": l1.detach(), "cross_entropy": entropy.detach()}
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adam.step()
        self.average.update(self.network)
        return measured

    def _entropy(self, half: Tensor, ab_norm: Tensor, now: int) -> Tensor:
        """Of the bins, which the page's suggestions come from, at some pixels."""
        where = pixels(ab_norm, self.settings.pixels, self.settings.seed, now)
        head = self.network.mean.bins
        with autocast(self.settings.bfloat16):
            logits = linear(take(half.permute(0, 2, 3, 1), where), head.weight[:, :, 0, 0], head.bias)
        return cross_entropy_at(logits, self.soft_encoder, ab_norm, where)

    def learn(self) -> None:
        """Ready to learn. Batch norms keep the statistics that the network was pretrained with:
        what a photograph is painted depends on no other."""
        self.network.train(self.settings.joint)
        for part in self.network.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.eval()


def _start(settings: Settings, network: PhotoFlow) -> dict[str, Any]:
    committed = settings.start == COMMITTED
    folder = checkpoint.FOLDER if committed else Path(settings.start).parent
    name = NAME if committed else Path(settings.start).name
    given = network_of(checkpoint.read_card(name, folder=folder))
    if isinstance(given, PhotoFlow) and not committed:
        return origin(name, checkpoint.restore(name, network, folder=folder))
    card = checkpoint.restore(name, given, folder=folder)
    mean = given.mean if isinstance(given, PhotoFlow) else given
    network.mean.load_state_dict(mean.state_dict())
    return origin(name, card)


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
        training.learn()
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
    """Two held-out photographs of each kind: grey, mean, two drawings, truth."""

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
        count, _, height, width = L_norm.shape
        size = (count, 2, height // SHRINK, width // SHRINK)
        with autocast(bfloat16_is_fast()):
            answers = [network.see(L_norm)[0].float() * AB_MAX]
            for seed, scale, guidance in ((0, 1.0, 1.0), (1, 1.0, 1.0), (0, 0.7, 1.5)):
                noise = noise_like(size, torch.Generator().manual_seed(seed)).to(L_norm)
                answers.append(network.draw(L_norm, noise * scale, 4, guidance))
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
        "network": {"flow_widths": settings.flow_widths},
        "settings": asdict(settings),
        "hours": round(hours, 2),
        **start,
    }


def counted(photographs: kinds.Kinds) -> str:
    """How many of each kind there are to learn from, and to judge by."""
    counts = np.bincount(photographs.kind, minlength=len(photographs.names))
    text = ", ".join(f"{n} {c:,}" for n, c in zip(photographs.names, counts, strict=True))
    return f"photographs: {text}; {len(photographs.held_kind):,} more held out by kind"


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    description = (__doc__ or "").split("\n\nReferences")[0]
    settings = parse(Settings, "python -m train.photo_flow", description, argv)
    made = provenance(sys.argv[1:] if argv is None else argv, "train.photo_flow")
    try:
        photographs = kinds.load([Path(path) for path in settings.photos], settings.limit)
        data = counted(photographs)
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
