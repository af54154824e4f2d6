"""`python -m colorizers --mask`: over an album, in names and recipes, and what is wrong."""

from pathlib import Path

import fake_networks
import numpy as np
import pytest
from PIL import Image

import colorizers
from colorizers.__main__ import main
from colorizers.painting import recipe


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colorizers, "load", fake_networks.load)


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    folder.mkdir()
    for seed, name in enumerate(("a.png", "b.jpg")):
        noise = np.random.default_rng(seed).integers(90, 160, (40, 60), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name)
    return folder


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """White on the left half, at another size than the photographs."""
    mask = Image.new("L", (120, 80))
    mask.paste(255, (0, 0, 60, 80))
    mask.save(tmp_path / "left.png")
    return tmp_path / "left.png"


def run(*arguments: object) -> int:
    return main([*map(str, arguments), "--jobs", "1"])


def spread(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=2)


def test_a_mask_over_an_album_and_its_recipe(album: Path, left: Path, tmp_path: Path, capsys):
    out, again = tmp_path / "out", tmp_path / "again.png"
    assert run(album, "-o", out, "--format", "png", "--mask", left) == 0
    made = sorted(out.glob("*.png"))
    assert len(made) == 2
    for file in made:
        assert "-mask-" in file.name
        assert file.stem.endswith("-grey")
        assert spread(file)[:, :28].max() == 0
        assert spread(file)[:, 32:].max() > 20
    assert run(album, "-o", out, "--format", "png", "--mask", left) == 0
    assert "2 already there" in capsys.readouterr().out
    assert run(album, "-o", out, "--format", "png", "--mask", left, "--mask-version", 3) == 0
    other = sorted(set(out.glob("*.png")) - set(made))
    assert [recipe.read(file).mask.version for file in other] == [3, 3]
    assert spread(other[0])[:, :28].max() > 20
    # The recipe has the mask; the same mask may be given with it, and no other.
    for more in ((), ("--mask", left)):
        assert run(album / "a.png", "-o", again, "--recipe", made[0], *more) == 0
        assert again.read_bytes() == made[0].read_bytes()
    Image.new("L", (60, 40), 255).save(left)
    assert run(album / "a.png", "-o", again, "--recipe", made[0], "--mask", left) == 2
    assert "give the same mask again" in capsys.readouterr().err


def test_a_detailed_mask_goes_by_its_file(album: Path, tmp_path: Path, capsys):
    mask, first, again = (tmp_path / f"{name}.png" for name in ("mask", "first", "again"))
    noise = np.random.default_rng(0).integers(0, 256, (200, 300), dtype=np.uint8)
    Image.fromarray(noise).save(mask)
    assert run(album / "a.png", "-o", first, "--mask", mask) == 0
    assert run(album / "a.png", "-o", again, "--recipe", first) == 2
    assert "was not given; give the same mask again" in capsys.readouterr().err
    assert run(album / "a.png", "-o", again, "--recipe", first, "--mask", mask) == 0
    assert again.read_bytes() == first.read_bytes()


def test_what_is_wrong_is_told(album: Path, left: Path, tmp_path: Path, capsys):
    (tmp_path / "letter.png").write_text("dear aunt")
    Image.new("L", (40, 40), 255).save(tmp_path / "square.png")
    (tmp_path / "recipe.json").write_text('{"truehue": 1, "method": "photo"}')
    given = ("--recipe", tmp_path / "recipe.json")
    for arguments, code, sentence in (
        (("--mask", tmp_path / "letter.png"), 2, "The mask letter.png cannot be used."),
        (("--mask", tmp_path / "gone.png"), 2, "The mask gone.png cannot be used."),
        (("--mask-version", 3), 2, "give the --mask, too"),
        (("--mask", left, "--mask-version", 3, "--method", "gan"), 2, "gan draws no versions"),
        ((*given, "--mask", left), 2, "The recipe has no mask"),
        ((*given, "--mask", left, "--mask-version", "grey"), 2, "leave out --mask-version"),
        (("--mask", tmp_path / "square.png"), 1, "The mask has the shape of 40 x 40 pixels"),
    ):
        assert run(album, "-o", tmp_path / "none", *arguments) == code, arguments
        assert sentence in capsys.readouterr().err
    assert not list((tmp_path / "none").glob("*.png"))
    for wrong in ("-1", "1.5", "1000000", "white", "²"):
        with pytest.raises(SystemExit):
            run(album, "-o", tmp_path / "none", "--mask", left, "--mask-version", wrong)
        assert "must be 'grey' or a whole number from 0 to 999999" in capsys.readouterr().err
