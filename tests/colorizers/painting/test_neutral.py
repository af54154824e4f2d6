"""What has no colour stays without: paper, scratches, plain grey; and no colour leaves its edge."""

import numpy as np
import pytest
from fakes import FakeColorizer

from colorizers.files.reading import from_array
from colorizers.painting import predict
from colorizers.painting.predict import colorize_photo, lightness, paint_grid, predict_grid

TINTED = FakeColorizer(np.broadcast_to(np.float32([25.0, 20.0]), (32, 32, 2)))


def chroma(rgb: np.ndarray) -> np.ndarray:
    from colorizers.color import rgb_to_lab

    return np.hypot(*np.moveaxis(rgb_to_lab(rgb)[..., 1:], -1, 0))


def scene(height: int = 300, width: int = 400) -> np.ndarray:
    """Grey of a smooth hill with some grain."""
    y, x = np.mgrid[0:height, 0:width]
    grey = 90 + 60 * np.sin(x / 90) * np.cos(y / 70)
    return np.clip(grey + np.random.default_rng(0).normal(0, 3, grey.shape), 0, 255).astype(
        np.uint8
    )


@pytest.mark.parametrize("paper", [255, 245, 215])
def test_paper_round_a_print_is_not_tinted(paper: int) -> None:
    grey = scene()
    inside = np.zeros(grey.shape, bool)
    inside[24:-30, 20:-26] = True
    grain = np.random.default_rng(1).normal(0, 1.5, grey.shape)
    grey = np.where(inside, grey, np.clip(paper + grain, 0, 255)).astype(np.uint8)
    found = chroma(colorize_photo(TINTED, from_array(grey)))
    assert found[~inside].mean() < 1
    assert np.median(found[inside]) > 20


def test_white_scratches_are_not_tinted() -> None:
    for size, thick in (((300, 400), 1), ((900, 1200), 3)):
        grey = scene(*size)
        scratched = np.zeros(size, bool)
        scratched[:, 100 : 100 + thick] = True
        scratched[size[0] // 2 : size[0] // 2 + thick] = True
        grey[scratched] = 248
        rgb = colorize_photo(TINTED, from_array(grey))
        assert chroma(rgb)[scratched].mean() < 2
        assert np.median(chroma(rgb)[~scratched]) > 20
        assert np.abs(lightness(rgb) - lightness(np.dstack([grey] * 3))).max() < 1


def test_a_bright_sky_keeps_its_colour() -> None:
    grey = scene()
    grey[:120] = 225 - np.linspace(0, 20, 120).astype(np.uint8)[:, None]
    assert np.median(chroma(colorize_photo(TINTED, from_array(grey)))[:120]) > 10


def test_a_plain_grey_stays_grey_and_a_faint_picture_does_not() -> None:
    blue = FakeColorizer(np.broadcast_to(np.float32([0.0, -60.0]), (32, 32, 2)))
    plain = np.full((90, 120), 128, np.uint8)
    assert chroma(colorize_photo(blue, from_array(plain))).max() < 1
    noise = np.random.default_rng(0).normal(0, 1.5, plain.shape)
    assert chroma(colorize_photo(blue, from_array((plain + noise).astype(np.uint8)))).max() < 2
    faint = (plain + scene(90, 120).astype(float) / 4 - 22).astype(np.uint8)
    assert np.median(np.abs(predict_grid(blue, lightness(np.dstack([faint] * 3)))[..., 1])) > 50


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.7])
def test_no_halo_at_a_roof_line(slope: float) -> None:
    """Blue sky over a dark red roof: no colour beyond the two, and neither far over the edge."""
    y, x = np.mgrid[0:600, 0:800]
    sky = y < 300 + slope * (x - 400)
    grain = np.random.default_rng(0).normal(0, 1, sky.shape)
    L = (np.where(sky, 80, 30) + grain).astype(np.float32)
    cells = sky.reshape(40, 15, 56 - 6, 16).mean(axis=(1, 3))[..., None]
    red, blue = np.float32([30.0, 20.0]), np.float32([-5.0, -30.0])
    ab = predict.upsample_ab(L, (cells * blue + (1 - cells) * red).astype(np.float32))
    away = np.abs(y - 300 - slope * (x - 400)) / np.hypot(1, slope)
    for side, colour in ((sky, blue), (~sky, red)):
        assert np.abs(ab[side & (away > 12)] - colour).max() < 6
        assert np.abs(ab[side] - colour).mean() < 1.5
    assert ab[..., 1].min() > -36
    assert ab[..., 1].max() < 26
    rgb = paint_grid(L, (cells * blue + (1 - cells) * red).astype(np.float32))
    assert rgb.shape == (600, 800, 3)
