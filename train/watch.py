"""What a training shows of itself after each epoch: figures on the validation part, a grid.

The grid is the same 16 pictures each time, so that one can see the colours come: grey, the
method in training, the other method as it is committed (where it is), the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorizers import load, names
from colorizers.checkpoint import WeightsError
from colorizers.color import colorize_u8, rgb_to_lab

from . import metrics
from .data import Pictures
from .run import Run

COLUMNS = 16
ENLARGE = 3

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
    """

    def __init__(self, validation: Pictures, name: str, limit: int = 1_000) -> None:
        self._name = name
        self._truth = validation.rgb_u8[:limit]
        self._lab = rgb_to_lab(self._truth)
        self._rows = {}
        for other in names():
            try:
                if other != name:
                    ab = load(other).predict_ab(self._lab[:COLUMNS, ..., 0])
                    self._rows[other] = colorize_u8(self._lab[:COLUMNS, ..., 0], ab)
            except WeightsError:
                continue  # not trained yet: its row is left out

    def show(self, run: Run, epoch: int, predict_ab: PredictAb) -> dict[str, float]:
        """Write scalars and grid of this epoch to the run; return the figures."""
        L = self._lab[..., 0]
        ours = colorize_u8(L, predict_ab(L))
        figures = {
            "psnr_mean": float(metrics.psnr(self._truth, ours).mean()),
            "nazeri_5": float(metrics.nazeri_accuracy(self._truth, ours, 5).mean()),
            "colourfulness": float(metrics.colourfulness(ours).mean()),
        }
        for key, value in figures.items():
            run.log.add_scalar(f"validation/{key}", value, epoch)
        grid = self._grid(ours)
        run.log.add_image(f"grey, {self._name}, others, truth", grid, epoch, dataformats="HWC")
        save_png(grid, run.folder / "grid" / f"epoch-{epoch:03d}.png")
        run.log.flush()
        return figures

    def _grid(self, ours: NDArray[np.uint8]) -> NDArray[np.uint8]:
        L = self._lab[:COLUMNS, ..., 0]
        grey = colorize_u8(L, np.zeros((*L.shape, 2), np.float32))
        rows = [grey, ours[:COLUMNS], *self._rows.values(), self._truth[:COLUMNS]]
        picture = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
        return picture.repeat(ENLARGE, 0).repeat(ENLARGE, 1)


def save_png(rgb_u8: NDArray[np.uint8], file: Path) -> None:
    """Write a picture, making its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb_u8).save(file)
