"""Power: what larger studies must show, against theory, and the command."""

import json
import math

import numpy as np
import pytest

from study.coverage import Plan
from study.power import TITLE, main, power


def test_without_effects_the_spread_is_binomial():
    found = power(Plan(20, 30, 200, 0.4, 0, 0), 600, np.random.default_rng(1))
    # Relative standard error of a spread over 600 studies: 1/sqrt(1200), 3 %.
    assert found.spread == pytest.approx(math.sqrt(0.24 / 600), rel=0.12)
    assert found.coverage > 0.93


def test_more_people_and_pictures_see_more():
    def one(*plan):
        return power(Plan(*plan), 150, np.random.default_rng(2))

    small, large = one(8, 20, 200, 0.4), one(32, 20, 200, 0.4)
    assert large.width < 0.7 * small.width
    assert large.against_value < 0.7 * small.against_value
    # The same twenty pictures for all: more people cannot average pictures away.
    same = one(32, 20, 20, 0.4)
    assert same.width > 1.3 * large.width
    assert small.width <= small.width_90
    assert small.between_studies == pytest.approx(math.sqrt(2) * small.against_value)


def test_the_difference_is_seen_as_often_as_it_says():
    from study.coverage import estimates
    from study.model import AnswerModel, intercepts

    planned = Plan(16, 30, 200, 0.4)
    difference = power(planned, 400, np.random.default_rng(3)).against_value
    other = Plan(16, 30, 200, 0.4 + difference)
    fixed = intercepts(AnswerModel({"a": other.rate}))
    rng = np.random.default_rng(4)
    seen = [
        not i.low <= 0.4 <= i.high for _, i, _ in (estimates(other, fixed, rng) for _ in range(300))
    ]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.1)


def test_the_command_prints_a_row_a_design(capsys):
    argv = ["--participants", "8,4", "--trials", "5,10", "--studies", "5", "--seed", "3"]
    assert main(argv) == 0
    text = capsys.readouterr().out
    assert text.startswith(TITLE)
    assert "SIMULATED" in TITLE
    assert main([*argv, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["simulated"] is True
    sizes = [(d["participants"], d["trials"]) for d in found["designs"]]
    assert sizes == [(4, 5), (8, 5), (4, 10), (8, 10)]
    for design in found["designs"]:
        assert f"{100 * design['width']:.1f}" in text
        assert f"{100 * design['against_value']:.1f}" in text


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_plot_is_the_same_twice_and_says_simulated(tmp_path, capsys, ending):
    argv = ["--participants", "4,8", "--trials", "5", "--studies", "4", "--plot"]
    first, second = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    assert main([*argv, str(first)]) == main([*argv, str(second)]) == 0
    capsys.readouterr()
    assert first.read_bytes() == second.read_bytes()
    if ending == "svg":
        assert "SIMULATED PARTICIPANTS" in first.read_text()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--trials", "300"], "300 trials need as many pictures"),
        (["--participants", "1"], "at least 2 of each"),
        (["--rate", "1.2"], "below 1, got 1.2"),
        (["--studies", "1"], "At least 2 studies"),
        (["--seed", "-1"], "must not be negative"),
        (["--studies", "2", "--plot", "/nonexistent/x.png"], "No such file"),
    ],
)
def test_nonsense_is_a_sentence(argv, words, capsys):
    assert main(["--participants", "4", "--studies", "2", *argv]) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("numbers", ["", "8,", "0", "a"])
def test_no_list_of_numbers(numbers, capsys):
    with pytest.raises(SystemExit):
        main(["--participants", numbers])
    assert "such as 8,16,32" in capsys.readouterr().err


def test_everybody_sees_the_same_pictures(capsys):
    argv = ["--participants", "4", "--trials", "5", "--studies", "2", "--same-pictures"]
    assert main([*argv, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["designs"][0]["pictures"] == 5
