"""Models of real or fake and of preferences: their marginal shares, by another integration."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from study.protocol.design import TRUTH
from study.statistics.model_kinds import JudgeModel, PreferenceModel, draw_called, log_odds


def test_the_share_that_is_called_real_is_the_integral_over_people_and_pictures():
    model = JudgeModel({TRUTH: 0.8, "gan": 0.35, "flow": 0.02}, 0.7, 1.2)
    sd = math.hypot(0.7, 1.2)
    for a, name in zip(model.intercepts(), model.versions, strict=True):
        share, _ = quad(lambda x, a=a: expit(a + sd * x) * norm.pdf(x), -12, 12)
        assert share == pytest.approx(model.real[name], abs=2e-5)


def test_of_two_methods_one_is_preferred_as_the_integral_of_their_log_odds_says():
    model = PreferenceModel({"a": 0.72, "b": 0.28}, 0.6, 0.9)
    a, b = model.intercepts()
    sd = math.hypot(0.6, 0.9)  # of the log odds of the two
    share, _ = quad(lambda x: expit(a - b + sd * x) * norm.pdf(x), -12, 12)
    assert share == pytest.approx(0.72, abs=2e-4)


def test_equal_methods_have_equal_intercepts():
    model = PreferenceModel({"a": 0.25, "b": 0.25, "c": 0.25, "d": 0.25})
    assert np.abs(model.intercepts()).max() < 0.01


def test_effects_have_the_standard_deviations_that_are_asked_for():
    rng = np.random.default_rng(3)
    model = JudgeModel({TRUTH: 0.5, "gan": 0.5}, 0.6, 1.1)
    made = model.effects(model.intercepts(), 20_000, 20_000, rng)
    assert made.participants.std(axis=0) == pytest.approx(0.6, rel=0.03)
    assert made.pictures.std(axis=0) == pytest.approx(1.1, rel=0.03)
    # Half of the variance is common to both versions.
    assert np.corrcoef(made.pictures.T)[0, 1] == pytest.approx(0.5, abs=0.03)
    preference = PreferenceModel({"a": 0.5, "b": 0.5}, 0.6, 1.1)
    drawn = preference.effects(preference.intercepts(), 20_000, 20_000, rng)
    assert (drawn.participants @ [1, -1]).std() == pytest.approx(0.6, rel=0.03)
    assert (drawn.pictures @ [1, -1]).std() == pytest.approx(1.1, rel=0.03)


def test_drawn_answers_have_the_shares():
    rng = np.random.default_rng(4)
    model = JudgeModel({TRUTH: 0.75, "gan": 0.3}, 0.5, 1.0)
    made = model.effects(model.intercepts(), 400, 400, rng)
    person, picture = (part.ravel() for part in np.indices((400, 400)))
    called = draw_called(log_odds(made, person, picture)[:, 1], rng)
    assert called.mean() == pytest.approx(0.3, abs=0.02)
