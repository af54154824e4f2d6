"""The count of how often the truth is near, and the table of how well that holds."""

import numpy as np

from train.doubt import Places, counted, page, reliability


def photographs(seed: int, count: int = 200) -> list[Places]:
    """Truths that are near with a probability of exp(-spread / 10)."""
    rng = np.random.default_rng(seed)
    spread = rng.uniform(0, 30, (count, 100)).astype(np.float32)
    near = rng.random(spread.shape) < np.exp(-spread / 10)
    return [Places(*one) for one in zip(spread, near, strict=True)]


def test_what_is_counted_is_the_probability():
    said = counted(photographs(0))
    sure = np.interp([5.0, 15.0, 25.0], said["spread"], said["sure"])
    np.testing.assert_allclose(sure, np.exp([-0.5, -1.5, -2.5]), atol=0.04)
    assert said["sure"] == sorted(said["sure"], reverse=True)


def test_the_table_holds_what_is_said_and_shows_what_does_not_hold():
    said = counted(photographs(0))
    for name, count, mean, share, low, high in reliability(photographs(1), said):
        assert count > 0, name
        assert low <= share <= high
        assert abs(mean - share) < 0.04, name
    boastful = {"spread": said["spread"], "sure": [min(1, 0.3 + s) for s in said["sure"]]}
    rows = reliability(photographs(1), boastful)
    assert all(mean > high for _, _, mean, _, _, high in rows[1:-1])
    assert "| 75% to 85% |" in page(rows, 600, 200, "a" * 64)
