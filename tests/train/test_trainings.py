"""Both trainings on a handful of tiny pictures: they learn, resume exactly, keep their card.

The pictures have one colour for bright pixels and another for dark ones, which a network can
learn in seconds; a test that passes on random weights could not.
"""

import dataclasses
import json

import numpy as np
import pytest
import torch

from colorizers import checkpoint
from colorizers.color import rgb_to_lab
from train import classification, gan
from train.data import Pictures


def two_colours(count, seed):
    """Squares of an orange on a dark blue; shape (count, 32, 32, 3)."""
    rng = np.random.default_rng(seed)
    rgb_u8 = np.empty((count, 32, 32, 3), np.uint8)
    for picture in rgb_u8:
        picture[:] = (20, 40, 110)
        top, left = rng.integers(0, 16, 2)
        picture[top : top + 16, left : left + 16] = (240, 170, 60)
    return Pictures(rgb_u8, np.zeros(count, np.uint8), np.arange(count))


TRAIN, VALIDATION = two_colours(64, 0), two_colours(16, 1)
SMALL = {"batch": 16, "widths": (8, 16, 16), "bfloat16": False, "average": 0.5}
CASES = {
    "classification": (
        classification,
        classification.Settings(**SMALL, epochs=8, lr=1e-2, pixels=128),
    ),
    "gan": (
        gan,
        gan.Settings(
            **SMALL,
            from_classifier=False,
            epochs=8,
            pretrain=5,
            critic_steps=2,
            critic_widths=(8, 16),
            lr=1e-2,
        ),
    ),
}


@pytest.fixture(params=CASES)
def case(request, tmp_path):
    module, settings = CASES[request.param]
    return module, dataclasses.replace(settings, run=str(tmp_path / "run"))


def test_it_learns_the_two_colours(case):
    module, settings = case
    model, hours = module.train(settings, TRAIN, VALIDATION)
    lab = rgb_to_lab(VALIDATION.rgb_u8)
    error = np.abs(module.predict_ab(model, lab[..., 0]) - lab[..., 1:]).mean()
    grey = np.abs(lab[..., 1:]).mean()
    assert error < 0.6 * grey
    assert hours > 0


def test_a_killed_run_goes_on_to_the_same_weights(case, monkeypatch, tmp_path):
    module, settings = case
    settings = dataclasses.replace(settings, epochs=6 if module is gan else 3)
    whole, _ = module.train(settings, TRAIN, VALIDATION)

    class Killed(Exception):
        pass

    def watch_then_die(self, batches, epoch, *rest):
        for step, batch in enumerate(batches):
            if epoch == settings.epochs - 1 and step == 2:
                raise Killed
            yield batch

    again = dataclasses.replace(settings, run=str(tmp_path / "again"))
    with monkeypatch.context() as patch:
        patch.setattr(module.Run, "watch", watch_then_die)
        with pytest.raises(Killed):
            module.train(again, TRAIN, VALIDATION)
    torch.manual_seed(999)  # the random numbers of the process that resumes must not matter
    resumed, _ = module.train(again, TRAIN, VALIDATION)
    for (name, ours), theirs in zip(
        resumed.state_dict().items(), whole.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0, msg=name)


def test_command_leaves_weights_card_grid_and_scalars(case, monkeypatch, tmp_path):
    module, _ = case
    monkeypatch.setattr(module.data, "load", lambda part: TRAIN if part == "train" else VALIDATION)
    folder = tmp_path / "command"
    name = module.NAME
    argv = ["--run", str(folder), "--epochs", "1", "--limit", "32", "--batch", "16",
            "--widths", "8,16,16", "--seed", "7"]  # fmt: skip
    if module is gan:
        argv += ["--pretrain", "0", "--critic-steps", "1", "--no-from-classifier"]
    assert module.main(argv) == 0
    card = json.loads((folder / f"{name}.json").read_text())
    assert card["command"].startswith(f"python -m train.{name} --run")
    assert card["settings"]["seed"] == 7
    assert "32 training pictures" in card["data"]
    network = module.Classifier if module is classification else module.Generator
    checkpoint.restore(name, network((8, 16, 16)), folder=folder)
    assert (folder / "grid" / "epoch-001.png").exists()
    assert list((folder / "tensorboard").iterdir())
    assert not list(folder.glob("*.partial"))


def test_other_settings_for_a_started_run_end_with_one_sentence(case, monkeypatch, capsys):
    module, settings = case
    monkeypatch.setattr(module.data, "load", lambda part: TRAIN)
    argv = ["--run", settings.run, "--epochs", "0", "--widths", "8,16"]
    argv += ["--pretrain", "0", "--no-from-classifier"] if module is gan else []
    assert module.main(argv) == 0
    assert module.main([*argv, "--seed", "2"]) == 1
    assert "another seed" in capsys.readouterr().err


def test_rebalancing_trains(tmp_path):
    settings = dataclasses.replace(
        CASES["classification"][1], run=str(tmp_path / "run"), epochs=1, rebalance=True
    )
    model, _ = classification.train(settings, TRAIN, VALIDATION)
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())


def test_pretraining_longer_than_the_run_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(gan.data, "load", lambda part: TRAIN)
    assert gan.main(["--run", str(tmp_path / "run"), "--epochs", "1", "--pretrain", "2"]) == 1
    assert "--pretrain is 2" in capsys.readouterr().err


def test_the_generator_starts_from_the_classifiers_u_net(tmp_path):
    settings = gan.Settings(run=str(tmp_path))
    duel = gan.Duel(settings, steps=10)
    for name, weights in gan.classifier_body(settings.widths).items():
        torch.testing.assert_close(duel.generator.body.state_dict()[name], weights)


def test_another_width_than_the_classifiers_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(gan.data, "load", lambda part: TRAIN)
    assert gan.main(["--run", str(tmp_path / "run"), "--widths", "8,16", "--batch", "16"]) == 1
    assert "--no-from-classifier" in capsys.readouterr().err
