"""Opening the database of a study: engine, SQLite's switches, and the schema by migrations.

Fed by a database URL of SQLAlchemy; used by ``store`` for writing and by ``frames`` for reading,
which goes through `snapshot`: one connection, one transaction, one moment. SQLite by default,
PostgreSQL by URL. What a driver says when something fails becomes a sentence here (`in_words`).

References
----------
SQLite: Write-Ahead Logging, https://sqlite.org/wal.html. SQLAlchemy: Serializable isolation,
savepoints and transactional DDL (the two event hooks below), in its SQLite dialect's notes.
"""

import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from study.errors import DatabaseError

DEFAULT_URL = "sqlite:///results.db"
MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE = 15.0  # seconds that a writer waits for another one before it gives up
_CHECKPOINT_MS = 250  # and how long the end of a withdrawal waits for readers
_MIGRATION_LOCK = 0x7472_7565  # any number that all processes of this project share


def database_url(given: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the URL that a command was given, else DATABASE_URL, else the default's."""
    return given or environment.get("DATABASE_URL") or DEFAULT_URL


@contextmanager
def in_words(database: object, verb: str = "used") -> Iterator[None]:
    """Turn what a driver raises into a DatabaseError of one sentence.

    Parameters
    ----------
    database
        What the sentence names: a path or an engine's URL, whose password is hidden.
    verb
        What cannot be done with it.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DatabaseError(f"{database} cannot be {verb}: {reason}") from error


def parse_url(url: str) -> URL:
    """Return a database URL; PostgreSQL's gets the driver that this project uses.

    Raises
    ------
    DatabaseError
        When it is no URL, or its port is no number from 1 to 65535.
    """
    try:
        parsed = make_url(url)
    except ValueError:  # of the port, which SQLAlchemy reads as a number
        port = re.sub(r".*:", "", url.split("://", 1)[-1].rsplit("@", 1)[-1].split("/", 1)[0])
        raise DatabaseError(_bad_port(port)) from None
    except ArgumentError:
        # The URL itself is not repeated: it may hold a password.
        shown = url if "@" not in url else "DATABASE_URL"
        raise DatabaseError(
            f"{shown!r} is not a database URL; write for example {DEFAULT_URL!r} or "
            "'postgresql://user:password@host:5432/name'"
        ) from None
    if parsed.port is not None and not 1 <= parsed.port <= 65535:
        raise DatabaseError(_bad_port(str(parsed.port)))
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _bad_port(port: str) -> str:
    return (
        f"The port in the database URL is {port!r}, but must be a number from 1 to 65535, as in "
        "postgresql://user:password@host:5432/name"
    )


def sqlite_path(url: str) -> Path | None:
    """Return the file of an SQLite URL, or None for other databases.

    Raises
    ------
    DatabaseError
        When the URL is not one, or asks for a database in memory, which no restart survives.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise DatabaseError(
            f"{url!r} keeps nothing after a restart; name a file, for example {DEFAULT_URL!r}"
        )
    return Path(parsed.database)


def connect(url: str, patience: float = PATIENCE) -> Engine:
    """Return an engine whose transactions are real ones on SQLite, too.

    Every transaction of the engine takes SQLite's write lock when it begins, so that what it
    reads is still true when it writes. Those of `reader` go without and wait for nobody.

    Parameters
    ----------
    url
        Of SQLAlchemy.
    patience
        Seconds to wait for SQLite's lock, for a free connection, or for a server to answer.
    """
    # What was asked is in no error's text: it is about people.
    always: dict[str, Any] = {"hide_parameters": True}
    if sqlite_path(url) is None:
        try:
            return create_engine(
                parse_url(url),
                pool_pre_ping=True,
                pool_size=10,
                pool_timeout=patience,
                connect_args={
                    "connect_timeout": max(round(patience), 2),
                    "tcp_user_timeout": 10_000,  # milliseconds until a dead line is given up
                    # A prepared statement stays with a connection, and a pool such as PgBouncer's
                    # gives each transaction another one.
                    "prepare_threshold": None,
                },
                **always,
            )
        except NoSuchModuleError as error:
            raise DatabaseError(
                f"{parse_url(url).drivername!r} is no database that is supported; use SQLite or "
                "PostgreSQL."
            ) from error
        except ModuleNotFoundError as error:
            raise DatabaseError(
                f"The database's driver {error.name!r} is not installed; install it with pip."
            ) from error
    engine = create_engine(url, connect_args={"timeout": patience}, **always)

    @event.listens_for(engine, "connect")
    def _switches(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver would begin transactions late, at the first write: begin them ourselves.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {round(1000 * patience)}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # a withdrawal leaves no bytes behind

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def reader(engine: Engine) -> Engine:
    """Return the same engine for transactions that only read."""
    return engine.execution_options(reads_only=True)


def migrate(engine: Engine, *, to: str = "head") -> None:
    """Bring the schema up to a revision, the newest; safe when many processes start at once.

    The lock is taken first and held until the last migration is committed, so a second process
    waits, then finds nothing to do; a crash in the middle leaves the old schema.
    """
    from alembic import command
    from alembic.config import Config

    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        _switch_to_wal(engine)
    with in_words(engine.url, "reached"):
        opened = engine.connect()
    with opened as connection, in_words(engine.url, "brought up to date"):
        if sqlite:
            # SQLite changes a table by copying it and dropping the old one, and with foreign keys
            # on, the drop would delete the rows that point at it. Outside of a transaction only.
            _pragma(connection, "foreign_keys = OFF")
        try:
            with connection.begin():
                if engine.dialect.name == "postgresql":
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
                config = Config()
                config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
                config.attributes["connection"] = connection
                command.upgrade(config, to)
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise DatabaseError(
                        f"{engine.url} would hold answers without their participants after this "
                        "migration, so nothing was changed; restore it from a copy."
                    )
        finally:
            if sqlite:
                _pragma(connection, "foreign_keys = ON")


def forget(engine: Engine) -> None:
    """Take what was deleted out of the files, too: SQLite's log, PostgreSQL's dead rows.

    A reader in the middle of its work, such as a report, can hold SQLite's log back. Nobody is
    kept waiting for it; the next call takes the log along.
    """
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_MS}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute(f"PRAGMA busy_timeout = {patience}")
        finally:
            connection.close()
    elif engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
            plain.exec_driver_sql("VACUUM participant, trial, slot, pick, rating, access_code")


def _pragma(connection: Connection, pragma: str) -> None:
    """Set a switch past SQLAlchemy, which would begin a transaction first."""
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA {pragma}")


def _switch_to_wal(engine: Engine) -> None:
    """Turn on the write-ahead log; the switch is kept in the file.

    SQLite does not wait for its busy time here, so two processes that make the same new file
    are told apart by trying again.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = None
        try:
            connection = engine.raw_connection()
            if connection.cursor().execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
            raise DatabaseError(
                f"{engine.url} cannot be used with SQLite's write-ahead log (network drives "
                "cannot); put the database on a local disk"
            )
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise DatabaseError(f"{engine.url} cannot be opened: {error}") from error
            time.sleep(0.02)
        finally:
            if connection is not None:
                connection.close()


@contextmanager
def snapshot(at: str | Connection) -> Iterator[Connection]:
    """Hold a connection on which everything that is read is of one moment.

    Answers that arrive meanwhile are not seen: PostgreSQL reads in one repeatable-read
    transaction, SQLite in one read transaction (which, with its write-ahead log, holds up nobody).

    Parameters
    ----------
    at
        URL of a database that must already hold a study, or a connection that is such a snapshot
        already and is handed on.

    Raises
    ------
    DatabaseError
        When there is no database, it holds no study, or the driver fails; nothing is created.
    """
    if isinstance(at, Connection):
        yield at
        return
    path = sqlite_path(at)
    if path is not None and not path.is_file():
        raise DatabaseError(
            f"There is no database at {path}. It is made when the app starts (python app.py); "
            "name another one by its URL."
        )
    engine = reader(connect(at))
    options: dict[str, Any] = {"stream_results": True}
    if path is None:
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with (
            in_words(path or engine.url, "read as a database"),
            engine.connect().execution_options(**options) as connection,
        ):
            if not inspect(connection).has_table("participant"):
                raise DatabaseError(
                    f"The database {path or engine.url} holds no study. Start the app with it once "
                    "(python app.py), or name another one by its URL."
                )
            yield connection
    finally:
        engine.dispose()
