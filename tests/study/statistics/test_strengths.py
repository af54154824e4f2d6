"""Strengths: against closed forms, statsmodels' conditional logit and a sandwich by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, t
from statsmodels.discrete.conditional_models import ConditionalLogit
from study_frames import TRUTH, answers, crossed, summary_of

from study.report.page import page
from study.report.render import FORMATS
from study.statistics.coverage import EVEN, Plan
from study.statistics.coverage_models import scale_coverage
from study.statistics.model import AnswerModel, expected_shares, intercepts
from study.statistics.strengths import strengths


def frame_of(trials):
    """Rows from (participant, picture, shown, pick)."""
    return pd.DataFrame(
        [
            {
                **{"trial": number, "participant": person, "picture": picture},
                **{"method": method, "picked": method == pick},
            }
            for number, (person, picture, shown, pick) in enumerate(trials)
            for method in shown
        ]
    )


def drawn(seed=1, n=400):
    """Trials of pairs, of three and of four among the truth and four methods."""
    rng, names = np.random.default_rng(seed), np.array([TRUTH, *"abcd"])
    true = np.array([0, -0.3, 0.4, -1.2, 0.9])
    trials = []
    for i in range(n):
        shown = rng.choice(5, size=rng.integers(2, 5), replace=False)
        pick = rng.choice(shown, p=np.exp(true[shown]) / np.exp(true[shown]).sum())
        trials.append((i % 12, int(rng.integers(25)), tuple(names[shown]), names[pick]))
    return frame_of(trials)


def test_two_options_have_the_closed_form():
    frame = frame_of(
        [(p, i, ("a", TRUTH), "a" if (p + i) % 3 else TRUTH) for p in range(5) for i in range(7)]
    )
    (found,) = strengths(frame).strengths
    share = np.mean([(p + i) % 3 > 0 for p in range(5) for i in range(7)])
    assert found.strength == pytest.approx(np.log(share / (1 - share)))
    assert found.pair == pytest.approx(share)


def test_where_every_trial_shows_all_it_is_the_log_of_the_picks():
    picks = [["gan", "gan", TRUTH], [TRUTH, "classification", TRUTH], [TRUTH, "gan", TRUTH]]
    found = {s.name: s for s in strengths(answers(crossed(picks))).strengths}
    assert found["gan"].strength == pytest.approx(np.log(3 / 5))
    assert found["classification"].strength == pytest.approx(np.log(1 / 5))
    assert (found["gan"].picks, found["gan"].trials) == (3, 9)


def test_incomplete_designs_are_those_of_statsmodels_conditional_logit():
    frame = drawn()
    design = pd.DataFrame({name: (frame["method"] == name).astype(float) for name in "abcd"})
    model = ConditionalLogit(frame["picked"].astype(int), design, groups=frame["trial"])
    wanted = model.fit(disp=False).params  # stops within a thousandth
    found = strengths(frame)
    ours = {s.name: s.strength for s in found.strengths}
    assert ours == pytest.approx(dict(wanted), abs=2e-3)
    assert np.abs(model.score(np.array([ours[name] for name in "abcd"]))).max() < 1e-6
    assert [s.name for s in found.strengths] == ["d", "b", "a", "c"]
    for d in found.differences:
        assert d.difference == pytest.approx(ours[d.name] - ours[d.other])


def test_intervals_are_a_sandwich_by_hand():
    """Scores and information of each trial in a loop, numerically; clustered one by one."""
    frame = drawn(2)
    found = strengths(frame)
    of = {s.name: s for s in found.strengths}
    value = {TRUTH: 0.0, **{s.name: s.strength for s in found.strengths}}
    scores, information, groups = [], np.zeros((4, 4)), []
    for _, rows in frame.groupby("trial"):
        odds = np.exp([value[m] for m in rows["method"]])
        shares = dict(zip(rows["method"], odds / odds.sum(), strict=True))
        (pick,) = rows.loc[rows["picked"], "method"]
        p = np.array([shares.get(name, 0.0) for name in "abcd"])
        scores.append(np.array([float(pick == name) for name in "abcd"]) - p)
        information += np.diag(p) - np.outer(p, p)
        groups.append((rows["participant"].iloc[0], rows["picture"].iloc[0]))

    def clustered(key):
        sums = pd.DataFrame(scores).groupby([str(key(g)) for g in groups]).sum().to_numpy()
        return len(sums) / (len(sums) - 1) * sums.T @ sums

    people, pictures = clustered(lambda g: g[0]), clustered(lambda g: g[1])
    meat = people + pictures - clustered(lambda g: g)
    own = 400 / 399 * np.array(scores).T @ np.array(scores)
    bread = np.linalg.inv(information)
    for i, name in enumerate("abcd"):
        variance, floor = ((bread @ m @ bread)[i, i] for m in (meat, own))
        half = (of[name].interval.high - of[name].interval.low) / 2
        error = np.sqrt(max(variance, floor))
        # Between the t quantiles of 11 and of 399 degrees of freedom.
        assert t.ppf(0.975, 399) * error - 1e-9 <= half <= t.ppf(0.975, 11) * error + 1e-9


def test_what_is_never_shown_together_has_no_one_scale():
    pairs = [(p, i, ("a", TRUTH), ("a", TRUTH)[(p + i) % 2]) for p in range(4) for i in range(4)]
    others = [(p, 9, ("b", "c"), ("b", "c")[p % 2]) for p in range(4)]
    found = strengths(frame_of(pairs + others))
    assert found.strengths == []
    assert "c, b and a, truth were never shown together" in found.why.replace("b, c", "c, b")
    joined = strengths(
        frame_of([*pairs, *others, (1, 5, ("a", "b"), "a"), (2, 5, ("a", "b"), "b")])
    )
    assert joined.why == ""
    assert len(joined.strengths) == 3


def test_picks_in_one_direction_have_no_finite_strength():
    ahead = [(p, 0, ("a", TRUTH), "a") for p in range(4)]
    both = [(p, 1, (TRUTH, "b"), ("b", TRUTH)[p % 2]) for p in range(4)]
    found = strengths(frame_of(ahead + both))
    assert "picks between a and b, truth go one way only" in found.why
    never = strengths(frame_of([*both, *((p, 2, (TRUTH, "c", "b"), TRUTH) for p in range(3))]))
    assert never.never == ["c"]
    assert [s.name for s in never.strengths] == ["b"]
    # Without what nobody picked, these are three more pairs of the truth and b.
    assert never.strengths[0].strength == pytest.approx(np.log(2 / 5))
    assert "only the truth was picked" in strengths(frame_of([(1, 1, ("a", TRUTH), TRUTH)])).why
    assert "the truth, from which it" in strengths(frame_of([(1, 1, ("a", TRUTH), "a")])).why


def test_expected_shares_are_those_of_drawn_picks():
    model = AnswerModel({"a": 0.3, "b": 0.2})
    shown = np.array([[True, True, True], [True, False, True]])
    found = expected_shares(model, intercepts(model), shown)
    assert found[0] == pytest.approx([0.5, 0.3, 0.2], abs=1e-4)
    rng = np.random.default_rng(3)
    utility = intercepts(model)[1] + np.hypot(0.5, 1) * rng.normal(size=200_000)
    assert found[1] == pytest.approx(
        [1 - (s := np.mean(1 / (1 + np.exp(-utility)))), 0, s], abs=5e-3
    )


@pytest.mark.parametrize("name", ["even", "2 of 4"])
def test_intervals_hold_the_strengths(name):
    studies = 120
    found = scale_coverage(name, Plan(16, 30, 60, EVEN), studies, np.random.default_rng(4))
    assert found.missing < 0.02
    assert found.held >= binom.ppf(1e-4, studies, 0.93) / studies


def test_the_report_says_it_in_words_and_rows():
    methods = ("a", "b", "c", "d", "e", "f", TRUTH)
    rng = np.random.default_rng(5)
    picks = rng.choice(methods, size=(6, 20), p=[0.2, 0.15, 0.1, 0.1, 0.1, 0.05, 0.3])
    summary = summary_of(answers(crossed(picks.tolist()), methods=methods))
    text = " ".join(FORMATS["text"](summary).split())
    assert "ALL METHODS ON ONE SCALE" in text
    assert "15 differences are too many for a table" in text
    assert "On one scale" in page(summary)
    rows = FORMATS["csv"](summary)
    assert rows.count("scale_differences,") >= 15
