"""The migrations make exactly the schema that the tables describe, and keep what is stored."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from study.database import MIGRATIONS, connect, migrate
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
