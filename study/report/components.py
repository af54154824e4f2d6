"""How much people and pictures differ, for every method."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from study.protocol.design import TRUTH, UNPAIRED
from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    not_computed,
    number,
    number_range,
    percent,
    row,
)
from study.statistics.components import MOST_SD, Components, components
from study.statistics.stats import Counted, methods


@dataclass(frozen=True)
class Spread:
    """The components of one method's picks."""

    name: str
    components: Components

    @property
    def known(self) -> bool:
        """Whether there are any."""
        return not math.isnan(self.components.participant_sd)

    @property
    def notes(self) -> list[str]:
        """Why an interval, or both, are missing."""
        both = self.components.participant_interval, self.components.picture_interval
        return list(dict.fromkeys(interval.note for interval in both if interval.note))


@dataclass(frozen=True)
class VarianceComponents(Subject):
    """Standard deviations on the log odds, of all methods; of the truth where it is shown alone."""

    spreads: list[Spread]

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Estimate them from all answers."""
        found = []
        for name in methods(counted.rows):
            if name != TRUTH or counted.kind == UNPAIRED:
                shown = counted.rows[counted.rows["method"] == name]
                picked = shown["picked"].to_numpy(dtype=np.float64)
                of = shown["participant"], shown["picture"]
                found.append(Spread(name, components(picked, *of, counted.level)))
        return cls(found)

    def sections(self, scope: Scope) -> Iterator[Section]:
        """A table with both intervals."""
        if not self.spreads:
            return
        if not any(spread.known for spread in self.spreads):
            yield not_computed("components", "Variance components", self._why())
            return
        yield Section(
            "components",
            "Variance components",
            "How much people differ from each other, and pictures from each other: standard "
            "deviations (SD) on the log odds. They are estimated from how much more often two "
            "answers by one person, or about one picture, agree than two answers that share "
            "neither (0: no more often; "
            f"{MOST_SD:g}: the most that is reported). People's share: their part of the two "
            "variances together.",
            ("method", "people", "interval", "pictures", "interval", "people's share"),
            [
                [
                    spread.name,
                    number(spread.components.participant_sd),
                    number_range(spread.components.participant_interval),
                    number(spread.components.picture_sd),
                    number_range(spread.components.picture_interval),
                    percent(spread.components.person_share, 0),
                ]
                for spread in self.spreads
            ],
            tuple(f"{why}." for why in self._why()),
        )

    def _why(self) -> list[str]:
        """Why some are missing, each reason once with the methods that it holds for."""
        reasons: dict[str, list[str]] = {}
        for spread in self.spreads:
            for note in spread.notes:
                reasons.setdefault(note, []).append(spread.name)
        return [f"{', '.join(names)}: {note}" for note, names in reasons.items()]

    def rows(self) -> Iterator[Row]:
        """Both standard deviations, and the people's part."""
        for spread in self.spreads:
            of: Row = {"name": spread.name}
            c = spread.components
            people, pictures = c.participant_interval, c.picture_interval
            yield row("components", "participant_sd", c.participant_sd, people, **of)
            yield row("components", "picture_sd", c.picture_sd, pictures, **of)
            yield row("components", "person_share", c.person_share, **of)
