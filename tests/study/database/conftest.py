"""The small study, opened on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest
from small_study import SPEC, Clock

from study.database.store import Store


@pytest.fixture
def url(ready_url: str) -> str:
    return ready_url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[Store]:
    opened = Store(url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def study_id(store: Store) -> int:
    return store.register(SPEC)
