"""The migrations make exactly the schema that the tables describe, and keep what is stored."""

import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from study import database
from study.database import MIGRATIONS, DatabaseError, connect, migrate
from study.design import Design, StudySpec
from study.store import Store, answers
from study.tables import Base


def test_the_migrated_schema_is_the_described_one(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'new.db'}")
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        # What autogenerate does not compare: the checks, as the two would write them.
        for table in Base.metadata.sorted_tables:
            (made,) = connection.execute(
                text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table.name}
            ).one()
            for constraint in table.constraints:
                assert str(constraint.name) in made
    engine.dispose()


def test_starting_again_changes_nothing(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'twice.db'}")
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


LATER = """
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = {head!r}


def upgrade():
    with op.batch_alter_table("participant", recreate="always") as table:
        table.add_column(sa.Column("screen", sa.String(20)))
    {more}
"""


@pytest.fixture
def answered(tmp_path: Path) -> str:
    """A database with one answer."""
    url = f"sqlite:///{tmp_path / 'results.db'}"
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
        connection.execute(text("INSERT INTO pick VALUES (99, 1, 1, '2026-01-01', 0)"))
    engine.dispose()


def test_a_migration_that_would_orphan_answers_changes_nothing(answered, tmp_path, monkeypatch):
    before = answers(answered)
    with_later_migration(tmp_path, monkeypatch, more='op.execute("DELETE FROM participant")')
    engine = connect(answered)
    with pytest.raises(DatabaseError, match="nothing was changed"):
        migrate(engine)
    engine.dispose()
    assert answers(answered).equals(before)
