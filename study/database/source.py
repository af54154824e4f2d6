"""One version of a study with all that a report or an export is made from.

Read from a database (`from_database`), or from a folder that `study.export` wrote
(`study.database.exported`); both give the same `Source`, hence the same report. Nothing is written
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from study.database.engine import snapshot
from study.database.frames import (
    EXPOSURE,
    answers,
    looks,
    participants,
    read_studies,
    registration,
)
from study.errors import NothingToReportError
from study.protocol.design import UNPAIRED, kind_of
from study.protocol.exclusions import Rules
from study.protocol.registration import Look, Record, Registration


@dataclass(frozen=True)
class Source:
    """Answers and participants of one version of a study, and what is stored about it.

    `file` is the text of its study file, if it had one; `withdrawn` counts who had their rows
    deleted; `folder` is the folder of the export that it was read from, or None; `edited` says
    whether files of that export were changed after they were written; `registration` is what was
    registered before the first participant began, `looks` when somebody saw the rates meanwhile.
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
    edited: bool = False
    registration: Registration | None = None
    looks: tuple[Look, ...] = ()

    @property
    def record(self) -> Record:
        """What is stored about the study beside its answers."""
        return Record(self.settings, self.registration, self.looks)

    @property
    def kind(self) -> str:
        """What a trial shows and asks, a key of `study.protocol.design.KINDS`."""
        return kind_of(self.settings)

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

    @property
    def margin(self) -> float | None:
        """The margin of equivalence that the study file fixed, or None.

        Raises
        ------
        ValueError
            If what is stored is no margin.
        """
        margin = self.settings.get("margin")
        if margin is None:
            return None
        number = isinstance(margin, (int, float)) and not isinstance(margin, bool)
        if not number or not 0 < margin < 0.5:
            raise ValueError(f"The stored margin is {margin!r}, but must be a share below 0.5.")
        return float(margin)


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
        answers=answers(
            connection,
            study=version,
            exposure=EXPOSURE in study["settings"],
            unpaired=kind_of(study["settings"]) == UNPAIRED,
        ),
        participants=participants(connection, study=version),
        version=version,
        name=str(study["name"]),
        digest=str(study["digest"]),
        settings=study["settings"],
        database=make_url(url).render_as_string(hide_password=True),
        file=None if pd.isna(study["file"]) else str(study["file"]),
        withdrawn=int(study["withdrawn"]),
        registration=registration(connection, version),
        looks=looks(connection, version),
    )


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
