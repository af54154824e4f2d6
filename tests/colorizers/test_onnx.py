"""The ONNX file says what PyTorch says, at any size and in batches, and tells what it is."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from colorizers import export
from colorizers.networks import base, checkpoint, photo, registry

SHAPES = {
    "photo": [(1, 160, 160), (1, 160, 224), (3, 224, 160), (2, 64, 448), (5, 32, 32)],
    "classification": [(1, 32, 32), (7, 32, 32)],
    "gan": [(1, 32, 32), (7, 32, 32)],
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory):
    """Every method with its file; the photographs' network with random weights of its own."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    network: base.Network = photo.PhotoNet(widths=(24, 16, 16, 8))
    card = {"name": "photo", "licence": "Apache-2.0"}
    card |= {"network": {"encoder": photo.ENCODER, "widths": [24, 16, 16, 8]}}
    checkpoint.save("photo", network, card, folder=folder)
    made = {}
    for name in SHAPES:
        file = folder / "made" / f"{name}.onnx"
        weights = folder if name == "photo" else checkpoint.FOLDER
        export.export(name, file, folder=weights)
        card = checkpoint.read_card(name, folder=weights)
        network = registry.network_of(card)
        checkpoint.restore(name, network, folder=weights)
        made[name] = network.eval(), card, file
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("name", "shape"), [(n, s) for n in SHAPES for s in SHAPES[n]])
def test_answers_are_pytorchs(exported, name, shape):
    network, _, file = exported[name]
    alone = onnxruntime.SessionOptions()
    alone.intra_op_num_threads = 1  # threads that wait for each other starve on a busy machine
    session = onnxruntime.InferenceSession(file, alone, providers=["CPUExecutionProvider"])
    n, height, width = shape
    L = np.random.default_rng(0).uniform(0, 100, (n, 1, height, width)).astype(np.float32)
    (answer,) = session.run(["ab"], {"L": L})
    with torch.inference_mode():
        expected = network.predict(torch.from_numpy(L) / 50 - 1, **network.options).numpy()
    assert answer.shape == expected.shape
    assert answer.dtype == np.float32
    assert np.abs(expected).max() > 1
    assert np.abs(answer - expected).max() < 0.01  # of 110: a hundredth of what an eye can see


@pytest.mark.slow
def test_of_a_network_that_draws_the_mean_is_exported(tmp_path: Path):
    described = {"widths": [24, 16, 16, 8], "grid": 3, "width": 32, "depth": 1}
    network = registry.network_of({"name": "photo", "network": described})
    card = {"name": "photo", "network": described}
    checkpoint.save("photo", network, card, folder=tmp_path, precision=checkpoint.FLOAT32)
    export.export("photo", tmp_path / "photo.onnx", folder=tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "photo.onnx")
    L = np.random.default_rng(0).uniform(0, 100, (1, 1, 64, 96)).astype(np.float32)
    (answer,) = session.run(["ab"], {"L": L})
    with torch.inference_mode():
        expected = network.eval().mean.predict(torch.from_numpy(L) / 50 - 1)
    np.testing.assert_allclose(answer, expected.numpy(), atol=0.01)


@pytest.mark.slow
def test_the_file_tells_what_it_is(exported):
    for _, card, file in exported.values():
        model = onnx.load(file)
        assert [(one.domain, one.version) for one in model.opset_import] == [("", export.OPSET)]
        told = {prop.key: prop.value for prop in model.metadata_props}
        assert told["licence"] == "Apache-2.0"
        assert json.loads(told["card"]) == card
        assert told["weights_sha256"] == card["weights"]["sha256"]
        assert "CIE L in [0, 100]" in told["input"]
        assert "inside the graph" in told["normalisation"]
        assert not list(file.parent.glob(".*"))


def test_what_draws_is_not_exported(tmp_path: Path, capsys):
    assert export.main(["--method", "flow", "--out", str(tmp_path / "a.onnx")]) == 1
    assert "flow draws its colours" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_exported_is_one_sentence(monkeypatch, tmp_path: Path, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert export.main(["--method", "gan", "--out", str(tmp_path / "a.onnx")]) == 1
    assert capsys.readouterr().err.endswith("not installed: pip install onnx onnxscript\n")
    assert not list(tmp_path.iterdir())
