"""Checks of eyes and screen before the trials: what is shown, and what counts as passed. Pure.

Settings come from a study file's ``[screen]``; `study.stimuli.plates` draws the pictures, the page
shows them one by one and asks which number is seen. What is right is known to the server only.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

PLATES = ("control", "protan", "deutan")
STEPS = ("dark", "bright", "middle")
PLATE_SEEDS = 16  # so few that drawn plates can be kept
MOST_PLATES = 12
ENOUGH = 0.75  # of the plates, or of the steps: passed


@dataclass(frozen=True)
class Screen:
    """What a study asks of eyes and screens; nothing by default.

    Attributes
    ----------
    plates
        Plates for colour vision, the first of them one that everybody sees; 0 or 3 to 12.
    steps
        Whether digits near black, white and grey are asked for.
    min_width, min_height
        Least size of the window, in CSS pixels; 0 for any.
    """

    plates: int = 0
    steps: bool = False
    min_width: int = 0
    min_height: int = 0

    @property
    def asks(self) -> bool:
        """Whether anything is checked."""
        return bool(self.plates or self.steps or self.min_width or self.min_height)

    def settings(self) -> dict[str, Any]:
        """Return what is asked, for JSON; nothing if nothing is."""
        return asdict(self) if self.asks else {}


@dataclass(frozen=True)
class Check:
    """How one check went: `right` of `of`."""

    name: str
    right: int
    of: int

    @property
    def passed(self) -> bool:
        """Whether enough of the pictures were read correctly."""
        return self.right >= ENOUGH * self.of


def items(screen: Screen, seed: int) -> tuple[tuple[str, int, int], ...]:
    """Return the pictures for a participant: kind, digit, and the seed to draw it by.

    Examples
    --------
    >>> [kind for kind, _, _ in items(Screen(plates=4, steps=True), 7)]
    ['control', 'protan', 'deutan', 'protan', 'dark', 'bright', 'middle']
    """
    chance = random.Random(f"screen {seed}")
    kinds = [*("control" if not n else PLATES[2 - n % 2] for n in range(screen.plates))]
    kinds += STEPS if screen.steps else ()
    # Neither 0 nor 1: these are what somebody takes who guesses.
    return tuple((kind, chance.randrange(2, 10), chance.randrange(PLATE_SEEDS)) for kind in kinds)


def judged(
    screen: Screen, seed: int, answers: Any, width: Any, height: Any
) -> tuple[Check, ...] | None:
    """Return how the checks went, or None where the page did not answer all of them.

    Parameters
    ----------
    screen, seed
        See `items`.
    answers
        For each picture the digit that was seen, or None.
    width, height
        Of the window, CSS pixels.
    """
    asked = items(screen, seed)
    if not isinstance(answers, Sequence) or isinstance(answers, str) or len(answers) != len(asked):
        return None
    right = [
        isinstance(answer, int) and not isinstance(answer, bool) and answer == digit
        for answer, (_, digit, _) in zip(answers, asked, strict=True)
    ]
    checks = []
    if screen.plates:
        checks.append(Check("plates", sum(right[: screen.plates]), screen.plates))
    if screen.steps:
        checks.append(Check("steps", sum(right[screen.plates :]), len(STEPS)))
    if screen.min_width or screen.min_height:
        fits = _at_least(width, screen.min_width) and _at_least(height, screen.min_height)
        checks.append(Check("window", int(fits), 1))
    return tuple(checks)


def _at_least(given: Any, least: int) -> bool:
    return isinstance(given, (int, float)) and not isinstance(given, bool) and given >= least
