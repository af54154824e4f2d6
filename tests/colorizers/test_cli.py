"""`python -m colorizers`: every good file done, every bad one listed, no input touched."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeColorizer, hue_wheel
from PIL import Image

import colorizers
from colorizers.__main__ import main
from colorizers.checkpoint import WeightsError


@pytest.fixture(autouse=True)
def fake_networks(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeColorizer]:
    fakes = {name: FakeColorizer(hue_wheel(), name) for name in colorizers.names()}
    monkeypatch.setattr(colorizers, "load", fakes.__getitem__)
    return fakes


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    (folder / "other").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.jpg", "other/a.png"):
        Image.fromarray(rng.integers(0, 256, (20, 30), dtype=np.uint8)).save(folder / name)
    return folder


def test_colorizes_each_file_into_the_folder(photos: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "deep" / "out"
    files = [photos / "a.png", photos / "b.jpg", photos / "other" / "a.png"]
    assert main([*map(str, files), "-o", str(out)]) == 0
    made = sorted(file.name for file in out.iterdir())
    assert made == ["a-colorized-gan-2.png", "a-colorized-gan.png", "b-colorized-gan.png"]
    with Image.open(out / made[0]) as image:
        assert image.size == (30, 20)
        assert image.mode == "RGB"
        assert "GAN" in image.info["Comment"]
    printed = capsys.readouterr().out
    assert "[3/3]" in printed
    assert "(30 x 20)" in printed


def test_carries_on_after_bad_files_and_lists_them(photos: Path, tmp_path: Path, capsys) -> None:
    (photos / "letter.jpg").write_text("dear aunt")
    (photos / "empty.png").touch()
    files = [photos / name for name in ("letter.jpg", "a.png", "empty.png", "gone.png", "b.jpg")]
    out = tmp_path / "out"
    assert main([*map(str, files), "-o", str(out)]) == 1
    assert len(list(out.iterdir())) == 2
    listed = capsys.readouterr().err
    assert "3 of 5 could not be colorized" in listed
    for name in ("letter.jpg", "empty.png", "gone.png"):
        assert name in listed
    assert "Traceback" not in listed


def test_inputs_are_never_overwritten(photos: Path, capsys) -> None:
    photo = photos / "a.png"
    before = photo.read_bytes()
    assert main([str(photo), "-o", str(photo)]) == 1
    assert photo.read_bytes() == before
    assert "is one of the photographs" in capsys.readouterr().err

    # a result of an earlier run, given again as a photograph
    assert main([str(photo), "-o", str(photos)]) == 0
    earlier = photos / "a-colorized-gan.png"
    before = earlier.read_bytes()
    assert main([str(photo), str(earlier), "-o", str(photos)]) == 1
    assert earlier.read_bytes() == before
    assert not list(photos.glob(".*"))


def test_one_photo_to_a_named_file(photos: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "coloured.png"
    assert main([str(photos / "b.jpg"), "-o", str(target)]) == 0
    with Image.open(target) as image:
        assert image.size == (30, 20)
    assert main([str(photos / "b.jpg"), str(photos / "a.png"), "-o", str(target)]) == 2


def test_method_and_temperature(photos: Path, tmp_path: Path, fake_networks, capsys) -> None:
    photo, out = str(photos / "a.png"), str(tmp_path / "out")
    assert main([photo, "-o", out, "--method", "classification", "--temperature", "0.2"]) == 0
    assert fake_networks["classification"].asked == [{"temperature": 0.2}]
    assert main([photo, "-o", out, "--method", "gan", "--temperature", "0.2"]) == 2
    assert "does nothing for the method gan" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([photo, "-o", out, "--method", "magic"])


def test_missing_weights_are_one_sentence(
    photos: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    def missing(name: str) -> None:
        raise WeightsError("There are no weights for 'gan': train them.")

    monkeypatch.setattr(colorizers, "load", missing)
    assert main([str(photos / "a.png"), "-o", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_help_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "colorizers", "--help"], capture_output=True, text=True, check=True
    )
    for option in ("--out", "--method", "--temperature"):
        assert option in done.stdout
