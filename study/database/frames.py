"""Reading a study out of the database as data frames: what every figure is computed from.

Fed by a database's URL, or by the connection of a `study.database.snapshot` where several reads
must be of one moment, as in ``source``. Reading never creates or changes a database. Millions of
answers are read as plain columns (``columns``) and joined with numpy. What is known of the study
itself is read by ``versions``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    Connection,
    DateTime,
    case,
    func,
    inspect,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from study.database.columns import as_moments, as_text, as_whole, read_columns, unwatched
from study.database.engine import snapshot
from study.database.tables import (
    Exclusion,
    Participant,
    Pick,
    Rating,
    ScreenCheck,
    Slot,
    Trace,
    Trial,
)
from study.database.versions import looks, paused, read_studies, registration
from study.protocol.traces import FEWEST_MOVES, LONG_WAY_PX, SHORTEST_PRESS_MS, STRAIGHT_PX

__all__ = [
    "ANSWER_COLUMNS",
    "EXPOSURE",
    "PARTICIPANT_COLUMNS",
    "SCREENED",
    "TRACED",
    "answers",
    "looks",
    "participants",
    "paused",
    "read_studies",
    "registration",
]

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
EXPOSURE = "exposure_ms"  # a column of answers only where the study limits the exposure


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
        frame[column] = as_moments(frame[column].to_numpy(dtype=object))
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
    with unwatched(), snapshot(at) as connection:
        person = read_columns(connection, people)
        trial = read_columns(connection, trials)
        slot = read_columns(connection, slots)
    return _join(person, trial, slot)


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
            "participant": as_text(public_id[p]),
            "simulated": simulated[p].astype(bool),
            "status": as_text(status[p]),
            "excluded": as_text(excluded[p]),
            "trial": of_trial.astype(np.int64),
            "position": position[t].astype(np.int64),
            "kind": as_text(kind[t]),
            "picture": as_text(picture[t]),
            "label": as_text(label[t]),
            "slot": number.astype(np.int64),
            "method": as_text(method),
            "picked": (number == picked[t]).astype(bool),
            "realism": as_whole(realism),
            "quality": as_whole(quality),
            "response_ms": as_whole(response_ms)[t],
            "answered_at": as_moments(answered_at)[t],
        },
        columns=list(ANSWER_COLUMNS),
    )
    if exposure_ms:
        frame[EXPOSURE] = as_whole(exposure_ms[0])[t]
    return frame
