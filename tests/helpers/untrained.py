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
    shape = None

    def __init__(self, name: str, title: str, ab: tuple[float, float], **options: float) -> None:
        self.name, self.title, self._ab = name, title, ab
        self.card: dict[str, Any] = {}
        self.options = options
        self.first_seed = 1 if name == "photo" else 0

    def predict_ab(self, L: np.ndarray, **options: Any) -> np.ndarray:
        turn = options.get("seed", 0.0)  # another colour for each
        a, b = self._ab
        ab = a * np.cos(turn) - b * np.sin(turn), a * np.sin(turn) + b * np.cos(turn)
        return np.broadcast_to(np.array(ab, np.float32), (*L.shape, 2)).copy()


if __name__ == "__main__":
    tinters = {
        "photo": Tinter("photo", "Photographs", (14.0, 18.0), seed=0.0, vividness=1.0),
        "classification": Tinter(
            "classification", "Classification", (12.0, 28.0), temperature=0.38
        ),
        "gan": Tinter("gan", "GAN", (-18.0, -14.0)),
        "flow": Tinter("flow", "Flow", (-10.0, 22.0), seed=0.0, vividness=1.0),
    }
    load: Any = tinters.__getitem__
    colorizers.load = load
    runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
