"""Train the conditional DCGAN: a U-Net that paints ab, a critic that sees L and ab.

    python -m train.gan
    python -m train.gan --epochs 2 --limit 2000 --run runs/try

The generator's U-Net starts from the classifier's (`train.classification` comes first).
Three phases, as in DeOldify's NoGAN: the generator alone on L1; the critic alone on the
generator's pictures; both against each other, hinge loss plus lambda times L1. The critic has
spectral norm and sees real and painted colours in equal number. What is kept is a moving
average of the generator's weights.

Watch it: `tensorboard --logdir runs`, or the pictures in RUN/grid/. Kill it at any time; the
same command goes on after the last whole epoch, and ends with the weights that an
uninterrupted run has. Only `--commit-weights` replaces what the app uses.

References
----------
arXiv 2508.05068; Nazeri, Ng, Ebrahimi, 2018; Isola et al., CVPR 2017; Miyato et al., ICLR 2018;
Lim, Ye: Geometric GAN, 2017 (hinge loss); Antic: DeOldify (NoGAN), 2018.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from colorizers import checkpoint, classification
from colorizers.color import L_HALF
from colorizers.gan import NAME, TITLE, Discriminator, Generator

from . import data
from .losses import hinge_discriminator, hinge_generator
from .run import (
    Average,
    Run,
    RunError,
    autocast,
    bfloat16_is_fast,
    channels_last,
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

    run: str = option("runs/gan", "folder of the run; the same folder resumes it")
    from_classifier: bool = option(
        True, "start the U-Net from the committed classifier's; from random weights the short run "
        "stayed at the grey row's PSNR (docs/LOG.md)"
    )  # fmt: skip
    epochs: int = option(3, "passes over the training pictures, pretraining included")
    pretrain: int = option(1, "of these, how many train the generator alone on L1")
    critic_steps: int = option(100, "steps of the critic alone before the two meet")
    limit: int = option(0, "use only the first so many training pictures, 0 for all")
    batch: int = option(128, "pictures a step")
    lr: float = option(1e-3, "peak learning rate of the pretraining")
    lr_generator: float = option(2e-4, "peak learning rate of the generator against the critic")
    lr_critic: float = option(4e-4, "of the critic: twice the generator's, as in TTUR")
    weight_l1: float = option(
        100.0, "lambda: the L1 of ab_norm against the hinge loss; less is more colourful and "
        "less like the truth"
    )  # fmt: skip
    widths: tuple[int, ...] = option((32, 64, 128, 256, 384), "channels of the U-Net")
    critic_widths: tuple[int, ...] = option((64, 128, 256), "channels of the critic")
    average: float = option(0.998, "decay of the weights' moving average, which is what is kept")
    seed: int = option(1, "of the weights and the order")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    commit_weights: bool = option(False, "write the result to colorizers/weights/")


class Duel:
    """Generator, critic, their optimisers and one step of each phase.

    Parameters
    ----------
    settings : Settings
    steps : int
        Steps an epoch, for the schedules.
    """

    def __init__(self, settings: Settings, steps: int) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        generator = Generator(settings.widths)
        if settings.from_classifier:
            generator.body.load_state_dict(classifier_body(settings.widths))
        self.generator = prepare(generator)
        self.critic = prepare(Discriminator(settings.critic_widths))
        self.average = Average(self.generator, settings.average)
        # A momentum of 0.5 is DCGAN's; it is as good for the pretraining.
        self.generator_adam = torch.optim.Adam(
            self.generator.parameters(), lr=settings.lr, betas=(0.5, 0.999)
        )
        self.critic_adam = torch.optim.Adam(
            self.critic.parameters(), lr=settings.lr_critic, betas=(0.5, 0.999)
        )
        self.pretraining = settings.pretrain * steps
        self.adversarial = (settings.epochs - settings.pretrain) * steps

    def parts(self) -> dict[str, torch.nn.Module | torch.optim.Optimizer]:
        """What a checkpoint holds."""
        return {
            "generator": self.generator,
            "critic": self.critic,
            "average": self.average,
            "generator_adam": self.generator_adam,
            "critic_adam": self.critic_adam,
        }

    def step(self, now: int, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        """Step number `now` of the run; returns what it measured, by name."""
        L_norm, ab_norm = channels_last(L_norm), channels_last(ab_norm)
        if now < self.pretraining:
            rate = learning_rate(now, self.pretraining, self.settings.lr)
            set_learning_rate(self.generator_adam, rate)
            return self._paint(L_norm, ab_norm, against_critic=False)
        since = now - self.pretraining
        rate = learning_rate(since, self.adversarial, 1.0)
        set_learning_rate(self.generator_adam, rate * self.settings.lr_generator)
        set_learning_rate(self.critic_adam, rate * self.settings.lr_critic)
        measured = self._judge(L_norm, ab_norm)
        if since >= self.settings.critic_steps:
            measured |= self._paint(L_norm, ab_norm, against_critic=True)
        return measured

    def _judge(self, L_norm: Tensor, ab_norm: Tensor) -> dict[str, Tensor]:
        self.critic.requires_grad_(True)
        with autocast(self.settings.bfloat16):
            with torch.no_grad():
                painted = self.generator(L_norm)
            real, fake = self.critic(L_norm, ab_norm), self.critic(L_norm, painted)
        loss = hinge_discriminator(real.float(), fake.float())
        self.critic_adam.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_adam.step()
        return {
            "critic_loss": loss.detach(),
            "score_real": real.detach().float().mean(),
            "score_painted": fake.detach().float().mean(),
        }

    def _paint(self, L_norm: Tensor, ab_norm: Tensor, against_critic: bool) -> dict[str, Tensor]:
        self.critic.requires_grad_(False)
        with autocast(self.settings.bfloat16):
            painted = self.generator(L_norm)
            scores = self.critic(L_norm, painted) if against_critic else None
        l1 = (painted.float() - ab_norm).abs().mean()
        loss = l1
        if scores is not None:
            loss = self.settings.weight_l1 * l1 + hinge_generator(scores.float())
        self.generator_adam.zero_grad(set_to_none=True)
        loss.backward()
        self.generator_adam.step()
        self.average.update(self.generator)
        return {"l1": l1.detach()}


def classifier_body(widths: Sequence[int]) -> Mapping[str, Tensor]:
    """The weights of the committed classifier's U-Net.

    Raises
    ------
    RunError
        If its widths are not these.
    colorizers.checkpoint.WeightsError
        If there are no weights.
    """
    has = checkpoint.read_card(classification.NAME)["network"]["widths"]
    if list(widths) != has:
        raise RunError(
            f"--widths is {list(widths)}, but the classifier to start from has {has}; "
            "give the same, or --no-from-classifier."
        )
    classifier = classification.Classifier(widths)
    checkpoint.restore(classification.NAME, classifier)
    return classifier.body.state_dict()


def train(
    settings: Settings, pictures: data.Pictures, validation: data.Pictures
) -> tuple[Generator, float]:
    """Train, or go on with, the run of these settings; return averaged generator and hours."""
    if not 0 <= settings.pretrain <= settings.epochs:
        raise RunError(
            f"--pretrain is {settings.pretrain}; it must be from 0 to --epochs {settings.epochs}."
        )
    run = Run(Path(settings.run), settings)
    batches = data.LabBatches(pictures.rgb_u8, progress=True)
    steps = len(batches) // settings.batch
    duel = Duel(settings, steps)
    done = run.resume(**duel.parts())
    watch = Watch(validation, NAME)
    for epoch in range(done, settings.epochs):
        duel.generator.train()
        total = torch.zeros(())
        stream = batches.epoch(settings.batch, settings.seed, epoch)
        for step, (L_norm, ab_norm) in enumerate(
            run.watch(stream, epoch, settings.epochs, steps, settings.batch)
        ):
            now = epoch * steps + step
            measured = duel.step(now, L_norm, ab_norm)
            total += measured.get("l1", torch.zeros(())).cpu()
            if now % 50 == 0:
                for key, value in measured.items():
                    run.log.add_scalar(f"train/{key}", value.item(), now)
        run.save(epoch + 1, **duel.parts())
        figures = watch.show(run, epoch + 1, lambda L: predict_ab(duel.average.module, L))
        print_epoch(epoch + 1, {"l1": total.item() / steps} | figures)
    return duel.average.module, run.seconds / 3600  # type: ignore[return-value]


@torch.inference_mode()
def predict_ab(model: torch.nn.Module, L: NDArray[np.float32]) -> NDArray[np.float32]:
    """ab (N, H, W, 2) for L (N, H, W) in [0, 100] by a generator in training."""
    model.eval()
    parts = [
        model.predict(channels_last(part[:, None] / L_HALF - 1)).cpu()  # type: ignore[operator]
        for part in torch.from_numpy(L).split(250)
    ]
    return torch.cat(parts).permute(0, 2, 3, 1).contiguous().numpy()


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    description = (__doc__ or "").split("\n\nReferences")[0]
    settings = parse(Settings, "python -m train.gan", description, argv)
    origin = provenance(sys.argv[1:] if argv is None else argv, "train.gan")
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
            "network": {"widths": settings.widths, "size": data.SIDE},
            "settings": asdict(settings),
            "hours": round(hours, 2),
            **origin,
        }
        checkpoint.save(NAME, model, card, folder=folder)
        print(f"weights and card: {folder}")
    except (data.DataError, RunError, checkpoint.WeightsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
