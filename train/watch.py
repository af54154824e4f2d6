"""What a training shows of itself after each epoch: figures on the validation part, a grid.

The grid is the same 16 pictures each time, so that one can see the colours come: grey, the
method in training, the other methods as they are committed (where they are), the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from colorizers import cifar10_names, load
from colorizers.color import colorize_u8, rgb_to_lab
from colorizers.errors import WeightsError

from . import metrics, processes
from .data import Pictures
from .run import Run

COLUMNS = 16
WIDTH = 96
"""Pictures of the grid are enlarged by a whole factor to about this side."""

PredictAb = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""L of shape (N, H, W) in [0, 100] -> ab of shape (N, H, W, 2), both float32."""


class Watch:
    """Figures and a grid of fixed validation pictures.

    Parameters
    ----------
    validation : Pictures
    name : str
        Method in training, the title of its row.
    limit : int
        How many pictures the figures are computed from.
    others : bool
        Show what the committed CIFAR-10 colorizers make of the same pictures.
    """

    def __init__(
        self, validation: Pictures, name: str, limit: int = 1_000, others: bool = True
    ) -> None:
        self._name = name
        self._truth = validation.rgb_u8[:limit]
        self._lab = rgb_to_lab(self._truth)
        self._rows = {}
        L = self._lab[:COLUMNS, ..., 0]
        for other in cifar10_names() if others else ():
            try:
                if other != name:
                    # A network that is loaded was drawn at random first; a run that goes on loads
                    # it again, and must find its random numbers where it left them.
                    with torch.random.fork_rng(devices=[]):
                        self._rows[other] = colorize_u8(L, load(other).predict_ab(L))
            except WeightsError:
                continue  # not trained yet: its row is left out

    def show(self, run: Run, epoch: int, predict_ab: PredictAb) -> dict[str, float]:
        """Write scalars and grid of this epoch to the run; return the figures.

        Of many processes only number 0 does; the others return nothing.
        """
        if not processes.is_main():
            return {}
        ours = self._pictures(predict_ab)
        figures = self._figures(ours)
        run.scalars({f"validation/{key}": value for key, value in figures.items()}, epoch)
        grid = self._grid(ours)
        run.picture(f"grey, {self._name}, others, truth", grid, epoch)
        save_png(grid, run.folder / "grid" / f"epoch-{epoch:03d}.png")
        return figures

    def figures(self, predict_ab: PredictAb) -> dict[str, float]:
        """Mean PSNR in dB, Nazeri accuracy at 5 in [0, 1], and colourfulness of a network."""
        return self._figures(self._pictures(predict_ab))

    def _pictures(self, predict_ab: PredictAb) -> NDArray[np.uint8]:
        L = self._lab[..., 0]
        return colorize_u8(L, predict_ab(L))

    def _figures(self, ours: NDArray[np.uint8]) -> dict[str, float]:
        return {
            "psnr_mean": float(metrics.psnr(self._truth, ours).mean()),
            "nazeri_5": float(metrics.nazeri_accuracy(self._truth, ours, 5).mean()),
            "colourfulness": float(metrics.colourfulness(ours).mean()),
        }

    def _grid(self, ours: NDArray[np.uint8]) -> NDArray[np.uint8]:
        L = self._lab[:COLUMNS, ..., 0]
        grey = colorize_u8(L, np.zeros((*L.shape, 2), np.float32))
        rows = [grey, ours[:COLUMNS], *self._rows.values(), self._truth[:COLUMNS]]
        picture = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
        enlarge = max(1, WIDTH // L.shape[1])
        return picture.repeat(enlarge, 0).repeat(enlarge, 1)


def save_png(rgb_u8: NDArray[np.uint8], file: Path) -> None:
    """Write a picture, making its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb_u8).save(file)
