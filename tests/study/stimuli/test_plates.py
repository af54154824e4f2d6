"""Plates that normal vision reads and the dichromat of their kind does not, by simulation."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from study.protocol.screen import PLATES
from study.stimuli.plates import SHADES, Dots, dots, picture, seen

JUST_NOTICED = 2.3  # CIE 1976, Mahy, Van Eycken and Oosterlinck 1994


def contrast(plate: Dots, view: str | None) -> float:
    """The difference of the mean colours of figure and ground, CIE 1976."""
    lab = rgb2lab((plate.colours if view is None else seen(plate.colours, view))[None] / 255)[0]
    return float(np.linalg.norm(lab[plate.figure].mean(0) - lab[~plate.figure].mean(0)))


VIEWS = (None, "protan", "deutan")


@pytest.mark.slow
def test_the_figure_is_there_for_normal_vision_and_not_for_the_dichromat():
    table = {}
    for kind in PLATES:
        plates = [dots(kind, digit, seed) for digit in range(2, 10) for seed in (0, 1)]
        for view in VIEWS:
            found = [contrast(plate, view) for plate in plates]
            table[kind, view] = min(found), max(found)
            print(f"{kind:8} {view or 'normal':7} {min(found):.1f} to {max(found):.1f}")
    for kind in ("protan", "deutan"):
        assert table[kind, None][0] > 20 * JUST_NOTICED
        assert table[kind, kind][1] < JUST_NOTICED
    assert min(table["control", view][0] for view in VIEWS) > 10 * JUST_NOTICED


@pytest.mark.parametrize("kind", ["protan", "deutan"])
def test_brightness_tells_nothing_that_chance_does_not(kind):
    """For the dichromat, dots of figure and ground differ less than two dots of the same colour."""
    plate = dots(kind, 3, 1)
    light = rgb2lab(seen(plate.colours, kind)[None] / 255)[0, :, 0]
    means = abs(light[plate.figure].mean() - light[~plate.figure].mean())
    assert means < 0.5 * light[~plate.figure].std()
    assert light.std() > 3


def test_the_simulation_is_that_of_its_reference():
    """White and greys stay, blue stays blue; red and green of one take-up become one colour."""
    for kind in ("protan", "deutan"):
        greys = np.array([[level] * 3 for level in (0, 64, 128, 255)], np.uint8)
        assert np.abs(seen(greys, kind).astype(int) - greys).max() <= 1
        once = seen(np.random.default_rng(1).integers(60, 200, (50, 3), np.uint8), kind)
        assert np.abs(seen(once, kind).astype(int) - once).max() <= 2  # seen twice is seen once


def test_a_picture_is_made_anew_from_its_seed_and_tells_nothing_beside_its_pixels():
    one, same, other = (picture.__wrapped__("protan", 5, seed) for seed in (1, 1, 2))
    assert one == same != other
    with Image.open(io.BytesIO(one)) as image:
        assert (image.size, image.mode, image.info) == ((320, 320), "RGB", {})


@pytest.mark.parametrize("kind", SHADES)
def test_a_step_has_two_shades(kind):
    with Image.open(io.BytesIO(picture(kind, 4, 0))) as image:
        shades = {int(value) for value in np.unique(np.asarray(image))}
    assert shades == set(SHADES[kind])
