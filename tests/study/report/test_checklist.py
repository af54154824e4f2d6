"""Every tick of the checklist is computed: each point is open where something speaks against it."""

import numpy as np
import pandas as pd
import pytest
from study_frames import TRUTH, answers, crossed, participants

from study.protocol.about import About
from study.protocol.design import digest_of
from study.protocol.exclusions import Rules
from study.protocol.registration import Record, Registration
from study.report.checklist import DONE, checklist
from study.report.summary import summarise

PEOPLE, PICTURES = 12, 12
STIMULI = {
    "seed": 1,
    "drawn": "12 of 90",
    "source": "photos",
    "sha256": "ab",
    "size": [32, 32],
    "shown": {"pixels": 320, "filter": "lanczos"},
}


def frame(**extras):
    rng = np.random.default_rng(4)
    picks = rng.choice(["gan", "gan", TRUTH, TRUTH, "classification"], (PEOPLE, PICTURES)).tolist()
    scores = dict.fromkeys(("gan", "classification", TRUTH), 4)
    given = {"response_ms": 900, "label": "cat", "realism": scores, "quality": scores}
    trials = crossed(picks, **{**given, **extras})
    for number, trial in enumerate(trials):
        if trial["response_ms"]:
            trial["response_ms"] += 10 * (number % 7)
    again = [{**trials[i], "kind": kind} for i in (0, 1) for kind in ("repeat", "catch")]
    return answers([*trials, *again])


CONTENT = {
    "participants": PEOPLE,
    "until": None,
    "exclusion": {"min_median_seconds": 0.2},
    "margin": None,
    "primary": {"method": "gan", "against": TRUTH, "claim": "different"},
    "analysis": {"alpha": 0.05},
    "settings": {},
    "settings_sha256": "cd",
}


def record(**content):
    """What was registered, before anybody began."""
    content = {**CONTENT, **content}
    began = pd.Timestamp("2025-12-31", tz="UTC").to_pydatetime()
    return Record({}, Registration(content, digest_of(content), began))


def marks(given, people=None, **more):
    """Each point's mark and answer."""
    about = About(instructions=("Choose.",), consent_version="1", stimuli=STIMULI)
    people = participants(given) if people is None else people
    settings = {"about": about, "withdrawn": 0, "rules": Rules(min_median_seconds=0.2)}
    settings = {**settings, "record": record()} | more
    items = checklist(summarise(given, people, database="x", **settings)).items
    return {asked: (mark == DONE, answer) for mark, asked, answer in items}


def test_a_study_that_has_everything_has_every_tick():
    found = marks(frame())
    assert [asked for asked, (done, _) in found.items() if not done] == []
    assert len(found) == 18


def one_slot(given):
    """Nearly everybody takes the first place nearly always."""
    rng = np.random.default_rng(6)
    first = set(given["trial"].unique()[rng.random(given["trial"].nunique()) < 0.9])
    chosen = given["trial"].isin(first)
    return given.assign(picked=given["picked"].where(~chosen, given["slot"] == 1))


AGAINST = {
    "Question and estimand": lambda: marks(frame()[lambda f: f["participant"] == "p0"]),
    "Answers of real participants, unchanged": lambda: marks(frame(), edited=True),
    "Sample as a flow": lambda: marks(frame(), withdrawn=None),
    "Registered beforehand, and done so": lambda: marks(frame(), record=record(participants=40)),
    "Exclusions fixed beforehand, results with and without": lambda: marks(by_hand()),
    "Instructions verbatim": lambda: marks(frame(), about=About(stimuli=STIMULI)),
    "Display size and filter": lambda: marks(frame(), about=About(instructions=("x",))),
    "Selection of pictures, seed and hashes": lambda: marks(
        frame(), about=About(stimuli={**STIMULI, "seed": None})
    ),
    "Slot bias": lambda: marks(one_slot(frame())),
    "All rates with numerator, denominator, interval": lambda: marks(
        frame()[lambda f: f["picture"] == "i0"]
    ),
    "Effect sizes and corrected tests": lambda: marks(answers(crossed([["gan"] * 4] * 4))),
    "Variance components": lambda: marks(answers(crossed([["gan"] * 4] * 4))),
    "Rating distributions, not only means": lambda: marks(frame(realism={}, quality={})),
    "Per-class and per-picture tables": lambda: marks(frame(label=None)),
    "Response times, learning and fatigue": lambda: marks(frame(response_ms=None)),
    "Consistency on repeats": lambda: marks(frame()[lambda f: f["kind"] != "repeat"]),
    "Catch trials": lambda: marks(frame()[lambda f: f["kind"] != "catch"]),
    "Limits": lambda: marks(frame()[lambda f: f["participant"].isin(["p0", "p1", "p2"])]),
}


def by_hand(reason="saw the answers"):
    given = frame()
    return given.assign(excluded=given["excluded"].where(given["participant"] != "p3", reason))


@pytest.mark.parametrize("asked", AGAINST)
def test_every_point_is_open_where_something_speaks_against_it(asked):
    assert set(AGAINST) == set(marks(frame()))
    done, answer = AGAINST[asked]()[asked]
    assert not done, answer
    assert "nan" not in answer


def test_who_is_excluded_by_a_rule_leaves_the_tick():
    done, answer = marks(frame(), rules=Rules(min_median_seconds=0.91))[
        "Exclusions fixed beforehand, results with and without"
    ]
    assert done
    assert "min_median_seconds = 0.91" in answer


def test_who_is_excluded_by_a_person_is_named_with_the_reason():
    _, answer = marks(by_hand())["Exclusions fixed beforehand, results with and without"]
    assert "1 participant excluded by a person, not by a rule: p3 on an unknown day (saw" in answer


def test_times_of_half_of_the_answers_are_not_enough():
    given = frame()
    half = given["response_ms"].where(given["trial"] % 2 == 0)
    done, answer = marks(given.assign(response_ms=half))["Response times, learning and fatigue"]
    assert not done
    assert f"of {PEOPLE * PICTURES // 2} of {PEOPLE * PICTURES} answers" in answer


def test_simulated_people_are_not_real():
    given = frame(simulated=True)
    done, answer = marks(given)["Answers of real participants, unchanged"]
    assert not done
    assert answer == "All answers are simulated."
