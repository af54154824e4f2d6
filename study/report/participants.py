"""Who took part and what was answered, and the rates under every way to count participants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Self

import pandas as pd

from study.protocol import exclusions
from study.protocol.design import PICK, TRUTH
from study.protocol.exclusions import Flow
from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    count,
    percent,
    percent_range,
    rate_rows,
    row,
)
from study.statistics import stats
from study.statistics.stats import Counted

_UNFINISHED = (
    "Every answer is complete in itself: the answers of people who left early count, unless a rule "
    "excludes them."
)


@dataclass(frozen=True)
class Spread:
    """Smallest, median and largest of some counts."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, column: pd.Series) -> Self:
        """How often each value of a column is there."""
        counts = column.groupby(column).size()
        return cls(float(counts.min()), float(counts.median()), float(counts.max()))

    def __str__(self) -> str:
        """Such as "28 to 30 (median 30)"."""
        if self.low == self.high:
            return f"{self.low:.0f}"
        return f"{self.low:.0f} to {self.high:.0f} (median {self.median:g})"


@dataclass(frozen=True)
class Answers:
    """What was answered: trials by kind, and how the analysed ones spread."""

    by_kind: dict[str, int]
    analysed: int
    pictures: int
    options: int
    per_participant: Spread
    per_picture: Spread
    first: str
    last: str


@dataclass(frozen=True)
class ByHand:
    """An exclusion that a person decided; `day` is empty where it is not known."""

    participant: str
    reason: str
    day: str

    def __str__(self) -> str:
        """Such as "p-0123456789ab on 2026-03-01 (no colour vision)"."""
        when = f"on {self.day}" if self.day else "on an unknown day"
        return f"{self.participant} {when} ({self.reason})"


@dataclass(frozen=True)
class Participants(Subject):
    """The flow of people, the rules that some of them broke, and what was answered."""

    rules: dict[str, float]
    by_hand: list[ByHand]
    flow: Flow
    answers: Answers

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Count people and answers."""
        rows, trials = counted.rows, counted.answers.drop_duplicates("trial")
        analysed = rows.drop_duplicates("trial")
        kinds = trials.groupby("kind", sort=True).size()
        return cls(
            counted.rules.settings(),
            _by_hand(counted.participants),
            exclusions.flow(counted.participants, rows["participant"], withdrawn=counted.withdrawn),
            Answers(
                by_kind={str(kind): int(n) for kind, n in kinds.items()},
                analysed=len(analysed),
                pictures=analysed["picture"].nunique(),
                options=counted.options,
                per_participant=Spread.of(analysed["participant"]),
                per_picture=Spread.of(analysed["picture"]),
                first=f"{analysed['answered_at'].min():%Y-%m-%d %H:%M}",
                last=f"{analysed['answered_at'].max():%Y-%m-%d %H:%M}",
            ),
        )

    def sections(self, scope: Scope) -> Iterator[Section]:
        """People from recruitment to analysis, and their answers."""
        flow, answers = self.flow, self.answers
        stages = {
            name: getattr(flow, name)
            for name in (
                *("recruited", "consented", "withdrawn", "completed"),
                *("unfinished", "excluded", "analysed"),
            )
        }
        known = {name: str(count) for name, count in stages.items() if count is not None}
        reasons = "; ".join(f"{reason} ({count})" for reason, count in flow.reasons.items())
        decided = "; ".join(str(decision) for decision in self.by_hand)
        kinds = ", ".join(f"{count} {kind}" for kind, count in answers.by_kind.items())
        yield Section(
            "participants",
            "Participants",
            columns=("", *known),
            rows=[["people", *known.values()]],
            notes=(
                *((f"Excluded: {reasons}.",) if reasons else ()),
                *((f"Decided by a person: {decided}.",) if decided else ()),
                *((_UNFINISHED,) if flow.unfinished else ()),
                f"Answered trials: {kinds}. Analysed: {count(answers.analysed, 'scored trial')} "
                f"({answers.per_participant} per participant) on "
                f"{count(answers.pictures, 'picture')} ({answers.per_picture} per picture), "
                f"answered from {answers.first} to {answers.last} UTC.",
            ),
        )

    def rows(self) -> Iterator[Row]:
        """Counts of people and trials, and the limits of the rules."""
        counts = {name: n for name, n in asdict(self.flow).items() if n is not None}
        for reason, n in counts.pop("reasons").items():
            yield row("participants", "excluded", n, group=reason)
        for measure, n in counts.items():
            yield row("participants", measure, n)
        for kind, n in self.answers.by_kind.items():
            yield row("trials", "answered", n, group=kind)
        yield row("trials", "analysed", self.answers.analysed)
        for decision in self.by_hand:
            note = f"{decision.day} {decision.reason}".strip()
            yield row("participants", "excluded_by_hand", 1, name=decision.participant, note=note)
        for rule, limit in self.rules.items():
            yield row("rules", "limit", limit, name=rule)


def _by_hand(participants: pd.DataFrame) -> list[ByHand]:
    """Whom a person excluded, in the order of consent."""
    decided = participants[participants["by_hand"].notna()]
    days = (
        decided["excluded_at"].dt.strftime("%Y-%m-%d")
        if "excluded_at" in decided
        else pd.Series(index=decided.index, dtype="str")
    )
    return [
        ByHand(str(who), str(why), "" if pd.isna(day) else str(day))
        for who, why, day in zip(decided["participant"], decided["by_hand"], days, strict=True)
    ]


@dataclass(frozen=True)
class Population:
    """Fool rates of one way to choose participants."""

    name: str
    description: str
    participants: int
    trials: int
    rates: list[stats.Rate]


@dataclass(frozen=True)
class Populations(Subject):
    """Every way to count; `headline` names that of all other subjects."""

    headline: str
    populations: list[Population]

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Compute the rates of each of `study.statistics.stats.POPULATIONS`."""
        found = []
        for name, description in stats.POPULATIONS.items():
            rows = stats.analysed(counted.answers, name)
            people, trials = rows["participant"].nunique(), rows["trial"].nunique()
            rates = stats.fool_rates(rows, counted.level)
            if counted.kind != PICK:  # the paper's rates are of another task
                rates = [replace(rate, paper=None) for rate in rates]
            found.append(Population(name, description, people, trials, rates))
        return cls(stats.HEADLINE, found)

    def sections(self, scope: Scope) -> Iterator[Section]:
        """The fool rates with and without exclusions."""
        if len({(p.participants, p.trials) for p in self.populations}) == 1:
            yield Section(
                "populations",
                "Who is counted",
                "Everybody who answered a scored trial has completed the study, and nobody is "
                "excluded, so there is only one way to count.",
            )
            return
        rows = []
        for population in self.populations:
            label = population.name + (" (headline)" if population.name == self.headline else "")
            people = f"{population.participants} / {population.trials}"
            rows += [
                [f"{label}, {r.name}", people, percent(r.rate), percent_range(r.headline)]
                for r in population.rates
                if r.name != TRUTH or scope.options == 1
            ]
        choices = "; ".join(f"{p.name}: {p.description}" for p in self.populations)
        yield Section(
            "populations",
            "Who is counted",
            f"The {_named(scope)} for every choice of participants. {choices}.",
            ("population, method", "people / trials", "rate", "interval"),
            rows,
        )

    def rows(self) -> Iterator[Row]:
        """The rates of every population."""
        for population in self.populations:
            yield from rate_rows("populations", population.rates, population.name)


def _named(scope: Scope) -> str:
    """What the rates are called that a report is about."""
    if scope.options == 1:
        return "rates of “real”"
    return "fool rates" if any(r.name == TRUTH for r in scope.rates) else "preference rates"
