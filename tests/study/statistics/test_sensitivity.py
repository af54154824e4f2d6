"""Other roads to the same rates: against statsmodels, by hand and by simulation."""

import math

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import beta
from study_frames import PICKS, TRUTH, answers, crossed

from study.statistics import sensitivity
from study.statistics.intervals import jeffreys
from study.statistics.model import AnswerModel, draw_effects, draw_picks
from study.statistics.sensitivity import crossed_bootstrap, marginal_interval, mixed_model
from study.statistics.twoway import two_way_logit, two_way_variance


def drawn(seed, participants=40, pictures=60, sds=(0.5, 1.0), rate=0.4):
    """Picks of a fully crossed study, with participants and pictures."""
    rng = np.random.default_rng(seed)
    effects = draw_effects(AnswerModel({"a": rate}, *sds), participants, pictures, rng)
    person = np.repeat(np.arange(participants), pictures)
    picture = np.tile(np.arange(pictures), participants)
    picked = draw_picks(effects.utilities(person, picture), rng) == 1
    return picked.astype(float), person, picture


@pytest.mark.parametrize(("k", "n"), [(0, 7), (1, 7), (3, 7), (7, 7), (17, 480)])
def test_jeffreys_is_the_posterior(k, n):
    from statsmodels.stats.proportion import proportion_confint

    found = jeffreys(k, n)
    low, high = proportion_confint(k, n, method="jeffreys")
    assert found.low == pytest.approx(0 if k == 0 else low)
    assert found.high == pytest.approx(1 if k == n else high)


def test_jeffreys_of_brown_cai_and_dasgupta():
    # Statistical Science 16(2), 2001, table 5: n = 7, x = 0 to 3.
    table = [(0, 0.292), (0.016, 0.501), (0.065, 0.648), (0.139, 0.766)]
    for x, ends in enumerate(table):
        found = jeffreys(x, 7)
        assert (found.low, found.high) == pytest.approx(ends, abs=5.1e-4)


def test_bootstrap_with_one_answer_a_cluster_is_the_usual_one():
    # Everybody sees a picture of their own: weights of people and pictures multiply, and the
    # variance of a mean is about three times that of independent answers (Owen 2007).
    rng = np.random.default_rng(1)
    y = (rng.random(400) < 0.4).astype(float)
    interval, draws = crossed_bootstrap(y, np.arange(400), np.arange(400))
    assert draws == 2_000
    error = (interval.high - interval.low) / (2 * 1.96)
    assert error == pytest.approx(math.sqrt(3 * y.var() / 400), rel=0.12)


def test_bootstrap_of_crossed_answers_is_near_the_headline():
    y, person, picture = drawn(2)
    bootstrap, _ = crossed_bootstrap(y, person, picture)
    headline = two_way_logit(two_way_variance(y, person, picture))
    assert bootstrap.low == pytest.approx(headline.low, abs=0.02)
    assert bootstrap.high == pytest.approx(headline.high, abs=0.02)
    assert crossed_bootstrap(y, person, picture)[0] == bootstrap


def test_bootstrap_needs_two_of_each():
    interval, draws = crossed_bootstrap([1.0, 0.0], ["a", "a"], ["x", "y"])
    assert not interval.defined
    assert draws == 0


def mancl_derouen(y, groups):
    """The bias-reduced sandwich of an intercept, from its formula (Mancl and DeRouen 2001)."""
    p, v = y.mean(), y.mean() * (1 - y.mean())
    total = v * y.size
    middle = 0.0
    for group in np.unique(groups):
        mine = y[groups == group]
        # With an intercept alone the leverage is 1/n of every pair: H = v 11' / (v n).
        leverage = np.full((mine.size, mine.size), v / total)
        corrected = np.linalg.solve(np.eye(mine.size) - leverage, mine - p)
        middle += corrected.sum() ** 2
    return math.sqrt(middle) / total


def test_marginal_model_is_its_formula():
    y, person, _ = drawn(3, participants=12, pictures=20)
    found = marginal_interval(y, person)
    from scipy.stats import t

    center, half = math.log(y.mean() / (1 - y.mean())), t.ppf(0.975, 11) * mancl_derouen(y, person)
    assert found.low == pytest.approx(expit(center - half), abs=1e-6)
    assert found.high == pytest.approx(expit(center + half), abs=1e-6)


def test_mixed_models_rate_is_marginal():
    y, person, picture = drawn(7)
    assert mixed_model(y, person, picture).rate == pytest.approx(y.mean(), abs=0.02)


def test_the_same_answers_give_the_same_model():
    y, person, picture = drawn(8, participants=10, pictures=12)
    assert mixed_model(y, person, picture) == mixed_model(y, person, picture)


@pytest.mark.parametrize("y", [[0.0] * 4, [1.0] * 4])
def test_equal_answers_have_no_models(y):
    people, pictures = ["a", "a", "b", "b"], ["x", "y", "x", "y"]
    assert marginal_interval(np.array(y), people).note == "all answers are equal"
    found = mixed_model(np.array(y), people, pictures)
    assert math.isnan(found.rate)
    assert found.interval.note == "all answers are equal"


def test_one_participant_has_no_models():
    found = sensitivity.sensitivity(answers(crossed(PICKS[:1])))
    assert [o.name for o in found] == ["gan", "classification"]
    for o in found:
        for interval in (o.bootstrap, o.marginal, o.mixed.interval):
            assert not interval.defined
        assert o.jeffreys.defined


def test_many_answers_are_modelled_on_whole_participants(monkeypatch):
    monkeypatch.setattr(sensitivity, "MOST_ANSWERS", 40)
    rng = np.random.default_rng(9)
    picks = rng.choice(["gan", "classification", TRUTH], (20, 10))
    found = sensitivity.sensitivity(answers(crossed(picks.tolist())))
    assert {o.models_on for o in found} == {40}
    assert found[0].rate == pytest.approx((picks == found[0].name).mean())


def test_posterior_ends_are_betas():
    found = jeffreys(3, 10, 0.9)
    assert found.low == pytest.approx(beta.ppf(0.05, 3.5, 7.5))
