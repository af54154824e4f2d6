"""Tests of methods against published examples, R's and independent implementations."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests
from study_frames import PICKS, TRUTH, answers, crossed, relaxed

from study.statistics import comparisons
from study.statistics.comparisons import (
    against_truth,
    binomial_naive,
    differences,
    equivalence,
    holm,
    rating_differences,
    sign_flip,
    signed_ranks,
)
from study.statistics.stats import distances, fool_rates
from study.statistics.twoway import (
    GAPS,
    TwoWayVariance,
    two_way_gap,
    two_way_mean,
    two_way_p,
    two_way_variance,
)

# Darwin's maize, crossed minus self-fertilised, eighths of an inch. Fisher (1935), The Design of
# Experiments, section 21: 863 of the 32,768 sign patterns have a sum as high; two-sided 5.267 %.
MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]

# Hollander and Wolfe (1973), Nonparametric Statistical Methods, p. 29, depression scores before
# and after; R's wilcox.test(x, y, paired = TRUE, alternative = "greater") prints V = 40 and
# p-value = 0.01953.
BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]

few = st.lists(st.floats(-5, 5).map(lambda x: round(x, 3)), min_size=2, max_size=9)


def test_fishers_sign_patterns():
    p, patterns = sign_flip(MAIZE)
    assert patterns == 2**15
    assert p == pytest.approx(2 * 863 / 32_768)


@relaxed
@given(few)
def test_counted_patterns_agree_with_scipy(values):
    x = np.array(values)
    ours, patterns = sign_flip(x)
    reference = scipy_stats.permutation_test(
        (x,), np.mean, permutation_type="samples", n_resamples=2**10
    )
    assert patterns == 2**x.size == len(reference.null_distribution)
    assert ours == pytest.approx(reference.pvalue)
    # Exchanging the two values of a participant flips the sign of their difference.
    exchanged = scipy_stats.permutation_test(
        (x, np.zeros(x.size)),
        lambda a, b: a.mean() - b.mean(),
        permutation_type="samples",
        n_resamples=2**10,
        vectorized=False,
    )
    assert ours == pytest.approx(exchanged.pvalue)


def test_drawn_patterns_come_near_the_counted_ones(monkeypatch):
    counted, _ = sign_flip(MAIZE)
    monkeypatch.setattr(comparisons, "_EXACT", 1)
    drawn, patterns = sign_flip(MAIZE)
    assert patterns == 9_999
    assert drawn == pytest.approx(counted, abs=5 * math.sqrt(counted / patterns))
    assert sign_flip(MAIZE) == (drawn, patterns), "the same answers give the same p"


def test_many_participants_are_tested_by_sign_flips():
    x = np.random.default_rng(0).normal(0.1, 1, 1_500)
    assert sign_flip(x)[0] == pytest.approx(scipy_stats.ttest_1samp(x, 0).pvalue, abs=0.01)


def test_one_participant_is_no_test():
    p, patterns = sign_flip([0.3])
    assert math.isnan(p)
    assert patterns == 0


def test_nobody_differs():
    assert sign_flip([0.0, 0.0, 0.0])[0] == 1


def test_wilcoxons_ranks_of_the_depression_scores():
    correlation, p = signed_ranks(np.array(BEFORE) - np.array(AFTER))
    assert p == pytest.approx(2 * 0.01953, abs=1e-5)
    assert correlation == pytest.approx((40 - 5) / 45)


def test_ranks_of_equal_pairs_do_not_exist():
    assert all(math.isnan(x) for x in signed_ranks(np.zeros(5)))


def test_holm_of_the_textbook():
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") prints 0.03 0.06 0.06 0.02.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    some = np.random.default_rng(1).random(40) ** 3
    some[5:9] = some[4]  # ties
    assert holm(list(some)) == pytest.approx(multipletests(some, method="holm")[1])
    assert math.isnan(holm([math.nan])[0])


def test_binomial_test_of_rs_example():
    # Conover (1971), p. 97; R: binom.test(682, 925, p = 0.75) prints p-value = 0.3825.
    assert binomial_naive(682, 925, 0.75) == pytest.approx(0.3825, abs=5e-5)
    assert math.isnan(binomial_naive(0, 0, 0.5))


def variance(mean, error, clusters=16):
    # People alone vary: the degrees of freedom are theirs.
    return TwoWayVariance(mean, error**2, 0, 0, error**2, error**2, 480, clusters, 200)


@relaxed
@given(st.floats(-0.2, 0.2), st.floats(0.005, 0.1))
def test_equivalence_is_two_t_tests(mean, error):
    p = equivalence(variance(mean, error), 0.05)
    t = scipy_stats.t(15)
    assert p == pytest.approx(max(t.sf((mean + 0.05) / error), t.cdf((mean - 0.05) / error)))
    # The 90 % interval lies within the margin exactly when both tests are below 5 %.
    interval = two_way_mean(variance(mean, error), 0.9)
    assert (p < 0.05) == (interval.low > -0.05 and interval.high < 0.05)


@relaxed
@given(st.floats(-0.2, 0.2), st.floats(0.005, 0.1))
def test_equivalence_of_a_gap_goes_with_its_interval(mean, error):
    found = variance(mean, error)
    p, interval = equivalence(found, 0.05, GAPS), two_way_gap(found, 0.9)
    assert (p < 0.05) == (interval.low > -0.05 and interval.high < 0.05)
    # Every gap lies within a margin that is as wide as the scale.
    assert equivalence(found, 0.5, GAPS) == 0


def test_equivalence_needs_a_margin_and_a_variance():
    with pytest.raises(ValueError, match="above 0, got 0"):
        equivalence(variance(0, 0.1), 0)
    assert math.isnan(equivalence(variance(0, 0.0)))


def test_against_truth_has_the_gap_of_the_report():
    frame = answers(crossed(PICKS))
    for test, gap in zip(against_truth(frame), distances(frame), strict=True):
        assert (test.name, test.gap, test.interval) == (gap.name, gap.distance, gap.interval)
        assert test.participants == 2
    gan = against_truth(frame)[0]
    # Both people: 2 picks of gan and 2 of the truth; 1 of gan, 2 of the truth: gaps 0 and -1/8.
    assert gan.p_flips == sign_flip([0, -1 / 8])[0]
    score = [0.5, -0.5, -0.5, 0.5, -0.5, 0.5, 0, -0.5]
    people, pictures = np.repeat(["a", "b"], 4), np.tile(np.arange(4), 2)
    found = two_way_variance(score, people, pictures)
    assert gan.p == two_way_p(found, limits=GAPS)
    assert gan.p_equivalent == equivalence(found, 0.05, GAPS)
    assert gan.p_naive == pytest.approx(scipy_stats.binomtest(3, 7, 0.5).pvalue)
    assert gan.effect_size == pytest.approx(-1 / math.sqrt(2))


def test_differences_are_those_of_the_rates():
    frame = answers(crossed(PICKS))
    rates = {rate.name: rate.rate for rate in fool_rates(frame)}
    (test,) = differences(frame)
    assert (test.name, test.other) == ("gan", "classification")
    assert test.difference == pytest.approx(rates["gan"] - rates["classification"])
    assert test.interval.low < test.difference < test.interval.high


def test_the_flips_of_a_difference_are_counted_for_the_default_study():
    # 16 people: all 65,536 patterns for the gap as for the difference, none of them drawn.
    rng = np.random.default_rng(8)
    frame = answers(crossed(rng.choice(["gan", "classification", TRUTH], (16, 10)).tolist()))
    tests: list[Any] = [*against_truth(frame), *differences(frame)]
    assert [test.patterns for test in tests] == [2**16] * 3


@pytest.mark.parametrize("seed", range(8))
def test_a_small_p_never_stands_beside_an_interval_that_holds_0(seed):
    # Forty people on the same twelve pictures, which differ much: flips over people are sure of
    # what is the luck of the pictures.
    rng = np.random.default_rng(seed)
    of_picture = rng.choice([0.1, 0.5], 12)
    picks = [
        [rng.choice(["gan", "classification", TRUTH], p=[p, 0.1, 0.9 - p]) for p in of_picture]
        for _ in range(40)
    ]
    marks = [
        {"gan": int(rng.integers(1, 4)), "classification": 2, TRUTH: int(rng.integers(3, 6))}
        for _ in range(480)
    ]
    trials = [{**trial, "realism": mark} for trial, mark in zip(crossed(picks), marks, strict=True)]
    frame = answers(trials)
    tests: list[Any] = [
        *against_truth(frame),
        *differences(frame),
        *rating_differences(frame, "realism"),
    ]
    assert len(tests) == 2 + 1 + 3
    for test in tests:
        left_out = test.interval.low > 0 or test.interval.high < 0
        assert (test.p <= 0.05) == left_out, test


def test_four_methods_are_six_differences_corrected_together():
    rng = np.random.default_rng(3)
    picks = rng.choice(["a", "b", "c", "d", TRUTH], (8, 20), p=[0.4, 0.3, 0.1, 0.1, 0.1])
    found = differences(answers(crossed(picks.tolist()), methods=("a", "b", "c", "d", TRUTH)))
    assert len(found) == 6
    assert [t.p_holm for t in found] == pytest.approx(holm([t.p for t in found]))
    assert all(t.p_holm >= t.p for t in found)


def test_gap_and_equivalence_of_all_methods_are_one_family():
    rng = np.random.default_rng(3)
    picks = rng.choice(["a", "b", TRUTH], (12, 20), p=[0.4, 0.2, 0.4])
    found = against_truth(answers(crossed(picks.tolist()), methods=("a", "b", TRUTH)), margin=0.2)
    family = holm([*(t.p for t in found), *(t.p_equivalent for t in found)])
    assert [*(t.p_holm for t in found), *(t.p_equivalent_holm for t in found)] == family
    assert len(family) == 4
    assert all(t.p_equivalent_holm >= t.p_equivalent for t in found)


def test_ratings_are_compared_within_participants():
    values = [(5, 3), (4, 3), (5, 2), (3, 3), (4, 1)]
    trials = [
        {
            "participant": f"p{i}", "picture": f"i{i % 2}", "pick": TRUTH,
            "realism": {TRUTH: real, "gan": fake},
        }
        for i, (real, fake) in enumerate(values)
    ]  # fmt: skip
    (test,) = rating_differences(answers(trials, methods=("gan", TRUTH)), "realism")
    apart = np.array([fake - real for real, fake in values], dtype=float)
    assert (test.name, test.other, test.participants) == ("gan", TRUTH, 5)
    assert test.difference == pytest.approx(apart.mean())
    assert test.p_ranks == pytest.approx(scipy_stats.wilcoxon(apart).pvalue)
    assert test.p == two_way_p(two_way_variance(apart, np.arange(5), [0, 1, 0, 1, 0]))
    assert test.rank_correlation == -1
    unrated = rating_differences(answers(trials, methods=("gan", TRUTH)), "quality")
    assert not sum(test.participants for test in unrated)
