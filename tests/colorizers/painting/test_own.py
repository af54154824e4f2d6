"""A photograph's own colours are found, told and, on request, kept; a tone is no colour."""

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeColorizer
from PIL import Image

from colorizers.color import rgb_to_lab
from colorizers.files.reading import open_photo
from colorizers.painting.own import coloured
from colorizers.painting.pipeline import Options, colorize_file

BLUE = FakeColorizer(np.broadcast_to(np.float32([0.0, -30.0]), (32, 32, 2)))


def scene(tone: tuple[float, float, float] = (1, 1, 1)) -> np.ndarray:
    y, x = np.mgrid[0:200, 0:300]
    grey = 110 + 70 * np.sin(x / 40) * np.cos(y / 35)
    grey = grey + np.random.default_rng(0).normal(0, 3, grey.shape)
    return np.clip(grey[..., None] * np.array(tone), 0, 255).astype(np.uint8)


def tinted(tone: tuple[float, float, float] = (1, 1, 1)) -> np.ndarray:
    """With a red dress."""
    rgb = scene(tone)
    rgb[80:140, 100:150] = np.clip(rgb[80:140, 100:150] * [1.3, 0.5, 0.5], 0, 255)
    return rgb


@pytest.mark.parametrize("tone", [(1, 1, 1), (1, 0.9, 0.7), (0.9, 0.95, 1)])
def test_a_tone_is_no_colour_and_a_dress_is(tone) -> None:
    assert coloured(scene(tone)) is None
    found = coloured(tinted(tone))
    assert found is not None
    assert found.shape == (200, 300)
    assert found[84:136, 104:146].mean() > 0.95
    assert found.sum() < 1.1 * 60 * 50
    deep = coloured(tinted(tone).astype(np.uint16) * 257)
    assert deep is not None
    np.testing.assert_array_equal(deep, found)


def test_colours_all_over_are_all_found() -> None:
    y, x = np.mgrid[0:100, 0:100]
    rgb = np.dstack([y * 2, 255 - x * 2, x + y]).astype(np.uint8)
    found = coloured(rgb)
    assert found is not None
    assert found.mean() > 0.8


def test_they_are_told_and_kept_on_request(tmp_path: Path) -> None:
    rgb, source = tinted(), tmp_path / "a.png"
    Image.fromarray(rgb).save(source)
    for kept in (False, True):
        made = colorize_file(source, tmp_path / "b.png", BLUE, Options(keep=kept))
        assert "colours of its own on 5 % of it" in made.notices[-1]
        assert ("are kept" in made.notices[-1]) == kept
        out = open_photo(tmp_path / "b.png").rgb
        assert (out[90:130, 110:140] == rgb[90:130, 110:140]).all() == kept
        assert rgb_to_lab(out[:60])[..., 2].mean() < -25
    Image.fromarray(scene()).save(source)
    assert colorize_file(source, tmp_path / "b.png", BLUE, Options(keep=True)).notices == ()
