"""The visible mark: where it is, that it can be read, what it leaves alone."""

import numpy as np
import pytest

from colorizers.painting import mark


def of(height, width, dtype=np.uint8, value=0.5):
    return np.full((height, width, 3), round(value * np.iinfo(dtype).max), dtype)


@pytest.mark.parametrize(("height", "width"), [(400, 600), (3000, 4000), (900, 500), (260, 2000)])
def test_it_is_in_the_lower_right_corner_and_nowhere_else(height, width):
    rgb = of(height, width)
    assert mark.mark(rgb) is None
    rows, columns = np.nonzero((rgb != of(height, width)).any(axis=2))
    assert rows.max() == height - 1
    assert columns.max() == width - 1
    assert rows.min() > 0.9 * height
    assert columns.min() >= np.floor((1 - mark.WIDEST) * width) - height * 0.05


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_words_can_be_read_on_any_ground(dtype, value):
    rgb = of(600, 900, dtype, value)
    mark.mark(rgb)
    share = rgb[-20:, -100:].astype(float) / np.iinfo(dtype).max  # of white
    assert share.max() > 0.95
    assert np.median(share) < 0.4  # the ground: at least 4 : 1 in luminance from white


def test_sixteen_bits_are_marked_as_eight_are():
    eight, sixteen = of(400, 600), of(400, 600, np.uint16)
    mark.mark(eight)
    mark.mark(sixteen)
    assert np.abs(sixteen / 257 - eight).max() <= 1
    assert len(np.unique(sixteen)) > 2  # smooth edges


def test_the_letters_have_about_the_same_share_of_any_picture():
    shares = []
    for size in ((600, 900), (1800, 2700)):
        rgb = of(*size)
        mark.mark(rgb)
        shares.append([(rgb < 100).mean(), (rgb > 200).mean()])  # ground and letters
    np.testing.assert_allclose(shares[0], shares[1], rtol=0.2)
    assert 0.001 < shares[1][1] < 0.01


@pytest.mark.parametrize(("height", "width"), [(32, 32), (200, 300), (900, 60), (1, 1)])
def test_a_picture_too_small_for_words_says_so_and_stays(height, width):
    rgb = of(height, width)
    assert f"too small ({width} x {height} pixels)" in mark.mark(rgb)
    assert (rgb == of(height, width)).all()
