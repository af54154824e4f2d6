"""What is registered before a study begins: its content, hash and file, and what differs later.

Made by ``study.register`` from a study file and a power run; read by ``config`` from the file
beside the study file, stored with the first participant, and compared by the report.
Pure but for `read_registration`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from study.errors import ConfigError
from study.protocol.design import PREFERENCE, TRUTH, UNPAIRED, StudySpec, digest_of
from study.protocol.planned import EQUIVALENT, Planned

ENDING = ".registration.json"  # in place of the study file's .toml
FORMAT = 1
ANALYSIS: dict[str, Any] = {
    "level": 0.95,
    "alpha": 0.05,
    "test": "t test of the contrast with its variance clustered by participant and by picture",
    "correction": "none for the primary contrast; Holm over all others of its kind",
    "answers": "scored trials with a pick, of everybody who is not excluded",
}
_NAMED_BY_HASH = ("pictures", "practice")  # lists of the set, whose manifest has a hash


@dataclass(frozen=True)
class Registration:
    """What was registered.

    Attributes
    ----------
    content
        From `registered`.
    sha256
        As stored beside it.
    stored_at
        When the first participant began; None where it is not stored in a database.
    """

    content: Mapping[str, Any]
    sha256: str
    stored_at: datetime | None = None

    @property
    def intact(self) -> bool:
        """Whether the content still has its hash."""
        return digest_of(self.content) == self.sha256

    @property
    def stored(self) -> dict[str, Any]:
        """What an export says of it; `Registration.of` reads it back."""
        moment = None if self.stored_at is None else self.stored_at.isoformat()
        return {"sha256": self.sha256, "stored_at": moment, "content": self.content}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Registration:
        """Return what `stored` gave.

        Raises
        ------
        ValueError
            When it is no such thing.
        """
        try:
            moment = stored["stored_at"]
            return cls(
                dict(stored["content"]),
                str(stored["sha256"]),
                None if moment is None else datetime.fromisoformat(moment),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"the registration lacks {error}") from error


@dataclass(frozen=True)
class Look:
    """That somebody looked at the rates before the planned number of people had completed.

    Who it was is not known. `completed` people and `answers` (scored) were there.
    """

    at: datetime
    completed: int
    answers: int

    @property
    def stored(self) -> dict[str, Any]:
        """What an export says of it; `Look.of` reads it back."""
        return {**asdict(self), "at": self.at.isoformat()}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Look:
        """Return what `stored` gave.

        Raises
        ------
        ValueError
            When it is no such thing.
        """
        try:
            moment = datetime.fromisoformat(stored["at"])
            return cls(moment, int(stored["completed"]), int(stored["answers"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"a look at the rates lacks {error}") from error


@dataclass(frozen=True)
class Record:
    """What the database keeps of a study beside its answers: settings, registration, looks."""

    settings: Mapping[str, Any]
    registration: Registration | None = None
    looks: tuple[Look, ...] = ()


def registered(spec: StudySpec, power: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a registration, ready for JSON.

    Parameters
    ----------
    spec : StudySpec
        The study; its plan must be complete, see `refuse_incomplete`.
    power : mapping
        What the power run found, ready for JSON.
    """
    settings = spec.settings()
    plan = Planned.of(settings["plan"])
    return {
        "format": FORMAT,
        "study": spec.name,
        "hypotheses": list(plan.hypotheses),
        "primary": {"method": plan.primary, "against": plan.against, "claim": plan.claim},
        "margin": settings.get("margin"),
        "participants": plan.participants,
        "until": plan.until,
        "exclusion": settings["exclusion"],
        "analysis": ANALYSIS,
        "pictures": len(settings["pictures"]),
        "power": power,
        "settings": {k: v for k, v in settings.items() if k not in _NAMED_BY_HASH},
        "settings_sha256": spec.digest(),
    }


def refuse_incomplete(spec: StudySpec) -> Planned:
    """Return the plan of a study that says all that a registration needs.

    Raises
    ------
    ConfigError
        When something is missing; the text names the setting and what to write.
    """
    settings = spec.settings()
    plan = Planned.of(settings.get("plan") or {})
    kind = spec.design.kind
    methods = [name for name in spec.design.methods if name != TRUTH]
    plan.refuse_unknown(spec.design.methods)
    # What is shown alone has a share of its own, also the truth.
    lacking = [
        n for n in (spec.design.methods if kind == UNPAIRED else methods) if n not in plan.rates
    ]
    primary = f'primary = "{methods[0]}"'
    if kind == PREFERENCE:
        primary += f' and against = "{methods[1]}"'
    for missing, setting, example in (
        (not plan.hypotheses, "hypotheses", 'hypotheses = ["People pick ... less often than ..."]'),
        (plan.participants is None, "participants", "participants = 40"),
        (plan.primary is None, "primary", primary),
        (bool(lacking), f"rates.{''.join(lacking[:1])}", "[plan.rates] with a rate a method"),
    ):
        if missing:
            raise ConfigError(
                f"plan.{setting} is not set, and a registration needs it: write {example} into "
                "the study file."
            )
    if plan.claim == EQUIVALENT and settings.get("margin") is None:
        raise ConfigError(
            f"plan.claim is {EQUIVALENT!r} and analysis.margin is not set: an equivalence without "
            "a margin fixed beforehand shows nothing; write margin = 0.05 under [analysis]."
        )
    total = math.fsum(plan.rates.values())
    if kind == PREFERENCE and not math.isclose(total, 1, abs_tol=1e-6):
        raise ConfigError(
            f"plan.rates add up to {total:g}, but each trial prefers one method: the shares of "
            f"{', '.join(methods)} are 1 together."
        )
    return plan


def as_file(content: Mapping[str, Any]) -> str:
    """Return the text of the file of a registration."""
    whole = {"sha256": digest_of(content), "registration": content}
    return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_registration(path: Path) -> Registration:
    """Read the file that `as_file` made.

    Raises
    ------
    ConfigError
        When it cannot be read, is no registration, or was changed after it was written.
    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        found = Registration(whole["registration"], whole["sha256"])
        right = found.content["format"] == FORMAT and found.intact
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} cannot be read as a registration ({error!r}); write it anew with python -m "
            "study.register, or take it away."
        ) from error
    if not right:
        raise ConfigError(
            f"{path} was changed after it was written (its content does not have the hash "
            f"{found.sha256}); restore it, or write it anew with python -m study.register."
        )
    return found


def changed(content: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    """Return the settings that are not as registered, such as "design.scored: 30, then 40".

    Parameters
    ----------
    content : mapping
        From `registered`.
    settings : mapping
        Those stored with the version of the study.
    """
    before = dict(_flat(content["settings"]))
    now = dict(_flat({k: v for k, v in settings.items() if k not in _NAMED_BY_HASH}))
    return [
        f"{name}: {_said(before, name)}, then {_said(now, name)}"
        for name in dict.fromkeys([*before, *now])
        if before.get(name) != now.get(name)
    ]


def _flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _said(settings: Mapping[str, Any], name: str) -> str:
    if name not in settings:
        return "not set"
    said = json.dumps(settings[name], ensure_ascii=False)
    return said if len(said) <= 60 else f"{said[:57]}..."
