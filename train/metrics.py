"""The metrics of colorization, each by its exact definition.

Definitions differ more than models do, so each docstring says which one is meant. All
functions take 8-bit sRGB pictures of shape (N, H, W, 3), the truth first, and return one value
a picture, shape (N,), unless they say otherwise: means, intervals and paired comparisons are
for the caller. PSNR, accuracy and SSIM reward grey; read them beside `colourfulness`.

References
----------
Nazeri, Ng, Ebrahimi: Image Colorization using Generative Adversarial Networks, 2018.
Hasler, Suesstrunk: Measuring colourfulness in natural images, 2003.
Zhang, Isola, Efros: Colorful Image Colorization, 2016 (AuC).
Sharma, Wu, Dalal: The CIEDE2000 color-difference formula, 2005.
Wang et al.: Image quality assessment: from error visibility to structural similarity, 2004.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000
from skimage.metrics import structural_similarity

from colorizers.color import rgb_to_lab

UInt8 = NDArray[np.uint8]
Float = NDArray[np.float64]

EQUAL_PSNR = 100.0
"""PSNR in dB of equal pictures, which is infinite and would make every mean infinite.

106 of CIFAR-10's 10,000 test pictures are grey, so this decides 0.8 dB of the grey row."""
AUC_LIMIT = 150
"""Largest ab distance of the AuC, in units of ab."""
BATCH = 25
"""Pictures at once of what takes long: so many stay in the processor's cache."""


def mse(truth: UInt8, other: UInt8) -> Float:
    """Mean squared error over pixels and channels, sRGB in [0, 1]."""
    _same(truth, other)
    error = (truth.astype(np.float32) - other.astype(np.float32)) / 255.0
    return np.square(error, dtype=np.float64).mean(axis=(1, 2, 3))


def psnr(truth: UInt8, other: UInt8) -> Float:
    """PSNR in dB, peak 255, of each picture; 100 dB where the pictures are equal.

    The *mean PSNR* of a set is the mean of these; the *pooled PSNR* is `pooled_psnr`, and lies
    about 3 dB below it on CIFAR-10.
    """
    return _decibel(mse(truth, other))


def pooled_psnr(truth: UInt8, other: UInt8) -> float:
    """PSNR in dB of the mean squared error over all pictures together, at most 100."""
    return float(_decibel(mse(truth, other).mean(keepdims=True))[0])


def nazeri_accuracy(truth: UInt8, other: UInt8, epsilon: float) -> Float:
    """Share of pixels whose rounded Lab is within epsilon percent in all three channels.

    As in the code of Nazeri et al.: each Lab channel is rounded to a whole number; a pixel is
    right where |dL| <= epsilon, |da| <= 2.2 epsilon and |db| <= 2.2 epsilon.

    Returns
    -------
    ndarray, shape (N,), in [0, 1]
    """
    return nazeri_accuracy_lab(rgb_to_lab(truth), rgb_to_lab(other), epsilon)


def nazeri_accuracy_lab(
    truth: NDArray[np.float32], other: NDArray[np.float32], epsilon: float
) -> Float:
    """`nazeri_accuracy` of pictures that are Lab already, shape (N, H, W, 3)."""
    difference = np.abs(np.rint(truth) - np.rint(other))
    limit = np.array([epsilon, 2.2 * epsilon, 2.2 * epsilon]) + 1e-6  # 2.2 * 5 is 11, not less
    return (difference <= limit).all(axis=-1).mean(axis=(1, 2))


def channel_accuracy(truth: UInt8, other: UInt8, epsilon: float) -> Float:
    """Share of pixels within epsilon percent of 255, for R, G, B and for all three jointly.

    Returns
    -------
    ndarray, shape (N, 4), in [0, 1]
    """
    _same(truth, other)
    difference = np.abs(truth.astype(np.int16) - other.astype(np.int16))
    right = difference <= epsilon / 100.0 * 255.0
    return np.concatenate(
        [right.mean(axis=(1, 2)), right.all(axis=-1).mean(axis=(1, 2))[:, None]], axis=1
    )


def ssim(truth: UInt8, other: UInt8) -> Float:
    """SSIM on RGB: Gaussian window, sigma 1.5, population covariance, data range 255.

    As scikit-image does it, the mean leaves out the 5 pixels at each edge whose window would
    reach beyond the picture; pictures must be larger than 10 x 10.
    """
    _same(truth, other)
    return _in_batches(_ssim, truth, other)


def _ssim(truth: UInt8, other: UInt8) -> Float:
    count, height, width, channels = truth.shape
    # One call for all: pictures are stacked to one tall one, and what is left of the map of
    # each, without its edges, saw no pixel of its neighbours.
    _, whole = structural_similarity(
        truth.reshape(-1, width, channels),
        other.reshape(-1, width, channels),
        channel_axis=-1,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    edge = 5  # half of the window: 3.5 sigma
    inside = whole.reshape(count, height, width, channels)[:, edge:-edge, edge:-edge]
    return np.asarray(inside.mean(axis=(1, 2, 3)), np.float64)


def ciede2000(truth: NDArray[np.float32], other: NDArray[np.float32]) -> Float:
    """Mean CIEDE2000 over the pixels of each picture; Lab in, shape (N, H, W, 3)."""
    return _in_batches(_ciede2000, truth, other)


def _ciede2000(truth: NDArray[np.float32], other: NDArray[np.float32]) -> Float:
    per_pixel = deltaE_ciede2000(truth.astype(np.float64), other.astype(np.float64))
    return np.asarray(per_pixel.mean(axis=(1, 2)), np.float64)


def auc(
    truth: NDArray[np.float32],
    other: NDArray[np.float32],
    weight: NDArray[np.floating] | None = None,
) -> float:
    """Area under the curve 'share of pixels within an ab distance t', t = 0, 1, ..., 150.

    Parameters
    ----------
    truth, other : ndarray, shape (N, H, W, 2)
        ab in units of Lab.
    weight : ndarray, shape (N, H, W), optional
        Weight of each pixel; the class-balanced AuC gives each the inverse prior of its bin.

    Returns
    -------
    float
        In [0, 1]: mean of the share over the thresholds, pixels pooled. A distance of exactly t
        counts as within t.
    """
    distance = np.sqrt(np.square(truth - other, dtype=np.float64).sum(-1)).ravel()
    mass = None if weight is None else weight.ravel().astype(np.float64)
    edges = np.arange(AUC_LIMIT + 1, dtype=np.float64)
    first = np.searchsorted(edges, distance, side="left")  # the first t that is >= distance
    per_threshold = np.bincount(first, weights=mass, minlength=AUC_LIMIT + 2)[: AUC_LIMIT + 1]
    total = len(distance) if mass is None else mass.sum()
    return float((np.cumsum(per_threshold) / total).mean())


def colourfulness(rgb_u8: UInt8) -> Float:
    """Colourfulness of each picture, Hasler and Suesstrunk's M3 on values 0 to 255.

    rg = R - G and yb = (R + G) / 2 - B, both signed; the root of the sum of their variances
    plus 0.3 times the length of their mean.
    """
    red, green, blue = np.moveaxis(rgb_u8.astype(np.float64), -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    axes = (1, 2)
    spread = np.sqrt(rg.var(axis=axes) + yb.var(axis=axes))
    return np.asarray(spread + 0.3 * np.hypot(rg.mean(axis=axes), yb.mean(axis=axes)))


def apart(drawn: NDArray[np.float32]) -> Float:
    """Share of the variance of drawings of one picture that is not one tint over all of it.

    At 0 they differ by a tint alone; white noise has nearly 1.

    Parameters
    ----------
    drawn : ndarray, shape (D, N, H, W, 2)
        D drawings of ab.

    Returns
    -------
    ndarray, shape (N,), in [0, 1]
        0 where all drawings are the same.
    """
    away = drawn - drawn.mean(axis=0, dtype=np.float64)
    whole = np.square(away).sum(axis=-1).mean(axis=(0, 2, 3))
    tint = np.square(away.mean(axis=(2, 3))).sum(axis=-1).mean(axis=0)
    return np.asarray(1 - np.divide(tint, whole, out=np.ones_like(whole), where=whole > 0))


class Frechet:
    """Fréchet distances to one set of features, each set taken as one Gaussian.

    Name it by its features: it is an FID only on Inception's.

    Parameters
    ----------
    features : ndarray, shape (N, D)
        N should be well above D, or the covariance is singular and the distance biased.
    """

    def __init__(self, features: NDArray[np.floating]) -> None:
        first = np.asarray(features, np.float64)
        self._mean, covariance = first.mean(0), np.cov(first, rowvar=False)
        self._trace = np.trace(covariance)
        values, vectors = np.linalg.eigh(covariance)
        self._root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T

    def distance(self, others: NDArray[np.floating]) -> float:
        """|mu - nu|² + tr(A + B - 2 (A B)^(1/2)), at least 0, to features of shape (M, D)."""
        second = np.asarray(others, np.float64)
        covariance = np.cov(second, rowvar=False)
        # tr((A B)^(1/2)) is the sum of the roots of the eigenvalues of A^(1/2) B A^(1/2), which is
        # symmetric and not negative: no complex root is ever taken.
        between = np.linalg.eigvalsh(self._root @ covariance @ self._root)
        cross = np.sqrt(np.clip(between, 0, None)).sum()
        shift = np.square(self._mean - second.mean(0)).sum()
        return float(max(0.0, shift + self._trace + np.trace(covariance) - 2 * cross))


def frechet(features: NDArray[np.floating], others: NDArray[np.floating]) -> float:
    """The Fréchet distance of two sets of features; see `Frechet`."""
    return Frechet(features).distance(others)


def _in_batches(measure: Callable[..., Float], truth: NDArray[Any], other: NDArray[Any]) -> Float:
    """What `measure` says of each picture, some pictures at once on each core."""
    starts = range(0, len(truth), BATCH)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = pool.map(lambda i: measure(truth[i : i + BATCH], other[i : i + BATCH]), starts)
        return np.concatenate(list(parts))


def _decibel(error: Float) -> Float:
    with np.errstate(divide="ignore"):
        return np.minimum(-10.0 * np.log10(error), EQUAL_PSNR)


def _same(truth: UInt8, other: UInt8) -> None:
    if truth.shape != other.shape or truth.ndim != 4 or truth.shape[-1] != 3:
        raise ValueError(
            f"pictures have shapes {truth.shape} and {other.shape}; both must be (N, H, W, 3)."
        )
    if truth.dtype != np.uint8 or other.dtype != np.uint8:
        raise ValueError(f"pictures are {truth.dtype} and {other.dtype}; both must be uint8.")
