"""A database that cannot be used just now: why, in words that tell nothing of what it holds.

Fed by what a driver raises inside of a transaction of ``store``; the transaction is undone by then.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from study.errors import UnavailableError
from study.protocol.english import ENGLISH

# SQLSTATE of PostgreSQL: disk full; too many connections, lock not got, canceled, serialization.
_STATES = {"53100": "full"} | dict.fromkeys(("53300", "55P03", "57014", "40001", "40P01"), "busy")


@contextmanager
def now_or_later() -> Iterator[None]:
    """Turn what a driver raises where the database cannot be used into an UnavailableError.

    Raises
    ------
    UnavailableError
        Whose text a participant may read.
    """
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeoutError) as error:
        why, code = _reason(error, getattr(error, "orig", None))
        raise unavailable(why, code) from error


def unavailable(why: str, code: str) -> UnavailableError:
    """Return the error to raise."""
    return UnavailableError(ENGLISH["refused"][why], why, code)


def _reason(error: Exception, cause: BaseException | None) -> tuple[str, str]:
    if isinstance(error, PoolTimeoutError):
        return "busy", "no free connection"
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "an error of SQLite")
        busy = name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
        return "busy" if busy else "full" if name == "SQLITE_FULL" else "away", name
    state = getattr(cause, "sqlstate", None)  # None where no server was reached
    return _STATES.get(state or "", "away"), f"SQLSTATE {state}" if state else type(cause).__name__
