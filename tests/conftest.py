"""Databases for all tests: a file of SQLite, or a database of its own on a PostgreSQL server.

Without TRUEHUE_TEST_POSTGRES (`.ci/postgres` starts a server and prints its URL) the tests on
PostgreSQL are skipped with the reason; with TRUEHUE_REQUIRE_POSTGRES=1, as in .ci/run, they fail
instead.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from study.database.engine import parse_url
from study.database.store import Store
from tools.deployed import PROGRAMS, program

WITHOUT_CHROMIUM = tuple(
    f"tests/browser/test_{name}.py"
    for name in (
        "doors",
        "left_on_disk",
        "login",
        "outages",
        "replays",
        "server",
        "turns",
        "under_attack",
    )
)
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
ON_POSTGRESQL_LATER = tuple(
    f"tests/study/{name}.py"
    for name in (
        "database/test_exclusion",
        "database/test_live",
        "database/test_one_look",
        "database/test_preferences",
        "database/test_unpaired",
        "database/test_withdrawal",
        "page/test_guard",
        "page/test_running",
    )
)
"""What is asked of both databases by statements that other files try on both: on PostgreSQL they
are left to `make test-all`. What depends on the server (schema, migrations, transactions, many at
once, troubles) is tried on both by `make test`, too."""


@pytest.hookimpl(tryfirst=True)  # before pytest looks at -m
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what `make test` leaves to `make test-all` by its database."""
    for item in items:
        if item.nodeid.startswith(ON_POSTGRESQL_LATER) and item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist, which only `make test` asks for
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep together what shares fixtures where several processes share the tests.

    A file stays in one process, and so do the browser's files of a tab: they share a server and
    Chromium. Those that only start servers go to who is free.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Files(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            if file.startswith("tests/browser/") and file not in WITHOUT_CHROMIUM:
                return "browser/colorize" if "test_colorize" in file else "browser/study"
            return file

    return Files(config, log)


@pytest.fixture(scope="session")
def new_postgres() -> Iterator[Callable[[], str]]:
    """Make empty databases on the test server; all are dropped at the end."""
    server = os.environ.get("TRUEHUE_TEST_POSTGRES")
    if not server:
        reason = "TRUEHUE_TEST_POSTGRES names no PostgreSQL server (.ci/postgres starts one)"
        if os.environ.get("TRUEHUE_REQUIRE_POSTGRES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    url = parse_url(server)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        name = f"truehue_test_{secrets.token_hex(6)}"
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        made.append(name)
        return (
            parse_url(server)
            .set(drivername="postgresql", database=name)
            .render_as_string(hide_password=False)
        )

    yield make
    with engine.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: each test that asks for it runs once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'results.db'}"
    new: Callable[[], str] = request.getfixturevalue("new_postgres")
    return new()


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file of SQLite with all tables and nothing in them."""
    file = tmp_path_factory.mktemp("tables") / "results.db"
    Store(f"sqlite:///{file}").close()
    return file.read_bytes()


@pytest.fixture
def ready_url(database_url: str, tables: bytes) -> str:
    """As `database_url`; a file has its tables already, which take a fifth of a second."""
    if database_url.startswith("sqlite:///"):
        Path(database_url.removeprefix("sqlite:///")).write_bytes(tables)
    return database_url


@pytest.fixture(scope="session")
def proxy_programs() -> None:
    """Skip where nginx or PgBouncer is missing; fail with TRUEHUE_REQUIRE_PROXY=1, as .ci/run."""
    missing = [name for name in PROGRAMS if program(name) is None]
    if missing:
        reason = f"no {' and no '.join(missing)} (Debian: apt-get install nginx pgbouncer openssl)"
        if os.environ.get("TRUEHUE_REQUIRE_PROXY") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
