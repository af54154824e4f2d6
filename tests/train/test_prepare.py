"""What a network is made into before it trains."""

import copy

import torch
from torch import nn

from train.processes import autocast, prepare


def test_convolutions_of_single_channels_learn_in_float32_under_autocast():
    torch.manual_seed(0)
    single = nn.Conv2d(8, 8, 5, stride=2, padding=2, groups=8)
    x = torch.randn(2, 8, 9, 9).bfloat16()
    wanted = single(x.float())
    network = prepare(nn.Sequential(single))
    with autocast(True):
        out = network(x)
    assert out.dtype == torch.bfloat16
    assert torch.equal(out, wanted.bfloat16())
    assert isinstance(network[0], nn.Conv2d)
    assert set(network.state_dict()) == {"0.weight", "0.bias"}


def test_a_copy_of_what_was_prepared_has_its_own_weights():
    network = prepare(nn.Sequential(nn.Conv2d(4, 4, 5, groups=4)))
    other = prepare(copy.deepcopy(network))
    nn.init.zeros_(other[0].weight)
    x = torch.ones(1, 4, 5, 5)
    assert torch.equal(other(x)[0, :, 0, 0], other[0].bias)
    assert not torch.equal(network(x), other(x))
