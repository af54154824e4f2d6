"""Rules of exclusion: who breaks which one, counted by hand."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from study_frames import PICKS, TRUTH, answers, crossed, participants, relaxed, summary_of

from study.protocol.exclusions import Rules, apply, flow, judge

G = "gan"


def careless():
    """a answers well; b is fast, presses one key, fails a catch and changes their mind."""
    trials = [
        {"participant": "a", "picture": p, "pick": pick, "response_ms": ms}
        for p, pick, ms in (("x", TRUTH, 3000), ("y", G, 4000), ("z", TRUTH, 5000))
    ]
    trials += [{"participant": "b", "picture": p, "pick": TRUTH, "response_ms": 300} for p in "xyz"]
    for person, catches in (("a", (TRUTH, TRUTH)), ("b", (TRUTH, G))):
        trials += [
            {"participant": person, "picture": f"c{i}", "pick": pick, "kind": "catch"}
            for i, pick in enumerate(catches)
        ]
    trials.append({"participant": "a", "picture": "x", "pick": TRUTH, "kind": "repeat"})
    trials.append({"participant": "b", "picture": "x", "pick": G, "kind": "repeat"})
    frame = answers(trials)
    only_first = (frame["participant"] == "b") & (frame["kind"] == "scored")
    return frame.assign(picked=frame["picked"].where(~only_first, frame["slot"] == 1))


@pytest.mark.parametrize(
    ("rule", "limit", "value", "words"),
    [
        ("min_catch_correct", 0.75, 0.5, "less than 75 % of the catch trials correct"),
        ("min_repeat_agreement", 0.5, 0.0, "less than 50 % of the repeats answered alike"),
        ("min_median_seconds", 0.5, 0.3, "median time to the pick below 0.5 s"),
        ("max_same_slot_share", 0.9, 1.0, "one slot in more than 90 % of the trials"),
    ],
)
def test_each_rule_finds_the_careless_one(rule, limit, value, words):
    frame = careless()
    if rule == "min_repeat_agreement":
        # b's first answer to x is a method, the repeat another one.
        first = frame[(frame["participant"] == "b") & (frame["picture"] == "x") & frame["picked"]]
        assert set(first["method"]) > {G}
    (row,) = judge(frame, Rules(**{rule: limit})).to_dict("records")
    assert row == {
        "participant": "b", "rule": rule, "value": pytest.approx(value), "limit": limit,
        "reason": words,
    }  # fmt: skip


def test_slow_and_short_ones_are_found_too():
    frame = careless()
    assert judge(frame, Rules(max_median_seconds=3.5))["participant"].tolist() == ["a"]
    assert judge(frame, Rules(min_completed_trials=4))["value"].tolist() == [3.0, 3.0]
    assert judge(frame, Rules(min_completed_trials=3)).empty


def test_who_answered_no_scored_trial_has_too_few():
    frame = answers([{"participant": "p", "picture": "w", "pick": G, "kind": "practice"}])
    assert judge(frame, Rules(min_completed_trials=1))["value"].tolist() == [0.0]


def test_a_limit_that_is_met_exactly_is_kept():
    frame = careless()
    assert judge(frame, Rules(min_catch_correct=0.5)).empty
    assert judge(frame, Rules(max_same_slot_share=1)).empty


def test_what_was_not_asked_excludes_nobody():
    frame = answers(crossed(PICKS))
    everything = Rules(min_catch_correct=1, min_repeat_agreement=1, min_median_seconds=9)
    assert judge(frame, everything).empty


def test_a_stored_reason_stays_and_comes_first():
    frame = careless()
    people = participants(frame)
    stored = people["participant"] == "b"
    people = people.assign(excluded=people["excluded"].where(~stored, "asked to leave"))
    marked, marked_people = apply(frame, people, Rules(min_median_seconds=0.5))
    reasons = marked_people.set_index("participant")["excluded"]
    assert reasons["b"] == "asked to leave; median time to the pick below 0.5 s"
    assert pd.isna(reasons["a"])
    assert marked.loc[marked["participant"] == "a", "excluded"].isna().all()
    assert frame["excluded"].isna().all(), "the frames that came in are not changed"


def test_two_broken_rules_are_two_rows_and_one_exclusion():
    rules = Rules(min_median_seconds=0.5, min_catch_correct=0.75)
    frame = careless()
    assert judge(frame, rules)["rule"].tolist() == ["min_catch_correct", "min_median_seconds"]
    marked, people = apply(frame, participants(frame), rules)
    counted = flow(people, marked.loc[marked["excluded"].isna(), "participant"])
    assert (counted.consented, counted.excluded, counted.analysed) == (2, 1, 1)
    assert counted.reasons == {
        "less than 75 % of the catch trials correct; median time to the pick below 0.5 s": 1
    }


def test_flow_says_what_is_not_recorded():
    frame = answers([*crossed(PICKS), {"participant": "gone", "picture": "i0", "pick": G,
                                       "status": "started"}])  # fmt: skip
    counted = flow(participants(frame), frame["participant"])
    assert (counted.recruited, counted.withdrawn) == (None, None)
    assert (counted.consented, counted.completed, counted.unfinished) == (3, 2, 1)
    assert flow(participants(frame), frame["participant"], recruited=9).recruited == 9


@relaxed
@given(st.floats(0, 1), st.floats(0, 1))
def test_a_stricter_rule_never_keeps_more(one, other):
    frame = careless()
    mild, strict = sorted((one, other))
    kept = set(judge(frame, Rules(min_catch_correct=mild))["participant"])
    assert kept <= set(judge(frame, Rules(min_catch_correct=strict))["participant"])


def test_rules_come_from_a_study_file_and_go_back():
    rules = Rules(min_completed_trials=20, max_median_seconds=60.0)
    assert Rules.of(rules.settings()) == rules
    assert Rules.of({}) == Rules()
    assert Rules().settings() == {}
    with pytest.raises(ValueError, match="no exclusion rule min_iq; there are min_completed"):
        Rules.of({"min_iq": 100})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"min_catch_correct": 75}, "share and must lie between 0 and 1, got 75"),
        ({"max_same_slot_share": float("nan")}, "between 0 and 1, got nan"),
        ({"min_completed_trials": 0}, "whole number from 1 on, got 0"),
        ({"min_completed_trials": 2.5}, "whole number from 1 on, got 2.5"),
        ({"min_median_seconds": 0}, "above 0 seconds, got 0"),
        ({"min_median_seconds": "fast"}, "must be a number, got 'fast'"),
        ({"min_catch_correct": True}, "must be a number, got True"),
        ({"min_median_seconds": 5, "max_median_seconds": 5}, "nobody lies between"),
    ],
)
def test_impossible_rules_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        Rules.of(settings)


def test_categories_are_judged_alike():
    from study.statistics.stats import compact

    frame, rules = careless(), Rules(1, 0.75, 0.5, 0.5, 60, 0.9)
    pd.testing.assert_frame_equal(judge(compact(frame), rules), judge(frame, rules))


def test_the_summary_of_careless_people_is_still_made():
    assert summary_of(careless()).participants.flow.consented == 2
