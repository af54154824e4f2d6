"""The training of the flow: it learns two colours that a mean would mix, and goes on exactly."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from colorizers.networks import checkpoint
from colorizers.networks.registry import network_of
from train import flows, kinds, photo_flow
from train.photo_flow import Settings

SMALL = {"width": 32, "depth": 2, "batch": 4, "draws": 4, "bfloat16": False, "average": 0.5}


@pytest.fixture(scope="module")
def photographs():
    """Flat grey of one lightness that is either orange or blue: the mean of both is grey."""
    pictures = np.empty((40, 128, 128, 3), np.uint8)
    pictures[:20], pictures[20:] = (196, 130, 66), (66, 143, 214)
    kind = np.zeros(40, np.int64)
    return kinds.Kinds(pictures[2:], kind[2:], ("flat",), pictures[:2], kind[:2], 0)


@pytest.mark.slow
def test_it_draws_one_of_two_colours_and_not_their_mean(photographs, tmp_path):
    settings = Settings(
        **SMALL, run=str(tmp_path / "run"), rounds=2, steps=80, settle=10, lr=3e-3, fall=True
    )
    training, hours = photo_flow.train(settings, photographs)
    assert hours > 0
    network = training.average.module.eval()
    with torch.inference_mode():
        drawn = network.predict(torch.full((32, 1, 128, 128), 0.2), seed=1.0)
    b = drawn[:, 1].mean(dim=(1, 2))  # one number a drawing: above 0 orange, below blue
    assert b.abs().mean() > 12
    assert 4 <= (b > 0).sum() <= 28
    assert (tmp_path / "run/grid/round-002.png").exists()


@pytest.mark.slow
def test_a_killed_run_goes_on_exactly(photographs, tmp_path):
    def trained(folder, *rounds):
        for number in rounds:
            settings = Settings(**SMALL, run=str(tmp_path / folder), rounds=2, steps=3, settle=2)
            with pytest.MonkeyPatch.context() as patch:
                if number < 2:  # killed after the first round

                    def stop(*_):
                        raise KeyboardInterrupt

                    patch.setattr(photo_flow, "print_epoch", stop)
                    with pytest.raises(KeyboardInterrupt):
                        photo_flow.train(settings, photographs)
                    continue
                return photo_flow.train(settings, photographs)[0]
        return None

    whole, again = trained("whole", 2), trained("parts", 1, 2)
    for one, other in zip(whole.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_regions_learn_first_then_the_flow_and_the_mean_never(photographs, tmp_path):
    training = photo_flow.Training(Settings(**SMALL, run=str(tmp_path), settle=1))
    batch = next(kinds.KindBatches(photographs, 4, 1).batches(0, 1))

    def moved(now):
        before = {key: value.clone() for key, value in training.network.state_dict().items()}
        measured = training.step(now, *batch)
        after = training.network.state_dict()
        names = {key.split(".")[0] for key in before if not torch.equal(before[key], after[key])}
        return names, list(measured)

    assert moved(0) == ({"regions"}, ["unexplained"])
    assert moved(1) == ({"velocity"}, ["error"])


def test_another_mean_takes_the_place_of_the_starts(photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(photo_flow.kinds, "load", lambda paths, limit: photographs)
    base = ["--photos", "flat.tar", "--rounds", "1", "--steps", "1", "--batch", "2", "--width",
            "32", "--depth", "1", "--settle", "0", "--lr", "0", "--run"]  # fmt: skip
    assert photo_flow.main([*base, str(tmp_path / "a")]) == 0
    mean = photo_flow.Training(Settings(**SMALL, run=str(tmp_path))).network.mean
    with torch.no_grad():
        mean.head.bias.add_(0.25)
    card = {"name": "photo", "network": {}, "hours": 2.0, "command": "of the mean"}
    checkpoint.save("photo", mean, card, folder=tmp_path / "b")
    more = ["--start", str(tmp_path / "a/photo"), "--mean", str(tmp_path / "b/photo")]
    assert photo_flow.main([*base, str(tmp_path / "c"), *more]) == 0
    first, then = (checkpoint_of(tmp_path / name) for name in "ac")
    assert torch.allclose(then.mean.head.bias, first.mean.head.bias + 0.25, atol=1e-3)
    for one, other in zip(first.velocity.parameters(), then.velocity.parameters(), strict=True):
        assert torch.equal(one, other)
    start = json.loads((tmp_path / "c/photo.json").read_text())["start"]
    assert start["mean"]["command"] == "of the mean"


def checkpoint_of(folder):
    network = network_of(checkpoint.read_card("photo", folder=folder))
    checkpoint.restore("photo", network, folder=folder)
    return network


def test_what_the_regions_leave_is_a_share_of_how_far_the_truth_is():
    away = torch.zeros(1, 2, 2, 2)
    away[0, 0, 0] = 3.0  # the upper two places, one step in a
    halves = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]])
    whole = torch.ones(1, 4, 1)
    assert flows.unexplained(halves, away) < flows.unexplained(whole, away)
    # of the one region, fitted with one place of no step: 6 / 5 a place
    left = (2 * (3 - 1.2) ** 2 + 2 * 1.2**2) / 8
    assert flows.unexplained(whole, away).item() == pytest.approx(left / (18 / 8 + 0.1))


def test_the_card_names_what_it_learned_from(tmp_path, monkeypatch, photographs):
    monkeypatch.setattr(photo_flow.kinds, "load", lambda paths, limit: photographs)
    folder = tmp_path / "run"
    arguments = ["--photos", "flat.tar", "--run", str(folder), "--rounds", "1", "--steps", "1",
                 "--batch", "2", "--width", "32", "--depth", "1", "--terms", "ours"]  # fmt: skip
    assert photo_flow.main(arguments) == 0
    card = json.loads((folder / "photo.json").read_text())
    assert card["data"] == "photographs: flat 38; 2 more held out by kind"
    assert card["data_terms"] == "ours"
    assert card["start"]["name"] == "photo"
    settings = dataclasses.asdict(Settings())
    assert set(card["settings"]) == set(settings)


def test_another_width_is_one_sentence(tmp_path, photographs, monkeypatch, capsys):
    monkeypatch.setattr(photo_flow.kinds, "load", lambda paths, limit: photographs)
    base = ["--photos", "flat.tar", "--rounds", "1", "--steps", "1", "--batch", "2"]
    first = ["--width", "32", "--depth", "1", "--run", str(tmp_path / "a")]
    assert photo_flow.main(base + first) == 0
    then = ["--width", "64", "--depth", "1", "--run", str(tmp_path / "b"),
            "--start", str(tmp_path / "a/photo")]  # fmt: skip
    assert photo_flow.main(base + then) == 1
    assert "does not fit the network" in capsys.readouterr().err
