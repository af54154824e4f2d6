"""A generator between two others."""

import numpy as np
import pytest
import torch

from colorizers.networks import checkpoint, photo, registry
from colorizers.networks.gan import Generator
from train import blend
from train.data import Pictures


@pytest.fixture
def parents(tmp_path, monkeypatch):
    rgb_u8 = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)
    pictures = Pictures(rgb_u8, np.zeros(8, np.uint8), np.arange(8))
    monkeypatch.setattr(blend.data, "load", lambda part: pictures)
    made = []
    for name in ("regression", "gan"):
        generator = Generator((8, 16)).eval()
        card = {"title": name, "network": {"widths": (8, 16)}, "hours": 1.0,
                "command": f"train {name}", "commit": "abc"}  # fmt: skip
        checkpoint.save(name, generator, card, folder=tmp_path, precision=checkpoint.FLOAT32)
        made.append(generator)
    return made


def argv_of(folder, share):
    return ["--first", f"{folder}/regression", "--second", f"{folder}/gan", "--share", str(share),
            "--run", str(folder / "out")]  # fmt: skip


@pytest.mark.parametrize(("share", "parent"), [(0, 0), (1, 1)])
def test_the_ends_of_the_dial_are_the_parents(parents, tmp_path, share, parent):
    assert blend.main(argv_of(tmp_path, share)) == 0
    blended = Generator((8, 16))
    checkpoint.restore("gan", blended, folder=tmp_path / "out")
    expected = parents[parent].state_dict()
    for name, value in blended.state_dict().items():
        torch.testing.assert_close(value, expected[name].half().to(value.dtype))  # kept in half


def test_the_card_names_both_parents_the_share_and_the_command(parents, tmp_path, capsys):
    assert blend.main(argv_of(tmp_path, 0.25)) == 0
    assert "psnr_mean" in capsys.readouterr().out
    card = checkpoint.read_card("gan", folder=tmp_path / "out")
    assert card["blend"]["share"] == 0.25
    assert [parent["name"] for parent in card["blend"]["of"]] == ["regression", "gan"]
    assert card["blend"]["of"][0]["sha256"] != card["blend"]["of"][1]["sha256"]
    assert card["blend"]["command"].startswith("python -m train.blend --first")


def test_a_share_beyond_the_ends_and_other_networks_are_refused(parents, tmp_path, capsys):
    assert blend.main(argv_of(tmp_path, 1.5)) == 2
    assert "--share is 1.5; it must be from 0 to 1" in capsys.readouterr().err
    card = {"name": "gan", "network": {"widths": (8, 24), "size": 32}, "hours": 1.0,
            "command": "", "commit": ""}  # fmt: skip
    checkpoint.save("gan", Generator((8, 24)), card, folder=tmp_path)
    assert blend.main(argv_of(tmp_path, 0.5)) == 2
    assert "are different networks" in capsys.readouterr().err


def test_photographs_networks_are_blended_without_cifar(tmp_path, monkeypatch):
    def unasked(part):
        raise AssertionError("no photograph's network is judged on CIFAR-10")

    monkeypatch.setattr(blend.data, "load", unasked)
    kind = {"encoder": photo.ENCODER, "widths": [24, 16, 16, 8]}
    parents = []
    for number, name in enumerate(("first", "second")):
        torch.manual_seed(number)
        network = photo.PhotoNet(widths=kind["widths"])
        card = {"name": "photo", "network": kind | {"vividness": 1.3}, "hours": 1.0,
                "command": name, "commit": "abc"}  # fmt: skip
        checkpoint.save(
            "photo", network, card, folder=tmp_path / name, precision=checkpoint.FLOAT32
        )
        parents.append(network.state_dict())
    folders = [f"{tmp_path}/{name}/photo" for name in ("first", "second")]
    argv = ["--first", folders[0], "--second", folders[1], "--share", "0.25"]
    assert blend.main([*argv, "--run", str(tmp_path / "out")]) == 0
    card = checkpoint.read_card("photo", folder=tmp_path / "out")
    assert card["network"] == kind
    assert [one["command"] for one in card["blend"]["of"]] == ["first", "second"]
    blended = registry.network_of(card)
    checkpoint.restore("photo", blended, folder=tmp_path / "out")
    key = "head.weight"
    expected = 0.75 * parents[0][key] + 0.25 * parents[1][key]
    torch.testing.assert_close(blended.state_dict()[key], expected, atol=1e-3, rtol=1e-3)
