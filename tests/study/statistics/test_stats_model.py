"""The model of answers: its marginal rates, by independent integration and by drawing."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit, roots_hermitenorm
from scipy.stats import norm

from study.statistics.model import AnswerModel, Effects, draw_effects, draw_picks, intercepts


@pytest.mark.parametrize("rate", [0.005, 0.048, 0.41, 0.5, 0.95])
@pytest.mark.parametrize(("people", "pictures"), [(0.5, 1.0), (0.0, 2.0), (0.1, 0.2)])
def test_intercept_of_one_method_by_adaptive_quadrature(rate, people, pictures):
    sd = np.hypot(people, pictures)

    def marginal(a):
        return quad(lambda x: expit(a + sd * x) * norm.pdf(x), -9, 9)[0]

    wanted = brentq(lambda a: marginal(a) - rate, -20, 20)
    found = intercepts(AnswerModel({"a": rate}, people, pictures))
    assert found == pytest.approx([wanted], abs=2e-3)
    assert marginal(found[0]) == pytest.approx(rate, abs=2e-4)


def test_intercepts_of_two_methods_by_gauss_hermite():
    model = AnswerModel({"gan": 0.4069, "classification": 0.048})
    points, weights = roots_hermitenorm(80)
    weights = np.outer(weights, weights) / weights.sum() ** 2
    odds = [np.exp(a + np.hypot(0.5, 1.0) * points) for a in intercepts(model)]
    total = 1 + odds[0][:, None] + odds[1][None, :]
    assert (weights * odds[0][:, None] / total).sum() == pytest.approx(0.4069, abs=2e-4)
    assert (weights * odds[1][None, :] / total).sum() == pytest.approx(0.048, abs=2e-4)


@pytest.mark.parametrize(
    "fool", [{"a": 0.3}, {"a": 0.4069, "b": 0.048}, {"a": 0.2, "b": 0.2, "c": 0.1}]
)
def test_drawn_picks_have_the_rates(fool):
    model = AnswerModel(fool)
    rng = np.random.default_rng(0)
    n = 200_000
    effects = draw_effects(model, n, n, rng)  # everybody and every picture is new
    everyone = np.arange(n)
    picks = draw_picks(effects.utilities(everyone, everyone), rng)
    for option, rate in enumerate(fool.values(), start=1):
        # Five standard errors.
        assert (picks == option).mean() == pytest.approx(rate, abs=5 * np.sqrt(0.25 / n))


def test_people_and_pictures_differ_by_what_is_asked():
    effects = draw_effects(
        AnswerModel({"a": 0.3, "b": 0.1}, 0.5, 1.5), 4000, 3000, np.random.default_rng(1)
    )
    assert effects.participants.shape == (4000, 2)
    assert effects.participants.std() == pytest.approx(0.5, abs=0.02)
    assert effects.pictures.std() == pytest.approx(1.5, abs=0.05)


def test_picks_follow_the_softmax():
    utilities = np.tile([0.0, 1.0, -1.0], (100_000, 1))
    picks = draw_picks(utilities, np.random.default_rng(2))
    expected = np.exp([0, 1, -1]) / np.exp([0, 1, -1]).sum()
    assert np.bincount(picks) / 100_000 == pytest.approx(expected, abs=0.008)


def test_utilities_add_up():
    effects = Effects(np.array([0.1]), np.array([[1.0], [2.0]]), np.array([[10.0], [20.0]]))
    found = effects.utilities(np.array([0, 1]), np.array([1, 0]))
    np.testing.assert_allclose(found, [[0, 21.1], [0, 12.1]])


@pytest.mark.parametrize(
    ("fool", "sds", "words"),
    [
        ({}, (0.5, 1), "At least one method"),
        ({"truth": 0.5}, (0.5, 1), "'truth' takes what the methods leave"),
        ({"a": 0.0}, (0.5, 1), "above 0"),
        ({"a": -0.1}, (0.5, 1), "got -0.1"),
        ({"a": 40.69}, (0.5, 1), "got 40.69"),
        ({"a": float("nan")}, (0.5, 1), "got nan"),
        ({"a": 0.6, "b": 0.4}, (0.5, 1), "sum to 1; they must stay below 1"),
        ({"a": 0.4}, (-1, 1), "participant SD must lie between 0 and 5, got -1"),
        ({"a": 0.4}, (0.5, 9), "picture SD must lie between 0 and 5, got 9"),
    ],
)
def test_impossible_models_are_refused(fool, sds, words):
    with pytest.raises(ValueError, match=words):
        AnswerModel(fool, *sds)
