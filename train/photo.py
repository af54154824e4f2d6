"""Train the colorizer of photographs: a U-Net on a pretrained encoder, at half resolution.

    python -m train.photo --photos FOLDER_OR_TAR ...
    python -m train.photo --photos FOLDER --limit 200 --epochs 1 --run runs/try
    python -m train.photo --photos FOLDER --start runs/photo/photo --weight-critic 0.02 --run runs/2
    python -m train.photo --photos FOLDER --start committed --films --run runs/3

First on L1, weighted towards saturated colours, which are rare and which L1 would wash out, and
on the cross-entropy of the 313 bins. Then, started from that, against a critic that sees L and
ab together (`--weight-critic`), which asks that an object has one colour and not the average of
two: one that learns from patches, or one that has seen ImageNet (`--critic features`). The
encoder starts from the ImageNet weights of a package (`features.PACKAGED`). Batches
come in several sizes, so that the colours do not depend on the input's; with `--films` in one
size, as films, time and print may have left them, and kinds that are rare more often: what a later
`train.photo_flow --mean RUN/photo` draws around. Kill it at any time; the same command goes on
after the last whole epoch. `train.photo_results` tells how good it became.

References
----------
Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016 (rare colours need weight).
Antic: DeOldify (NoGAN), 2018. Miyato et al.: Spectral Normalization, ICLR 2018.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, linear

from colorizers.color import AB_MAX, L_HALF
from colorizers.networks import checkpoint
from colorizers.networks.bins import SoftEncoder
from colorizers.networks.gan import Discriminator
from colorizers.networks.photo import ENCODER, WIDTHS, PhotoNet
from colorizers.networks.photo_flow import PhotoFlow
from colorizers.networks.registry import network_of
from truehue import TrueHueError

from . import data, kinds, photos
from . import features as rulers
from .classification import cross_entropy_at, pixels, take
from .critics import FeatureCritic
from .loop import Training, descend, fit
from .losses import hinge_discriminator, hinge_generator
from .options import option, parse
from .processes import autocast, bfloat16_is_fast, channels_last, prepare
from .run import (
    Average,
    Run,
    RunError,
    learning_rate,
    provenance,
    set_learning_rate,
)
from .start import origin
from .watch import Watch

NAME, IMAGENET, COMMITTED = "photo", "imagenet", "committed"
PATCHES, FEATURES = "patches", "features"
LEAST_ERROR = 2.0
"""Units of ab that are added (as a square) to each photograph's error, so that a grey one, which
is easily met exactly, does not outweigh all others."""


@dataclass(frozen=True)
class Settings:
    """What decides the result of the training, with the reasons of the defaults."""

    photos: tuple[str, ...] = option(("photos",), "folders and tar files of photographs")
    run: str = option("runs/photo", "folder of the run; the same folder resumes it")
    start: str = option(
        IMAGENET,
        "weights: imagenet for the encoder's, none, committed, or those of a run as RUN/photo",
    )
    encoder: str = option(
        ENCODER, "a model of timm; EfficientNet-Lite0, 1 and 2 start from ImageNet, others random"
    )
    pretrained: bool = option(False, "fetch the weights of another encoder from timm's hub")
    widths: tuple[int, ...] = option(WIDTHS, "channels of the decoder from coarse to fine")
    epochs: int = option(12, "passes over the photographs")
    limit: int = option(0, "at most so many photographs of each source, 0 for all")
    batch: int = option(64, "photographs a step")
    lr_encoder: float = option(5e-4, "peak learning rate of the pretrained encoder")
    lr: float = option(2e-3, "peak learning rate of the rest")
    weight_decay: float = option(0.01, "of AdamW")
    saturation: float = option(4.0, "a pixel's L1 has weight 1 + this times |ab| / 110")
    weight_bins: float = option(0.04, "of the 313 bins' cross-entropy against the L1")
    pixels: int = option(512, "random pixels of each photograph that the cross-entropy sees")
    weight_share: float = option(
        0.0, "of the logarithm of a photograph's error (`share_of_error`) against the L1"
    )
    weight_critic: float = option(0.0, "of the critic's hinge loss against the L1; 0 for none")
    lr_critic: float = option(4e-4, "learning rate of the critic")
    critic: str = option(
        PATCHES, "what the critic sees: patches, or features of a network trained on ImageNet"
    )
    critic_widths: tuple[int, ...] = option((48, 96, 192), "channels of the critic of patches")
    critic_every: int = option(1, "the critic sees every so-many-th photograph of a batch")
    zoom: float = option(0.6, "least side of the random part of a photograph, as a share")
    films: bool = option(False, "see them as films, time and print may have left them")
    evenness: float = option(0.3, "with --films: 0 sees each photograph as often, 1 each kind")
    terms: str = option("", "terms under which the photographs may be used, for the card")
    average: float = option(0.998, "decay of the weights' moving average, which is what is kept")
    seed: int = option(1, "of the weights, the order and the changes")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")


class Photographs(Training):
    """Network, critic, their optimisers and one step."""

    name = NAME
    network: PhotoNet

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(settings, steps)
        torch.manual_seed(settings.seed)
        network = PhotoNet(settings.encoder, settings.widths, settings.pretrained)
        self.origin = _start(settings, network)
        self.network = prepare(network)
        self.average = Average(self.network, settings.average)
        self.kept = self.average.module
        self.described = {"encoder": settings.encoder, "widths": settings.widths}
        encoder = set(self.network.encoder.parameters())
        rest = [value for value in self.network.parameters() if value not in encoder]
        self.rates = (settings.lr_encoder, settings.lr)
        groups = [{"params": list(self.network.encoder.parameters())}, {"params": rest}]
        self.adam = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
        self.soft_encoder = SoftEncoder()
        self.critic = prepare(_critic(settings))
        self.critic_adam = torch.optim.Adam(
            self.critic.parameters(), lr=settings.lr_critic, betas=(0.5, 0.999)
        )
        self.parts = {
            "network": self.network, "average": self.average, "adam": self.adam,
            "critic": self.critic, "critic_adam": self.critic_adam,
        }  # fmt: skip

    def step(self, now: int, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        """Step number `now`; returns what it measured, by name."""
        L_norm, ab_norm = channels_last(L_norm), channels_last(ab_norm)
        share = learning_rate(now, self.steps, 1.0)
        for group, rate in zip(self.adam.param_groups, self.rates, strict=True):
            group["lr"] = share * rate
        where = pixels(ab_norm, self.settings.pixels, self.settings.seed, now)
        with autocast(self.settings.bfloat16):
            features = self.network.features(L_norm)
            painted = torch.tanh(self.network.head(features))
            head = self.network.bins
            taken = take(features.permute(0, 2, 3, 1), where)  # (N, P, C)
            logits = linear(taken, head.weight[:, :, 0, 0], head.bias)  # (N, P, 313)
        l1 = weighted_l1(painted.float(), ab_norm, self.settings.saturation)
        entropy = cross_entropy_at(logits, self.soft_encoder, ab_norm, where)
        loss = l1 + self.settings.weight_bins * entropy
        measured = {"l1": l1.detach(), "cross_entropy": entropy.detach()}
        if self.settings.weight_share:
            share_lost = share_of_error(painted.float(), ab_norm)
            loss = loss + self.settings.weight_share * share_lost
            measured["share_of_error"] = share_lost.detach()
        if self.settings.weight_critic:
            set_learning_rate(self.critic_adam, share * self.settings.lr_critic)
            seen = slice(None, None, self.settings.critic_every)
            measured |= self._judge(L_norm[seen], ab_norm[seen], painted[seen].detach())
            self.critic.requires_grad_(False)
            scores = self._scores(L_norm[seen], painted[seen])
            loss = loss + self.settings.weight_critic * _mean(hinge_generator(s) for s in scores)
        descend(loss, self.adam)
        self.average.update(self.network)
        return measured

    def _scores(self, L_norm: Tensor, ab_norm: Tensor) -> list[Tensor]:
        """The critic's, at each of its levels; the critic of patches has one."""
        with autocast(self.settings.bfloat16):
            if self.settings.critic == FEATURES:
                scores: list[Tensor] = self.critic(L_norm, ab_norm)
            else:
                scores = [self.critic(avg_pool2d(L_norm, 2), ab_norm)]  # L at the size of ab
        return [score.float() for score in scores]

    def _judge(self, L_norm: Tensor, ab_norm: Tensor, painted: Tensor) -> dict[str, Tensor]:
        self.critic.requires_grad_(True)
        both = self._scores(
            torch.cat([L_norm, L_norm]), torch.cat([ab_norm, painted.to(ab_norm.dtype)])
        )
        loss = _mean(hinge_discriminator(*score.chunk(2)) for score in both)
        descend(loss, self.critic_adam)
        return {"critic_loss": loss.detach()}


def _critic(settings: Settings) -> torch.nn.Module:
    if settings.critic_every < 1:
        raise RunError(f"--critic-every is {settings.critic_every}, but must be 1 or more.")
    if settings.critic == PATCHES:
        return Discriminator(settings.critic_widths)
    if settings.critic == FEATURES:
        return FeatureCritic()
    raise RunError(f"--critic is {settings.critic!r}; it is {PATCHES} or {FEATURES}.")


def _mean(losses: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(losses)).mean()


def weighted_l1(painted: Tensor, ab_norm: Tensor, saturation: float) -> Tensor:
    """Mean absolute error of ab_norm (N, 2, H, W), saturated pixels of the truth counting more.

    Examples
    --------
    >>> truth = torch.tensor([0.6, 0.8]).view(1, 2, 1, 1)  # of length 1
    >>> weighted_l1(torch.zeros(1, 2, 1, 1), truth, 4.0).item()
    3.5
    """
    weight = 1 + saturation * ab_norm.norm(dim=1, keepdim=True)
    return ((painted - ab_norm).abs() * weight).mean()


def share_of_error(painted: Tensor, ab_norm: Tensor) -> Tensor:
    """Mean over the photographs of the logarithm of their root mean square error.

    As with PSNR, halving the error counts the same in a photograph of few colours and in one of
    many; a sum of errors all but forgets the first. Errors below `LEAST_ERROR` count as that.

    Parameters
    ----------
    painted, ab_norm : Tensor, shape (N, 2, H, W)

    Examples
    --------
    >>> truth = torch.zeros(2, 2, 4, 4)
    >>> once = share_of_error(truth + 0.2, truth)
    >>> round((share_of_error(truth + 0.4, truth) - once).item(), 2)  # log 2 is 0.69
    0.69
    """
    squares = (painted - ab_norm).square().sum(dim=1).mean(dim=(1, 2))  # (N,)
    return 0.5 * torch.log(squares + (LEAST_ERROR / AB_MAX) ** 2).mean()


def _start(settings: Settings, network: PhotoNet) -> dict[str, Any]:
    if settings.start == IMAGENET:
        if settings.encoder not in rulers.PACKAGED:
            return {}
        weights = imagenet_encoder(network, settings.encoder)
        network.encoder.load_state_dict(weights, strict=True)
        title = rulers.PACKAGED[settings.encoder][0]
        return {"start": {"name": f"{title} on ImageNet, Apache-2.0", "hours": 0.0}}
    if settings.start == "none":
        return {}
    committed = settings.start == COMMITTED
    folder = checkpoint.FOLDER if committed else Path(settings.start).parent
    name = NAME if committed else Path(settings.start).name
    given = network_of(checkpoint.read_card(name, folder=folder))
    card = checkpoint.restore(name, given, folder=folder)
    mean = given.mean if isinstance(given, PhotoFlow) else given
    try:
        network.load_state_dict(mean.state_dict())
    except RuntimeError:
        raise RunError(
            f"--start {settings.start} is of another encoder or other widths than --encoder "
            f"{settings.encoder} and --widths {settings.widths}; give those of its card."
        ) from None
    return origin(name, card)


def imagenet_encoder(network: PhotoNet, name: str = ENCODER) -> dict[str, Tensor]:
    """The ImageNet weights of one of `features.PACKAGED` for the encoder of a `PhotoNet`.

    The first convolution sees one channel: its weights are summed over red, green and blue, so
    that a grey picture gives what it gave in three equal channels.
    """
    whole = rulers.PACKAGED[name][1]().state_dict()
    wanted = network.encoder.state_dict()
    taken = {name: whole[name] for name in wanted}
    taken["conv_stem.weight"] = taken["conv_stem.weight"].sum(dim=1, keepdim=True)
    return taken


def train(
    settings: Settings, photographs: photos.Photographs | kinds.Kinds
) -> tuple[Photographs, float]:
    """Train, or go on with, the run of these settings; return it and its hours."""
    run = Run(Path(settings.run), settings)
    seen: _Films | photos.PhotoBatches
    if isinstance(photographs, kinds.Kinds):
        seen = _Films(settings, photographs)
        judged = kinds.evenly(photographs.held_kind, len(photographs.held_kind), seed=0)
        shown = photographs.held_rgb_u8[judged]
    else:
        seen = photos.PhotoBatches(
            photographs.groups, settings.batch, settings.seed, zoom=settings.zoom
        )
        shown = photographs.held_out
    if not seen.steps:
        raise RunError(
            f"--batch is {settings.batch}, more than the photographs of any side; "
            "give a smaller one."
        )
    training = Photographs(settings, settings.epochs * seen.steps)
    count = len(shown)
    validation = data.Pictures(shown, np.zeros(count, np.uint8), np.arange(count))
    fit(
        training, run, seen.epoch, epochs=settings.epochs, steps=seen.steps,
        batch=settings.batch, watch=Watch(validation, NAME, others=False) if count else None,
    )  # fmt: skip
    return training, run.seconds / 3600


class _Films:
    """Epochs of photographs by kind: L_norm and ab_norm, as `photos.PhotoBatches` gives them."""

    def __init__(self, settings: Settings, photographs: kinds.Kinds) -> None:
        self.steps = len(photographs.rgb_u8) // settings.batch
        self._batches = kinds.KindBatches(
            photographs, settings.batch, settings.seed, settings.evenness, settings.zoom
        )

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        for L, ab in self._batches.batches(number * self.steps, self.steps):
            yield L / L_HALF - 1, ab / AB_MAX


def _read(settings: Settings) -> tuple[photos.Photographs | kinds.Kinds, str]:
    """The photographs, and how many of what there are."""
    paths = [Path(path) for path in settings.photos]
    if settings.films:
        by_kind = kinds.load(paths, settings.limit)
        text = kinds.counted(by_kind)
        print(f"{text}; {by_kind.dropped:,} near those left out", file=sys.stderr)
        return by_kind, text
    photographs = photos.load(paths, settings.limit)
    sources = ", ".join(f"{name} {count:,}" for name, count in photographs.sources.items())
    print(f"photographs: {sources}; left out: {photographs.broken:,}", file=sys.stderr)
    return photographs, (f"photographs: {sources}; {len(photographs.held_out):,} of them held out")


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    description = (__doc__ or "").split("\n\nReferences")[0]
    settings = parse(Settings, "python -m train.photo", description, argv)
    made = provenance(sys.argv[1:] if argv is None else argv, "train.photo")
    try:
        photographs, text = _read(settings)
        training, hours = train(settings, photographs)
        card = {
            "name": NAME,
            "title": training.title,
            "licence": "Apache-2.0",
            "data": text,
            "data_terms": settings.terms or "not stated",
            "network": training.described,
            "settings": asdict(settings),
            "hours": round(hours, 2),
            **training.origin,
            **made,
        }
        checkpoint.save(NAME, training.kept, card, folder=Path(settings.run))
        print(f"weights and card: {settings.run}")
    except TrueHueError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, RunError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
