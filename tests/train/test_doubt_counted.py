"""The count of how often the truth is near, and the table of how well that holds."""

import numpy as np
import pytest

from train import doubt
from train.doubt import Places, counted, page, reliability


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch):
    monkeypatch.setattr(doubt, "RESAMPLES", 60)


def photographs(seed: int, count: int = 200, reach: float = 10) -> list[Places]:
    """Truths that are near with a probability of exp(-spread / reach)."""
    rng = np.random.default_rng(seed)
    spread = rng.uniform(0, 30, (count, 100)).astype(np.float32)
    near = rng.random(spread.shape) < np.exp(-spread / reach)
    return [Places(*one) for one in zip(spread, near, strict=True)]


def test_what_is_counted_is_the_probability():
    said = counted(photographs(0))
    sure = np.interp([5.0, 15.0, 25.0], said["spread"], said["sure"])
    np.testing.assert_allclose(sure, np.exp([-0.5, -1.5, -2.5]), atol=0.04)
    assert said["sure"] == sorted(said["sure"], reverse=True)


def test_the_table_holds_what_is_said_and_shows_what_does_not_hold():
    rows = reliability(photographs(0), photographs(1))
    for row in rows:
        assert row.places > 0, row
        assert row.low <= row.sure - row.near <= row.high
        assert abs(row.sure - row.near) < 0.04, row
    assert sum(row.low <= 0 <= row.high for row in rows) >= len(rows) - 1
    boastful = reliability(photographs(0), photographs(1, reach=6))
    assert all(row.low > 0 for row in boastful[1:-1])
    assert "| 75% to 85% |" in page(boastful, 600, 200, "a" * 64)


def test_few_photographs_to_count_on_make_the_interval_wider():
    def widths(count):
        rows = reliability(photographs(2, count), photographs(1))
        return {row.said: row.high - row.low for row in rows}

    few, many = widths(12), widths(400)
    both = few.keys() & many.keys()
    assert np.mean([few[said] / many[said] for said in both]) > 1.3
