"""What participants answer, each answer in one transaction and once, whatever is sent twice.

The rules of ``session`` decide inside the transaction whether an answer is due. All answers of one
participant wait for each other (SQLite: one writer; PostgreSQL: the participant's row is locked),
so an answer that comes twice, from two tabs or two processes, finds the first one and returns it.
An answer is acknowledged only after its transaction is on the disk.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from study.database import rows
from study.database.rows import Progress, Visitor
from study.database.tables import Exposure, Participant, Pick, ScreenCheck, Trace
from study.database.transactions import Transactions
from study.protocol.design import PlannedTrial, StudySpec
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


@dataclass(frozen=True)
class Answer:
    """A whole answer to one trial; `ratings` maps (slot, scale) to 1..5."""

    slot: int
    ratings: Mapping[tuple[int, str], int]
    response_ms: int | None


class Answering(Transactions):
    """The part of a database that keeps what participants answer."""

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
