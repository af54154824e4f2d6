"""What every training needs around its loss: progress, checkpoints, a log, averages, a rate.

A run lives in one folder (`runs/NAME`, never committed): `settings.json`, `checkpoint.pt`
after each epoch, TensorBoard scalars and pictures, `grid/` with the fixed pictures of each
epoch. Started again with the same folder it goes on where it was. Of many processes only
number 0 writes.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
import math
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from truehue import TrueHueError, __version__

from . import processes

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

Batch = TypeVar("Batch")
LOG_SECONDS = 30.0
LOG_LINE = "{desc}  {n_fmt} of {total_fmt}  {rate_fmt}  {remaining} left\n"
"""How often a log file gets a line of progress, and which."""


class RunError(TrueHueError):
    """A run cannot start or go on; the message says why and what to do."""


class Run:
    """The folder of a run: what is written there and how it is resumed.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    settings : dataclass instance
        Kept as JSON; a folder that was started with other settings is refused.

    Raises
    ------
    RunError
        If the folder belongs to a run with other settings.
    """

    def __init__(self, folder: Path, settings: Any) -> None:
        self.folder = folder
        self.seconds = 0.0
        """Time spent training in all sittings of this run."""
        self._log: SummaryWriter | None = None
        if processes.is_main():
            self._open(settings)
        processes.wait()

    def _open(self, settings: Any) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.folder.mkdir(parents=True, exist_ok=True)
        wanted = json.loads(json.dumps(dataclasses.asdict(settings), default=str))
        kept = self.folder / "settings.json"
        if kept.exists():
            before = json.loads(kept.read_text())
            changed = sorted(key for key in wanted | before if wanted.get(key) != before.get(key))
            if changed:
                raise RunError(
                    f"{self.folder} was started with another {', '.join(changed)}; "
                    "give the same settings to resume it, or another --run for a new one."
                )
        kept.write_text(json.dumps(wanted, indent=2) + "\n")
        self._log = SummaryWriter(str(self.folder / "tensorboard"))

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Log figures by name, such as "train/loss"."""
        if self._log is not None:
            for key, value in values.items():
                self._log.add_scalar(key, value, step)

    def picture(self, title: str, rgb_u8: NDArray[Any], step: int) -> None:
        """Log a picture of shape (H, W, 3) and bring everything logged so far to disk."""
        if self._log is not None:
            self._log.add_image(title, rgb_u8, step, dataformats="HWC")
            self._log.flush()

    @property
    def checkpoint(self) -> Path:
        """Where the state after the last whole epoch is."""
        return self.folder / "checkpoint.pt"

    def save(self, epoch: int, **parts: Any) -> None:
        """Write the state after `epoch` epochs, whole or not at all.

        `parts` are objects with a `state_dict` (modules, optimisers) or plain values.
        """
        if not processes.is_main():
            return
        state = {name: _state(part) for name, part in parts.items()}
        state |= {"epoch": epoch, "seconds": self.seconds, "random": torch.get_rng_state()}
        partial = self.checkpoint.with_suffix(".partial")
        with open(partial, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.checkpoint)

    def resume(self, **parts: Any) -> int:
        """Load the last checkpoint into `parts`; return how many epochs are done (0 if none)."""
        if not self.checkpoint.exists():
            return 0
        state = torch.load(self.checkpoint, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(state[name])
        self.seconds = state["seconds"]
        torch.set_rng_state(state["random"])
        if processes.is_main():
            print(f"resuming {self.folder} after epoch {state['epoch']}", file=sys.stderr)
        return int(state["epoch"])

    def watch(
        self, batches: Iterable[Batch], epoch: int, epochs: int, steps: int, size: int
    ) -> Iterator[Batch]:
        """Pass the batches of an epoch on, with a bar of progress: speed and time left.

        In a log file it is one line every 30 seconds.
        """
        start = time.monotonic()
        screen = sys.stderr.isatty()
        pause = 0.0 if screen else LOG_SECONDS
        yield from tqdm(
            batches, f"epoch {epoch + 1}/{epochs}", steps, leave=screen,
            disable=not processes.is_main(), unit=" pictures", unit_scale=size, delay=pause,
            mininterval=max(0.1, pause), bar_format=None if screen else LOG_LINE,
        )  # fmt: skip
        self.seconds += time.monotonic() - start


def _state(part: Any) -> Any:
    return part.state_dict() if hasattr(part, "state_dict") else part


class Average(nn.Module):
    """Exponential moving average of a module's weights, for evaluation.

    The average starts as a plain mean of the first steps and turns exponential as
    1 / (1 - decay) of them have gone by, so that the random start is forgotten early.
    Buffers (the statistics of batch norm) are averages already and are copied.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        super().__init__()
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.decay = decay
        self.steps: Tensor
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Take in the weights after one step."""
        self.steps += 1
        steps = int(self.steps)
        keep = min(self.decay, (1 + steps) / (10 + steps))
        for mean, new in zip(self.module.parameters(), module.parameters(), strict=True):
            mean.lerp_(new, 1 - keep)
        for target, source in zip(self.module.buffers(), module.buffers(), strict=True):
            target.copy_(source)


def learning_rate(step: int, steps: int, peak: float, warm_up: int = 200) -> float:
    """Linear warm-up, then half a cosine down to a hundredth of the peak.

    Examples
    --------
    >>> [round(learning_rate(step, 1000, 1.0), 2) for step in (0, 99, 550, 1000)]
    [0.01, 1.0, 0.51, 0.01]
    """
    warm_up = min(warm_up, max(1, steps // 10))
    if step < warm_up:
        return peak * (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def set_learning_rate(optimizer: torch.optim.Optimizer, value: float) -> None:
    """Set the learning rate of all groups."""
    for group in optimizer.param_groups:
        group["lr"] = value


def print_epoch(epoch: int, figures: dict[str, float]) -> None:
    """One line for the log after an epoch."""
    if not processes.is_main():
        return
    shown = "  ".join(f"{key} {value:.4g}" for key, value in figures.items())
    print(f"epoch {epoch}: {shown}", flush=True)


def provenance(argv: list[str], module: str) -> dict[str, Any]:
    """The command, commit, machine and versions, for a card; ask when the run starts.

    Parameters
    ----------
    argv : list of str
        Options of the command.
    module : str
        What followed `python -m`.
    """
    commit = _git("rev-parse", "HEAD") or "unknown"
    if _git("status", "--porcelain", "--", "../train", "../colorizers/*.py"):
        commit += " with uncommitted changes"
    return {
        "command": shlex.join(["python", "-m", module, *argv]),
        "commit": commit,
        "hardware": f"{processor()}, {os.cpu_count()} cores"
        if processes.device().type == "cpu"
        else torch.cuda.get_device_name(),
        "versions": {
            "truehue": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
    }


def processor() -> str:
    """The processor's name as the system tells it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
