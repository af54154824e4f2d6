"""The flow: its sampler against a flow that is known exactly, guidance, and any even size."""

import math

import numpy as np
import pytest
import torch

from colorizers.networks import checkpoint
from colorizers.networks.base import ready
from colorizers.networks.flow import Velocity, draw, noise_like
from colorizers.networks.photo import PhotoNet
from colorizers.networks.photo_flow import PhotoFlow
from colorizers.networks.registry import load, network_of


def gaussian(mean, spread):
    """The velocity of straight lines from a standard normal to a normal, in closed form."""

    def velocity(x, t, seen):
        t = t[:, None, None, None]
        variance = (1 - t) ** 2 + (t * spread) ** 2
        drift = (t * spread**2 - (1 - t)) / variance  # E[x1 - x0 | x_t], linear in x_t
        return mean + drift * (x - t * mean)

    return velocity


@pytest.mark.parametrize("steps", [4, 16])
def test_noise_becomes_the_distribution_that_the_flow_leads_to(steps):
    noise = torch.randn(2000, 2, 2, 2, generator=torch.Generator().manual_seed(0))
    drawn = draw(gaussian(1.5, 0.4), noise, [], steps)
    assert drawn.mean().item() == pytest.approx(1.5, abs=0.03)
    assert drawn.std().item() == pytest.approx(0.4, rel=0.3 if steps == 4 else 0.05)


def test_guidance_leads_away_from_what_is_drawn_without_having_seen():
    def velocity(x, t, seen):
        return seen[0].mean(dim=(1, 2, 3), keepdim=True).expand_as(x)

    noise, seen = torch.zeros(3, 2, 4, 4), [torch.full((3, 1, 4, 4), 2.0)]
    assert torch.allclose(draw(velocity, noise, seen), torch.full_like(noise, 2.0))
    assert torch.allclose(draw(velocity, noise, seen, guidance=1.5), torch.full_like(noise, 3.0))


def test_noise_varies_over_patches_as_large_as_colours_do():
    noise = noise_like((600, 2, 40, 56), torch.Generator().manual_seed(0))
    assert noise.mean().item() == pytest.approx(0, abs=0.03)
    assert noise.var().item() == pytest.approx(1, abs=0.06)
    assert noise.mean(dim=(2, 3)).var().item() == pytest.approx(0.46, abs=0.06)  # white: 0.0004
    beside = (noise[..., 1:] - noise[..., :-1]).square().mean().item()
    assert 0.1 < beside < 0.5  # white: 2


def test_a_network_takes_any_shape_its_levels_halve():
    torch.manual_seed(0)
    network = Velocity((4, 6, 8), (32, 64))
    sizes = [(12, 20), (6, 10), (3, 5)]
    seen = network.prepare([torch.randn(2, c, *s) for c, s in zip((4, 6, 8), sizes, strict=True)])
    x = torch.randn(2, 2, 12, 20)
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():
                parameter.normal_(std=0.1)  # blocks begin as nothing
        early, late = (network(x, torch.full((2,), t), seen) for t in (0.1, 0.9))
    assert early.shape == x.shape
    assert not torch.allclose(early, late)  # it knows the time
    assert math.isfinite(early.abs().sum().item())


@pytest.fixture(scope="module")
def sampler():
    """A small network that draws at random, as a colorizer."""
    torch.manual_seed(0)
    network = PhotoFlow(flow_widths=(32, 32, 64), calm=0.5, guidance=2.0, vividness=1.3)
    with torch.no_grad():
        for parameter in network.velocity.last[-1].parameters():
            parameter.normal_(std=0.1)
    return ready(network, {"name": "photo", "title": "Photographs"})


L = np.random.default_rng(0).uniform(0, 100, (1, 160, 224)).astype(np.float32)


def test_each_seed_is_another_colouring_that_it_repeats(sampler):
    one, again, other = (sampler.predict_ab(L, seed=seed) for seed in (1.0, 1.0, 2.0))
    assert one.shape == (1, 80, 112, 2)
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).mean() > 1


def test_seed_0_is_the_mean_of_each_picture_as_the_network_of_means_paints_it(sampler):
    torch.manual_seed(0)
    alone = ready(PhotoNet(vividness=1.3), {"name": "photo", "title": "Photographs"})
    several = np.random.default_rng(1).uniform(0, 100, (10, 64, 96)).astype(np.float32)
    several = several.repeat(3, axis=1)[:, :160].repeat(3, axis=2)[:, :, :224]
    ours = sampler.predict_ab(several)  # in two parts, of which no one is drawn
    np.testing.assert_array_equal(ours, alone.predict_ab(several))
    np.testing.assert_array_equal(ours, sampler.predict_ab(several, seed=0.0))
    with pytest.raises(ValueError, match="seed 0 is the mean"):
        sampler.predict_ab(L, vividness=0.5)


def test_versions_of_one_photograph_are_its_seeds_and_it_is_looked_at_once(sampler, monkeypatch):
    looks = []
    monkeypatch.setattr(PhotoNet, "levels", lambda self, L, own=PhotoNet.levels: (
        looks.append(len(L)), own(self, L))[1])  # fmt: skip
    together = sampler.predict_ab(np.repeat(L, 6, axis=0), seed=3.0)
    assert looks == [1]
    alone = np.concatenate([sampler.predict_ab(L, seed=3.0 + n) for n in range(6)])
    assert np.abs(together - alone).mean() < 0.2  # bfloat16 rounds other sums


def test_it_says_what_is_likely_as_its_mean_does(sampler):
    share = sampler.likely(L[0])
    assert share.shape[2] == 313
    np.testing.assert_allclose(share.sum(axis=2), 1, atol=0.02)


def test_vividness_is_the_scale_of_the_noise(sampler):
    calm, other = (sampler.predict_ab(L, seed=seed, vividness=0.0) for seed in (1.0, 2.0))
    np.testing.assert_array_equal(calm, other)
    spread = [
        np.std([sampler.predict_ab(L, seed=seed, vividness=value) for seed in (1.0, 2.0)], axis=0)
        for value in (0.5, 1.0, 2.0)
    ]
    assert spread[0].mean() < spread[1].mean() < spread[2].mean()
    for wrong in ({"vividness": 2.1}, {"vividness": -0.1}, {"seed": 0.5}, {"seed": -1.0}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} is"):
            sampler.predict_ab(L, **wrong)


def test_a_card_of_photographs_is_of_a_mean_or_of_a_network_that_draws(tmp_path):
    drawing = {"flow_widths": [32, 32, 64], "calm": 0.6, "guidance": 2.0, "steps": 4}
    for described in ({"vividness": 1.2}, drawing):
        card = {"name": "photo", "title": "Photographs", "network": described}
        network = network_of(card)
        checkpoint.save("photo", network, card, folder=tmp_path, precision=checkpoint.INT8)
        colorizer = load("photo", tmp_path)
        assert colorizer.mirror == (described is not drawing)
        assert colorizer.shape is not None
        assert colorizer.shape(3000, 4000) == (160, 224)
    assert isinstance(network, PhotoFlow)
    assert (network.calm, network.guidance, network.steps) == (0.6, 2.0, 4)


def test_the_same_noise_gives_the_same_colours_and_other_noise_others():
    torch.manual_seed(0)
    network = PhotoFlow(flow_widths=(32, 32, 64)).eval()
    with torch.inference_mode():
        for parameter in network.velocity.last[-1].parameters():
            parameter.normal_(std=0.1)
        L_norm = torch.rand(1, 1, 64, 96) * 2 - 1
        noise = torch.randn(2, 1, 2, 16, 24, generator=torch.Generator().manual_seed(1))
        one, again, other = (network.draw(L_norm, noise[i]) for i in (0, 0, 1))
    assert one.shape == (1, 2, 32, 48)
    assert torch.equal(one, again)
    assert not torch.allclose(one, other)
