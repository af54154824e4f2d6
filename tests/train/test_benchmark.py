"""The benchmark measures what it says: whole pipelines, in turn, each in a process of its own."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from colorizers.networks import base, photo
from train import benchmark, peers

UNTRAINED = {"name": "photo", "title": "untrained"}
ROOT = Path(__file__).parents[2]


def test_the_photograph_is_a_jpeg_of_colours_and_always_the_same() -> None:
    data = benchmark.photograph(400, 300)
    assert data == benchmark.photograph(400, 300)
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", (400, 300))
        assert np.asarray(image).std(axis=(0, 1)).min() > 20


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name == "DDColor-T"))
        for name in benchmark.PIPELINES
    ],
)
def test_every_pipeline_gives_a_jpeg_of_the_same_size_at_444(name: str) -> None:
    run = benchmark.PIPELINES[name][1]()
    out, seconds = run(benchmark.photograph(200, 150))
    assert seconds > 0
    with Image.open(io.BytesIO(out)) as image:
        assert image.size == (200, 150)
        assert isinstance(image, JpegImageFile)
        assert {layer[1:3] for layer in image.layer} == {(1, 1)}


def test_peers_are_as_large_as_published() -> None:
    for network, millions in ((peers.Eccv16(), 32.2), (peers.DDColorTiny(), 55.0)):
        count = sum(one.numel() for one in network.parameters()) / 1e6
        assert count == pytest.approx(millions, rel=0.01)


def test_the_table_divides_medians_by_ours() -> None:
    def runs(*seconds: float) -> list[dict[str, float]]:
        return [{"seconds": one, "network": one / 10, "megabytes": 900.0} for one in seconds]

    text = benchmark.table(
        {"photo": runs(1, 0.5, 9), "ECCV16": runs(5, 5, 6), "DDColor-T": runs(10, 11, 12)}
    )
    lines = text.splitlines()
    assert lines[2].startswith("| photo | 160 x 224 | 1.00 | 0.50 to 9.00 | 0.100 | 0.90 | 1.0 |")
    assert lines[3].endswith("| 5.0 |")
    assert lines[4].endswith("| 11.0 |")
    assert "3 rounds" in text
    assert "torch" in text


def test_publish_writes_between_its_marks(tmp_path: Path, monkeypatch) -> None:
    page = tmp_path / "docs" / "performance.md"
    page.parent.mkdir()
    page.write_text(f"before\n{benchmark.BEGIN}\nold\n{benchmark.END}\nafter\n")
    monkeypatch.setattr(benchmark, "ROOT", tmp_path)
    monkeypatch.setattr(benchmark, "measure", lambda rounds: {})
    monkeypatch.setattr(benchmark, "table", lambda figures: "new")
    assert benchmark.main(["--publish"]) == 0
    assert page.read_text() == f"before\n{benchmark.BEGIN}\nnew\n{benchmark.END}\nafter\n"
    assert benchmark.BEGIN in (ROOT / "docs" / "performance.md").read_text()


def test_bfloat16_and_channels_last_leave_the_colours_alone(monkeypatch) -> None:
    torch.manual_seed(0)
    network = photo.PhotoNet()
    L = np.random.default_rng(0).random((1, 160, 224)).astype(np.float32) * 100
    colours = []
    for fast in (False, True):
        monkeypatch.setattr(base, "bfloat16_is_fast", lambda fast=fast: fast)
        colours.append(base.ready(network, UNTRAINED).predict_ab(L))
    assert np.abs(colours[0]).mean() > 1
    assert np.abs(colours[1] - colours[0]).mean() < 0.2
    assert np.abs(colours[1] - colours[0]).max() < 2.0


@pytest.mark.slow
def test_twelve_megapixels_take_less_than_a_gigabyte(tmp_path: Path) -> None:
    file = tmp_path / "photograph.jpg"
    file.write_bytes(benchmark.photograph())
    done = subprocess.run(
        [sys.executable, "-m", "train.benchmark", "--worker", "photo", "--file", str(file)],
        input="\n\n", capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert json.loads(done.stdout.splitlines()[-1])["megabytes"] < 1000
