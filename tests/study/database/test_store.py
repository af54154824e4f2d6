"""A session as it is stored and read, who is who, and who gets which pictures."""

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from small_study import RATINGS, SLOTS, SPEC, TOKEN, TRIALS, count, finish, scalar
from sqlalchemy import text

from study.database.store import Recruiter, Visitor, answers, participants, read_studies
from study.errors import RefusedError
from study.protocol.session import current


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
    assert store.find(study_id, Visitor(TOKEN)) == person
    came = Recruiter("5f1", "s", "x")
    hired = store.join(study_id, SPEC, token=TOKEN, recruiter=came)
    assert hired.id != person.id  # a shared computer
    again = store.join(study_id, SPEC, token="v" * 43, recruiter=Recruiter("5f1"))
    assert again.id == hired.id
    assert store.find(study_id, Visitor("v" * 43)) is None


def test_the_secret_itself_is_not_stored(url, store, study_id):
    store.join(study_id, SPEC, token=TOKEN)
    stored = scalar(url, "SELECT token_sha256 FROM participant")
    assert stored == hashlib.sha256(TOKEN.encode()).hexdigest()


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
