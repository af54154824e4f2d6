"""The flow: its sampler against a flow that is known exactly, and any even size."""

import numpy as np
import pytest
import torch

from colorizers.networks import checkpoint, regions
from colorizers.networks.base import ready
from colorizers.networks.flow import Steps, draw
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
    drawn = draw(gaussian(1.5, 0.4), noise, noise, steps)
    assert drawn.mean().item() == pytest.approx(1.5, abs=0.03)
    assert drawn.std().item() == pytest.approx(0.4, rel=0.3 if steps == 4 else 0.05)


def test_all_regions_are_drawn_together_and_know_the_time():
    torch.manual_seed(0)
    network = Steps(5, 3, 64, 2)
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():
                parameter.normal_(std=0.1)  # blocks begin as nothing
        x, said = torch.randn(1, 7, 2), torch.randn(1, 7, 5)
        seen = network.prepare(said, torch.randn(1, 3))
        early, late = (network(x, torch.full((1,), t), seen) for t in (0.1, 0.9))
        x[0, 0] += 1
        moved = network(x, torch.full((1,), 0.1), seen) - early
    assert early.shape == x.shape
    assert not torch.allclose(early, late)
    assert moved[0, 1:].abs().min() > 0  # each region looks at every other


@pytest.fixture(scope="module")
def sampler():
    """A small network that draws at random, as a colorizer."""
    torch.manual_seed(0)
    network = PhotoFlow(grid=4, width=32, depth=1, calm=0.5, bold=1.3)
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


def test_seed_0_is_expected_of_each_picture_and_its_mirror_image(sampler):
    several = np.random.default_rng(1).uniform(0, 100, (10, 64, 96)).astype(np.float32)
    several = several.repeat(3, axis=1)[:, :160].repeat(3, axis=2)[:, :, :224]
    ours = sampler.predict_ab(several)  # in two parts, of which no one is drawn
    np.testing.assert_array_equal(ours, sampler.predict_ab(several, seed=0.0))
    mirrored = sampler.predict_ab(several[:, :, ::-1].copy())[:, :, ::-1]
    np.testing.assert_allclose(ours, mirrored, atol=0.5)  # bfloat16
    with pytest.raises(ValueError, match="seed 0 is the average"):
        sampler.predict_ab(L, vividness=0.5)


def test_what_is_expected_is_the_mean_of_all_that_a_right_flow_draws():
    """A flow that leads to the normal N(1.5, 0.4), in closed form, in place of the network."""

    class Right(torch.nn.Module):
        def prepare(self, said, whole):
            return said

        def forward(self, x, t, seen):
            return gaussian(1.5, 0.4)(x[..., None], t, seen)[..., 0]

    seen = regions.Seen(torch.zeros(1, 2, 1, 6), torch.eye(6)[None], torch.zeros(1, 6, 1), None)
    expected = regions.expected(Right(), seen)
    assert torch.allclose(expected, torch.full((1, 2, 1, 6), 1.5 * regions.AWAY))
    drawn = regions.drawn(Right(), seen, regions.noise_of(1, 2000, 6), 8)
    assert drawn.mean().item() == pytest.approx(1.5 * regions.AWAY, rel=0.05)


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
    drawing = {"grid": 3, "width": 32, "depth": 1, "calm": 0.6, "gain": 1.1, "steps": 4}
    for described in ({"vividness": 1.2}, drawing):
        card = {"name": "photo", "title": "Photographs", "network": described}
        network = network_of(card)
        checkpoint.save("photo", network, card, folder=tmp_path, precision=checkpoint.INT8)
        colorizer = load("photo", tmp_path)
        assert colorizer.mirror == (described is not drawing)
        assert colorizer.shape is not None
        assert colorizer.shape(3000, 4000) == (160, 224)
    assert isinstance(network, PhotoFlow)
    assert (network.calm, network.gain, network.steps) == (0.6, 1.1, 4)
