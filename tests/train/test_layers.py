"""How near a layer comes to the coloured picture."""

import numpy as np
import pytest
from skimage import data

from train.layers import blended, differences


def test_a_layer_is_nearer_than_a_picture_of_one_lightness():
    found = differences(data.astronaut()[::8, ::8])
    nearest, _, constant, none = found.values()
    assert nearest < constant < none
    assert found["the layer"] == pytest.approx(found["the coloured picture"], abs=0.05)


def test_what_leaves_the_cube_is_brought_back_towards_the_luma():
    dark = blended(np.full((1, 3), 10, np.uint8), np.array([[255, 0, 0]], np.uint8))
    light = blended(np.full((1, 3), 250, np.uint8), np.array([[0, 0, 255]], np.uint8))
    assert dark.tolist() == [[33, 0, 0]]
    assert light.tolist() == [[249, 249, 255]]
