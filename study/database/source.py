"""One version of a study with all that a report or an export is made from.

Read from a database (`from_database`) or from a folder that `study.export` wrote (`from_export`);
both give the same `Source`, hence the same report. Nothing is written here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from study.database.engine import snapshot
from study.database.frames import ANSWER_COLUMNS, answers, participants, read_studies
from study.errors import NothingToReportError
from study.protocol.exclusions import Rules

# What a column of text becomes again; every other column stays text.
_WHOLE = (
    *("study", "trial", "position", "slot"),
    *("n_answered", "n_scored", "list_number", "seed"),
)
_MAYBE_WHOLE = ("realism", "quality", "response_ms")
_MOMENTS = ("answered_at", "consented_at", "completed_at")
_FLAGS = ("simulated", "picked")


@dataclass(frozen=True)
class Source:
    """Answers and participants of one version of a study, and what is stored about it.

    `file` is the text of its study file, if it had one; `withdrawn` counts who had their rows
    deleted; `folder` is the folder of the export that it was read from, or None.
    """

    answers: pd.DataFrame
    participants: pd.DataFrame
    version: int
    name: str
    digest: str
    settings: Mapping[str, Any]
    database: str
    file: str | None = None
    withdrawn: int = 0
    folder: Path | None = None

    @property
    def simulated(self) -> bool:
        """Whether all participants are simulated."""
        return bool(self.participants["simulated"].all())

    @property
    def rules(self) -> Rules:
        """The study's rules of exclusion.

        Raises
        ------
        ValueError
            If what is stored is no set of rules.
        """
        return Rules.of(self.settings.get("exclusion") or {})


def from_database(url: str, study: int | None = None) -> Source:
    """Read one version of a study at one moment; versions are never pooled.

    Parameters
    ----------
    url : str
        SQLAlchemy URL of the database.
    study : int, optional
        Id of the version; needed if several have participants.

    Raises
    ------
    DatabaseError
        If there is no database, or it is not one of a study.
    NothingToReportError
        If nobody has started, or there are several versions to choose from.
    """
    with snapshot(url) as connection:
        return read(connection, _choose(read_studies(connection), study), url)


def read(connection: Connection, study: Mapping[str, Any], url: str) -> Source:
    """Return the version of a study that is a row of `study.frames.read_studies`, as it stands."""
    version = int(study["study"])
    return Source(
        answers=answers(connection, study=version),
        participants=participants(connection, study=version),
        version=version,
        name=str(study["name"]),
        digest=str(study["digest"]),
        settings=study["settings"],
        database=make_url(url).render_as_string(hide_password=True),
        file=None if pd.isna(study["file"]) else str(study["file"]),
        withdrawn=int(study["withdrawn"]),
    )


def from_export(folder: Path) -> Source:
    """Read back what `python -m study.export` wrote.

    Raises
    ------
    NothingToReportError
        If the folder is no export or a file of it cannot be read.
    """
    try:
        study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
        given, people = _read(folder / "answers.csv"), _read(folder / "participants.csv")
        missing = [c for c in ANSWER_COLUMNS if c not in given] + [
            c for c in ("participant", "simulated", "status") if c not in people
        ]
        if missing:
            raise ValueError(f"no column {', '.join(missing)}")
        return Source(
            answers=given,
            participants=people,
            version=int(study["version"]),
            name=str(study["name"]),
            digest=str(study["digest"]),
            settings=study["settings"],
            database=str(study["database"]),
            file=study["file"],
            withdrawn=int(study["withdrawn"]),
            folder=folder,
        )
    except OSError as error:
        raise NothingToReportError(
            f"{folder} is no export of a study: {error.filename} cannot be read."
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise NothingToReportError(f"The export in {folder} is damaged: {error}.") from None


def _read(path: Path) -> pd.DataFrame:
    """A table as `study.database.frames` makes it: empty cells are missing, and no word is."""
    frame = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    kinds: dict[str, Any] = {}
    for column in frame.columns:
        if column in _WHOLE:
            kinds[column] = frame[column].astype("int64")
        elif column in _MAYBE_WHOLE:
            kinds[column] = pd.to_numeric(frame[column]).astype("Int64")
        elif column in _FLAGS:
            kinds[column] = frame[column] == "True"
        elif column in _MOMENTS:
            moments = pd.to_datetime(frame[column], utc=True, format="ISO8601")
            kinds[column] = moments.dt.as_unit("us")
    return frame.assign(**kinds)


def _choose(studies: pd.DataFrame, study: int | None) -> Mapping[str, Any]:
    """Return the row of the version of the study to report."""
    rows: list[dict[Any, Any]] = studies[studies["participants"] > 0].to_dict("records")
    started: dict[int, Mapping[str, Any]] = {row["study"]: row for row in rows}
    found = ", ".join(
        f"--study {i} ({row['name']}, {n} participant{'s' * (n != 1)})"
        for i, row in started.items()
        for n in (row["participants"],)
    )
    if not started:
        raise NothingToReportError("No participant has started the study yet.")
    if study is None and len(started) > 1:
        raise NothingToReportError(
            f"The database holds {len(started)} versions of the study, which are never pooled; "
            f"choose one: {found}."
        )
    chosen = next(iter(started)) if study is None else study
    if chosen not in started:
        raise NothingToReportError(f"Study {chosen} has no participants; there is {found}.")
    return started[chosen]
