"""What a database knows of a study itself: its versions, what was registered, looks and pauses.

Fed by a database's URL, or by the connection of a `study.database.snapshot`. Reading never creates
or changes a database, and one that an older version of the program has written is read, too.
"""

from typing import Any

import pandas as pd
from sqlalchemy import Connection, ScalarSelect, func, inspect, literal, null, select

from study.database import tables
from study.database.columns import as_moments
from study.database.engine import snapshot
from study.database.tables import Participant, Study, Withdrawal
from study.protocol.registration import Look, Registration

STUDY_COLUMNS = (
    *("study", "digest", "name", "settings", "file", "created_at", "withdrawn", "participants"),
)


def read_studies(at: str | Connection) -> pd.DataFrame:
    """Return one row per version of a study.

    Columns: study (id), digest, name, settings, file (text of the study file, or None), created_at,
    withdrawn (how many had their rows deleted) and participants (how many are there).

    Raises
    ------
    DatabaseError
        When there is no database or it holds no study.
    """
    with snapshot(at) as connection:
        # A database of 0.1.0, which nothing has written to since, has neither of the two.
        known = inspect(connection)
        columns = {column["name"] for column in known.get_columns(Study.__tablename__)}
        withdrawn: Any = literal(0)
        if known.has_table(Withdrawal.__tablename__):
            withdrawn = _count(Withdrawal)
        file: Any = Study.file if "file" in columns else null()
        query = select(
            Study.id,
            Study.digest,
            Study.name,
            Study.settings,
            file,
            Study.created_at,
            withdrawn,
            _count(Participant).label("participants"),
        ).order_by(Study.id)
        rows = connection.execute(query).all()
    frame = pd.DataFrame(rows, columns=list(STUDY_COLUMNS))
    frame["created_at"] = as_moments(frame["created_at"].to_numpy(dtype=object))
    return frame


def registration(at: str | Connection, study: int) -> Registration | None:
    """Return what was registered of a version of a study before it began; None if nothing was.

    Raises
    ------
    DatabaseError
        When there is no database or it holds no study.
    """
    table = tables.Registration
    with snapshot(at) as connection:
        if not inspect(connection).has_table(table.__tablename__):
            return None  # a database that no program of today has written to
        query = select(table.content, table.sha256, table.stored_at)
        row = connection.execute(query.where(table.study_id == study)).one_or_none()
    return None if row is None else Registration(*row)


def looks(at: str | Connection, study: int) -> tuple[Look, ...]:
    """Return when somebody looked at the rates of a version of a study while it ran, in order.

    Raises
    ------
    DatabaseError
        When there is no database or it holds no study.
    """
    table = tables.Look
    with snapshot(at) as connection:
        if not inspect(connection).has_table(table.__tablename__):
            return ()
        query = select(table.at, table.completed, table.answers).where(table.study_id == study)
        rows = connection.execute(query.order_by(table.id)).all()
    return tuple(Look(*row) for row in rows)


def paused(at: str | Connection, study: int) -> bool:
    """Return whether a version of a study is paused.

    Raises
    ------
    DatabaseError
        When there is no database or it holds no study.
    """
    table = tables.Pause
    with snapshot(at) as connection:
        if not inspect(connection).has_table(table.__tablename__):
            return False
        query = select(table.paused).where(table.study_id == study).order_by(table.id.desc())
        return bool(connection.execute(query.limit(1)).scalar())


def _count(table: type[Participant] | type[Withdrawal]) -> ScalarSelect[int]:
    """How many rows of a table belong to the version of the study in the outer query."""
    counted = select(func.count()).where(table.study_id == Study.id)
    return counted.correlate(Study).scalar_subquery()
