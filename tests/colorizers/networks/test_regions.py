"""Regions of a photograph: their steps against least squares, and that they keep to edges."""

import numpy as np
import pytest
import torch

from colorizers.networks import checkpoint, regions
from colorizers.networks.regions import Regions
from colorizers.networks.registry import network_of


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_steps_are_those_of_ridge_regression():
    share = torch.softmax(random(3, 20, 5), dim=2)
    away = random(3, 2, 4, 5, seed=1)
    steps = regions.fit(share, away, firm=0.7)
    for one, far, given in zip(share.numpy(), away.numpy(), steps.numpy(), strict=True):
        rows = np.concatenate([one, 0.7**0.5 * np.eye(5)])
        wanted = np.linalg.lstsq(rows, np.concatenate([far.reshape(2, 20).T, np.zeros((5, 2))]))[0]
        np.testing.assert_allclose(given, wanted, atol=1e-4)


def test_what_was_mixed_is_found_again():
    share = torch.softmax(8 * random(2, 200, 6), dim=2)
    steps = random(2, 6, 2, seed=1)
    away = regions.mix(share, steps, (10, 20))
    assert away.shape == (2, 2, 10, 20)
    torch.testing.assert_close(regions.fit(share, away, firm=1e-4), steps, atol=1e-3, rtol=1e-3)


@pytest.fixture(scope="module")
def untrained():
    torch.manual_seed(0)
    return Regions((8, 6), grid=4, shrink=4).eval()


@pytest.mark.parametrize("sides", [(32, 32), (32, 96), (160, 32)])
def test_every_place_is_shared_out_among_about_as_many_regions(untrained, sides):
    height, width = sides[0] // 4, sides[1] // 4
    L_norm = random(1, 1, *sides)
    seen = [random(1, 8, height, width), random(1, 6, height // 2, width // 2)]
    with torch.inference_mode():
        share, features = untrained(L_norm, torch.zeros(1, 2, height, width), seen)
        said = regions.described(share, features, L_norm, torch.zeros(1, 2, height, width), seen)
    assert 12 <= share.shape[2] <= 21
    torch.testing.assert_close(share.sum(dim=2), torch.ones(1, height * width))
    assert said.shape == (1, share.shape[2], regions.channels((8, 6)))
    assert said.isfinite().all()


def test_a_region_says_where_it_is_and_how_large(untrained):
    share = torch.zeros(1, 16, 2)
    share[0, :4, 0] = 1  # the upper row of four
    share[0, 4:, 1] = 1
    maps = torch.zeros(1, regions.WIDTH, 4, 4), torch.zeros(1, 1, 16, 16), torch.zeros(1, 2, 4, 4)
    said = regions.described(share, *maps, [torch.zeros(1, 8, 4, 4), torch.zeros(1, 6, 2, 2)])
    y, size = said[0, :, -5], said[0, :, -1]
    torch.testing.assert_close(y, torch.tensor([-1.0, 1 / 3]), atol=1e-3, rtol=0)
    torch.testing.assert_close(size, torch.tensor([0.5, 1.5]))


def test_a_trained_network_keeps_regions_on_one_side_of_an_edge():
    """Left and right differ in lightness and in nothing else that a network is told."""
    card = checkpoint.read_card("photo")
    network = network_of(card)
    checkpoint.restore("photo", network)
    network.eval()
    L_norm = torch.full((1, 1, 160, 160), -0.5)
    L_norm[..., 72:] = 0.6
    with torch.inference_mode():
        share = network.see(L_norm)[1].share[0]
    right = torch.zeros(40, 40)
    right[:, 18:] = 1
    there = (share * right.flatten()[:, None]).sum(0) / share.sum(0)
    mixed = (share.sum(0) * torch.minimum(there, 1 - there)).sum() / share.sum()
    assert mixed < 0.05


def test_noise_is_of_variance_one_and_calm_in_itself_where_asked():
    noise = regions.noise_of(1, 2000, 36)
    assert noise.var().item() == pytest.approx(1, abs=0.05)
    assert noise.mean(dim=1).var().item() == pytest.approx(regions.WHOLE + 0.52 / 36, abs=0.05)

    def within(noise):
        return (noise - noise.mean(dim=1, keepdim=True)).std().item()

    calm, half, none = (
        regions.noise_of(1, 2000, 36, calm, vividness)
        for calm, vividness in ((0.5, 1.0), (1.0, 0.5), (0.5, 0.0))
    )
    assert within(calm) == pytest.approx(within(noise) / 2)
    torch.testing.assert_close(half, noise / 2)
    assert not none.any()
    for wrong in ({"seed": 0.5}, {"seed": -1.0}, {"vividness": 2.1}, {"vividness": -0.1}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} is"):
            regions.noise_of(**{"seed": 1.0, "pictures": 1, "regions": 9} | wrong)
