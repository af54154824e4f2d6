"""Rates of small studies that can be counted by hand, and identities that must hold."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from study_frames import TRUTH, answers, crossed, relaxed

from study.statistics import behaviour, stats
from study.statistics.intervals import wilson
from study.statistics.twoway import two_way_logit, two_way_variance

G, C, T = "gan", "classification", TRUTH

# 3 people x 4 pictures: 5 picks of gan, 1 of classification, 6 of the truth.
PICKS = [[G, T, T, G], [T, G, C, T], [G, T, G, T]]

grids = st.lists(
    st.lists(st.sampled_from([G, C, T]), min_size=4, max_size=4), min_size=3, max_size=6
)


def by_name(estimates):
    return {estimate.name: estimate for estimate in estimates}


def test_fool_rates_share_one_denominator():
    rates = by_name(stats.fool_rates(answers(crossed(PICKS))))
    assert {name: (r.picked, r.trials) for name, r in rates.items()} == {
        G: (5, 12),
        C: (1, 12),
        T: (6, 12),
    }
    assert rates[G].rate == 5 / 12
    assert rates[G].wilson == wilson(5, 12)


@relaxed
@given(grids)
def test_rates_sum_to_one_and_lie_in_their_intervals(picks):
    rates = stats.fool_rates(answers(crossed(picks)))
    assert math.fsum(rate.rate for rate in rates) == pytest.approx(1)
    for rate in rates:
        assert rate.headline.low <= rate.rate <= rate.headline.high
        assert rate.wilson.low <= rate.rate + 1e-12 <= rate.wilson.high + 2e-12


def test_methods_are_ordered_by_rate_with_the_truth_last():
    assert [rate.name for rate in stats.fool_rates(answers(crossed(PICKS)))] == [G, C, T]
    mostly_c = [[C, C, G], [C, T, C]]
    assert [rate.name for rate in stats.fool_rates(answers(crossed(mostly_c)))] == [C, G, T]


def test_headline_is_the_two_way_interval_of_the_picks():
    rates = by_name(stats.fool_rates(answers(crossed(PICKS))))
    picked = [pick == G for row in PICKS for pick in row]
    people, pictures = np.repeat([0, 1, 2], 4), np.tile([0, 1, 2, 3], 3)
    assert rates[G].headline == two_way_logit(two_way_variance(picked, people, pictures))


def test_a_method_that_never_fools_borrows_the_largest_design_effect():
    picks = [[G, G, G, G], [T, T, T, T], [G, G, T, T], [T, T, G, G]]
    rates = by_name(stats.fool_rates(answers(crossed(picks))))
    effect = rates[G].design_effect
    assert effect > 1
    assert math.isnan(rates[C].design_effect)
    people, pictures = np.repeat(range(4), 4), np.tile(range(4), 4)
    assert rates[C].headline == two_way_logit(
        two_way_variance([0] * 16, people, pictures), fallback_design_effect=effect
    )
    assert "none picked" in rates[C].headline.note


def test_the_largest_design_effect_is_the_one_borrowed():
    # a varies between people and b does not: the careful one of both is lent to c.
    picks = [["a", "a", "a", "b"], [T, T, T, "b"], ["a", "a", "a", T], ["b", T, T, T]]
    frame = answers(crossed(picks), methods=("a", "b", "c", T))
    rates = by_name(stats.fool_rates(frame))
    assert rates["a"].design_effect > rates["b"].design_effect + 0.5
    largest = max(rates[name].design_effect for name in ("a", "b", T))
    assert f"design effect of the other picks, {largest:.2f})" in rates["c"].headline.note


def test_the_papers_rates_stand_beside_and_only_there():
    frame = answers(crossed(PICKS))
    rates = by_name(stats.fool_rates(frame))
    # arXiv 2508.05068: 40.69 % for the GAN, 4.80 % for the classification.
    assert (rates[G].paper, rates[C].paper, rates[T].paper) == (0.4069, 0.0480, None)
    others = [*stats.pairwise_rates(frame), *stats.slot_check(frame).slots]
    assert all(rate.paper is None for rate in others)


def test_joint_intervals_use_bonferronis_level():
    frame = answers(crossed(PICKS))
    joint = by_name(stats.joint_rates(frame))
    alone = by_name(stats.fool_rates(frame, 1 - 0.05 / 3))
    assert {name: j.robust for name, j in joint.items()} == {
        name: rate.headline for name, rate in alone.items()
    }
    # Goodman's interval of one share is Wilson's at the level 1 - 0.05/3.
    assert joint[G].goodman.low == pytest.approx(wilson(5, 12, 1 - 0.05 / 3).low)


def test_pairwise_leaves_out_the_trials_of_the_others():
    pairs = by_name(stats.pairwise_rates(answers(crossed(PICKS))))
    assert {name: (p.picked, p.trials) for name, p in pairs.items()} == {G: (5, 11), C: (1, 7)}


def test_pairwise_without_a_pick_of_either_is_left_out():
    pairs = stats.pairwise_rates(answers(crossed([[C, C], [C, C]])))
    assert [(p.name, p.picked, p.trials) for p in pairs] == [(C, 4, 4)]


def test_point_of_indistinguishability_of_the_paper():
    # With the weak method at 4.80 %, the better fake is indistinguishable at 47.6 %.
    trials = 10_000
    picks = [G] * 4069 + [C] * 480 + [T] * (trials - 4069 - 480)
    frame = answers(crossed([picks[:5000], picks[5000:]]))
    gan = by_name(stats.distances(frame))[G]
    assert gan.rate == pytest.approx(0.4069)
    assert gan.point == pytest.approx((1 - 0.048) / 2) == pytest.approx(0.476)
    assert gan.distance == pytest.approx(0.4069 - 0.476)


@relaxed
@given(grids)
def test_distance_is_rate_minus_point(picks):
    frame = answers(crossed(picks))
    rates = by_name(stats.fool_rates(frame))
    for found in stats.distances(frame):
        others = 1 - rates[found.name].rate - rates[T].rate
        assert found.point == pytest.approx((1 - others) / 2)
        assert found.distance == pytest.approx(found.rate - found.point)
        score = np.array([((p == found.name) - (p == T)) / 2 for row in picks for p in row])
        people, pictures = np.repeat(range(len(picks)), 4), np.tile(range(4), len(picks))
        variance = two_way_variance(score, people, pictures)
        assert found.distance == pytest.approx(variance.mean)
        # The interval is that of a rate, half a point moved: from 0 to 1 as from -1/2 to 1/2.
        interval = two_way_logit(two_way_variance(score + 0.5, people, pictures))
        if found.interval.defined:
            assert found.interval.low == pytest.approx(interval.low - 0.5)
            assert found.interval.high == pytest.approx(interval.high - 0.5)
        else:
            assert len(set(score)) == 1


def test_two_options_and_four_options_work():
    two = stats.fool_rates(answers(crossed([[G, T], [T, T]]), methods=(G, T)))
    assert [(r.name, r.picked, r.trials) for r in two] == [(G, 1, 4), (T, 3, 4)]
    four = answers(crossed([["a", "b"], [G, T]]), methods=("a", "b", G, T))
    assert {r.name: r.picked for r in stats.fool_rates(four)} == {"a": 1, "b": 1, G: 1, T: 1}
    assert stats.slot_check(four).expected == 1 / 4


def test_slots_are_counted_and_tested():
    rng = np.random.default_rng(0)
    frame = answers(crossed([[G] * 60] * 4))
    # Somebody who always takes the first place.
    frame["picked"] = frame["slot"] == 1
    check = stats.slot_check(frame)
    assert [slot.picked for slot in check.slots] == [240, 0, 0]
    assert check.chi2_p < 1e-10
    assert check.real_shown == [80, 80, 80]
    picks = rng.choice([G, C, T], (4, 60))
    fair = stats.slot_check(answers(crossed(picks.tolist())))
    counts = [slot.picked for slot in fair.slots]
    reference = scipy_stats.chisquare(counts)
    assert (fair.chi2, fair.chi2_p) == pytest.approx((reference.statistic, reference.pvalue))


def test_class_rates_split_the_trials():
    trials = crossed(PICKS)
    for trial in trials:
        trial["label"] = "cat" if trial["picture"] in ("i0", "i1") else "ship"
    cat, ship = stats.class_rates(answers(trials))
    assert (cat.label, cat.trials, cat.pictures) == ("cat", 6, 2)
    assert {r.name: r.picked for r in cat.rates} == {G: 3, C: 0, T: 3}
    assert {r.name: r.picked for r in ship.rates} == {G: 2, C: 1, T: 3}
    assert ship.label == "ship"


def test_pictures_without_a_class_have_no_class_table():
    assert stats.class_rates(answers(crossed(PICKS))) == []


def test_only_scored_trials_of_participants_who_are_not_excluded_count():
    trials = [
        *crossed([[G, T], [T, G]]),
        {"participant": "p0", "picture": "w", "pick": G, "kind": "practice"},
        {"participant": "p0", "picture": "x", "pick": G, "kind": "catch"},
        {"participant": "p0", "picture": "i0", "pick": G, "kind": "repeat"},
        {"participant": "bot", "picture": "i0", "pick": C, "excluded": "failed two catches"},
        {"participant": "gone", "picture": "i0", "pick": C, "status": "started"},
    ]
    frame = answers(trials)
    counted = {
        name: sorted(stats.analysed(frame, name)["participant"].unique())
        for name in stats.POPULATIONS
    }
    assert counted == {
        "answered": ["gone", "p0", "p1"],
        "completed": ["p0", "p1"],
        "everyone": ["bot", "gone", "p0", "p1"],
    }
    assert set(stats.analysed(frame)["kind"]) == {"scored"}
    assert stats.analysed(frame)["trial"].nunique() == 5
    with pytest.raises(ValueError, match="all of them"):
        stats.analysed(frame, "all of them")


def test_a_status_of_excluded_excludes_too():
    frame = answers([{"participant": "a", "picture": "x", "pick": G, "status": "excluded"}])
    assert stats.analysed(frame).empty


def test_times_are_quartiles_in_seconds_and_halves_within_people():
    trials = crossed([[G, T, T, G], [T, G, C, T]])
    for trial, ms in zip(trials, [8000, 6000, 4000, 2000, 5000, 4000, 2000, 1000], strict=True):
        trial["response_ms"] = ms
    found = behaviour.times(answers(trials))
    assert found.answers == 8
    assert found.median_s == 4
    quartiles = np.quantile([8, 6, 4, 2, 5, 4, 2, 1], [0.25, 0.75])
    assert (found.first_quartile_s, found.third_quartile_s) == pytest.approx(tuple(quartiles))
    assert found.early_median_s == np.median([8, 6, 5, 4])
    assert found.late_median_s == np.median([4, 2, 2, 1])


def test_times_that_were_not_measured_are_none():
    assert behaviour.times(answers(crossed(PICKS))) is None


def test_catches_and_repeats():
    trials = [
        {"participant": "a", "picture": "x", "pick": T},
        {"participant": "a", "picture": "y", "pick": G},
        {"participant": "a", "picture": "c1", "pick": T, "kind": "catch"},
        {"participant": "a", "picture": "c2", "pick": G, "kind": "catch"},
        {"participant": "a", "picture": "x", "pick": T, "kind": "repeat"},
        {"participant": "a", "picture": "y", "pick": T, "kind": "repeat"},
        {"participant": "b", "picture": "c1", "pick": T, "kind": "catch", "excluded": "x"},
    ]
    assert behaviour.attention(answers(trials)) == behaviour.Attention(1, 2, 1, 2)


@pytest.mark.slow
@relaxed
@given(grids)
def test_categories_change_nothing(picks):
    frame = answers(crossed(picks, label="cat"))
    compact = stats.compact(frame)
    for estimate in (
        stats.fool_rates,
        stats.joint_rates,
        stats.pairwise_rates,
        stats.distances,
        stats.slot_check,
        stats.class_rates,
        behaviour.attention,
    ):
        assert repr(estimate(compact)) == repr(estimate(frame))


def test_answers_that_no_study_can_give_are_refused():
    frame = answers(crossed(PICKS))
    with pytest.raises(ValueError, match="lack the columns picked"):
        stats.check(frame.drop(columns="picked"))
    with pytest.raises(ValueError, match="12 trials do not have exactly one pick"):
        stats.check(frame.assign(picked=True))
    with pytest.raises(ValueError, match="12 scored trials lack the real picture"):
        stats.check(frame.replace({"method": {T: "other"}}))
    twice = pd.concat([frame, frame[~frame["picked"]].iloc[:1]])
    with pytest.raises(ValueError, match="one method twice"):
        stats.check(twice)
    stats.check(frame)
