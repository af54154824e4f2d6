"""Mean opinion scores and Krippendorff's alpha, against scipy, the paper of alpha and its words."""

import itertools
import math

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
# Its example A: two observers, ten units, two categories. The distance between two categories is
# the same at each level of measurement, so 0.095 is the ordinal alpha, too.
TWO_OBSERVERS = [[1, 2, 1, 1, 1, 1, 1, 1, 2, 1], [2, 2, 2, 1, 1, 2, 1, 1, 1, 1]]


def counts_of(table):
    values = np.array(table, dtype=float)
    return np.array([(values == c).sum(axis=0) for c in range(1, 6)]).T


def alpha_by_pairs(table):
    """1 - observed / expected disagreement, over pairs of ratings as the paper words it."""
    units = [[v for v in unit if not math.isnan(v)] for unit in zip(*table, strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    all_ratings = [v for unit in units for v in unit]

    def squared_distance(one, other):
        low, high = sorted((one, other))
        between = sum(low <= v <= high for v in all_ratings)
        return (between - (all_ratings.count(low) + all_ratings.count(high)) / 2) ** 2

    def mean_distance(values):
        return np.mean([squared_distance(*pair) for pair in itertools.permutations(values, 2)])

    observed = sum(len(unit) * mean_distance(unit) for unit in units) / len(all_ratings)
    return 1 - observed / mean_distance(all_ratings)


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


def test_mean_opinion_score_is_over_participants_and_pictures():
    gan, truth = ratings(rated([[5, 4, 3], [4, 4, 4], [2, 3, None]]), "realism")
    assert (truth.name, truth.ratings, truth.participants) == (TRUTH, 8, 3)
    assert truth.mean == pytest.approx(29 / 8)
    # Residuals from 29/8, summed by person 9/8, 9/8, -18/8 and by picture 1/8, 1/8, -2/8.
    people, pictures = 1.5 * (81 + 81 + 324) / 64 / 64, 1.5 * (1 + 1 + 4) / 64 / 64
    own = 8 / 7 * (111 - 8 * (29 / 8) ** 2) / 64
    half = scipy_stats.t.ppf(0.975, 2) * math.sqrt(max(people + pictures - own, own))
    assert 29 / 8 + half > 5  # where the scale ends, and so the interval
    assert (truth.interval.low, truth.interval.high) == pytest.approx((29 / 8 - half, 5))
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


@pytest.mark.parametrize(("table", "alpha"), [(OBSERVERS, 0.815), (TWO_OBSERVERS, 0.095)])
def test_alpha_of_krippendorffs_examples(table, alpha):
    assert ordinal_alpha(counts_of(table)) == pytest.approx(alpha, abs=5e-4)
    assert alpha_by_pairs(table) == pytest.approx(alpha, abs=5e-4)


@relaxed
@given(
    st.lists(
        st.lists(st.sampled_from([1, 2, 3, 4, 5, NAN]), min_size=6, max_size=6),
        min_size=2,
        max_size=8,
    )
)
def test_alpha_is_what_its_definition_gives(table):
    counts = counts_of(table)
    paired = counts[counts.sum(axis=1) >= 2]
    ours = ordinal_alpha(counts)
    if (paired.sum(axis=0) > 0).sum() < 2:
        assert math.isnan(ours)
        return
    assert ours == pytest.approx(alpha_by_pairs(table), abs=1e-9)


def test_agreement_counts_each_picture_of_each_method_as_a_unit():
    values = [[5, 3, 1, None], [5, 3, 1, 4]]
    found = agreement(rated(values), "realism")
    assert (found.pictures, found.ratings) == (6, 12)
    assert found.alpha == pytest.approx(1)
    other = agreement(rated([[5, 3, 1], [4, 4, 2], [5, 2, 2]]), "realism")
    units = [[5, 3, 1, 4, 2, 1], [4, 4, 2, 3, 3, 1], [5, 2, 2, 4, 1, 1]]
    assert other.alpha == pytest.approx(alpha_by_pairs(units))
