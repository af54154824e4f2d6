"""Who did something how often lately, in memory: what the limit of consents per address counts by.

Asked by ``service``, which promises that no address is stored; forgotten when the time is over, and
when the server ends. Each process of a server has its own.
"""

import time
from collections import deque
from collections.abc import Callable

HOUR = 3600.0


class Tally:
    """Moments by name, for an hour.

    Parameters
    ----------
    clock
        Seconds; tests replace it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._moments: dict[str, deque[float]] = {}

    def of(self, who: str) -> deque[float]:
        """Return the moments of the last hour, oldest first; the caller adds to them."""
        long_ago = self._clock() - HOUR
        mine = self._moments.pop(who, deque())
        for other, moments in list(self._moments.items()):
            if moments and moments[-1] > long_ago:
                break  # who came again has moved to the end: the others are younger
            del self._moments[other]
        while mine and mine[0] <= long_ago:
            mine.popleft()
        self._moments[who] = mine
        return mine

    def __len__(self) -> int:
        """Return how many names are remembered."""
        return len(self._moments)
