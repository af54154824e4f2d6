"""The layer of colours alone: blended as the standard says, it gives the coloured picture."""

import numpy as np
import pytest
from fakes import FakeColorizer, hue_wheel
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data
from skimage.color import deltaE_ciede2000, rgb2lab

from colorizers.color import colorize_u8
from colorizers.errors import ImageError
from colorizers.files.picture import Picture
from colorizers.painting.layer import colours_alone
from colorizers.painting.pipeline import Options, colorize_opened
from colorizers.painting.recipe import read


def blended(backdrop: list[float], source: list[float]) -> list[float]:
    """Blend mode Color of one pixel, word by word as the W3C has it."""

    def lum(c):
        return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]

    d = lum(backdrop) - lum(source)
    c = [value + d for value in source]
    level, low, high = lum(c), min(c), max(c)
    if low < 0:
        c = [level + (value - level) * level / (level - low) for value in c]
    if high > 1:
        c = [level + (value - level) * (1 - level) / (high - level) for value in c]
    return c


@given(st.lists(st.integers(0, 255), min_size=3, max_size=3))
def test_over_its_own_luma_a_layer_gives_the_colour_again(rgb: list[int]):
    layer = colours_alone(np.array([[rgb]], np.uint8))[0, 0] / 255
    luma = float(np.dot([0.3, 0.59, 0.11], rgb)) / 255
    again = np.array(blended([luma] * 3, list(layer))) * 255
    assert np.abs(again - rgb).max() < 1.3  # two roundings


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_the_photograph_is_not_in_it(kind: type):
    most = np.iinfo(kind).max
    grey: np.ndarray = np.random.default_rng(0).integers(0, most, (30, 40, 1)).astype(kind)
    np.testing.assert_array_equal(
        colours_alone(np.repeat(grey, 3, axis=-1)), np.full((30, 40, 3), most // 2 + 1, kind)
    )


def test_over_a_grey_photograph_it_is_nearly_the_coloured_one():
    rgb = data.astronaut()[::8, ::8]
    grey = colorize_u8(rgb2lab(rgb)[..., 0], np.zeros((*rgb.shape[:2], 2)))
    layer = colours_alone(rgb)
    again = np.array(
        [blended(list(b), list(s)) for b, s in zip(grey.reshape(-1, 3) / 255,
                                                   layer.reshape(-1, 3) / 255, strict=True)]
    ).reshape(rgb.shape)  # fmt: skip
    away = deltaE_ciede2000(rgb2lab(again.clip(0, 1)), rgb2lab(rgb)).mean()
    assert away < 1.0
    assert away < 0.1 * deltaE_ciede2000(rgb2lab(grey), rgb2lab(rgb)).mean()


def test_a_file_of_the_layer_has_the_size_and_the_recipe_and_is_a_png(tmp_path):
    grey = np.random.default_rng(0).integers(0, 256, (20, 30, 1), dtype=np.uint8)
    photo = Picture(np.repeat(grey, 3, axis=-1), None, "array", exif=b"", dpi=(300.0, 300.0))
    colorizer = FakeColorizer(hue_wheel(), "photo")
    colorize_opened(photo, tmp_path / "whole", colorizer, Options(saturation=0.7))
    options = Options(saturation=0.7, layer=True)
    colorize_opened(photo, tmp_path / "layer", colorizer, options)
    with Image.open(tmp_path / "whole") as whole, Image.open(tmp_path / "layer") as layer:
        assert (layer.format, layer.size) == ("PNG", (30, 20))
        assert "dpi" not in layer.info
        np.testing.assert_array_equal(np.asarray(layer), colours_alone(np.asarray(whole)))
    assert read(tmp_path / "layer") == read(tmp_path / "whole")
    with pytest.raises(ImageError, match="A layer of colours is a PNG, and not JPEG"):
        colorize_opened(photo, tmp_path / "layer", colorizer, Options("JPEG", layer=True))
