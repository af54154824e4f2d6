"""What was done to a photograph, to be taken back and done again.

Fed by :mod:`colorizers.page.desk`. A step is whatever can be compared; nothing here looks into it.
"""

from __future__ import annotations

import time
from typing import Generic, TypeVar

Step = TypeVar("Step")

LONGEST = 100
"""Steps that can be taken back."""
PAUSE = 1.0
"""Seconds after which a slider that moves again is another step: a drag is sent in many pieces.
Drawing takes time of its own, during which nobody pauses; so it counts from `drawn`."""


class History(Generic[Step]):
    """Steps before and after the one that is seen.

    Parameters
    ----------
    now : Step
        The first one, which cannot be taken back.

    Examples
    --------
    >>> history = History("grey")
    >>> history.record("red")
    >>> history.undo(), history.undo(), history.redo(), history.redo()
    ('grey', 'grey', 'red', 'red')
    """

    def __init__(self, now: Step) -> None:
        self.now = now
        self._past: list[Step] = []
        self._future: list[Step] = []
        self._moved = ("", 0.0)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back, and none made since."""
        return bool(self._future)

    def record(self, step: Step, moved: str = "") -> None:
        """Add a step after the current one, unless both are equal; drops the steps to redo.

        Parameters
        ----------
        step : Step
        moved : str
            Name of a control that moves in many small steps, such as a slider; moves without a
            pause between them are merged into one step.
        """
        if step == self.now:
            return
        before, when = self._moved
        at = time.monotonic()
        if not (moved and moved == before and at - when < PAUSE and self._past):
            self._past = [*self._past, self.now][-LONGEST:]
        self._future.clear()
        self._moved, self.now = (moved, at), step

    def drawn(self) -> None:
        """Note that the last recorded step is on the screen; the pause is counted from here."""
        self._moved = self._moved[0], time.monotonic()

    def undo(self) -> Step:
        """Go back to the step before, if there is one; return where one is."""
        return self._move(self._past, self._future)

    def redo(self) -> Step:
        """Redo the step that was undone last, if any; return the current step."""
        return self._move(self._future, self._past)

    def _move(self, source: list[Step], target: list[Step]) -> Step:
        if source:
            target.append(self.now)
            self.now, self._moved = source.pop(), ("", 0.0)
        return self.now
