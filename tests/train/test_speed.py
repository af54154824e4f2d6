"""The speed report: operations are counted right, every step is measured and shown."""

import pytest
import torch
from torch import nn

from train import speed


def test_operations_of_a_convolution_are_counted_forward_and_backward():
    layer = nn.Conv2d(3, 5, 3, padding=1, bias=False)
    picture = torch.randn(2, 3, 8, 8, requires_grad=True)
    forward = 2 * 2 * 8 * 8 * 5 * 3 * 9  # two a multiply-add
    assert speed.operations(lambda: layer(picture)) == forward
    # Backward: once for the weights, once for the picture.
    assert speed.operations(lambda: layer(picture).sum().backward()) == 3 * forward


def test_steps_take_turns_and_times_are_a_call(monkeypatch):
    clock, order = [0.0], []
    monkeypatch.setattr(speed.time, "perf_counter", lambda: clock[0])

    def step(name, takes):
        def call():
            clock[0] += takes
            order.append(name)

        return call

    times = speed.measure({"a": step("a", 0.25), "b": step("b", 0.5)}, rounds=2, seconds=1)
    assert times == {"a": [0.25, 0.25], "b": [0.5, 0.5]}
    assert order[4:] == ["a"] * 4 + ["b"] * 2 + ["a"] * 4 + ["b"] * 2


@pytest.mark.slow
def test_the_report_shows_every_step_and_the_ceiling(monkeypatch):
    monkeypatch.setattr(speed, "SIDE", 64)
    monkeypatch.setattr(speed, "BATCH", 2)
    text = speed.report(rounds=1, seconds=0.01, compiled=False)
    for name in ("regression", "regression, float32", "classification", "gan", "data pipeline"):
        assert f"| {name} |" in text
    assert "Ceiling:" in text
