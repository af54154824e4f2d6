"""Times, trends, attention and spread, counted by hand."""

import math

import numpy as np
import pytest
from study_frames import PICKS, TRUTH, answers, crossed

from study.statistics import behaviour
from study.statistics.pictures import extremes, picture_rates
from study.statistics.stats import compact

G, C, T = "gan", "classification", TRUTH


def timed(people, trials, ms, picks=None):
    """Answers whose times are ms(person, trial), trials from 1."""
    return answers(
        [
            {
                "participant": f"p{p}",
                "picture": f"i{t}",
                "pick": T if picks is None else picks(p, t),
                "response_ms": ms(p, t),
            }
            for p in range(people)
            for t in range(1, trials + 1)
        ]
    )


def test_a_slope_is_relative_and_of_each_person():
    # Everybody gets 10 % faster in ten trials, from different beginnings.
    frame = timed(4, 20, lambda p, t: round(100_000 * (p + 1) * 0.9 ** (t / 10)))
    seconds, correct = behaviour.trends(frame)
    assert (seconds.name, seconds.participants) == ("seconds", 4)
    assert seconds.per_ten_trials == pytest.approx(-0.1, abs=1e-4)
    assert seconds.interval.low == pytest.approx(-0.1, abs=1e-4)
    assert correct.per_ten_trials == 0


def test_learning_is_a_slope_of_correct_picks():
    frame = timed(6, 20, lambda p, t: 1000, lambda p, t: T if t > 10 or p > 3 else G)
    correct = behaviour.trends(frame)[1]
    slopes = [10 * np.polyfit(range(20), [0] * 10 + [1] * 10, 1)[0]] * 4 + [0, 0]
    assert correct.per_ten_trials == pytest.approx(np.mean(slopes))


def test_a_person_with_two_trials_has_no_slope():
    seconds, _ = behaviour.trends(timed(3, 2, lambda p, t: 1000))
    assert seconds.participants == 0
    assert math.isnan(seconds.per_ten_trials)


def test_trials_are_numbered_over_the_scored_ones():
    frame = timed(2, 4, lambda p, t: 1000 * t)
    late = frame.assign(position=frame["position"] * 3 + 5)  # practice and catches before, between
    assert behaviour.blocks(late) == behaviour.blocks(frame)
    assert repr(behaviour.trends(late)) == repr(behaviour.trends(frame))


def test_blocks_hold_every_answer_once():
    frame = timed(3, 7, lambda p, t: 1000 * t, lambda p, t: T if t < 3 else G)
    found = behaviour.blocks(frame, 3)
    assert [(b.first, b.last) for b in found] == [(1, 2), (3, 5), (6, 7)]
    assert [b.answers for b in found] == [6, 9, 6]
    assert [b.correct for b in found] == [1, 0, 0]
    assert [b.median_s for b in found] == [1.5, 4, 6.5]
    assert [b.answers for b in behaviour.blocks(frame, 99)] == [3] * 7


def test_times_by_pick():
    frame = timed(2, 4, lambda p, t: 1000 * t, lambda p, t: T if t <= 2 else G)
    found = {t.name: (t.answers, t.median_s) for t in behaviour.times_by_pick(frame)}
    assert found[T] == (4, 1.5)
    assert found[G] == (4, 3.5)
    assert found[C][0] == 0
    assert math.isnan(found[C][1])
    untimed = answers(crossed(PICKS))
    assert behaviour.times_by_pick(untimed) == []
    assert math.isnan(behaviour.blocks(untimed)[0].median_s)


def test_peoples_spread():
    picks = [[G, G, T, T], [G, T, T, T], [T, T, T, T], [G, G, G, T]]
    gan = behaviour.people_spread(answers(crossed(picks)))[0]
    rates = [0.5, 0.25, 0.0, 0.75]
    assert gan.rates == tuple(sorted(rates))
    assert gan.quantiles == pytest.approx(np.quantile(rates, [0, 0.25, 0.5, 0.75, 1]))
    assert gan.sd == pytest.approx(np.std(rates, ddof=1))
    p = 6 / 16
    assert gan.expected_sd == pytest.approx(math.sqrt(p * (1 - p) / 4))
    assert sum(gan.histogram) == 4


def test_very_many_people_are_a_histogram(monkeypatch):
    monkeypatch.setattr(behaviour, "_SHOWN_PEOPLE", 3)
    gan = behaviour.people_spread(answers(crossed([[G, T]] * 4)))[0]
    assert gan.rates == ()
    assert gan.histogram[10] == 4


def test_repeats_compare_with_the_first_answer_only():
    trials = [
        {"participant": "a", "picture": "x", "pick": G},
        {"participant": "a", "picture": "x", "pick": G, "kind": "repeat"},
        {"participant": "b", "picture": "x", "pick": T, "kind": "repeat"},
    ]
    assert behaviour.attention(answers(trials)) == behaviour.Attention(0, 0, 1, 1)


def test_pictures_are_ordered_by_what_they_fool():
    # x fools 2 of 2, y 1 of 2, z 0 of 2; w was seen once, and fooled.
    trials = [
        {"participant": p, "picture": i, "pick": pick, "label": "cat"}
        for p, row in (("a", "xgygzt"), ("b", "xgytzt"))
        for i, pick in ((row[k], G if row[k + 1] == "g" else T) for k in (0, 2, 4))
    ]
    trials.append({"participant": "a", "picture": "w", "pick": G})
    rates = picture_rates(answers(trials))
    gan = {r.picture: (r.picked, r.trials, r.label) for r in rates if r.name == G}
    assert gan == {
        "w": (1, 1, None), "x": (2, 2, "cat"), "y": (1, 2, "cat"), "z": (0, 2, "cat")
    }  # fmt: skip
    ends = next(e for e in extremes(rates) if e.name == G)
    assert [r.picture for r in ends.most] == ["x", "w"]
    assert [r.picture for r in ends.least] == ["z", "y"]
    assert sum(r.picked for r in rates) == 4


def test_ties_go_to_what_looked_more_real():
    trials = [
        {"participant": "a", "picture": f"{p}{n}", "pick": pick, "realism": {G: r}}
        for p, pick in (("p", G), ("q", T))
        for n, r in ((1, 2), (2, 5), (3, 3), (4, 4))
    ]
    (ends,) = extremes([r for r in picture_rates(answers(trials)) if r.name == G])
    assert [r.picture for r in ends.most] == ["p2", "p4", "p3", "p1"]
    assert [r.picture for r in ends.least] == ["q1", "q3", "q4", "q2"]


def test_categories_change_nothing_here_either():
    frame = timed(3, 7, lambda p, t: 1000 * t + 13 * p, lambda p, t: (T, G, C)[(p + t) % 3])
    small = compact(frame)
    for estimate in (
        behaviour.trends, behaviour.blocks, behaviour.people_spread, behaviour.times_by_pick,
        picture_rates,
    ):  # fmt: skip
        assert repr(estimate(small)) == repr(estimate(frame))


def test_what_never_fooled_is_not_among_the_most_fooling():
    trials = crossed([["gan", TRUTH, TRUTH, "gan"]])
    gan, classification = extremes(picture_rates(answers(trials)))
    assert [r.picture for r in gan.most] == ["i0", "i3"]
    assert [r.picture for r in gan.least] == ["i1", "i2"]
    assert classification.most == []
    assert len(classification.least) == 2
