"""The registry knows what is committed, without PyTorch."""

import subprocess
import sys

import pytest

import colorizers
from colorizers.networks import checkpoint, registry
from colorizers.networks.base import Network

COMMITTED = sorted(file.stem for file in checkpoint.FOLDER.glob("*.json"))


def test_committed_weights_are_those_of_the_methods_that_can_be_loaded():
    assert set(registry.METHODS) == set(COMMITTED)
    assert set(colorizers.names()) | set(colorizers.cifar10_names(controls=True)) == set(COMMITTED)


@pytest.mark.parametrize("name", COMMITTED)
def test_a_card_becomes_the_network_whose_weights_it_is_of(name):
    card = checkpoint.read_card(name)
    network = registry.network_of(card)
    assert isinstance(network, Network)
    checkpoint.restore(name, network)
    colorizer = colorizers.load(name)
    assert (colorizer.name, colorizer.title) == (name, registry.METHODS[name].title)
    assert set(colorizer.options) == set(network.options)


def test_what_a_card_says_is_what_the_network_has():
    card = {"name": "classification", "network": {"widths": [8, 16], "temperature": 0.7}}
    network = registry.network_of(card)
    assert network.options == {"temperature": 0.7}
    assert network.widths == (8, 16)


def test_names_need_no_pytorch():
    code = (
        "import sys, colorizers; colorizers.names(); assert not {'torch', 'cv2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
