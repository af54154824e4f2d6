"""What every colorizer does around its network."""

import numpy as np
import torch

from colorizers.networks.base import Colorizer

RNG = np.random.default_rng(3)
L = RNG.uniform(0, 100, (5, 8, 8)).astype(np.float32)
RAMP = torch.linspace(-40, 40, 8)


def lopsided(L_norm: torch.Tensor, seed: float = 0.0) -> torch.Tensor:
    """A network that paints the left unlike the right, and draws as the seed says."""
    generator = torch.Generator().manual_seed(int(seed))
    drawn = torch.randn(len(L_norm), 1, 1, 1, generator=generator)
    return torch.cat([30 * L_norm + RAMP, drawn.expand_as(L_norm)], dim=1)


COLORIZER = Colorizer("gan", "A fake", 8, {}, lopsided, {"seed": 0.0})


def test_the_answer_is_the_mean_of_those_to_the_picture_and_to_its_mirror_image():
    ab = COLORIZER.predict_ab(L)
    np.testing.assert_allclose(ab[..., 0], 30 * (L / 50 - 1), atol=1e-4)  # the ramp is gone


def test_a_mirrored_picture_gets_mirrored_colours():
    mirrored = COLORIZER.predict_ab(np.ascontiguousarray(L[:, :, ::-1]))
    np.testing.assert_allclose(mirrored, COLORIZER.predict_ab(L)[:, :, ::-1], atol=1e-4)


def test_without_a_draw_the_mirrored_answer_is_the_same():
    """Then both are asked of the network at once."""
    calls = []

    def network(L_norm: torch.Tensor) -> torch.Tensor:
        calls.append(len(L_norm))
        return lopsided(L_norm)[:, :1].expand(-1, 2, -1, -1)

    ab = Colorizer("gan", "A fake", 8, {}, network).predict_ab(np.concatenate([L, L]))
    assert calls == [16, 4]
    expected = 30 * (np.concatenate([L, L]) / 50 - 1)
    np.testing.assert_allclose(ab[..., 0], expected, atol=1e-4)


def test_both_answers_are_of_one_draw():
    """Else the mean of two draws would be less colourful than either."""
    ab = COLORIZER.predict_ab(L, seed=7)
    drawn = torch.randn(5, generator=torch.Generator().manual_seed(7)).numpy()
    np.testing.assert_allclose(ab[:, 3, 3, 1], drawn, atol=1e-6)
