"""A limited exposure in the database: one showing a trial, answers without ratings, its export."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_study import SPEC, TOKEN, TRIALS, count, scalar

from study.database.exported import from_export
from study.database.source import from_database
from study.database.store import Store, Visitor
from study.errors import NothingToReportError, RefusedError
from study.export import export
from study.protocol.session import current, feedback
from study.report.__main__ import report_of

LIMITED = replace(SPEC, conduct={"exposure_ms": 500, "scales": {}})
LOOK, OTHER = "l" * 64, "o" * 64


@pytest.fixture
def study_id(store: Store) -> int:
    return store.register(LIMITED)


def answered(store, study_id, exposures):
    """A participant who has answered as many trials, with these exposures."""
    person = store.join(study_id, LIMITED, token=TOKEN)
    for ms in exposures:
        trial = current(person.trials)
        store.expose(person.id, trial.token, LOOK)
        person = store.pick(person.id, trial.token, 1, 1500, ms, limited=True)
    return person


def test_a_showing_begins_once_and_the_same_page_may_ask_again(url, store, study_id):
    person = store.join(study_id, LIMITED, token=TOKEN)
    first, second = (trial.token for trial in person.trials[:2])
    with pytest.raises(RefusedError, match="not due now"):
        store.expose(person.id, second, LOOK)
    seen, mine = store.expose(person.id, first, LOOK)
    assert mine
    assert current(seen.trials).exposed == LOOK
    assert store.expose(person.id, first, LOOK)[1]  # the reply was lost
    assert not store.expose(person.id, first, OTHER)[1]  # another tab, or a reload
    assert current(store.find(study_id, Visitor(TOKEN)).trials).exposed == LOOK
    assert count(url, "exposure") == 1
    store.pick(person.id, first, 1, 800, 500, limited=True)
    with pytest.raises(RefusedError, match="not due now"):
        store.expose(person.id, first, LOOK)


def test_a_choice_without_a_look_is_refused(url, store, study_id):
    person = store.join(study_id, LIMITED, token=TOKEN)
    with pytest.raises(RefusedError, match="Look at the pictures first"):
        store.pick(person.id, person.trials[0].token, 1, 900, 500, limited=True)
    assert count(url, "pick") == 0


def test_the_last_choice_completes_once_and_nothing_is_rated(url, store, study_id):
    person = answered(store, study_id, [500] * TRIALS)
    assert current(person.trials) is None
    assert person.completion_code is not None
    last = person.trials[-1].token
    with pytest.raises(RefusedError, match="asks for no ratings"):
        store.rate(person.id, last, [{}] * 3)
    again = store.pick(person.id, last, 3, 100, 100, limited=True)
    assert again.completion_code == person.completion_code
    assert scalar(url, "SELECT status FROM participant") == "completed"


def test_only_practice_tells_which_was_real(store, study_id):
    person = answered(store, study_id, [500, 500])
    practice, scored = person.trials[:2]
    assert feedback(person.trials, practice.token) == {
        "picked": 1,
        "real": practice.methods.index("truth") + 1,
    }
    assert feedback(person.trials, scored.token) is None


def test_withdrawal_deletes_the_showings(url, store, study_id):
    person = answered(store, study_id, [500])
    assert count(url, "exposure") == 1
    store.withdraw(person.withdrawal_code)
    assert count(url, "exposure") == 0


def test_the_report_says_the_exposure_also_from_an_export(url, store, study_id, tmp_path: Path):
    answered(store, study_id, [500, 497, 512, 240, None, 700, 505])
    source = from_database(url)
    assert list(source.answers.columns)[-1] == "exposure_ms"
    said = report_of(source)
    flat = " ".join(said.split())
    assert "shown once, for 500 ms" in flat
    assert "More than 20 ms off the limit: 1 shorter" in flat
    assert "1 longer" in flat
    assert "1 answer without a measured exposure" in flat
    assert " 5 240 497 505 512 700" in flat  # without practice
    assert "RATINGS" not in said
    export(source, tmp_path / "out")
    back = from_export(tmp_path / "out")
    assert report_of(back) == said
    report_of(back, "html")
    table = tmp_path / "out" / "answers.csv"
    table.write_text(table.read_text().replace(",497", ",-4"))
    with pytest.raises(NothingToReportError, match=r"exposure_ms in row .* is '-4'"):
        from_export(tmp_path / "out", edited=True)


def test_without_a_limit_an_export_has_no_such_column(url, store, tmp_path: Path):
    assert "exposure_ms" not in from_database_of(store, url).answers


def from_database_of(store: Store, url: str):
    study = store.register(SPEC)
    person = store.join(study, SPEC, token=TOKEN)
    store.pick(person.id, person.trials[0].token, 1, 900, 800)
    return from_database(url, study)
