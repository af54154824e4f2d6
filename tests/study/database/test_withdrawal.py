"""Withdrawal deletes, really; access codes name one person each; exposure is kept."""

import multiprocessing
from pathlib import Path

import pytest
from small_study import RATINGS, SPEC, TOKEN, count, finish, scalar

from study import codes
from study.database.store import Recruiter, Store, Visitor, answers, participants
from study.errors import RefusedError

TABLES = ("participant", "trial", "slot", "pick", "rating")


def test_withdrawal_deletes_every_row_of_one_person_and_logs_only_the_day(url, store, study_id):
    kept = finish(store, store.join(study_id, SPEC, token="k" * 40))
    before = answers(url)
    recruiter = Recruiter("5f1a-the-person", "s", "x")
    gone = finish(store, store.join(study_id, SPEC, token=TOKEN, recruiter=recruiter))
    assert gone.withdrawal_code != kept.withdrawal_code
    store.withdraw(gone.withdrawal_code)
    assert answers(url).equals(before)
    assert [count(url, table) for table in TABLES] == [1, 7, 21, 7, 42]
    assert count(url, "withdrawal") == 1
    assert str(scalar(url, "SELECT day FROM withdrawal")) == "2026-03-01"
    assert store.find(study_id, Visitor(TOKEN, recruiter)) is None
    with pytest.raises(RefusedError, match="No answers are stored under this code"):
        store.withdraw(gone.withdrawal_code)
    with pytest.raises(RefusedError):  # a tab that is still open
        store.rate(gone.id, gone.trials[0].token, RATINGS)
    assert participants(url)["participant"].tolist() == [kept.public_id]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_of_the_person_is_left_in_the_files(url, store, study_id):
    person = store.join(study_id, SPEC, token=TOKEN, recruiter=Recruiter("5f1a-the-person"))
    store.pick(person.id, person.trials[0].token, 1, 500)
    secrets = [b"5f1a-the-person", person.public_id.encode(), person.trials[0].token.encode()]

    def left() -> list[bytes]:
        file = Path(url.removeprefix("sqlite:///"))
        stored = b"".join(part.read_bytes() for part in file.parent.glob(f"{file.name}*"))
        return [secret for secret in secrets if secret in stored]

    assert left() == secrets
    store.withdraw(person.withdrawal_code)
    assert left() == []


def test_a_withdrawn_list_is_given_to_the_next_person(url, store, study_id):
    first = finish(store, store.join(study_id, SPEC, token="a" * 40))
    finish(store, store.join(study_id, SPEC, token="b" * 40))
    store.withdraw(first.withdrawal_code)
    store.join(study_id, SPEC, token="c" * 40)
    assert participants(url)["list_number"].tolist() == [1, 0]


def test_an_access_code_is_one_person_from_any_browser(url, store, study_id):
    one, other = store.add_access_codes(2)
    assert store.knows_access_code(one)
    assert not store.knows_access_code("AAAA-AAAA-AAAA")
    person = store.join(study_id, SPEC, token=TOKEN, code=one)
    assert store.join(study_id, SPEC, token="z" * 43, code=one).id == person.id
    assert store.join(study_id, SPEC, token=TOKEN, code=other).id != person.id
    assert store.find(study_id, Visitor(TOKEN)) is None
    store.withdraw(person.withdrawal_code)
    assert not store.knows_access_code(one)  # it would name the person
    assert store.knows_access_code(other)


def test_the_command_makes_links_that_work(url, capsys):
    assert codes.main(["--count", "3", "--link", "https://study.example", "--db", url]) == 0
    links = capsys.readouterr().out.split()
    assert len(set(links)) == 3
    store = Store(url)
    for link in links:
        page, _, code = link.partition("?code=")
        assert page == "https://study.example/"
        assert store.knows_access_code(code)
    store.close()
    assert codes.main(["--count", "0", "--db", url]) == 2
    assert "must be from 1" in capsys.readouterr().err


def test_exposure_is_stored_beside_the_response_time(url, store, study_id):
    person = store.join(study_id, SPEC, token=TOKEN)
    store.pick(person.id, person.trials[0].token, 1, 5000.4, 3000)
    assert scalar(url, "SELECT response_ms FROM pick") == 5000
    assert scalar(url, "SELECT exposure_ms FROM pick") == 3000


def test_ratings_are_asked_on_the_scales_of_the_study(url, store, study_id):
    person = store.join(study_id, SPEC, token=TOKEN)
    first = person.trials[0].token
    store.pick(person.id, first, 1)
    with pytest.raises(RefusedError, match="Rate the quality of picture 1"):
        store.rate(person.id, first, [{"realism": 2}] * 3, ("quality",))
    rated = store.rate(person.id, first, [{"quality": 2}] * 3, ("quality",))
    assert rated.trials[0].finished
    assert count(url, "rating") == 3
    assert answers(url)["realism"].isna().all()


def _withdraw(url, code, go, done):
    store = Store(url)
    go.wait()
    try:
        store.withdraw(code)
        done.put("deleted")
    except RefusedError:
        done.put("nothing there")
    store.close()


def test_two_withdrawals_at_once_are_one(url, store, study_id):
    person = finish(store, store.join(study_id, SPEC, token=TOKEN))
    fresh = multiprocessing.get_context("spawn")
    go, done = fresh.Event(), fresh.Queue()
    children = [
        fresh.Process(target=_withdraw, args=(url, person.withdrawal_code, go, done))
        for _ in range(2)
    ]
    for child in children:
        child.start()
    go.set()
    outcomes = sorted(done.get(timeout=60) for _ in children)
    for child in children:
        child.join(30)
    done.close()
    assert outcomes == ["deleted", "nothing there"]
    assert [count(url, table) for table in (*TABLES, "withdrawal")] == [0, 0, 0, 0, 0, 1]
