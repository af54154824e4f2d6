"""All trainings on a handful of tiny pictures: they learn, resume exactly, keep their card.

The pictures have one colour for bright pixels and another for dark ones, which a network can
learn in seconds; a test that passes on random weights could not.
"""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import colorizers
from colorizers.color import colorize_u8, rgb_to_lab
from colorizers.networks import checkpoint
from colorizers.networks.gan import Generator
from train import (
    candidates,
    classification,
    cvae,
    data,
    flow,
    gan,
    loop,
    nazeri,
    regression,
    start,
    watch,
)
from train.data import Pictures
from train.run import Run


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
CASES: dict[str, tuple[Any, Any]] = {
    "classification": (
        classification,
        classification.Settings(**SMALL, epochs=8, lr=1e-2, pixels=128),
    ),
    "regression": (
        regression,
        regression.Settings(**SMALL, start="none", epochs=8, lr=1e-2),
    ),
    "cvae": (
        cvae,
        cvae.Settings(
            **{key: value for key, value in SMALL.items() if key != "widths"},
            epochs=16,
            lr=5e-3,
            width=32,
            stages=1,
        ),
    ),
    "flow": (
        flow,
        flow.Settings(
            **{key: value for key, value in SMALL.items() if key != "widths"},
            epochs=16,
            lr=5e-3,
            settle=16,
            width=32,
            depth=1,
        ),
    ),
    "nazeri": (
        nazeri,
        nazeri.Settings(
            **{key: value for key, value in SMALL.items() if key != "average"},
            epochs=8,
            lr=1e-2,
            dropout=0.1,
            critic_widths=(8, 16),
        ),
    ),
    "gan": (
        gan,
        gan.Settings(
            **SMALL,
            start="none",
            epochs=8,
            critic_steps=2,
            critic_widths=(8, 16),
            lr_generator=1e-2,
        ),
    ),
}


SLOW = ("flow", "cvae", "nazeri", "regression")
"""The first two see by the committed classifier, which is not small; the others go through the same
loop as those that are left."""


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in CASES]
)
def case(request, tmp_path):
    module, settings = CASES[request.param]
    return module, dataclasses.replace(settings, run=str(tmp_path / "run"))


def test_it_learns_the_two_colours(case):
    module, settings = case
    trained = module.train(settings, TRAIN, VALIDATION)
    lab = rgb_to_lab(VALIDATION.rgb_u8)
    error = np.abs(loop.predict_ab(trained.module, lab[..., 0]) - lab[..., 1:]).mean()
    grey = np.abs(lab[..., 1:]).mean()
    assert error < 0.6 * grey
    assert trained.hours > 0


def test_a_killed_run_goes_on_to_the_same_weights(case, monkeypatch, tmp_path):
    module, settings = case
    settings = dataclasses.replace(settings, epochs=3)
    whole = module.train(settings, TRAIN, VALIDATION).module

    class Killed(Exception):
        pass

    def watch_then_die(self, batches, epoch, *rest):
        for step, batch in enumerate(batches):
            if epoch == settings.epochs - 1 and step == 2:
                raise Killed
            yield batch

    again = dataclasses.replace(settings, run=str(tmp_path / "again"))
    with monkeypatch.context() as patch:
        patch.setattr(Run, "watch", watch_then_die)
        with pytest.raises(Killed):
            module.train(again, TRAIN, VALIDATION)
    torch.manual_seed(999)  # the random numbers of the process that resumes must not matter
    resumed = module.train(again, TRAIN, VALIDATION).module
    for (name, ours), theirs in zip(
        resumed.state_dict().items(), whole.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0, msg=name)


def test_what_is_shown_beside_a_training_takes_none_of_its_random_numbers():
    """Or a run that a new process goes on with would not be the one that was killed."""
    colorizers.load.cache_clear()
    before = torch.get_rng_state()
    watch.Watch(VALIDATION, "cvae")
    assert torch.equal(torch.get_rng_state(), before)


def small(module):
    """The options of a small network."""
    small = {flow: ["--width", "32", "--depth", "1"], cvae: ["--width", "32", "--stages", "1"]}
    return small.get(module, ["--widths", "8,16,16"])


def test_command_leaves_weights_card_grid_and_scalars(case, monkeypatch, tmp_path):
    module, _ = case
    monkeypatch.setattr(data, "load", lambda part: TRAIN if part == "train" else VALIDATION)
    folder = tmp_path / "command"
    name = module.NAME
    argv = ["--run", str(folder), "--epochs", "1", "--limit", "32", "--batch", "16",
            *small(module), "--seed", "7"]  # fmt: skip
    argv += ["--start", "none"] if module in (regression, gan) else []
    argv += ["--critic-steps", "1"] if module is gan else []
    assert module.main(argv) == 0
    card = json.loads((folder / f"{name}.json").read_text())
    assert card["command"].startswith(f"python -m train.{name} --run")
    assert card["settings"]["seed"] == 7
    assert "32 training pictures" in card["data"]
    assert candidates.load_run(folder).predict_ab(np.zeros((1, 32, 32))).shape == (1, 32, 32, 2)
    assert (folder / "grid" / "epoch-001.png").exists()
    assert list((folder / "tensorboard").iterdir())
    assert not list(folder.glob("*.partial"))


def test_other_settings_for_a_started_run_end_with_one_sentence(case, monkeypatch, capsys):
    module, settings = case
    monkeypatch.setattr(data, "load", lambda part: TRAIN)
    argv = ["--run", settings.run, "--epochs", "0", *small(module), "--batch", "16"]
    argv += ["--start", "none"] if module in (regression, gan) else []
    argv += ["--critic-steps", "0"] if module is gan else []
    assert module.main(argv) == 0
    assert module.main([*argv, "--seed", "2"]) == 2
    assert "another seed" in capsys.readouterr().err


@pytest.mark.slow
def test_a_flow_goes_on_from_another_with_a_rate_that_falls(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(data, "load", lambda part: TRAIN)
    argv = ["--epochs", "1", "--limit", "32", "--batch", "16", *small(flow)]
    assert flow.main([*argv, "--run", str(tmp_path / "one")]) == 0
    more = [*argv, "--fall", "--settle", "0", "--start", str(tmp_path / "one/flow"), "--run"]
    assert flow.main([*more, str(tmp_path / "two")]) == 0
    one, two = (json.loads((tmp_path / run / "flow.json").read_text()) for run in ("one", "two"))
    assert two["start"]["sha256"] == one["weights"]["sha256"]
    assert two["start"]["start"]["name"] == "classification"
    capsys.readouterr()
    assert flow.main([*more, str(tmp_path / "three"), "--depth", "2"]) != 0
    assert "--start none" in capsys.readouterr().err
    kept = load_file(tmp_path / "one/flow.safetensors")
    begun = flow.Rectified(flow.Settings(width=32, depth=1, start=str(tmp_path / "one/flow")), 10)
    for name, value in begun.sampler.state_dict().items():
        assert torch.equal(value, kept[name].float())


class TestConditionalVAE:
    @pytest.mark.slow
    def test_draws_have_what_the_grey_picture_cannot_tell(self, tmp_path):
        # The same squares of one lightness, half of them pink and half green.
        bright = TRAIN.rgb_u8[..., 0] > 100
        ab = np.where(bright[..., None], np.float32([30, 10]), np.float32(0))
        ab[::2, ..., 0] *= -1
        rgb_u8 = colorize_u8(np.where(bright, 70, 30), ab)
        settings = dataclasses.replace(
            CASES["cvae"][1], run=str(tmp_path), epochs=40, warm_up=0.2, shift=0
        )
        model = cvae.train(
            settings, Pictures(rgb_u8, TRAIN.labels, TRAIN.index), TRAIN[slice(0, 2)]
        ).module
        L_norm = torch.from_numpy(rgb_to_lab(rgb_u8[:1])[:, None, :, :, 0] / 50 - 1)
        with torch.no_grad():
            draws = torch.cat([model.predict(L_norm, seed=seed) for seed in range(1, 30)])
        a_of_the_square = draws[:, 0][:, torch.from_numpy(bright[0])].mean(dim=1)
        assert a_of_the_square.max() > 10  # both are drawn, and not their mean
        assert a_of_the_square.min() < -10

    def test_the_divergence_is_that_of_torchs_distributions(self):
        mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
        normal = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
        standard = torch.distributions.Normal(torch.zeros(3), torch.ones(3))
        expected = torch.distributions.kl_divergence(normal, standard)
        torch.testing.assert_close(cvae.divergence(mean, log_variance), expected)

    def test_numbers_that_say_less_than_is_free_are_not_pressed_to_say_nothing(self):
        nats = torch.full((3, 5, 2), 0.01, requires_grad=True)
        cvae.charged([nats], 0.02).backward()
        assert not nats.grad.any()
        price = cvae.charged([nats, torch.full((3, 1, 4), 0.5)], 0.005)
        torch.testing.assert_close(price, torch.tensor(5 * 2 * 0.01 + 4 * 0.5))  # of a picture

    def test_processes_share_each_batch_and_each_epoch_has_an_order_of_its_own(self):
        looked = cvae.Looked(torch.arange(10), torch.arange(10) * 2)
        whole = list(looked.epoch(4, 1, 0, (0, 1), 0))
        shared = [list(looked.epoch(4, 1, 0, (rank, 2), 0)) for rank in (0, 1)]
        assert len(whole) == 2
        for all_of_it, first, second in zip(whole, *shared, strict=True):
            for part, one, two in zip(all_of_it, first, second, strict=True):
                assert sorted(part.tolist()) == sorted(one.tolist() + two.tolist())
            assert torch.equal(all_of_it[1], 2 * all_of_it[0])
        again, other = (list(looked.epoch(4, 1, number, (0, 1), 0)) for number in (0, 1))
        assert torch.equal(again[0][0], whole[0][0])
        assert not torch.equal(other[0][0], whole[0][0])

    def test_its_regions_are_the_flows_and_stay(self, tmp_path):
        training = cvae.Variational(CASES["cvae"][1], 10)
        kept = load_file(checkpoint.FOLDER / "flow.safetensors")
        looked = training.see(data.LabBatches(TRAIN.rgb_u8[:4]))
        (batch,) = looked.epoch(4, 1, 0, (0, 1), 0)
        training.step(0, *batch)
        for name, value in training.painter.regions.state_dict().items():
            torch.testing.assert_close(value, kept[f"regions.{name}"].float())
        assert training.origin["start"]["name"] == "flow"


def test_a_training_with_a_time_limit_stops_after_it(tmp_path):
    settings = dataclasses.replace(CASES["nazeri"][1], run=str(tmp_path / "run"), hours=1e-9)
    nazeri.train(settings, TRAIN, VALIDATION)
    assert torch.load(tmp_path / "run" / "checkpoint.pt")["epoch"] == 1


def test_rebalancing_trains(tmp_path):
    settings = dataclasses.replace(
        CASES["classification"][1], run=str(tmp_path / "run"), epochs=1, rebalance=True
    )
    model = classification.train(settings, TRAIN, VALIDATION).module
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())


@pytest.mark.parametrize(("steps", "alone"), [(1000, 100), (15, 1), (9, 0), (5000, 200)])
def test_the_critic_is_alone_for_a_tenth_of_a_short_run(steps, alone):
    settings = gan.Settings(start="none", widths=(8, 16), critic_widths=(8, 16))
    duel = gan.Duel(settings, steps)
    L_norm, ab_norm = torch.zeros(2, 1, 32, 32), torch.zeros(2, 2, 32, 32)
    assert duel.alone == alone
    if alone:
        assert "l1" not in duel.step(alone - 1, L_norm, ab_norm)
    assert "l1" in duel.step(alone, L_norm, ab_norm)


@pytest.mark.parametrize("batch", [0, 65])
def test_a_batch_that_cannot_be_filled_is_refused(case, capsys, monkeypatch, batch):
    module, settings = case
    monkeypatch.setattr(data, "load", lambda part: TRAIN)
    assert module.main(["--run", settings.run, "--batch", str(batch)]) == 2
    assert f"--batch is {batch}; with 64 training pictures" in capsys.readouterr().err


class TestStart:
    def test_the_classifier_gives_its_u_net(self):
        generator = Generator()
        head = generator.head.weight.clone()
        origin = start.start_from("classification", generator)["start"]
        classifier = classification.Classifier()
        card = checkpoint.restore("classification", classifier)
        for name, weights in classifier.body.state_dict().items():
            torch.testing.assert_close(generator.body.state_dict()[name], weights)
        assert torch.equal(generator.head.weight, head)
        spent = card["hours"] + card["start"]["hours"]  # with what the classifier itself began from
        assert origin == {
            "name": "classification", "sha256": card["weights"]["sha256"], "hours": spent,
            "command": card["command"], "data": card["data"], "start": card["start"],
        }  # fmt: skip

    def test_a_classifier_goes_on_with_all_of_a_classifier(self):
        classifier, given = classification.Classifier(), classification.Classifier()
        start.start_from("classification", classifier)
        checkpoint.restore("classification", given)
        torch.testing.assert_close(classifier.state_dict(), given.state_dict())

    def test_a_run_gives_its_generator_and_all_hours_that_were_spent(self, tmp_path):
        given = Generator((8, 16))
        card = {"network": {"widths": (8, 16)}, "hours": 2.0, "start": {"hours": 0.5}}
        checkpoint.save("regression", given, card, folder=tmp_path, precision=checkpoint.FLOAT32)
        generator = Generator((8, 16))
        origin = start.start_from(f"{tmp_path}/regression", generator)
        for name, weights in given.state_dict().items():
            torch.testing.assert_close(generator.state_dict()[name], weights)
        assert origin["start"]["hours"] == 2.5

    def test_none_leaves_random_weights(self):
        generator = Generator((8, 16))
        before = generator.head.weight.clone()
        assert start.start_from("none", generator) == {}
        assert torch.equal(generator.head.weight, before)

    def test_other_widths_are_refused_with_the_way_out(self, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr(data, "load", lambda part: TRAIN)
        argv = ["--run", str(tmp_path / "run"), "--widths", "8,16", "--batch", "16"]
        assert regression.main(argv) == 2
        assert "--start none" in capsys.readouterr().err

    def test_an_unknown_name_is_one_sentence(self, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr(data, "load", lambda part: TRAIN)
        argv = ["--run", str(tmp_path / "run"), "--start", "magic", "--batch", "16"]
        assert regression.main(argv) == 1
        assert "'magic'" in capsys.readouterr().err
