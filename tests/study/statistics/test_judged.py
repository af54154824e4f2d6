"""Real or fake: differences, d' and criterion against statsmodels; how often they hold."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import ndtr
from statsmodels.stats.multitest import multipletests

from study.protocol.design import TRUTH
from study.statistics.judged import judged


def rows(
    seed, people=16, each=30, pictures=60, means=(0.6, -0.3, -0.9), person_sd=0.4, picture_sd=0.5
):
    """Answers of people who judge some of the pictures, each in one version, by a probit model."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), each)
    picture = np.concatenate([rng.permutation(pictures)[:each] for _ in range(people)])
    version = np.concatenate([rng.permutation(np.arange(each) % 3) for _ in range(people)])
    bias = rng.normal(0, person_sd, people)[person]
    effect = rng.normal(0, picture_sd, (pictures, 3))[picture, version]
    latent = np.asarray(means)[version] + bias + effect
    return pd.DataFrame(
        {
            "participant": person,
            "picture": picture,
            "method": np.array([TRUTH, "gan", "plain"])[version],
            "picked": rng.random(person.size) < ndtr(latent),
            "trial": np.arange(person.size),
        }
    )


def clustered(model, pair):
    """Fit with two-way clustered variances, without the factor (n - 1)/(n - k) of statsmodels."""
    groups = pair[["participant", "picture"]].to_numpy()
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": groups})
    n, k = len(pair), 2
    return fit.params.to_numpy(), np.asarray(fit.cov_params()) * (n - k) / (n - 1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_estimates_and_variances_are_those_of_statsmodels(seed):
    given = rows(seed)
    for found in judged(given):
        pair = given[given["method"].isin([found.name, TRUTH])].reset_index(drop=True)
        real = (pair["method"] == TRUTH).astype(float)
        said = pair["picked"].astype(float)
        params, cov = clustered(sm.OLS(said, sm.add_constant(1 - real)), pair)
        assert found.difference == pytest.approx(params[1])
        t = (found.interval.high - found.difference) / math.sqrt(cov[1, 1])
        assert 1.9 < t < 4  # Student's, of as many degrees of freedom as there are
        middle = found.interval.high - found.difference
        assert found.difference - found.interval.low == pytest.approx(middle)
        # In a saturated probit model the slope of "real" is d', and c follows from both.
        probit = sm.GLM(
            said, sm.add_constant(real), sm.families.Binomial(sm.families.links.Probit())
        )
        params, cov = clustered(probit, pair)
        assert found.d_prime == pytest.approx(params[1], abs=1e-6)
        assert found.criterion == pytest.approx(-params[0] - params[1] / 2, abs=1e-6)
        half = np.array([-1.0, -0.5])
        for interval, variance in (
            (found.d_interval, cov[1, 1]),
            (found.criterion_interval, half @ cov @ half),
        ):
            ratio = (interval.high - interval.low) / 2 / math.sqrt(variance)
            assert 1.9 < ratio < 4


def test_p_agrees_with_its_interval_and_is_corrected_by_holm():
    found = judged(rows(5, means=(0.4, 0.1, 0.35)))
    for one in found:
        assert (one.p <= 0.05) == (one.interval.low > 0 or one.interval.high < 0)
    corrected = multipletests([one.p for one in found], method="holm")[1]
    assert [one.p_holm for one in found] == pytest.approx(list(corrected))


def test_by_hand():
    """Three of four real pictures and one of four by gan are called real: z is 0.6745 of both."""
    given = pd.DataFrame(
        {
            "participant": ["a", "a", "b", "b"] * 2,
            "picture": ["w", "x", "y", "z", "y", "z", "w", "x"],
            "method": [TRUTH] * 4 + ["gan"] * 4,
            "picked": [True, True, True, False, True, False, False, False],
            "trial": range(8),
        }
    )
    (found,) = judged(given)
    assert (found.called, found.trials, found.difference) == (1, 4, -0.5)
    assert found.d_prime == pytest.approx(2 * 0.6744897501960817)
    assert found.criterion == pytest.approx(0)


def test_where_all_are_called_real_there_is_no_d_prime_and_it_says_why():
    given = rows(1)
    given.loc[given["method"] == TRUTH, "picked"] = True
    for found in judged(given):
        assert math.isnan(found.d_prime)
        assert "always or never" in found.d_interval.note
        assert found.interval.defined
    assert judged(given[given["method"] != TRUTH]) == []


@pytest.mark.slow
def test_the_intervals_hold_what_the_model_says():
    """Marginal d' of the probit model, over new people and pictures; 300 studies of 16 people."""
    scale = math.sqrt(1 + 0.4**2 + 0.5**2)
    truth = (0.6 + 0.3) / scale
    held = wrong = 0
    for seed in range(300):
        (gan,) = (one for one in judged(rows(1000 + seed)) if one.name == "gan")
        held += gan.d_interval.low <= truth <= gan.d_interval.high
        null = judged(rows(5000 + seed, means=(0.2, 0.2, -0.5)))
        wrong += next(one for one in null if one.name == "gan").p <= 0.05
    assert held / 300 >= 0.915
    assert wrong / 300 <= 0.085
