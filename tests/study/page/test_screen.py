"""Checks of eyes and screen: once, before the first pick, judged by the server; rules, too."""

import io
from base64 import b64decode

import pytest
from PIL import Image
from small_study import RATINGS, Clock
from sqlalchemy import text

from study.database.frames import participants
from study.database.source import from_database
from study.database.store import Store
from study.errors import ConfigError
from study.page.service import Service
from study.protocol.config import DEFAULT_SET, StudyConfig, parse
from study.protocol.exclusions import Rules, apply, judge
from study.protocol.screen import Check, Screen, items, judged
from study.protocol.texts import CONSENT_VERSION
from study.protocol.traces import COUNTS
from study.report.screen import ScreenChecks
from study.statistics.stats import Counted
from study.stimuli.showing import load

SCREEN = Screen(plates=3, steps=True, min_width=800)


@pytest.fixture(scope="module")
def stimuli():
    return load(DEFAULT_SET)


@pytest.fixture
def store(tmp_path, tables):
    (file := tmp_path / "results.db").write_bytes(tables)
    made = Store(f"sqlite:///{file}", clock=Clock())
    yield made
    made.close()


@pytest.fixture
def service(stimuli, store):
    return Service(stimuli, store, StudyConfig(scored=1, practice=0, screen=SCREEN))


def ask(number=0, **fields):
    return {"token": f"{number:040d}", "recruiter": {}, **fields}


def digits(store, number):
    """What is right for a participant, from the database."""
    with store.engine.connect() as connection:
        seeds = connection.execute(text("SELECT seed FROM participant ORDER BY id")).scalars().all()
    return [digit for _, digit, _ in items(SCREEN, seeds[number])]


def begin(service, number=0):
    return service.consent(ask(number, version=CONSENT_VERSION))


def test_the_checks_come_once_and_before_the_first_pick(service, store):
    shown = begin(service)
    assert (shown["step"], shown["items"], shown["min_width"]) == ("screen", 6, 800)
    plates = service.plates(ask())["plates"]
    assert len(plates) == 6
    with Image.open(io.BytesIO(b64decode(plates[0]))) as image:
        assert image.size == (320, 320)
    trial = store.find(1, service._who(ask())).trials[0].token
    assert "not due" in service.pick(ask(trial=trial, slot=1))["error"]
    assert "not one that the page makes" in service.screen(ask(answers=[1]))["error"]
    right = digits(store, 0)
    after = service.screen(ask(answers=[None, *right[1:]], width=1280, height=1))
    assert after["step"] == "pick"
    # A second answer changes nothing, and the pictures are gone.
    assert service.screen(ask(answers=[None] * 6, width=1, height=1))["step"] == "pick"
    assert "not being shown" in service.plates(ask())["error"]
    assert service.enter(ask())["step"] == "pick"
    people = participants(store.engine.url.render_as_string())
    counts = people[["n_plates", "n_plates_right", "n_steps", "n_steps_right", "n_window_right"]]
    assert counts.iloc[0].tolist() == [3, 2, 3, 3, 1]
    assert service.pick(ask(trial=trial, slot=1))["step"] == "rate"


def test_a_rule_excludes_by_them_and_the_report_counts_them(service, store):
    for number, width in enumerate((1280, 390)):
        begin(service, number)
        right = digits(store, number)
        given = right if number == 0 else [right[0], None, None, *right[3:]]
        shown = service.screen(ask(number, answers=given, width=width, height=700))
        service.pick(ask(number, trial=shown["trial"], slot=1))
        service.rate(ask(number, trial=shown["trial"], ratings=RATINGS))
    source = from_database(store.engine.url.render_as_string())
    rules = Rules(min_plates_right=0.75, min_steps_right=0.6, min_window_right=1)
    broken = judge(source.answers, rules, source.participants)
    assert broken["rule"].tolist() == ["min_plates_right", "min_window_right"]
    assert broken["value"].round(3).tolist() == [0.333, 0.0]
    _, people = apply(source.answers, source.participants, rules)
    assert people["excluded"].isna().tolist() == [True, False]
    assert "fewer than 75 % of the plates for colour vision right" in people["excluded"].iloc[1]
    counted = Counted(source.answers, people, source.answers, rules, 0, 0.95)
    (section,) = ScreenChecks.of(counted).sections(None)
    assert [line[1:] for line in section.rows] == [
        ["2", "1", "1"],
        ["2", "2", "2"],
        ["2", "1", "1"],
    ]


def test_a_limited_showing_does_not_begin_before_the_checks(stimuli, store):
    config = StudyConfig(scored=1, practice=0, screen=SCREEN, scales={}, exposure_ms=300)
    service = Service(stimuli, store, config)
    assert begin(service)["step"] == "screen"
    trial = store.find(1, service._who(ask())).trials[0].token
    assert "not due" in service.expose(ask(trial=trial, look="a" * 32))["error"]
    shown = service.screen(ask(answers=digits(store, 0), width=1280, height=700))
    assert (shown["step"], shown["exposed"]) == ("pick", False)
    assert service.expose(ask(trial=trial, look="a" * 32))["mine"] is True
    trace = {"by": "keys", "trusted": True, "webdriver": False, **dict.fromkeys(COUNTS, 0)}
    assert service.pick(ask(trial=trial, slot=1, trace=trace))["step"] == "done"
    people = participants(store.engine.url.render_as_string())
    assert people["n_traced"].tolist() == [1]


def test_without_checks_nothing_of_them_is_shown_or_judged(stimuli, store):
    service = Service(stimuli, store, StudyConfig(scored=1, practice=0))
    shown = begin(service)
    assert shown["step"] == "pick"
    service.pick(ask(trial=shown["trial"], slot=1))
    source = from_database(store.engine.url.render_as_string())
    assert source.participants["n_plates"].isna().all()
    assert judge(source.answers, Rules(min_plates_right=1), source.participants).empty
    counted = Counted(source.answers, source.participants, source.answers, Rules(), 0, 0.95)
    assert list(ScreenChecks.of(counted).sections(None)) == []


@pytest.mark.parametrize("width", [None, True, "800", 799, float("nan")])
def test_a_window_is_large_enough_or_it_is_not(width):
    screen = Screen(min_width=800)
    assert judged(screen, 1, [], width, 900) == (Check("window", 0, 1),)
    assert judged(screen, 1, [], 800, 0) == (Check("window", 1, 1),)


def test_true_is_no_digit():
    screen = Screen(plates=3)
    (check,) = judged(screen, 5, [True, "3", 2.0], 0, 0) or ()
    assert check.right <= 1  # 2.0 is not a whole number of the page's
    assert judged(screen, 5, "333", 0, 0) is None
    assert judged(screen, 5, None, 0, 0) is None


def test_the_study_file_sets_them_and_they_make_a_version():
    config = parse("[screen]\nplates = 4\nsteps = true\nmin_height = 600")
    assert config.screen == Screen(4, True, 0, 600)
    assert config.conduct()["screen"]["plates"] == 4
    assert "screen" not in StudyConfig().conduct()
    for wrong in ("plates = 2", "plates = 13", "steps = 1", "min_width = -1", "colour = 1"):
        with pytest.raises(ConfigError, match=r"screen\."):
            parse(f"[screen]\n{wrong}")
