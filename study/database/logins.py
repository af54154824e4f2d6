"""Administrators' sessions and the attempts to log in, where every process of a server sees them.

Written by ``guard`` and ``attempts``. Names come in as keyed digests, so that neither cookies nor
addresses are stored, and what is over is deleted with the next attempt.
"""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from study.database.tables import AdminSession, LoginAttempt
from study.database.transactions import Transactions

HOUR, MINUTE, TEN_MINUTES = timedelta(hours=1), timedelta(minutes=1), timedelta(minutes=10)
_ONE_AT_A_TIME = 0x6C6F_6769  # any number that all processes of this project share


class Logins(Transactions):
    """The part of a database that says who is logged in, and who may try."""

    def begin(self, digest: str, seconds: float) -> None:
        """Store a session that ends by itself."""
        with self._writing() as session:
            now = self._now()
            session.execute(delete(AdminSession).where(AdminSession.ends_at <= now))
            session.add(AdminSession(digest=digest, ends_at=now + timedelta(seconds=seconds)))

    def lasts(self, digest: str) -> bool:
        """Return whether a session has begun and not ended."""
        with self._reading() as session:
            ends = select(AdminSession.ends_at).where(AdminSession.digest == digest)
            found = session.scalar(ends)
        return found is not None and self._now() < found

    def end(self, digest: str) -> None:
        """End a session."""
        with self._writing() as session:
            session.execute(delete(AdminSession).where(AdminSession.digest == digest))

    def tries(self, who: str) -> tuple[int, int]:
        """Return how many attempts of somebody are younger than a minute, and than an hour."""
        with self._reading() as session:
            return self._tries(session, who)

    def take(self, who: str, most: int) -> int | None:
        """Note an attempt and return its number, or None where a minute has had the most."""
        with self._writing() as session:
            self._alone(session)
            now = self._now()
            session.execute(delete(LoginAttempt).where(LoginAttempt.at <= now - HOUR))
            if self._tries(session, who)[0] >= most:
                return None
            attempt = LoginAttempt(who=who, at=now)
            session.add(attempt)
            session.flush()
            return attempt.id

    def turn(self, attempt: int, pause: Callable[[int], float]) -> float:
        """Return the seconds until a slow attempt is looked at; the next one comes after it.

        Parameters
        ----------
        attempt
            From `take`.
        pause
            Seconds between two of them, by how many were wrong in the last ten minutes.
        """
        with self._writing() as session:
            self._alone(session)
            now = self._now()
            last = session.scalar(select(func.max(LoginAttempt.slow_at)))
            wait = timedelta(seconds=pause(self._wrong(session)))
            looked_at = max(now, last or now) + wait
            mine = session.get(LoginAttempt, attempt)
            if mine is not None:  # it waited for less than an hour
                mine.slow_at = looked_at
        return (looked_at - now).total_seconds()

    def settle(self, who: str, attempt: int, *, right: bool) -> None:
        """Note how an attempt ended; a right one makes all of its sender's forgotten."""
        with self._writing() as session:
            if right:
                session.execute(delete(LoginAttempt).where(LoginAttempt.who == who))
            elif (mine := session.get(LoginAttempt, attempt)) is not None:
                mine.wrong = True

    def slow_and_wrong(self) -> int:
        """Return how many attempts of the slow lane were wrong in the last ten minutes."""
        with self._reading() as session:
            return self._wrong(session)

    def _alone(self, session: Session) -> None:
        """Let other processes wait; SQLite has one writer anyway."""
        if self.engine.dialect.name == "postgresql":
            session.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))

    def _tries(self, session: Session, who: str) -> tuple[int, int]:
        now = self._now()
        found = session.scalars(
            select(LoginAttempt.at).where(LoginAttempt.who == who, LoginAttempt.at > now - HOUR)
        ).all()
        return sum(at > now - MINUTE for at in found), len(found)

    def _wrong(self, session: Session) -> int:
        recent = LoginAttempt.slow_at > self._now() - TEN_MINUTES
        counted = select(func.count()).where(recent, LoginAttempt.wrong)
        return session.scalar(counted) or 0
