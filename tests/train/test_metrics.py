"""Each metric against an independent implementation, brute force or a published table."""

import warnings

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from skimage.color import deltaE_ciede2000
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from colorizers.color import rgb_to_lab
from train import metrics


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 256, (6, 32, 32, 3), np.uint8)
    noise = rng.integers(-25, 26, truth.shape)
    return truth, np.clip(truth + noise, 0, 255).astype(np.uint8)


def test_psnr_is_scikit_images(pair):
    expected = [peak_signal_noise_ratio(a, b) for a, b in zip(*pair, strict=True)]
    np.testing.assert_allclose(metrics.psnr(*pair), expected, rtol=1e-5)


def test_pooled_psnr_is_of_all_pixels_together(pair):
    assert metrics.pooled_psnr(*pair) == pytest.approx(peak_signal_noise_ratio(*pair), rel=1e-5)


def test_pooled_lies_below_the_mean_where_pictures_differ_in_quality(pair):
    truth, other = pair
    other = other.copy()
    other[0] = 255 - truth[0]
    assert metrics.pooled_psnr(truth, other) < metrics.psnr(truth, other).mean() - 1


def test_equal_pictures_count_as_100_db(pair):
    assert metrics.psnr(pair[0], pair[0]).tolist() == [100.0] * 6
    assert metrics.pooled_psnr(pair[0], pair[0]) == 100.0


@pytest.mark.parametrize("epsilon", [2, 5])
def test_nazeri_accuracy_by_brute_force(pair, epsilon):
    truth, other = (rgb_to_lab(part)[:1, :8, :8] for part in pair)
    right = 0
    for a, b in zip(truth.reshape(-1, 3), other.reshape(-1, 3), strict=True):
        d = [abs(round(float(x)) - round(float(y))) for x, y in zip(a, b, strict=True)]
        right += d[0] <= epsilon and 10 * d[1] <= 22 * epsilon and 10 * d[2] <= 22 * epsilon
    assert metrics.nazeri_accuracy_lab(truth, other, epsilon)[0] == pytest.approx(right / 64)


def test_nazeri_limit_itself_is_right_and_one_more_is_wrong():
    truth = np.zeros((1, 1, 1, 3), np.float32)
    for offset, expected in (((5, 11, -11), 1.0), ((6, 0, 0), 0.0), ((0, 12, 0), 0.0)):
        other = np.array(offset, np.float32).reshape(1, 1, 1, 3)
        assert metrics.nazeri_accuracy_lab(truth, other, 5)[0] == expected


def test_channel_accuracy_by_brute_force(pair):
    truth, other = (part[:1, :5, :5].astype(int) for part in pair)
    ours = metrics.channel_accuracy(pair[0][:1, :5, :5], pair[1][:1, :5, :5], 5)[0]
    for channel in range(3):
        right = [abs(x - y) <= 12.75 for x, y in zip(
            truth[..., channel].ravel(), other[..., channel].ravel(), strict=True)]  # fmt: skip
        assert ours[channel] == pytest.approx(np.mean(right))
    assert ours[3] == pytest.approx((np.abs(truth - other).max(-1) <= 12.75).mean())


def test_ssim_of_a_stack_is_scikit_images_of_each(pair):
    expected = [
        structural_similarity(
            a, b, channel_axis=-1, data_range=255,
            gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        )
        for a, b in zip(*pair, strict=True)
    ]  # fmt: skip
    np.testing.assert_allclose(metrics.ssim(*pair), expected, rtol=1e-12)


def test_in_batches_each_picture_is_measured_as_scikit_image_does_alone():
    """More pictures than go at once, and a last batch that is not full."""
    rng = np.random.default_rng(6)
    truth = rng.integers(0, 256, (2 * metrics.BATCH + 3, 16, 16, 3), np.uint8)
    other = np.clip(truth + rng.integers(-25, 26, truth.shape), 0, 255).astype(np.uint8)
    labs = rgb_to_lab(truth), rgb_to_lab(other)
    similar, different = metrics.ssim(truth, other), metrics.ciede2000(*labs)
    for i in (0, metrics.BATCH - 1, metrics.BATCH, len(truth) - 1):
        alone = structural_similarity(
            truth[i], other[i], channel_axis=-1, data_range=255,
            gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        )  # fmt: skip
        assert similar[i] == pytest.approx(alone, rel=1e-12)
        a, b = (lab[i].astype(np.float64) for lab in labs)
        assert different[i] == pytest.approx(deltaE_ciede2000(a, b).mean(), rel=1e-12)


def test_ssim_is_kornias_away_from_the_border(pair):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its own optional imports
        from kornia.metrics import ssim
    a, b = (torch.from_numpy(part).permute(0, 3, 1, 2).double() / 255 for part in pair)
    inside = ssim(a, b, window_size=11)[..., 5:-5, 5:-5].mean((1, 2, 3)).numpy()
    np.testing.assert_allclose(metrics.ssim(*pair), inside, atol=2e-3)


# Sharma, Wu, Dalal 2005, table 1: pairs 1, 7, 13, 17, 25 and 34.
SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, -0.001, 2.49), (50.0, 0.0009, -2.49), 4.8045),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("first", "second", "difference"), SHARMA)
def test_ciede2000_gives_the_published_table(first, second, difference):
    a, b = (np.array(lab).reshape(1, 1, 1, 3) for lab in (first, second))
    assert metrics.ciede2000(a, b)[0] == pytest.approx(difference, abs=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
def test_auc_by_brute_force(weighted):
    rng = np.random.default_rng(2)
    truth = rng.uniform(-110, 110, (2, 4, 4, 2)).astype(np.float32)
    other = rng.uniform(-110, 110, (2, 4, 4, 2)).astype(np.float32)
    other[0, 0, 0] = truth[0, 0, 0] + np.array([3, 4])  # exactly 5: within t = 5
    weight = rng.uniform(0.1, 9, (2, 4, 4)) if weighted else np.ones((2, 4, 4))
    distance = np.linalg.norm(truth.astype(float) - other.astype(float), axis=-1)
    shares = [weight[distance <= t].sum() / weight.sum() for t in range(151)]
    ours = metrics.auc(truth, other, weight if weighted else None)
    assert ours == pytest.approx(np.mean(shares), abs=1e-9)


def test_colourfulness_by_the_papers_formula(pair):
    red, green, blue = (pair[0][0, ..., channel].astype(float).ravel() for channel in range(3))
    rg, yb = red - green, 0.5 * (red + green) - blue
    expected = np.hypot(np.std(rg), np.std(yb)) + 0.3 * np.hypot(np.mean(rg), np.mean(yb))
    assert metrics.colourfulness(pair[0])[0] == pytest.approx(expected)
    grey = np.repeat(pair[0][..., :1], 3, axis=-1)
    assert metrics.colourfulness(grey).max() == 0


def test_drawings_that_differ_by_a_tint_are_not_apart_and_others_are_by_their_share():
    rng = np.random.default_rng(4)
    tint = rng.normal(size=(500, 1, 1, 1, 2))
    own = np.repeat(rng.normal(size=(500, 1, 1, 2, 2)), 8, axis=3)  # left and right half
    drawn = np.concatenate([0 * own + tint, own, own + tint, 0 * own], axis=1)
    # The mean of two halves keeps half of their variance.
    expected = [0.0, 0.5, 0.25, 0.0]
    np.testing.assert_allclose(metrics.apart(drawn.astype(np.float32)), expected, atol=0.04)


def test_frechet_is_the_textbook_formula():
    rng = np.random.default_rng(8)
    a = rng.normal(size=(400, 12)) @ rng.normal(size=(12, 12))
    b = rng.normal(size=(500, 12)) @ rng.normal(size=(12, 12)) + 0.5
    A, B = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    shift = ((a.mean(0) - b.mean(0)) ** 2).sum()
    expected = shift + np.trace(A + B - 2 * np.real(sqrtm(A @ B)))
    assert metrics.frechet(a, b) == pytest.approx(expected, rel=1e-6)
    assert metrics.frechet(a, a) == pytest.approx(0, abs=1e-6)


def test_pictures_that_do_not_match_are_refused(pair):
    with pytest.raises(ValueError, match="shapes"):
        metrics.psnr(pair[0], pair[1][:3])
    with pytest.raises(ValueError, match="uint8"):
        metrics.ssim(pair[0], pair[1].astype(np.float32))
