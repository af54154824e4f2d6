"""Sets from folders of any methods at any size: matched, drawn, re-encoded alike, refused."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from study.errors import StimuliError
from study.protocol.design import CATCH_METHODS, TRUTH
from study.stimuli.__main__ import main
from study.stimuli.making import import_folders
from study.stimuli.showing import load


def write(path: Path, rgb: np.ndarray, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path, **options)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Ten pictures of different sizes by three methods, one of them as BMP."""
    rng = np.random.default_rng(2)
    found = {name: tmp_path / name for name in (TRUTH, "mine", "theirs")}
    for number in range(10):
        shape = (40 + 4 * number, 60, 3)
        place = Path("cat" if number % 2 else "dog") / f"{number:02d}"
        for name, folder in found.items():
            suffix = ".bmp" if name == "theirs" else ".png"
            picture = rng.integers(0, 256, shape, dtype=np.uint8)
            write(folder / place.with_suffix(suffix), picture)
    return found


def bring(folders: dict[str, Path], out: Path, **settings):
    methods = {name: folder for name, folder in folders.items() if name != TRUTH}
    return import_folders(folders[TRUTH], methods, out, **settings)


def test_names_of_the_projects_own_outputs_belong_to_their_source(tmp_path):
    rgb = np.random.default_rng(1).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    for name in ("a b", "cat/é"):
        write(tmp_path / TRUTH / f"{name}.png", rgb)
    for name in ("a-b-colorized-photo", "cat/é-colorized-photo"):
        write(tmp_path / "mine" / f"{name}.png", rgb)
    folders = {name: tmp_path / name for name in (TRUTH, "mine")}
    assert len(bring(folders, tmp_path / "set", practice=0).pictures) == 2
    write(tmp_path / "mine" / "a b.png", rgb)
    with pytest.raises(StimuliError, match="are of the same picture; keep one"):
        bring(folders, tmp_path / "other", practice=0)


def test_pictures_of_any_size_become_a_set(folders, tmp_path):
    made = bring(folders, tmp_path / "set", practice=3, seed=4, shown_pixels=200)
    assert made.methods == (TRUTH, "mine", "theirs")
    assert (len(made.pictures), len(made.practice)) == (7, 3)
    assert load(tmp_path / "set") == made
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["methods"]["theirs"] == {"folder": "theirs"}
    assert manifest["shown"] == {"pixels": 200, "filter": "lanczos"}
    assert manifest["seed"] == 4
    assert manifest["drawn"].startswith("10 of 10")
    for entry in manifest["pictures"]:
        stem = Path(entry["source"])
        assert entry["label"] == stem.parts[0]
        for name, folder in folders.items():
            suffix = ".bmp" if name == "theirs" else ".png"
            given = np.asarray(Image.open((folder / stem).with_suffix(suffix)))
            stored = np.asarray(made.image(name, entry["id"]))
            # Through Lab and back, the truth as the others: nothing is lost, nothing marks one.
            np.testing.assert_array_equal(stored, given)
        shown = made.shown((*made.methods, *CATCH_METHODS), entry["id"])
        assert len({len(png) for png in shown}) == 1


def test_the_seed_draws_which_pictures_and_which_are_for_practice(folders, tmp_path):
    def ids(name, seed):
        bring(folders, tmp_path / name, count=4, practice=2, seed=seed)
        manifest = json.loads((tmp_path / name / "manifest.json").read_text())
        return [entry["source"] for entry in manifest["pictures"]]

    assert ids("one", 1) == ids("again", 1) != ids("other", 2)


def test_everything_that_does_not_match_is_listed(folders, tmp_path):
    (folders["mine"] / "dog" / "02.png").unlink()
    write(folders["mine"] / "dog" / "99.png", np.zeros((4, 4, 3), np.uint8))
    write(folders["theirs"] / "cat" / "03.bmp", np.zeros((5, 7, 3), np.uint8))
    (folders["theirs"] / "dog" / "04.bmp").write_text("no picture")
    with pytest.raises(StimuliError, match="4 pictures do not match") as caught:
        bring(folders, tmp_path / "set")
    lines = [line.strip() for line in str(caught.value).splitlines()[1:]]
    assert lines == [
        "mine: dog/02 is missing",
        "mine: dog/99.png has no real picture",
        "theirs: cat/03.bmp is 7 x 5, the real picture 60 x 52",
        "theirs: dog/04.bmp cannot be read (UnidentifiedImageError)",
    ]
    assert not (tmp_path / "set").exists()


def test_a_photograph_on_its_side_and_one_with_a_profile_are_read_as_they_look(tmp_path):
    upright = np.zeros((30, 20, 3), np.uint8)
    upright[:15] = 200
    exif = Image.Exif()
    exif[0x0112] = 6
    write(tmp_path / "truth" / "a.png", upright)
    lying = Image.fromarray(upright).transpose(Image.Transpose.ROTATE_90)
    (tmp_path / "mine").mkdir()
    lying.save(tmp_path / "mine" / "a.png", exif=exif)
    made = import_folders(
        tmp_path / "truth", {"mine": tmp_path / "mine"}, tmp_path / "set", practice=0
    )
    np.testing.assert_array_equal(np.asarray(made.image("mine", "0001")), upright)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"practice": 10}, "10 pictures, but 1 for the study and 10 for practice"),
        ({"count": 9, "practice": 2}, "10 pictures, but 9 for the study and 2 for practice"),
    ],
)
def test_too_few_pictures_are_counted(folders, tmp_path, change, message):
    with pytest.raises(StimuliError, match=message):
        bring(folders, tmp_path / "set", **change)


@pytest.mark.parametrize("name", ["catch-1", "a/b", "..", ""])
def test_names_that_would_collide_are_refused(folders, tmp_path, name):
    with pytest.raises(StimuliError, match="cannot be called"):
        import_folders(folders[TRUTH], {name: folders["mine"]}, tmp_path / "set")


def test_transparency_is_refused(folders, tmp_path):
    picture = Image.open(folders["mine"] / "dog" / "00.png").convert("RGBA")
    picture.putalpha(100)
    picture.save(folders["mine"] / "dog" / "00.png")
    with pytest.raises(StimuliError, match=r"00\.png is transparent"):
        bring(folders, tmp_path / "set")


def test_an_obvious_fake_has_one_glaring_hue(folders, tmp_path):
    made = bring(folders, tmp_path / "set")
    picture = next(iter(made.pictures))
    hues = []
    for method in CATCH_METHODS[:2]:
        with Image.open(io.BytesIO(made.shown([method], picture)[0])) as image:
            hsv = np.asarray(image.convert("HSV")).reshape(-1, 3).astype(int)
        bright = hsv[hsv[:, 2] > 60]
        assert np.ptp(bright[:, 0]) <= 6
        assert bright[:, 1].min() > 200
        hues.append(int(np.median(bright[:, 0])))
    assert 60 < abs(hues[0] - hues[1]) < 196


def test_the_command_imports_and_shows_a_contact_sheet(folders, tmp_path, capsys):
    out = tmp_path / "set"
    command = ["import", "--truth", str(folders[TRUTH]), "--out", str(out), "--practice", "2"]
    methods = [f"--method=mine={folders['mine']}", f"--method=theirs={folders['theirs']}"]
    assert main([*command, *methods]) == 0
    assert "8 pictures and 2 for practice, by truth, mine, theirs" in capsys.readouterr().out
    with Image.open(out / "contact-sheet.png") as sheet:
        assert sheet.width > 3 * 160
    assert main([*command, *methods]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert main([*command, methods[0], methods[0]]) == 2
    assert "two folders" in capsys.readouterr().err
    assert main([*command, "--method=mine=/nowhere"]) == 2
