"""Steps back and forth."""

import pytest

from colorizers.page import history
from colorizers.page.history import History


def test_a_new_step_ends_what_was_taken_back() -> None:
    steps = History(0)
    for step in (1, 2, 3, 3):
        steps.record(step)
    assert [steps.undo(), steps.undo()] == [2, 1]
    steps.record(9)
    assert not steps.can_redo
    assert steps.redo() == 9
    assert [steps.undo(), steps.undo(), steps.undo()] == [1, 0, 0]
    assert not steps.can_undo


def test_a_slider_that_moves_on_without_a_pause_is_one_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    steps = History(0)
    for step, moved, pause in (
        (1, "", 0),
        (2, "warmth", 0.1),
        (3, "warmth", 0.5),
        (4, "saturation", 0.5),
        (5, "saturation", 1.5),
    ):
        now += pause
        steps.record(step, moved)
    assert [steps.undo() for _ in range(5)] == [4, 3, 1, 0, 0]
    steps.record(1, "warmth")
    now += 5  # on a busy server
    steps.drawn()
    now += 0.2
    steps.record(2, "warmth")
    assert steps.undo() == 0
    steps.record(6, "saturation")  # it starts from another place than it was
    assert steps.undo() == 0


def test_there_is_an_end_of_what_is_remembered() -> None:
    steps = History(0)
    for step in range(1, 3 * history.LONGEST):
        steps.record(step)
    while steps.can_undo:
        steps.undo()
    assert steps.now == 2 * history.LONGEST - 1
