"""The machine judge: it learns what gives a fake away, and counts as the study does."""

import json
import re

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from train import judge


def rows_of(fakes, count=48, seed=0):
    """A colour for each true picture; each fake is the truth with its colour shifted."""
    rng = np.random.default_rng(seed)
    truth = np.broadcast_to(rng.normal(0, 10, (count, 1, 1, 2)), (count, 32, 32, 2))
    ab = {"truth": truth.astype(np.float16)}
    for name in (*judge.ALONE, *judge.CLASSIFICATION):
        ab[name] = (truth + fakes.get(name, 60)).astype(np.float16)
    return judge.Rows(rng.uniform(0, 100, (count, 32, 32)).astype(np.float16), ab)


def names():
    return rows_of({}, 1).ab


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    run = str(tmp_path_factory.mktemp("judge") / "run")
    return judge.Settings(
        run=run, pictures=48, epochs=12, batch=8, width=4, lr=1e-2, bfloat16=False
    )


@pytest.fixture(autouse=True)
def _no_weights(monkeypatch):
    monkeypatch.setattr(judge, "weights_in_use", dict)


def test_it_learns_to_see_a_shift_and_is_fooled_by_what_no_person_sees(settings):
    # The GAN's pictures are the truth with a grain that is finer than eyes tell colours apart.
    grain = {"gan": np.random.default_rng(5).normal(0, 6, (1, 32, 32, 2))}
    trained = judge.train(settings, lambda: rows_of(grain))
    asked = rows_of(grain, 400, 1)
    scores = {
        name: judge.scores_of(trained, asked.L, ab, number)
        for number, (name, ab) in enumerate(asked.ab.items())
    }
    rates = {(tuple(row["trial"]), row["method"]): row["rate"] for row in judge.fool_rates(scores)}
    assert rates[("truth", "grey"), "grey"] < 0.05
    assert rates[("truth", judge.DEFAULT), judge.DEFAULT] < 0.05
    assert 0.35 < rates[("truth", "gan"), "gan"] < 0.65


def test_the_glasses_blur_as_scipy_does_and_leave_L_alone():
    L = torch.rand(2, 1, 32, 32) * 100
    ab = torch.randn(2, 2, 32, 32) * 20
    blurred = gaussian_filter(ab.numpy(), (0, 0, judge.BLUR, judge.BLUR), mode="mirror")
    np.testing.assert_allclose(judge.blurred(ab).numpy(), blurred, atol=1e-3)
    once = judge.seen(L, ab, torch.Generator().manual_seed(0))
    torch.testing.assert_close(once[:, :1] * 50 + 50, L)
    again = judge.seen(L, ab, torch.Generator().manual_seed(1))
    grey = judge.seen(L, torch.zeros_like(ab), torch.Generator().manual_seed(0)) * 27.5
    assert grey[:, 1:].std() == pytest.approx(judge.NOISE, rel=0.01)
    assert 0.1 < ((once - again)[:, 1:] * 27.5).std() / judge.NOISE < 3


def test_a_tie_is_not_counted_as_fooled():
    scores = {name: np.zeros(4) for name in names()}
    assert all(row["fooled"] == 0 for row in judge.fool_rates(scores))


def test_rates_are_counts_of_the_highest_score_over_all_trials():
    scores = {name: np.full(10, -9.0) for name in names()}
    scores["truth"] = np.zeros(10)
    scores["gan"] = np.array([1.0] * 4 + [-1.0] * 6)
    scores[judge.DEFAULT] = np.array([2.0] * 1 + [-1.0] * 9)
    rates = judge.fool_rates(scores)
    three = {row["method"]: row for row in rates if row["trial"] == ["truth", judge.DEFAULT, "gan"]}
    assert (three["gan"]["fooled"], three[judge.DEFAULT]["fooled"]) == (3, 1)
    assert three["gan"]["n"] == 10
    # Wilson's interval of 3 in 10, as in Brown, Cai and DasGupta's formula worked by hand.
    assert three["gan"]["rate_ci95"] == pytest.approx([0.1078, 0.6032], abs=1e-4)
    two = next(row for row in rates if row["trial"] == ["truth", "gan"])
    assert (two["fooled"], two["chance"]) == (4, 0.5)


def test_what_is_expected_is_the_mean_probability():
    scores = {name: np.zeros(2) for name in names()}
    scores["gan"] = np.log([2.0, 1.0])  # picked with 2 in 3, then 1 in 2, against the truth
    two = next(r for r in judge.fool_rates(scores) if r["trial"] == ["truth", "gan"])
    assert two["expected"] == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_the_temperature_shipped_is_the_one_expected_to_fool_best(tmp_path):
    scores = {name: np.full(5, -3.0) for name in names()}
    scores["classification T=0.2"] = np.full(5, -2.0)  # never picked, and yet nearest to it
    rates = judge.fool_rates(scores)
    assert judge.best_temperature(rates) == 0.2
    card = tmp_path / "classification.json"
    card.write_text('{"network": {"temperature": 0.38, "size": 32}, "hours": 1}')
    judge.ship(judge.best_temperature(rates), tmp_path)
    kept = json.loads(card.read_text())
    assert kept == {"network": {"temperature": 0.2, "size": 32}, "hours": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--ship"], "--ship .* needs --on validation"), (["--on", "train"], "--on is train; it")],
)
def test_no_temperature_is_chosen_on_the_test_pictures(arguments, message, capsys, monkeypatch):
    from train.data import Pictures

    none = Pictures(np.zeros((0, 32, 32, 3), np.uint8), np.zeros(0, np.uint8), np.arange(0))
    monkeypatch.setattr(judge.data, "load", lambda part: none)
    assert judge.main(arguments) == 2
    assert re.search(message, capsys.readouterr().err)


def test_the_loss_of_equal_scores_is_that_of_guessing():
    class Blind(torch.nn.Module):
        def forward(self, seen):
            return torch.zeros(len(seen))

    loss = judge.trial_loss(Blind(), torch.zeros(2, 6, 3, 4, 4))
    assert loss.item() == pytest.approx(np.log(2))


def test_other_weights_of_a_colorizer_are_another_run(settings, monkeypatch, tmp_path):
    fresh = judge.Settings(run=str(tmp_path / "run"), pictures=8, epochs=0, batch=8, width=4)
    judge.train(fresh, lambda: rows_of({}, 8))
    monkeypatch.setattr(judge, "weights_in_use", lambda: {"gan": "other"})
    with pytest.raises(judge.RunError, match="another weights"):
        judge.train(fresh, lambda: rows_of({}, 8))


def test_a_finished_run_colorizes_nothing_again(settings):
    once = judge.train(settings, lambda: rows_of({}))
    again = judge.train(settings, lambda: pytest.fail("asked for pictures"))
    for name, value in once.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=0)


def test_too_few_pictures_are_one_sentence(monkeypatch, capsys):
    from train.data import Pictures

    few = Pictures(np.zeros((10, 32, 32, 3), np.uint8), np.zeros(10, np.uint8), np.arange(10))
    monkeypatch.setattr(judge.data, "load", lambda part: few)
    assert judge.main(["--pictures", "3"]) == 2
    assert "--pictures is 3; it must be from --batch 64 to 10" in capsys.readouterr().err
