"""A machine judge: a network that picks the real picture of a trial, and sees about like a person.

    python -m train.judge
    python -m train.judge --pictures 2000 --epochs 1 --run runs/try
    python -m train.judge --on validation --ship

It learns on colorizations of training pictures by the committed colorizers and is asked about
test pictures that neither it nor they have seen. Its *fool rate* of a method is the study's:
the share of trials in which that method's picture is picked, of two (the truth and one other) or
of three (truth, classification, GAN).

A network that looks at every pixel knows each method by habits that no person sees: it is not
even fooled by the truth through 313 soft bins. So it wears glasses (`seen`): of a picture it gets
L as it is, and chroma that is blurred, a little stronger or weaker, and noisy; that is drawn for
each picture anew, and the noise is as coarse as what is left. What people cannot tell apart fools
it as often as chance then, and grey never does; the table has both.

With `--ship` the classifier's card gets the temperature whose pictures the judge would pick
most often in trials of three, by the mean of its probabilities: single picks of so many are too
few to order temperatures. That is chosen on the validation pictures, never on the test pictures.

What it cannot tell: what people pick. It orders methods and operating points before anyone is
asked; it replaces no participant, and its picks are in no study's database.

References
----------
Lopez-Paz, Oquab: Revisiting Classifier Two-Sample Tests, ICLR 2017 (a classifier that tells
two samples apart as a measure of their distance).
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import binomtest
from torch import Tensor, nn
from torch.nn import functional

import colorizers
from colorizers.color import AB_MAX, L_HALF, colorize_u8, rgb_to_lab
from colorizers.networks.bins import TEMPERATURE, centres
from colorizers.networks.checkpoint import FOLDER, read_card
from truehue import TrueHueError

from . import data
from .evaluate import hard_bins, through_soft_bins
from .loop import Training, descend, fit
from .options import option, parse
from .processes import autocast, bfloat16_is_fast, channels_last, prepare
from .run import Run, RunError, learning_rate, set_learning_rate

UInt8 = NDArray[np.uint8]
Half = NDArray[np.float16]

TEMPERATURES = (1.0, 0.6, TEMPERATURE, 0.2, 0.1)
"""Of the classifier, in the order of rising colourfulness."""
CLASSIFICATION = tuple(f"classification T={value:g}" for value in TEMPERATURES)
DEFAULT = f"classification T={TEMPERATURE:g}"
LEARNED = ("grey", "regression", "gan", "flow", "cvae")
"""Rows that it learns to tell from the truth, beside the classification."""
CEILINGS = ("truth-hard-bins", "truth-soft-bins")
"""Rows that it never learns from: no person can tell the second from the truth."""
ALONE = (*LEARNED, *CEILINGS)
"""Rows that stand in trials of two, as each temperature does."""
BLUR, NOISE, STRONGER = 1.5, 3.0, 0.1
"""The glasses: standard deviations of the blur, in pixels of 32 x 32; of the noise, in units of ab,
after it was blurred alike; and of the logarithm of how much stronger chroma is. With the first two
the truth through soft bins was taken in half of the trials of validation pictures (docs/LOG.md)."""
FIRST_SEED = 1_000_000
"""Of what is drawn for the training pictures; of the others it is 1, as the app's."""


@dataclass(frozen=True)
class Settings:
    """What decides the result, with the reasons of the defaults."""

    run: str = option("runs/judge", "folder of the run; the same folder resumes it")
    pictures: int = option(6_000, "training pictures to colorize; more take minutes each")
    epochs: int = option(4, "passes over them")
    batch: int = option(64, "trials a step")
    lr: float = option(2e-3, "peak learning rate of Adam")
    width: int = option(48, "channels of the first convolution")
    seed: int = option(1, "of the weights, the order and the temperatures")
    bfloat16: bool = option(bfloat16_is_fast(), "autocast; on where the processor has it")
    on: str = option("test", "pictures that it is asked about: test, or validation")
    ship: bool = option(False, "put the temperature that fools best into the classifier's card")
    json: str = option("", "write the rates as JSON lines to this file")


@dataclass(frozen=True)
class Judged:
    """What a run of the judge is of: other weights to judge make it another run."""

    settings: Settings
    weights: dict[str, str]


def weights_in_use() -> dict[str, str]:
    """SHA-256 of the committed weights by the colorizer's name."""
    names = colorizers.cifar10_names(controls=True)
    return {name: read_card(name)["weights"]["sha256"] for name in names}


class Judge(nn.Module):
    """How real each picture looks: five convolutions, mean over the picture, one score.

    Parameters
    ----------
    width : int
        Channels at full size; doubled at each of three halvings.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = (3, width, 2 * width, 4 * width, 4 * width)
        layers: list[nn.Module] = []
        for level, (above, below) in enumerate(itertools.pairwise(channels)):
            layers += [
                nn.Conv2d(above, below, 3, stride=2 if level else 1, padding=1, bias=False),
                nn.BatchNorm2d(below),
                nn.LeakyReLU(0.1, inplace=True),
            ]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(channels[-1], 1)

    def forward(self, seen: Tensor) -> Tensor:
        """Scores (N,) of pictures (N, 3, H, W) as `seen`; the highest of a trial is its pick."""
        features = self.layers(channels_last(seen))
        scores: Tensor = self.head(features.mean(dim=(2, 3)))[:, 0]
        return scores


class Rows(NamedTuple):
    """Colorizations of the same pictures.

    Attributes
    ----------
    L : ndarray of float16, shape (N, H, W)
    ab : dict
        Name of a row -> what its 8 bits of sRGB show, float16, shape (N, H, W, 2); "truth" is
        among them, and has gone the way of the others, so that no rounding tells.
    """

    L: Half
    ab: dict[str, Half]


def colorizations(rgb_u8: UInt8, tell: Callable[[str], None], seed: int = 1) -> Rows:
    """All rows of these pictures; those that are drawn are drawn from this seed on."""
    lab = rgb_to_lab(rgb_u8)
    L, ab = lab[..., 0], lab[..., 1:]
    rows: dict[str, Half] = {}

    def keep(name: str, colours: NDArray[np.float32]) -> None:
        tell(name)
        rows[name] = rgb_to_lab(colorize_u8(L, colours))[..., 1:].astype(np.float16)

    keep("truth", ab)
    keep("grey", np.zeros_like(ab))
    keep("truth-hard-bins", centres()[hard_bins(ab)])
    keep("truth-soft-bins", through_soft_bins(ab))
    for name in LEARNED[1:]:
        colorizer = colorizers.load(name)
        drawn = {"seed": float(seed)} if "seed" in colorizer.options else {}
        keep(name, colorizer.predict_ab(L, **drawn))
    classifier = colorizers.load("classification")
    for name, temperature in zip(CLASSIFICATION, TEMPERATURES, strict=True):
        keep(name, classifier.predict_ab(L, temperature=temperature))
    return Rows(L.astype(np.float16), rows)


def seen(L: Tensor, ab: Tensor, generator: torch.Generator) -> Tensor:
    """What the judge sees of pictures: L as it is, chroma through glasses.

    Parameters
    ----------
    L : Tensor, shape (N, 1, H, W)
        In [0, 100].
    ab : Tensor, shape (N, 2, H, W)
        In units of Lab.
    generator : torch.Generator
        Draws noise and strength of each picture.

    Returns
    -------
    Tensor, shape (N, 3, H, W)
        About in [-1, 1].
    """
    noise = blurred(torch.randn(ab.shape, generator=generator))
    noise = noise * (NOISE / noise.std())
    stronger = torch.exp(STRONGER * torch.randn((len(ab), 1, 1, 1), generator=generator))
    return torch.cat([L / L_HALF - 1, (blurred(ab) * stronger + noise) * (4 / AB_MAX)], dim=1)


def blurred(maps: Tensor) -> Tensor:
    """Maps (N, C, H, W) after a Gaussian of `BLUR` pixels; what is beyond the edge is mirrored."""
    channels, reach = maps.shape[1], round(4 * BLUR)
    weights = torch.exp(-torch.arange(-reach, reach + 1).square() / (2 * BLUR**2))
    weights = (weights / weights.sum()).expand(channels, 1, 1, -1)
    maps = functional.pad(maps, [reach] * 4, mode="reflect")
    maps = functional.conv2d(maps, weights, groups=channels)
    return functional.conv2d(maps, weights.transpose(2, 3), groups=channels)


def trial_loss(judge: nn.Module, trial: Tensor) -> Tensor:
    """Cross-entropy of the trials that one training picture gives.

    Parameters
    ----------
    judge : Judge
    trial : Tensor, shape (N, M, 3, H, W)
        As `seen`: the truth, then M - 1 others.

    Returns
    -------
    Tensor, scalar
        Of each other picture alone against the truth, in nats.
    """
    count, pictures = trial.shape[:2]
    scores = judge(trial.flatten(0, 1)).float().view(count, pictures)
    return functional.softplus(scores[:, 1:] - scores[:, :1]).mean()


def train(settings: Settings, colorized: Callable[[], Rows]) -> Judge:
    """Train, or go on with, the judge of these settings.

    Parameters
    ----------
    settings : Settings
    colorized : callable
        Gives the training pictures of every row, see `colorizations`; not asked if the run is
        at its end.
    """
    trained = replace(settings, on="", ship=False, json="")  # what it is asked later is no part
    run = Run(Path(settings.run), Judged(trained, weights_in_use()))
    steps = settings.pictures // settings.batch
    torch.manual_seed(settings.seed)
    training = Judging(settings, settings.epochs * steps)
    asked: list[Rows] = []

    def stream(epoch: int) -> Iterator[tuple[Tensor]]:
        rows = asked[0] if asked else colorized()
        asked[:] = [rows]
        rng = np.random.default_rng([settings.seed, epoch])
        order = rng.permutation(len(rows.L))[: steps * settings.batch].reshape(steps, -1)
        return ((_trials(rows, which, rng),) for which in order)

    fit(training, run, stream, epochs=settings.epochs, steps=steps, batch=settings.batch)
    return training.judge.eval()


class Judging(Training):
    """The judge on its trials."""

    name = "judge"

    def __init__(self, settings: Settings, steps: int) -> None:
        super().__init__(settings, steps)
        self.judge = prepare(Judge(settings.width))
        self.network = self.judge
        self.adam = torch.optim.Adam(self.judge.parameters(), lr=settings.lr)
        self.parts = {"judge": self.judge, "optimizer": self.adam}

    def step(self, now: int, trial: Tensor) -> dict[str, Tensor]:
        """One step of Adam."""
        set_learning_rate(self.adam, learning_rate(now, self.steps, self.settings.lr))
        with autocast(self.settings.bfloat16):
            loss = trial_loss(self.judge, trial)
        descend(loss, self.adam)
        return {"loss": loss.detach()}


def _trials(rows: Rows, which: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
    """The truth and all that is learned from, as seen, of these pictures: (N, 7, 3, H, W)."""
    temperatures = rng.integers(0, len(CLASSIFICATION), len(which))
    classified = np.stack(
        [rows.ab[CLASSIFICATION[t]][i] for t, i in zip(temperatures, which, strict=True)]
    )
    others = [rows.ab[name][which] for name in LEARNED]
    ab = np.stack([rows.ab["truth"][which], classified, *others], axis=1)  # (N, 7, H, W, 2)
    L = np.repeat(rows.L[which, None], ab.shape[1], axis=1)
    flip = rng.random(len(which)) < 0.5
    ab[flip], L[flip] = ab[flip, :, :, ::-1], L[flip, :, :, ::-1]
    generator = torch.Generator().manual_seed(int(rng.integers(2**53)))
    trial = seen(*_tensors(L.reshape(-1, *L.shape[2:]), ab.reshape(-1, *ab.shape[2:])), generator)
    return trial.unflatten(0, ab.shape[:2])


def _tensors(L: Half, ab: Half) -> tuple[Tensor, Tensor]:
    """(N, H, W) and (N, H, W, 2) -> (N, 1, H, W) and (N, 2, H, W), of single precision."""
    return (
        torch.from_numpy(L.astype(np.float32))[:, None],
        torch.from_numpy(ab.astype(np.float32)).permute(0, 3, 1, 2),
    )


@torch.inference_mode()
def scores_of(judge: Judge, L: Half, ab: Half, seed: int = 0) -> NDArray[np.float64]:
    """How real pictures of L (N, H, W) and ab (N, H, W, 2) look to the judge; shape (N,)."""
    generator = torch.Generator().manual_seed(seed)
    at = range(0, len(L), 500)
    parts = [seen(*_tensors(L[i : i + 500], ab[i : i + 500]), generator) for i in at]
    return torch.cat([judge(part).double().cpu() for part in parts]).numpy()


def fool_rates(scores: dict[str, NDArray[np.float64]]) -> list[dict[str, Any]]:
    """The rates of every trial that is asked.

    Parameters
    ----------
    scores : dict
        Name of a row -> scores of its pictures, shape (N,); "truth" among them.

    Returns
    -------
    list of dict
        One a trial and method: `trial` (the names of its pictures), `method`, `fooled`, `n`,
        `rate`, `rate_ci95` (Wilson: each picture is asked once, of one judge), `expected` (mean
        probability that the judge gives the method's picture) and `chance`.
    """
    trials: list[tuple[str, ...]] = [("truth", name, "gan") for name in CLASSIFICATION]
    trials += [("truth", name) for name in (*ALONE[:2], *CLASSIFICATION, *ALONE[2:])]
    trials += [("truth", "gan", "flow")]
    return [row for trial in trials for row in _rates(trial, scores)]


def _rates(trial: Sequence[str], scores: dict[str, NDArray[np.float64]]) -> list[dict[str, Any]]:
    together = np.stack([scores[name] for name in trial])
    picked = together.argmax(axis=0)
    expected = softmax(together, axis=0).mean(axis=1)
    count = len(picked)
    rows = []
    for index, name in enumerate(trial[1:], 1):
        fooled = int((picked == index).sum())
        low, high = binomtest(fooled, count).proportion_ci(method="wilson")
        rows.append(
            {
                "trial": list(trial), "method": name, "fooled": fooled, "n": count,
                "rate": fooled / count, "rate_ci95": [float(low), float(high)],
                "expected": float(expected[index]), "chance": 1 / len(trial),
            }
        )  # fmt: skip
    return rows


def ask(settings: Settings, training: UInt8, test: UInt8) -> list[dict[str, Any]]:
    """Train a judge on one set of pictures and return its rates on the other."""

    def tell(what: str) -> Callable[[str], None]:
        return lambda name: print(f"{what}: {name}", file=sys.stderr, flush=True)

    judge = train(settings, lambda: colorizations(training, tell("training pictures"), FIRST_SEED))
    rows = colorizations(test, tell("test pictures"))
    return fool_rates(
        {
            name: scores_of(judge, rows.L, ab, seed)
            for seed, (name, ab) in enumerate(rows.ab.items())
        }
    )


def table(rates: list[dict[str, Any]]) -> str:
    """The rates in Markdown."""
    lines = [
        "| trial | picked | fool rate | 95 % interval | expected | chance |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for row in rates:
        low, high = row["rate_ci95"]
        lines.append(
            f"| {', '.join(row['trial'])} | {row['method']} | {row['rate']:.2%} | "
            f"{low:.2%} to {high:.2%} | {row['expected']:.2%} | {row['chance']:.1%} |"
        )
    return "\n".join(lines)


def best_temperature(rates: list[dict[str, Any]]) -> float:
    """The classifier's temperature that is expected to fool best in trials of three."""
    three = {row["method"]: row["expected"] for row in rates if len(row["trial"]) == 3}
    return max(TEMPERATURES, key=lambda value: three[f"classification T={value:g}"])


def ship(temperature: float, weights: Path = FOLDER) -> None:
    """Put a temperature into the classifier's card: the app and the evaluation then use it."""
    file = weights / "classification.json"
    card = json.loads(file.read_text())
    card["network"]["temperature"] = temperature
    file.write_text(json.dumps(card, indent=2) + "\n")


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    settings = parse(Settings, "python -m train.judge", __doc__, argv)
    try:
        training = data.load("train").rgb_u8
        if settings.on not in ("test", "validation"):
            raise RunError(f"--on is {settings.on}; it must be test or validation.")
        if settings.ship and settings.on == "test":
            raise RunError("--ship chooses a temperature, so it needs --on validation.")
        asked = data.load(settings.on).rgb_u8
        if not settings.batch <= settings.pictures <= len(training):
            raise RunError(
                f"--pictures is {settings.pictures}; it must be from --batch {settings.batch} "
                f"to {len(training)}."
            )
        rates = ask(settings, training[: settings.pictures], asked)
    except TrueHueError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, RunError) else 1
    print(table(rates))
    print(
        f"\nn = {len(asked):,} {settings.on} pictures, each asked once of one judge "
        f"(seed {settings.seed})."
    )
    if settings.ship:
        ship(best_temperature(rates))
        print(f"shipped: T = {best_temperature(rates):g}")
    if settings.json:
        Path(settings.json).write_text("".join(json.dumps(row) + "\n" for row in rates))
    return 0


if __name__ == "__main__":
    sys.exit(main())
