"""Starts app.py with tints in place of networks, where a checkout has no trained weights yet.

The browser tests ask whether the page works, which needs some colours and not good ones.
"""

import runpy
from pathlib import Path
from typing import Any

import numpy as np

import colorizers

ROOT = Path(__file__).parents[2]


class Tinter:
    """Answers like a colorizer, with one colour for everything."""

    size = 32

    def __init__(self, name: str, title: str, ab: tuple[float, float]) -> None:
        self.name, self.title, self._ab = name, title, ab
        self.card: dict[str, Any] = {}
        self.options = {"temperature": 0.38} if name == "classification" else {}

    def predict_ab(self, L: np.ndarray, **_options: Any) -> np.ndarray:
        return np.broadcast_to(np.array(self._ab, np.float32), (*L.shape, 2)).copy()


if __name__ == "__main__":
    tinters = {
        "classification": Tinter("classification", "Classification", (12.0, 28.0)),
        "gan": Tinter("gan", "GAN", (-18.0, -14.0)),
    }
    colorizers.load = tinters.__getitem__
    runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
