"""Colorizers that need no weights, for tests of what surrounds a network."""

from collections.abc import Callable

import cv2
import numpy as np

from colorizers.painting.predictor import Described


class FakeColorizer:
    """Answers with the same ab picture whatever it is shown.

    Parameters
    ----------
    ab : ndarray, shape (size, size, 2), or callable
        The answer to a view, or a function of the view's L (size, size).
    """

    def __init__(
        self,
        ab: np.ndarray | Callable[[np.ndarray], np.ndarray],
        name: str = "gan",
        size: int = 32,
    ) -> None:
        self.name = name
        self.title = {"gan": "GAN"}.get(name, name.capitalize())
        self.size = size
        doubt = {"within": 10.0, "spread": [0.0, 20.0], "sure": [0.9, 0.1]}
        self.card: dict[str, object] = {"doubt": doubt} if name == "photo" else {}
        self.shape: Callable[[int, int], tuple[int, int]] | None = None
        options = {
            "classification": {"temperature": 0.38},
            "photo": {"seed": 0.0, "vividness": 1.0},
            "flow": {"seed": 0.0, "vividness": 1.0},
        }
        self.first_seed = 1 if name == "photo" else 0
        self.options: dict[str, float] = options.get(name, {})
        self.seen: list[np.ndarray] = []
        self.asked: list[dict[str, float]] = []
        self._ab = ab

    def predict_ab(self, L: np.ndarray, **options: float) -> np.ndarray:
        assert L.dtype == np.float32
        assert L.shape[1:] == (self.size, self.size)
        assert L.min() >= 0
        assert L.max() <= 100
        assert set(options) <= set(self.options)
        self.seen.append(L)
        self.asked.append(options)
        if callable(self._ab):
            return np.stack([self._ab(view) for view in L]).astype(np.float32)
        return np.stack([self._ab for _ in L])

    def described(self, L: np.ndarray) -> Described | None:
        """Of "photo" two regions: what is dark, and what is light."""
        if self.name != "photo":
            return None
        small = cv2.resize(L, (8, 8), interpolation=cv2.INTER_AREA)
        share = np.stack([small < 50, small >= 50], axis=-1).astype(np.float32)
        return Described(share, np.eye(2, dtype=np.float32), np.float32([-0.5, 0.5]))

    def likely(self, L: np.ndarray) -> np.ndarray | None:
        return None


def hue_wheel(size: int = 32, chroma: float = 30.0) -> np.ndarray:
    """A smooth ab picture that goes round the hues from corner to corner."""
    y, x = np.mgrid[0:size, 0:size] / (size - 1)
    turn = np.pi * (x + y)
    return (chroma * np.stack([np.cos(turn), np.sin(turn)], axis=-1)).astype(np.float32)
