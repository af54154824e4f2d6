"""Strokes: their pixels against scikit-image's, their colours, and the recipe that keeps them."""

import json
from itertools import pairwise

import numpy as np
import pytest
from skimage.draw import line
from skimage.morphology import disk

from colorizers.errors import ImageError
from colorizers.painting import recipe, strokes
from colorizers.painting.hints import MAX_HINTS, RADIUS, Hint, blend, fields
from colorizers.painting.recipe import LONGEST, Recipe, checked, parsed, text
from colorizers.painting.strokes import covered, distance, moved, simplified

BEND = ((0.1, 0.2), (0.7, 0.3), (0.5, 0.9))
STROKE = Hint(0.1, 0.2, (40.0, -20.5), 0.02, BEND[1:])
LEAST = {"truehue": 1, "method": "gan"}


def said(**change: object) -> dict[str, object]:
    stroke = {"path": [[0.1, 0.2], [0.7, 0.3]], "width": 0.04, "a": 40, "b": -20.5} | change
    return LEAST | {"hints": [{name: value for name, value in stroke.items() if value != "gone"}]}


def test_pixels_are_those_within_the_radius_of_a_densely_drawn_line():
    # The reference walks along the line in steps of a hundredth of a pixel.
    height, width, radius = 60, 90, 0.05
    found = covered((height, width), BEND, radius)
    y, x = np.mgrid[0:height, 0:width] + 0.5
    nearest = np.full((height, width), np.inf)
    for (x0, y0), (x1, y1) in pairwise(BEND):
        for share in np.linspace(0, 1, 6000):
            across, down = (x0 + share * (x1 - x0)) * width, (y0 + share * (y1 - y0)) * height
            nearest = np.minimum(nearest, np.hypot(x - across, y - down))
    sure = abs(nearest - radius * width) > 0.01
    np.testing.assert_array_equal(found[sure], (nearest <= radius * width)[sure])


def test_a_thin_stroke_has_no_gaps_and_a_dot_is_a_disk():
    thin = covered((50, 80), [(0.05, 0.1), (0.9, 0.8)], 1e-6)
    rows, columns = line(5, 4, 40, 72)
    assert thin[rows, columns].mean() > 0.9
    assert thin.any(axis=0)[4:73].all()
    dot = covered((41, 41), [(20.5 / 41, 20.5 / 41)], 5 / 41)
    np.testing.assert_array_equal(dot[15:26, 15:26], disk(5, dtype=bool))
    assert dot.sum() == disk(5).sum()


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (164, 219)])
def test_strokes_out_to_the_edges_of_strange_shapes(shape: tuple[int, int]):
    corners = [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (1.0, 0.0), (0.0, 1.0)]
    assert covered(shape, corners, 0.01)[[0, -1], [0, -1]].all()


def test_a_stroke_keeps_its_colour_along_the_whole_of_it():
    x = np.arange(160)[None] / 160
    L = (np.where(x < 0.5, 35.0, 70.0) + np.zeros((120, 1))).astype(np.float32)
    hints = [Hint(0.1, 0.1, (50.0, 0.0), RADIUS, ((0.4, 0.9),)), Hint(0.8, 0.5, (-50.0, 0.0))]
    ab = blend(np.zeros((*L.shape, 2), np.float32), fields(L, hints), hints)
    for share in np.linspace(0, 1, 20):
        place = int((0.1 + 0.8 * share) * 120), int((0.1 + 0.3 * share) * 160)
        np.testing.assert_array_equal(ab[place], [50, 0])
    assert ab[60, 20, 0] > 20  # its region
    assert ab[60, 140, 0] < -20  # and the other's


def test_a_later_point_on_a_stroke_has_its_pixels():
    L = np.full((100, 100), 50, np.float32)
    hints = [Hint(0.1, 0.5, (60, 0), 0.05, ((0.9, 0.5),)), Hint(0.5, 0.5, (0, 60))]
    ab = blend(np.zeros((*L.shape, 2), np.float32), fields(L, hints), hints)
    np.testing.assert_array_equal(ab[50, [20, 50, 80]], [[60, 0], [0, 60], [60, 0]])


def test_distance_is_that_to_the_nearest_place_of_the_line():
    along = np.linspace(0, 1, 5001)[:, None]
    line_ = np.concatenate([
        np.array(start) + along * (np.array(end) - start)
        for start, end in pairwise(BEND)
    ])  # fmt: skip
    for x, y in np.random.default_rng(0).uniform(size=(20, 2)):
        expected = np.hypot((line_[:, 0] - x), (line_[:, 1] - y) * 0.5).min()
        assert distance(BEND, x, y, (100, 200)) == pytest.approx(expected, abs=1e-3)
    assert distance([(0.5, 0.5)], 0.5, 0.5, (100, 200)) == 0


def test_a_moved_stroke_keeps_its_form_and_stays_in_the_picture():
    there = moved(BEND, 0.5, 0.5)
    steps = np.diff(BEND, axis=0)
    np.testing.assert_allclose(np.diff(there, axis=0), steps, atol=2e-4)
    assert np.mean([np.min(there, axis=0), np.max(there, axis=0)], axis=0) == pytest.approx(0.5)
    for corner in ((0.0, 0.0), (1.0, 1.0), (0.0, 1.0)):
        there = moved(BEND, *corner)
        np.testing.assert_allclose(np.diff(there, axis=0), steps, atol=2e-4)
        assert 0 <= np.min(there) <= np.max(there) <= 1


def test_what_a_hand_drew_becomes_few_places_that_lie_on_it():
    turn = np.linspace(0, 40 * np.pi, 5000)
    scribble = [(0.5 + t / 300 * np.cos(t), 0.5 + t / 300 * np.sin(t)) for t in turn]
    few = simplified(scribble, (300, 400))
    assert 2 <= len(few) <= strokes.LONGEST
    assert few[0] == (0.5, 0.5)
    straight = [(x, 0.5 + 0.0002 * (n % 2)) for n, x in enumerate(np.linspace(0.1, 0.9, 300))]
    assert len(simplified(straight, (300, 400))) == 2
    assert simplified([(0.2, 0.3)] * 9, (300, 400)) == ((0.2, 0.3),)
    arc = [(0.5 + 0.3 * np.cos(t), 0.5 + 0.3 * np.sin(t)) for t in np.linspace(0, 3, 500)]
    kept = simplified(arc, (400, 400))
    assert max(distance(kept, x, y, (400, 400)) for x, y in arc) < 0.005


def test_a_recipe_keeps_strokes_to_the_byte():
    point = Hint(0.25, 0.5, (12.5, -30.0))
    whole = Recipe("gan", hints=(point, STROKE))
    assert json.loads(text(whole))["hints"] == [
        {"x": 0.25, "y": 0.5, "a": 12.5, "b": -30},
        {"path": [[0.1, 0.2], [0.7, 0.3], [0.5, 0.9]], "width": 0.04, "a": 40, "b": -20.5},
    ]
    assert parsed(text(whole).encode()) == whole
    assert text(parsed(text(whole).encode())) == text(whole)


def test_the_longest_strokes_fit_into_a_recipe_and_a_jpeg():
    path = tuple((round(n / 77 % 1, 4), 0.1234) for n in range(strokes.LONGEST))
    hint = Hint(*path[0], (-12.3456789, 98.7654321), 0.0123, path[1:])
    longest = text(Recipe("photo", "0" * 64, hints=(hint,) * MAX_HINTS))
    assert len(longest) < LONGEST / 2
    assert parsed(longest.encode()).hints[-1] == hint


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (said(path={}), "hint 1: the path must be a list of 2 to 64 places."),
        (said(path=[[0, 0]]), "must be a list of 2 to 64 places."),
        (said(path=[[0, 0]] * 65), "must be a list of 2 to 64 places."),
        (said(path=[[0, 0], [0]]), "place 2 of the path must be a list of x and y."),
        (said(path=[[0, 0], 1]), "place 2 of the path must be a list of x and y."),
        (said(path=[[0, 0], [0, 2]]), "hint 1: the y 2 must be a number from 0 to 1."),
        (said(path=[[0, 0], [True, 1]]), "the x must be a number from 0 to 1."),
        (said(width=0.9), "the width 0.9 must be a number from 0.004 to 0.2."),
        (said(width=float("nan")), "the width must be a number from 0.004 to 0.2."),
        (said(width="gone"), "hint 1, a stroke, must have path, width, a and b, and nothing else"),
        (said(x=0), "hint 1, a stroke, must have path, width, a and b, and nothing else"),
        (said(a=[]), "the a must be a number from -110 to 110."),
    ],
)
def test_what_is_wrong_with_a_stroke_is_a_sentence(wrong: dict, says: str):
    with pytest.raises(ImageError) as told:
        checked(wrong)
    assert says in str(told.value)
    assert recipe.text(checked(said()))  # and what is right is none
