"""The fast full size against scikit-image, in every depth and at the ends of the gamut."""

import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core import caching
from skimage.color import lab2rgb, rgb2lab

from colorizers import color
from colorizers.painting import kernels, strips


def cube(step: int = 5) -> np.ndarray:
    levels = np.arange(0, 256, step, dtype=np.uint8)
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(52, -1, 3)


def flat(ab: np.ndarray) -> np.ndarray:
    """Coefficients of an ab picture that does not depend on L."""
    return np.concatenate([np.zeros_like(ab), ab], axis=-1).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lightness_is_scikit_images(dtype: type) -> None:
    rgb: np.ndarray = cube().astype(dtype)
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


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_any_view_of_a_picture_has_its_lightness(dtype: type) -> None:
    """Upright, mirrored or every other column: arrays that do not lie whole in memory."""
    rng = np.random.default_rng(3)
    whole = rng.integers(0, np.iinfo(dtype).max, (40, 60, 3), dtype, endpoint=True)
    for view in (whole.swapaxes(0, 1), whole[:, ::-1], whole[::2, 5:31], whole[..., ::-1]):
        expected = rgb2lab(view / np.iinfo(dtype).max)[..., 0]
        np.testing.assert_allclose(strips.lightness(view), expected, atol=1e-3)


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
    expected = color.to_uint8(color.lab_to_rgb(color.join(L, ab)))
    difference = strips.paint(L, flat(ab)).astype(int) - expected
    assert np.abs(difference).max() <= 1
    assert (difference != 0).mean() < 0.01


@pytest.mark.parametrize("deep", [False, True])
def test_lightness_is_kept_whatever_the_colour(deep: bool) -> None:
    """Every L, every hue, up to twice the chroma that sRGB has; hue as scikit-image sees it."""
    L = np.linspace(0, 100, 201, dtype=np.float32)[:, None, None]
    hue = np.linspace(-np.pi, np.pi, 73)[None, :, None]
    chroma = np.array([0.5, 3, 10, 30, 60, 90, 130, 200])[None, None, :]
    L, hue, chroma = np.broadcast_arrays(L, hue, chroma)
    ab = (chroma[..., None] * np.stack([np.cos(hue), np.sin(hue)], -1)).astype(np.float32)
    L, ab = L.reshape(201, -1), ab.reshape(201, -1, 2)
    wide = np.concatenate([np.zeros_like(ab), ab], axis=-1)
    for out in (strips.paint(L, wide, deep=deep), color.lab_to_rgb(color.join(L, ab))):
        top = np.iinfo(out.dtype).max if out.dtype != np.float32 else 1
        lab = rgb2lab(out.astype(np.float64) / top)
        assert np.abs(lab[..., 0] - L).max() < (0.25 if out.dtype == np.uint8 else 0.02)
        wanted = np.hypot(ab[..., 0], ab[..., 1])
        more = np.hypot(lab[..., 1], lab[..., 2]) - wanted
        off = np.abs(lab[..., 1] * ab[..., 1] - lab[..., 2] * ab[..., 0]) / wanted  # the hue
        assert max(more.max(), off.max()) < (1 if out.dtype == np.uint8 else 0.1)


def test_chroma_is_as_high_as_the_lightness_allows() -> None:
    """The edge of the gamut by steps of a thousandth of the chroma, in scikit-image's numbers."""
    rng = np.random.default_rng(5)
    L = rng.uniform(5, 99, 300)
    ab = rng.uniform(-110, 110, (300, 2))
    shares = np.linspace(0, 1, 1001)[:, None, None] * ab
    lab = np.concatenate([np.broadcast_to(L[:, None], (1001, 300, 1)), shares], axis=-1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        there = np.abs(rgb2lab(lab2rgb(lab)) - lab).max(axis=-1) < 0.02
    edge = np.where(there.all(axis=0), 1, there.argmin(axis=0) / 1000)
    out = rgb2lab(color.lab_to_rgb(np.column_stack([L, ab])))
    chroma = np.hypot(*ab.T)
    missing = edge * chroma - np.hypot(out[:, 1], out[:, 2])
    assert np.abs(missing).max() < 2
    assert np.abs(missing).mean() < 0.15


def test_coefficients_are_linear_in_L_and_enlarged_bilinearly() -> None:
    L = np.linspace(20, 80, 90, dtype=np.float32)[:, None].repeat(120, axis=1)
    coefficients = np.zeros((3, 4, 4), np.float32)
    coefficients[..., 0], coefficients[..., 3] = 0.25, 7.0
    out = strips.paint(L, coefficients)
    ab = np.stack([0.25 * L, 0 * L + 7], axis=-1)
    assert np.abs(out.astype(int) - color.colorize_u8(L, ab)).max() <= 1


@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    grid=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    seed=st.integers(0, 10**6),
    deep=st.booleans(),
)
def test_coefficients_are_enlarged_as_opencv_does_and_rounded_once(
    shape: tuple[int, int], grid: tuple[int, int], seed: int, deep: bool
) -> None:
    """Against float64 throughout. Rounding alone is half a level."""
    rng = np.random.default_rng(seed)
    grid = (min(grid[0], shape[0]), min(grid[1], shape[1]))
    L = rng.uniform(0, 100, shape).astype(np.float32)
    coefficients = rng.uniform(-0.3, 0.3, (*grid, 4)).astype(np.float32)
    coefficients[..., 2:] = rng.uniform(-90, 90, (*grid, 2))
    wide = cv2.resize(coefficients.astype(np.float64), shape[::-1]).reshape(*shape, 4)
    ab = wide[..., :2] * L[..., None] + wide[..., 2:]
    rgb01 = color.lab_to_rgb(color.join(L, ab))
    out = strips.paint(L, coefficients, deep=deep)
    limit = 1.2 if deep else 0.535  # levels
    assert np.abs(out - rgb01.clip(0, 1) * np.iinfo(out.dtype).max).max() < limit


@pytest.mark.parametrize("deep", [False, True])
def test_numbers_that_are_not_numbers_stay_inside_the_tables(deep: bool) -> None:
    L = np.full((5, 7), 50, np.float32)
    for bad in (np.nan, np.inf, -np.inf, 1e30, -1e30):
        coefficients = np.zeros((2, 2, 4), np.float32)
        coefficients[0, 0, 2:] = bad
        assert strips.paint(L, coefficients, deep=deep).shape == (5, 7, 3)


def test_loops_are_compiled_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only installation of a user without a home: compiled anew in each process."""
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    assert kernels.compiled(lambda x: x + 1)(2) == 3
