"""Greys of film and age: responses against scikit-image, JPEG against Pillow, all within bounds."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import color, data

from train import film


@pytest.fixture(scope="module")
def rgb():
    picture = Image.fromarray(data.astronaut()).resize((128, 128), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)[None].float() / 255


def test_lab_is_scikit_images(rgb):
    ours = film.lab_of(rgb)[0].permute(1, 2, 0).numpy()
    theirs = color.rgb2lab(rgb[0].permute(1, 2, 0).numpy())
    assert np.abs(ours - theirs).max() < 0.01


def test_the_response_of_luminance_is_L_and_a_red_filter_darkens_the_sky(rgb):
    L = film.response(rgb, torch.tensor([film.LUMINANCE]))
    assert (L - film.lab_of(rgb)[:, :1]).abs().max() < 0.05
    sky = torch.tensor([0.35, 0.55, 0.9]).view(1, 3, 1, 1)
    seen = {name: film.response(sky, torch.tensor([weights])).item()
            for name, weights in film.RESPONSES.items()}  # fmt: skip
    assert seen["red filter"] < seen["yellow filter"] < seen["panchromatic"]
    assert seen["panchromatic"] < seen["orthochromatic"] < seen["blue"]


def test_random_responses_are_shares():
    weights = film.random_weights(500, torch.Generator().manual_seed(0))
    assert (weights >= 0).all()
    assert torch.allclose(weights.sum(dim=1), torch.ones(500))
    own = (weights == torch.tensor(film.LUMINANCE)).all(dim=1).float().mean().item()
    assert 0.35 < own < 0.55


@pytest.mark.parametrize("quality", [20, 75])
def test_jpeg_is_pillows(rgb, quality):
    grey = np.rint(film.lab_of(rgb)[0, 0].numpy() * 2.55).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=quality)
    theirs = np.asarray(Image.open(file), np.float32)
    ours = film.jpeg(torch.from_numpy(grey / np.float32(255))[None, None], quality)[0, 0] * 255
    # Pillow rounds to 8 bits after it, and its transform is of whole numbers.
    assert np.abs(ours.clamp(0, 255).numpy() - theirs).mean() < 0.6
    assert np.abs(grey - theirs).mean() > 1.0


def test_a_screen_keeps_the_mean_tone():
    for tone in (0.3, 0.5, 0.7):
        flat = torch.full((1, 1, 96, 96), tone)
        printed = film.screen(flat, 4.0, 0.6, 1.0)
        assert printed.std() > 0.1
        assert abs(printed.mean().item() - tone) < 0.08


def test_age_stays_in_range_and_depends_on_the_seed_alone(rgb):
    L = film.response(rgb.repeat(16, 1, 1, 1), film.random_weights(16, torch.Generator()))
    once, again = (film.age(L, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(once, again)
    assert not torch.equal(once, film.age(L, torch.Generator().manual_seed(4)))
    assert once.min() >= 0
    assert once.max() <= 100
