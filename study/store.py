"""Saving and reading a study: every answer in one transaction, once, whatever is sent twice.

Fed by ``ui`` (real participants) and ``simulate`` (simulated ones); the rules of ``session``
decide inside the transaction whether an answer is due. All answers of one participant wait for
each other (SQLite: one writer; PostgreSQL: the participant's row is locked), so an answer that
comes twice, from two tabs or two processes, finds the first one and returns it. An answer is
acknowledged only after its transaction is on the disk.

Reading for the report: `answers` and `participants`, from ``frames``.
"""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from study.database import DatabaseError, connect, migrate, reader
from study.design import PlannedTrial, StudySpec
from study.frames import answers, participants, read_studies
from study.session import (
    SCALES,
    RefusedError,
    TrialState,
    allow_pick,
    allow_ratings,
    current,
    response_time,
)
from study.tables import Participant, Pick, Rating, Slot, Study, Trial

__all__ = [
    "Answer",
    "DatabaseError",
    "Progress",
    "Recruiter",
    "Store",
    "answers",
    "participants",
    "read_studies",
]

AWAY = timedelta(hours=2)  # after this, the picture list of an unfinished participant is free
_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no I, L, O, 0, 1: codes are typed by hand


@dataclass(frozen=True)
class Recruiter:
    """What a recruiting service put into the link; `id` names the person there."""

    id: str
    study: str | None = None
    session: str | None = None


@dataclass(frozen=True)
class Answer:
    """A whole answer to one trial; `ratings` maps (slot, scale) to 1..5."""

    slot: int
    ratings: Mapping[tuple[int, str], int]
    response_ms: int | None


@dataclass(frozen=True)
class Progress:
    """One participant with all trials, as stored."""

    id: int
    public_id: str
    completion_code: str | None
    trials: tuple[TrialState, ...]


class Store:
    """The database of a study, open for writing.

    Parameters
    ----------
    url
        SQLAlchemy URL; the schema is made or brought up to date.
    clock
        Gives the moment in UTC; tests replace it.
    """

    def __init__(self, url: str, *, clock: Callable[[], datetime] | None = None) -> None:
        self.engine: Engine = connect(url)
        migrate(self.engine)
        self._now = clock or (lambda: datetime.now(UTC))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def register(self, spec: StudySpec) -> int:
        """Return the id of this version of the study; the first call stores it."""
        with Session(self.engine) as session, session.begin():
            known = session.scalar(select(Study.id).where(Study.digest == spec.digest()))
            if known is not None:
                return known
            row = Study(
                digest=spec.digest(),
                name=spec.name,
                settings=spec.settings(),
                created_at=self._now(),
            )
            session.add(row)
            session.flush()
            return row.id

    def refuse_mixture(self, *, simulated: bool) -> None:
        """Raise if the database holds participants of the other sort.

        Raises
        ------
        DatabaseError
            Simulated and real answers never share a database.
        """
        with Session(reader(self.engine)) as session:
            _refuse_mixture(session, simulated)

    def find(
        self, study_id: int, *, token: str | None, recruiter: Recruiter | None
    ) -> Progress | None:
        """Return the participant whom a recruiter's id or else a browser's token names."""
        with Session(reader(self.engine)) as session:
            person = _find(session, study_id, token, recruiter)
            return None if person is None else _progress(session, person)

    def join(
        self,
        study_id: int,
        spec: StudySpec,
        *,
        token: str | None = None,
        recruiter: Recruiter | None = None,
        simulated: bool = False,
        seed: int | None = None,
    ) -> Progress:
        """Store the consent and the whole plan of a new participant, or return the known one.

        Parameters
        ----------
        study_id, spec
            What `register` was given and returned.
        token
            The secret of the participant's browser; only its SHA-256 is stored.
        recruiter
            The same recruiter's id always gives the same participant.
        simulated
            Marks every row of the participant.
        seed
            The participant's seed; drawn if None.

        Raises
        ------
        DatabaseError
            When real and simulated participants would share a database.
        """
        with Session(self.engine) as session, session.begin():
            # The lock makes "which list is next" true until the new row is written.
            session.scalars(select(Study.id).where(Study.id == study_id).with_for_update()).one()
            person = _find(session, study_id, token, recruiter)
            if person is None:
                _refuse_mixture(session, simulated)
                now = self._now()
                person = Participant(
                    study_id=study_id,
                    public_id=f"p-{secrets.token_hex(6)}",
                    # Who came by a recruiter is known by that id: a shared computer has one token.
                    token_sha256=_sha256(token) if token and not recruiter else None,
                    recruiter_id=recruiter and recruiter.id,
                    recruiter_study=recruiter and recruiter.study,
                    recruiter_session=recruiter and recruiter.session,
                    list_number=_next_list(session, study_id, now - AWAY),
                    seed=secrets.randbits(62) if seed is None else seed,
                    status="started",
                    consent_version=spec.consent_version,
                    consented_at=now,
                    last_seen_at=now,
                    simulated=simulated,
                )
                session.add(person)
                session.flush()
                plan = spec.plan(number=person.list_number, seed=person.seed)
                _add_trials(session, person, plan, spec)
            return _progress(session, person)

    def pick(self, participant_id: int, token: str, slot: Any, response_ms: Any = None) -> Progress:
        """Save which slot was taken for real; the first pick of a trial stands.

        Raises
        ------
        RefusedError
            When ``session.allow_pick`` refuses; nothing is stored then.
        """
        with Session(self.engine) as session, session.begin():
            person = _locked(session, participant_id)
            trial = allow_pick(_progress(session, person).trials, token, slot)
            if trial.picked is None:
                now = self._now()
                person.last_seen_at = now
                session.add(
                    Pick(
                        trial_id=trial.id,
                        slot=slot,
                        response_ms=response_time(response_ms),
                        answered_at=now,
                        simulated=person.simulated,
                    )
                )
                session.flush()
            return _progress(session, person)

    def rate(self, participant_id: int, token: str, ratings: Any) -> Progress:
        """Save all ratings of one trial; the first ones stand. The last trial completes.

        Raises
        ------
        RefusedError
            When ``session.allow_ratings`` refuses; nothing is stored then.
        """
        with Session(self.engine) as session, session.begin():
            person = _locked(session, participant_id)
            trial, checked = allow_ratings(_progress(session, person).trials, token, ratings)
            if not trial.ratings:
                now = self._now()
                person.last_seen_at = now
                session.add_all(_ratings(trial.id, checked, now, person.simulated))
                session.flush()
                if current(_progress(session, person).trials) is None:
                    _complete(person, now)
                    session.flush()
            return _progress(session, person)

    def add_simulated(
        self,
        study_id: int,
        spec: StudySpec,
        *,
        number: int,
        seed: int,
        answer: Callable[[PlannedTrial], Answer],
    ) -> None:
        """Store one simulated participant who answers every trial, in one transaction.

        The caller numbers the picture lists 0, 1, 2, ...; `answer` is asked once a trial.

        Raises
        ------
        DatabaseError
            When the database holds real participants.
        """
        with Session(self.engine) as session, session.begin():
            _refuse_mixture(session, True)
            now = self._now()
            person = Participant(
                study_id=study_id,
                public_id=f"s-{secrets.token_hex(6)}",
                list_number=number,
                seed=seed,
                status="started",
                consent_version=spec.consent_version,
                consented_at=now,
                last_seen_at=now,
                simulated=True,
            )
            session.add(person)
            session.flush()
            plan = spec.plan(number=number, seed=seed)
            for trial_id, planned in zip(
                _add_trials(session, person, plan, spec), plan, strict=True
            ):
                given = answer(planned)
                session.add(
                    Pick(
                        trial_id=trial_id,
                        slot=given.slot,
                        response_ms=given.response_ms,
                        answered_at=now,
                        simulated=True,
                    )
                )
                session.add_all(_ratings(trial_id, given.ratings, now, True))
            _complete(person, now)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _find(
    session: Session, study_id: int, token: str | None, recruiter: Recruiter | None
) -> Participant | None:
    query = select(Participant).where(Participant.study_id == study_id)
    if recruiter is not None:
        return session.scalar(query.where(Participant.recruiter_id == recruiter.id))
    if token is not None:
        return session.scalar(query.where(Participant.token_sha256 == _sha256(token)))
    return None


def _locked(session: Session, participant_id: int) -> Participant:
    """Return the participant, locked until the transaction ends."""
    person = session.scalar(
        select(Participant).where(Participant.id == participant_id).with_for_update()
    )
    if person is None:
        raise RefusedError("This participant is not in the database. Reload the page.")
    return person


def _refuse_mixture(session: Session, simulated: bool) -> None:
    other = session.scalar(
        select(Participant.id).where(Participant.simulated != simulated).limit(1)
    )
    if other is not None:
        held, asked = ("real", "simulated") if simulated else ("simulated", "real")
        raise DatabaseError(
            f"The database {session.get_bind().engine.url} holds {held} participants, and "
            f"{asked} ones must not be mixed with them; name another database for these."
        )


def _next_list(session: Session, study_id: int, away_before: datetime) -> int:
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


def _add_trials(
    session: Session, person: Participant, plan: Sequence[PlannedTrial], spec: StudySpec
) -> list[int]:
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


def _ratings(
    trial_id: int, values: Mapping[tuple[int, str], int], now: datetime, simulated: bool
) -> list[Rating]:
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
        if scale in SCALES
    ]


def _complete(person: Participant, now: datetime) -> None:
    person.status = "completed"
    person.completed_at = now
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(12))
    person.completion_code = "-".join(letters[i : i + 4] for i in range(0, 12, 4))


def _progress(session: Session, person: Participant) -> Progress:
    """Read all trials of one participant, four queries however many they are."""
    mine = select(Trial.id).where(Trial.participant_id == person.id)
    methods: dict[int, list[str]] = defaultdict(list)
    for slot in session.scalars(
        select(Slot).where(Slot.trial_id.in_(mine)).order_by(Slot.trial_id, Slot.slot)
    ):
        methods[slot.trial_id].append(slot.method)
    picked = {
        pick.trial_id: pick.slot
        for pick in session.scalars(select(Pick).where(Pick.trial_id.in_(mine)))
    }
    ratings: dict[int, dict[tuple[int, str], int]] = defaultdict(dict)
    for rating in session.scalars(select(Rating).where(Rating.trial_id.in_(mine))):
        ratings[rating.trial_id][rating.slot, rating.scale] = rating.value
    trials = tuple(
        TrialState(
            id=trial.id,
            token=trial.token,
            position=trial.position,
            kind=trial.kind,
            picture=trial.picture,
            methods=tuple(methods[trial.id]),
            picked=picked.get(trial.id),
            ratings=ratings.get(trial.id, {}),
        )
        for trial in session.scalars(
            select(Trial).where(Trial.participant_id == person.id).order_by(Trial.position)
        )
    )
    return Progress(person.id, person.public_id, person.completion_code, trials)
