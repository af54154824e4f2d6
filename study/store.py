"""Saving and reading a study: every answer in one transaction, once, whatever is sent twice.

Fed by ``ui`` (real participants) and ``simulate`` (simulated ones); the rules of ``session``
decide inside the transaction whether an answer is due. All answers of one participant wait for
each other (SQLite: one writer; PostgreSQL: the participant's row is locked), so an answer that
comes twice, from two tabs or two processes, finds the first one and returns it. An answer is
acknowledged only after its transaction is on the disk.

Reading for the report: `answers` and `participants`, from ``frames``.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from study import rows
from study.database import DatabaseError, connect, migrate, reader
from study.design import PlannedTrial, StudySpec
from study.frames import answers, participants, read_studies
from study.rows import Progress, Recruiter
from study.session import allow_pick, allow_ratings, current, response_time
from study.tables import Participant, Pick, Study

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


@dataclass(frozen=True)
class Answer:
    """A whole answer to one trial; `ratings` maps (slot, scale) to 1..5."""

    slot: int
    ratings: Mapping[tuple[int, str], int]
    response_ms: int | None


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
        self._turn = threading.Lock()

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """Hold a transaction that may write.

        The threads of this process take turns before they ask the database: SQLite lets waiting
        writers try again at odd moments, and a busy server could starve one of them.
        """
        with self._turn, Session(self.engine) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def register(self, spec: StudySpec) -> int:
        """Return the id of this version of the study; the first call stores it."""
        known = select(Study.id).where(Study.digest == spec.digest())
        with Session(self.engine) as session:
            found = session.scalar(known)
            if found is not None:
                return found
            row = Study(
                digest=spec.digest(),
                name=spec.name,
                settings=spec.settings(),
                created_at=self._now(),
            )
            session.add(row)
            try:
                session.commit()
            except IntegrityError:  # another process stored it in the meantime
                session.rollback()
                return session.scalars(known).one()
            return row.id

    def refuse_mixture(self, *, simulated: bool) -> None:
        """Raise if the database holds participants of the other sort.

        Raises
        ------
        DatabaseError
            Simulated and real answers never share a database.
        """
        with Session(reader(self.engine)) as session:
            rows.refuse_mixture(session, simulated)

    def identify(
        self, study_id: int, *, token: str | None, recruiter: Recruiter | None
    ) -> int | None:
        """Return the id of the participant whom a recruiter's id or a browser's token names."""
        with Session(reader(self.engine)) as session:
            person = rows.find(session, study_id, token, recruiter)
            return None if person is None else person.id

    def find(
        self, study_id: int, *, token: str | None, recruiter: Recruiter | None
    ) -> Progress | None:
        """Return the participant whom a recruiter's id or else a browser's token names."""
        with Session(reader(self.engine)) as session:
            person = rows.find(session, study_id, token, recruiter)
            return None if person is None else rows.progress(session, person)

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
        with self._writing() as session:
            # The lock makes "which list is next" true until the new row is written.
            session.scalars(select(Study.id).where(Study.id == study_id).with_for_update()).one()
            person = rows.find(session, study_id, token, recruiter)
            if person is None:
                rows.refuse_mixture(session, simulated)
                now = self._now()
                person = Participant(
                    study_id=study_id,
                    public_id=f"p-{secrets.token_hex(6)}",
                    # Who came by a recruiter is known by that id: a shared computer has one token.
                    token_sha256=rows.sha256(token) if token and not recruiter else None,
                    recruiter_id=recruiter and recruiter.id,
                    recruiter_study=recruiter and recruiter.study,
                    recruiter_session=recruiter and recruiter.session,
                    list_number=rows.next_list(session, study_id, now - AWAY),
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
                rows.add_trials(session, person, plan, spec)
            return rows.progress(session, person)

    def pick(self, participant_id: int, token: str, slot: Any, response_ms: Any = None) -> Progress:
        """Save which slot was taken for real; the first pick of a trial stands.

        Raises
        ------
        RefusedError
            When ``session.allow_pick`` refuses; nothing is stored then.
        """
        with self._writing() as session:
            person = rows.locked(session, participant_id)
            progress = rows.progress(session, person)
            trial = allow_pick(progress.trials, token, slot)
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
                progress = progress.with_trial(replace(trial, picked=slot))
        return progress

    def rate(self, participant_id: int, token: str, ratings: Any) -> Progress:
        """Save all ratings of one trial; the first ones stand. The last trial completes.

        Raises
        ------
        RefusedError
            When ``session.allow_ratings`` refuses; nothing is stored then.
        """
        with self._writing() as session:
            person = rows.locked(session, participant_id)
            progress = rows.progress(session, person)
            trial, checked = allow_ratings(progress.trials, token, ratings)
            if not trial.ratings:
                now = self._now()
                person.last_seen_at = now
                session.add_all(rows.ratings(trial.id, checked, now, person.simulated))
                progress = progress.with_trial(replace(trial, ratings=checked))
                if current(progress.trials) is None:
                    rows.complete(person, now)
                    progress = replace(progress, completion_code=person.completion_code)
        return progress

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
        with self._writing() as session:
            rows.refuse_mixture(session, True)
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
                rows.add_trials(session, person, plan, spec), plan, strict=True
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
                session.add_all(rows.ratings(trial_id, given.ratings, now, True))
            rows.complete(person, now)
