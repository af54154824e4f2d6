"""Saving and reading a study: every answer in one transaction, once, whatever is sent twice.

Fed by ``service`` (real participants) and ``simulate`` (simulated ones); the rules of ``session``
decide inside the transaction whether an answer is due. All answers of one participant wait for
each other (SQLite: one writer; PostgreSQL: the participant's row is locked), so an answer that
comes twice, from two tabs or two processes, finds the first one and returns it. An answer is
acknowledged only after its transaction is on the disk.

Reading for the report: `answers` and `participants`, from ``frames``.
"""

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from study.database import rows
from study.database.engine import PATIENCE, connect, forget, migrate, reader
from study.database.frames import answers, participants, read_studies
from study.database.rows import Progress, Recruiter, Visitor
from study.database.tables import (
    AccessCode,
    Exclusion,
    Exposure,
    Look,
    Participant,
    Pause,
    Pick,
    Registration,
    ScreenCheck,
    Study,
    Trace,
    Withdrawal,
)
from study.database.trouble import now_or_later, unavailable
from study.errors import RefusedError
from study.protocol.codes import new_code
from study.protocol.design import PlannedTrial, StudySpec, digest_of
from study.protocol.refusals import refused
from study.protocol.screen import Check
from study.protocol.session import (
    SCALES,
    allow_exposure,
    allow_pick,
    allow_ratings,
    current,
    response_time,
)
from study.protocol.traces import checked as checked_trace

__all__ = [
    "Answer",
    "Progress",
    "Recruiter",
    "Store",
    "Visitor",
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
    patience
        Seconds to wait for somebody else's lock, or for the database to answer.

    Notes
    -----
    Every method but `close` raises an UnavailableError where the database cannot be used just
    now; nothing of that call is stored then, unless it was the answer of a commit that got lost.
    Calling again is safe: what was stored is found.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], datetime] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        patient = connect(url)
        migrate(patient)
        patient.dispose()
        self.engine: Engine = connect(url, patience)
        self._patience = patience
        self._now = clock or (lambda: datetime.now(UTC))
        self._turn = threading.Lock()

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """Hold a transaction that may write.

        With SQLite the threads of this process take turns before they ask the database: it lets
        waiting writers try again at odd moments, and a busy server could starve one of them.
        """
        sqlite = self.engine.dialect.name == "sqlite"
        if sqlite and not self._turn.acquire(timeout=self._patience):
            raise unavailable("busy", "others of this server are writing")
        try:
            with now_or_later(), Session(self.engine) as session, session.begin():
                if not sqlite:
                    limit = text(f"SET LOCAL lock_timeout = {round(1000 * self._patience)}")
                    session.execute(limit)
                yield session
        finally:
            if sqlite:
                self._turn.release()

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        """Hold a transaction that only reads."""
        with now_or_later(), Session(reader(self.engine)) as session:
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def version(self, spec: StudySpec) -> int | None:
        """Return the id of this version of the study, or None if nobody has started it."""
        with self._reading() as session:
            return session.scalar(select(Study.id).where(Study.digest == spec.digest()))

    def register(self, spec: StudySpec) -> int:
        """Return the id of this version of the study; the first call stores it.

        With it goes what was registered. A registration that comes later is not stored.
        """
        known = select(Study.id).where(Study.digest == spec.digest())
        with now_or_later(), Session(self.engine) as session:
            found = session.scalar(known)
            if found is not None:
                return found
            row = Study(
                digest=spec.digest(),
                name=spec.name,
                settings=spec.settings(),
                created_at=self._now(),
                file=spec.file,
            )
            session.add(row)
            try:
                session.flush()
                if spec.registration is not None:
                    session.add(
                        Registration(
                            study_id=row.id,
                            sha256=digest_of(spec.registration),
                            content=dict(spec.registration),
                            stored_at=row.created_at,
                        )
                    )
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
        with self._reading() as session:
            rows.refuse_mixture(session, simulated)

    def identify(self, study_id: int, visitor: Visitor) -> int | None:
        """Return the id of the participant who a visitor is."""
        with self._reading() as session:
            person = rows.find(session, study_id, visitor)
            return None if person is None else person.id

    def find(self, study_id: int, visitor: Visitor) -> Progress | None:
        """Return the participant who a visitor is, with all trials."""
        with self._reading() as session:
            person = rows.find(session, study_id, visitor)
            return None if person is None else rows.progress(session, person)

    def add_access_codes(self, count: int) -> list[str]:
        """Store new access codes and return them."""
        with self._writing() as session:
            codes = [new_code() for _ in range(count)]
            now = self._now()
            session.add_all(AccessCode(code=code, created_at=now) for code in codes)
        return codes

    def knows_access_code(self, code: str) -> bool:
        """Return whether `add_access_codes` made this code."""
        with self._reading() as session:
            return session.get(AccessCode, code) is not None

    def join(
        self,
        study_id: int,
        spec: StudySpec,
        *,
        token: str | None = None,
        recruiter: Recruiter | None = None,
        code: str | None = None,
        simulated: bool = False,
        seed: int | None = None,
        cap: int = 0,
    ) -> Progress:
        """Store the consent and the whole plan of a new participant, or return the known one.

        Parameters
        ----------
        study_id, spec
            What `register` was given and returned.
        token, recruiter, code
            Who it is, see `study.database.rows.Visitor`; of the token only the SHA-256 is stored.
        simulated
            Marks every row of the participant.
        seed
            The participant's seed; drawn if None.
        cap
            How many may take part, 0 for any number; see `study.database.rows.refuse_new`.

        Raises
        ------
        ClosedError
            When the study is paused or full, and nobody is stored.
        DatabaseError
            When real and simulated participants would share a database.
        """
        visitor = Visitor(token, recruiter, code)
        with self._writing() as session:
            # The lock makes "which list is next" true until the new row is written.
            session.scalars(select(Study.id).where(Study.id == study_id).with_for_update()).one()
            person = rows.find(session, study_id, visitor)
            if person is None:
                rows.refuse_mixture(session, simulated)
                now = self._now()
                rows.refuse_new(session, study_id, cap, now - AWAY)
                person = rows.new_participant(
                    session,
                    study_id,
                    spec,
                    visitor,
                    list_number=rows.next_list(session, study_id, now - AWAY),
                    seed=secrets.randbits(62) if seed is None else seed,
                    now=now,
                    simulated=simulated,
                )
                plan = spec.plan(number=person.list_number, seed=person.seed)
                rows.add_trials(session, person, plan, spec)
            return rows.progress(session, person)

    def withdraw(self, code: str) -> None:
        """Delete the participant who holds this withdrawal code, with every row of theirs.

        What stays is one row that says that somebody withdrew, and on which day.

        Raises
        ------
        RefusedError
            When nobody holds this code.
        """
        with self._writing() as session:
            person = session.scalar(
                select(Participant).where(Participant.withdrawal_code == code).with_for_update()
            )
            if person is None:
                raise refused("withdrawal_unknown")
            session.add(Withdrawal(study_id=person.study_id, day=self._now().date()))
            session.execute(delete(AccessCode).where(AccessCode.code == person.access_code))
            session.execute(delete(Participant).where(Participant.id == person.id))
        with suppress(SQLAlchemyError, sqlite3.Error):  # deleted they are; the next one tidies up
            forget(self.engine)

    def exclude(self, public_id: str, reason: str | None) -> None:
        """Leave a participant out of the analysis for this reason, or, without one, no longer.

        Each decision is kept with its moment; nothing else is changed.

        Raises
        ------
        RefusedError
            When there is no such participant, the reason is blank, or nothing is to be undone.
        """
        if reason is not None and not reason.strip():
            raise RefusedError("The reason is empty; say why, because the report quotes it.")
        with self._writing() as session:
            person = session.scalar(
                select(Participant).where(Participant.public_id == public_id).with_for_update()
            )
            if person is None:
                raise RefusedError(
                    f"There is no participant {public_id!r}; ids such as p-0123456789ab are on the "
                    "administrator's page and in participants.csv of an export."
                )
            if reason is None and person.excluded is None:
                raise RefusedError(f"{public_id} is not excluded by a person: nothing to undo.")
            person.excluded = None if reason is None else reason.strip()
            session.add(
                Exclusion(
                    participant_id=person.id,
                    at=self._now(),
                    reason=person.excluded,
                    simulated=person.simulated,
                )
            )

    def refuse_new(self, study_id: int, cap: int) -> None:
        """Raise a ClosedError where nobody new may begin; see `study.database.rows.refuse_new`."""
        with self._reading() as session:
            rows.refuse_new(session, study_id, cap, self._now() - AWAY)

    def pause(self, study_id: int, paused: bool) -> None:
        """Let nobody new begin from now on, or let them begin again; who has begun goes on."""
        with self._writing() as session:
            session.add(Pause(study_id=study_id, at=self._now(), paused=paused))

    def now(self) -> datetime:
        """Return the moment, by the clock that stamps what is stored."""
        return self._now()

    def note_look(self, study_id: int, *, completed: int, answers: int) -> None:
        """Keep that somebody looks at the rates, and of how many people and answers."""
        with self._writing() as session:
            session.add(
                Look(study_id=study_id, at=self._now(), completed=completed, answers=answers)
            )

    def pick(
        self,
        participant_id: int,
        token: str,
        slot: Any,
        response_ms: Any = None,
        exposure_ms: Any = None,
        trace: Any = None,
        *,
        limited: bool = False,
    ) -> Progress:
        """Save which slot was taken for real, and how; the first pick of a trial stands.

        Where no ratings follow, the last trial completes. `limited` says that the study limits the
        exposure, which must have begun then.

        Raises
        ------
        RefusedError
            When ``session.allow_pick`` refuses; nothing is stored then.
        """
        with self._writing() as session:
            person = rows.locked(session, participant_id)
            progress = rows.progress(session, person)
            trial = allow_pick(progress.trials, token, slot, limited=limited)
            if trial.picked is None:
                now = self._now()
                person.last_seen_at = now
                session.add(
                    Pick(
                        trial_id=trial.id,
                        **rows.pick_of(slot, trial.paired),
                        response_ms=response_time(response_ms),
                        exposure_ms=response_time(exposure_ms),
                        answered_at=now,
                        simulated=person.simulated,
                    )
                )
                if (how := checked_trace(trace)) is not None:
                    session.add(Trace(trial_id=trial.id, simulated=person.simulated, **how))
                progress = _after(progress.with_trial(replace(trial, picked=slot)), person, now)
        return progress

    def screen(self, participant_id: int, checks: Sequence[Check]) -> Progress:
        """Keep how the checks of eyes and screen went; the first time counts."""
        with self._writing() as session:
            person = rows.locked(session, participant_id)
            if not rows.screened(session, person):
                now = self._now()
                session.add_all(
                    ScreenCheck(
                        participant_id=person.id,
                        name=check.name,
                        correct=check.right,
                        asked=check.of,
                        passed=check.passed,
                        at=now,
                        simulated=person.simulated,
                    )
                    for check in checks
                )
                person.last_seen_at = now
                session.flush()
            return rows.progress(session, person)

    def tell(self, participant_id: int) -> Progress:
        """Keep that a participant says to be a program; the first time counts."""
        with self._writing() as session:
            person = rows.locked(session, participant_id)
            person.agent_at = person.agent_at or self._now()
            return rows.progress(session, person)

    def expose(self, participant_id: int, token: str, look: str) -> tuple[Progress, bool]:
        """Keep that a trial's one showing begins; return whether it is the caller's.

        Parameters
        ----------
        participant_id, token
            The participant, and the trial's own token.
        look
            Random name of the showing, at most 64 letters: who asks again with the same name is
            told the same.

        Raises
        ------
        RefusedError
            When ``session.allow_exposure`` refuses; nothing is stored then.
        """
        with self._writing() as session:
            person = rows.locked(session, participant_id)
            progress = rows.progress(session, person)
            trial = allow_exposure(progress.trials, token)
            if trial.exposed is None:
                now = self._now()
                person.last_seen_at = now
                session.add(
                    Exposure(trial_id=trial.id, look=look, began_at=now, simulated=person.simulated)
                )
                trial = replace(trial, exposed=look)
                progress = replace(progress.with_trial(trial), last_seen_at=now)
        return progress, trial.exposed == look

    def rate(
        self, participant_id: int, token: str, ratings: Any, scales: Sequence[str] = SCALES
    ) -> Progress:
        """Save all ratings of one trial; the first ones stand. The last trial completes.

        Raises
        ------
        RefusedError
            When ``session.allow_ratings`` refuses; nothing is stored then.
        """
        with self._writing() as session:
            person = rows.locked(session, participant_id)
            progress = rows.progress(session, person)
            trial, checked = allow_ratings(progress.trials, token, ratings, scales)
            if not trial.ratings:
                now = self._now()
                person.last_seen_at = now
                session.add_all(rows.ratings(trial.id, checked, now, person.simulated))
                progress = _after(progress.with_trial(replace(trial, ratings=checked)), person, now)
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
            person = rows.new_participant(
                session,
                study_id,
                spec,
                Visitor(),
                list_number=number,
                seed=seed,
                now=now,
                simulated=True,
            )
            plan = spec.plan(number=number, seed=seed)
            for trial_id, planned in zip(
                rows.add_trials(session, person, plan, spec), plan, strict=True
            ):
                given = answer(planned)
                session.add(
                    Pick(
                        trial_id=trial_id,
                        **rows.pick_of(given.slot, len(planned.methods) > 1),
                        response_ms=given.response_ms,
                        answered_at=now,
                        simulated=True,
                    )
                )
                session.add_all(rows.ratings(trial_id, given.ratings, now, True))
            rows.complete(person, now)


def _after(progress: Progress, person: Participant, now: datetime) -> Progress:
    """Complete the participant if this was the last answer, and return where they are."""
    progress = replace(progress, last_seen_at=now)
    if current(progress.trials) is not None:
        return progress
    rows.complete(person, now)
    return replace(progress, completion_code=person.completion_code)
