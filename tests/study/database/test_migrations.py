"""The migrations make exactly the schema that the tables describe, and keep what is stored."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from study.database import engine as database
from study.database.engine import MIGRATIONS, connect, migrate
from study.database.store import Store, answers
from study.database.tables import Base
from study.errors import DatabaseError
from study.protocol.codes import tidy
from study.protocol.design import Design, StudySpec


@pytest.fixture
def url(database_url: str) -> str:
    """A database without any tables."""
    return database_url


def test_the_migrated_schema_is_the_described_one(url: str) -> None:
    engine = connect(url)
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        # What autogenerate does not compare: that every constraint is there under its name.
        seen = inspect(connection)
        for table in Base.metadata.sorted_tables:
            made = {seen.get_pk_constraint(table.name)["name"]}
            for found in (
                seen.get_check_constraints(table.name),
                seen.get_unique_constraints(table.name),
                seen.get_foreign_keys(table.name),
            ):
                made |= {constraint["name"] for constraint in found}
            assert {str(constraint.name) for constraint in table.constraints} <= made
    engine.dispose()


def test_starting_again_changes_nothing(url: str) -> None:
    engine = connect(url)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO study (digest, name, settings, created_at) "
                "VALUES ('d', 'n', '{}', '2026-01-01')"
            )
        )
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM study")).all() == [("n",)]
        (version,) = connection.execute(text("SELECT version_num FROM alembic_version")).one()
    assert version == ScriptDirectory(str(MIGRATIONS)).get_current_head()
    engine.dispose()


FIRST_ROWS = """
INSERT INTO study VALUES (1, 'd', 'paper', '{"design": {"scored": 1}}', '2026-01-01 10:00:00');
INSERT INTO participant VALUES (1, 1, 'p-1', 'hash', NULL, NULL, NULL, 0, 7, 'completed', '1',
    '2026-01-01 10:00:00', '2026-01-01 11:00:00', '2026-01-01 11:00:00', 'CODE', NULL, false);
INSERT INTO participant VALUES (2, 1, 'p-2', NULL, '5f1', 's', 'x', 1, 8, 'started', '1',
    '2026-01-01 10:00:00', '2026-01-01 11:00:00', NULL, NULL, 'too fast', false);
INSERT INTO trial VALUES (1, 1, 1, 'scored', 'cat', NULL, 'token', false);
INSERT INTO slot VALUES (1, 1, 'truth', false);
INSERT INTO slot VALUES (1, 2, 'gan', false);
INSERT INTO pick VALUES (1, 2, 1500, '2026-01-01 10:30:00', false);
INSERT INTO rating VALUES (1, 1, 'realism', 4, '2026-01-01 10:31:00', false);
"""
TABLES = ("study", "participant", "trial", "slot", "pick", "rating")


def rows(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1"))]
        for table in TABLES
    }


def test_a_database_of_the_first_schema_keeps_every_row(url: str) -> None:
    engine = connect(url)
    migrate(engine, to="0001")
    with engine.begin() as connection:
        for statement in FIRST_ROWS.split(";\n"):
            if statement.strip():
                connection.execute(text(statement.replace(":", r"\:")))
    with engine.connect() as connection:
        before = rows(connection)
    migrate(engine)
    with engine.connect() as connection:
        after = rows(connection)
        codes = connection.scalars(
            text("SELECT withdrawal_code FROM participant ORDER BY id")
        ).all()
    for table in TABLES:
        assert [new[: len(old)] for old, new in zip(before[table], after[table], strict=True)] == (
            before[table]
        )
    assert all(tidy(code) == code for code in codes)
    assert len(set(codes)) == 2
    with pytest.raises(IntegrityError), engine.begin() as connection:  # the old rules hold
        connection.execute(
            text("INSERT INTO pick VALUES (1, 1, 1, '2026-01-01', false, NULL, NULL)")
        )
    engine.dispose()
    assert answers(url)["picked"].tolist() == [False, True]
    store = Store(url)
    store.withdraw(str(codes[0]))
    store.close()
    assert answers(url).empty


LATER = """
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = {head!r}
# SQLite changes a table by rebuilding it, PostgreSQL in place.
REBUILD = "always" if op.get_bind().dialect.name == "sqlite" else "never"


def upgrade():
    with op.batch_alter_table("participant", recreate=REBUILD) as table:
        table.add_column(sa.Column("screen", sa.String(20)))
    {more}
"""


@pytest.fixture
def answered(url: str) -> str:
    """A database with one answer."""
    store = Store(url)
    spec = StudySpec(
        "s", Design(scored=3, practice=0), dict.fromkeys("abc"), {}, "a" * 64, consent_version="1"
    )
    study_id = store.register(spec)
    person = store.join(study_id, spec, token="t" * 40)
    store.pick(person.id, person.trials[0].token, 1)
    store.close()
    return url


def with_later_migration(folder: Path, monkeypatch: pytest.MonkeyPatch, more: str = "") -> None:
    """Add a migration that rebuilds a table to which others point."""
    migrations = folder / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    later = migrations / "versions" / "later.py"
    later.write_text(LATER.format(head=head, more=more))
    monkeypatch.setattr(database, "MIGRATIONS", migrations)


def test_a_later_migration_keeps_the_answers(answered, tmp_path, monkeypatch):
    before = answers(answered)
    with_later_migration(tmp_path, monkeypatch)
    engine = connect(answered)
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT screen FROM participant")).all() == [(None,)]
    after = answers(answered)
    assert len(before) == 3
    assert after.equals(before)
    with pytest.raises(IntegrityError), engine.begin() as connection:  # the keys are on again
        connection.execute(text("INSERT INTO pick VALUES (99, 1, 1, '2026-01-01', false, 1, NULL)"))
    engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_migration_that_would_orphan_answers_changes_nothing(answered, tmp_path, monkeypatch):
    before = answers(answered)
    with_later_migration(tmp_path, monkeypatch, more='op.execute("DELETE FROM participant")')
    engine = connect(answered)
    with pytest.raises(DatabaseError, match="nothing was changed"):
        migrate(engine)
    engine.dispose()
    assert answers(answered).equals(before)
