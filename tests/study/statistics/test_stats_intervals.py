"""Textbook intervals against published tables, statsmodels and scipy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import multinomial_proportions_confint, proportion_confint
from study_frames import relaxed

from study.statistics.intervals import clopper_pearson, goodman, t_interval, wilson

# Newcombe (1998), Two-sided confidence intervals for the single proportion, Statistics in
# Medicine 17, 857-872, table I: methods 3 (score) and 5 (Clopper-Pearson).
NEWCOMBE = [
    (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
    (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
]

counts = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.sampled_from([0.5, 0.9, 0.95, 0.99])


@pytest.mark.parametrize(("k", "n", "score", "exact"), NEWCOMBE)
def test_newcombes_table(k, n, score, exact):
    for found, published in ((wilson(k, n), score), (clopper_pearson(k, n), exact)):
        assert (found.low, found.high) == pytest.approx(published, abs=5.1e-5)


@relaxed
@given(counts, levels)
def test_wilson_and_clopper_pearson_agree_with_statsmodels(count, level):
    k, n = count
    for ours, name in ((wilson, "wilson"), (clopper_pearson, "beta")):
        interval = ours(k, n, level)
        reference = proportion_confint(k, n, alpha=1 - level, method=name)
        assert (interval.low, interval.high) == pytest.approx(reference, abs=1e-9)
        assert 0 <= interval.low <= k / n + 1e-12
        assert k / n - 1e-12 <= interval.high <= 1
        assert interval.level == level


@relaxed
@given(counts, levels)
def test_swapping_success_and_failure_mirrors_the_interval(count, level):
    k, n = count
    for interval in (wilson, clopper_pearson):
        one, other = interval(k, n, level), interval(n - k, n, level)
        assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-9)


def test_clopper_pearson_takes_a_fractional_sample_size():
    interval = clopper_pearson(0, 12.5)
    # With no success the upper end solves (1 - p)^n = 2.5 %, which needs no whole n.
    assert interval.high == pytest.approx(1 - 0.025 ** (1 / 12.5))
    assert interval.low == 0
    interval = clopper_pearson(2.5, 12.5)
    assert interval.low == pytest.approx(scipy_stats.beta.ppf(0.025, 2.5, 11))
    assert interval.high == pytest.approx(scipy_stats.beta.ppf(0.975, 3.5, 10))


@relaxed
@given(st.lists(st.integers(0, 500), min_size=2, max_size=7).filter(any), levels)
def test_goodman_agrees_with_statsmodels(picks, level):
    reference = multinomial_proportions_confint(picks, alpha=1 - level, method="goodman")
    ours = np.array([(interval.low, interval.high) for interval in goodman(picks, level)])
    np.testing.assert_allclose(ours, np.clip(reference, 0, 1), atol=1e-9)


def test_goodman_says_when_counts_are_small():
    assert "at least 5" in goodman([4, 40, 60])[0].note
    assert goodman([5, 40, 60])[0].note == ""


def test_t_interval_of_students_sleep_data():
    # Student (1908), The probable error of a mean, Biometrika 6: extra hours of sleep, second
    # drug minus first. R's t.test(extra ~ group, data = sleep, paired = TRUE) prints
    # 0.7001142 and 2.4598858.
    differences = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
    mean, interval = t_interval(differences)
    assert mean == pytest.approx(1.58)
    assert (interval.low, interval.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-7)


@relaxed
@given(st.lists(st.floats(1, 5), min_size=2, max_size=40), levels)
def test_t_interval_agrees_with_scipy(values, level):
    mean, interval = t_interval(values, level)
    scale = np.std(values, ddof=1) / math.sqrt(len(values))
    if scale > 1e-9:
        reference = scipy_stats.t.interval(level, len(values) - 1, np.mean(values), scale)
        assert (interval.low, interval.high) == pytest.approx(reference, abs=1e-9)
    assert mean == pytest.approx(np.mean(values))


def test_t_interval_of_one_person_is_a_statement():
    mean, interval = t_interval([4.0])
    assert mean == 4.0
    assert not interval.defined
    assert "at least 2" in interval.note
    mean, interval = t_interval([])
    assert math.isnan(mean)
    assert not interval.defined


@pytest.mark.parametrize(("k", "n"), [(1, 0), (-1, 5), (6, 5), (0, -1)])
def test_impossible_counts_are_refused(k, n):
    for interval in (wilson, clopper_pearson):
        with pytest.raises(ValueError, match=f"k = {k} and n = {n}"):
            interval(k, n)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_outside_0_and_1_is_refused(level):
    with pytest.raises(ValueError, match=str(level)):
        wilson(1, 2, level)


def test_joint_intervals_of_one_category_are_refused():
    with pytest.raises(ValueError, match="at least 2 categories, got 1"):
        goodman([4])
