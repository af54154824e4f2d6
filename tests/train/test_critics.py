"""The critic with ImageNet's eyes: what it sees, what of it learns, where gradients go."""

import numpy as np
import pytest
import torch
from skimage.color import lab2rgb

from train import critics
from train.losses import hinge_discriminator


def test_it_sees_the_colours_of_lab():
    rng = np.random.default_rng(0)
    L = rng.uniform(30, 90, (1, 1, 6, 6)).astype(np.float32)
    ab = rng.uniform(-25, 25, (1, 2, 6, 6)).astype(np.float32)
    seen = critics.to_rgb(torch.from_numpy(L) / 50 - 1, torch.from_numpy(ab) / 110)
    lab = np.concatenate([L, ab], axis=1)[0].transpose(1, 2, 0)
    np.testing.assert_allclose(seen[0].permute(1, 2, 0), lab2rgb(lab), atol=2e-3)


def test_half_the_side_is_enough_for_ab():
    L_norm, ab_norm = torch.rand(2, 1, 64, 96) - 0.5, torch.rand(2, 2, 32, 48) - 0.5
    scores = critics.FeatureCritic(8)(L_norm, ab_norm)
    assert [score.shape[2:] for score in scores] == [(16, 24), (8, 12), (4, 6), (2, 3)]


def test_only_the_heads_learn_and_ab_gets_a_gradient():
    torch.manual_seed(0)
    critic = critics.FeatureCritic(8)
    eyes = [value.clone() for value in critics.lite1().parameters()]
    ab_norm = torch.zeros(1, 2, 32, 32, requires_grad=True)
    sum(score.sum() for score in critic(torch.zeros(1, 1, 64, 64), ab_norm)).backward()
    assert ab_norm.grad.isfinite().all()
    assert ab_norm.grad.abs().max() > 0
    assert all(value.grad is not None for value in critic.parameters())
    assert sum(value.numel() for value in critic.parameters()) < 200_000
    after = critics.lite1().parameters()
    assert all(torch.equal(a, b) and b.grad is None for a, b in zip(eyes, after, strict=True))


def test_gradients_pass_eyes_that_were_first_opened_for_measuring():
    critics.lite1.cache_clear()
    with torch.inference_mode():
        critics.lite1()
    ab_norm = torch.zeros(1, 2, 16, 16, requires_grad=True)
    sum(
        score.sum() for score in critics.FeatureCritic(8)(torch.zeros(1, 1, 32, 32), ab_norm)
    ).backward()
    assert ab_norm.grad.abs().max() > 0


@pytest.mark.slow
def test_it_learns_to_tell_a_blue_sky_from_a_green_one():
    torch.manual_seed(0)
    critic = critics.FeatureCritic(16)
    adam = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.999))
    blue, green = torch.tensor([0.0, -0.3]), torch.tensor([-0.3, 0.2])

    def skies(colour: torch.Tensor) -> list[torch.Tensor]:
        L_norm = torch.linspace(0.3, 0.6, 32).view(1, 1, 32, 1).expand(4, 1, 32, 32)
        L_norm = L_norm + 0.02 * torch.randn(4, 1, 32, 32)
        return critic(L_norm, colour.view(1, 2, 1, 1).expand(4, 2, 16, 16))

    for _ in range(30):
        pairs = zip(skies(blue), skies(green), strict=True)
        loss = torch.stack([hinge_discriminator(real, fake) for real, fake in pairs]).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        for real, fake in zip(skies(blue), skies(green), strict=True):
            assert real.mean() > fake.mean() + 0.5
