"""Reading an export back, strictly: it holds what `python -m study.export` wrote, or is refused.

A table that went through a spreadsheet comes back with other words in its cells, and a report of it
looks like any other. So the files must have the sums of SHA256SUMS, every column the type and range
that the database has for it, and the files must agree with one another. Whoever has changed an
export on purpose says so (``edited``); the report then says it in its title, and everything but the
sums is asked for as before. The sums guard against accidents: who means to deceive makes new ones.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from study.database.agreement import ANSWERS, KINDS, PARTICIPANTS, STUDY, check
from study.database.cells import Column, brief, flag, moment, read_table, text, whole
from study.database.frames import (
    ANSWER_COLUMNS,
    EXPOSURE,
    PARTICIPANT_COLUMNS,
    SCREENED,
    TRACED,
)
from study.database.source import Source
from study.errors import NothingToReportError
from study.protocol.design import (
    digest_of,
)
from study.protocol.registration import Look, Registration
from study.protocol.session import HIGHEST, LONGEST_RESPONSE_MS, LOWEST

__all__ = ["ANSWERS", "PARTICIPANTS", "STUDY", "SUMS", "from_export"]

SUMS = "SHA256SUMS"
EDITED = "accept it as it is with --edited, and the report says so in its title"
_STATUSES = ("started", "completed")
_LATER = ("excluded_at", "agent_at", *TRACED, *SCREENED)  # what earlier versions did not export


def from_export(folder: Path, *, edited: bool = False) -> Source:
    """Read back what `python -m study.export` wrote.

    Parameters
    ----------
    folder : Path
    edited : bool
        Accept files that were changed after they were written; `Source.edited` tells whether
        they were.

    Raises
    ------
    NothingToReportError
        If the folder is no export, a file of it was changed, or it holds what no study can have
        stored; the text names file, row, value and limit.
    """
    try:
        changed = _changed(folder)
        study = _study(folder / STUDY)
        if not changed and digest_of(study["settings"]) != study["digest"]:
            changed = f"the settings in {STUDY} do not have its digest"
        if changed and not edited:
            raise ValueError(f"{changed}; export the study once more, or {EDITED}")
        people = read_table(folder / PARTICIPANTS, _PEOPLE, later=_LATER)
        limited = {EXPOSURE: _MILLISECONDS} if EXPOSURE in study["settings"] else {}
        answers = read_table(folder / ANSWERS, _ANSWERS | limited)
        check(answers, people, study)
    except OSError as error:
        raise NothingToReportError(
            f"{folder} is no export of a study: {error.filename} cannot be read."
        ) from None
    except ValueError as error:
        raise NothingToReportError(f"The export in {folder} cannot be used: {error}.") from None
    return Source(
        answers=answers,
        participants=people,
        version=study["version"],
        name=study["name"],
        digest=study["digest"],
        settings=study["settings"],
        database=study["database"],
        file=study["file"],
        withdrawn=study["withdrawn"],
        folder=folder,
        edited=bool(changed),
        registration=study["registration"],
        looks=study["looks"],
    )


def _changed(folder: Path) -> str:
    """Which file does not have its sum, in words, or nothing."""
    for name in (STUDY, ANSWERS, PARTICIPANTS):  # what is needed is asked for by its own name
        (folder / name).open("rb").close()
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return f"{SUMS}, by which changes are noticed, cannot be read"
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in dict.fromkeys((STUDY, ANSWERS, PARTICIPANTS, *sums)):
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            return f"{SUMS} names {name}, which is outside of the export"
        if not path.is_file():
            return f"{name} is not there any more"
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sums.get(name):
                return f"{name} was changed after it was written (its sum is not that of {SUMS})"
    return ""


def _study(path: Path) -> dict[str, Any]:
    """What is stored about the study, every value of its type."""

    def refuse(word: str) -> None:
        raise ValueError(f"{STUDY} holds {word}, which is no JSON")

    found = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    fields: dict[str, tuple[Any, str]] = {
        "name": (str, "a text"),
        "version": (int, "a whole number"),
        "digest": (str, "a text"),
        "database": (str, "a text"),
        "simulated": (bool, "true or false"),
        "withdrawn": (int, "a whole number from 0 on"),
        "file": ((str, type(None)), "a text or null"),
        "settings": (dict, "an object"),
    }
    if not isinstance(found, dict):
        raise ValueError(f"{STUDY} is no object")
    for name, (kind, wanted) in fields.items():
        if name not in found:
            raise ValueError(f"{STUDY} has no {name}")
        value = found[name]
        wrong = not isinstance(value, kind)
        if kind is int:
            wrong = wrong or isinstance(value, bool) or value < 0
        if wrong:
            raise ValueError(f"{name} in {STUDY} is {brief(value)}, but must be {wanted}")
    found["registration"] = _registration(found.get("registration"))
    found["looks"] = _looks(found.get("looks") or [])
    settings = found["settings"]
    design = settings.get("design")
    if not isinstance(design, dict) or not _texts(design.get("methods")):
        raise ValueError(f"settings in {STUDY} have no design with its methods")
    for pool in ("pictures", "practice"):
        if not isinstance(settings.get(pool), list):
            raise ValueError(f"settings in {STUDY} have no list of {pool}")
    if not isinstance(settings.get("exclusion") or {}, dict):
        raise ValueError(f"exclusion in {STUDY} is {brief(settings['exclusion'])}, but no object")
    return found


def _registration(stored: object) -> Registration | None:
    """What was registered; exports of before do not have it."""
    if stored is None:
        return None
    if not isinstance(stored, dict):
        raise ValueError(f"registration in {STUDY} is {brief(stored)}, but must be an object")
    return Registration.of(stored)


def _looks(stored: object) -> tuple[Look, ...]:
    if not isinstance(stored, list) or not all(isinstance(one, dict) for one in stored):
        raise ValueError(f"looks in {STUDY} is {brief(stored)}, but must be a list of objects")
    return tuple(Look.of(one) for one in stored)


_MILLISECONDS = whole(0, LONGEST_RESPONSE_MS, maybe=True)
_PEOPLE: dict[str, Column] = {
    "study": whole(0),
    "participant": text(),
    "simulated": flag(),
    "status": text(*_STATUSES),
    "consented_at": moment(),
    "completed_at": moment(maybe=True),
    "excluded": text(maybe=True),
    "excluded_at": moment(maybe=True),
    "n_answered": whole(0),
    "n_scored": whole(0),
    "list_number": whole(0),
    "seed": whole(0),
    "consent_version": text(),
    "agent_at": moment(maybe=True),
    **{name: whole(0, maybe=True) for name in (*TRACED, *SCREENED)},
}
_ANSWERS: dict[str, Column] = {
    "study": whole(0),
    "participant": text(),
    "simulated": flag(),
    "status": text(*_STATUSES),
    "excluded": text(maybe=True),
    "trial": whole(1),
    "position": whole(1),
    "kind": text(*KINDS),
    "picture": text(),
    "label": text(maybe=True),
    "slot": whole(1),
    "method": text(),
    "picked": flag(),
    "realism": whole(LOWEST, HIGHEST, maybe=True),
    "quality": whole(LOWEST, HIGHEST, maybe=True),
    "response_ms": _MILLISECONDS,
    "answered_at": moment(),
}
assert tuple(_ANSWERS) == ANSWER_COLUMNS
assert tuple(_PEOPLE) == PARTICIPANT_COLUMNS


def _texts(value: object) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(x, str) for x in value)
