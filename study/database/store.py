"""Saving a study: who takes part, with which plan, and what becomes of it while it runs.

Fed by ``service`` (real participants) and ``simulate`` (simulated ones). What they answer is kept
by ``answering``, whose methods a `Store` has, too.

Reading for the report: `answers` and `participants`, from ``frames``.
"""

import secrets
import sqlite3
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from study.database import rows
from study.database.answering import Answer, Answering
from study.database.engine import forget
from study.database.frames import answers, participants
from study.database.rows import Progress, Recruiter, Visitor
from study.database.tables import (
    AccessCode,
    Exclusion,
    Look,
    Participant,
    Pause,
    Registration,
    Study,
    Withdrawal,
)
from study.database.trouble import now_or_later
from study.database.versions import read_studies
from study.errors import RefusedError
from study.protocol.codes import new_code
from study.protocol.design import StudySpec, digest_of
from study.protocol.refusals import refused

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


class Store(Answering):
    """The database of a study, open for writing.

    See `study.database.transactions.Transactions` for how it is opened and what it raises.
    """

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

    def note_look(self, study_id: int, *, completed: int, answers: int) -> None:
        """Keep that somebody looks at the rates, and of how many people and answers."""
        with self._writing() as session:
            session.add(
                Look(study_id=study_id, at=self._now(), completed=completed, answers=answers)
            )
