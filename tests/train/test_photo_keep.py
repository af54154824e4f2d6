"""What a run has come to becomes weights in bytes with a card, also when it was stopped."""

import dataclasses

import numpy as np
import pytest

from colorizers.networks import checkpoint, registry
from train import kinds, photo_flow, photo_keep


@pytest.fixture
def photographs(monkeypatch):
    pictures = np.random.default_rng(0).integers(0, 256, (8, 128, 128, 3), np.uint8)
    found = kinds.Kinds(pictures[2:], np.zeros(6, int), ("any",), pictures[:2], np.zeros(2, int), 0)
    monkeypatch.setattr(kinds, "load", lambda paths, limit: found)
    return found


def test_a_stopped_run_is_kept_at_its_point(photographs, tmp_path, monkeypatch):
    run = tmp_path / "run"
    settings = photo_flow.Settings(
        photos=(str(photo_keep.ROOT.parent / "photos/any.tar"),), run=str(run), rounds=9, steps=1,
        batch=2, flow_widths=(32, 32, 32), bfloat16=False,
    )  # fmt: skip

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(photo_flow, "print_epoch", stop)
    with pytest.raises(KeyboardInterrupt):
        photo_flow.train(settings, photographs)
    asked = ["--run", str(run), "--calm", "0.5", "--guidance", "2", "--terms", "ours"]
    assert photo_keep.main(asked) == 0
    card = checkpoint.read_card("photo", folder=run)
    assert card["network"] == {
        "flow_widths": [32, 32, 32], "calm": 0.5, "guidance": 2.0, "steps": 3,
    }  # fmt: skip
    assert card["command"].startswith("python -m train.photo_flow --photos ../photos/any.tar --run")
    assert (card["rounds"], card["data_terms"]) == (1, "ours")
    assert card["weights"]["precision"] == "int8"
    assert str(tmp_path) not in str({key: card[key] for key in ("command", "settings")})
    colorizer = registry.load("photo", run)
    assert colorizer.predict_ab(np.full((1, 160, 160), 50, np.float32)).shape == (1, 40, 40, 2)
    again = dataclasses.replace(settings, start=str(run / "photo"), run=str(tmp_path / "next"))
    assert photo_flow.Training(again).origin["start"]["name"] == "photo"


def test_another_folder_is_one_sentence(tmp_path, capsys):
    assert photo_keep.main(["--run", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("no run that has been through a round.\n")
