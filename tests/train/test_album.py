"""An album of one photograph: its objects, their colours on each picture, and how far apart."""

import numpy as np
import pytest

from train.album import colours, error, objects, spread
from train.references import Part

LEFT = np.float32([30.0, 10.0])
RIGHT = np.float32([-5.0, -30.0])


def halves() -> np.ndarray:
    """A photograph of two things, red on the left and blue on the right."""
    rgb_u8 = np.zeros((64, 64, 3), np.uint8)
    rgb_u8[:, :40], rgb_u8[:, 40:] = (200, 40, 30), (30, 60, 200)
    return rgb_u8


def cut(top: int, left: int, side: int) -> Part:
    """A part of it, mirrored."""
    place = np.moveaxis(np.mgrid[top : top + side, left : left + side], 0, -1)[:, ::-1]
    return Part(np.zeros((side, side, 3), np.float32), place)


def test_an_object_has_its_colour_where_half_of_it_is_seen() -> None:
    found = objects(halves())
    assert sorted(np.unique(found)) == [0, 1]
    red, blue = found[0, 0], found[0, -1]
    assert (found[:, :40] == red).all()
    assert (found[:, 40:] == blue).all()
    whole, corner = cut(0, 0, 64), cut(0, 0, 48)  # of the corner, 8 of 24 columns are blue
    for one in (whole, corner):
        right = one.place[..., 1] >= 40
        seen = colours(one, np.where(right[..., None], RIGHT, LEFT), found)
        np.testing.assert_allclose(seen[red], LEFT, atol=1e-4)
        if one is whole:
            np.testing.assert_allclose(seen[blue], RIGHT, atol=1e-4)
        else:
            assert np.isnan(seen[blue]).all()


def test_spread_and_error_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    album = rng.normal(0, 5, (5, 3, 2)).astype(np.float32)
    album[0, 1] = np.nan  # not seen on the first picture
    away = []
    for n in range(3):
        seen = album[np.isfinite(album[:, n, 0]), n]
        away.append(np.sqrt(seen.var(axis=0).sum()))
    assert spread(album) == pytest.approx(np.mean(away), rel=1e-5)
    assert spread(album + np.float32([7, -9])) == pytest.approx(np.mean(away), rel=1e-4)
    assert error(album, album + np.float32([3.0, 4.0])) == pytest.approx(5.0, rel=1e-5)
    once = np.full((2, 1, 2), np.nan, np.float32)
    once[0] = 1.0
    assert np.isnan(spread(once))
