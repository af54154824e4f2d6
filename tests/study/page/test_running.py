"""Who may begin, who may go on, and at which end everybody else is."""

import threading
from datetime import timedelta

import pytest
from small_study import RATINGS, SPEC, TOKEN, Clock, finish
from sqlalchemy import text

from study.database.frames import answers, participants, paused
from study.database.store import Store
from study.errors import ClosedError, ConfigError
from study.page import live
from study.page.service import Service, open_service
from study.page.ui import _script
from study.protocol.config import DEFAULT_SET, LINKS, StudyConfig, parse
from study.protocol.english import ENGLISH
from study.protocol.texts import CONSENT_VERSION
from study.stimuli.showing import load

LINK = "https://r.example/"


@pytest.fixture(scope="module")
def stimuli():
    return load(DEFAULT_SET)


@pytest.fixture
def serve(stimuli, store):
    def make(**settings):
        links = {end: f"{LINK}{end}" for end in LINKS}
        return Service(stimuli, store, StudyConfig(scored=2, practice=0, links=links, **settings))

    return make


def ask(number=0, **fields):
    return {"token": f"{number:040d}", "recruiter": {}, **fields}


def begin(service, number=0, **fields):
    return service.consent(ask(number, version=CONSENT_VERSION, **fields))


def answer(service, shown, number=0):
    trial = {"trial": shown["trial"]}
    service.pick(ask(number, **trial, slot=1))
    return service.rate(ask(number, **trial, ratings=RATINGS))


def test_a_full_study_takes_nobody_more_and_lets_everybody_finish(serve, url, clock):
    service = serve(cap=2)
    shown = begin(service, 0)
    begin(service, 1)
    for asked in (service.enter, lambda _: begin(service, 2)):
        reply = asked(ask(2))
        assert (reply["step"], reply["end"], reply["link"]) == (
            "ended",
            "quota_full",
            f"{LINK}quota_full",
        )
        assert reply["texts"]["ends"]["quota_full"] == list(ENGLISH["ends"]["quota_full"])
    assert len(participants(url)) == 2
    assert answer(service, answer(service, shown))["step"] == "done"
    clock.now += timedelta(hours=3)  # the second has left
    assert service.enter(ask(2))["step"] == "consent"
    assert begin(service, 2)["step"] == "pick"
    assert begin(service, 3)["end"] == "quota_full"
    assert service.enter(ask(1))["step"] == "pick", "who comes back goes on"


def test_the_last_page_tells_how_many_were_right_where_the_study_says_so(serve, url):
    """Nothing before the end, and nothing at all by default."""
    service = serve(own_result=True)
    shown = begin(service, 0)
    for _ in range(2):
        assert "own" not in shown
        shown = answer(service, shown)
    assert shown["step"] == "done"
    rows = answers(url)
    right = int((rows["picked"] & (rows["method"] == "truth")).sum())
    assert shown["own"] == {"right": right, "scored": 2, "guessed": 1}
    assert service.enter(ask(0))["own"] == shown["own"]
    silent = serve()
    shown = begin(silent, 7)
    for _ in range(2):
        shown = answer(silent, shown, 7)
    assert shown["step"] == "done"
    assert "own" not in shown


def test_a_preference_has_nothing_right_to_tell():
    with pytest.raises(ConfigError, match=r"page\.own_result is true.*nothing is right or wrong"):
        parse('[trials]\nkind = "preference"\n[page]\nown_result = true\n')


def test_who_is_excluded_makes_room(serve, store):
    service = serve(cap=1)
    first = begin(service, 0)
    assert begin(service, 1)["end"] == "quota_full"
    store.exclude(first["participant"], "a test")
    assert begin(service, 1)["step"] == "pick"


def test_many_at_once_do_not_overfill(url, store):
    study_id = store.register(SPEC)
    closed, stores = [], [Store(url) for _ in range(4)]

    def join(number):
        try:
            stores[number % 4].join(study_id, SPEC, token=f"{number:040d}", cap=5)
        except ClosedError as error:
            closed.append(error.end)

    threads = [threading.Thread(target=join, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in stores:
        one.close()
    assert len(participants(url)) == 5
    assert closed == ["quota_full"] * 7


def test_a_paused_study_begins_with_nobody_and_goes_on(serve, url):
    service = serve()
    shown = begin(service, 0)
    assert not paused(url, 1)
    live.pause(url, 1, True)
    assert paused(url, 1)
    assert live.look(url, 1).paused
    assert begin(service, 1)["end"] == service.enter(ask(1))["end"] == "paused"
    assert answer(service, shown)["step"] == "pick"
    live.pause(url, 1, False)
    assert begin(service, 1)["step"] == "pick"


def test_a_database_of_before_is_not_paused(url, store):
    study_id = store.register(SPEC)
    with store.engine.begin() as connection:
        connection.execute(text("DROP TABLE pause"))
        connection.execute(text("DROP TABLE look"))
    assert not paused(url, study_id)
    assert live.look(url, study_id).looks == 0


def test_who_is_excluded_on_the_way_is_screened_out_and_keeps_the_answers(serve, store, url):
    service = serve()
    shown = begin(service, 0)
    service.pick(ask(0, trial=shown["trial"], slot=1))
    live.exclude(url, shown["participant"], "told us that they are colour-blind")
    assert service.enter(ask(0))["step"] == "rate"
    ended = service.rate(ask(0, trial=shown["trial"], ratings=RATINGS))
    assert (ended["step"], ended["end"]) == ("ended", "screened_out")
    assert ended["link"] == f"{LINK}screened_out"
    assert ended["withdrawal_code"] == shown["withdrawal_code"]
    assert participants(url)["n_scored"].tolist() == [1]
    live.exclude(url, shown["participant"], None)
    assert service.enter(ask(0))["step"] == "pick"


def test_who_has_completed_stays_so(serve, store, url, clock):
    service = serve(hours=1)
    shown = begin(service, 0)
    done = answer(service, answer(service, shown))
    live.exclude(url, shown["participant"], "too fast")
    clock.now += timedelta(hours=5)
    assert service.enter(ask(0))["code"] == done["code"]


def test_who_comes_too_late_is_told_so(serve, clock):
    service = serve(hours=1)
    shown = begin(service, 0)
    clock.now += timedelta(minutes=59)
    assert service.enter(ask(0))["step"] == "pick"
    service.pick(ask(0, trial=shown["trial"], slot=1))
    clock.now += timedelta(minutes=2)
    late = service.rate(ask(0, trial=shown["trial"], ratings=RATINGS))
    assert (late["end"], late["link"]) == ("timed_out", f"{LINK}timed_out")
    assert "within 1 hours" not in service.enter(ask(0))["texts"]["ends"]["timed_out"][1]
    assert "within an hour" in service.enter(ask(0))["texts"]["ends"]["timed_out"][1]


def test_who_comes_back_too_late_is_told_so_and_who_stays_is_not(serve, clock):
    service = serve(resume_hours=2)
    shown = begin(service, 0)
    clock.now += timedelta(hours=3)  # with the page left open
    picked = service.pick(ask(0, trial=shown["trial"], slot=1))
    assert picked["step"] == "rate"
    clock.now += timedelta(minutes=119)
    assert service.enter(ask(0))["step"] == "rate"
    clock.now += timedelta(minutes=2)
    late = service.enter(ask(0))
    assert (late["end"], late["link"]) == ("timed_out", f"{LINK}timed_out")
    said = late["texts"]["ends"]["timed_out"][1]
    assert said.startswith("This study had to be resumed within 2 hours of the last answer. ")
    both = serve(hours=9, resume_hours=1).enter(ask(1))["texts"]["ends"]["timed_out"][1]
    assert "finished within 9 hours of its beginning, and resumed within an hour of" in both


def test_after_an_hour_away_the_instructions_come_once_more(serve, clock):
    service = serve()
    assert service.enter(ask(0))["away"] is False
    shown = begin(service, 0)
    clock.now += timedelta(minutes=59)
    assert service.enter(ask(0))["away"] is False
    clock.now += timedelta(minutes=2)
    assert service.enter(ask(0))["away"] is True
    assert service.enter(ask(0))["step"] == "pick"
    service.pick(ask(0, trial=shown["trial"], slot=1))
    assert service.enter(ask(0))["away"] is False


def test_the_link_comes_with_the_end_and_not_before(serve):
    service = serve(completion_link="https://recruiter.example/{code}", open_after=7)
    shown = begin(service, 0)
    assert "link" not in shown
    assert "link" not in service.pick(ask(0, trial=shown["trial"], slot=1))
    done = answer(service, answer(service, shown))
    assert (done["link"], done["open_after"]) == (f"https://recruiter.example/{done['code']}", 7)
    assert "in 7 seconds" in service.enter(ask(0))["texts"]["done"]["opening"]


@pytest.mark.parametrize("seconds", [4, 601])
def test_a_link_opens_neither_unread_nor_forgotten(seconds):
    with pytest.raises(
        ConfigError, match=rf"open_after is {seconds}, but must be 0 .* or 5 to 600"
    ):
        parse(f"[recruitment]\nopen_after = {seconds}")


def test_the_page_knows_where_who_declines_goes(serve):
    assert serve().enter(ask(0))["declined_link"] == f"{LINK}declined"


def test_none_of_it_makes_another_version(serve):
    assert (
        serve().spec.digest() == serve(cap=3, hours=4, resume_hours=5, open_after=0).spec.digest()
    )


NAMES = """
[recruitment.parameters]
person = "workerId"
study = "hitId"
session = "assignmentId"
"""


def test_another_recruiters_names(serve, store):
    config = parse(NAMES)
    assert config.parameters == ("workerId", "hitId", "assignmentId")
    script = _script(config, ENGLISH)
    assert '["workerId", "hitId", "assignmentId"]' in script
    assert "PROLIFIC_PID" not in script
    assert "PROLIFIC_PID" in _script(StudyConfig(), ENGLISH)
    service = serve(parameters=config.parameters)
    link = {"workerId": "A1", "hitId": "h", "assignmentId": "s"}
    shown = begin(service, 0, recruiter=link)
    assert (
        service.enter({"token": "z" * 40, "recruiter": link})["participant"]
        == (shown["participant"])
    )
    with store.engine.connect() as connection:
        assert connection.execute(
            text("SELECT recruiter_id, recruiter_study, recruiter_session FROM participant")
        ).all() == [("A1", "h", "s")]
    refused = service.enter(ask(1, recruiter={"workerId": "${workerId}"}))["error"]
    assert "has not put your workerId into the link" in refused
    other = service.enter(ask(2, recruiter={"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"}))
    assert other["step"] == "consent"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cap = -1", "recruitment.cap is -1, but must be at least 0"),
        ("hours = 1.5", "recruitment.hours is 1.5, but must be a whole number"),
        ('quota_full_link = "http://a"', "recruitment.quota_full_link is 'http://a', but must be"),
        ('full_link = "https://a"', "recruitment.full_link is no setting"),
        ('parameters = { person = "code" }', "names 'code', but a parameter"),
        ('parameters = { person = "a b" }', "names 'a b', but a parameter"),
        ('parameters = { person = "STUDY_ID" }', "must be three different ones"),
        ('parameters = { worker = "w" }', "recruitment.parameters.worker is no setting"),
    ],
)
def test_mistakes_are_told(text, said):
    with pytest.raises(ConfigError, match=said):
        parse(f"[recruitment]\n{text}")


def test_a_completed_participant_needs_no_room(store):
    study_id = store.register(SPEC)
    finish(store, store.join(study_id, SPEC, token=TOKEN, cap=1))
    assert store.join(study_id, SPEC, token=TOKEN, cap=1).completion_code


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def url(ready_url):
    return ready_url


@pytest.fixture
def store(url, clock):
    opened = Store(url, clock=clock)
    yield opened
    opened.close()


def test_where_answers_would_be_lost_nobody_begins(stimuli, store, url):
    config = StudyConfig(scored=2, practice=0)
    known = begin(Service(stimuli, store, config), 0)
    service = Service(stimuli, store, config, kept=False)
    for reply in (service.enter(ask(1)), begin(service, 1)):
        assert (reply["step"], reply["end"]) == ("ended", "not_kept")
        assert "log says what to do" in reply["texts"]["ends"]["not_kept"][1]
    assert len(participants(url)) == 1
    assert answer(service, known, 0)["step"] == "pick"


def test_a_space_without_storage_says_so_in_the_log(url, capfd, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "somebody/truehue")
    service = open_service(StudyConfig(), url)
    shown, log = service.enter(ask(1)), capfd.readouterr().err
    service._store.close()
    if url.startswith("sqlite"):
        assert shown["end"] == "not_kept"
        assert "nobody may begin the study" in log
    else:
        assert shown["step"] == "consent"
        assert "Space" not in log
