"""How often the intervals hold the truth and the tests err: what the report promises."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from study.coverage import main
from study.statistics.coverage import (
    EVEN,
    LEAVERS,
    PLACES,
    PLANS,
    SPREAD,
    TESTED,
    Plan,
    coverage,
    sizes,
)
from study.statistics.coverage_kinds import (
    HITS,
    JUDGED,
    PREFERENCES,
    PREFERRED,
    judged_coverage,
    preferred_coverage,
)
from study.statistics.coverage_models import LAPSES, ODDS, SCALES

# Bounds that a true coverage within [low, high] leaves with a probability below 1e-4: seeds are
# fixed, so a test that fails has found something.
TAIL = 5e-5
DOCUMENTED = (Path(__file__).resolve().parents[2] / "docs" / "statistics.md").read_text("utf-8")


def monte_carlo_bounds(low, high, studies):
    return binom.ppf(TAIL, studies, low) / studies, binom.ppf(1 - TAIL, studies, high) / studies


@pytest.mark.slow
def test_rare_picks_are_covered_though_many_studies_have_none():
    # Half a percent of 480: one study in ten has no pick and takes Clopper and Pearson's interval.
    found = coverage(Plan(16, 30, 200, 0.005), 1000, np.random.default_rng(3))
    assert found.two_way >= monte_carlo_bounds(0.93, 1, 1000)[0]


def test_forty_people_on_the_same_pictures_err_in_one_of_twenty_studies():
    # A test over people alone errs in one of four or five: it holds the pictures fixed.
    found = sizes(Plan(40, 30, 30, EVEN), 300, np.random.default_rng(3))
    low, high = monte_carlo_bounds(0.035, 0.065, 300)
    for error in (found.gap, found.difference, found.ratings, 1 - found.mean_held):
        assert low <= error <= high
    assert found.people_only > high


@pytest.mark.slow
def test_the_command_prints_tables(capsys, monkeypatch):
    monkeypatch.setattr("study.coverage.ODDS", ODDS[:1])  # each study is fitted
    assert main(["--studies", "2", "--seed", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    tested = lines[3 + len(PLANS) : 5 + len(PLANS) + len(TESTED)]
    places, leavers, spread, scales, lapsed, odds, judged, preferred = "\n".join(
        lines[6 + len(PLANS) + len(TESTED) :]
    ).split("\n\n")
    assert [line.count("|") for line in places.splitlines()] == [6] * (2 + len(PLACES))
    assert [line.count("|") for line in spread.splitlines()] == [11] * (2 + len(SPREAD))
    assert [line.count("|") for line in leavers.splitlines()] == [9] * (2 + len(LEAVERS))
    assert [line.count("|") for line in scales.splitlines()] == [8] * (2 + len(SCALES))
    assert [line.count("|") for line in lapsed.splitlines()] == [9] * (2 + len(LAPSES))
    assert [line.count("|") for line in odds.splitlines()] == [9] * 3
    assert [line.count("|") for line in judged.splitlines()] == [12] * (2 + len(JUDGED))
    assert [line.count("|") for line in preferred.splitlines()] == [9] * (2 + len(PREFERENCES))
    assert lines[0].startswith("| participants | trials |")
    assert tested[0].startswith("| participants | trials |")
    assert all(line.count("|") == 8 for line in lines[: 2 + len(PLANS)])
    assert all(line.count("|") == 11 for line in tested)
    first = lines[2:]
    main(["--studies", "2", "--seed", "3"])
    assert capsys.readouterr().out.splitlines()[2:] == first
    # A table by itself is the one beside the others.
    assert main(["--studies", "2", "--seed", "3", "--only", "preferred"]) == 0
    assert capsys.readouterr().out.strip() == preferred.strip()


def printed(capsys, monkeypatch, kept):
    """One of the command's tables, as the documentation must have it."""
    names = ("PLANS", "TESTED", "PLACES", "LEAVERS", "SPREAD", "SCALES", "LAPSES", "ODDS")
    for name in (*names, "JUDGED", "PREFERENCES"):
        if name != kept:
            monkeypatch.setattr(f"study.coverage.{name}", ())
    assert main(["--studies", "4000", "--seed", "1"]) == 0
    return capsys.readouterr().out.strip().split("\n\n")[names.index(kept)]


@pytest.mark.slow
def test_the_documented_coverage_is_what_the_command_prints_and_keeps_its_promise(
    capsys, monkeypatch
):
    covered = printed(capsys, monkeypatch, "PLANS")
    assert covered in DOCUMENTED
    shares = [float(share) for share in re.findall(r"([\d.]+) %, [\d.]+ wide", covered)]
    two_way, wilsons = shares[::2], shares[1::2]
    assert len(two_way) == len(PLANS)
    assert max(wilsons) < 96 < max(two_way)
    assert min(two_way) >= 93


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("table", ["PLACES", "LEAVERS", "SPREAD", "SCALES", "LAPSES"])
def test_the_other_documented_tables_are_what_the_command_prints(capsys, monkeypatch, table):
    assert printed(capsys, monkeypatch, table) in DOCUMENTED


@pytest.mark.slow
@pytest.mark.parametrize("table", ["judged", "preferred"])
def test_the_tables_of_other_kinds_are_what_the_command_prints(capsys, table):
    assert main(["--only", table, "--studies", "2000", "--seed", "1"]) == 0
    assert capsys.readouterr().out.strip() in DOCUMENTED


@pytest.mark.parametrize("rate", [0.75, 0.5])
def test_intervals_of_single_pictures_hold_and_their_tests_err_as_they_promise(rate):
    # Everybody judges the same thirty pictures, each in one version.
    found = judged_coverage(Plan(16, 30, 30, rate), 300, np.random.default_rng(5))
    least, _ = monte_carlo_bounds(0.93, 1, 300)
    assert min(found.hits, found.alarms, found.d_prime, found.criterion) >= least
    _, most = monte_carlo_bounds(0, 0.065, 300)
    assert found.error <= most
    assert found.family <= most
    assert found.missing == 0


def test_a_method_that_is_never_called_real_has_no_d_prime():
    found = judged_coverage(Plan(4, 6, 30, 0.01), 40, np.random.default_rng(5))
    assert found.missing > 0.5


@pytest.mark.parametrize("name", PREFERRED)
def test_intervals_of_preferences_hold_and_their_tests_err_as_they_promise(name):
    found = preferred_coverage(name, Plan(16, 30, 30, EVEN), 300, np.random.default_rng(6))
    least, _ = monte_carlo_bounds(0.93, 1, 300)
    assert min(found.first, found.last) >= least
    _, most = monte_carlo_bounds(0, 0.065, 300)
    assert max(found.error, found.family) <= most


def test_the_documented_coverage_of_other_kinds_is_of_the_designs_that_the_command_tests():
    for heading, designs, columns in (
        ("| hits held |", [(p, [100 * HITS, 100 * p.rate]) for p in JUDGED], 7),
        (
            "| first held |",
            [(p, [100 * share for share in PREFERRED[name].values()]) for name, p in PREFERENCES],
            4,
        ),
    ):
        table = DOCUMENTED[DOCUMENTED.index(heading) :].split("\n\n")[0]
        rows = [re.findall(r"[\d.]+", row) for row in table.splitlines()[2:]]
        assert len(rows) == len(designs)
        for (plan, shares), row in zip(designs, rows, strict=True):
            people, trials, pictures, *figures = map(float, row)
            assert (people, trials, pictures) == (plan.participants, plan.trials, plan.pictures)
            assert figures[: len(shares)] == pytest.approx(shares, abs=0.05)
            found = figures[len(shares) :]
            assert len(found) == columns
            held, errors = (found[:4], found[4:6]) if columns == 7 else (found[:2], found[2:])
            # What 93 % and 6.5 % leave of 500 studies, over all figures of both tables.
            assert min(held) >= 100 * monte_carlo_bounds(0.93, 1, 500)[0], row
            assert max(errors) <= 100 * monte_carlo_bounds(0, 0.065, 500)[1], row


def test_the_documented_errors_are_of_the_designs_that_the_command_tests():
    table = DOCUMENTED[DOCUMENTED.index("| gap | difference") :].split("\n\n")[0]
    rows = [[float(x) for x in re.findall(r"([\d.]+) %", row)] for row in table.splitlines()[2:]]
    assert len(rows) == len(TESTED)
    for plan, (rate, *errors, held, _) in zip(TESTED, rows, strict=True):
        assert rate == pytest.approx(100 * plan.rate, abs=0.05)
        assert 93 <= held <= 97.5, plan
        assert all(3.5 <= error <= 6.7 for error in errors), plan  # a true 6.5, and its noise


def test_the_documented_odds_are_of_the_designs_that_the_command_tests():
    table = DOCUMENTED[DOCUMENTED.index("| log odds | SD apart") :].split("\n\n")[0]
    rows = [[float(x) for x in re.findall(r"-?[\d.]+", row)] for row in table.splitlines()[2:]]
    assert len(rows) == len(ODDS)
    for (plan, effect, apart), row in zip(ODDS, rows, strict=True):
        assert row[:5] == [plan.participants, plan.trials, plan.pictures, effect, apart]
        found, held, own = row[5:]
        assert found == pytest.approx(effect, abs=0.05)
        assert 92 <= held <= 98.5
        assert own >= 92 if not apart else own < 80


def test_the_command_refuses_nonsense(capsys):
    with pytest.raises(SystemExit):
        main(["--studies", "0"])
    assert "at least 1" in capsys.readouterr().err
