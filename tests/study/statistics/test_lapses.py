"""Rates without lapses: by hand, by a jackknife and by drawn studies."""

import math

import numpy as np
import pytest
from scipy.stats import binom
from study_frames import TRUTH, answers, crossed, summary_of

from study.report.page import page
from study.report.render import FORMATS
from study.statistics.coverage import OFTEN, RARE, Plan
from study.statistics.coverage_models import lapse_coverage
from study.statistics.lapses import OUTSIDE, attended, lapse_rate, lapses
from study.statistics.stats import analysed, fool_rates

PICKS = [["gan", "gan", TRUTH, TRUTH], [TRUTH, "gan", "classification", TRUTH]]


def study_of(picks, catch):
    """Scored trials and, by person, picks of catch trials on pictures of their own."""
    trials = crossed(picks) + [
        {"participant": f"p{p}", "picture": f"c{i}", "pick": pick, "kind": "catch"}
        for p, row in enumerate(catch)
        for i, pick in enumerate(row)
    ]
    return answers(trials)


def test_the_rates_are_those_of_the_mixture_by_hand():
    frame = study_of(PICKS, [[TRUTH, TRUTH, TRUTH], [TRUTH, "gan", TRUTH]])
    found = lapses(frame, analysed(frame))
    assert (found.missed, found.trials, found.participants) == (1, 6, 2)
    assert found.rate == pytest.approx(1 / 6 * 3 / 2)
    rates = {rate.name: rate for rate in found.rates}
    # A quarter lapsed: raw = 3/4 attended + 1/4 of a third.
    for name, raw in (("gan", 3 / 8), ("classification", 1 / 8), (TRUTH, 1 / 2)):
        assert rates[name].raw == pytest.approx(raw)
        assert 0.75 * rates[name].rate + 0.25 / 3 == pytest.approx(raw)
    assert sum(rate.rate for rate in found.rates) == pytest.approx(1)


def test_the_variance_is_that_of_a_jackknife_over_people():
    """Without people at all: each left out in turn, their scored and catch trials together."""
    rng = np.random.default_rng(1)
    people, trials = 60, 20
    own = rng.beta(1, 5, people)
    person = np.repeat(np.arange(people), trials)
    catcher = np.repeat(np.arange(people), 5)
    picked = (rng.random(person.size) < 0.2 + 0.3 * own[person]) * 1.0
    missed = (rng.random(catcher.size) < own[catcher]) * 1.0

    def rate(left_out=-1):
        raw, share = picked[person != left_out].mean(), missed[catcher != left_out].mean()
        return (raw - 1.5 * share / 3) / (1 - 1.5 * share)

    found = attended(picked, person, np.arange(person.size), missed, catcher, 3)
    left_out = np.array([rate(p) for p in range(people)])
    jackknife = (people - 1) / people * ((left_out - left_out.mean()) ** 2).sum()
    assert found.mean == pytest.approx(rate())
    assert found.by_participant == pytest.approx(jackknife, rel=0.05)
    assert found.total == pytest.approx(found.by_participant, rel=0.02)


def test_no_miss_leaves_the_rates_and_no_catch_trial_has_none():
    frame = study_of(PICKS, [[TRUTH] * 3] * 2)
    found = lapses(frame, analysed(frame))
    assert found.rate == 0
    assert 0 < found.interval.high <= 1
    for rate in found.rates:
        assert rate.rate == rate.raw
    text = FORMATS["text"](summary_of(frame))
    assert "No catch trial was missed, so the rates stand as they are" in " ".join(text.split())
    none = study_of(PICKS, [])
    assert math.isnan(lapses(none, analysed(none)).rate)
    assert "WITHOUT LAPSES" not in FORMATS["text"](summary_of(none))


def test_who_passes_by_chance_has_no_attended_trials():
    frame = study_of(PICKS, [["gan", TRUTH, "gan"], ["gan", "classification", "gan"]])
    found = lapses(frame, analysed(frame))
    assert (found.rate, found.rates) == (1, [])
    text = " ".join(FORMATS["text"](summary_of(frame)).split())
    assert "No rates, because the catch trials were passed no more often than by chance" in text


def test_fewer_picks_than_lapses_give_are_cut_off_at_nothing():
    picks = [[TRUTH, "gan", TRUTH, TRUTH, "gan", TRUTH], ["classification", *[TRUTH] * 5]]
    frame = study_of(picks, [["gan", TRUTH, TRUTH], ["gan", TRUTH, TRUTH]])
    rates = {rate.name: rate for rate in lapses(frame, analysed(frame)).rates}
    assert rates["classification"].rate == 0
    assert rates["classification"].interval.low == 0
    assert rates["classification"].interval.high == fool_rates(analysed(frame))[1].headline.high
    assert rates["classification"].interval.note == OUTSIDE
    assert 0 <= rates[TRUTH].interval.high <= 1


@pytest.mark.parametrize("rate", [OFTEN, RARE])
def test_intervals_hold_the_attended_rate_where_the_raw_one_misses(rate):
    studies = 250
    found = lapse_coverage(Plan(64, 30, 200, rate), 6, studies, np.random.default_rng(2))
    assert found.attended == pytest.approx(rate, abs=0.006)
    assert found.attended_held >= binom.ppf(1e-4, studies, 0.93) / studies
    if rate == RARE:
        assert found.raw > rate + 0.02
        assert found.raw_held < 0.5


def test_the_report_has_both_rates():
    frame = study_of(PICKS * 2, [[TRUTH, TRUTH, TRUTH], [TRUTH, "gan", TRUTH]] * 2)
    summary = summary_of(frame)
    text = " ".join(FORMATS["text"](summary).split())
    assert "2 of 12 catch trials were missed, which means that in 25.0 % of the trials" in text
    assert "lapses,,gan,attended_rate" in FORMATS["csv"](summary)
    assert "Without lapses of attention" in page(summary)
    assert lapse_rate(np.ones(4), np.arange(4), 3)[0] == 1
