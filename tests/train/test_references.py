"""Regions that take the colours of a reference: the arithmetic, with regions that are known."""

import numpy as np
import torch

from train.references import Looked, apart, part, taken


def looked(features: list[list[float]], light: list[float], guess: float) -> Looked:
    """Two regions, one the left half of 2 x 2 places and one the right."""
    share = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    ab = torch.full((2, 2, 2), guess)
    return Looked(share, share / 2, torch.tensor(features), torch.tensor(light), ab)


def test_regions_that_are_alike_take_colours_and_others_keep_the_guess():
    target = looked([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [0.0, 0.0], 5.0)
    reference = looked([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], [0.0, 0.1], 0.0)
    colours = torch.tensor([[[40.0, -30.0], [40.0, -30.0]]] * 2)
    made = taken(target, reference, colours, least=0.7)
    torch.testing.assert_close(made[:, :, 0], torch.full((2, 2), -30.0), atol=0.1, rtol=0)
    torch.testing.assert_close(made[:, :, 1], torch.full((2, 2), 5.0), atol=0.1, rtol=0)


def test_parts_know_where_they_were():
    y, x = np.mgrid[0:40, 0:40].astype(np.float32)
    lab = np.dstack([np.full_like(y, 50.0), y, x])
    parts = [part(lab, np.random.default_rng(seed), changed=True) for seed in range(6)]
    for one in parts:
        np.testing.assert_array_equal(one.lab[..., 1:], one.place)
    first, second = (torch.from_numpy(one.lab[..., 1:]).permute(2, 0, 1) for one in parts[:2])
    assert apart(parts[0], first, parts[1], second) < 1e-4
    assert apart(parts[0], first, parts[1], second + torch.tensor([3.0, 4.0])[:, None, None]) > 4.9
