"""The smoother against OpenCV's, and the same bytes whatever else the processor does."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from fakes import FakeColorizer, hue_wheel

from colorizers.files.reading import from_array
from colorizers.painting.predict import colorize_photo
from colorizers.painting.smoother import smooth


@pytest.mark.parametrize("shape", [(40, 57), (1, 30), (30, 1), (2, 2), (1, 1), (200, 120)])
@pytest.mark.parametrize("strength", [0.5, 100.0])
def test_it_is_opencvs_but_for_rounding(shape: tuple[int, int], strength: float) -> None:
    rng = np.random.default_rng(1)
    guide = rng.choice(np.uint8([10, 12, 90, 250]), shape)
    planes = rng.normal(0, 30, (2, *shape)).astype(np.float32)
    before = planes.copy()
    made = smooth(guide, planes, strength, 4.0)
    np.testing.assert_array_equal(planes, before)
    for plane, ours in zip(planes, made, strict=True):
        theirs = cv2.ximgproc.createFastGlobalSmootherFilter(guide, strength, 4.0).filter(plane)
        np.testing.assert_allclose(ours, np.reshape(theirs, shape), atol=2e-3)


def test_a_photograph_is_coloured_the_same_to_the_byte_whatever_else_runs() -> None:
    """By one thread or several, alone or beside others: so a recipe can be repeated."""
    rng = np.random.default_rng(2)
    rgb = cv2.resize(rng.integers(0, 256, (40, 60, 3), np.uint8), (500, 333))
    photo = from_array(rgb)
    fake = FakeColorizer(hue_wheel(chroma=40.0))
    expected = colorize_photo(fake, photo)
    before = cv2.getNumThreads()
    try:
        for threads in (1, 2, 3, 8):
            cv2.setNumThreads(threads)
            with ThreadPoolExecutor(3) as pool:
                for made in pool.map(lambda _: colorize_photo(fake, photo), range(3)):
                    np.testing.assert_array_equal(made, expected)
    finally:
        cv2.setNumThreads(before)
