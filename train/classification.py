"""Train the classifier: a U-Net, 313 bins, cross-entropy against soft targets.

    python -m train.classification
    python -m train.classification --epochs 1 --limit 2000 --run runs/try

Watch it: `tensorboard --logdir runs`, or the pictures in RUN/grid/. Kill it at any time; the
same command goes on after the last whole epoch, and ends with the weights that an
uninterrupted run has. Only `--commit-weights` replaces what the app uses.

References
----------
arXiv 2508.05068; Zhang, Isola, Efros, ECCV 2016.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from colorizers import checkpoint
from colorizers.bins import COUNT, TEMPERATURE, SoftEncoder, annealed_mean, rebalancing_weights
from colorizers.classification import NAME, TITLE, Classifier
from colorizers.color import AB_MAX, L_HALF

from . import data
from .losses import soft_cross_entropy
from .run import (
    Average,
    Run,
    RunError,
    autocast,
    bfloat16_is_fast,
    channels_last,
    device,
    learning_rate,
    option,
    parse,
    prepare,
    print_epoch,
    provenance,
    set_learning_rate,
)
from .watch import Watch


@dataclass(frozen=True)
class Settings:
    """What decides the result of the training, with the reasons of the defaults."""

    run: str = option("runs/classification", "folder of the run; the same folder resumes it")
    epochs: int = option(4, "passes over the training pictures")
    limit: int = option(0, "use only the first so many training pictures, 0 for all")
    batch: int = option(128, "pictures a step")
    lr: float = option(2e-3, "peak learning rate of Adam; warmed up, then half a cosine")
    widths: tuple[int, ...] = option((32, 64, 128, 256, 384), "channels of the U-Net")
    pixels: int = option(
        256, "random pixels of each picture that the loss sees; neighbours say nearly the same, "
        "and the 313-way head costs a third of the step with all of them"
    )  # fmt: skip
    rebalance: bool = option(False, "weight rare colours up; the paper found that it disrupts")
    average: float = option(0.998, "decay of the weights' moving average, which is what is kept")
    seed: int = option(1, "of the weights, the order and the pixels")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    commit_weights: bool = option(False, "write the result to colorizers/weights/")


def train(
    settings: Settings, pictures: data.Pictures, validation: data.Pictures
) -> tuple[Classifier, float]:
    """Train, or go on with, the run of these settings; return averaged network and hours."""
    run = Run(Path(settings.run), settings)
    torch.manual_seed(settings.seed)
    model = prepare(Classifier(settings.widths))
    average = Average(model, settings.average)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr)
    done = run.resume(model=model, average=average, optimizer=optimizer)

    batches = data.LabBatches(pictures.rgb_u8, progress=True)
    encoder = SoftEncoder(device())
    weights = _rebalancing(batches, encoder) if settings.rebalance else None
    watch = Watch(validation, NAME)
    steps = len(batches) // settings.batch
    for epoch in range(done, settings.epochs):
        model.train()
        total = torch.zeros(())
        stream = batches.epoch(settings.batch, settings.seed, epoch)
        for step, (L_norm, ab_norm) in enumerate(
            run.watch(stream, epoch, settings.epochs, steps, settings.batch)
        ):
            now = epoch * steps + step
            rate = learning_rate(now, settings.epochs * steps, settings.lr)
            set_learning_rate(optimizer, rate)
            loss = _loss(model, encoder, L_norm, ab_norm, settings, weights)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            average.update(model)
            total += loss.detach().cpu()
            if now % 50 == 0:
                run.log.add_scalar("train/loss", loss.item(), now)
                run.log.add_scalar("train/learning_rate", rate, now)
        run.save(epoch + 1, model=model, average=average, optimizer=optimizer)
        figures = watch.show(run, epoch + 1, lambda L: predict_ab(average.module, L))
        print_epoch(epoch + 1, {"loss": total.item() / steps} | figures)
    return average.module, run.seconds / 3600  # type: ignore[return-value]


def _loss(
    model: Classifier,
    encoder: SoftEncoder,
    L_norm: Tensor,
    ab_norm: Tensor,
    settings: Settings,
    weights: Tensor | None,
) -> Tensor:
    count, _, height, width = L_norm.shape
    pixels = min(settings.pixels, height * width)
    where = torch.rand(count, height * width).topk(pixels, dim=1).indices.to(device())
    with autocast(settings.bfloat16):
        features = model.body(channels_last(L_norm)).permute(0, 2, 3, 1)  # (N, H, W, C)
        chosen = _take(features, where)  # (N, pixels, C)
        logits = functional.linear(chosen, model.head.weight[:, :, 0, 0], model.head.bias)
    ab = _take(ab_norm.to(device()).permute(0, 2, 3, 1) * AB_MAX, where)  # (N, pixels, 2)
    index, weight = encoder(ab.permute(0, 2, 1)[..., None])  # (N, pixels, 1, 10)
    return soft_cross_entropy(
        logits.reshape(-1, COUNT), index.reshape(-1, index.shape[-1]),
        weight.reshape(-1, weight.shape[-1]), weights,
    )  # fmt: skip


def _take(values: Tensor, where: Tensor) -> Tensor:
    """(N, H, W, C) at the flat positions (N, P) -> (N, P, C)."""
    flat = values.flatten(1, 2)
    return flat.gather(1, where[..., None].expand(-1, -1, flat.shape[2]))


def _rebalancing(batches: data.LabBatches, encoder: SoftEncoder) -> Tensor:
    counts = np.zeros(COUNT)
    for part in batches.ab_norm.split(1_000):
        index, weight = encoder(part.to(device()) * AB_MAX)
        likeliest = index.gather(-1, weight.argmax(-1, keepdim=True))
        counts += np.bincount(likeliest.cpu().numpy().ravel(), minlength=COUNT)
    return torch.from_numpy(rebalancing_weights(counts)).to(device())


@torch.inference_mode()
def predict_ab(
    model: torch.nn.Module, L: NDArray[np.float32], temperature: float = TEMPERATURE
) -> NDArray[np.float32]:
    """ab (N, H, W, 2) for L (N, H, W) in [0, 100] by a network in training."""
    model.eval()
    parts = [
        annealed_mean(model(channels_last(part[:, None] / L_HALF - 1)), temperature).cpu()
        for part in torch.from_numpy(L).split(250)
    ]
    return torch.cat(parts).permute(0, 2, 3, 1).contiguous().numpy()


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    description = (__doc__ or "").split("\n\nReferences")[0]
    settings = parse(Settings, "python -m train.classification", description, argv)
    origin = provenance(sys.argv[1:] if argv is None else argv, "train.classification")
    try:
        pictures, validation = data.load("train"), data.load("validation")
        if settings.limit:
            pictures = pictures[slice(0, settings.limit)]
        model, hours = train(settings, pictures, validation)
        folder = checkpoint.FOLDER if settings.commit_weights else Path(settings.run)
        card = {
            "name": NAME,
            "title": TITLE,
            "licence": "Apache-2.0",
            "data": f"CIFAR-10, {len(pictures):,} training pictures of 32 x 32 pixels",
            "network": {"widths": settings.widths, "size": data.SIDE, "temperature": TEMPERATURE},
            "settings": asdict(settings),
            "hours": round(hours, 2),
            **origin,
        }
        checkpoint.save(NAME, model, card, folder=folder)
        print(f"weights and card: {folder}")
    except (data.DataError, RunError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
