"""Signs that programs answered in people's place: who shows which, and that nobody is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from study.report.layout import Row, Scope, Section, Subject, row
from study.statistics.automation import SIGNS, signs, words
from study.statistics.stats import Counted

_MOST_NAMED = 20


@dataclass(frozen=True)
class Automation(Subject):
    """How many are judged and show each sign (None where nothing was kept), and who shows which."""

    judged: int
    by_sign: dict[str, int] | None
    suspects: dict[str, list[str]]

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Judge all participants, excluded ones too, where the study keeps traces."""
        people = counted.participants
        settings = counted.record.settings if counted.record else {}
        if not settings.get("automation") or people["simulated"].any():
            return cls(len(people), None, {})
        found = signs(people, counted.answers)
        shown = found[found.any(axis=1)]
        return cls(
            len(people),
            {name: int(found[name].sum()) for name in SIGNS},
            {str(who): [name for name in SIGNS if one[name]] for who, one in shown.iterrows()},
        )

    def sections(self, scope: Scope) -> Iterator[Section]:
        """A table of the signs, and who shows them."""
        if self.by_sign is None:
            return
        named = [f"{who} ({', '.join(found)})" for who, found in self.suspects.items()]
        more = len(named) - _MOST_NAMED
        yield Section(
            "automation",
            "Evidence of automation",
            f"{len(self.suspects)} of {self.judged} participants show at least one sign that "
            "a program answered. Signs are no proof, and nobody is excluded because of them: only "
            "a person may exclude somebody, and gives a reason. docs/study-protocol.md says how "
            "often scripted people and programs showed them.",
            ("sign", "participants"),
            [[words(name), str(count)] for name, count in self.by_sign.items()],
            (f"{'; '.join(named[:_MOST_NAMED])}{f'; and {more} more' * (more > 0)}.",)
            if named
            else (),
        )

    def rows(self) -> Iterator[Row]:
        """How many show each sign, and the signs of each participant."""
        if self.by_sign is None:
            yield row("automation", "participants", None, note="not kept")
            return
        for name, count in self.by_sign.items():
            yield row("automation", "participants", count, name=name, denominator=self.judged)
        for who, found in self.suspects.items():
            yield row("automation", "signs", len(found), name=who, note=", ".join(found))
