"""Real or fake in the database: what is stored, excluded, exported and reported."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from small_study import SPEC, TOKEN, count, scalar

from study.database.exported import from_export
from study.database.source import from_database
from study.database.store import Answer, Store
from study.errors import NothingToReportError, RefusedError
from study.export import export
from study.page.live import look
from study.protocol.design import TRUTH, UNPAIRED, Design
from study.protocol.exclusions import Rules, judge
from study.protocol.session import FAKE, REAL, current
from study.report.__main__ import report_of

ALONE = replace(
    SPEC, design=Design(scored=6, practice=1, seed=3, kind=UNPAIRED), conduct={"scales": {}}
)


@pytest.fixture
def study_id(store: Store) -> int:
    return store.register(ALONE)


def answered(store: Store, study_id: int, token: str, say) -> object:
    person = store.join(study_id, ALONE, token=token)
    while (trial := current(person.trials)) is not None:
        assert len(trial.methods) == 1
        person = store.pick(person.id, trial.token, say(trial), 900, 800)
    return person


def by_truth(trial):
    """Calls the real ones and, of the others, those by gan of even position real."""
    real = trial.methods == (TRUTH,) or (trial.methods == ("gan",) and trial.position % 2 == 0)
    return REAL if real else FAKE


def test_an_answer_is_real_or_fake_and_the_first_one_stands(url, store, study_id):
    person = store.join(study_id, ALONE, token=TOKEN)
    first = person.trials[0].token
    with pytest.raises(RefusedError, match="Answer 1 for real colours or 2 for others"):
        store.pick(person.id, first, 3)
    store.pick(person.id, first, FAKE, 900)
    again = store.pick(person.id, first, REAL, 900)
    assert again.trials[0].picked == FAKE
    assert count(url, "pick") == 1
    assert not scalar(url, "SELECT called_real FROM pick")
    assert scalar(url, "SELECT slot FROM pick") == 1


def test_other_studies_leave_the_column_empty(url, store):
    study = store.register(SPEC)
    person = store.join(study, SPEC, token=TOKEN)
    store.pick(person.id, person.trials[0].token, 2)
    assert scalar(url, "SELECT called_real FROM pick") is None


def test_the_report_and_the_administrator_count_what_was_called_real(url, store, study_id):
    for number in range(4):
        answered(store, study_id, f"{number}" * 43, by_truth)
    source = from_database(url)
    rows = source.answers
    assert len(rows) == rows["trial"].nunique() == 4 * 7
    scored = rows[rows["kind"] == "scored"]
    assert scored.groupby("method")["picked"].mean()[TRUTH] == 1
    found = json.loads(report_of(source, "json"))
    rates = {rate["name"]: rate for rate in found["called_real"]}
    for name, of_method in scored.groupby("method"):
        assert rates[name]["picked"] == of_method["picked"].sum()
        assert rates[name]["trials"] == len(of_method) == 8
        assert rates[name]["paper"] is None
    assert "fool_rates" not in found
    assert found["times"]["answers"] == 4 * 6
    for form in ("text", "html", "markdown", "latex", "csv"):
        said = report_of(source, form)
        assert "fool" not in said.lower()
        assert "picked as real" not in said.lower()
    assert max(map(len, report_of(source).splitlines())) <= 80
    shown = look(url, rates=True)
    assert {rate.name: rate.picked for rate in shown.rates} == {
        name: rate["picked"] for name, rate in rates.items()
    }
    assert shown.kind == UNPAIRED
    store.exclude(source.participants["participant"].iloc[0], "asked to be left out")
    text = " ".join(report_of(from_database(url)).split())
    assert "asked to be left out" in text
    assert "everyone, truth 4 / 24 100.0 %" in text


def test_an_export_is_read_back_strictly(url, store, study_id, tmp_path: Path):
    for letter in "ab":
        answered(store, study_id, letter * 43, by_truth)
    source = from_database(url)
    export(source, tmp_path / "out")
    assert report_of(from_export(tmp_path / "out")) == report_of(source)
    table = tmp_path / "out" / "answers.csv"
    first, *rest = table.read_text().splitlines(keepends=True)
    table.write_text(first + rest[0].replace(",1,", ",2,") + "".join(rest))
    with pytest.raises(NothingToReportError, match=r"answers\.csv"):
        from_export(tmp_path / "out", edited=True)


def test_rules_count_fakes_as_answers(url, store, study_id):
    answered(store, study_id, "a" * 43, lambda trial: FAKE)
    answered(store, study_id, "b" * 43, by_truth)
    given = from_database(url).answers
    assert judge(given, Rules(min_completed_trials=6)).empty
    (one_key,) = judge(given, Rules(max_same_slot_share=0.9)).to_dict("records")
    assert one_key["value"] == 1.0
    assert len(judge(given, Rules(min_median_seconds=2))) == 2


def test_simulated_answers_are_real_or_fake_too(url, store):
    study = store.register(ALONE)
    store.add_simulated(study, ALONE, number=0, seed=5, answer=lambda trial: Answer(FAKE, {}, 1000))
    assert not from_database(url).answers["picked"].any()
