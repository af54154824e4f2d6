"""Power of the report's claims: against theory, and against whole studies that are reported."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, t

from study.power import main
from study.protocol.design import TRUTH
from study.simulate import Simulation
from study.statistics.claims import (
    DIFFERENCE,
    EQUIVALENCE,
    GAP,
    Methods,
    claims,
    holm_rows,
    people_for_claims,
)
from study.statistics.comparisons import against_truth, differences, holm
from study.statistics.coverage import Plan
from study.statistics.model import AnswerModel
from study.statistics.people import People

FOOL = {"gan": 0.36, "flow": 0.2}


def rows_of(simulation):
    """The rows of a study of `study.simulate`, without its database."""
    rng, spec = np.random.default_rng(simulation.seed), simulation.spec()
    people = People(simulation.model, simulation.participants, tuple(simulation.pictures), rng)
    found = []
    for number in range(simulation.participants):
        person = people.person(number)
        for trial in spec.plan(number=number, seed=int(rng.integers(2**62))):
            pick, _, _ = person.answer(trial)
            found += [
                (f"p{number}", (number, trial.position), trial.picture, method, slot == pick)
                for slot, method in enumerate(trial.methods, start=1)
            ]
    return pd.DataFrame(found, columns=["participant", "trial", "picture", "method", "picked"])


@pytest.mark.slow
def test_the_power_is_what_reports_of_simulated_studies_claim(monkeypatch):
    """Pictures, slots and answers of `study.simulate`, tests and Holm of the report."""
    monkeypatch.setattr("gc.collect", int)  # statsmodels calls it at each correction
    studies, margin = 60, 0.15
    claimed = np.zeros((2, 5))
    for seed in range(studies):
        rows = rows_of(Simulation(10, 12, AnswerModel(FOOL), seed=seed))
        against = {test.name: test for test in against_truth(rows, margin=margin)}
        (between,) = differences(rows)
        tests = [against[name] for name in FOOL]
        p = [*(x.p for x in tests), *(x.p_equivalent for x in tests), between.p]
        p_holm = [*(x.p_holm for x in tests), *(x.p_equivalent_holm for x in tests), between.p_holm]
        claimed += np.array([p, p_holm]) <= 0.05
    stated = claims(Plan(10, 12, 200, 0.5), Methods(FOOL, margin), 800, np.random.default_rng(1))
    assert [(c.kind, c.name, c.other) for c in stated] == [
        (GAP, "gan", TRUTH), (GAP, "flow", TRUTH),
        (EQUIVALENCE, "gan", TRUTH), (EQUIVALENCE, "flow", TRUTH),
        (DIFFERENCE, "gan", "flow"),
    ]  # fmt: skip
    for i, claim in enumerate(stated):
        for share, count in ((claim.power, claimed[0, i]), (claim.power_holm, claimed[1, i])):
            # The share has a standard error of up to 1.8 points itself.
            low, high = max(0, share - 0.04), min(1, share + 0.04)
            assert binom.ppf(1e-3, studies, low) <= count <= binom.ppf(1 - 1e-3, studies, high)
    assert 0.2 < stated[2].power < 0.95, "something to get wrong"


def test_without_effects_the_power_is_that_of_t_tests():
    stated = claims(
        Plan(20, 30, 200, 0.5, 0, 0), Methods(FOOL, 0.06), 500, np.random.default_rng(2)
    )
    n, df = 600, 19
    for i, (name, rate) in enumerate(FOOL.items()):
        gap, error = (rate - 0.44) / 2, np.sqrt((rate + 0.44 - (rate - 0.44) ** 2) / 4 / n)
        by_theory = t.sf(t.ppf(0.975, df) - abs(gap) / error, df)
        assert stated[i].value == pytest.approx(gap)
        assert stated[i].power == pytest.approx(by_theory, abs=0.08), name
        limits = np.array([-1, 1]) * (0.06 - t.ppf(0.95, df) * error)
        within = np.diff(t.cdf((limits - gap) / error, df))[0]
        assert stated[2 + i].power == pytest.approx(within, abs=0.08), name


def test_the_careless_are_in_the_true_values_and_cost_power():
    plan = Plan(16, 30, 200, 0.5)
    attentive, mixed = (
        claims(p, Methods(FOOL), 250, np.random.default_rng(3))
        for p in (plan, Plan(16, 30, 200, 0.5, dropout=0.3, careless=0.4))
    )
    for one, other in zip(attentive, mixed, strict=True):
        assert other.value == pytest.approx(0.6 * one.value)
        if one.kind != EQUIVALENCE:
            assert other.power < one.power + 0.03
    assert mixed[1].power < attentive[1].power - 0.1


def test_holm_of_many_families_is_that_of_each():
    rng = np.random.default_rng(4)
    p = rng.random((50, 5)) ** 3
    p[rng.random(p.shape) < 0.2] = np.nan
    wanted = [holm(list(row)) for row in p[:6]]
    np.testing.assert_allclose(holm_rows(p)[:6], wanted)
    assert holm_rows(np.empty((3, 0))).shape == (3, 0)


def test_what_is_not_true_needs_no_number_of_people():
    plan, rng = Plan(2, 20, 200, 0.5), np.random.default_rng(5)
    found = people_for_claims(plan, Methods({"a": 1 / 3, "b": 1 / 3}, 0.12), 60, rng)
    assert found["gap", "a", TRUTH] is None
    assert found["difference", "a", "b"] is None
    people = found["equivalence", "a", TRUTH]
    assert 8 <= people <= 100
    share = claims(Plan(2 * people, 20, 200, 0.5), Methods({"a": 1 / 3, "b": 1 / 3}, 0.12), 60, rng)
    assert share[2].power_holm > 0.8


def test_the_command_tells_of_every_claim(capsys):
    argv = ["--participants", "6", "--trials", "10", "--studies", "20", "--fool", "a=25%"]
    argv += ["--fool", "b=5%", "--margin", "28%", "--careless", "10%"]
    assert main(argv) == 0
    text = capsys.readouterr().out
    assert "SIMULATED" in text
    for claim in ("a: gap to the truth", "b: within ±28 of the truth", "a − b"):
        assert claim in text
    assert "b: within ±28 of the truth: not true" in text
    assert "10 % pick by chance" in text
    assert main([*argv, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert found["fool"] == {"a": 0.25, "b": 0.05}
    (design,) = found["designs"]
    assert (design["participants"], design["options"], design["careless"]) == (6, 3, 0.1)
    assert [c["kind"] for c in design["claims"]] == [GAP, GAP, EQUIVALENCE, EQUIVALENCE, DIFFERENCE]
    assert len(found["needed"]) == 5
