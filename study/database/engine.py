"""Opening the database of a study: engine, SQLite's switches, and the schema by migrations.

Fed by a database URL of SQLAlchemy; used by ``store`` for writing and by ``frames`` for reading.
SQLite by default, PostgreSQL by URL.

References
----------
SQLite: Write-Ahead Logging, https://sqlite.org/wal.html. SQLAlchemy: Serializable isolation,
savepoints and transactional DDL (the two event hooks below), in its SQLite dialect's notes.
"""

import re
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

DEFAULT_URL = "sqlite:///results.db"
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MS = 15_000  # how long a writer waits for another one before it gives up
_MIGRATION_LOCK = 0x7472_7565  # any number that all processes of this project share


class DatabaseError(Exception):
    """The database cannot be used as asked; the text says why and what to do."""


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


def connect(url: str) -> Engine:
    """Return an engine whose transactions are real ones on SQLite, too.

    Every transaction of the engine takes SQLite's write lock when it begins, so that what it
    reads is still true when it writes. Those of `reader` go without and wait for nobody.
    """
    if sqlite_path(url) is None:
        try:
            return create_engine(parse_url(url), pool_pre_ping=True, pool_size=10)
        except NoSuchModuleError as error:
            raise DatabaseError(
                f"{parse_url(url).drivername!r} is no database that is supported; use SQLite or "
                "PostgreSQL."
            ) from error
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000})

    @event.listens_for(engine, "connect")
    def _switches(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver would begin transactions late, at the first write: begin them ourselves.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
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
    try:
        opened = engine.connect()
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise DatabaseError(f"{engine.url} cannot be reached: {reason}") from error
    with opened as connection:
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

    A reader in the middle of its work can hold SQLite's log back; the next call takes it along.
    """
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
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
    deadline = time.monotonic() + BUSY_MS / 1000
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


def open_existing(url: str) -> Engine:
    """Return an engine for reading a database that must already hold a study.

    Raises
    ------
    DatabaseError
        When there is no database, or it holds no study; nothing is created.
    """
    path = sqlite_path(url)
    if path is not None and not path.is_file():
        raise DatabaseError(
            f"There is no database at {path}. It is made when the app starts (python app.py); "
            "name another one by its URL."
        )
    engine = reader(connect(url))
    try:
        found = inspect(engine).has_table("participant")
    except Exception as error:
        engine.dispose()
        raise DatabaseError(
            f"{path or engine.url} cannot be read as a database: {error}"
        ) from error
    if not found:
        engine.dispose()
        raise DatabaseError(
            f"The database {path or engine.url} holds no study. Start the app with it once "
            "(python app.py), or name another one by its URL."
        )
    return engine
