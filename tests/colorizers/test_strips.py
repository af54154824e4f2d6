"""The fast full size against scikit-image, in every depth and at the ends of the gamut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2lab

from colorizers import color, strips


def cube(step: int = 5) -> np.ndarray:
    levels = np.arange(0, 256, step, dtype=np.uint8)
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(52, -1, 3)


def flat(ab: np.ndarray) -> np.ndarray:
    """Coefficients of an ab picture that does not depend on L."""
    return np.concatenate([np.zeros_like(ab), ab], axis=-1).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lightness_is_scikit_images(dtype: type) -> None:
    rgb = cube().astype(dtype)
    if dtype == np.uint16:
        rgb = rgb * np.uint16(257) - np.uint16(rgb > 0) * np.uint16(100)
    L = strips.lightness(rgb)
    np.testing.assert_allclose(L, rgb2lab(rgb)[..., 0], atol=1e-3)
    assert L.min() >= 0
    assert L.max() <= 100


def test_every_8_bit_colour_survives_the_round_trip() -> None:
    rgb = cube(5)
    lab = color.rgb_to_lab(rgb)
    L = strips.lightness(rgb)
    np.testing.assert_array_equal(strips.paint(L, flat(lab[..., 1:])), rgb)


def test_16_bits_survive_the_round_trip_to_a_level() -> None:
    rgb = np.random.default_rng(0).integers(0, 65_536, (60, 70, 3)).astype(np.uint16)
    lab = rgb2lab(rgb / 65_535)
    out = strips.paint(strips.lightness(rgb), flat(lab[..., 1:]), deep=True)
    assert out.dtype == np.uint16
    assert np.abs(out.astype(int) - rgb).max() <= 2


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), spread=st.floats(0, 110))
def test_paint_is_the_projects_conversion_to_one_level_also_outside_the_gamut(
    seed: int, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    L = (100 * rng.random((30, 40))).astype(np.float32)
    ab = rng.uniform(-spread, spread, (30, 40, 2)).astype(np.float32)
    difference = strips.paint(L, flat(ab)).astype(int) - color.colorize_u8(L, ab)
    assert np.abs(difference).max() <= 1
    assert (difference != 0).mean() < 0.01


def test_coefficients_are_linear_in_L_and_enlarged_bilinearly() -> None:
    L = np.linspace(20, 80, 90, dtype=np.float32)[:, None].repeat(120, axis=1)
    coefficients = np.zeros((3, 4, 4), np.float32)
    coefficients[..., 0], coefficients[..., 3] = 0.25, 7.0
    out = strips.paint(L, coefficients)
    ab = np.stack([0.25 * L, 0 * L + 7], axis=-1)
    assert np.abs(out.astype(int) - color.colorize_u8(L, ab)).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 300_000), (300_000, 1), (1000, 700)])
def test_strips_cover_every_row_once(shape: tuple[int, int]) -> None:
    seen = np.zeros(shape[0], int)
    shares: list[float] = []

    def work(rows: slice) -> None:
        seen[rows] += 1

    strips.in_strips(shape, work, shares.append)
    assert (seen == 1).all()
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_an_error_in_a_strip_reaches_the_caller() -> None:
    def fail(rows: slice) -> None:
        raise MemoryError("strip")

    with pytest.raises(MemoryError, match="strip"):
        strips.in_strips((100, 100), fail)


def test_tone_curves_are_each_others_inverse() -> None:
    coded = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(
        strips.to_srgb_curve(strips.from_srgb_curve(coded)), coded, atol=1e-6
    )
