"""What was registered before the study, line by line beside what was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from study.protocol.design import PICK, TRUTH, UNPAIRED
from study.protocol.planned import EQUIVALENT
from study.protocol.registration import Look, Record, Registration, changed
from study.report.layout import (
    Row,
    Scope,
    Section,
    Subject,
    count,
    equal,
    points_range,
    row,
    signed,
)
from study.statistics.comparisons import MARGIN, equivalence
from study.statistics.judged import contrasts
from study.statistics.stats import Counted, is_excluded
from study.statistics.twoway import (
    GAPS,
    SHARES,
    TwoWayVariance,
    two_way_gap,
    two_way_mean,
    two_way_p,
    two_way_variance,
)

HELD, OPEN = "✓", "–"
_NONE = (
    "No registration was stored before the first participant began (python -m study.register "
    "writes one), so the report has nothing to check itself against."
)


@dataclass(frozen=True)
class Line:
    """One line of the registration: what was registered, what was done, and whether it agrees."""

    asked: str
    registered: str
    found: str
    held: bool


@dataclass(frozen=True)
class Registered(Subject):
    """The registration, line by line; without one there is no line and an empty hash."""

    registration_sha256: str
    registration: list[Line]
    looks: list[Look]

    @property
    def held(self) -> bool:
        """Whether something was registered, and every line agrees."""
        return bool(self.registration) and all(line.held for line in self.registration)

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Compare the study with its registration."""
        record = counted.record
        if record is None or record.registration is None:
            return cls("", [], [] if record is None else list(record.looks))
        lines = list(_lines(counted, record, record.registration))
        return cls(record.registration.sha256, lines, list(record.looks))

    def sections(self, scope: Scope) -> Iterator[Section]:
        """The lines as a checklist."""
        if not self.registration:
            yield Section("registration", "Registration", _NONE, notes=[_looked(self.looks)])
            return
        held = sum(line.held for line in self.registration)
        yield Section(
            "registration",
            "Registration",
            f"{held} of {len(self.registration)} points are as registered. SHA-256 of the "
            f"registration: {self.registration_sha256}.",
            items=[
                (
                    HELD if line.held else OPEN,
                    line.asked,
                    f"registered: {line.registered}; found: {line.found}.",
                )
                for line in self.registration
            ],
        )

    def rows(self) -> Iterator[Row]:
        """Whether something was registered, and one row a line."""
        there = int(bool(self.registration_sha256))
        yield row("registration", "registered", there, note=self.registration_sha256)
        for line in self.registration:
            note = f"registered: {line.registered}; found: {line.found}"
            yield row("registration", "held", int(line.held), name=line.asked, note=note)
        for look in self.looks:
            moment = f"{look.at:%Y-%m-%d %H:%M}"
            yield row("looks", "completed", look.completed, name=moment, denominator=look.answers)


def _lines(counted: Counted, record: Record, found: Registration) -> Iterator[Line]:
    content, people = found.content, counted.participants
    yield _beforehand(found, people)
    yield _sample(content, people)
    if content["until"] is not None:
        last = f"{people['consented_at'].max():%Y-%m-%d}"
        yield Line(
            "Last day of recruitment",
            content["until"],
            f"the last participant began on {last}",
            last <= content["until"],
        )
    yield Line(
        "Rates hidden until the end", "no look before", _looked(record.looks)[:-1], not record.looks
    )
    yield _exclusions(content, counted)
    if counted.kind == PICK:
        yield _margin(content, counted)
    yield _primary(content, counted)
    differ = changed(content, record.settings)
    yield Line(
        "Settings of the study",
        f"digest {content['settings_sha256']}",
        "; ".join(differ) if differ else "the same",
        not differ,
    )


def _beforehand(found: Registration, people: pd.DataFrame) -> Line:
    first = people["consented_at"].min()
    stored = found.stored_at
    before = stored is not None and pd.Timestamp(stored) <= first
    said = "at an unknown time" if stored is None else f"on {stored:%Y-%m-%d %H:%M} UTC"
    whole = "" if found.intact else ", and its content does not match its hash"
    return Line(
        "Registered before the first participant",
        f"SHA-256 {found.sha256[:16]}...",
        f"stored {said}, the first consent was on {first:%Y-%m-%d %H:%M} UTC{whole}",
        before and found.intact,
    )


def _looked(looks: Sequence[Look]) -> str:
    """How often somebody saw the rates while the study ran, as a sentence."""
    if not looks:
        return "Nobody looked at the rates on the administrator's page while the study ran."
    times = "once" if len(looks) == 1 else f"{len(looks)} times"
    said = ", ".join(f"{look.at:%Y-%m-%d %H:%M} ({look.completed} completed)" for look in looks[:5])
    more = f" and {len(looks) - 5} later ones" if len(looks) > 5 else ""
    return (
        f"Somebody looked at the rates on the administrator's page {times} while the study ran: "
        f"{said}{more}."
    )


def _sample(content: Mapping[str, Any], people: pd.DataFrame) -> Line:
    planned, completed = content["participants"], int((people["status"] == "completed").sum())
    apart = completed - planned
    words = f"{count(abs(apart), 'participant')} {'more than' if apart > 0 else 'short of'} planned"
    return Line(
        "Participants who completed",
        str(planned),
        f"{completed}, {words}" if apart else str(completed),
        not apart,
    )


def _exclusions(content: Mapping[str, Any], counted: Counted) -> Line:
    used = counted.rules.settings()
    by_hand = int(counted.participants["by_hand"].notna().sum())
    excluded = int(is_excluded(counted.participants).sum())
    said = f"{_rules(used)}; {excluded} excluded"
    if by_hand:
        said += f", {by_hand} of them by a person and not by a rule"
    held = used == dict(content["exclusion"]) and not by_hand
    return Line("Rules of exclusion", _rules(content["exclusion"]), said, held)


def _rules(rules: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {limit:g}" for name, limit in rules.items()) or "none"


def _margin(content: Mapping[str, Any], counted: Counted) -> Line:
    registered, used = content["margin"], counted.margin

    def said(margin: float | None) -> str:
        return f"none (the report's default is {MARGIN:g})" if margin is None else f"{margin:g}"

    return Line("Margin of equivalence", said(registered), said(used), registered == used)


def _primary(content: Mapping[str, Any], counted: Counted) -> Line:
    """The primary contrast, with its own p: one test, so nothing to correct for."""
    method, against = content["primary"]["method"], content["primary"]["against"]
    equivalent = content["primary"]["claim"] == EQUIVALENT
    what = f"{method} against {'the truth' if against == TRUTH else against}"
    what += ", equivalent" if equivalent else ", different"
    variance = _contrast(counted, method, against)
    if variance is None:
        return Line("Primary contrast", what, "no trial shows it", False)
    gap = against == TRUTH and counted.kind == PICK
    interval = (
        two_way_gap(variance, counted.level)
        if gap
        else two_way_mean(variance, counted.level, SHARES)
    )
    limits = GAPS if gap else None
    p = (
        equivalence(variance, counted.margin or MARGIN, limits)
        if equivalent
        else two_way_p(variance, limits=limits)
    )
    name = "gap" if gap else "difference"
    found = f"{name} {signed(100 * variance.mean, 1)} points"
    if not interval.defined:
        return Line("Primary contrast", what, f"{found}, no interval: {interval.note}", False)
    verdict = "shown" if p <= content["analysis"]["alpha"] else "not shown"
    found += f", interval {points_range(interval)}, p {equal(p)}: {verdict}"
    return Line("Primary contrast", what, found, True)


def _contrast(counted: Counted, method: str, against: str) -> TwoWayVariance | None:
    """The contrast of the two as its section has it; None where no trial shows both."""
    rows = counted.rows
    if counted.kind == UNPAIRED:
        pair = rows[rows["method"].isin([method, against])]
        real = np.asarray(pair["method"] == against)
        if real.all() or not real.any():
            return None
        called = pair["picked"].to_numpy(dtype=np.float64)
        return contrasts(real, called, pair["participant"], pair["picture"])[0]
    shown = set(rows.loc[rows["method"] == method, "trial"])
    picks = rows[rows["picked"] & rows["trial"].isin(shown)]
    if against != TRUTH:
        picks = picks[picks["trial"].isin(rows.loc[rows["method"] == against, "trial"])]
    if picks.empty:
        return None
    own, other = (
        np.asarray(picks["method"] == name, dtype=np.float64) for name in (method, against)
    )
    score = (own - other) / (2 if against == TRUTH else 1)
    return two_way_variance(score, picks["participant"], picks["picture"])
