"""The written-out encoder is timm's, and saves the time that importing timm takes."""

import subprocess
import sys

import pytest
import torch

from colorizers.networks import lite
from colorizers.networks.encoders import make_encoder


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("sides", [(64, 96), (33, 47), (38, 70)])
def test_features_are_timms(sides: tuple[int, int], training: bool) -> None:
    """With the same weights, and with what batch norm learns in a step; at odd sides, too."""
    theirs, ours = make_encoder(lite.NAME), lite.Lite0()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 1, *sides, generator=torch.Generator().manual_seed(0))
    theirs.train(training)
    ours.train(training)
    for level, expected in zip(ours(x), theirs(x), strict=True):
        torch.testing.assert_close(level, expected)
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value)


def test_channels_are_those_of_the_features() -> None:
    info = make_encoder(lite.NAME).feature_info
    assert list(lite.CHANNELS) == info.channels()
    levels = lite.Lite0()(torch.zeros(1, 1, 64, 64))
    assert [level.shape[1] for level in levels] == list(lite.CHANNELS)
    assert [64 // level.shape[2] for level in levels] == info.reduction()


@pytest.mark.slow
def test_a_colorization_needs_neither_timm_nor_torchvision() -> None:
    """They would come with PyTorch's compiler: two seconds before the first picture."""
    code = (
        "import sys, colorizers, numpy; "
        "from PIL import Image; "
        "colorizers.load('photo')(Image.new('L', (40, 30), 90)); "
        "print({'timm', 'torchvision', 'torch._dynamo'} & set(sys.modules) or 'none')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"
