"""Places on the screen: the test over participants."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats
from study_frames import answers, crossed

from study.statistics.coverage import EVEN, Plan, place_sizes
from study.statistics.slots import even_shares
from study.statistics.stats import slot_check


def test_two_places_are_students_t():
    left = np.array([0.6, 0.7, 0.4, 0.8, 0.55])
    p = even_shares(np.column_stack([left, 1 - left]))
    assert p == pytest.approx(scipy_stats.ttest_1samp(left, 0.5).pvalue)


def test_three_places_are_the_multivariate_regression_of_statsmodels():
    from statsmodels.multivariate.manova import MANOVA

    rng = np.random.default_rng(2)
    shares = rng.dirichlet([4, 3, 3], 12)
    test = MANOVA(shares[:, :2] - 1 / 3, np.ones((12, 1))).mv_test(
        [("mean", np.ones((1, 1)), None)]
    )
    reference = test.results["mean"]["stat"].loc["Hotelling-Lawley trace", "Pr > F"]
    assert even_shares(shares) == pytest.approx(reference)


def test_the_place_that_is_left_out_does_not_matter():
    shares = np.random.default_rng(3).dirichlet([5, 4, 3, 4], 20)
    assert even_shares(shares) == pytest.approx(even_shares(shares[:, ::-1]))


@pytest.mark.parametrize("shares", [[[1 / 3] * 3] * 9, [[1.0, 0, 0]] * 9, [[0.2, 0.3, 0.5]] * 2])
def test_people_who_are_too_few_or_all_alike_are_no_test(shares):
    assert math.isnan(even_shares(shares))


def test_the_report_counts_each_participants_shares():
    frame = answers(crossed(np.random.default_rng(1).choice(["gan", "truth"], (9, 12)).tolist()))
    picks = frame[frame["picked"]]
    shares = picks.pivot_table(index="participant", columns="slot", values="trial", aggfunc="size")
    check = slot_check(frame)
    assert check.p == pytest.approx(even_shares(shares.fillna(0) / 12))
    assert check.participants == 9


def test_favourite_places_of_ones_own_are_no_bias():
    """Answers taken as independent find a bias in one study of three."""
    found = place_sizes(Plan(16, 30, 200, EVEN), 0.6, 400, np.random.default_rng(5))
    assert 0.02 <= found.by_participant <= 0.09
    assert found.naive > 0.25
