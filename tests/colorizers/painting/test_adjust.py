"""Saturation and warmth after the fact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizers.color import colorize_u8
from colorizers.painting.adjust import SATURATION, WARM_AB, WARMTH, adjust
from colorizers.painting.predict import upsample_ab


@given(st.floats(*SATURATION), st.floats(*WARMTH))
def test_chroma_is_scaled_and_the_whole_is_shifted(saturation: float, warmth: float) -> None:
    ab = np.random.default_rng(0).uniform(-90, 90, (4, 5, 2)).astype(np.float32)
    expected = [[[saturation * v + warmth * w for v, w in zip(p, WARM_AB, strict=True)]
                 for p in row] for row in ab.tolist()]  # fmt: skip
    np.testing.assert_allclose(adjust(ab, saturation, warmth), expected, rtol=1e-4, atol=1e-3)


def test_the_middle_changes_nothing_and_zero_is_grey() -> None:
    ab = np.random.default_rng(0).uniform(-90, 90, (4, 5, 2)).astype(np.float32)
    np.testing.assert_array_equal(adjust(ab), ab)
    assert not adjust(ab, 0.0).any()


def test_warm_is_orange_and_cool_is_blue() -> None:
    grey = np.zeros((1, 2), np.float32)
    red, _, blue = colorize_u8(np.array([60.0]), adjust(grey, 1.0, 1.0))[0].astype(int)
    assert red > blue + 20
    red, _, blue = colorize_u8(np.array([60.0]), adjust(grey, 1.0, -1.0))[0].astype(int)
    assert blue > red + 20


def test_on_the_grid_or_at_full_size_is_the_same() -> None:
    rng = np.random.default_rng(3)
    L = rng.uniform(0, 100, (60, 90)).astype(np.float32)
    grid = rng.uniform(-40, 40, (6, 9, 2)).astype(np.float32)
    small = upsample_ab(L, adjust(grid, 1.7, -0.4))
    np.testing.assert_allclose(small, adjust(upsample_ab(L, grid), 1.7, -0.4), atol=0.1)


@pytest.mark.parametrize(
    ("saturation", "warmth", "says"),
    [
        (2.1, 0.0, "saturation 2.1 must be a number from 0 to 2"),
        (-0.1, 0.0, "saturation"),
        (1.0, 1.5, "warmth 1.5 must be a number from -1 to 1"),
        (float("nan"), 0.0, "saturation"),
        (True, 0.0, "saturation"),
        (1.0, "0", "warmth must be"),
        (None, 0.0, "saturation"),
        ([1.0], 0.0, "saturation"),
        (10**400, 0.0, "The saturation must be a number from 0 to 2"),
        (1.0, float("-inf"), "The warmth must be a number from -1 to 1"),
    ],
)
def test_out_of_range_is_refused(saturation: object, warmth: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        adjust(np.zeros((1, 2), np.float32), saturation, warmth)
