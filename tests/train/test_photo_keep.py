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


@pytest.fixture
def stopped(photographs, tmp_path, monkeypatch):
    """Settings of a run that was killed after its first round, of everything or of the flow."""

    def run(name="run", **more):
        settings = photo_flow.Settings(
            photos=(str(photo_keep.ROOT.parent / "photos/any.tar"),), run=str(tmp_path / name),
            rounds=9, steps=1, batch=2, flow_widths=(32, 32, 32), bfloat16=False, **more,
        )  # fmt: skip

        def stop(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(photo_flow, "print_epoch", stop)
            with pytest.raises(KeyboardInterrupt):
                photo_flow.train(settings, photographs)
        return settings

    return run


POINT = ["--calm", "0.5", "--guidance", "2", "--terms", "ours"]


def test_a_stopped_run_is_kept_at_its_point(stopped, tmp_path):
    settings = stopped(joint=True)
    run = tmp_path / "run"
    assert photo_keep.main(["--run", str(run), *POINT]) == 0
    card = checkpoint.read_card("photo", folder=run)
    assert card["network"] == {
        "flow_widths": [32, 32, 32], "calm": 0.5, "guidance": 2.0, "steps": 3,
    }  # fmt: skip
    assert card["command"].startswith("python -m train.photo_flow --photos ../photos/any.tar --run")
    assert (card["rounds"], card["data_terms"]) == (1, "ours")
    assert card["weights"]["precision"] == "int8"
    assert str(tmp_path) not in str({key: card[key] for key in ("command", "settings")})
    colorizer = registry.load("photo", run)
    assert colorizer.predict_ab(np.full((1, 160, 160), 50, np.float32)).shape == (1, 80, 80, 2)
    again = dataclasses.replace(settings, start=str(run / "photo"), run=str(tmp_path / "next"))
    assert photo_flow.Training(again).origin["start"]["name"] == "photo"


def test_a_mean_that_stayed_is_kept_to_the_last_bit_with_its_card(stopped, tmp_path):
    stopped()
    assert photo_keep.main(["--run", str(tmp_path / "run"), *POINT]) == 0
    committed, kept = (
        checkpoint.read_card("photo", folder=folder)
        for folder in (checkpoint.FOLDER, tmp_path / "run")
    )
    for key in set(committed) - {"network", "weights", "flow"}:
        assert kept[key] == committed[key]
    assert kept["network"]["vividness"] == committed["network"]["vividness"]
    alone = committed.get("flow", {}).get("mean", committed["weights"]["sha256"])
    assert kept["flow"]["mean"] == alone
    assert (kept["flow"]["rounds"], kept["flow"]["data_terms"]) == (1, "ours")
    L = np.random.default_rng(0).uniform(0, 100, (2, 160, 224)).astype(np.float32)
    ours, theirs = (registry.load("photo", f) for f in (tmp_path / "run", checkpoint.FOLDER))
    np.testing.assert_array_equal(ours.predict_ab(L), theirs.predict_ab(L))
    assert np.abs(ours.predict_ab(L, seed=1.0) - ours.predict_ab(L)).mean() > 0.5

    stopped("next", start=str(tmp_path / "run/photo"))
    assert photo_keep.main(["--run", str(tmp_path / "next"), *POINT]) == 0
    again = checkpoint.read_card("photo", folder=tmp_path / "next")["flow"]
    assert again["start"]["command"] == kept["flow"]["command"]


def test_another_folder_is_one_sentence(tmp_path, capsys):
    assert photo_keep.main(["--run", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("no run that has been through a round.\n")
