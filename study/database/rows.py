"""The rows of one participant, read and written inside a transaction that ``store`` holds.

Fed by ``store`` with an open session; nothing here begins, commits or decides what is due.
"""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from study.database.tables import (
    Exposure,
    Participant,
    Pause,
    Pick,
    Rating,
    ScreenCheck,
    Slot,
    Study,
    Trial,
)
from study.errors import ClosedError, DatabaseError
from study.protocol.codes import new_code
from study.protocol.design import PlannedTrial, StudySpec
from study.protocol.refusals import refused
from study.protocol.session import FAKE, REAL, TrialState


@dataclass(frozen=True)
class Recruiter:
    """What a recruiting service put into the link; `id` names the person there."""

    id: str
    study: str | None = None
    session: str | None = None


@dataclass(frozen=True)
class Visitor:
    """Who asks: `recruiter` names the participant, else the access `code`, else the `token`.

    `token` is the secret of a browser. A computer that several people share has one token, so it
    counts for those only who came without a link of their own.
    """

    token: str | None = None
    recruiter: Recruiter | None = None
    code: str | None = None


@dataclass(frozen=True)
class Progress:
    """One participant with all trials, as stored."""

    id: int
    public_id: str
    completion_code: str | None
    trials: tuple[TrialState, ...]
    withdrawal_code: str | None = None
    recruited: bool = False
    browser: str | None = None
    consented_at: datetime | None = None
    excluded: bool = False
    agent: bool = False
    last_seen_at: datetime | None = None
    seed: int = 0
    screened: bool = False

    def begun_by(self, visitor: Visitor) -> bool:
        """Return whether a visitor holds what only the one who consented can know.

        A recruiter's id is no secret: who gives it resumes, and is told nothing that deletes. An
        access code is one.
        """
        return not self.recruited or (
            self.browser is not None and self.browser == browser_of(visitor)
        )

    def with_trial(self, changed: TrialState) -> "Progress":
        """Return the same participant after one trial has changed."""
        trials = tuple(changed if trial.id == changed.id else trial for trial in self.trials)
        return replace(self, trials=trials)


def sha256(token: str) -> str:
    """Return the form in which a browser's secret is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def browser_of(visitor: Visitor) -> str | None:
    """Return the form in which the browser of a new participant is stored.

    With the recruiter's id in it, as people who share a computer share its token.
    """
    if visitor.token is None or (visitor.code is not None and visitor.recruiter is None):
        return None
    recruiter = visitor.recruiter
    return sha256(visitor.token if recruiter is None else f"{visitor.token} {recruiter.id}")


def find(session: Session, study_id: int, visitor: Visitor) -> Participant | None:
    """Return the participant whom a visitor's recruiter, access code or token names."""
    query = select(Participant).where(Participant.study_id == study_id)
    if visitor.recruiter is not None:
        return session.scalar(query.where(Participant.recruiter_id == visitor.recruiter.id))
    if visitor.code is not None:
        return session.scalar(query.where(Participant.access_code == visitor.code))
    if visitor.token is not None:
        return session.scalar(query.where(Participant.token_sha256 == sha256(visitor.token)))
    return None


def new_participant(
    session: Session,
    study_id: int,
    spec: StudySpec,
    visitor: Visitor,
    *,
    list_number: int,
    seed: int,
    now: datetime,
    simulated: bool,
) -> Participant:
    """Store a participant, without the plan, and return the row."""
    recruiter, code = visitor.recruiter, visitor.code
    person = Participant(
        study_id=study_id,
        public_id=f"{'s' if simulated else 'p'}-{secrets.token_hex(6)}",
        token_sha256=browser_of(visitor),
        recruiter_id=recruiter and recruiter.id,
        recruiter_study=recruiter and recruiter.study,
        recruiter_session=recruiter and recruiter.session,
        access_code=code if recruiter is None else None,
        list_number=list_number,
        seed=seed,
        status="started",
        consent_version=spec.consent_version,
        consented_at=now,
        last_seen_at=now,
        simulated=simulated,
        withdrawal_code=None if simulated else new_code(),
    )
    session.add(person)
    session.flush()
    return person


def locked(session: Session, participant_id: int) -> Participant:
    """Return the participant, locked until the transaction ends."""
    person = session.scalar(
        select(Participant).where(Participant.id == participant_id).with_for_update()
    )
    if person is None:
        raise refused("no_participant")
    return person


def refuse_mixture(session: Session, simulated: bool) -> None:
    """Raise DatabaseError if there are participants of the other sort."""
    other = session.scalar(
        select(Participant.id).where(Participant.simulated != simulated).limit(1)
    )
    if other is not None:
        held, asked = ("real", "simulated") if simulated else ("simulated", "real")
        raise DatabaseError(
            f"The database {session.get_bind().engine.url} holds {held} participants, and "
            f"{asked} ones must not be mixed with them; name another database for these."
        )


def next_list(session: Session, study_id: int, away_before: datetime) -> int:
    """Return the first picture list that nobody has completed and nobody is working on.

    So pictures are balanced by what was completed: a list whose participant left or was
    excluded is given out again.
    """
    taken = set(
        session.scalars(
            select(Participant.list_number).where(
                Participant.study_id == study_id,
                Participant.excluded.is_(None),
                (Participant.status == "completed") | (Participant.last_seen_at > away_before),
            )
        )
    )
    return next(number for number in range(len(taken) + 1) if number not in taken)


def refuse_new(session: Session, study_id: int, cap: int, away_before: datetime) -> None:
    """Raise ClosedError where the study is paused, or as many take part as may.

    Counted are who has completed and who is on their way; who left, or was excluded, is not.
    """
    last = select(Pause.paused).where(Pause.study_id == study_id).order_by(Pause.id.desc())
    if session.scalar(last.limit(1)):
        raise ClosedError("paused")
    there = session.scalar(
        select(func.count())
        .select_from(Participant)
        .where(
            Participant.study_id == study_id,
            Participant.excluded.is_(None),
            (Participant.status == "completed") | (Participant.last_seen_at > away_before),
        )
    )
    if cap and (there or 0) >= cap:
        raise ClosedError("quota_full")


def add_trials(
    session: Session, person: Participant, plan: Sequence[PlannedTrial], spec: StudySpec
) -> list[int]:
    """Store a participant's plan; return the ids of the trials in its order."""
    rows = [
        Trial(
            participant_id=person.id,
            position=planned.position,
            kind=planned.kind,
            picture=planned.picture,
            label=spec.label(planned.picture),
            token=secrets.token_urlsafe(16),
            simulated=person.simulated,
        )
        for planned in plan
    ]
    session.add_all(rows)
    session.flush()
    for row, planned in zip(rows, plan, strict=True):
        for slot, method in enumerate(planned.methods, start=1):
            session.add(Slot(trial_id=row.id, slot=slot, method=method, simulated=person.simulated))
    session.flush()
    return [row.id for row in rows]


def ratings(
    trial_id: int, values: Mapping[tuple[int, str], int], now: datetime, simulated: bool
) -> list[Rating]:
    """Return the rows of the ratings of one trial."""
    return [
        Rating(
            trial_id=trial_id,
            slot=slot,
            scale=scale,
            value=value,
            answered_at=now,
            simulated=simulated,
        )
        for (slot, scale), value in values.items()
    ]


def pick_of(answer: int, paired: bool) -> dict[str, int | bool | None]:
    """Return the columns of a pick that say what was answered: a slot, or real or fake."""
    return {"slot": answer if paired else 1, "called_real": None if paired else answer == REAL}


def complete(person: Participant, now: datetime) -> None:
    """Mark a participant as done and draw the completion code."""
    person.status = "completed"
    person.completed_at = now
    person.completion_code = new_code()


def screened(session: Session, person: Participant) -> bool:
    """Return whether a participant has done the checks of eyes and screen."""
    done = select(ScreenCheck.name).where(ScreenCheck.participant_id == person.id).limit(1)
    return session.scalar(done) is not None


def progress(session: Session, person: Participant) -> Progress:
    """Read all trials of one participant: five queries of plain columns, however many they are."""
    scales = session.scalar(select(Study.settings["scales"]).where(Study.id == person.study_id))
    of_person = Trial.participant_id == person.id
    methods: dict[int, list[str]] = defaultdict(list)
    for trial_id, method in session.execute(
        select(Slot.trial_id, Slot.method)
        .join(Trial, Trial.id == Slot.trial_id)
        .where(of_person)
        .order_by(Slot.trial_id, Slot.slot)
    ):
        methods[trial_id].append(method)
    picked: dict[int, int] = {}
    for trial_id, slot, called_real in session.execute(
        select(Pick.trial_id, Pick.slot, Pick.called_real)
        .join(Trial, Trial.id == Pick.trial_id)
        .where(of_person)
    ):
        picked[trial_id] = FAKE if called_real is False else slot
    ratings: dict[int, dict[tuple[int, str], int]] = defaultdict(dict)
    for trial_id, slot, scale, value in session.execute(
        select(Rating.trial_id, Rating.slot, Rating.scale, Rating.value)
        .join(Trial, Trial.id == Rating.trial_id)
        .where(of_person)
    ):
        ratings[trial_id][slot, scale] = value
    trials = tuple(
        TrialState(
            **row._mapping,
            methods=tuple(methods[row.id]),
            picked=picked.get(row.id),
            ratings=ratings[row.id],
            unrated=scales == {},
        )
        for row in session.execute(
            select(
                Trial.id,
                Trial.token,
                Trial.position,
                Trial.kind,
                Trial.picture,
                Exposure.look.label("exposed"),
            )
            .outerjoin(Exposure, Exposure.trial_id == Trial.id)
            .where(of_person)
            .order_by(Trial.position)
        )
    )
    return Progress(
        person.id,
        person.public_id,
        person.completion_code,
        trials,
        person.withdrawal_code,
        person.recruiter_id is not None,
        person.token_sha256,
        person.consented_at,
        person.excluded is not None,
        person.agent_at is not None,
        person.last_seen_at,
        person.seed,
        screened(session, person),
    )
