"""How often the intervals hold the truth: what the headline interval promises."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from study.coverage import main
from study.statistics.coverage import LARGE, OFTEN, PLANS, RARE, SMALL, Plan, coverage

# Bounds that a true coverage within [low, high] leaves with a probability below 1e-4: seeds are
# fixed, so a test that fails has found something.
TAIL = 5e-5


def monte_carlo_bounds(low, high, studies):
    return binom.ppf(TAIL, studies, low) / studies, binom.ppf(1 - TAIL, studies, high) / studies


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


def too_wide(plan):
    """Whether a design has so few picks that the interval is wider than it promises."""
    return plan.rate == RARE and (
        plan.participants == 8 or (plan.participant_sd, plan.picture_sd) == SMALL
    )


@pytest.mark.slow
def test_the_documented_table_is_what_the_command_prints_and_the_headline_keeps_its_promise(capsys):
    assert main(["--studies", "4000", "--seed", "1"]) == 0
    documented = (Path(__file__).resolve().parents[2] / "docs" / "statistics.md").read_text("utf-8")
    printed = capsys.readouterr().out
    assert printed in documented
    shares = [float(share) for share in re.findall(r"([\d.]+) %, [\d.]+ wide", printed)]
    two_way, wilsons = (dict(zip(PLANS, part, strict=True)) for part in (shares[::2], shares[1::2]))
    kept = [plan for plan in PLANS if not too_wide(plan)]
    assert len(kept) >= 6
    assert {plan.participants for plan in kept} == {8, 16, 64}
    assert {plan.rate for plan in kept} == {OFTEN, RARE}
    assert {plan.pictures == plan.trials for plan in kept} == {True, False}
    assert {SMALL, LARGE} < {(plan.participant_sd, plan.picture_sd) for plan in kept}
    for plan in PLANS:
        assert 93 <= two_way[plan] <= (99 if too_wide(plan) else 97.5), plan
        if not too_wide(plan):
            assert wilsons[plan] < 93, "Wilson's interval keeps its promise nowhere of these"


def test_the_command_refuses_nonsense(capsys):
    with pytest.raises(SystemExit):
        main(["--studies", "0"])
    assert "at least 1" in capsys.readouterr().err
