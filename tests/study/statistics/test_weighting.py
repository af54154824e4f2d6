"""Rates by person beside rates by answer, against the references of statsmodels and by hand."""

import numpy as np
import pytest
from study_frames import TRUTH, answers, crossed, summary_of

from study.report.paragraph import paragraph
from study.report.render import FORMATS
from study.statistics.coverage import EVEN, Plan, leaving
from study.statistics.twoway import two_way_variance
from study.statistics.weighting import equal_people, people_rates


def uneven():
    """Two who are fooled always answer 2 trials, four who are fooled rarely 10."""
    quick = [["gan", "gan"]] * 2
    slow = [["gan", *[TRUTH] * 9], [TRUTH] * 10, [*[TRUTH] * 8, "gan", "gan"], [TRUTH] * 10]
    return answers(crossed([*quick, *slow]), methods=("gan", TRUTH))


def test_a_rate_by_person_is_the_mean_of_the_participants_own():
    frame = uneven()
    gan = people_rates(frame)[0]
    own = frame[frame["method"] == "gan"].groupby("participant")["picked"].mean()
    assert gan.rate == pytest.approx(own.mean()) == pytest.approx((1 + 1 + 0.1 + 0.2) / 6)
    assert gan.by_answer == pytest.approx(7 / 44)
    assert gan.difference == pytest.approx(gan.rate - gan.by_answer)
    assert gan.differ


def test_the_weighted_variance_is_that_of_weighted_least_squares():
    from statsmodels.regression.linear_model import WLS

    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(9), rng.integers(3, 12, 9))
    picture = rng.integers(0, 14, person.size)
    y, weights = rng.random(person.size), equal_people(person)
    ours = two_way_variance(y, person, picture, weights=weights)
    for groups, found in ((person, ours.by_participant), (picture, ours.by_picture)):
        fit = WLS(y, np.ones(y.size), weights=weights).fit(
            cov_type="cluster", cov_kwds={"groups": groups}
        )
        assert ours.mean == pytest.approx(fit.params[0])
        assert found == pytest.approx(float(fit.cov_params()[0, 0]))


def test_weights_of_one_change_nothing():
    rng = np.random.default_rng(4)
    y, person, picture = rng.random(40), np.repeat(range(8), 5), np.tile(range(5), 8)
    assert two_way_variance(y, person, picture, weights=np.ones(40)) == two_way_variance(
        y, person, picture
    )


def test_everybody_picking_alike_stays_at_the_end():
    rates = people_rates(answers(crossed([["gan"] * 3, ["gan"] * 7, ["gan"] * 6])))
    assert rates[0].rate == 1.0
    assert rates[0].interval.method.startswith("Clopper")


def test_the_report_prints_both_and_says_when_they_differ():
    summary = summary_of(uneven())
    text = " ".join(FORMATS["text"](summary).split())
    said = "The rates differ: gan 38.3 % by person, 15.9 % by answer. People who answered fewer"
    assert said in text
    assert said in paragraph(summary)
    assert "rate_by_person" in FORMATS["csv"](summary)


def test_the_report_of_equal_numbers_says_that_both_are_the_same():
    summary = summary_of(answers(crossed([["gan", TRUTH, TRUTH]] * 3)))
    text = " ".join(FORMATS["text"](summary).split())
    assert "Everybody answered the same number of trials" in text
    assert "by person" not in paragraph(summary)
    assert all(rate.difference == pytest.approx(0) for rate in summary.weighting.people_rates)


def test_the_rate_by_person_holds_where_the_easily_fooled_leave_early():
    found = leaving(Plan(64, 30, 200, EVEN), 300, np.random.default_rng(1))
    assert abs(found.by_person - EVEN) < 0.005
    assert found.by_answer < EVEN - 0.02
    assert found.by_person_held > 0.91
    assert found.by_answer_held < 0.85
