"""The rules of a session: what is due, what stands, what is refused, and what the page learns."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.errors import RefusedError
from study.protocol.session import (
    TrialState,
    allow_pick,
    allow_ratings,
    current,
    response_time,
    view,
    visible,
)

METHODS = ("gan", "truth", "classification")
GOOD = [{"realism": 1, "quality": 5}] * 3
CHECKED = {(slot, scale): value for slot in (1, 2, 3) for scale, value in GOOD[0].items()}


def trials(practice=1, scored=3, finished=0, picked=False):
    """A session with `finished` trials done and, if `picked`, the next one picked."""
    out = [
        TrialState(
            number, f"token{number}", number, "practice" if number <= practice else "scored",
            f"picture{number}", METHODS,
        )
        for number in range(1, practice + scored + 1)
    ]  # fmt: skip
    for number in range(finished):
        out[number] = replace(out[number], picked=1, ratings=CHECKED)
    if picked:
        out[finished] = replace(out[finished], picked=2)
    return out


def test_the_first_unfinished_trial_is_due():
    assert current(trials(finished=2)).position == 3
    assert current(trials(finished=2, picked=True)).position == 3
    assert current(trials(finished=4)) is None


def test_a_pick_is_allowed_only_for_the_due_trial():
    session = trials(finished=1)
    assert allow_pick(session, "token2", 3).id == 2
    with pytest.raises(RefusedError, match="not due"):
        allow_pick(session, "token3", 1)
    with pytest.raises(RefusedError, match="not one of yours"):
        allow_pick(session, "token9", 1)


def test_an_earlier_pick_stands():
    assert allow_pick(trials(finished=2), "token1", 3).picked == 1
    assert allow_pick(trials(finished=1, picked=True), "token2", 3).picked == 2


@pytest.mark.parametrize("slot", [0, 4, -1, 1.0, "1", True, None, [1]])
def test_a_pick_must_be_one_of_the_slots(slot):
    with pytest.raises(RefusedError, match="1 to 3"):
        allow_pick(trials(), "token1", slot)


def test_ratings_need_a_pick_first():
    with pytest.raises(RefusedError, match="real first"):
        allow_ratings(trials(), "token1", GOOD)
    trial, checked = allow_ratings(trials(picked=True), "token1", GOOD)
    assert (trial.id, checked) == (1, CHECKED)


def test_earlier_ratings_stand():
    other = [{"realism": 5, "quality": 5}] * 3
    assert allow_ratings(trials(finished=1), "token1", other)[1] == CHECKED


@pytest.mark.parametrize(
    "ratings",
    [
        None, [], "555", GOOD[:2], GOOD * 2, [{}] * 3, [1, 2, 3], {"1": GOOD[0]},
        [*GOOD[:2], {"realism": 1}], [*GOOD[:2], {"realism": 1, "quality": 6}],
        [*GOOD[:2], {"realism": 0, "quality": 1}], [*GOOD[:2], {"realism": True, "quality": 1}],
        [*GOOD[:2], {"realism": 2.5, "quality": 1}], [*GOOD[:2], {"realism": "3", "quality": 1}],
    ],
)  # fmt: skip
def test_ratings_must_be_complete_and_from_1_to_5(ratings):
    with pytest.raises(RefusedError, match="Rate"):
        allow_ratings(trials(picked=True), "token1", ratings)


def test_pictures_of_the_current_and_the_next_two_trials_may_be_sent_and_no_others():
    session = trials(scored=4, finished=1)
    for number in (2, 3, 4):
        assert visible(session, f"token{number}").id == number
    for token in ("token1", "token5", "none"):
        with pytest.raises(RefusedError, match="not being shown"):
            visible(session, token)


@pytest.mark.parametrize(
    ("given", "kept"),
    [(0, 0), (12.4, 12), (3_600_000, 3_600_000), (3_600_001, None), (-0.1, None),
     (float("nan"), None), (float("inf"), None), ("12", None), (None, None), (True, None),
     ([5], None), (10**400, None)],
)  # fmt: skip
def test_response_times_that_make_no_sense_are_not_kept(given, kept):
    assert response_time(given) == kept


def test_only_picked_practice_says_which_picture_is_real():
    assert "real" not in view(trials())
    assert view(trials(picked=True))["real"] == 2
    assert "real" not in view(trials(finished=1))
    assert "real" not in view(trials(finished=1, picked=True))


@settings(deadline=None)
@given(st.permutations(METHODS), st.permutations(METHODS), st.integers(1, 3), st.booleans())
def test_what_the_page_learns_of_scored_trials_does_not_depend_on_the_methods(
    one, other, finished, picked
):
    def shown(order):
        session = trials(finished=finished, picked=picked)
        return view([replace(trial, methods=tuple(order)) for trial in session])

    assert json.dumps(shown(one)) == json.dumps(shown(other))


def test_the_counter_counts_each_phase_from_one():
    assert [view(trials(finished=n))["number"] for n in range(4)] == [1, 1, 2, 3]
    assert [view(trials(finished=n))["of"] for n in range(4)] == [1, 3, 3, 3]
    assert view(trials(finished=4)) == {"step": "done"}


def test_later_kinds_of_trials_look_like_the_others():
    session = trials(finished=1)
    session[2] = replace(session[2], kind="catch")
    assert view(session)["of"] == 3
    session[1] = replace(session[1], picked=1, ratings=CHECKED)
    assert view(session)["number"] == 2
    assert "real" not in view(session)
