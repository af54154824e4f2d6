"""Lab against published values, kornia and scikit-image; round trips; the range of each error."""

import warnings

import numpy as np
import pytest
import skimage.color
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from colorizers import color

# Bruce Lindbloom's CIE colour calculator, sRGB, D65, no adaptation.
PUBLISHED = {
    (255, 0, 0): (53.2408, 80.0925, 67.2032),
    (0, 255, 0): (87.7347, -86.1827, 83.1793),
    (0, 0, 255): (32.2970, 79.1875, -107.8602),
    (255, 255, 255): (100.0, 0.0, 0.0),
    (128, 128, 128): (53.5850, 0.0, 0.0),
    (0, 0, 0): (0.0, 0.0, 0.0),
}


@pytest.mark.parametrize(("rgb", "lab"), PUBLISHED.items())
def test_published_values(rgb, lab):
    np.testing.assert_allclose(color.rgb_to_lab(np.array(rgb, np.uint8)), lab, atol=0.02)


def cube(step=5):
    levels = np.arange(0, 256, step, dtype=np.uint8)
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(1, -1, 3)


def test_kornia_agrees_on_the_cube():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its own optional imports
        from kornia.color import lab_to_rgb, rgb_to_lab
    rgb01 = torch.from_numpy(cube()).permute(2, 0, 1)[None].double() / 255
    theirs = rgb_to_lab(rgb01)
    ours = color.rgb_to_lab(cube())
    np.testing.assert_allclose(ours, theirs[0].permute(1, 2, 0).numpy(), atol=0.01)
    back = lab_to_rgb(theirs)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(color.lab_to_rgb(ours), back, atol=1e-3)


def test_every_8_bit_colour_survives_the_round_trip():
    rgb_u8 = cube(3)
    np.testing.assert_array_equal(
        color.to_uint8(color.lab_to_rgb(color.rgb_to_lab(rgb_u8))), rgb_u8
    )


def test_networks_see_values_in_minus_one_to_one():
    lab = color.rgb_to_lab(cube())
    assert np.abs(lab[..., 0] / color.L_HALF - 1).max() <= 1 + 1e-6
    assert np.abs(lab[..., 1:] / color.AB_MAX).max() < 1


@given(L=st.floats(1, 99), a=st.floats(-110, 110), b=st.floats(-110, 110))
@settings(max_examples=200, deadline=None)
def test_what_lies_outside_the_gamut_becomes_paler_and_nothing_warns(L, a, b):
    rgb = color.lab_to_rgb([L, a, b])
    assert ((rgb >= 0) & (rgb <= 1)).all()
    assert abs(color.rgb_to_lab(rgb)[0] - L) < 0.01


def test_figures_and_stimuli_clip_per_channel_as_published():
    rng = np.random.default_rng(2)
    lab = np.float32(rng.uniform([0, -110, -110], [100, 110, 110], (500, 3)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        expected = np.rint(skimage.color.lab2rgb(lab) * 255)
    np.testing.assert_array_equal(color.colorize_u8(lab[:, 0], lab[:, 1:]), expected)


def test_16_bit_and_float_are_the_same_colour():
    whole = np.array([[0, 32768, 65535]], np.uint16)
    np.testing.assert_allclose(
        color.rgb_to_lab(whole), color.rgb_to_lab(whole / 65535.0), atol=1e-3
    )


def test_in_gamut_colorization_keeps_L():
    rgb_u8 = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    lab = color.rgb_to_lab(rgb_u8)
    np.testing.assert_array_equal(color.colorize_u8(lab[..., 0], lab[..., 1:]), rgb_u8)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (np.zeros((4, 4)), "last axis"),
        (np.full((1, 3), 2.0), r"\[0, 1\]"),
        (np.full((1, 3), np.nan), r"\[0, 1\]"),
        (np.zeros((1, 3), np.int64), "int64"),
    ],
)
def test_wrong_input_is_refused_with_its_value(wrong, says):
    with pytest.raises(ValueError, match=says):
        color.rgb_to_lab(wrong)


def test_lab_without_three_channels_is_refused():
    with pytest.raises(ValueError, match="last axis"):
        color.lab_to_rgb(np.zeros((4, 2)))


def test_tone_curves_are_each_others_inverse() -> None:
    coded = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(color.to_srgb_curve(color.from_srgb_curve(coded)), coded, atol=1e-6)
