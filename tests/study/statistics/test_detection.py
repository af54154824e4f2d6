"""d' against closed forms, another integral and drawn impressions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm
from study_frames import relaxed, summary_of

from study.statistics.detection import d_prime, share_correct


@pytest.mark.parametrize("d", [-1.0, 0.0, 0.5, 1.0, 2.5])
def test_two_alternatives_have_a_closed_form(d):
    assert share_correct(d, 2) == pytest.approx(norm.cdf(d / math.sqrt(2)), abs=1e-9)


@pytest.mark.parametrize("m", [3, 4, 6])
@pytest.mark.parametrize("d", [-0.5, 0.8, 2.0])
def test_more_alternatives_by_the_normal_orthant(m, d):
    # The real picture wins if m - 1 differences, with variance 2 and covariance 1, are positive.
    reference = multivariate_normal(
        np.full(m - 1, -d), np.eye(m - 1) + 1, abseps=1e-6, maxpts=10**6
    ).cdf(np.zeros(m - 1))
    assert share_correct(d, m) == pytest.approx(reference, abs=5e-5)


def test_drawn_impressions_agree():
    rng = np.random.default_rng(0)
    impressions = rng.normal(size=(200_000, 3))
    impressions[:, 0] += 0.9
    found = (impressions.argmax(axis=1) == 0).mean()
    assert share_correct(0.9, 3) == pytest.approx(found, abs=5 * math.sqrt(0.25 / 200_000))


@relaxed
@given(st.floats(-3, 4), st.integers(2, 6))
def test_d_prime_is_the_inverse(d, m):
    assert d_prime(share_correct(d, m), m) == pytest.approx(d, abs=1e-5)


def test_chance_is_zero_and_the_ends_are_infinite():
    assert d_prime(0.25, 4) == pytest.approx(0, abs=1e-8)
    assert d_prime(1, 3) == math.inf
    assert d_prime(0, 3) == -math.inf
    assert math.isnan(d_prime(math.nan, 3))


def test_one_alternative_is_no_choice():
    with pytest.raises(ValueError, match="at least 2 alternatives, got 1"):
        d_prime(0.5, 1)


def test_the_report_has_d_prime_of_the_truths_rate():
    from study_frames import PICKS, answers, crossed

    summary = summary_of(answers(crossed(PICKS)))
    truth = summary.rates.fool_rates[-1]
    assert summary.truth.detection.d_prime == d_prime(truth.rate, 3)
    assert summary.truth.detection.interval.low == d_prime(truth.headline.low, 3)
