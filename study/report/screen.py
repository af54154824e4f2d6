"""Eyes and screens: how many passed the checks before the trials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from study.protocol.screen import ENOUGH
from study.report.layout import Row, Scope, Section, Subject, row
from study.statistics.stats import Counted

_NAMES = {
    "plates": "colour vision: plates",
    "steps": "screen: steps near black, white and grey",
    "window": "window as large as asked for",
}


@dataclass(frozen=True)
class Tally:
    """Of those who were asked, how many passed, and how many answered all of it rightly."""

    name: str
    asked: int
    passed: int
    perfect: int


@dataclass(frozen=True)
class ScreenChecks(Subject):
    """The checks that the study has; none where it has none."""

    screen_checks: list[Tally]

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Count all participants, excluded ones too."""
        people, found = counted.participants, []
        for name in _NAMES:
            if f"n_{name}" in people and people[f"n_{name}"].notna().any():
                asked = people[people[f"n_{name}"].fillna(0) > 0]
                share = (asked[f"n_{name}_right"] / asked[f"n_{name}"]).astype(float)
                if len(asked):
                    passed, perfect = int((share >= ENOUGH).sum()), int((share == 1).sum())
                    found.append(Tally(name, len(asked), passed, perfect))
        return cls(found)

    def sections(self, scope: Scope) -> Iterator[Section]:
        """A table of the checks."""
        if self.screen_checks:
            yield Section(
                "screen",
                "Eyes and screens",
                f"Checks before the trials, passed by {100 * ENOUGH:.0f} % right answers. Nobody "
                "is excluded by them unless a rule of the study says so.",
                ("check", "participants", "passed", "all right"),
                [
                    [_NAMES[one.name], str(one.asked), str(one.passed), str(one.perfect)]
                    for one in self.screen_checks
                ],
            )

    def rows(self) -> Iterator[Row]:
        """How many passed each check."""
        if not self.screen_checks:
            yield row("screen", "passed", None, note="not asked")
        for one in self.screen_checks:
            yield row("screen", "passed", one.passed, name=one.name, denominator=one.asked)
            yield row("screen", "perfect", one.perfect, name=one.name, denominator=one.asked)
