"""A report made while people answer is of one moment, on SQLite and on PostgreSQL."""

import json

from small_study import RATINGS, SPEC, finish

from study.database import source
from study.database.store import answers, participants
from study.page import live
from study.protocol.session import current
from study.report.__main__ import report_of


def answer(store, study_id, token):
    """One more person consents and gives the first three answers."""
    person = store.join(study_id, SPEC, token=token * 40)
    for _ in range(3):
        trial = current(person.trials)
        store.pick(person.id, trial.token, 1, 900)
        person = store.rate(person.id, trial.token, RATINGS)


def test_answers_between_the_parts_are_not_seen(url, store, study_id, monkeypatch):
    finish(store, store.join(study_id, SPEC, token="a" * 40))
    store.withdraw(store.join(study_id, SPEC, token="w" * 40).withdrawal_code)
    before = report_of(source.from_database(url), "json")
    arrived = []

    def meanwhile(read):
        def reading(*given, **named):
            arrived.append(read.__name__)
            answer(store, study_id, token=f"{len(arrived)}")
            leaving = store.join(study_id, SPEC, token=f"x{len(arrived)}" * 20)
            found = read(*given, **named)
            store.withdraw(leaving.withdrawal_code)
            return found

        return reading

    # The first read is what makes the snapshot; all others come after answers have arrived.
    for name in ("participants", "answers"):
        monkeypatch.setattr(source, name, meanwhile(getattr(source, name)))
    assert report_of(source.from_database(url), "json") == before
    assert sorted(arrived) == ["answers", "participants"], "the answers did arrive"
    seen = live.look(url, study_id)
    assert (seen.counts["consented"], seen.counts["withdrawn"]) == (1 + 2, 1 + 2)
    monkeypatch.undo()
    after = json.loads(report_of(source.from_database(url), "json"))
    assert after["flow"]["consented"] == (1 + 4) + (1 + 4), "those who are there and the withdrawn"
    assert participants(url)["n_answered"].sum() == answers(url)["trial"].nunique()
