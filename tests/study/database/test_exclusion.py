"""A person's exclusions: logged with moment and reason, undone, reported, deleted on withdrawal."""

import pandas as pd
import pytest
from small_study import SPEC, TOKEN, count, finish
from sqlalchemy import text

from study import exclude
from study.database.exported import PARTICIPANTS, from_export
from study.database.source import from_database
from study.database.store import Store, participants
from study.errors import RefusedError
from study.export import export
from study.report.__main__ import computed, report_of
from study.report.participants import ByHand


@pytest.fixture
def two(store, study_id):
    return [finish(store, store.join(study_id, SPEC, token=letter * 43)) for letter in "ab"]


def test_an_exclusion_is_kept_with_its_moment_and_reason(url, store, two):
    store.exclude(two[1].public_id, " colour-blind ")
    frame = participants(url)
    assert frame["excluded"].fillna("").tolist() == ["", "colour-blind"]
    assert frame["excluded_at"].isna().tolist() == [True, False]
    assert f"{frame['excluded_at'][1]:%Y-%m-%d}" == "2026-03-01"
    store.exclude(two[1].public_id, None)
    frame = participants(url)
    assert frame["excluded"].isna().all()
    assert frame["excluded_at"].isna().all()
    assert count(url, "exclusion") == 2, "both decisions are in the log"


def test_the_report_names_whom_a_person_excluded(url, store, two):
    store.exclude(two[1].public_id, "colour-blind")
    summary, _ = computed(from_database(url))
    assert summary.participants.by_hand == [ByHand(two[1].public_id, "colour-blind", "2026-03-01")]
    words = " ".join(report_of(from_database(url)).split())
    assert f"Decided by a person: {two[1].public_id} on 2026-03-01 (colour-blind)." in words
    assert "– Exclusions fixed beforehand" in words
    store.exclude(two[1].public_id, None)
    assert "✓ Exclusions fixed beforehand" in " ".join(report_of(from_database(url)).split())


def test_a_decision_is_exported_and_read_back(url, store, two, tmp_path):
    store.exclude(two[1].public_id, "colour-blind")
    export(from_database(url), tmp_path / "out")
    pd.testing.assert_frame_equal(
        from_export(tmp_path / "out").participants, from_database(url).participants
    )
    path = tmp_path / "out" / PARTICIPANTS
    pd.read_csv(path).drop(columns="excluded_at").to_csv(path, index=False)
    before = from_export(tmp_path / "out", edited=True)  # as an earlier version wrote it
    assert "on an unknown day (colour-blind)" in " ".join(report_of(before).split())


def test_a_withdrawal_takes_the_decision_with_it(url, store, two):
    store.exclude(two[0].public_id, "colour-blind")
    store.withdraw(two[0].withdrawal_code)
    assert count(url, "exclusion") == 0


def test_a_reason_without_a_log_is_of_an_unknown_day(url, store, two):
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE participant SET excluded = 'odd' WHERE id = 1"))
    summary, _ = computed(from_database(url))
    assert summary.participants.by_hand == [ByHand(two[0].public_id, "odd", "")]


@pytest.mark.parametrize(
    ("who", "why", "said"),
    [
        ("p-000000000000", "odd", "There is no participant 'p-000000000000'"),
        (None, "  ", "The reason is empty"),
        (None, None, "nothing to undo"),
    ],
)
def test_nonsense_is_refused(url, store, two, who, why, said):
    with pytest.raises(RefusedError, match=said):
        store.exclude(who or two[0].public_id, why)
    assert count(url, "exclusion") == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command(url, store, study_id, capsys):
    person = finish(store, store.join(study_id, SPEC, token=TOKEN))
    assert exclude.main([person.public_id, "--reason", "colour-blind", "--db", url]) == 0
    assert participants(url)["excluded"].tolist() == ["colour-blind"]
    assert exclude.main([person.public_id, "--undo", "--db", url]) == 0
    assert exclude.main([person.public_id, "--undo", "--db", url]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_makes_no_database(tmp_path, capsys):
    url = f"sqlite:///{tmp_path / 'no.db'}"
    assert exclude.main(["p-1", "--undo", "--db", url]) == 1
    assert "There is no database" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_of_before_is_read(url, store, two):
    with store.engine.begin() as connection:
        connection.execute(text("DROP TABLE exclusion"))
    assert participants(url)["excluded_at"].isna().all()
    Store(url).close()
