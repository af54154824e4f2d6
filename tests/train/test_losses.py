"""The sparse cross-entropy against torch's dense one; the hinge losses by hand."""

import pytest
import torch
from torch.nn import functional

from train import losses


@pytest.fixture
def targets():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(50, 313, generator=generator)
    index = torch.stack([torch.randperm(313, generator=generator)[:10] for _ in range(50)])
    weight = torch.rand(50, 10, generator=generator)
    return logits, index, weight / weight.sum(1, keepdim=True)


def test_it_is_the_dense_cross_entropy(targets):
    logits, index, weight = targets
    dense = torch.zeros(50, 313).scatter_(1, index, weight)
    expected = functional.cross_entropy(logits, dense)
    torch.testing.assert_close(losses.soft_cross_entropy(*targets), expected)


def test_rebalancing_weighs_a_pixel_by_its_likeliest_bin(targets):
    logits, index, weight = targets
    scale = torch.rand(313)
    dense = torch.zeros(50, 313).scatter_(1, index, weight)
    each = functional.cross_entropy(logits, dense, reduction="none") * scale[dense.argmax(1)]
    torch.testing.assert_close(losses.soft_cross_entropy(logits, index, weight, scale), each.mean())


def test_hinge_losses():
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.0])
    assert losses.hinge_discriminator(real, fake).item() == pytest.approx(0.25 + 0.5)
    assert losses.hinge_generator(fake).item() == pytest.approx(1.5)
