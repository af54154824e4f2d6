"""One answer a trial, nothing lost, nothing doubled: against threads, processes and kill -9."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import programs
import pytest
from small_study import RATINGS, SLOTS, SPEC, TOKEN, TRIALS, count, finish

from study.database.store import Progress, Store, Visitor, answers
from study.protocol.session import current

# Children that begin without the parent's threads and connections, as a second server would.
FRESH = programs.CONTEXT


def test_many_threads_make_one_participant_and_one_answer(url, store, study_id):
    with ThreadPoolExecutor(16) as pool:
        joined = list(pool.map(lambda _: store.join(study_id, SPEC, token=TOKEN).id, range(16)))
    assert len(set(joined)) == 1
    person = store.find(study_id, Visitor(TOKEN))
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
    person = store.find(study_id, Visitor(TOKEN))
    assert person is not None
    finish(store, person)
    store.close()
    rows = answers(url)
    assert len(rows) == TRIALS * SLOTS
    assert rows["realism"].tolist() == [2, 1, 5] * TRIALS
