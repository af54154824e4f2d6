"""How fast the trainings are on this machine, and what keeps them from being faster.

    python -m train.speed
    python -m train.speed --publish

Pictures per second of each training's step against the machine's own ceiling, a square matrix
product; the same step without channels-last, without bfloat16, and compiled; and the data
pipeline alone. All variants are measured in turn, several rounds, so that a noisy machine
disturbs all alike: the ratios are what to read. Run it on an idle machine.

References
----------
torch.utils.flop_counter counts the operations of convolutions and matrix products.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from colorizers.networks.gan import Generator

from . import classification, gan
from .data import LabBatches
from .evaluate import versions
from .options import command_line
from .processes import autocast, bfloat16_is_fast, prepare

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- training speed -->", "<!-- end of training speed -->"
BATCH = 128
SIDE = 2048
"""Of the square matrices whose product is the ceiling."""

Step = Callable[[], Any]


def product(dtype: torch.dtype) -> Step:
    """One product of square matrices; 2 SIDE^3 operations."""
    first, second = torch.randn(SIDE, SIDE).to(dtype), torch.randn(SIDE, SIDE).to(dtype)
    return lambda: first @ second


def regression_step(bfloat16: bool, last: bool, compiled: bool = False) -> Step:
    """Forward, backward and Adam of the generator on L1."""
    model: nn.Module = Generator()
    L_norm, ab_norm = torch.randn(BATCH, 1, 32, 32), torch.randn(BATCH, 2, 32, 32) / 10
    if last:
        model = prepare(model)
        L_norm, ab_norm = (
            tensor.to(memory_format=torch.channels_last) for tensor in (L_norm, ab_norm)
        )
    optimizer = torch.optim.Adam(model.parameters())
    call = torch.compile(model) if compiled else model

    def step() -> None:
        with autocast(bfloat16):
            painted = call(L_norm)
        loss = (painted.float() - ab_norm).abs().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def classification_step() -> Step:
    """One step of `train.classification` with its default settings."""
    training = classification.Classification(classification.Settings(), steps=1000)
    L_norm, ab_norm = torch.randn(BATCH, 1, 32, 32), torch.randn(BATCH, 2, 32, 32) / 10
    return lambda: training.step(500, L_norm, ab_norm)


def gan_step() -> Step:
    """One step of generator and critic of `train.gan` with its default settings."""
    duel = gan.Duel(gan.Settings(start="none", critic_steps=0), steps=1000)
    L_norm, ab_norm = torch.randn(BATCH, 1, 32, 32), torch.randn(BATCH, 2, 32, 32) / 10
    return lambda: duel.step(500, L_norm, ab_norm)


def pipeline_step() -> Step:
    """One shuffled, flipped batch from memory."""
    rgb_u8 = np.random.default_rng(0).integers(0, 256, (4_000, 32, 32, 3), np.uint8)
    batches = LabBatches(rgb_u8)
    stream: Iterator[Any] = iter(())

    def step() -> None:
        nonlocal stream
        if next(stream, None) is None:
            stream = batches.epoch(BATCH, 0, 0)
            next(stream)

    return step


def measure(steps: dict[str, Step], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Seconds a call of each step, one figure a round; the steps take turns in each round."""
    for name, step in steps.items():
        print(f"warming up: {name}", file=sys.stderr, flush=True)
        step()
        step()
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds):
        print(f"round {number + 1}/{rounds}", file=sys.stderr, flush=True)
        for name, step in steps.items():
            calls, start = 0, time.perf_counter()
            while (spent := time.perf_counter() - start) < seconds:
                step()
                calls += 1
            times[name].append(spent / calls)
    return times


def operations(step: Step) -> float:
    """Floating-point operations of one call: convolutions and matrix products."""
    with FlopCounterMode(display=False) as counter:
        step()
    return float(counter.get_total_flops())


def report(rounds: int, seconds: float, compiled: bool) -> str:
    """Measure everything and return the tables in Markdown."""
    fast = bfloat16_is_fast()
    steps: dict[str, Step] = {
        "matrix product, float32": product(torch.float32),
        "matrix product, bfloat16": product(torch.bfloat16),
        "regression": regression_step(fast, last=True),
        "regression, float32": regression_step(False, last=True),
        "regression, float32, not channels-last": regression_step(False, last=False),
        "classification": classification_step(),
        "gan": gan_step(),
        "data pipeline": pipeline_step(),
    }
    if compiled:
        steps["regression, torch.compile"] = regression_step(fast, last=True, compiled=True)
    work = {name: operations(steps[name]) for name in ("regression", "classification", "gan")}
    times = measure(steps, rounds, seconds)
    middle = {name: statistics.median(values) for name, values in times.items()}
    ceiling = {
        name: 2 * SIDE**3 / middle[f"matrix product, {name}"] / 1e9
        for name in ("float32", "bfloat16")
    }
    used = "bfloat16" if fast else "float32"
    lines = [
        "| step | pictures/s, median | range | against regression | GFLOP a picture | GFLOP/s "
        "| of the ceiling |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, values in times.items():
        if name.startswith("matrix"):
            continue
        each = work.get(name.split(",")[0], 0.0) / BATCH / 1e9
        rate = BATCH / middle[name]
        peak = ceiling["float32" if "float32" in name else used]
        computed = f"{each:.2f} | {each * rate:.0f} | {each * rate / peak:.0%}" if each else " | | "
        low, high = BATCH / max(values), BATCH / min(values)
        lines.append(
            f"| {name} | {rate:,.0f} | {low:,.0f} to {high:,.0f} | "
            f"{middle['regression'] / middle[name]:.2f} | {computed} |"
        )
    about = ", ".join(f"{name} {version}" for name, version in versions().items())
    return "\n".join(
        [
            *lines, "",
            f"Ceiling: {ceiling['float32']:.0f} GFLOP/s in float32, {ceiling['bfloat16']:.0f} in "
            f"bfloat16 ({SIDE} x {SIDE} matrix product). Batch {BATCH}, {rounds} rounds of "
            f"{seconds:g} s a step, {torch.get_num_threads()} threads; {about}.",
        ]
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = command_line("python -m train.speed", __doc__)
    add = parser.add_argument
    add("--rounds", type=int, default=5, metavar="N", help="of all steps in turn (default 5)")
    add("--seconds", type=float, default=4.0, help="of each step in a round (default 4)")
    compile_help = "measure torch.compile, which takes a minute and a compiler (default yes)"
    add("--compile", action=argparse.BooleanOptionalAction, default=True, help=compile_help)
    add("--publish", action="store_true", help="write the table into docs/performance.md")
    arguments = parser.parse_args(argv)
    text = report(arguments.rounds, arguments.seconds, arguments.compile)
    print(text)
    if arguments.publish:
        page = ROOT / "docs" / "performance.md"
        before, _, rest = page.read_text().partition(BEGIN)
        page.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
