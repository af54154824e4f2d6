"""The numbers of the administrator's page are those of the report, with the study's exclusions."""

import csv
import io
import zipfile
from dataclasses import replace

import pytest
from small_study import RATINGS, SPEC, finish

from study.database.frames import looks
from study.database.store import Store, answers
from study.errors import NothingToReportError, UnavailableError
from study.page import live
from study.protocol.session import current
from study.simulate import Simulation, simulate
from study.statistics import stats

RULED = replace(SPEC, conduct={"exclusion": {"max_same_slot_share": 0.9}})


@pytest.fixture
def running(store, url):
    """One who presses one key, two who do not, one half way, one withdrawn."""
    study_id = store.register(RULED)
    finish(store, store.join(study_id, RULED, token="a" * 40))  # always slot 2
    for number in range(2):
        person = store.join(study_id, RULED, token=f"{number:040d}")
        while (trial := current(person.trials)) is not None:
            store.pick(person.id, trial.token, trial.position % 3 + 1, 2000)
            person = store.rate(person.id, trial.token, RATINGS)
    half = store.join(study_id, RULED, token="h" * 40)
    for trial in half.trials[:3]:
        store.pick(half.id, trial.token, 1, 3000)
        store.rate(half.id, trial.token, RATINGS)
    store.pick(half.id, half.trials[3].token, 2, 3000)
    store.withdraw(finish(store, store.join(study_id, RULED, token="w" * 40)).withdrawal_code)
    return study_id


def test_everybody_is_counted_once(url, running):
    now = live.look(url, running)
    assert not now.simulated
    assert now.counts == {
        "consented": 4,
        "completed": 3,
        "on their way": 1,
        "excluded": 1,
        "withdrawn": 1,
        "answered trials": 25,
        "of them scored": 21,
    }
    assert now.people["answered"].tolist() == ["4 of 7", "7 of 7", "7 of 7", "7 of 7"]
    assert now.people["median seconds"].tolist() == [3.0, 2.0, 2.0, 0.9]
    assert now.people["excluded"].astype(bool).tolist() == [False, False, False, True]
    assert now.excluded["rule"].tolist() == ["max_same_slot_share"]


def test_the_rates_are_those_of_the_report_without_the_excluded(url, running):
    given = answers(url)
    pressed_one_key = given["participant"].iloc[0]
    rows = stats.analysed(given[given["participant"] != pressed_one_key])
    shown = live.look(url, running, rates=True).rates
    assert shown == stats.fool_rates(rows)
    assert {rate.trials for rate in shown} == {15}


def test_the_bundle_holds_the_answers_and_no_secret(url, store, running):
    with zipfile.ZipFile(io.BytesIO(live.bundle(url, running))) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    # The whole export; the set of this study's pictures is nowhere, so it has no manifest.
    assert set(files) == {
        *(
            f"{table}.{ending}"
            for table in ("answers", "participants")
            for ending in ("csv", "json")
        ),
        *("study.json", "data-dictionary.md", "versions.json", "SHA256SUMS"),
    }
    assert len(list(csv.DictReader(io.StringIO(files["answers.csv"])))) == 25 * 3
    with store.engine.connect() as connection:
        codes = connection.exec_driver_sql(
            "SELECT withdrawal_code, token_sha256 FROM participant"
        ).all()
    for secret in [value for row in codes for value in row]:
        assert not any(secret in text for text in files.values())


def test_rates_are_hidden_until_the_planned_number_and_each_look_is_noted(url, store):
    planned = replace(SPEC, conduct={"plan": {"participants": 2}})
    study_id = store.register(planned)
    finish(store, store.join(study_id, planned, token="a" * 40))
    assert live.look(url).rates is None
    assert looks(url, study_id) == ()
    assert {rate.trials for rate in live.reveal(url).rates} == {6}
    assert {rate.trials for rate in live.reveal(url).rates} == {6}
    noted = looks(url, study_id)
    assert [(look.completed, look.answers) for look in noted] == [(1, 6), (1, 6)]
    assert noted[0].at < noted[1].at
    now = live.look(url)
    assert (now.rates, now.planned, now.looks) == (None, 2, 2)
    finish(store, store.join(study_id, planned, token="b" * 40))
    assert {rate.trials for rate in live.look(url).rates} == {12}
    assert live.reveal(url).looks == 2, "what is not hidden needs no note"


def test_a_look_that_cannot_be_noted_shows_nothing(url, running, monkeypatch):
    def fail(*_args, **_more):
        raise UnavailableError("Not just now.", "full", "SQLITE_FULL")

    monkeypatch.setattr(Store, "note_look", fail)
    with pytest.raises(UnavailableError):
        live.reveal(url, running)


def test_simulated_answers_are_called_so(tmp_path):
    simulated = f"sqlite:///{tmp_path / 'simulated.db'}"
    simulate(simulated, Simulation(participants=2, trials=6))
    now = live.look(simulated, 1)
    assert now.simulated
    assert now.rates, "nobody is blinded to what a program drew"


def test_before_the_first_participant_there_is_nothing(url, store):
    with pytest.raises(NothingToReportError, match="Nobody has started"):
        live.look(url)
    study_id = store.register(SPEC)
    for consented in range(2):
        now = live.look(url, study_id)
        assert now.counts["consented"] == len(now.people) == consented
        assert now.rates is None
        assert live.look(url, study_id, rates=True).rates == []
        store.join(study_id, SPEC, token="a" * 40)
    assert live.look(url, 7).study == study_id, "a version that is gone: the newest"
    assert list(now.versions) == [study_id]
