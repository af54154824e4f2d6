"""A study behind PgBouncer in transaction mode, where a connection is another one each time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from small_study import RATINGS, SPEC

from study.database.engine import snapshot
from study.database.frames import answers, participants
from study.database.logins import Logins
from study.database.store import Store
from study.protocol.session import current
from tools.deployed import PgBouncer

pytestmark = pytest.mark.postgres
PEOPLE = 8


@pytest.fixture
def pooled(proxy_programs: None, new_postgres: Callable[[], str]) -> Iterator[str]:
    """URL of an empty database behind PgBouncer."""
    bouncer = PgBouncer(new_postgres())
    bouncer.start()
    yield bouncer.url
    bouncer.stop()


def test_two_processes_share_the_connections_of_a_pool(pooled: str) -> None:
    """A statement is prepared by psycopg after five times, on whichever connection it had then."""
    stores = [Store(pooled), Store(pooled)]

    def take_part(person: int) -> None:
        study = stores[0].register(SPEC)
        progress = stores[0].join(study, SPEC, token=f"{person:032d}")
        number = person
        while (trial := current(progress.trials)) is not None:
            number += 1
            store = stores[number % 2]
            store.pick(progress.id, trial.token, 1 + person % 3)
            progress = store.rate(progress.id, trial.token, RATINGS)

    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(take_part, range(PEOPLE)))
    for store in stores:
        store.close()
    with snapshot(pooled) as connection:
        assert set(participants(connection)["status"]) == {"completed"}
        rows = answers(connection)
    picked = rows[rows["picked"]].groupby("participant")["slot"]
    assert (picked.nunique() == 1).all()
    assert sorted(picked.first()) == sorted(1 + person % 3 for person in range(PEOPLE))


def test_withdrawals_and_logins_work_there_too(pooled: str) -> None:
    store = Store(pooled)
    progress = store.join(store.register(SPEC), SPEC, token="a" * 32)
    assert progress.withdrawal_code is not None
    store.withdraw(progress.withdrawal_code)
    store.close()
    assert participants(pooled).empty
    logins = Logins(pooled, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    for _ in range(8):
        logins.begin(f"{_}", 60)
        assert logins.lasts(f"{_}")
    assert [logins.take("somebody", 5) is None for _ in range(6)] == [False] * 5 + [True]
    logins.close()
