"""A study's database open for writing: who may write when, and what reading costs nobody.

What ``answering``, ``store`` and ``logins`` have in common. With SQLite there is one writer, so the
threads of a process take turns; PostgreSQL locks rows, and waits for them only so long.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from study.database.engine import PATIENCE, connect, migrate, reader
from study.database.trouble import now_or_later, unavailable


class Transactions:
    """A database, open for writing.

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

    def now(self) -> datetime:
        """Return the moment, by the clock that stamps what is stored."""
        return self._now()
