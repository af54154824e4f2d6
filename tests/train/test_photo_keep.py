"""What a run has come to becomes weights in bytes with a card, also when it was stopped."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from colorizers.networks import checkpoint, registry
from train import kinds, photo, photo_flow, photo_keep


@pytest.fixture
def photographs(monkeypatch):
    pictures = np.random.default_rng(0).integers(0, 256, (8, 128, 128, 3), np.uint8)
    found = kinds.Kinds(pictures[2:], np.zeros(6, int), ("any",), pictures[:2], np.zeros(2, int), 0)
    monkeypatch.setattr(kinds, "load", lambda paths, limit: found)
    return found


@pytest.fixture
def stopped(photographs, tmp_path, monkeypatch):
    """Settings of a run that was killed after its first round."""

    def run(name="run", **more):
        settings = photo_flow.Settings(
            photos=(str(photo_keep.ROOT.parent / "photos/any.tar"),), run=str(tmp_path / name),
            rounds=9, steps=1, batch=2, width=32, depth=1, bfloat16=False, **more,
        )  # fmt: skip

        def stop(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(photo_flow, "print_epoch", stop)
            with pytest.raises(KeyboardInterrupt):
                photo_flow.train(settings, photographs)
        return settings

    return run


POINT = ["--calm", "0.5", "--gain", "1.1", "--terms", "ours"]


def test_a_stopped_run_is_kept_at_its_point_beside_a_mean_that_stays(stopped, tmp_path):
    settings = stopped(settle=0)
    run = tmp_path / "run"
    assert photo_keep.main(["--run", str(run), *POINT]) == 0
    committed, kept = (
        checkpoint.read_card("photo", folder=folder) for folder in (checkpoint.FOLDER, run)
    )
    for key in set(committed) - {"network", "weights", "flow"}:
        assert kept[key] == committed[key]
    described = {
        "grid": 6,
        "width": 32,
        "depth": 1,
        "calm": 0.5,
        "bold": 1.0,
        "gain": 1.1,
        "steps": 6,
    }
    of_mean = ("encoder", "widths", "vividness")
    mean = {key: committed["network"][key] for key in of_mean if key in committed["network"]}
    assert kept["network"] == mean | described
    assert kept["weights"]["precision"]["mean"] == "float16"
    flow = kept["flow"]
    assert flow["mean"] == committed.get("flow", {}).get("mean", committed["weights"]["sha256"])
    assert (flow["rounds"], flow["data_terms"]) == (1, "ours")
    assert flow["command"].startswith("python -m train.photo_flow --photos ../photos/any.tar --run")
    assert str(tmp_path) not in str([flow["command"], flow["settings"]])
    L = np.random.default_rng(0).uniform(0, 100, (2, 160, 224)).astype(np.float32)
    colorizer = registry.load("photo", run)
    assert np.abs(colorizer.predict_ab(L, seed=1.0) - colorizer.predict_ab(L)).mean() > 0.5
    ours, theirs = (load_file(folder / "photo.safetensors") for folder in (run, checkpoint.FOLDER))
    for key in (key for key in ours if key.startswith("mean.")):
        there = theirs[key] if key in theirs else theirs[key.removeprefix("mean.")]
        assert torch.equal(ours[key], there)
    again = dataclasses.replace(settings, start=str(run / "photo"), run=str(tmp_path / "next"))
    assert photo_flow.Training(again).origin["start"]["name"] == "photo"


def test_a_run_that_goes_on_from_another_tells_of_it(stopped, tmp_path):
    stopped(settle=0)
    assert photo_keep.main(["--run", str(tmp_path / "run"), *POINT]) == 0
    stopped("next", start=str(tmp_path / "run/photo"), settle=0)
    assert photo_keep.main(["--run", str(tmp_path / "next"), *POINT]) == 0
    first, then = (
        checkpoint.read_card("photo", folder=tmp_path / name)["flow"] for name in ("run", "next")
    )
    assert "start" not in first
    assert then["start"]["command"] == first["command"]
    assert then["mean"] == first["mean"]


def test_another_mean_comes_with_its_own_card(stopped, tmp_path):
    mean = photo_flow.Training(photo_flow.Settings(width=32, depth=1)).network.mean
    with torch.no_grad():
        mean.head.bias.add_(0.25)
    told = photo.Settings(
        photos=(str(photo_keep.ROOT.parent / "photos/b.tar"),), epochs=3,
        start=str(tmp_path / "before/photo"),
    )  # fmt: skip
    card = {"name": "photo", "title": "", "licence": "", "data": "of the mean", "hours": 2.0,
            "network": {"encoder": told.encoder, "widths": told.widths}, "data_terms": "not stated",
            "settings": dataclasses.asdict(told), "command": f"here {tmp_path}"}  # fmt: skip
    checkpoint.save("photo", mean, card, folder=tmp_path / "mean")
    stopped("first", settle=0)
    assert photo_keep.main(["--run", str(tmp_path / "first"), *POINT]) == 0
    stopped(settle=0, start=str(tmp_path / "first/photo"), mean=str(tmp_path / "mean/photo"))
    assert photo_keep.main(["--run", str(tmp_path / "run"), *POINT]) == 0
    kept, there = (
        checkpoint.read_card("photo", folder=tmp_path / name) for name in ("run", "mean")
    )
    assert (kept["data"], kept["data_terms"], kept["hours"]) == ("of the mean", "ours", 2.0)
    assert kept["command"] == (
        "python -m train.photo --photos ../photos/b.tar --run runs/mean --start runs/before/photo "
        "--epochs 3 --terms ours"
    )
    assert kept["flow"]["mean"] == there["weights"]["sha256"]
    assert "--mean runs/mean/photo" in kept["flow"]["command"]
    assert " --run runs/first " in kept["flow"]["start"]["command"]
    assert str(tmp_path) not in str(kept)
    ours, theirs = (load_file(tmp_path / name / "photo.safetensors") for name in ("run", "mean"))
    assert torch.equal(ours["mean.head.bias"], theirs["head.bias"])


def test_another_folder_is_one_sentence(tmp_path, capsys):
    assert photo_keep.main(["--run", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("no run that has been through a round.\n")
