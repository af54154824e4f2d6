"""A generator between two others."""

import numpy as np
import pytest
import torch

from colorizers import checkpoint
from colorizers.gan import Generator
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
        card = {"name": name, "network": {"widths": (8, 16), "size": 32}, "hours": 1.0,
                "command": f"train {name}", "commit": "abc"}  # fmt: skip
        checkpoint.save(name, generator, card, folder=tmp_path, half=False)
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
    assert blend.main(argv_of(tmp_path, 1.5)) == 1
    assert "--share is 1.5; it must be from 0 to 1" in capsys.readouterr().err
    card = {"name": "gan", "network": {"widths": (8, 24), "size": 32}, "hours": 1.0,
            "command": "", "commit": ""}  # fmt: skip
    checkpoint.save("gan", Generator((8, 24)), card, folder=tmp_path)
    assert blend.main(argv_of(tmp_path, 0.5)) == 1
    assert "are different networks" in capsys.readouterr().err
