"""Variance components by moments: against pairs counted one by one, integrals and drawn studies."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import expit
from scipy.stats import norm
from study_frames import PICKS, answers, crossed, summary_of

from study.report.render import FORMATS
from study.statistics.components import MOST_SD, _solve, _squares, components
from study.statistics.coverage import OFTEN, Plan, spreads


def test_pairs_are_those_that_one_counts():
    rng = np.random.default_rng(2)
    y, p, q = rng.integers(0, 2, 40), rng.integers(0, 5, 40), rng.integers(0, 9, 40)
    (s_p, n_p), (s_c, n_c) = (_squares(y.astype(float), group) for group in (p, p * 9 + q))
    pairs = [y[i] * y[j] for i, j in combinations(range(40), 2) if p[i] == p[j] and q[i] != q[j]]
    assert (s_p - s_c) / 2 == pytest.approx(sum(pairs))
    assert (n_p - n_c) / 2 == pytest.approx(len(pairs))


@pytest.mark.parametrize(("people", "pictures", "intercept"), [(0.5, 1.0, -0.4), (1.2, 0.4, -3)])
def test_the_model_has_the_rate_and_the_covariances(people, pictures, intercept):
    rate = dblquad(
        lambda a, b: expit(intercept + people * a + pictures * b) * norm.pdf(a) * norm.pdf(b),
        -8, 8, -8, 8,
    )[0]  # fmt: skip

    def covariance(own, other):
        z = np.linspace(-8, 8, 801)
        w = norm.pdf(z) * (z[1] - z[0])
        of_own = expit(intercept + own * z[:, None] + other * z[None]) @ w
        return float(w @ of_own**2) - rate**2

    found = _solve(rate, covariance(people, pictures), covariance(pictures, people))
    assert found == pytest.approx((people, pictures, intercept), abs=0.01)


def test_people_and_pictures_change_places():
    rng = np.random.default_rng(3)
    y, p, q = rng.integers(0, 2, 200), np.repeat(range(10), 20), np.tile(range(20), 10)
    one, other = components(y, p, q), components(y, q, p)
    assert one.participant_sd == pytest.approx(other.picture_sd, abs=2e-3)
    assert one.participant_interval.high == pytest.approx(other.picture_interval.high, abs=5e-3)


def test_people_who_are_all_or_nothing_have_the_largest():
    y, p, q = np.repeat([0, 1] * 4, 12), np.repeat(range(8), 12), np.tile(range(12), 8)
    found = components(y, p, q)
    assert found.participant_sd == pytest.approx(MOST_SD, abs=0.01)
    assert found.picture_sd == 0
    assert found.person_share == 1


@pytest.mark.parametrize(
    ("y", "p", "q", "why"),
    [
        ([1, 1, 1, 1], "aabb", "xyxy", "all answers are equal"),
        ([1, 0], "aa", "xy", "no picture was seen by two people"),
        ([1, 0, 1], "abc", "xyz", "nobody has answered about two pictures"),
    ],
)
def test_what_cannot_be_seen_is_said(y, p, q, why):
    found = components(y, list(p), list(q))
    assert math.isnan(found.participant_sd)
    assert not found.picture_interval.defined
    assert why in found.participant_interval.note


def test_nothing_is_found_where_people_and_pictures_are_alike():
    """Variational Bayes followed its prior there: 0.24 to 0.55."""
    found = spreads(Plan(16, 30, 30, OFTEN, 0.0, 0.0), 60, np.random.default_rng(1))
    assert found.participant_sd < 0.16
    assert found.picture_sd < 0.22
    assert found.participant_held > 0.9


def test_what_is_there_is_found():
    found = spreads(Plan(16, 30, 30, OFTEN, 0.5, 1.0), 60, np.random.default_rng(1))
    assert found.participant_sd == pytest.approx(0.5, abs=0.08)
    assert found.picture_sd == pytest.approx(1.0, abs=0.12)
    assert min(found.participant_held, found.picture_held) > 0.85


def test_the_report_prints_them_with_intervals():
    summary = summary_of(answers(crossed(PICKS)))
    gan = summary.components.spreads[0].components
    words = " ".join(FORMATS["text"](summary).split())
    low, high = gan.participant_interval.low, gan.participant_interval.high
    assert f"{gan.participant_sd:.2f} {low:.2f} to {high:.2f}" in words
    assert "participant_sd" in FORMATS["csv"](summary)
