"""Reading a study out of the database as data frames: what every figure is computed from.

Fed by a database's URL, or by the connection of a `study.database.snapshot` where several reads
must be of one moment, as in ``source``. Reading never creates or changes a database. Millions of
answers are read as plain columns and joined with numpy, because rows of Python objects would not
fit.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    Boolean,
    Connection,
    DateTime,
    ScalarSelect,
    Select,
    case,
    func,
    inspect,
    literal,
    null,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from study.database import tables
from study.database.engine import snapshot
from study.database.tables import (
    Exclusion,
    Participant,
    Pick,
    Rating,
    ScreenCheck,
    Slot,
    Study,
    Trace,
    Trial,
    Withdrawal,
)
from study.protocol.registration import Look, Registration
from study.protocol.traces import FEWEST_MOVES, LONG_WAY_PX, SHORTEST_PRESS_MS, STRAIGHT_PX

# Of how the picks were made, counted over a participant's picks of every kind.
TRACED = {
    "n_traced": Trace.trial_id.is_not(None),
    "n_webdriver": Trace.webdriver,
    "n_untrusted": ~Trace.trusted,
    "n_trap": Trace.trap > 0,
    "n_early": Trace.early > 0,
    "n_mouse": Trace.by == "mouse",
    "n_keys": Trace.by == "keys",
    "n_touch": Trace.by.in_(("touch", "pen")),
    "n_pathless": (Trace.by == "mouse")
    & (Trace.press_ms < SHORTEST_PRESS_MS)
    & ((Trace.moves <= FEWEST_MOVES) | (Trace.jump_px >= LONG_WAY_PX)),
    "n_straight": (Trace.by == "mouse")
    & (Trace.moves > FEWEST_MOVES)
    & (Trace.direct_px >= LONG_WAY_PX)
    & (Trace.path_px <= Trace.direct_px + STRAIGHT_PX),
}
SCREENED = {
    f"n_{name}{which}": case((ScreenCheck.name == name, column), else_=None)
    for name in ("plates", "steps", "window")
    for which, column in (("", ScreenCheck.asked), ("_right", ScreenCheck.correct))
}
ANSWER_COLUMNS = (
    "study", "participant", "simulated", "status", "excluded", "trial", "position", "kind",
    "picture", "label", "slot", "method", "picked", "realism", "quality", "response_ms",
    "answered_at",
)  # fmt: skip
PARTICIPANT_COLUMNS = (
    "study", "participant", "simulated", "status", "consented_at", "completed_at", "excluded",
    "excluded_at", "n_answered", "n_scored", "list_number", "seed", "consent_version",
    "agent_at", *TRACED, *SCREENED,
)  # fmt: skip
STUDY_COLUMNS = (
    *("study", "digest", "name", "settings", "file", "created_at", "withdrawn", "participants"),
)
EXPOSURE = "exposure_ms"  # a column of answers only where the study limits the exposure
_CHUNK = 20_000


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
    frame["created_at"] = _moments(frame["created_at"].to_numpy(dtype=object))
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


def participants(at: str | Connection, *, study: int | None = None) -> pd.DataFrame:
    """Return one row per participant, in the order of consent.

    Parameters
    ----------
    at
        Database URL, or a snapshot of one.
    study
        Id of one version of a study; all of them if None.

    Returns
    -------
    pandas.DataFrame
        study, participant (opaque id), simulated, status ("started" or "completed"),
        consented_at and completed_at (UTC), excluded (reason of a person, or None), excluded_at
        (UTC, or missing), n_answered (trials with a pick, practice included), n_scored (of these,
        those that count), list_number, seed, consent_version,
        agent_at (UTC; said to be a program, or missing), the counts of `TRACED` (Int64, missing
        in a database of a program that kept no traces), and those of `SCREENED` (Int64, missing
        where there was no such check).

    Raises
    ------
    DatabaseError
        When there is no database or it holds no study.
    """
    counts = (
        select(
            Trial.participant_id,
            func.count().label("n_answered"),
            func.count().filter(Trial.kind == "scored").label("n_scored"),
        )
        .join(Pick, Pick.trial_id == Trial.id)
        .group_by(Trial.participant_id)
        .subquery()
    )
    query = (
        select(
            Participant.study_id.label("study"),
            Participant.public_id.label("participant"),
            Participant.simulated,
            Participant.status,
            Participant.consented_at,
            Participant.completed_at,
            Participant.excluded,
            literal(None).label("excluded_at"),
            func.coalesce(counts.c.n_answered, 0).label("n_answered"),
            func.coalesce(counts.c.n_scored, 0).label("n_scored"),
            Participant.list_number,
            Participant.seed,
            Participant.consent_version,
            literal(None).label("agent_at"),
            *(literal(None).label(name) for name in (*TRACED, *SCREENED)),
        )
        .outerjoin(counts, counts.c.participant_id == Participant.id)
        .order_by(Participant.id)
    )
    if study is not None:
        query = query.where(Participant.study_id == study)
    decided = select(Participant.public_id, func.max(Exclusion.at)).join(
        Exclusion, Exclusion.participant_id == Participant.id
    )
    with snapshot(at) as connection:
        rows = connection.execute(query).all()
        moments: dict[str, Any] = {}
        if inspect(connection).has_table(Exclusion.__tablename__):
            dated = connection.execute(decided.group_by(Participant.public_id))
            moments = {str(name): moment for name, moment in dated}
        traced, screened = _traced(connection), _screened(connection)
    frame = pd.DataFrame(rows, columns=list(PARTICIPANT_COLUMNS))
    found, screened = (of.reindex(frame["participant"]) for of in (traced, screened))
    frame["agent_at"] = [None if pd.isna(moment) else moment for moment in found["agent_at"]]
    for name in TRACED:
        frame[name] = pd.array(found[name].to_numpy(dtype=object), dtype="Int64")
    for name in SCREENED:
        frame[name] = pd.array(screened[name].to_numpy(dtype=object), dtype="Int64")
    frame["excluded_at"] = [
        None if pd.isna(reason) else moments.get(name)
        for name, reason in zip(frame["participant"], frame["excluded"], strict=True)
    ]
    for column in ("consented_at", "completed_at", "excluded_at", "agent_at"):
        frame[column] = _moments(frame[column].to_numpy(dtype=object))
    return frame.astype(
        {
            "study": "int64",
            "participant": "str",
            "simulated": "bool",
            "status": "str",
            "excluded": "str",
            "n_answered": "int64",
            "n_scored": "int64",
            "list_number": "int64",
            "seed": "int64",
            "consent_version": "str",
            **dict.fromkeys((*TRACED, *SCREENED), "Int64"),
        }
    )


def _traced(connection: Connection) -> pd.DataFrame:
    """How participants answered, by their names; empty in a database that has no traces."""
    columns = ["participant", "agent_at", *TRACED]
    rows: Sequence[Any] = ()
    if inspect(connection).has_table(Trace.__tablename__):
        counts = (func.coalesce(func.sum(case((what, 1), else_=0)), 0) for what in TRACED.values())
        query = (
            select(Participant.public_id, Participant.agent_at, *counts)
            .outerjoin(Trial, Trial.participant_id == Participant.id)
            .outerjoin(Trace, Trace.trial_id == Trial.id)
            .group_by(Participant.id)
        )
        rows = connection.execute(query).all()
    return pd.DataFrame(rows, columns=columns).set_index("participant")


def _screened(connection: Connection) -> pd.DataFrame:
    """How the checks of eyes and screen went, by the participants' names."""
    rows: Sequence[Any] = ()
    if inspect(connection).has_table(ScreenCheck.__tablename__):
        query = (
            select(Participant.public_id, *(func.max(column) for column in SCREENED.values()))
            .join(ScreenCheck, ScreenCheck.participant_id == Participant.id)
            .group_by(Participant.id)
        )
        rows = connection.execute(query).all()
    return pd.DataFrame(rows, columns=["participant", *SCREENED]).set_index("participant")


def answers(
    at: str | Connection,
    *,
    study: int | None = None,
    exposure: bool = False,
    unpaired: bool = False,
) -> pd.DataFrame:
    """Return one row per trial and slot of every trial that has a pick.

    Parameters
    ----------
    at
        Database URL, or a snapshot of one.
    study
        Id of one version of a study (see `read_studies`); all of them if None.
    exposure
        Add the column exposure_ms, for a study that limits it.
    unpaired
        Whether trials show one picture each: picked is then whether it was called real.

    Returns
    -------
    pandas.DataFrame
        Columns `ANSWER_COLUMNS`: study (int), participant (str, opaque), simulated (bool),
        status (str), excluded (reason or None), trial (int), position (int, 1 is the first
        practice trial), kind (str), picture (str), label (str or None), slot (int, 1..m),
        method (str), picked (bool), realism and quality (Int64 1..5 or NA), response_ms (Int64
        or NA), answered_at (UTC). Ordered by trial and slot.

    Raises
    ------
    DatabaseError
        When there is no database or it holds no study.
    """
    realism, quality = aliased(Rating), aliased(Rating)
    people = select(
        Participant.id,
        Participant.study_id,
        Participant.public_id,
        Participant.simulated,
        Participant.status,
        Participant.excluded,
    )
    trials = (
        select(
            Trial.id,
            Trial.participant_id,
            Trial.position,
            Trial.kind,
            Trial.picture,
            Trial.label,
            case((Pick.called_real.is_(False), 0), else_=Pick.slot) if unpaired else Pick.slot,
            Pick.response_ms,
            type_coerce(Pick.answered_at, DateTime()),  # a million times without Python
        )
        .join(Pick, Pick.trial_id == Trial.id)
        .order_by(Trial.id)
    )
    if exposure:
        trials = trials.add_columns(Pick.exposure_ms)
    slots = (
        select(Slot.trial_id, Slot.slot, Slot.method, realism.value, quality.value)
        .join(Pick, Pick.trial_id == Slot.trial_id)
        .outerjoin(
            realism,
            (realism.trial_id == Slot.trial_id)
            & (realism.slot == Slot.slot)
            & (realism.scale == "realism"),
        )
        .outerjoin(
            quality,
            (quality.trial_id == Slot.trial_id)
            & (quality.slot == Slot.slot)
            & (quality.scale == "quality"),
        )
        .order_by(Slot.trial_id, Slot.slot)
    )
    if study is not None:
        mine = Participant.study_id == study
        people = people.where(mine)
        trials = trials.join(Participant, Participant.id == Trial.participant_id).where(mine)
        # Slots of other versions are read, too, and left out by `_join`: two more joins of every
        # slot would cost more than that.
    with _unwatched(), snapshot(at) as connection:
        person = _columns(connection, people)
        trial = _columns(connection, trials)
        slot = _columns(connection, slots)
    return _join(person, trial, slot)


def _count(table: type[Participant] | type[Withdrawal]) -> ScalarSelect[int]:
    """How many rows of a table belong to the version of the study in the outer query."""
    counted = select(func.count()).where(table.study_id == Study.id)
    return counted.correlate(Study).scalar_subquery()


@contextmanager
def _unwatched() -> Iterator[None]:
    """Pause the collector of cycles, which would visit millions of rows that hold none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _columns(
    connection: Connection, query: Select[*tuple[Any, ...]]
) -> list["np.ndarray[Any, Any]"]:
    """Run a query and return its columns; equal texts share one object."""
    width = len(query.selected_columns)
    chunks: list[list[np.ndarray[Any, Any]]] = [[] for _ in range(width)]
    known: dict[Any, Any] = {}
    for rows in _batches(connection, query):
        for column, values in enumerate(zip(*rows, strict=True)):
            chunks[column].append(_array(values, known))
    return [np.concatenate(parts) if parts else np.empty(0, dtype=object) for parts in chunks]


def _batches(
    connection: Connection, query: Select[*tuple[Any, ...]]
) -> Iterator[Sequence[Sequence[Any]]]:
    """Run a query and yield its rows in chunks.

    SQLite's driver is asked directly, in the transaction of the snapshot: SQLAlchemy's rows take
    half of the time of a million answers. What the driver gives as it is, are texts, whole
    numbers, and moments as texts, so columns of truth values must not come this way.
    """
    plain = not any(isinstance(column.type, Boolean) for column in query.selected_columns)
    if connection.dialect.name != "sqlite" or not plain:
        yield from connection.execute(query).partitions(_CHUNK)
        return
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    cursor = connection.connection.cursor()
    try:
        cursor.execute(str(compiled))
        while rows := cursor.fetchmany(_CHUNK):
            yield rows
    finally:
        cursor.close()


def _array(values: Sequence[Any], known: dict[Any, Any]) -> "np.ndarray[Any, Any]":
    first = next((value for value in values if value is not None), None)
    if isinstance(first, bool):
        return np.array(values, dtype=bool)
    if isinstance(first, int):
        if None in values:  # NaN holds the place; every such integer is far below 2**53
            return np.array([np.nan if value is None else value for value in values])
        return np.array(values, dtype=np.int64)
    if isinstance(first, str):
        values = [known.setdefault(value, value) for value in values]
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _join(
    person: list["np.ndarray[Any, Any]"],
    trial: list["np.ndarray[Any, Any]"],
    slot: list["np.ndarray[Any, Any]"],
) -> pd.DataFrame:
    """Put the three sets of columns together, one row per trial and slot."""
    person_id, study, public_id, simulated, status, excluded = person
    trial_id, of_person, position, kind, picture, label, picked, response_ms, *rest = trial
    answered_at, *exposure_ms = rest
    of_trial, number, method, realism, quality = slot
    t = pd.Index(trial_id).get_indexer(pd.Index(of_trial))  # row of each slot's trial
    mine = t >= 0
    if not mine.all():  # slots of other versions of the study
        t = t[mine]
        of_trial, number, method, realism, quality = (column[mine] for column in slot)
    p = pd.Index(person_id).get_indexer(pd.Index(of_person))[t]
    frame = pd.DataFrame(
        {
            "study": study[p].astype(np.int64),
            "participant": _text(public_id[p]),
            "simulated": simulated[p].astype(bool),
            "status": _text(status[p]),
            "excluded": _text(excluded[p]),
            "trial": of_trial.astype(np.int64),
            "position": position[t].astype(np.int64),
            "kind": _text(kind[t]),
            "picture": _text(picture[t]),
            "label": _text(label[t]),
            "slot": number.astype(np.int64),
            "method": _text(method),
            "picked": (number == picked[t]).astype(bool),
            "realism": _whole(realism),
            "quality": _whole(quality),
            "response_ms": _whole(response_ms)[t],
            "answered_at": _moments(answered_at)[t],
        },
        columns=list(ANSWER_COLUMNS),
    )
    if exposure_ms:
        frame[EXPOSURE] = _whole(exposure_ms[0])[t]
    return frame


def _text(values: "np.ndarray[Any, Any]") -> "pd.Series[Any]":
    return pd.Series(values, dtype="str")


def _moments(values: "np.ndarray[Any, Any]") -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(values, utc=True)).as_unit("us")


def _whole(values: "np.ndarray[Any, Any]") -> "pd.api.extensions.ExtensionArray":
    return pd.array(values, dtype="Int64")
