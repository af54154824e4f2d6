"""`--engine ray` on a local Ray: the same outcomes as without it, and lost workers survived."""

import sys
from pathlib import Path
from typing import Any

import fake_networks
import hundred
import pytest
from PIL import Image

import colorizers
from colorizers.__main__ import main

pytestmark = [
    pytest.mark.slow,
    # Ray's own, in this process: sockets and files that it leaves to the collector.
    pytest.mark.filterwarnings("ignore"),
]
pytest.importorskip("ray", reason="ray is not installed: pip install -r requirements-ray.txt")


@pytest.fixture(autouse=True)
def nodes_find_the_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = Path(__file__).parents[2]
    paths = [str(tests / "helpers"), str(tests.parent), *sys.path]
    monkeypatch.setenv("PYTHONPATH", ":".join(paths))
    monkeypatch.setenv("RAY_ADDRESS", "local")  # whatever cluster this machine belongs to
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")


def names(folder: Path) -> list[str]:
    found = (file for file in folder.rglob("*") if file.is_file() and file.name[0] != ".")
    return sorted(file.relative_to(folder).as_posix() for file in found)


def test_a_hundred_mixed_files(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(colorizers, "load", fake_networks.load)
    folder, out = tmp_path / "album", tmp_path / "out"
    expected = hundred.make(folder)
    good = sorted(one.result for one in expected.values() if one.result)
    assert main([str(folder), "-o", str(out), "--engine", "ray", "--jobs", "2"]) == 1
    assert names(out) == good
    said = capsys.readouterr()
    assert "[100/100]" in said.out
    assert "38 of 100 could not be colorized" in said.err
    for name, one in expected.items():
        assert (str(folder / name) in said.err) is (not one.result)
    for name, size in ((one.result, one.size) for one in expected.values() if one.result):
        with Image.open(out / name) as image:
            assert image.size == size


def test_saturation_and_warmth(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(colorizers, "load", fake_networks.load)
    Image.new("L", (30, 20), 128).save(tmp_path / "a.png")
    arguments = [str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), "--engine", "ray"]
    assert main([*arguments, "--jobs", "1", "--saturation", "0", "--warmth", "1"]) == 0
    with Image.open(tmp_path / "out" / "a-colorized-photo-saturation0-warmth1.png") as image:
        colours: Any = image.getcolors()
    assert colours is not None
    ((_, (red, _, blue)),) = colours  # one colour, an orange one
    assert red > blue + 20


def test_a_lost_worker_costs_its_one_file(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(colorizers, "load", fake_networks.load_mortal)
    folder = tmp_path / "album"
    folder.mkdir()
    for number in range(3):
        Image.new("L", (30, 20), 50 * number).save(folder / f"{number}.png")
    Image.new("L", (30, 20), 255).save(folder / "deadly.png")
    arguments = [str(folder), "-o", str(tmp_path / "out"), "--engine", "ray", "--jobs", "1"]
    assert main(arguments) == 1
    assert len(names(tmp_path / "out")) == 3
    listed = capsys.readouterr().err
    assert "1 of 4 could not be colorized" in listed
    assert "deadly.png: The process that worked on it was ended by the system" in listed
