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
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
    CATCH,
    CATCH_METHODS,
    PRACTICE,
    REPEAT,
    SCORED,
    TRUTH,
    UNPAIRED,
    digest_of,
    kind_of,
)
from study.protocol.registration import Look, Registration
from study.protocol.session import HIGHEST, LONGEST_RESPONSE_MS, LOWEST, SCALES

SUMS = "SHA256SUMS"
STUDY, ANSWERS, PARTICIPANTS = "study.json", "answers.csv", "participants.csv"
EDITED = "accept it as it is with --edited, and the report says so in its title"
_KINDS = (PRACTICE, SCORED, CATCH, REPEAT)
_STATUSES = ("started", "completed")
_OF_PARTICIPANT = ("simulated", "status", "excluded")
_OF_TRIAL = (
    *("participant", "position", "kind", "picture", "label", "response_ms", "answered_at"),
)
_LATER = (
    "excluded_at",
    "agent_at",
    *TRACED,
    *SCREENED,
)  # columns that exports of earlier versions do not have
_MOST = 2**63 - 1

Good = NDArray[np.bool_]
Read = Callable[["pd.Series[str]"], tuple[Any, Good]]


@dataclass(frozen=True)
class _Column:
    """What the cells of a column must be, in words, and how they are read.

    `read` gives the values and which cells are right; a cell that is empty is right where `maybe`.
    """

    wanted: str
    read: Read
    maybe: bool = False


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
        people = _table(folder / PARTICIPANTS, _PEOPLE)
        limited = {EXPOSURE: _MILLISECONDS} if EXPOSURE in study["settings"] else {}
        answers = _table(folder / ANSWERS, _ANSWERS | limited)
        _check_people(people, study)
        _check_of_participants(answers, people, study)
        _check_trials(answers, study["settings"])
        _check_counts(answers, people)
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
            raise ValueError(f"{name} in {STUDY} is {_brief(value)}, but must be {wanted}")
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
        raise ValueError(f"exclusion in {STUDY} is {_brief(settings['exclusion'])}, but no object")
    return found


def _registration(stored: object) -> Registration | None:
    """What was registered; exports of before do not have it."""
    if stored is None:
        return None
    if not isinstance(stored, dict):
        raise ValueError(f"registration in {STUDY} is {_brief(stored)}, but must be an object")
    return Registration.of(stored)


def _looks(stored: object) -> tuple[Look, ...]:
    if not isinstance(stored, list) or not all(isinstance(one, dict) for one in stored):
        raise ValueError(f"looks in {STUDY} is {_brief(stored)}, but must be a list of objects")
    return tuple(Look.of(one) for one in stored)


def _table(path: Path, columns: Mapping[str, _Column]) -> pd.DataFrame:
    """A table as `study.database.frames` makes it: empty cells are missing, and no word is."""
    with warnings.catch_warnings():
        # A row of more cells than there are headings.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                path, dtype="str", keep_default_na=False, na_values=[""], index_col=False,
                encoding="utf-8-sig",
            )  # fmt: skip
        except (pd.errors.ParserWarning, ValueError) as error:
            why = str(error).strip().splitlines()[-1].rstrip(".")
            raise ValueError(f"{path.name} is no table of comma-separated values ({why})") from None
    frame = frame.assign(**{n: None for n in _LATER if n in columns and n not in frame})
    for title, names in (
        ("no column", [name for name in columns if name not in frame]),
        ("a column that no export has,", [str(name) for name in frame if name not in columns]),
    ):
        if names:
            raise ValueError(f"{path.name} has {title} {', '.join(names)}")
    read = {}
    for name, column in columns.items():
        cells = frame[name]
        empty = cells.isna().to_numpy()
        values, good = column.read(cells)
        _refuse(path.name, name, cells, ~np.where(empty, column.maybe, good), column.wanted)
        read[name] = values
    return pd.DataFrame(read, columns=list(columns))


def _whole(least: int, most: int = _MOST, *, maybe: bool = False) -> _Column:
    def read(cells: pd.Series[str]) -> tuple[Any, Good]:
        good = _matches(cells, r"[0-9]{1,19}")
        digits = cells.where(good, str(least)).to_numpy(dtype=object)
        numbers = digits.astype(np.uint64)
        good &= (numbers >= least) & (numbers <= most)
        whole = np.where(good, numbers, least).astype(np.int64)
        return _gaps(whole, cells) if maybe else whole, good

    limit = f"from {least} on" if most == _MOST else f"from {least} to {most}"
    return _Column(f"a whole number {limit}{' or empty' if maybe else ''}", read, maybe)


def _gaps(whole: NDArray[np.int64], cells: pd.Series[str]) -> Any:
    return pd.arrays.IntegerArray(whole, cells.isna().to_numpy())


def _flag() -> _Column:
    def read(cells: pd.Series[str]) -> tuple[Any, Good]:
        words = cells.str.lower()
        true = words.eq("true").fillna(False).to_numpy(dtype=bool)
        false = words.eq("false").fillna(False).to_numpy(dtype=bool)
        return true, true | false

    return _Column("True or False", read)


def _text(*among: str, maybe: bool = False) -> _Column:
    def read(cells: pd.Series[str]) -> tuple[Any, Good]:
        good = cells.isin(among) if among else cells.str.strip().ne("").fillna(False)
        return cells, good.to_numpy(dtype=bool)

    return _Column(f"one of {', '.join(among)}" if among else "a text", read, maybe)


def _moment(*, maybe: bool = False) -> _Column:
    def read(cells: pd.Series[str]) -> tuple[Any, Good]:
        moments = pd.to_datetime(cells, utc=True, format="ISO8601", errors="coerce")
        return moments.dt.as_unit("us"), moments.notna().to_numpy()

    return _Column("a moment such as 2026-03-01 12:00:00+00:00", read, maybe)


_MILLISECONDS = _whole(0, LONGEST_RESPONSE_MS, maybe=True)
_PEOPLE: dict[str, _Column] = {
    "study": _whole(0),
    "participant": _text(),
    "simulated": _flag(),
    "status": _text(*_STATUSES),
    "consented_at": _moment(),
    "completed_at": _moment(maybe=True),
    "excluded": _text(maybe=True),
    "excluded_at": _moment(maybe=True),
    "n_answered": _whole(0),
    "n_scored": _whole(0),
    "list_number": _whole(0),
    "seed": _whole(0),
    "consent_version": _text(),
    "agent_at": _moment(maybe=True),
    **{name: _whole(0, maybe=True) for name in (*TRACED, *SCREENED)},
}
_ANSWERS: dict[str, _Column] = {
    "study": _whole(0),
    "participant": _text(),
    "simulated": _flag(),
    "status": _text(*_STATUSES),
    "excluded": _text(maybe=True),
    "trial": _whole(1),
    "position": _whole(1),
    "kind": _text(*_KINDS),
    "picture": _text(),
    "label": _text(maybe=True),
    "slot": _whole(1),
    "method": _text(),
    "picked": _flag(),
    "realism": _whole(LOWEST, HIGHEST, maybe=True),
    "quality": _whole(LOWEST, HIGHEST, maybe=True),
    "response_ms": _MILLISECONDS,
    "answered_at": _moment(),
}
assert tuple(_ANSWERS) == ANSWER_COLUMNS
assert tuple(_PEOPLE) == PARTICIPANT_COLUMNS


def _check_people(people: pd.DataFrame, study: Mapping[str, Any]) -> None:
    """One row a participant, of this version, real or simulated as the ids and study.json say."""
    _one_version(PARTICIPANTS, people, study)
    twice = people["participant"].duplicated().to_numpy()
    _refuse(PARTICIPANTS, "participant", people["participant"], twice, "there once")
    wrong = people["simulated"] != people["participant"].str.startswith("s-")
    _refuse(
        PARTICIPANTS, "simulated", people["simulated"], wrong.to_numpy(),
        "True for ids that begin with s-, and for no other",
    )  # fmt: skip
    if bool(people["simulated"].all()) != study["simulated"]:
        raise ValueError(
            f"simulated in {STUDY} is {str(study['simulated']).lower()}, and {PARTICIPANTS} says "
            "something else"
        )
    undated = people["excluded_at"].notna() & people["excluded"].isna()
    _refuse(
        PARTICIPANTS, "excluded_at", people["excluded_at"], undated.to_numpy(),
        "empty where nobody is excluded",
    )  # fmt: skip
    ended = people["completed_at"].notna() != (people["status"] == "completed")
    _refuse(
        PARTICIPANTS, "status", people["status"], ended.to_numpy(),
        "completed where there is a completed_at, and started where there is none",
    )  # fmt: skip


def _check_of_participants(
    answers: pd.DataFrame, people: pd.DataFrame, study: Mapping[str, Any]
) -> None:
    """Answers of participants who are there, with what is known about them."""
    _one_version(ANSWERS, answers, study)
    at = pd.Index(people["participant"]).get_indexer(pd.Index(answers["participant"]))
    _refuse(
        ANSWERS, "participant", answers["participant"], at < 0, f"one of those of {PARTICIPANTS}"
    )
    for name in _OF_PARTICIPANT:
        known = _filled(people[name])[at]
        _refuse(
            ANSWERS, name, answers[name], _filled(answers[name]) != known,
            f"that of the participant in {PARTICIPANTS}",
        )  # fmt: skip


def _check_trials(answers: pd.DataFrame, settings: Mapping[str, Any]) -> None:
    """Whole trials, each as the study shows it, none of them twice."""
    methods = tuple(settings["design"]["methods"])
    unpaired = kind_of(settings) == UNPAIRED
    places, picks = (1, {0, 1}) if unpaired else (len(methods), {1})
    trial, _ = pd.factorize(answers["trial"])
    first = answers.index[~answers["trial"].duplicated()].to_numpy()
    for name in (*_OF_TRIAL, *({EXPOSURE} & set(answers))):
        cells, _ = pd.factorize(answers[name])
        _refuse(
            ANSWERS, name, answers[name], cells != cells[first][trial],
            "the same in all rows of trial {trial}", answers,
        )  # fmt: skip
    slots = answers["slot"].to_numpy(dtype=np.int64)
    _refuse(ANSWERS, "slot", answers["slot"], slots > places, f"at most {places}")
    for name in ("slot", "method"):
        again = answers.duplicated(["trial", name]).to_numpy()
        _refuse(ANSWERS, name, answers[name], again, "there once in trial {trial}", answers)
    catch = (answers["kind"] == CATCH).to_numpy()
    shown = np.where(
        catch,
        answers["method"].isin((TRUTH, *CATCH_METHODS[: len(methods) - 1])),
        answers["method"].isin(methods),
    )
    _refuse(
        ANSWERS, "method", answers["method"], ~shown,
        f"one of {', '.join(methods)}, or in a catch trial {TRUTH} or an obvious fake",
    )  # fmt: skip
    for what, per_trial, wanted in (
        ("rows", np.bincount(trial), {places}),
        ("picks", np.bincount(trial, answers["picked"]), picks),
        *(
            (f"ratings of {scale}", np.bincount(trial, answers[scale].notna()), {0, places})
            for scale in SCALES
        ),
    ):
        wrong = np.flatnonzero(~np.isin(per_trial, list(wanted)))
        if wrong.size:
            which = answers["trial"].iloc[first[wrong[0]]]
            raise ValueError(
                f"trial {which} in {ANSWERS} has {per_trial[wrong[0]]:.0f} {what}, but must have "
                f"{' or '.join(map(str, sorted(wanted)))}"
            )
    trials = answers.loc[first]
    pools = {
        **dict.fromkeys((SCORED, REPEAT), settings["pictures"]),
        **dict.fromkeys((PRACTICE, CATCH), settings["practice"]),
    }
    for kind in _KINDS:
        of_kind = (trials["kind"] == kind).to_numpy()
        unknown = of_kind & ~trials["picture"].isin(pools[kind]).to_numpy()
        _refuse(ANSWERS, "picture", trials["picture"], unknown, f"one of the study for {kind}")
        again = of_kind & trials.duplicated(["participant", "picture", "kind"]).to_numpy()
        _refuse(
            ANSWERS, "picture", trials["picture"], again & (kind in (SCORED, REPEAT)),
            f"{kind} once a participant",
        )  # fmt: skip
    again = trials.duplicated(["participant", "position"]).to_numpy()
    _refuse(ANSWERS, "position", trials["position"], again, "there once a participant")


def _check_counts(answers: pd.DataFrame, people: pd.DataFrame) -> None:
    """As many trials a participant as participants.csv says."""
    trials = answers.drop_duplicates("trial")
    for name, counted in (
        ("n_answered", trials),
        ("n_scored", trials[trials["kind"] == SCORED]),
    ):
        there = counted.groupby("participant").size()
        found = people["participant"].map(there).fillna(0).to_numpy(dtype=np.int64)
        _refuse(
            PARTICIPANTS, name, people[name], people[name].to_numpy(dtype=np.int64) != found,
            f"the number of the participant's trials in {ANSWERS}",
        )  # fmt: skip


def _one_version(file: str, frame: pd.DataFrame, study: Mapping[str, Any]) -> None:
    other = (frame["study"] != study["version"]).to_numpy(dtype=bool)
    _refuse(file, "study", frame["study"], other, f"{study['version']}, the version in {STUDY}")


def _refuse(
    file: str,
    name: str,
    cells: pd.Series[Any],
    wrong: Any,
    wanted: str,
    answers: pd.DataFrame | None = None,
) -> None:
    """Raise for the first wrong cell; rows are numbered as a spreadsheet does, headings 1."""
    bad = np.flatnonzero(np.asarray(wrong, dtype=bool))
    if not bad.size:
        return
    value, row = cells.iloc[bad[0]], int(cells.index[bad[0]]) + 2
    if answers is not None:
        wanted = wanted.format(trial=answers["trial"].iloc[bad[0]])
    said = "empty" if _missing(value) else _brief(value)
    raise ValueError(f"{name} in row {row} of {file} is {said}, but must be {wanted}")


def _filled(column: pd.Series[Any]) -> NDArray[Any]:
    """Values that can be compared, also where some are missing."""
    return np.asarray(column.astype(object).where(column.notna(), None), dtype=object)


def _matches(cells: pd.Series[str], pattern: str) -> Good:
    return np.array(cells.str.fullmatch(pattern).fillna(False), dtype=bool)


def _texts(value: object) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(x, str) for x in value)


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _brief(value: object) -> str:
    said = repr(value) if isinstance(value, str) else str(value)
    return said if len(said) <= 60 else f"{said[:57]}..."
