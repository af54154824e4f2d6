"""The cumulative link mixed model: R's values, statsmodels' without people, dense matrices."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import binom
from statsmodels.miscmodels.ordinal_model import OrderedModel

from study.statistics.coverage import Plan
from study.statistics.coverage_models import odds_coverage
from study.statistics.ordinal import MOST_RATINGS, fit, rating_model, standard_errors

# Bitterness of wine from 1 to 5 by nine judges (rows) of eight bottles: cold without contact of the
# skins twice, cold with it twice, warm without twice, warm with twice. Randall (1989), The analysis
# of sensory data by generalised linear model, Biometrical Journal 31(7), 781-793, table 1.
WINE = np.array(
    [
        [2, 3, 3, 4, 4, 4, 5, 5],
        [1, 2, 1, 3, 2, 3, 5, 4],
        [2, 3, 3, 2, 5, 5, 4, 4],
        [3, 2, 3, 2, 3, 2, 5, 3],
        [2, 3, 4, 3, 3, 3, 3, 3],
        [3, 2, 3, 2, 2, 4, 5, 4],
        [1, 1, 2, 2, 2, 3, 2, 3],
        [2, 2, 2, 3, 3, 3, 3, 4],
        [1, 2, 3, 2, 3, 2, 4, 4],
    ]
)


def wine():
    judge, bottle = np.indices(WINE.shape)
    design = np.column_stack([(bottle >= 4).ravel(), (bottle // 2 % 2).ravel()])
    return WINE.ravel() - 1, design.astype(float), judge.ravel(), bottle.ravel()


def test_wine_is_what_ordinal_says():
    """clmm(rating ~ temp + contact + (1 | judge), data = wine), from the package's vignette."""
    category, design, judge, _ = wine()
    found = fit(category, design, judge)
    assert found.converged
    assert found.log_likelihood == pytest.approx(-81.565, abs=0.001)
    assert found.effect == pytest.approx([3.0629, 1.8349], abs=0.001)
    assert found.threshold == pytest.approx([-1.6237, 1.5133, 4.2284, 6.0886], abs=0.001)
    assert found.sd == pytest.approx([1.131], abs=0.001)
    errors = standard_errors(category, design, judge, None, found)
    assert errors == pytest.approx([0.5954, 0.5126], abs=0.001)


def drawn(people=10, pictures=12, seed=1, sd=(0.8, 0.6), effects=(-0.7, -1.5)):
    """Ratings of three methods by all people of all pictures: category, design, person, picture."""
    rng = np.random.default_rng(seed)
    person, picture, method = (part.ravel() for part in np.indices((people, pictures, 3)))
    score = np.array([0, *effects])[method] + rng.logistic(size=len(method))
    score += rng.normal(0, sd[0], people)[person] + rng.normal(0, sd[1], pictures)[picture]
    design = (method[:, None] == [1, 2]).astype(float)
    return np.searchsorted([-2, -0.5, 0.5, 2], score), design, person, picture


def test_people_and_pictures_crossed_are_those_of_dense_matrices():
    """Laplace's approximation written down as its definition says, at the maximum and off it."""
    category, design, person, picture = drawn(5, 6)
    found = fit(category, design, person, picture)
    Z = np.hstack([np.eye(5)[person], np.eye(6)[picture]])

    def log_likelihood(effect, threshold, sd):
        scaled = Z * np.repeat(sd, [5, 6])
        cuts = np.concatenate([[-50.0], threshold, [50.0]])

        def probability(score):
            return expit(cuts[category + 1] - score) - expit(cuts[category] - score)

        def joint(b):
            return -np.log(probability(design @ effect + scaled @ b)).sum() + b @ b / 2

        mode = minimize(joint, np.zeros(11), method="BFGS", options={"gtol": 1e-7}).x
        score = design @ effect + scaled @ mode
        above, below = expit(cuts[category + 1] - score), expit(cuts[category] - score)
        weight = above * (1 - above) + below * (1 - below)
        curved = np.eye(11) + scaled.T @ (weight[:, None] * scaled)
        return -joint(mode) - np.linalg.slogdet(curved)[1] / 2

    best = log_likelihood(found.effect, found.threshold, found.sd)
    assert found.log_likelihood == pytest.approx(best, abs=1e-6)
    for i in range(2):
        for step in (-0.05, 0.05):
            moved = found.effect + step * np.eye(2)[i]
            assert log_likelihood(moved, found.threshold, found.sd) < best
            sd = found.sd + step * np.eye(2)[i]
            assert log_likelihood(found.effect, found.threshold, sd) < best


def test_where_people_and_pictures_do_not_differ_it_is_the_model_without_them():
    category, design, person, picture = drawn(seed=4, sd=(0, 0))
    found = fit(category, design, person, picture)
    assert found.sd == pytest.approx([0, 0], abs=0.2)
    alone = OrderedModel(category, design, distr="logit").fit(method="bfgs", disp=False)
    assert found.log_likelihood >= alone.llf - 1e-6
    if not found.sd.any():
        assert found.effect == pytest.approx(alone.params[:2], abs=1e-3)
        errors = standard_errors(category, design, person, picture, found)
        assert errors == pytest.approx(alone.bse[:2], rel=0.02)


def frame(seed=1, people=10, pictures=12, **how):
    category, design, person, picture = drawn(people, pictures, seed, **how)
    method = np.array(["a", "b", "truth"])[(design @ [1, 2]).astype(int)]
    return pd.DataFrame(
        {
            "participant": person,
            "picture": picture,
            "method": method,
            "picked": method == "truth",
            "realism": category + 1.0,
        }
    )


def test_log_odds_stand_between_all_methods():
    found = rating_model(frame(), "realism")
    assert [(odds.name, odds.other) for odds in found.odds] == [
        ("a", "b"), ("a", "truth"), ("b", "truth"),
    ]  # fmt: skip
    a_b, a_truth, b_truth = (odds.log_odds for odds in found.odds)
    assert a_b + b_truth == pytest.approx(a_truth)
    for odds in found.odds:
        assert odds.interval.low < odds.log_odds < odds.interval.high
        assert (odds.p <= 0.05) == (odds.interval.low > 0 or odds.interval.high < 0)
        assert odds.p <= odds.p_holm
    assert len(found.thresholds) == 4
    assert list(found.thresholds) == sorted(found.thresholds)


def test_categories_that_nobody_used_are_no_categories():
    few = frame()
    few["realism"] = few["realism"].replace({1.0: 2.0, 4.0: 5.0})
    assert len(rating_model(few, "realism").thresholds) == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rows: rows[rows["method"] == "a"], "fewer than two methods"),
        (lambda rows: rows.assign(realism=3.0), "all ratings are in one category"),
        (lambda rows: rows[rows["participant"] < 2], "fewer than three participants"),
        (lambda rows: pd.concat([rows] * (MOST_RATINGS // len(rows) + 1)), "more than 100,000"),
        (
            lambda rows: rows.assign(realism=np.where(rows["method"] == "truth", 5.0, 1.0)),
            "did not settle",
        ),
        (lambda rows: rows.assign(realism=np.nan), "fewer than two methods"),
    ],
)
def test_where_there_is_no_model_the_reason_is_said(change, why):
    found = rating_model(change(frame()), "realism")
    assert why in found.why
    assert not found.odds


def test_missing_ratings_are_left_out():
    rows = frame()
    rows.loc[::7, "realism"] = np.nan
    whole = rating_model(rows, "realism")
    assert whole.ratings == rows["realism"].notna().sum()
    assert whole.odds == rating_model(rows.dropna(), "realism").odds


@pytest.mark.slow
def test_intervals_hold_where_people_and_pictures_favour_methods():
    found = odds_coverage(Plan(16, 30, 30, 1 / 3, 0.7, 0.7), 0.0, 0.7, 60, np.random.default_rng(2))
    assert found.held >= binom.ppf(1e-4, 120, 0.93) / 120
    assert found.own_held < found.held
