"""What the report says where a number cannot be computed, and how it words what can."""

import csv
import io
import json
import re

import pytest
from study_frames import TRUTH, answers, crossed, summary_of

from study.export import _json
from study.report.paragraph import paragraph
from study.report.planning import json_text as power_json
from study.report.render import FORMATS, csv_text, json_text
from study.statistics.sizing import Power

EDGES = {
    "the truth never": [["gan", "gan"], ["gan", "gan"]],
    "the truth always": [[TRUTH, TRUTH], [TRUTH, TRUTH]],
    "an interval without an upper end": [["gan", TRUTH], ["gan", TRUTH]],
    "one answer": [["gan"]],
    "one person": [["gan", TRUTH, "classification"]],
    "one picture": [["gan"], [TRUTH], ["gan"]],
}


def strict(text):
    """JSON as every other program reads it."""

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module", params=EDGES)
def edge(request):
    return summary_of(answers(crossed(EDGES[request.param])))


def test_json_is_json(edge):
    strict(json_text(edge))


def test_no_number_of_the_csv_is_infinite(edge):
    for line in csv.DictReader(io.StringIO(csv_text(edge))):
        assert not {line["value"], line["low"], line["high"]} & {"inf", "-inf", "nan"}, line


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_no_word_of_the_report_is_infinite(edge, form):
    assert not re.search(r"\b(inf|nan)\b", FORMATS[form](edge))


def test_the_paragraph_has_words_for_what_is_not_there(edge):
    said = paragraph(edge)
    assert "–" not in said
    assert not re.search(r"\b(inf|nan|None)\b", said)
    assert not re.search(r"\b1 \w+s\b", said.replace("1 consented", "")), said


def test_a_truth_that_is_never_picked_has_no_d_prime():
    said = paragraph(summary_of(answers(crossed(EDGES["the truth never"]))))
    assert "no d', as the real picture was never picked (at most 1.86)" in said
    assert "Pictures by classification were taken for real in 0.0 % of the trials" in said
    assert "and the real pictures beside them as rarely." in said
    assert " 0.0 points above" not in said
    found = strict(json_text(summary_of(answers(crossed(EDGES["the truth never"])))))["detection"]
    assert found["d_prime"] is None
    assert found["interval"]["low"] is None
    assert found["interval"]["high"] == pytest.approx(1.862949407)
    assert "the interval has no lower end" in found["note"]


def test_methods_that_fool_alike_fool_as_often():
    said = paragraph(summary_of(answers(crossed(EDGES["the truth always"]))))
    assert "classification fooled as often as gan" in said
    assert "50.0 points below the point of indistinguishability of 50.0 %" in said


def test_a_gap_of_nothing_is_at_the_point():
    picks = [["gan", TRUTH], [TRUTH, "gan"]]
    said = paragraph(summary_of(answers(crossed(picks), methods=("gan", TRUTH))))
    assert "at the point of indistinguishability of 50.0 %" in said


def test_half_of_the_picks_does_not_mean_that_people_cannot_tell():
    """Half of the pictures fool everybody and half nobody: 50 %, and every picture is told."""
    everybody = [["gan", "gan", TRUTH, TRUTH]] * 4
    text = FORMATS["text"](summary_of(answers(crossed(everybody), methods=("gan", TRUTH))))
    text = " ".join(text.split())
    assert "cannot tell" not in text
    assert "picked as often as the truth" in text
    assert "half of the difference between the picks" in text


def test_the_gap_is_half_of_the_difference_of_the_picks():
    summary = summary_of(answers(crossed([["gan", "gan", TRUTH, "gan"], [TRUTH, "gan"] * 2])))
    rates = {rate.name: rate.rate for rate in summary.rates.fool_rates}
    gap = {d.name: d.distance for d in summary.truth.distances}["gan"]
    assert gap == pytest.approx((rates["gan"] - rates[TRUTH]) / 2)


def test_other_json_is_json_too():
    inf, nan = float("inf"), float("nan")
    row = Power(8, 30, 30, 0.4, 0.5, 1.0, 0.0, 0.0, 3, 9, inf, nan, 0.1, 0.9, 0.1, inf)
    assert strict(power_json([row]))["designs"][0]["width"] is None
    with pytest.raises(ValueError, match="not JSON compliant"):
        _json({"limit": float("nan")})


ALIKE = {
    "two people of one rate": [["gan", "gan", TRUTH], [TRUTH, "gan", "gan"]],
    "people who are all alike": [["gan", TRUTH, "classification", "gan"]] * 3,
}


@pytest.mark.parametrize("picks", [*EDGES.values(), *ALIKE.values()], ids=[*EDGES, *ALIKE])
def test_no_interval_has_a_width_of_nothing(picks):
    """A GEE of two people with one rate had an interval from 36.7 to 36.7 %."""
    scores = dict.fromkeys(("gan", "classification", TRUTH), 4)
    frame = answers(crossed(picks, response_ms=900, label="cat", realism=scores))
    for line in csv.DictReader(io.StringIO(csv_text(summary_of(frame)))):
        if line["low"] and line["high"]:
            assert float(line["high"]) - float(line["low"]) > 1e-9, line


def test_the_margin_is_the_studys_and_the_report_says_whose_it_is():
    frame = answers(crossed([["gan", TRUTH, "gan", TRUTH], [TRUTH, "gan", TRUTH, "gan"]] * 3))
    text = {
        margin: " ".join(FORMATS["text"](summary_of(frame, margin=margin)).split())
        for margin in (None, 0.2)
    }
    assert "within 5 points (this report's default, as the study file fixes none)" in text[None]
    assert "within 20 points (fixed in the study file)" in text[0.2]
    tests = {m: summary_of(frame, margin=m).tests.against_truth[0] for m in (0.05, 0.2)}
    assert tests[0.2].p_equivalent < tests[0.05].p_equivalent
    assert tests[0.05].p == tests[0.2].p


def test_no_interval_is_wider_than_what_can_be():
    """Three people and six pictures: the gap's interval went from -108 to +64 points."""
    scores = {"gan": 3, "classification": 1, TRUTH: 5}
    picks = [["gan", TRUTH], [TRUTH, TRUTH]]
    summary = summary_of(answers(crossed(picks, realism=scores)))
    ends = {"distance": 0.5, "gap": 0.5, "difference": 4}
    seen = 0
    for line in csv.DictReader(io.StringIO(csv_text(summary))):
        most = 1 if line["section"] == "differences" else ends.get(line["measure"])
        if most and line["low"] and line["section"] != "scale_differences":
            assert -most <= float(line["low"]) <= float(line["high"]) <= most, line
            seen += 1
    assert seen >= 4
