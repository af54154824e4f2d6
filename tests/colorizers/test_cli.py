"""`python -m colorizers`: every good file done, every bad one listed, no input touched."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import fake_networks
import hundred
import numpy as np
import pytest
import skimage.data
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

import colorizers
from colorizers.__main__ import main
from colorizers.batch import album, index, local
from colorizers.errors import SettingsError
from colorizers.files.picture import Picture
from colorizers.files.writing import OUTPUTS, save
from colorizers.painting.layer import colours_alone
from colorizers.painting.pipeline import Options


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colorizers, "load", fake_networks.load)


def draw(file: Path, seed: int = 0, size: tuple[int, int] = (30, 20)) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, size[::-1], dtype=np.uint8)
    Image.fromarray(noise).save(file)
    return file


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    for name in ("a.png", "b.jpg", "other/a.png"):
        draw(folder / name)
    return folder


def run(*arguments: object) -> int:
    return main([*map(str, arguments), "--jobs", "1"])


def names(folder: Path) -> list[str]:
    found = (file for file in folder.rglob("*") if file.is_file() and file.name != index.JOURNAL)
    return sorted(file.relative_to(folder).as_posix() for file in found)


def width(file: Path) -> int:
    with Image.open(file) as image:
        return image.width


def test_mirrors_a_folder_in_each_photographs_own_kind(photos: Path, tmp_path: Path, capsys):
    out = tmp_path / "deep" / "out"
    (photos / "letter.txt").write_text("dear aunt")
    for hidden in (".thumbs/a.png", "@eaDir/b.jpg/SYNOFILE_THUMB_M.jpg", ".@__thumb/b.jpg",
                   "#recycle/old.jpg", "._b.jpg"):  # fmt: skip
        draw(photos / hidden)
    (photos / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    assert run(photos, "-o", out) == 0
    assert names(out) == [
        "a-colorized-photo.png", "b-colorized-photo.jpg", "other/a-colorized-photo.png",
    ]  # fmt: skip
    with Image.open(out / "b-colorized-photo.jpg") as image:
        assert (image.size, image.mode, image.format) == ((30, 20), "RGB", "JPEG")
    printed = capsys.readouterr().out
    assert "[3/3]" in printed
    assert "(30 x 20)" in printed
    assert "3 colorized" in printed
    assert "2 passed over, no pictures by their names" in printed
    assert "5 passed over, hidden or a NAS's thumbnails and bin" in printed


def test_what_is_done_is_skipped_until_the_photograph_changes(photos, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(photos, "-o", out) == 0
    before = {name: (out / name).stat().st_mtime_ns for name in names(out)}
    capsys.readouterr()
    assert run(photos, "-o", out) == 0
    assert "0 colorized" in (said := capsys.readouterr().out)
    assert "3 already there" in said
    assert {name: (out / name).stat().st_mtime_ns for name in names(out)} == before

    # Dates tell nothing: a camera's clock runs ahead, a card's jumps by an hour.
    for shift in (10, -3600, 10**8):
        os.utime(photos / "b.jpg", (time.time() + shift,) * 2)
        assert run(photos, "-o", out) == 0
        assert "0 colorized" in capsys.readouterr().out
    # What the file holds does, even if date and size stay.
    told = draw(photos / "c.bmp").stat()
    assert run(photos, "-o", out) == 0
    assert draw(photos / "c.bmp", seed=1).stat().st_size == told.st_size
    os.utime(photos / "c.bmp", ns=(told.st_atime_ns, told.st_mtime_ns))
    capsys.readouterr()
    assert run(photos, "-o", out) == 0
    assert "1 colorized" in capsys.readouterr().out
    assert run(photos, "-o", out, "--overwrite") == 0
    assert "4 colorized" in capsys.readouterr().out


def test_no_name_is_given_twice(tmp_path: Path):
    album_1, album_2, out = tmp_path / "1", tmp_path / "2", tmp_path / "out"
    for number, name in enumerate(("a.jpg", "a.png", "a.jpg.png", "A.jpg", "a.JPG", "a.gif")):
        draw(album_1 / name, size=(20 + number, 20))
    draw(album_2 / "a.jpg", size=(40, 20))
    assert run(album_1, "-o", out, "--format", "png") == 0
    assert len(names(out)) == 6
    # On another day: the same names from another folder are not taken for done ...
    assert run(album_2, "-o", out, "--format", "png") == 0
    assert width(out / "a.jpg.colorized-photo-4.png") == 40
    # ... and each finds its own again, in any order.
    before = {name: (out / name).stat().st_mtime_ns for name in names(out)}
    assert len(before) == 7
    assert run(album_2, album_1, "-o", out, "--format", "png") == 0
    assert {name: (out / name).stat().st_mtime_ns for name in names(out)} == before
    assert {width(out / name) for name in names(out)} == {20, 21, 22, 23, 24, 25, 40}


def test_results_are_not_photographs(photos: Path, capsys):
    """OUT inside the folder, OUT as the folder itself, and the OUT of another run."""
    for out in (photos / "out", photos, photos / "again"):
        assert run(photos, "-o", out) == 0
        assert "3 colorized" in capsys.readouterr().out
        assert run(photos, "-o", out) == 0
        assert "0 colorized" in capsys.readouterr().out
    assert not [name for name in names(photos) if name.count("colorized") > 1]


def test_carries_on_after_bad_files_and_lists_them(photos: Path, tmp_path: Path, capsys):
    (photos / "letter.jpg").write_text("dear aunt")
    (photos / "empty.png").touch()
    os.mkfifo(photos / "pipe.png")
    files = [photos / name for name in ("letter.jpg", "a.png", "empty.png", "gone.png", "pipe.png")]
    out = tmp_path / "out"
    assert run(*files, "-o", out) == 1
    assert names(out) == ["a-colorized-photo.png"]
    listed = capsys.readouterr().err
    assert "4 of 5 could not be colorized" in listed
    for name in ("letter.jpg", "empty.png", "gone.png", "pipe.png"):
        assert name in listed
    assert "Traceback" not in listed
    assert listed.count("\n") == 5


def test_what_is_lost_is_said_under_the_name(tmp_path: Path, capsys):
    grey = np.full((9, 9, 3), 99, np.uint8)
    photo = Picture(grey, None, "JPEG", iptc=b"\x1c\x02\x78\0\1A")
    save(tmp_path / "a.tif", grey, photo, format="TIFF")
    assert run(tmp_path / "a.tif", "-o", tmp_path / "out", "--format", "png") == 0
    assert "\n  PNG has no place for IPTC; it is left out.\n" in capsys.readouterr().out


def test_a_16_bit_tiff_under_a_jpegs_name_loses_no_bit_without_a_word(tmp_path: Path, capsys):
    deep = np.random.default_rng(0).integers(0, 65_536, (20, 30, 3)).astype(np.uint16)
    save(tmp_path / "scan.jpg", deep, Picture(deep, None, "TIFF"), format="TIFF")
    assert run(tmp_path / "scan.jpg", "-o", tmp_path / "out") == 0
    assert names(tmp_path / "out") == ["scan-colorized-photo.jpg"]
    assert "\n  JPEG holds 8 of the photograph's 16 bits a channel; " in capsys.readouterr().out


def test_links_that_go_round_and_folders_that_cannot_be_read(photos, tmp_path, monkeypatch, capsys):
    (photos / "round").symlink_to(photos)
    (photos / "other" / "up").symlink_to(photos)
    (photos / "knot.png").symlink_to(photos / "knot.png")
    (photos / "link.png").symlink_to(photos / "a.png")
    (photos / "shut").mkdir()
    scandir = os.scandir

    def refuse(path: object) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert run(photos, "-o", tmp_path / "out") == 1
    assert len(names(tmp_path / "out")) == 4
    listed = capsys.readouterr().err
    assert "2 of 6" in listed
    assert "shut: The folder cannot be read (Permission denied)." in listed
    assert "knot.png: The file cannot be read" in listed


def test_inputs_are_never_overwritten(photos: Path, capsys):
    photo = photos / "a.png"
    before = photo.read_bytes()
    assert run(photo, "-o", photo) == 1
    assert photo.read_bytes() == before
    assert "is one of the photographs" in capsys.readouterr().err

    # a result of an earlier run, given again as a photograph
    assert run(photo, "-o", photos) == 0
    earlier = photos / "a-colorized-photo.png"
    before = earlier.read_bytes()
    assert run(photo, earlier, "-o", photos, "--overwrite") == 1
    assert earlier.read_bytes() == before


def test_one_photo_to_a_named_file(photos: Path, tmp_path: Path, capsys):
    target = tmp_path / "new" / "coloured.webp"
    assert run(photos / "b.jpg", "-o", target) == 0
    with Image.open(target) as image:
        assert (image.size, image.format) == ((30, 20), "WEBP")
    assert list(target.parent.iterdir()) == [target]
    assert run(photos / "b.jpg", photos / "a.png", "-o", target) == 2
    assert run(photos, "-o", target) == 2
    assert run(photos / "b.jpg", "-o", target, "--format", "png") == 2
    assert capsys.readouterr().err.count("\n") == 3


@pytest.mark.parametrize(
    ("options", "label"),
    [
        (["--method", "classification", "--temperature", "0.2"], "classification-temperature0.2"),
        (["--seed", "2"], "photo-seed2"),
        (["--method", "gan"], "gan"),
        (["--method", "gan", "--keep-colours"], "gan-keep-colours"),
        (
            ["--method", "flow", "--seed", "999999", "--vividness", "0.5"],
            "flow-seed999999-vividness0.5",
        ),
        (
            ["--method", "gan", "--saturation", "1.5", "--warmth", "-.25"],
            "gan-saturation1.5-warmth-0.25",
        ),
        (["--saturation", "1", "--warmth", "0"], "photo"),  # changes nothing
        (["--seed", "2", "--warmth", "1"], "photo-seed2-warmth1"),
    ],
)
def test_options_are_part_of_the_name(photos: Path, tmp_path: Path, options, label):
    assert run(photos / "a.png", "-o", tmp_path / "out", *options) == 0
    assert names(tmp_path / "out") == [f"a-colorized-{label}.png"]


def test_a_recipe_is_written_beside_and_replayed_over_an_album(
    photos: Path, tmp_path: Path, capsys
):
    first = tmp_path / "first"
    settings = ("--seed", 3, "--vividness", 0.8, "--saturation", 0.8, "--warmth", -0.2)
    assert run(photos, "-o", first, *settings, "--recipe-beside", "--keep-colours") == 0
    label = "photo-seed3-vividness0.8-saturation0.8-warmth-0.2-keep-colours"
    assert f"a-colorized-{label}.png.json" in names(first)
    beside = first / f"b-colorized-{label}.jpg.json"
    assert json.loads(beside.read_text()) == {
        "truehue": 1, "method": "photo", "options": {"seed": 3, "vividness": 0.8},
        "saturation": 0.8, "warmth": -0.2, "keep_colours": True, "hints": [], "reach": 0.4,
    }  # fmt: skip
    # From the file beside, and from the picture itself.
    for number, source in enumerate((beside, beside.with_suffix(""))):
        again = tmp_path / f"again{number}"
        assert run(photos, "-o", again, "--recipe", source) == 0
        results = names(again)
        assert [name.split("-colorized-")[0] for name in results] == ["a", "b", "other/a"]
        for result in results:
            whole = first / f"{result.split('photo-recipe-')[0]}{label}{Path(result).suffix}"
            assert (again / result).read_bytes() == whole.read_bytes()
    capsys.readouterr()
    assert run(photos, "-o", again, "--recipe", beside) == 0
    assert "3 already there" in capsys.readouterr().out
    recipe = json.loads(beside.read_text()) | {"hints": [{"x": 0.5, "y": 0.5, "a": 60, "b": 40}]}
    beside.write_text(json.dumps(recipe))
    assert run(photos, "-o", again, "--recipe", beside) == 0  # another recipe is not done yet
    assert len(names(again)) == 6


def test_only_the_colours_as_a_layer(photos: Path, tmp_path: Path, capsys):
    out = tmp_path / "out"
    for options in ((), ("--layer",)):
        assert run(photos, "-o", out, "--format", "png", *options) == 0
    for name in ("a-colorized-photo", "b.jpg.colorized-photo"):
        with Image.open(out / f"{name}.png") as whole, Image.open(out / f"{name}-layer.png") as own:
            np.testing.assert_array_equal(np.asarray(own), colours_alone(np.asarray(whole)))
    assert run(photos, "-o", tmp_path / "more", "--layer") == 0
    assert {Path(name).suffix for name in names(tmp_path / "more")} == {".png"}
    for wrong in (("-o", out, "--format", "jpg"), ("-o", tmp_path / "a.jpg")):
        assert run(photos / "a.png", *wrong, "--layer") == 2
        assert "A layer of colours is a PNG" in capsys.readouterr().err
    assert run(photos / "a.png", "-o", out, "--layer", "--mark") == 2
    assert "leave out one of the two" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["camera", "astronaut"])
def test_the_grey_photograph_comes_back_from_the_coloured_one(name: str, tmp_path: Path):
    grey = np.asarray(Image.fromarray(getattr(skimage.data, name)()).convert("L"))
    Image.fromarray(grey).save(tmp_path / "grey.png")
    assert run(tmp_path / "grey.png", "-o", tmp_path / "out.png") == 0
    lab = rgb2lab(np.asarray(Image.open(tmp_path / "out.png")))
    assert np.abs(lab[..., 1:]).mean() > 2
    lab[..., 1:] = 0
    back = np.rint(255 * lab2rgb(lab)[..., 0])
    assert np.abs(back - grey).max() <= 1
    assert (back == grey).mean() > 0.99


def test_a_mark_covers_a_corner_of_what_is_large_enough(tmp_path: Path, capsys):
    for name, side in (("large", 400), ("small", 40)):
        grey = np.random.default_rng(side).integers(60, 180, (side, side), np.uint8)
        Image.fromarray(grey).save(tmp_path / f"{name}.png")
        for options in ((), ("--mark",)):
            assert run(tmp_path / f"{name}.png", "-o", tmp_path / "out", *options) == 0
    assert "too small (40 x 40 pixels) for a visible mark" in "".join(capsys.readouterr())
    files = [f"{name}-colorized-photo{way}.png" for name in ("large", "small")
             for way in ("", "-mark")]  # fmt: skip
    plain, marked, small, same = (np.asarray(Image.open(tmp_path / "out" / f)) for f in files)
    changed = (plain != marked).any(axis=2)
    assert changed[-10:, -100:].mean() > 0.9
    assert not changed[:-40].any()
    np.testing.assert_array_equal(small, same)


@pytest.mark.parametrize(
    ("said", "option", "says"),
    [
        ({"method": "gan", "warmth": 3}, (), "the warmth 3 must be a number from -1 to 1."),
        ({"method": "sepia"}, (), "of the method 'sepia'; there are photo, classification"),
        ({"method": "gan"}, ("--saturation", "1"), "says all of the colours; leave out --satur"),
        ({"method": "gan"}, ("--keep-colours",), "leave out --keep-colours."),
        ({"method": "gan", "weights": "0" * 64}, (), "000000000000... of gan, and those here"),
        ({"method": "gan", "options": {"seed": 1}}, (), "the method gan has no option 'seed'"),
    ],
)
def test_a_wrong_recipe_is_told_before_anything_is_made(
    photos: Path, tmp_path: Path, capsys, said, option, says
):
    (tmp_path / "recipe.json").write_text(json.dumps({"truehue": 1} | said))
    assert run(photos, "-o", tmp_path / "out", "--recipe", tmp_path / "recipe.json", *option) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
    assert not (tmp_path / "out").exists() or names(tmp_path / "out") == []


@pytest.mark.parametrize("seed", ["-1", "1.5", "1000000", "x"])
def test_a_seed_is_a_whole_number(photos: Path, tmp_path: Path, capsys, seed: str):
    with pytest.raises(SystemExit) as left:
        run(photos, "-o", tmp_path / "out", f"--seed={seed}")
    assert left.value.code == 2
    assert "must be a whole number from 0 to 999999" in capsys.readouterr().err


@pytest.mark.parametrize("method", ["photo", "classification", "gan", "flow"])
def test_saturation_and_warmth_change_the_colours(tmp_path: Path, method: str):
    photo, target = tmp_path / "grey.png", tmp_path / "coloured.png"
    Image.linear_gradient("L").point(lambda level: 96 + level // 4).resize((30, 20)).save(photo)

    def ab(*options: str) -> np.ndarray:
        assert run(photo, "-o", target, "--method", method, *options) == 0
        with Image.open(target) as image:
            return rgb2lab(np.asarray(image))[..., 1:]

    pale = ab("--saturation", "0.5")
    assert np.ptp(pale, axis=(0, 1)).min() > 15  # the fakes' wheel of hues
    assert np.abs(ab("--saturation", "0")).max() < 0.5
    assert np.linalg.norm(ab(), axis=-1).mean() > 1.7 * np.linalg.norm(pale, axis=-1).mean()
    cool = ab("--saturation", "0.5", "--warmth", "-0.5")
    np.testing.assert_allclose(cool, pale - [2, 9], atol=1)


def test_other_colours_are_not_done_yet(photos: Path, tmp_path: Path, capsys):
    out = tmp_path / "out"
    for options in ([], ["--saturation", "0.5"], ["--warmth", "0.5"], ["--warmth", "-0.5"]):
        for made in ("3 colorized", "0 colorized"):
            assert run(photos, "-o", out, *options) == 0
            assert made in capsys.readouterr().out
    assert len(names(out)) == 12


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["--saturation", "2.1"], "The saturation 2.1 must be a number from 0 to 2."),
        (["--saturation=-1"], "The saturation -1 must be a number from 0 to 2."),
        (["--warmth", "red"], "The warmth 'red' must be a number from -1 to 1."),
        (["--warmth", "nan"], "The warmth must be a number from -1 to 1."),
    ],
)
def test_a_wrong_saturation_or_warmth_is_told_before_anything_is_made(
    photos: Path, tmp_path: Path, capsys, wrong: list[str], says: str
):
    with pytest.raises(SystemExit) as left:
        run(photos, "-o", tmp_path / "out", *wrong)
    assert left.value.code == 2
    assert capsys.readouterr().err.endswith(f": {says}\n")
    assert not (tmp_path / "out").exists()


def test_settings_of_a_program_are_checked_before_the_first_file(photos: Path, tmp_path: Path):
    job = album.Job(photos / "a.png", tmp_path / "a.png", "PNG")
    task = local.Task(fake_networks.load, "gan", Options(warmth=2.0))
    with pytest.raises(SettingsError, match="warmth 2 must be a number from -1 to 1"):
        next(local.run([job], task, 1))


def test_misuse_is_one_sentence_and_2(photos: Path, tmp_path: Path, monkeypatch, capsys):
    photo, out = photos / "a.png", tmp_path / "out"
    assert run(photo, "-o", out, "--method", "gan", "--temperature", "0.2") == 2
    assert "--temperature does nothing for the method gan" in capsys.readouterr().err
    assert run(photo, "-o", out, "--method", "gan", "--seed", "2") == 2
    assert "--seed does nothing for the method gan" in capsys.readouterr().err
    (tmp_path / "nothing").mkdir()
    assert run(tmp_path / "nothing", "-o", out) == 2
    assert "There is no photograph in" in capsys.readouterr().err
    assert run(photo, "-o", photo / "below") == 2
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setattr(colorizers, "load", fake_networks.load_missing)
    assert run(photo, "-o", out) == 2
    assert capsys.readouterr().err == (
        "python -m colorizers: There are no weights for 'photo': train them.\n"
    )
    for wrong in (["--method", "magic"], ["--quality", "0"], ["--jobs", "0"], ["--format", "gif"]):
        with pytest.raises(SystemExit) as left:
            run(photo, "-o", out, *wrong)
        assert left.value.code == 2


def test_quality_and_metadata(tmp_path: Path):
    exif = Image.Exif()
    exif[0x13B] = "Grandfather"
    noise = np.random.default_rng(0).integers(0, 256, (60, 90), dtype=np.uint8)
    photo = tmp_path / "a.jpg"
    Image.fromarray(noise).save(photo, exif=exif)
    assert run(photo, "-o", tmp_path / "good.jpg") == 0
    assert run(photo, "-o", tmp_path / "small.jpg", "--quality", "20", "--no-metadata") == 0
    with Image.open(tmp_path / "good.jpg") as image:
        assert image.getexif()[0x13B] == "Grandfather"
    with Image.open(tmp_path / "small.jpg") as image:
        assert 0x13B not in image.getexif()
    assert (tmp_path / "small.jpg").stat().st_size < (tmp_path / "good.jpg").stat().st_size / 2


def test_names_that_no_terminal_should_print(tmp_path: Path, capsys):
    folder = tmp_path / "album"
    draw(folder / "a\n\x1b[31mb.png")
    (folder / os.fsdecode(b"\xff.png")).touch()
    assert run(folder, "-o", tmp_path / "out") == 1
    said = capsys.readouterr()
    assert "a\\n\\x1b[31mb.png" in said.out
    assert "\\udcff.png: The file is empty" in said.err


@pytest.mark.parametrize("length", [240, 255])
def test_names_as_long_as_a_disk_allows(tmp_path: Path, length: int):
    folder, out = tmp_path / "album", tmp_path / "out"
    ends = (("a", "1.png"), ("a", "2.png"), ("ä", ".jpg"), ("写", ".gif"))
    files = [letter * ((length - 5) // len(letter.encode())) + end for letter, end in ends]
    for number, name in enumerate(files):
        draw(folder / name, number, size=(30 + number, 20))
    assert run(folder, "-o", out) == 0
    made = names(out)
    assert len(made) == 4
    assert {width(out / name) for name in made} == {30, 31, 32, 33}
    assert all("colorized-photo" in name and len(name.encode()) <= 255 for name in made)
    assert run(folder, "-o", out, "--overwrite") == 0
    assert names(out) == made


def test_the_same_photograph_from_another_folder_is_done(photos: Path, tmp_path: Path, capsys):
    """A card mounted elsewhere, an album that was moved: no second result beside the first."""
    out = tmp_path / "out"
    assert run(photos, "-o", out) == 0
    moved = photos.rename(tmp_path / "moved")
    capsys.readouterr()
    for _ in range(2):
        assert run(moved, "-o", out) == 0
        assert "0 colorized" in capsys.readouterr().out
    draw(moved / "a.png", seed=9)  # but another photograph under the name is another
    assert run(moved, "-o", out) == 0
    assert "1 colorized" in capsys.readouterr().out
    assert (out / "a-colorized-photo-2.png").exists()


def test_decoders_mutter_nothing_on_the_screen(tmp_path: Path, capfd):
    """Pillow warns, libjpeg and libtiff write to the screen: what matters is in the report."""
    folder = tmp_path / "album"
    jpeg = draw(folder / "a.jpg", size=(300, 200)).read_bytes()
    scan = jpeg.index(b"\xff\xda") + 200
    (folder / "noise.jpg").write_bytes(jpeg[:scan] + bytes(range(1, 99)) + jpeg[scan + 98 :])
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x0f\x01\x02\0\xff\0\0\0\xff\xff\0\0" * 3
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (folder / "exif.jpg").write_bytes(jpeg[:2] + segment + jpeg[2:])
    Image.new("RGB", (40, 30)).save(folder / "odd.tif", compression="tiff_lzw", tiffinfo={65000: 1})
    tiff = (folder / "odd.tif").read_bytes()
    (folder / "cut.tif").write_bytes(tiff[: len(tiff) // 2])
    run(folder, "-o", tmp_path / "out")
    said = capfd.readouterr()
    assert "5 could not be colorized:" in said.err or not said.err
    lines = [line for line in said.err.splitlines() if "could not be colorized:" not in line]
    assert all(line.startswith(f"  {folder}") for line in lines), said.err


def test_a_killed_worker_costs_its_one_file(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(colorizers, "load", fake_networks.load_mortal)
    folder = tmp_path / "album"
    for number in range(4):
        draw(folder / f"{number}.png", number)
    for name in ("deadly.png", "also-deadly.png"):
        Image.new("L", (30, 20), 255).save(folder / name)
    assert main([str(folder), "-o", str(tmp_path / "out"), "--jobs", "2"]) == 1
    assert len(names(tmp_path / "out")) == 4
    listed = capsys.readouterr().err
    assert "2 of 6 could not be colorized" in listed
    assert listed.count("was ended by the system, most likely for want of memory") == 2


SLOWLY = """
import signal, sys
sys.path.insert(0, {here!r})
import colorizers, fake_networks
from colorizers.__main__ import main
from colorizers.files.picture import Picture
from colorizers.files.writing import OUTPUTS, save
if __name__ == "__main__":  # and not in the workers, which import this
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as in no run in the background
    colorizers.load = fake_networks.load_slow
    sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "how", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_what_is_ended_in_the_middle_is_gone_on_with(tmp_path: Path, how: signal.Signals):
    folder, out, script = tmp_path / "album", tmp_path / "out", tmp_path / "slowly.py"
    for number in range(8):
        draw(folder / f"{number}.png", number)
    script.write_text(SLOWLY.format(here=str(Path(__file__).parents[1] / "helpers")))
    with subprocess.Popen(
        [sys.executable, script, folder, "-o", out, "--jobs", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0,
        cwd=Path(__file__).parents[2], env=os.environ | {"PYTHONPATH": "."},
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert "[1/8]" in running.stdout.readline()
        assert "[2/8]" in running.stdout.readline()
        os.killpg(running.pid, how)  # as a terminal does: workers get it, too
        _, said = running.communicate(timeout=60)
    if how == signal.SIGINT:
        assert running.returncode == 130
        assert (
            said == "Interrupted; what is written is whole. The same command goes on from here.\n"
        )
        assert not list(out.glob(f"{album.PARTIAL}*"))
    made = [name for name in names(out) if not name.startswith(".")]
    assert 2 <= len(made) < 8
    for name in made:
        with Image.open(out / name) as image:
            image.load()
    before = {name: (out / name).stat().st_mtime_ns for name in made}
    (out / album.partial_name(out).name.replace(str(os.getpid()), "999999999")).touch()
    assert run(folder, "-o", out) == 0
    assert len(names(out)) == 8  # and no partial file of a process that is no more
    assert {name: (out / name).stat().st_mtime_ns for name in made} == before


def test_a_journal_that_was_cut_is_read_as_far_as_it_goes(photos: Path, tmp_path: Path):
    out = tmp_path / "out"
    assert run(photos, "-o", out) == 0
    journal = out / index.JOURNAL
    lines = journal.read_text().splitlines()
    assert {json.loads(line)["to"] for line in lines} == set(names(out))
    for end in ("", "\n"):
        journal.write_text("\n".join([*lines[:2], "null", "[]", lines[2][:20]]) + end)
        assert run(photos, "-o", out) == 0
        assert len(names(out)) == 3
        assert index.Index(out).results == {out / name for name in names(out)}


def test_ray_that_is_not_installed_is_one_sentence(photos: Path, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(photos, "-o", tmp_path / "out", "--engine", "ray") == 2
    assert capsys.readouterr().err.endswith("pip install -r requirements-ray.txt\n")


def test_help_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "colorizers", "--help"], capture_output=True, text=True, check=True
    )
    for option in (
        "--out", "--method", "--temperature", "--saturation", "--warmth", "--format", "--jobs",
        "--engine",
    ):  # fmt: skip
        assert option in done.stdout


def test_a_hundred_mixed_files_give_a_hundred_correct_outcomes(tmp_path: Path, capsys):
    folder, out = tmp_path / "album", tmp_path / "out"
    expected = hundred.make(folder)
    good = {one.result: one.size for one in expected.values() if one.result}
    bad = {str(folder / name): one.reason for name, one in expected.items() if not one.result}
    assert (len(good), len(bad)) == (62, 38)

    for colorized in ("62 colorized", "0 colorized"):  # the second run skips all good ones
        assert main([str(folder), "-o", str(out), "--jobs", "2"]) == 1
        said = capsys.readouterr()
        assert colorized in said.out
        assert names(out) == sorted(good)
        first, *listed = said.err.splitlines()
        whole, failed = (100, 38)
        assert first == f"{failed} of {whole} could not be colorized:"
        assert len(listed) == failed
        for line in listed:
            name, reason = line.strip().split(": ", 1)
            assert bad[name] in reason
            assert reason.endswith(".") or reason.endswith("again")
        assert {line.strip().split(": ", 1)[0] for line in listed} == set(bad)
    for name, size in good.items():
        with Image.open(out / name) as image:
            image.load()
            assert image.size == size, name
            assert image.mode == ("RGBA" if name.startswith("clear") else "RGB"), name
            kind = OUTPUTS[name.rpartition(".")[2].lower()]
            assert image.format == kind, name


def in_colour(file: Path, dark: str, light: str) -> Path:
    image = Image.new("RGB", (30, 20), dark)
    image.paste(light, (15, 0, 30, 20))
    image.save(file)
    return file


def test_an_album_takes_the_colours_of_references(tmp_path: Path, capsys) -> None:
    album_, out = tmp_path / "album", tmp_path / "out"
    album_.mkdir()
    for name in ("a.png", "b.png"):
        grey = Image.new("L", (30, 20), 60)
        grey.paste(200, (15, 0, 30, 20))
        grey.save(album_ / name)
    coat = in_colour(tmp_path / "coat.jpg", "#701010", "#80a0ff")
    other = in_colour(tmp_path / "other.png", "#107010", "#ffa080")
    assert run(album_, "-o", out, "--reference", coat) == 0
    made = [out / name for name in names(out)]
    assert len(made) == 2
    assert all("-reference-" in file.name for file in made)
    for file in made:
        with Image.open(file) as image:
            lab = rgb2lab(np.asarray(image.convert("RGB")))
        assert lab[5:15, 3:12, 1].mean() > 20
        assert lab[5:15, 18:27, 2].mean() < -20
    # The same again is done; another reference is another result.
    assert run(album_, "-o", out, "--reference", coat, "--reference", coat) == 0
    assert "2 already there" in capsys.readouterr().out
    assert run(album_, "-o", out, "--reference", other) == 0
    assert len(names(out)) == 4
    # Its recipe gives the same file with the same reference, whatever that is called now.
    moved = coat.rename(tmp_path / "uniform.jpg")
    again = tmp_path / "again.png"
    assert run(album_ / "a.png", "-o", again, "--recipe", made[0]) == 2
    assert "give the same file again as a reference" in capsys.readouterr().err
    assert run(album_ / "a.png", "-o", again, "--recipe", made[0], "--reference", moved) == 0
    assert again.read_bytes() == made[0].read_bytes()
    capsys.readouterr()
    for arguments, sentence in (
        (["--reference", tmp_path / "gone.jpg"], "The reference gone.jpg cannot be used."),
        (["--reference", album_ / "a.png"], "It has no colours to take"),
        (["--method", "gan", "--reference", moved], "The method gan takes no colours"),
        (["--recipe", again, "--reference", moved, "--reference", other], "does not name"),
        (["--reference", moved] * 9, "These are 9 references and the limit is 8"),
    ):
        assert run(album_, "-o", tmp_path / "none", *arguments) == 2
        assert sentence in capsys.readouterr().err
    assert not (tmp_path / "none").exists() or not names(tmp_path / "none")


def test_a_repair_and_its_mask(tmp_path: Path, capsys) -> None:
    grey = np.full((60, 80), 90, np.uint8)
    grey[:, 40] = 255
    photo, out, mask = tmp_path / "a.png", tmp_path / "out", tmp_path / "mask.png"
    Image.fromarray(grey).save(photo)
    assert run(photo, "-o", out, "--repair-mask", mask) == 0
    assert "1 mark of scratches and dust" in capsys.readouterr().out
    with Image.open(mask) as image:
        assert np.asarray(image)[:, 40].all()
    (plain,) = (file for file in out.iterdir() if file.suffix == ".png")
    assert run(photo, "-o", out, "--repair") == 0
    assert capsys.readouterr().out.count("Repair found") == 1
    (made,) = (file for file in out.iterdir() if "repair" in file.name)
    spread = [
        np.ptp(np.asarray(Image.open(file).convert("L")).astype(int)) for file in (plain, made)
    ]
    assert spread[1] < 8 < spread[0]
    again = tmp_path / "again.png"
    assert run(photo, "-o", again, "--recipe", made) == 0
    assert again.read_bytes() == made.read_bytes()
    for arguments, sentence in (
        ([tmp_path, "--repair-mask", mask], "--repair-mask is for a single PHOTO"),
        ([photo, "--repair-mask", photo], "choose another name"),
        ([photo, "--repair-mask", mask, "--doubt", mask], "name two files"),
        ([photo, "--recipe", made, "--repair"], "leave out --repair"),
    ):
        assert run(*arguments, "-o", out) == 2
        assert sentence in capsys.readouterr().err


def test_a_map_of_doubt_beside_a_single_photograph(tmp_path: Path, capsys) -> None:
    photo, out, found = draw(tmp_path / "a.png"), tmp_path / "out", tmp_path / "map.png"
    assert run(photo, "-o", out) == 0
    assert run(photo, "-o", out, "--doubt", found) == 0  # though it is done already
    assert "On 100 % of the picture" in capsys.readouterr().out
    with Image.open(found) as image:
        assert (image.mode, image.size) == ("L", (30, 20))
        assert set(np.unique(image)) == {round(0.9 * 255)}
    for arguments, sentence in (
        ([tmp_path, "--doubt", found], "for a single PHOTO"),
        ([photo, "--doubt", tmp_path / "map.jpg"], "must end in .png"),
        ([photo, "--doubt", photo], "choose another name"),
        ([photo, "--doubt", tmp_path / "none" / "map.png"], "is not there; make it first"),
        ([photo, "--method", "gan", "--doubt", found], "gan does not draw its colours"),
    ):
        assert run(*arguments, "-o", out) == 2
        assert sentence in capsys.readouterr().err
