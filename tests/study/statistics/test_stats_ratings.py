"""Mean opinion scores and Krippendorff's alpha, against scipy, a library and the paper of alpha."""

import math

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from study_frames import TRUTH, answers, relaxed

from study.statistics.ratings import agreement, ordinal_alpha, ratings

NAN = math.nan
# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, example C: four observers,
# twelve units; its alphas are 0.743 nominal, 0.815 ordinal, 0.849 interval, 0.797 ratio.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]


def counts_of(table):
    values = np.array(table, dtype=float)
    return np.array([(values == c).sum(axis=0) for c in range(1, 6)]).T


def rated(values, scale="realism"):
    """Values[p][i] is the rating that p gives the truth of picture i; gan gets one less."""
    return answers(
        [
            {
                "participant": f"p{p}",
                "picture": f"i{i}",
                "pick": TRUTH,
                scale: {} if value is None else {TRUTH: value, "gan": max(1, value - 1)},
            }
            for p, row in enumerate(values)
            for i, value in enumerate(row)
        ],
        methods=("gan", TRUTH),
    )


def test_mean_opinion_score_is_over_participants():
    gan, truth = ratings(rated([[5, 4, 3], [4, 4, 4], [2, 3, None]]), "realism")
    means = [4.0, 4.0, 2.5]
    reference = scipy_stats.t.interval(0.95, 2, np.mean(means), scipy_stats.sem(means))
    assert (truth.name, truth.ratings, truth.participants) == (TRUTH, 8, 3)
    assert truth.mean == pytest.approx(3.5)
    assert (truth.interval.low, truth.interval.high) == pytest.approx(reference)
    assert truth.counts == (0, 1, 2, 4, 1)
    assert gan.counts == (1, 2, 4, 1, 0)


def test_scales_are_kept_apart():
    frame = rated([[5, 4], [3, 4]], scale="quality")
    assert [rating.ratings for rating in ratings(frame, "realism")] == [0, 0]
    assert [rating.ratings for rating in ratings(frame, "quality")] == [4, 4]


def test_without_ratings_there_is_no_mean():
    for rating in ratings(rated([[None, None]]), "realism"):
        assert math.isnan(rating.mean)
        assert not rating.interval.defined
        assert rating.counts == (0, 0, 0, 0, 0)
    assert math.isnan(agreement(rated([[None, None]]), "realism").alpha)


def test_alpha_of_krippendorffs_example():
    assert ordinal_alpha(counts_of(OBSERVERS)) == pytest.approx(0.815, abs=5e-4)


@relaxed
@given(
    st.lists(
        st.lists(st.sampled_from([1, 2, 3, 4, 5, NAN]), min_size=6, max_size=6),
        min_size=2,
        max_size=8,
    )
)
def test_alpha_agrees_with_the_library(table):
    counts = counts_of(table)
    paired = counts[counts.sum(axis=1) >= 2]
    ours = ordinal_alpha(counts)
    if (paired.sum(axis=0) > 0).sum() < 2:
        assert math.isnan(ours)
        return
    reference = krippendorff.alpha(
        value_counts=paired, value_domain=[1, 2, 3, 4, 5], level_of_measurement="ordinal"
    )
    assert ours == pytest.approx(reference, abs=1e-9)


def test_agreement_counts_each_picture_of_each_method_as_a_unit():
    values = [[5, 3, 1, None], [5, 3, 1, 4]]
    found = agreement(rated(values), "realism")
    assert (found.pictures, found.ratings) == (6, 12)
    assert found.alpha == pytest.approx(1)
    other = agreement(rated([[5, 3, 1], [4, 4, 2], [5, 2, 2]]), "realism")
    units = [[5, 3, 1, 4, 2, 1], [4, 4, 2, 3, 3, 1], [5, 2, 2, 4, 1, 1]]
    reference = krippendorff.alpha(
        reliability_data=units, value_domain=[1, 2, 3, 4, 5], level_of_measurement="ordinal"
    )
    assert other.alpha == pytest.approx(reference)
