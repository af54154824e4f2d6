"""What the schema itself refuses, deletion, simulated participants, opening databases."""

import sqlite3
import time
from typing import Any

import pandas as pd
import pytest
from small_study import RATINGS, SLOTS, SPEC, TOKEN, TRIALS, count, finish, scalar
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from study.database.store import Answer, Store, answers, participants, read_studies
from study.errors import DatabaseError


@pytest.fixture
def url(database_url: str) -> str:
    """A database without any tables."""
    return database_url


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO pick VALUES (1, 2, 10, '2026-01-01', false, 9, NULL)",  # a second pick
        "INSERT INTO pick VALUES (2, 4, 10, '2026-01-01', false, 9, NULL)",  # no such slot
        "INSERT INTO pick VALUES (2, 1, -1, '2026-01-01', false, 9, NULL)",
        "INSERT INTO pick VALUES (2, 1, 3600001, '2026-01-01', false, 9, NULL)",
        "INSERT INTO pick VALUES (2, 1, 10, '2026-01-01', true, 9, NULL)",  # simulated among real
        "INSERT INTO rating VALUES (1, 1, 'realism', 5, '2026-01-01', false)",  # a second rating
        "INSERT INTO rating VALUES (2, 1, 'realism', 0, '2026-01-01', false)",
        "INSERT INTO rating VALUES (2, 1, 'realism', 6, '2026-01-01', false)",
        "INSERT INTO rating VALUES (2, 4, 'realism', 3, '2026-01-01', false)",
        "INSERT INTO rating VALUES (2, 1, 'charm', 3, '2026-01-01', false)",
        "INSERT INTO slot VALUES (1, 4, 'truth', false)",  # a method twice in a trial
        "INSERT INTO trial SELECT 99, 1, 1, kind, picture, label, 'new', false FROM trial LIMIT 1",
        "UPDATE participant SET simulated = true",
        "UPDATE participant SET status = 'finished'",
    ],
)
def test_the_schema_refuses(store, study_id, statement):
    person = store.join(study_id, SPEC, token=TOKEN)
    store.pick(person.id, person.trials[0].token, 1)
    store.rate(person.id, person.trials[0].token, RATINGS)
    with pytest.raises(IntegrityError), store.engine.begin() as connection:
        connection.execute(text(statement))


def test_the_schema_takes_what_is_right(store, study_id):
    """The refusals above are not for a spelling that the database does not know."""
    store.join(study_id, SPEC, token=TOKEN)
    with store.engine.begin() as connection:
        for statement in (
            "INSERT INTO pick VALUES (2, 1, 10, '2026-01-01', false, 9, NULL)",
            "INSERT INTO rating VALUES (2, 1, 'realism', 5, '2026-01-01', false)",
        ):
            connection.execute(text(statement))


def test_deleting_a_participant_deletes_every_row_of_theirs(url, store, study_id):
    finish(store, store.join(study_id, SPEC, token=TOKEN))
    kept = finish(store, store.join(study_id, SPEC, token="k" * 40))
    with store.engine.begin() as connection:
        connection.execute(
            text("DELETE FROM participant WHERE public_id <> :kept"), {"kept": kept.public_id}
        )
    assert set(answers(url)["participant"]) == {kept.public_id}
    assert [count(url, table) for table in ("trial", "slot", "pick", "rating")] == [7, 21, 7, 42]


# ---- simulated participants ---------------------------------------------------------------------


def simulated_answer(_trial: Any) -> Answer:
    values = {(slot, scale): 3 for slot in (1, 2, 3) for scale in ("realism", "quality")}
    return Answer(slot=1, ratings=values, response_ms=None)


def test_simulated_participants_are_marked_in_every_row(url, store, study_id):
    store.add_simulated(study_id, SPEC, number=0, seed=4, answer=simulated_answer)
    rows = answers(url)
    assert len(rows) == TRIALS * SLOTS
    assert rows["simulated"].all()
    assert participants(url)["simulated"].all()
    for table in ("participant", "trial", "slot", "pick", "rating"):
        assert count(url, table) > 0
        assert scalar(url, f"SELECT count(*) FROM {table} WHERE NOT simulated") == 0


def test_real_and_simulated_participants_never_share_a_database(store, study_id, tmp_path):
    store.join(study_id, SPEC, token=TOKEN)
    with pytest.raises(DatabaseError, match="holds real participants"):
        store.add_simulated(study_id, SPEC, number=0, seed=4, answer=simulated_answer)
    other = Store(f"sqlite:///{tmp_path / 'simulated.db'}")
    other_id = other.register(SPEC)
    other.add_simulated(other_id, SPEC, number=0, seed=4, answer=simulated_answer)
    with pytest.raises(DatabaseError, match="holds simulated participants"):
        other.join(other_id, SPEC, token=TOKEN)
    with pytest.raises(DatabaseError, match="holds simulated participants"):
        other.refuse_mixture(simulated=False)
    other.close()


# ---- opening ------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [answers, participants, read_studies])
def test_reading_never_makes_a_database(read, tmp_path):
    path = tmp_path / "none.db"
    with pytest.raises(DatabaseError, match="There is no database at"):
        read(f"sqlite:///{path}")
    assert not path.exists()
    sqlite3.connect(path).close()
    with pytest.raises(DatabaseError, match="holds no study"):
        read(f"sqlite:///{path}")
    path.write_bytes(b"This is a letter, and not a database.\n" * 40)
    with pytest.raises(DatabaseError, match="cannot be read as a database"):
        read(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("results.db", "not a database URL"),
        ("sqlite://", "keeps nothing"),
        ("sqlite:////nowhere/at/all/results.db", "cannot be opened"),
        ("postgresql://me:pw@host:54x2/name", "port in the database URL is '54x2'.*1 to 65535"),
        ("postgresql://me:pw@host:99999/name", "port in the database URL is '99999'"),
        ("postgresql://me@127.0.0.1:1/name", "cannot be reached: .*refused"),
        ("oracle8://me@host/name", "no database that is supported"),
    ],
)
def test_urls_that_cannot_work_are_explained(bad, message):
    with pytest.raises(DatabaseError, match=message) as caught:
        Store(bad)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_is_opened_as_promised(store):
    with store.engine.begin() as connection:

        def pragma(name: str) -> Any:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

        assert pragma("journal_mode") == "wal"
        assert pragma("foreign_keys") == 1
        assert pragma("busy_timeout") >= 5000
        assert pragma("secure_delete") == 1


def test_reports_read_while_somebody_writes(url, store, study_id):
    person = store.join(study_id, SPEC, token=TOKEN)
    store.pick(person.id, person.trials[0].token, 1)
    with store.engine.begin():  # holds the write lock
        started = time.monotonic()
        assert len(answers(url)) == SLOTS
        assert isinstance(participants(url), pd.DataFrame)
        assert time.monotonic() - started < 5
