"""Why a database cannot be used, told apart; nothing of a participant in the words."""

import sqlite3
import time

import psycopg
import pytest
from small_study import RATINGS, SPEC, TOKEN
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from study.database.rows import Visitor
from study.database.store import Store
from study.database.trouble import now_or_later
from study.errors import UnavailableError

SQL, PARAMETERS = "INSERT INTO pick VALUES (?)", {"token": "5f1a-secret"}


def sqlite_error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("something is wrong with 5f1a-secret")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("cause", "why", "code"),
    [
        (sqlite_error("SQLITE_BUSY"), "busy", "SQLITE_BUSY"),
        (sqlite_error("SQLITE_BUSY_SNAPSHOT"), "busy", "SQLITE_BUSY_SNAPSHOT"),
        (sqlite_error("SQLITE_FULL"), "full", "SQLITE_FULL"),
        (sqlite_error("SQLITE_IOERR_WRITE"), "away", "SQLITE_IOERR_WRITE"),
        (psycopg.errors.DiskFull("5f1a-secret"), "full", "SQLSTATE 53100"),
        (psycopg.errors.LockNotAvailable("5f1a-secret"), "busy", "SQLSTATE 55P03"),
        (psycopg.errors.AdminShutdown("5f1a-secret"), "away", "SQLSTATE 57P01"),
        (psycopg.OperationalError("no route to 5f1a-secret"), "away", "OperationalError"),
    ],
)
def test_the_reason_is_told_apart(cause, why, code):
    with pytest.raises(UnavailableError) as caught, now_or_later():
        raise OperationalError(SQL, PARAMETERS, cause)
    assert (caught.value.why, caught.value.code) == (why, code)
    for secret in ("5f1a", "INSERT", "pick"):
        assert secret not in f"{caught.value} {caught.value.code}"


def test_a_pool_without_a_free_connection_is_busy():
    with pytest.raises(UnavailableError) as caught, now_or_later():
        raise PoolTimeoutError("QueuePool limit")
    assert caught.value.why == "busy"


def test_a_broken_rule_is_no_outage():
    with pytest.raises(IntegrityError), now_or_later():
        raise IntegrityError(SQL, PARAMETERS, sqlite3.IntegrityError())


def test_no_error_tells_what_was_stored(store, study_id):
    store.join(study_id, SPEC, token=TOKEN)
    with pytest.raises(DBAPIError) as caught, store.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO nothing VALUES ('x')")
    assert caught.value.hide_parameters


def test_somebody_elses_lock_is_waited_for_with_the_patience_that_was_asked_for(url, store):
    """On PostgreSQL a row of the participant, on SQLite the file; then the same call stores."""
    hasty = Store(url, patience=0.3)
    study = hasty.register(SPEC)
    person = hasty.join(study, SPEC, token=TOKEN)
    with store.engine.begin() as connection:
        if store.engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT 1 FROM participant FOR UPDATE")
        began = time.monotonic()
        with pytest.raises(UnavailableError) as caught:
            hasty.pick(person.id, person.trials[0].token, 2)
        assert time.monotonic() - began < 5
        assert caught.value.why == "busy"
        assert (
            hasty.find(study, Visitor(TOKEN)).trials[0].picked is None
        )  # reading waits for nobody
    assert hasty.pick(person.id, person.trials[0].token, 2).trials[0].picked == 2
    assert hasty.pick(person.id, person.trials[0].token, 3).trials[0].picked == 2
    hasty.rate(person.id, person.trials[0].token, RATINGS)
    hasty.close()
