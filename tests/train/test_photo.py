"""The training of `photo`: it starts from ImageNet, learns, resumes exactly, keeps its card."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from colorizers.color import rgb_to_lab
from colorizers.networks import checkpoint
from colorizers.networks.photo import PhotoNet
from colorizers.networks.registry import network_of
from train import features, kinds, loop, photo, photos

SMALL = {"encoder": "resnet10t", "widths": (16, 16, 8, 8), "start": "none", "bfloat16": False,
         "batch": 8, "average": 0.5, "critic_widths": (8, 16)}  # fmt: skip


def album(count, seed):
    """An orange square on dark blue, 64 x 64: bright has one colour, dark the other."""
    rng = np.random.default_rng(seed)
    pictures = []
    for _ in range(count):
        picture = np.full((64, 64, 3), (20, 40, 110), np.uint8)
        top, left = rng.integers(0, 32, 2)
        picture[top : top + 32, left : left + 32] = (240, 170, 60)
        pictures.append(picture)
    return pictures


@pytest.fixture(scope="module")
def photographs():
    group = photos.Group(photos._to_lab_8(album(32, 0)))
    return photos.Photographs([group], np.stack(album(8, 1)), {"album": 40}, 0)


@pytest.mark.parametrize("weight_critic", [pytest.param(0.0, marks=pytest.mark.slow), 0.02])
def test_it_learns_the_two_colours(photographs, tmp_path, weight_critic):
    settings = photo.Settings(
        **SMALL, run=str(tmp_path / "run"), epochs=8, lr=1e-2, lr_encoder=1e-2,
        weight_critic=weight_critic,
    )  # fmt: skip
    training, hours = photo.train(settings, photographs)
    lab = rgb_to_lab(photographs.held_out)
    error = np.abs(loop.predict_ab(training.kept, lab[..., 0]) - lab[..., 1:]).mean()
    assert error < 0.5 * np.abs(lab[..., 1:]).mean()
    assert hours > 0


def test_a_critic_of_features_moves_the_painter_and_learns(photographs, tmp_path):
    def trained(weight):
        settings = photo.Settings(
            **SMALL, run=str(tmp_path / f"{weight}"), epochs=1, critic="features",
            weight_critic=weight, critic_every=2,
        )  # fmt: skip
        return photo.train(settings, photographs)[0]

    alone, judged = trained(0.0), trained(0.5)
    assert not torch.equal(alone.network.head.weight, judged.network.head.weight)
    untouched, learned = (list(one.critic.parameters()) for one in (alone, judged))
    assert len(untouched) == len(learned)
    assert all(not torch.equal(a, b) for a, b in zip(untouched, learned, strict=True))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"critic": "strangers"}, "'strangers'; it is patches or features"),
        ({"critic_every": 0}, "--critic-every is 0, but must be 1 or more"),
    ],
)
def test_what_no_critic_can_do_is_one_sentence(photographs, tmp_path, wrong, said):
    settings = photo.Settings(**SMALL, run=str(tmp_path / "run"), **wrong)
    with pytest.raises(photo.RunError, match=said):
        photo.train(settings, photographs)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(photographs, tmp_path, monkeypatch):
    settings = photo.Settings(**SMALL, run=str(tmp_path / "whole"), epochs=3, weight_critic=0.02)
    whole, _ = photo.train(settings, photographs)
    again = dataclasses.replace(settings, run=str(tmp_path / "again"))
    real = photos.PhotoBatches.epoch

    def dies(self, number):
        for step, batch in enumerate(real(self, number)):
            if number == 2 and step == 2:
                raise KeyboardInterrupt
            yield batch

    with monkeypatch.context() as patch:
        patch.setattr(photos.PhotoBatches, "epoch", dies)
        with pytest.raises(KeyboardInterrupt):
            photo.train(again, photographs)
    torch.manual_seed(999)
    resumed, _ = photo.train(again, photographs)
    torch.testing.assert_close(
        resumed.average.module.state_dict(), whole.average.module.state_dict(), rtol=0, atol=0
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", features.PACKAGED)
def test_the_encoder_gives_what_imagenets_gives_for_three_equal_channels(name):
    network = PhotoNet(name)
    network.encoder.load_state_dict(photo.imagenet_encoder(network, name))
    network.eval()
    grey = torch.rand(2, 1, 64, 64) * 2 - 1
    with torch.inference_mode():
        ours = network.encoder(grey)[-1]
        whole = features.PACKAGED[name][1]()
        theirs = whole.act1 if hasattr(whole, "act1") else None
        x = whole.bn1(whole.conv_stem(grey.expand(-1, 3, -1, -1)))
        x = theirs(x) if theirs is not None else x
        for block in whole.blocks:
            x = block(x)
    torch.testing.assert_close(ours, x, rtol=1e-3, atol=1e-4)


def test_the_command_leaves_weights_and_a_card(photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(photo.photos, "load", lambda paths, limit: photographs)
    run = tmp_path / "run"
    argv = ["--photos", "a", "b", "--run", str(run), "--epochs", "1", "--batch", "8",
            "--encoder", "resnet10t", "--widths", "16,16,8,8", "--start", "none"]  # fmt: skip
    assert photo.main(argv) == 0
    card = json.loads((run / "photo.json").read_text())
    assert card["settings"]["photos"] == ["a", "b"]
    assert "album 40; 8 of them held out" in card["data"]
    more = ["--start", f"{run}/photo", "--run", str(tmp_path / "two")]
    assert photo.main([*argv[:3], *argv[5:-2], *more]) == 0
    start = json.loads((tmp_path / "two" / "photo.json").read_text())["start"]
    assert start["sha256"] == card["weights"]["sha256"]
    assert start["command"] == card["command"]


def test_films_are_learned_from_the_mean_that_is_there(tmp_path):
    rgb = np.stack(album(12, 0)).repeat(2, axis=1).repeat(2, axis=2)  # 128 x 128
    kind = np.zeros(12, np.int64)
    photographs = kinds.Kinds(rgb[2:], kind[2:], ("album",), rgb[:2], kind[:2], 0)
    settings = photo.Settings(
        start="committed", films=True, run=str(tmp_path / "run"), epochs=1, batch=4, bfloat16=False,
        pixels=16,
    )  # fmt: skip
    fresh = photo.Photographs(settings, 1).network
    mean = network_of(checkpoint.read_card("photo"))
    checkpoint.restore("photo", mean)
    for name, value in mean.mean.state_dict().items():
        assert torch.equal(fresh.state_dict()[name], value), name
    training, _ = photo.train(settings, photographs)
    assert training.steps == 2  # batches of four among ten
    learned = {name.split(".")[0] for name, value in mean.mean.state_dict().items()
               if not torch.equal(training.network.state_dict()[name], value)}  # fmt: skip
    assert {"encoder", "head", "bins"} <= learned


def test_a_start_of_other_widths_is_one_sentence(photographs, tmp_path):
    settings = photo.Settings(**SMALL | {"start": "committed"}, run=str(tmp_path / "run"))
    with pytest.raises(photo.RunError, match="of another encoder or other widths"):
        photo.train(settings, photographs)


def test_a_batch_that_no_side_can_fill_is_one_sentence(photographs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(photo.photos, "load", lambda paths, limit: photographs)
    argv = ["--run", str(tmp_path / "run"), "--batch", "100", "--start", "none"]
    assert photo.main([*argv, "--encoder", "resnet10t"]) == 2
    assert "--batch is 100" in capsys.readouterr().err
