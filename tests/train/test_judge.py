"""The machine judge: it learns what gives a fake away, and counts as the study does."""

import json
import re

import numpy as np
import pytest
import torch

from train import judge


def rows_of(fakes, count=48, seed=0):
    """Noise of full range as the truth; each fake is the truth with its colour shifted."""
    truth = np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), np.uint8)
    rows = {"truth": truth}
    for name in ("grey", "regression", "gan", "truth-hard-bins", *judge.CLASSIFICATION):
        rows[name] = np.clip(truth.astype(int) + fakes.get(name, 60), 0, 255).astype(np.uint8)
    return rows


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    run = str(tmp_path_factory.mktemp("judge") / "run")
    return judge.Settings(
        run=run, pictures=48, epochs=12, batch=8, width=4, lr=1e-2, bfloat16=False
    )


@pytest.fixture(autouse=True)
def _no_weights(monkeypatch):
    monkeypatch.setattr(judge, "weights_in_use", dict)


def test_it_learns_to_see_a_shift_and_is_fooled_by_an_equal_picture(settings):
    # The GAN's pictures are the truth itself: nothing can tell them apart.
    trained = judge.train(settings, lambda: rows_of({"gan": 0}))
    scores = {
        name: judge.scores_of(trained, rows) for name, rows in rows_of({"gan": 0}, 200, 1).items()
    }
    rates = {(tuple(row["trial"]), row["method"]): row["rate"] for row in judge.fool_rates(scores)}
    assert rates[("truth", "grey"), "grey"] < 0.1
    assert rates[("truth", judge.DEFAULT), judge.DEFAULT] < 0.1
    np.testing.assert_array_equal(scores["gan"], scores["truth"])


def test_a_tie_is_not_counted_as_fooled():
    scores = {name: np.zeros(4) for name in rows_of({}, 1)}
    assert all(row["fooled"] == 0 for row in judge.fool_rates(scores))


def test_rates_are_counts_of_the_highest_score_over_all_trials():
    scores = {name: np.full(10, -9.0) for name in rows_of({}, 1)}
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
    scores = {name: np.zeros(2) for name in rows_of({}, 1)}
    scores["gan"] = np.log([2.0, 1.0])  # picked with 2 in 3, then 1 in 2, against the truth
    two = next(r for r in judge.fool_rates(scores) if r["trial"] == ["truth", "gan"])
    assert two["expected"] == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_the_temperature_shipped_is_the_one_expected_to_fool_best(tmp_path):
    scores = {name: np.full(5, -3.0) for name in rows_of({}, 1)}
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
        def forward(self, rgb_u8):
            return torch.zeros(len(rgb_u8))

    loss = judge.trial_loss(Blind(), torch.zeros(2, 6, 3, 4, 4, dtype=torch.uint8))
    assert loss.item() == pytest.approx(np.log(3) + np.log(2))


def test_other_weights_of_a_colorizer_are_another_run(settings, monkeypatch, tmp_path):
    fresh = judge.Settings(run=str(tmp_path / "run"), pictures=8, epochs=0, batch=8, width=4)
    judge.train(fresh, lambda: rows_of({}, 8))
    monkeypatch.setattr(judge, "weights_in_use", lambda: {"gan": "other"})
    with pytest.raises(judge.RunError, match="another weights"):
        judge.train(fresh, lambda: rows_of({}, 8))


def test_a_finished_run_colorizes_nothing_again(settings):
    once = judge.train(settings, lambda: rows_of({"gan": 0}))
    again = judge.train(settings, lambda: pytest.fail("asked for pictures"))
    for name, value in once.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=0)


def test_too_few_pictures_are_one_sentence(monkeypatch, capsys):
    from train.data import Pictures

    few = Pictures(np.zeros((10, 32, 32, 3), np.uint8), np.zeros(10, np.uint8), np.arange(10))
    monkeypatch.setattr(judge.data, "load", lambda part: few)
    assert judge.main(["--pictures", "3"]) == 2
    assert "--pictures is 3; it must be from --batch 64 to 10" in capsys.readouterr().err
