"""What stands for `colorizers.load` in tests of programs that load networks in other processes.

Functions of a module, because a process that is spawned finds them by their name.
"""

import os
import signal
import time

import numpy as np
from fakes import FakeColorizer, hue_wheel

from colorizers.errors import WeightsError


def load(name: str) -> FakeColorizer:
    """A fake of any method."""
    return FakeColorizer(hue_wheel(), name)


def load_mortal(name: str) -> FakeColorizer:
    """A fake whose process is killed, as for want of memory, by a photograph that is white."""

    def answer(L: np.ndarray) -> np.ndarray:
        if L.min() > 99:
            os.kill(os.getpid(), signal.SIGKILL)
        return hue_wheel()

    return FakeColorizer(answer, name)


def load_slow(name: str) -> FakeColorizer:
    """A fake that takes half a second for a photograph that is not plain."""

    def answer(L: np.ndarray) -> np.ndarray:
        time.sleep(0.5 if L.std() > 1 else 0)
        return hue_wheel()

    return FakeColorizer(answer, name)


def load_missing(name: str) -> FakeColorizer:
    """No weights."""
    raise WeightsError(f"There are no weights for {name!r}: train them.")
