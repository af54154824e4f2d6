"""The 313 bins: their number and order, encoding by brute force, decoding, rebalancing."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from colorizers.networks import bins


def test_exactly_313_in_the_order_of_the_paper():
    centres = bins.centres()
    assert centres.shape == (bins.COUNT, 2) == (313, 2)
    # The first and last rows of the file that came with the paper, as printed in its issues.
    assert centres[0].tolist() == [-90, 50]
    assert centres[-1].tolist() == [100, 0]
    order = np.lexsort((centres[:, 1], centres[:, 0]))
    np.testing.assert_array_equal(order, np.arange(313))
    assert not centres.flags.writeable


@pytest.mark.parametrize("half_width", [9.75, 10.07])
def test_the_set_does_not_hang_on_the_half_width(half_width, monkeypatch):
    monkeypatch.setattr(bins, "HALF_WIDTH", half_width)
    np.testing.assert_array_equal(bins.centres.__wrapped__(), bins.centres())


def brute_force(ab):
    """Distances to all 313, the 10 smallest, Gaussian weights: numpy, one point."""
    squared = ((bins.centres().astype(np.float64) - ab) ** 2).sum(1)
    order = np.argsort(squared, kind="stable")[:10]
    weight = np.exp(-squared[order] / (2 * 5.0**2))
    return dict(zip(order.tolist(), weight / weight.sum(), strict=True))


@given(a=st.floats(-80, 90), b=st.floats(-80, 80))
@settings(max_examples=60, deadline=None)
def test_neighbours_and_weights_are_those_of_a_full_search(a, b):
    index, weight = bins.nearest_bins(torch.tensor([[a, b]], dtype=torch.float64))
    expected = brute_force(np.array([a, b]))
    ours = dict(zip(index[0].tolist(), weight[0].tolist(), strict=True))
    assert sum(ours.values()) == pytest.approx(1)
    for key in set(ours) | set(expected):  # ties at the tenth may differ; they weigh the same
        if key in ours and key in expected:
            assert ours[key] == pytest.approx(expected[key], abs=1e-6)
    assert sorted(ours.values()) == pytest.approx(sorted(expected.values()), abs=1e-6)


def test_the_table_of_the_encoder_is_the_search_at_its_own_points():
    encoder = bins.SoftEncoder()
    points = torch.tensor([[0.0, 0.0], [12.5, -40.0], [-30.5, 61.0], [109.5, -109.5]])
    index, weight = encoder(points.T[None, :, :, None])  # (1, 2, points, 1)
    wanted_index, wanted_weight = bins.nearest_bins(points.double())
    assert torch.equal(index[0, :, 0], wanted_index)
    assert torch.allclose(weight[0, :, 0].double(), wanted_weight, atol=1e-6)


def test_soft_bins_bring_a_colour_back_within_three_units():
    rng = np.random.default_rng(3)
    ab = torch.from_numpy(rng.uniform(-60, 60, (200, 2)))
    index, weight = bins.nearest_bins(ab)
    logits = torch.full((200, 313), -torch.inf).scatter_(1, index, weight.log().float())
    decoded = bins.annealed_mean(logits[:, :, None, None], 0.38)[:, :, 0, 0]
    # At the gamut's edge neighbours are missing on one side and the mean is drawn inwards.
    grid = {tuple(centre) for centre in (bins.centres() / 10).tolist()}
    cells = (ab / 10).round().tolist()
    around = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    inside = torch.tensor([all((a + i, b + j) in grid for i, j in around) for a, b in cells])
    assert inside.sum() > 100
    assert (decoded - ab)[inside].norm(dim=1).max() < 3


def test_temperature_goes_from_the_mean_to_the_mode():
    logits = torch.full((1, 313, 1, 1), -20.0)
    first, second = 100, 200
    logits[0, first], logits[0, second] = 1.0, 0.5
    grid = torch.tensor(bins.centres())
    p = torch.softmax(torch.tensor([1.0, 0.5]), 0)
    mean = p[0] * grid[first] + p[1] * grid[second]
    assert torch.allclose(bins.annealed_mean(logits, 1.0)[0, :, 0, 0], mean, atol=1e-3)
    assert torch.allclose(bins.annealed_mean(logits, 0.01)[0, :, 0, 0], grid[first], atol=1e-3)


@pytest.mark.parametrize("temperature", [0.0, -1.0, 1.5, float("nan")])
def test_a_temperature_out_of_range_is_refused(temperature):
    with pytest.raises(ValueError, match="temperature"):
        bins.annealed_mean(torch.zeros(1, 313, 1, 1), temperature)


class TestRebalancing:
    def test_the_mean_weight_of_a_pixel_is_one(self):
        counts = np.random.default_rng(0).integers(0, 1000, 313)
        weight = bins.rebalancing_weights(counts)
        assert (weight * counts / counts.sum()).sum() == pytest.approx(1, abs=1e-5)

    def test_rare_colours_weigh_more_and_none_without_limit(self):
        counts = np.zeros(313)
        counts[150], counts[20] = 1e9, 1.0
        weight = bins.rebalancing_weights(counts)
        assert weight[20] > weight[150]
        assert np.isfinite(weight).all()

    def test_uniform_counts_give_uniform_weights(self):
        np.testing.assert_allclose(bins.rebalancing_weights(np.ones(313)), 1, atol=1e-4)

    @pytest.mark.parametrize(
        ("counts", "mix"), [(np.ones(312), 0.5), (np.zeros(313), 0.5), (np.ones(313), 0.0)]
    )
    def test_impossible_input_is_refused(self, counts, mix):
        with pytest.raises(ValueError, match=r"counts|mix"):
            bins.rebalancing_weights(counts, mix)
