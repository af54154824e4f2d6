"""What draws for CIFAR-10, flow and VAE: by a seed, with whose eyes, and what is kept."""

import numpy as np
import pytest
import torch

from colorizers.errors import WeightsError
from colorizers.networks.base import ready
from colorizers.networks.cifar_flow import Sampler
from colorizers.networks.cvae import Painter

L = np.random.default_rng(5).uniform(0, 100, (10, 32, 32)).astype(np.float32)


KINDS = {"flow": (Sampler, "velocity"), "cvae": (Painter, "colours")}


@pytest.fixture(scope="module", params=KINDS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def sampler(name):
    torch.manual_seed(0)
    network = KINDS[name][0](3, 32, 1)
    with torch.no_grad():
        for key, parameter in network.named_parameters():
            if not parameter.any() or "priors" in key:
                parameter.normal_(std=0.1)  # untrained, it would answer with the noise, or not
    return network


@pytest.fixture(scope="module")
def colorizer(sampler, name):
    return ready(sampler, {"name": name, "title": name})


def test_a_seed_repeats_its_drawing_and_another_draws_another(colorizer):
    first, again, other = (colorizer.predict_ab(L[:1], seed=seed) for seed in (3, 3, 4))
    assert first.shape == (1, 32, 32, 2)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 1


def test_each_of_many_pictures_has_a_drawing_of_its_own(colorizer):
    """More than go at once; or one noise would tint all pictures of a table alike."""
    together = colorizer.predict_ab(np.repeat(L[:1], 10, axis=0), seed=2)
    for picture in (0, 1, 9):
        alone = colorizer.predict_ab(L[:1], seed=2 + picture)
        np.testing.assert_allclose(together[picture], alone[0], atol=2.0)  # bfloat16 in batches
    assert np.abs(together[0] - together[9]).mean() > 1


def test_it_looks_at_the_picture(colorizer):
    ab = colorizer.predict_ab(L[:2], vividness=0.0)
    assert np.abs(ab[0] - ab[1]).mean() > 0.1


def test_without_noise_all_seeds_agree(colorizer):
    calm = [colorizer.predict_ab(L[:1], seed=seed, vividness=0.0) for seed in (0, 1)]
    np.testing.assert_array_equal(*calm)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [("seed", -1, "seed is -1"), ("seed", 1.5, "seed is 1.5"), ("seed", 2.0**60, "whole number"),
     ("seed", float("nan"), "seed is nan"), ("seed", float("inf"), "seed is inf"),
     ("vividness", 2.1, "from 0 to 2"), ("vividness", float("nan"), "vividness is nan")],
)  # fmt: skip
def test_an_option_out_of_range_is_one_sentence(colorizer, option, value, words):
    with pytest.raises(ValueError, match=words):
        colorizer.predict_ab(L[:1], **{option: value})


def test_the_eyes_are_not_kept_twice_and_are_told_from_others(sampler, name):
    kind, own = KINDS[name]
    assert {key.split(".")[0] for key in sampler.state_dict()} == {"regions", own}
    assert not any(p.requires_grad for p in sampler._eye[0].parameters())
    kind(3, 32, 1, eye=sampler.eye_sha256)
    with pytest.raises(WeightsError, match=rf"{name} was.* 0000.*python -m train\.{name}"):
        kind(3, 32, 1, eye="0" * 64)
