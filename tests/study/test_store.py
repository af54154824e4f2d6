"""One answer a trial, nothing lost, nothing doubled: against threads, processes and kill -9."""

import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from study.design import Design, StudySpec
from study.session import RefusedError, current
from study.store import (
    Answer,
    DatabaseError,
    Progress,
    Recruiter,
    Store,
    answers,
    participants,
    read_studies,
)

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
# Children that begin without the parent's threads and connections, as a second server would.
FRESH = multiprocessing.get_context("spawn")


class Clock:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'results.db'}"


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


def finish(store: Store, person: Progress) -> Progress:
    while (trial := current(person.trials)) is not None:
        store.pick(person.id, trial.token, 2, 900)
        person = store.rate(person.id, trial.token, RATINGS)
    return person


def count(url: str, table: str) -> int:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    connection.close()
    return int(number)


# ---- one participant ---------------------------------------------------------------------------


def test_a_whole_session_comes_back_as_it_was_given(url, store, study_id):
    person = store.join(study_id, SPEC, token=TOKEN)
    given: dict[int, tuple[int, list[dict[str, int]]]] = {}
    while (trial := current(person.trials)) is not None:
        slot = trial.position % SLOTS + 1
        ratings = [
            {"realism": (trial.position + i) % 5 + 1, "quality": (trial.position * i) % 5 + 1}
            for i in range(SLOTS)
        ]
        store.pick(person.id, trial.token, slot, 1000 + trial.position)
        person = store.rate(person.id, trial.token, ratings)
        given[trial.position] = slot, ratings
    rows = answers(url)
    assert len(rows) == TRIALS * SLOTS
    for position, trial_rows in rows.groupby("position"):
        slot, ratings = given[position]
        planned = person.trials[position - 1]
        assert trial_rows["slot"].tolist() == [1, 2, 3]
        assert trial_rows["method"].tolist() == list(planned.methods)
        assert trial_rows.loc[trial_rows["picked"], "slot"].tolist() == [slot]
        assert trial_rows["realism"].tolist() == [values["realism"] for values in ratings]
        assert trial_rows["quality"].tolist() == [values["quality"] for values in ratings]
        assert set(trial_rows["response_ms"]) == {1000 + position}
        assert set(trial_rows["picture"]) == {planned.picture}
        assert trial_rows["label"].iloc[0] == SPEC.label(planned.picture) or (
            trial_rows["label"].isna().all() and planned.kind == "practice"
        )
    assert person.completion_code
    assert not rows["simulated"].any()
    assert set(rows["status"]) == {"completed"}
    assert str(rows["answered_at"].dt.tz) == "UTC"
    assert rows["answered_at"].is_monotonic_increasing


def test_the_stored_plan_is_rebuilt_from_the_stored_seed(url, store, study_id):
    person = store.join(study_id, SPEC, token=TOKEN)
    row = participants(url).iloc[0]
    plan = SPEC.plan(number=int(row["list_number"]), seed=int(row["seed"]))
    assert [(trial.picture, trial.methods, trial.kind) for trial in person.trials] == [
        (planned.picture, planned.methods, planned.kind) for planned in plan
    ]


def test_the_first_pick_and_the_first_ratings_stand(url, store, study_id):
    person = store.join(study_id, SPEC, token=TOKEN)
    first = person.trials[0].token
    store.pick(person.id, first, 1, 500)
    assert store.pick(person.id, first, 2, 900).trials[0].picked == 1
    store.rate(person.id, first, RATINGS)
    again = store.rate(person.id, first, [{"realism": 1, "quality": 1}] * 3)
    assert again.trials[0].ratings[1, "quality"] == 4
    assert store.pick(person.id, first, 3, 100).trials[0].picked == 1
    rows = answers(url)
    assert rows.loc[rows["picked"], "slot"].tolist() == [1]
    assert rows["response_ms"].tolist() == [500] * 3


def test_what_is_refused_is_not_stored(url, store, study_id):
    person = store.join(study_id, SPEC, token=TOKEN)
    later = person.trials[3].token
    with pytest.raises(RefusedError):
        store.pick(person.id, later, 1, 500)
    with pytest.raises(RefusedError):
        store.rate(person.id, person.trials[0].token, RATINGS)
    other = store.join(study_id, SPEC, token="u" * 43)
    with pytest.raises(RefusedError):
        store.pick(other.id, person.trials[0].token, 1, 500)
    assert answers(url).empty
    assert count(url, "rating") == 0


def test_the_same_browser_or_recruiters_id_is_the_same_participant(store, study_id):
    person = store.join(study_id, SPEC, token=TOKEN)
    assert store.join(study_id, SPEC, token=TOKEN) == person
    assert store.find(study_id, token=TOKEN, recruiter=None) == person
    came = Recruiter("5f1", "s", "x")
    hired = store.join(study_id, SPEC, token=TOKEN, recruiter=came)
    assert hired.id != person.id  # a shared computer
    again = store.join(study_id, SPEC, token="v" * 43, recruiter=Recruiter("5f1"))
    assert again.id == hired.id
    assert store.find(study_id, token="v" * 43, recruiter=None) is None


def test_the_secret_itself_is_not_stored(url, store, study_id):
    store.join(study_id, SPEC, token=TOKEN)
    store.close()
    assert TOKEN.encode() not in Path(url.removeprefix("sqlite:///")).read_bytes()


def test_another_version_of_the_study_is_kept_apart(url, store, study_id):
    changed = replace(SPEC, consent_version="2")
    other_id = store.register(changed)
    assert store.register(SPEC) == study_id != other_id
    for number, spec in ((study_id, SPEC), (other_id, changed)):
        person = store.join(number, spec, token=TOKEN)
        store.pick(person.id, person.trials[0].token, 1)
    assert len(answers(url)) == 2 * SLOTS
    assert set(answers(url, study=other_id)["study"]) == {other_id}
    assert participants(url, study=other_id)["consent_version"].tolist() == ["2"]
    assert read_studies(url)["settings"][0]["design"]["scored"] == 6


def test_answers_and_participants_have_the_promised_types(url, store, study_id):
    empty = answers(url)
    person = store.join(study_id, SPEC, token=TOKEN)
    store.pick(person.id, person.trials[0].token, 3, "soon")
    rows = answers(url)
    assert rows.dtypes.equals(empty.dtypes)
    assert rows.dtypes[["realism", "quality", "response_ms"]].eq("Int64").all()
    assert rows["realism"].isna().all()
    assert rows["response_ms"].isna().all()
    assert rows["excluded"].isna().all()
    assert rows.dtypes[["picked", "simulated"]].eq(bool).all()
    people = participants(url)
    assert people[["n_answered", "n_scored"]].to_numpy().tolist() == [[1, 0]]
    assert people["completed_at"].isna().all()


# ---- who gets which pictures --------------------------------------------------------------------


def test_a_list_is_given_again_when_its_participant_stays_away(url, store, study_id, clock):
    done = finish(store, store.join(study_id, SPEC, token="a" * 40))
    store.join(study_id, SPEC, token="b" * 40)
    store.join(study_id, SPEC, token="c" * 40)
    assert participants(url)["list_number"].tolist() == [0, 1, 2]
    clock.now += timedelta(hours=3)
    store.join(study_id, SPEC, token="d" * 40)
    store.join(study_id, SPEC, token="e" * 40)
    store.join(study_id, SPEC, token="f" * 40)
    assert participants(url)["list_number"].tolist() == [0, 1, 2, 1, 2, 3]
    with store.engine.begin() as connection:
        connection.execute(
            text("UPDATE participant SET excluded = 'test' WHERE id = :id"), {"id": done.id}
        )
    store.join(study_id, SPEC, token="g" * 40)
    assert participants(url)["list_number"].tolist()[-1] == 0


def test_forty_who_start_at_once_get_forty_lists_and_balanced_pictures(url, store, study_id):
    with ThreadPoolExecutor(40) as pool:
        people = list(pool.map(lambda n: store.join(study_id, SPEC, token=f"{n:040d}"), range(40)))
    assert sorted(participants(url)["list_number"]) == list(range(40))
    used = Counter(t.picture for p in people for t in p.trials if t.kind == "scored")
    assert set(used.values()) == {20}  # 40 x 6 trials on 12 pictures


# ---- at the same time ---------------------------------------------------------------------------


def test_many_threads_make_one_participant_and_one_answer(url, store, study_id):
    with ThreadPoolExecutor(16) as pool:
        joined = list(pool.map(lambda _: store.join(study_id, SPEC, token=TOKEN).id, range(16)))
    assert len(set(joined)) == 1
    person = store.find(study_id, token=TOKEN, recruiter=None)
    assert person is not None
    first = person.trials[0].token
    start = threading.Barrier(12)

    def pick(number: int) -> int | None:
        start.wait()
        return store.pick(person.id, first, number % 3 + 1, number).trials[0].picked

    with ThreadPoolExecutor(12) as pool:
        replies = set(pool.map(pick, range(12)))
    assert len(replies) == 1  # everybody is told the same pick
    start.reset()

    def rate(number: int) -> dict[Any, int]:
        start.wait()
        values = [{"realism": number % 5 + 1, "quality": number % 5 + 1}] * SLOTS
        return dict(store.rate(person.id, first, values).trials[0].ratings)

    with ThreadPoolExecutor(12) as pool:
        rated = list(pool.map(rate, range(12)))
    assert all(one == rated[0] for one in rated)
    assert len(set(rated[0].values())) == 1  # one request's ratings, not a mixture
    assert count(url, "pick") == 1
    assert count(url, "rating") == 6


def test_sixteen_people_answer_at_once_and_nobody_waits_in_vain(url, store, study_id):
    def take_part(number: int) -> Progress:
        return finish(store, store.join(study_id, SPEC, token=f"{number:040d}"))

    with ThreadPoolExecutor(16) as pool:
        people = list(pool.map(take_part, range(16)))
    assert len({person.completion_code for person in people}) == 16
    rows = answers(url)
    assert len(rows) == 16 * TRIALS * SLOTS
    assert rows.groupby("trial")["picked"].sum().eq(1).all()
    assert rows["realism"].notna().all()


def _answer_all(url: str, ready: Any, go: Any) -> None:
    """In a process of its own: open the database, then answer every trial."""
    store = Store(url)
    study_id = store.register(SPEC)
    ready.release()
    go.wait()
    slot = os.getpid() % 3 + 1
    person = store.join(study_id, SPEC, token=TOKEN)
    while (trial := current(person.trials)) is not None:
        store.pick(person.id, trial.token, slot, os.getpid() % 1000)
        person = store.rate(person.id, trial.token, RATINGS)
    store.close()


def test_processes_that_start_and_answer_at_once_share_one_schema_and_one_session(url):
    ready, go = FRESH.Semaphore(0), FRESH.Event()
    children = [FRESH.Process(target=_answer_all, args=(url, ready, go)) for _ in range(4)]
    for child in children:
        child.start()
    for _ in children:
        assert ready.acquire(timeout=60)
    go.set()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    rows = answers(url)
    assert len(rows) == TRIALS * SLOTS
    assert rows.groupby("trial")["picked"].sum().eq(1).all()
    assert rows["realism"].tolist() == [2, 1, 5] * TRIALS
    assert count(url, "study") == count(url, "participant") == 1


def _answer_slowly(url: str, done: Any) -> None:
    """In a process of its own: tell the parent of each answer after it is acknowledged."""
    store = Store(url)
    person = store.join(store.register(SPEC), SPEC, token=TOKEN)
    while (trial := current(person.trials)) is not None:
        store.pick(person.id, trial.token, 1, 10)
        done.put(("pick", trial.position))
        person = store.rate(person.id, trial.token, RATINGS)
        done.put(("rate", trial.position))


@pytest.mark.parametrize("acknowledged", [1, 4])
def test_a_kill_between_two_answers_loses_and_doubles_nothing(url, acknowledged):
    done = FRESH.Queue()
    child = FRESH.Process(target=_answer_slowly, args=(url, done))
    child.start()
    told = [done.get(timeout=60) for _ in range(acknowledged)]
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(30)
    while True:  # what it told before it died
        try:
            told.append(done.get(timeout=0.2))
        except Exception:
            break
    done.close()

    rows = answers(url)
    picked = set(rows.loc[rows["picked"], "position"])
    rated = set(rows.loc[rows["realism"].notna(), "position"])
    assert {position for what, position in told if what == "pick"} <= picked
    assert {position for what, position in told if what == "rate"} <= rated
    store = Store(url)
    study_id = store.register(SPEC)
    person = store.find(study_id, token=TOKEN, recruiter=None)
    assert person is not None
    finish(store, person)
    store.close()
    rows = answers(url)
    assert len(rows) == TRIALS * SLOTS
    assert rows["realism"].tolist() == [2, 1, 5] * TRIALS


# ---- the schema itself refuses ------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO pick VALUES (1, 2, 10, '2026-01-01', 0)",  # a second pick
        "INSERT INTO pick VALUES (2, 4, 10, '2026-01-01', 0)",  # no such slot
        "INSERT INTO pick VALUES (2, 1, -1, '2026-01-01', 0)",
        "INSERT INTO pick VALUES (2, 1, 3600001, '2026-01-01', 0)",
        "INSERT INTO pick VALUES (2, 1, 10, '2026-01-01', 1)",  # simulated in a real session
        "INSERT INTO rating VALUES (1, 1, 'realism', 5, '2026-01-01', 0)",  # a second rating
        "INSERT INTO rating VALUES (2, 1, 'realism', 0, '2026-01-01', 0)",
        "INSERT INTO rating VALUES (2, 1, 'realism', 6, '2026-01-01', 0)",
        "INSERT INTO rating VALUES (2, 4, 'realism', 3, '2026-01-01', 0)",
        "INSERT INTO rating VALUES (2, 1, 'charm', 3, '2026-01-01', 0)",
        "INSERT INTO slot VALUES (1, 4, 'truth', 0)",  # a method twice in a trial
        "INSERT INTO trial SELECT 99, 1, 1, kind, picture, label, 'new', 0 FROM trial WHERE id = 1",
        "UPDATE participant SET simulated = 1",
        "UPDATE participant SET status = 'finished'",
    ],
)
def test_the_schema_refuses(store, study_id, statement):
    person = store.join(study_id, SPEC, token=TOKEN)
    store.pick(person.id, person.trials[0].token, 1)
    store.rate(person.id, person.trials[0].token, RATINGS)
    with pytest.raises(IntegrityError), store.engine.begin() as connection:
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
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        for table in ("participant", "trial", "slot", "pick", "rating"):
            query = f"SELECT count(*), sum(simulated) FROM {table}"
            total, marked = connection.execute(query).fetchone()
            assert total == marked > 0
    connection.close()


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
    ],
)
def test_urls_that_cannot_work_are_explained(bad, message):
    with pytest.raises(DatabaseError, match=message):
        Store(bad)


def test_sqlite_is_opened_as_promised(store):
    with store.engine.begin() as connection:

        def pragma(name: str) -> Any:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

        assert pragma("journal_mode") == "wal"
        assert pragma("foreign_keys") == 1
        assert pragma("busy_timeout") >= 5000


def test_reports_read_while_somebody_writes(url, store, study_id):
    person = store.join(study_id, SPEC, token=TOKEN)
    store.pick(person.id, person.trials[0].token, 1)
    with store.engine.begin():  # holds the write lock
        started = time.monotonic()
        assert len(answers(url)) == SLOTS
        assert isinstance(participants(url), pd.DataFrame)
        assert time.monotonic() - started < 5
