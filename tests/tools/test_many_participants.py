"""What many people answered is found again, and what is not there is noticed."""

import subprocess
import sys
from pathlib import Path

import pytest
from answering import SCALES, answer
from small_study import SPEC, TOKEN

from study.database.store import Store
from tools.many_participants import PRACTICE, Person, balance, compared, faults

ROOT = Path(__file__).parents[2]


@pytest.fixture
def one(tmp_path):
    """A person whose first two trials are stored as given, and the database."""
    url = f"sqlite:///{tmp_path / 'results.db'}"
    store = Store(url)
    progress = store.join(store.register(SPEC), SPEC, token=TOKEN)
    person = Person("http://x", 4, shown={"participant": progress.public_id})
    for number in (1, 2):
        slot, ratings = answer(4, True, number)
        trial = progress.trials[number - 1].token
        store.pick(progress.id, trial, slot)
        store.rate(progress.id, trial, ratings)
        person.acknowledged.append((True, number))
    store.close()
    return url, person


def counts(url, person):
    return tuple(compared(url, [person]).values())


def test_what_is_stored_as_given_is_counted(one):
    url, person = one
    assert counts(url, person) == (2, 2, 0, 0)
    assert "picture lists 0 to 0, each once" in balance(url)


def test_what_is_lost_changed_or_not_acknowledged_is_noticed(one):
    url, person = one
    person.acknowledged.append((False, 1))
    assert counts(url, person) == (3, 2, 1, 0)
    del person.acknowledged[1:]
    assert counts(url, person) == (1, 1, 0, 1)
    person.person = 5  # who would have answered otherwise
    assert counts(url, person) == (1, 0, 1, 1)


def test_who_was_refused_does_not_keep_the_others_from_being_compared(one):
    url, person = one
    refused = Person("http://x", 5, shown={"step": "full"})
    assert tuple(compared(url, [person, refused]).values()) == (2, 2, 0, 0)


def test_nobody_is_waited_for_who_has_gone():
    class Gone:
        restart_database = None

        def __init__(self):
            self.apps = [self]
            self.done = []

        def processor_seconds(self):
            return 0.0

        def stop(self, how):
            self.done.append("stop")

        def start(self):
            self.done.append("start")

    now = Gone()
    (killed,) = faults(now, [Person("http://x", 1)], 30, lambda: False)
    assert now.done == ["stop", "start"]
    assert killed.ended >= killed.began


def test_the_participants_are_those_of_the_default_study():
    from study.protocol.config import StudyConfig

    config = StudyConfig()
    assert (config.practice, tuple(config.scales)) == (PRACTICE, SCALES)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("more", [["--sqlite"], pytest.param([], marks=pytest.mark.postgres)])
def test_a_few_people_through_all_of_it(proxy_programs, more):
    command = [sys.executable, "-m", "tools.many_participants", *more]
    command += ["--people", "4", "--trials", "4", "--pause", "0.3", "--arrive", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "acknowledged 28, stored as given 28, lost or changed 0" in done.stdout
    assert ("PostgreSQL restarted" in done.stdout) == (not more)
