"""The training of the flow: it learns two colours that a mean would mix, and goes on exactly."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from colorizers.networks.flow import AB_SCALE, noise_like
from train import kinds, photo_flow
from train.photo_flow import Settings

SMALL = {"flow_widths": (32, 32, 32), "batch": 4, "draws": 2, "bfloat16": False, "average": 0.5}


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
        **SMALL, run=str(tmp_path / "run"), rounds=2, steps=80, lr=3e-3, hide=0.0, fall=True
    )
    training, hours = photo_flow.train(settings, photographs)
    assert hours > 0
    network = training.average.module.eval()
    noise = noise_like((32, 2, 32, 32), torch.Generator().manual_seed(0))
    with torch.inference_mode():
        drawn = network.draw(torch.full((32, 1, 128, 128), 0.2), noise, steps=8)
    b = drawn[:, 1].mean(dim=(1, 2))  # one number a drawing: above 0 orange, below blue
    assert b.abs().mean() > 0.5 * AB_SCALE
    assert 4 <= (b > 0).sum() <= 28
    assert (tmp_path / "run/grid/round-002.png").exists()


@pytest.mark.slow
def test_a_killed_run_goes_on_exactly(photographs, tmp_path):
    def trained(folder, *rounds):
        for number in rounds:
            settings = Settings(**SMALL, run=str(tmp_path / folder), rounds=2, steps=3, joint=True)
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


def test_alone_it_leaves_the_mean_as_it_was_and_joint_it_does_not(photographs, tmp_path):
    for joint in (False, True):
        settings = Settings(**SMALL, run=str(tmp_path / str(joint)), rounds=1, steps=2, joint=joint)
        training = photo_flow.Training(settings)
        before = training.network.mean.head.weight.clone()
        L, ab = next(kinds.KindBatches(photographs, 4, 1).batches(0, 1))
        training.learn()
        training.step(300, L, ab)
        assert torch.equal(before, training.network.mean.head.weight) != joint


def test_joint_the_statistics_of_batch_norms_stay(photographs, tmp_path):
    training = photo_flow.Training(Settings(**SMALL, run=str(tmp_path), joint=True))
    before = {k: v.clone() for k, v in training.network.named_buffers() if "running" in k}
    training.learn()
    measured = training.step(300, *next(kinds.KindBatches(photographs, 4, 1).batches(0, 1)))
    assert set(measured) == {"flow", "l1", "cross_entropy"}
    after = dict(training.network.named_buffers())
    assert before
    assert all(torch.equal(value, after[key]) for key, value in before.items())


def test_the_card_names_what_it_learned_from(tmp_path, monkeypatch, photographs):
    monkeypatch.setattr(photo_flow.kinds, "load", lambda paths, limit: photographs)
    folder = tmp_path / "run"
    arguments = ["--photos", "flat.tar", "--run", str(folder), "--rounds", "1", "--steps", "1",
                 "--batch", "2", "--flow-widths", "32,32,32", "--terms", "ours"]  # fmt: skip
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
    first = ["--flow-widths", "32,32,32", "--run", str(tmp_path / "a")]
    assert photo_flow.main(base + first) == 0
    then = ["--flow-widths", "32,32,64", "--run", str(tmp_path / "b"),
            "--start", str(tmp_path / "a/photo")]  # fmt: skip
    assert photo_flow.main(base + then) == 1
    assert "does not fit the network" in capsys.readouterr().err
