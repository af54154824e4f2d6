"""A study of seven trials for the tests of the store, and how one is gone through."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from study.database.engine import snapshot
from study.database.store import Progress, Store
from study.protocol.design import Design, StudySpec
from study.protocol.session import current

SPEC = StudySpec(
    name="small",
    design=Design(scored=6, practice=1, seed=3),
    pictures={f"{number:02d}": "cat" if number % 2 else "dog" for number in range(12)},
    practice={"p1": None, "p2": None},
    stimuli_sha256="a" * 64,
    consent_version="1",
)
TRIALS, SLOTS = 7, 3
RATINGS = [{"realism": 2, "quality": 4}, {"realism": 1, "quality": 1}, {"realism": 5, "quality": 3}]
TOKEN = "t" * 43


class Clock:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def finish(store: Store, person: Progress) -> Progress:
    while (trial := current(person.trials)) is not None:
        store.pick(person.id, trial.token, 2, 900)
        person = store.rate(person.id, trial.token, RATINGS)
    return person


def count(url: str, table: str) -> int:
    return int(scalar(url, f"SELECT count(*) FROM {table}"))


def scalar(url: str, query: str) -> object:
    with snapshot(url) as connection:
        return connection.execute(text(query)).scalar()
