"""What a study means to show, and with how many people: section `[plan]` of its file.

Read by ``config``, stored with the version of the study, needed by ``registration``. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from study.errors import ConfigError
from study.protocol.design import PICK, PREFERENCE, TRUTH, UNPAIRED
from study.protocol.reading import Table

DIFFERENT, EQUIVALENT = "different", "equivalent"
CLAIMS = {
    DIFFERENT: "the two are not picked equally often",
    EQUIVALENT: "picked as often as the truth, within the margin",
}
DIFFERENT_BY_KIND = {
    PICK: CLAIMS[DIFFERENT],
    UNPAIRED: "pictures of the one are not called real as often as those of the other",
    PREFERENCE: "the two are not preferred equally often",
}


@dataclass(frozen=True)
class Planned:
    """A study's plan; what is left at its default is not stored.

    Attributes
    ----------
    participants
        How many shall complete; None if that is not fixed.
    until
        Last day of recruitment in UTC, as 2026-12-31; None for no such day.
    primary, against
        The primary contrast: a method, and the truth or another method.
    claim
        A key of `CLAIMS`.
    hypotheses
        In words, for the registration.
    rates
        Expected share of trials in which each method is picked, for the power run; of single
        pictures the share that is called real, of the truth, too.
    participant_sd, picture_sd
        How much people and pictures are expected to differ, on the log odds.
    dropout, careless
        Expected shares of people who leave early, and who pick by chance.
    """

    participants: int | None = None
    until: str | None = None
    primary: str | None = None
    against: str = TRUTH
    claim: str = DIFFERENT
    hypotheses: tuple[str, ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    participant_sd: float = 0.5
    picture_sd: float = 1.0
    dropout: float = 0.0
    careless: float = 0.0

    def settings(self) -> dict[str, Any]:
        """Return what differs from the default, ready for JSON; `Planned.of` reads it back."""
        default = asdict(Planned())
        found = {name: value for name, value in asdict(self).items() if value != default[name]}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Planned:
        """Return the plan that `settings` gave."""
        found: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()
        }
        return cls(**found)

    def refuse_unknown(self, methods: Sequence[str] | None) -> None:
        """Raise for a method that the study does not have; None knows of no methods yet.

        Raises
        ------
        ConfigError
        """
        named = [("primary", self.primary)]
        if self.primary is not None:
            named.append(("against", self.against))
        for setting, name in [*named, *(("rates", name) for name in self.rates)]:
            if methods is not None and name is not None and name not in methods:
                raise ConfigError(
                    f"plan.{setting} names {name!r}, but the study compares {', '.join(methods)}."
                )

    def refuse_misfit(self, kind: str) -> None:
        """Raise for a contrast, a claim or rates that trials of this kind cannot have.

        Raises
        ------
        ConfigError
        """
        total = math.fsum(self.rates.values())
        if self.claim == EQUIVALENT and kind != PICK:
            raise ConfigError(
                f"plan.claim is {EQUIVALENT!r}, but trials.kind is {kind!r}, and only trials of "
                f"kind {PICK!r} have a margin of equivalence; leave plan.claim out."
            )
        if kind == UNPAIRED:
            if self.primary == TRUTH or self.against != TRUTH:
                raise ConfigError(
                    f"plan.primary is {self.primary!r} against {self.against!r}, but single "
                    f"pictures are compared with the truth: primary is a method, and against "
                    "stays out."
                )
            return
        if kind == PREFERENCE:
            if self.primary is not None and self.against in (TRUTH, self.primary):
                raise ConfigError(
                    f"plan.primary is {self.primary!r} against {self.against!r}, but a preference "
                    "is between two methods; set plan.against to another method."
                )
            if total > 1 + 1e-6:
                raise ConfigError(
                    f"plan.rates add up to {total:g}, but each trial prefers one method: the "
                    "shares of all methods are 1 together."
                )
            return
        if self.primary == TRUTH or self.primary == self.against or TRUTH in self.rates:
            raise ConfigError(
                f"plan.primary is {self.primary!r} against {self.against!r}, and plan.rates has "
                f"{', '.join(self.rates) or 'none'}; primary is a method, against {TRUTH!r} or "
                "another method, and the rate of the truth is what the others leave."
            )
        if self.claim == EQUIVALENT and self.against != TRUTH:
            raise ConfigError(
                f"plan.claim is {EQUIVALENT!r} and plan.against {self.against!r}, but equivalence "
                f"is tested against the truth; leave plan.against out."
            )
        if total >= 1:
            raise ConfigError(
                f"plan.rates add up to {total:g}, but must leave some for the truth: below 1 "
                "together."
            )


def read_plan(table: Table) -> Planned:
    """Take the plan from a study file.

    Raises
    ------
    ConfigError
        When a setting is unknown or out of range; `Planned.refuse_misfit` looks at them together.
    """
    default = Planned()
    participants = table.number("participants", 0, least=0)
    given = table.table("rates")
    rates = {name: float(given.share(name, None) or 0) for name in list(given.values)}
    plan = Planned(
        participants=participants or None,
        until=table.day("until", None),
        primary=table.text("primary", None),
        against=table.text("against", TRUTH) or TRUTH,
        claim=table.choice("claim", default.claim, CLAIMS),
        hypotheses=table.texts("hypotheses", ()) or (),
        rates=rates,
        participant_sd=table.spread("participant_sd", default.participant_sd),
        picture_sd=table.spread("picture_sd", default.picture_sd),
        dropout=table.share("dropout", None) or 0.0,
        careless=table.share("careless", None) or 0.0,
    )
    table.refuse_rest()
    return plan
