"""The headline interval: against statsmodels, by hand, at its edges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from scipy.special import expit, logit
from statsmodels.regression.linear_model import OLS
from study_frames import relaxed

from study.statistics.twoway import (
    CLOPPER_PEARSON_EFFECTIVE,
    GAPS,
    TWO_WAY_LOGIT,
    two_way_gap,
    two_way_logit,
    two_way_mean,
    two_way_p,
    two_way_variance,
)


def interval_of(picked, participant, picture, level=0.95, **settings):
    return two_way_logit(two_way_variance(picked, participant, picture), level, **settings)


def mean_of(values, participant, picture):
    variance = two_way_variance(values, participant, picture)
    return variance.mean, two_way_mean(variance)


def design_effect(picked, participant, picture):
    return two_way_variance(picked, participant, picture).design_effect


def answers(seed, participants=12, trials=20, pictures=50, participant_sd=0.8, picture_sd=1.0):
    """Picks of people who each see some of the pictures, with both effects."""
    rng = np.random.default_rng(seed)
    participant = np.repeat(np.arange(participants), trials)
    picture = np.concatenate([rng.permutation(pictures)[:trials] for _ in range(participants)])
    effects = rng.normal(0, participant_sd, participants)[participant]
    effects = effects + rng.normal(0, picture_sd, pictures)[picture]
    picked = (rng.random(participant.size) < expit(effects - 0.4)).astype(float)
    return picked, participant, picture


def reference_variance(values, participant, picture):
    """statsmodels' two-way clustered variance of the mean (Cameron, Gelbach and Miller 2011).

    Its correction is G/(G - 1) * (n - 1)/(n - k) for each of the three parts; with one
    coefficient, k = 1, that is exactly G/(G - 1).
    """
    groups = np.column_stack([participant, picture])
    fit = OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": groups})
    return float(np.asarray(fit.cov_params()).item())


def reference_t(values, participant, picture):
    """Student's t by Satterthwaite, from the three variances of statsmodels."""
    people, pictures, cells = (
        float(
            np.asarray(
                OLS(values, np.ones(len(values)))
                .fit(cov_type="cluster", cov_kwds={"groups": np.asarray(groups)})
                .cov_params()
            ).item()
        )
        for groups in (participant, picture, np.arange(len(values)))
    )
    own = people - cells, pictures - cells
    df = len(set(participant)) - 1, len(set(picture)) - 1
    variance = people + pictures - cells
    parts = (
        people**2 / df[0] + max(own[1], 0) ** 2 / df[1],
        max(own[0], 0) ** 2 / df[0] + pictures**2 / df[1],
    )
    return scipy_stats.t(len(values) - 1 if variance <= cells else variance**2 / max(parts))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("shape", [(12, 20, 50), (16, 30, 30), (5, 8, 40), (30, 4, 9)])
def test_variance_agrees_with_statsmodels(seed, shape):
    picked, participant, picture = answers(seed, *shape)
    ours = two_way_variance(picked, participant, picture)
    reference = reference_variance(picked, participant, picture)
    raw = ours.by_participant + ours.by_picture - ours.by_answer
    assert raw == pytest.approx(reference, rel=1e-9)
    own = picked.var() / (picked.size - 1)
    assert ours.total == pytest.approx(max(raw, own), rel=1e-12)


def test_variance_agrees_with_statsmodels_where_a_picture_is_seen_twice():
    rng = np.random.default_rng(5)
    participant, picture = rng.integers(0, 9, 300), rng.integers(0, 12, 300)
    picked = (rng.random(300) < expit(rng.normal(0, 1, 12)[picture])).astype(float)
    ours = two_way_variance(picked, participant, picture)
    raw = ours.by_participant + ours.by_picture - ours.by_answer
    assert raw == pytest.approx(reference_variance(picked, participant, picture), rel=1e-9)


def test_variance_by_hand():
    # Two people, two pictures: residuals from the mean 1/2 are +, -, +, + and so on.
    picked = [1, 0, 1, 1]
    people, pictures = ["a", "a", "b", "b"], ["x", "y", "x", "y"]
    # Mean 3/4; residuals 1/4, -3/4, 1/4, 1/4. Sums by person: -1/2, 1/2; by picture: 1/2, -1/2.
    found = two_way_variance(picked, people, pictures)
    assert found.by_participant == pytest.approx(2 / 1 * (1 / 4 + 1 / 4) / 16)
    assert found.by_picture == pytest.approx(2 / 1 * (1 / 4 + 1 / 4) / 16)
    assert found.by_answer == pytest.approx(4 / 3 * (3 / 16 + 9 / 16) / 16)
    assert found.total == pytest.approx(0.0625 + 0.0625 - 0.0625)
    assert found.degrees_of_freedom == 1


def test_the_answers_own_variance_is_the_floor():
    # Everybody picks in half of the trials, every picture is picked by half: no cluster varies.
    picked = [1, 0, 0, 1]
    found = two_way_variance(picked, ["a", "a", "b", "b"], ["x", "y", "x", "y"])
    assert found.by_participant == found.by_picture == 0
    assert found.total == pytest.approx(found.by_answer) == pytest.approx(0.25 / 3)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_interval_is_t_on_the_logit_scale(level):
    picked, participant, picture = answers(3)
    p = picked.mean()
    variance = max(
        reference_variance(picked, participant, picture), p * (1 - p) / (len(picked) - 1)
    )
    half = (
        reference_t(picked, participant, picture).ppf(0.5 + level / 2)
        * math.sqrt(variance)
        / (p * (1 - p))
    )
    interval = interval_of(picked, participant, picture, level)
    assert interval.low == pytest.approx(expit(logit(p) - half))
    assert interval.high == pytest.approx(expit(logit(p) + half))
    assert interval.method == TWO_WAY_LOGIT
    assert interval.note == ""


def test_degrees_of_freedom_follow_the_clusters_that_vary():
    # Seven pictures that differ much, and forty people who do not: those of the pictures.
    picked, participant, picture = answers(1, 40, 6, 7, participant_sd=0, picture_sd=2)
    found = two_way_variance(picked, participant, picture)
    assert found.degrees_of_freedom == pytest.approx(6, abs=0.5)
    # Twelve people who differ much and see pictures that nobody else sees: those of the people.
    other = two_way_variance(np.repeat(np.arange(12) % 3, 20), np.repeat(np.arange(12), 20),
                             np.arange(240))  # fmt: skip
    assert other.degrees_of_freedom == pytest.approx(11)


def test_where_no_cluster_shows_the_answers_count_as_independent():
    picked, participant, picture = answers(6, participant_sd=0, picture_sd=0)
    found = two_way_variance(picked, participant, picture)
    raw = found.by_participant + found.by_picture - found.by_answer
    assert (found.degrees_of_freedom == 239) == (raw < found.by_answer)
    opposed = two_way_variance([1, 0] * 8, np.repeat(np.arange(8), 2), [0, 1, 1, 0, 2, 3, 3, 2] * 2)
    assert opposed.degrees_of_freedom == 15


def test_three_people_have_two_degrees_of_freedom():
    picked, participant, picture = answers(1, participants=3)
    assert two_way_variance(picked, participant, picture).degrees_of_freedom == 2


@pytest.mark.parametrize("seed", range(6))
def test_p_is_that_of_statsmodels_t(seed):
    picked, participant, picture = answers(seed)
    score = picked - 0.3
    found = two_way_variance(score, participant, picture)
    t = found.mean / math.sqrt(reference_variance(score, participant, picture))
    reference = 2 * reference_t(score, participant, picture).sf(abs(t))
    assert two_way_p(found) == pytest.approx(reference, rel=1e-9)


@relaxed
@given(st.integers(0, 500), st.floats(-0.4, 0.4), st.sampled_from([0.9, 0.95, 0.99]))
def test_p_is_small_exactly_where_the_interval_leaves_0_out(seed, moved, level):
    picked, participant, picture = answers(seed, participants=6, trials=8, pictures=12)
    found = two_way_variance(picked - picked.mean() + moved, participant, picture)
    interval = two_way_mean(found, level)
    assert (two_way_p(found) <= 1 - level) == (interval.low >= 0 or interval.high <= 0)


@relaxed
@given(st.integers(0, 500), st.floats(-0.4, 0.4), st.sampled_from([0.9, 0.95, 0.99]))
def test_p_of_a_gap_is_small_exactly_where_its_interval_leaves_the_value_out(seed, value, level):
    picked, participant, picture = answers(seed, participants=6, trials=8, pictures=12)
    found = two_way_variance(picked - 0.5, participant, picture)
    interval = two_way_gap(found, level)
    p = two_way_p(found, value, GAPS)
    assert (p <= 1 - level) == (interval.low >= value or interval.high <= value)


def test_p_does_not_exist_where_the_interval_does_not():
    for values, people, pictures in (
        ([0.5, -0.5], ["a", "a"], ["x", "y"]),
        ([0.5] * 4, ["a", "a", "b", "b"], ["x", "y", "x", "y"]),
    ):
        found = two_way_variance(values, people, pictures)
        assert not two_way_mean(found).defined
        assert math.isnan(two_way_p(found))


@relaxed
@given(st.integers(0, 500))
def test_order_and_names_do_not_matter(seed):
    picked, participant, picture = answers(seed, participants=6, trials=8, pictures=12)
    order = np.random.default_rng(seed).permutation(picked.size)
    names = np.array([f"p-{i:x}" for i in range(1000, 1006)])
    one = interval_of(picked, participant, picture)
    other = interval_of(picked[order], names[participant[order]], picture[order] + 77)
    assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=1e-9)
    assert 0 <= one.low <= picked.mean() <= one.high <= 1


def test_counting_the_other_outcome_mirrors_the_interval():
    picked, participant, picture = answers(9)
    one = interval_of(picked, participant, picture)
    other = interval_of(1 - picked, participant, picture)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low))


def test_many_participants_on_one_picture_give_a_statement():
    interval = interval_of([1, 0, 1], ["a", "b", "c"], ["x", "x", "x"])
    assert not interval.defined
    assert interval.note == "no interval over other pictures, because there is only 1"


def test_one_participant_gives_a_statement():
    for picked in ([1, 0, 1], [0, 0, 0]):
        interval = interval_of(picked, ["a", "a", "a"], ["x", "y", "z"])
        assert not interval.defined
        assert interval.note == ("no interval over other participants, because there is only 1")
    mean, interval = mean_of([0.5, -0.5], ["a", "a"], ["x", "y"])
    assert mean == 0
    assert not interval.defined


def test_no_pick_uses_the_effective_sample_size():
    _, participant, picture = answers(0, participants=16, trials=30, pictures=200)
    none = np.zeros(480)
    interval = interval_of(none, participant, picture, fallback_design_effect=2.0)
    assert interval.method == CLOPPER_PEARSON_EFFECTIVE
    assert interval.low == 0
    # Korn and Graubard (1998): n / deff, times (t of n - 1 over t of the design)^2.
    effective = 240 * (scipy_stats.t.ppf(0.975, 479) / scipy_stats.t.ppf(0.975, 15)) ** 2
    assert interval.high == pytest.approx(1 - 0.025 ** (1 / effective))
    assert "204 effective answers" in interval.note
    every = interval_of(none + 1, participant, picture, fallback_design_effect=2.0)
    assert every.high == 1
    assert every.low == pytest.approx(0.025 ** (1 / effective))
    assert every.note.startswith("all picked")


def test_no_pick_and_nothing_known_counts_each_person_once():
    _, participant, picture = answers(0, participants=16, trials=30, pictures=200)
    interval = interval_of(np.zeros(480), participant, picture)
    assert interval.high == pytest.approx(1 - 0.025 ** (1 / 16))
    assert "one per participant or picture" in interval.note


def test_a_design_effect_below_1_does_not_invent_answers():
    _, participant, picture = answers(0, participants=16, trials=30, pictures=200)
    none = np.zeros(480)
    small = interval_of(none, participant, picture, fallback_design_effect=0.2)
    assert small == interval_of(none, participant, picture, fallback_design_effect=1.0)


def test_design_effect_is_1_without_clusters_and_large_with_them():
    rng = np.random.default_rng(2)
    participant, picture = np.repeat(np.arange(100), 20), np.tile(np.arange(20), 100)
    independent = rng.random(2000) < 0.4
    assert design_effect(independent, participant, picture) == pytest.approx(1, abs=0.5)
    # Every person always gives one answer: 20 answers are worth one.
    stubborn = (rng.random(100) < 0.4)[participant]
    assert design_effect(stubborn, participant, picture) == pytest.approx(20, rel=0.06)
    assert math.isnan(design_effect(np.zeros(2000), participant, picture))


def test_mean_has_the_linear_interval():
    picked, participant, picture = answers(4)
    score = picked - 0.5
    mean, interval = mean_of(score, participant, picture)
    total = two_way_variance(picked, participant, picture).total
    half = reference_t(picked, participant, picture).ppf(0.975) * math.sqrt(total)
    assert mean == pytest.approx(picked.mean() - 0.5)
    assert (interval.low, interval.high) == pytest.approx((mean - half, mean + half))


def test_equal_scores_have_no_interval():
    mean, interval = mean_of([0.5] * 4, ["a", "a", "b", "b"], ["x", "y", "x", "y"])
    assert mean == 0.5
    assert not interval.defined
    assert "all values are equal" in interval.note


def test_wrong_lengths_are_refused():
    with pytest.raises(ValueError, match="got 2, 1 and 2"):
        two_way_variance([1, 0], ["a"], ["x", "y"])
    with pytest.raises(ValueError, match="got 0, 0 and 0"):
        two_way_variance([], [], [])


def test_an_interval_ends_where_the_scale_ends():
    """A gap of half the picks cannot be -108 points, nor a mean of 1 to 5 be 6."""
    variance = two_way_variance([0, 0.5, 0.5, -0.5], ["a", "a", "b", "b"], [1, 2, 1, 2])
    wide, cut = two_way_mean(variance), two_way_mean(variance, limits=(-0.5, 0.5))
    assert wide.low < -0.5
    assert wide.high > 0.5
    assert (cut.low, cut.high) == (-0.5, 0.5)
    narrow = two_way_mean(variance, limits=(-50, 50))
    assert (narrow.low, narrow.high) == (wide.low, wide.high)
