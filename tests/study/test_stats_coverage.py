"""How often the intervals hold the truth: what the headline interval promises."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from study.coverage import PLANS, Plan, coverage, main

# Bounds that a true coverage within [low, high] leaves with a probability below 1e-4: seeds are
# fixed, so a test that fails has found something.
TAIL = 5e-5


def monte_carlo_bounds(low, high, studies):
    return binom.ppf(TAIL, studies, low) / studies, binom.ppf(1 - TAIL, studies, high) / studies


@pytest.mark.parametrize("pictures", [200, 30])
def test_headline_covers_and_wilson_does_not(pictures):
    studies = 400
    found = coverage(Plan(16, 30, pictures, 0.41), studies, np.random.default_rng(1))
    low, high = monte_carlo_bounds(0.93, 0.975, studies)
    assert low <= found.two_way <= high
    assert found.wilson < 0.88
    assert found.wilson_width < found.two_way_width


@pytest.mark.slow
@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_headline_covers_in_every_design(plan):
    studies = 1000
    found = coverage(plan, studies, np.random.default_rng(7))
    low, high = monte_carlo_bounds(0.93, 0.975, studies)
    assert low <= found.two_way <= high
    if plan.picture_sd >= 1 and plan.rate > 0.1:
        assert found.wilson < 0.88


@pytest.mark.slow
def test_rare_picks_are_covered_though_many_studies_have_none():
    # Half a percent of 480: one study in ten has no pick and takes Clopper and Pearson's interval.
    found = coverage(Plan(16, 30, 200, 0.005), 1000, np.random.default_rng(3))
    assert found.two_way >= monte_carlo_bounds(0.93, 1, 1000)[0]


def test_the_command_prints_a_table(capsys):
    assert main(["--studies", "2", "--seed", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(PLANS)
    assert lines[0].startswith("| participants | trials |")
    assert all(line.count("|") == 8 for line in lines)
    first = lines[2:]
    main(["--studies", "2", "--seed", "3"])
    assert capsys.readouterr().out.splitlines()[2:] == first


@pytest.mark.slow
def test_the_documented_table_is_what_the_command_prints(capsys):
    assert main(["--studies", "1000", "--seed", "1"]) == 0
    documented = (Path(__file__).resolve().parents[2] / "docs" / "statistics.md").read_text("utf-8")
    printed = capsys.readouterr().out
    assert printed in documented
    shares = [float(share) for share in re.findall(r"([\d.]+) %, [\d.]+ wide", printed)]
    two_way, wilsons = shares[::2], shares[1::2]
    assert len(two_way) == len(PLANS) >= 6
    assert all(93 <= share <= 97.5 for share in two_way)
    assert all(share < 93 for share in wilsons), "Wilson's interval keeps its promise nowhere"


def test_the_command_refuses_nonsense(capsys):
    with pytest.raises(SystemExit):
        main(["--studies", "0"])
    assert "at least 1" in capsys.readouterr().err
