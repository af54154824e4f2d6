"""Many photographs: progress, the zip, and what is said of those that failed."""

import threading
import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from fakes import FakeColorizer, hue_wheel
from PIL import Image

from colorizers.files.picture import Picture
from colorizers.files.writing import save
from colorizers.page import many


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    (tmp_path / "gradio" / "abc").mkdir(parents=True)
    return tmp_path / "gradio" / "abc"


def photograph(folder: Path, number: int, name: str) -> dict[str, str]:
    file = folder / f"{number}.png"
    Image.fromarray(np.full((30, 40), 60 + 20 * number, np.uint8)).save(file)
    return {"path": str(file), "orig_name": name}


def outcome(folder: Path, payload: Any, format: Any = "JPEG") -> tuple[list[Any], list[str]]:
    told: list[str] = []
    model = FakeColorizer(hue_wheel(chroma=12.0), "photo")
    updates = many.colorize_many(
        payload, format, model, folder.parent, lambda share, desc="": told.append(desc)
    )
    return list(updates), told


def test_every_photograph_is_in_the_zip_and_shown_as_it_is_ready(folder: Path) -> None:
    payload = [photograph(folder, n, "Oma.png" if n < 2 else "Opa.png") for n in range(3)]
    updates, told = outcome(folder, payload)
    assert [len(gallery) for gallery, _, _ in updates] == [1, 2, 3]
    assert updates[0][1] == "1 of 3 photographs coloured."
    assert any(line.startswith("2 of 3, Oma.png: ") for line in told)
    bundle = updates[-1][2]
    assert bundle.visible
    with zipfile.ZipFile(bundle.value["path"]) as archive:
        names = archive.namelist()
        assert names == [
            "Oma-colorized-photo.jpg",
            "Oma-colorized-photo-2.jpg",
            "Opa-colorized-photo.jpg",
        ]
        with archive.open(names[0]) as member, Image.open(member) as image:
            assert (image.format, image.size) == ("JPEG", (40, 30))


def test_failures_are_named_and_the_others_go_on(folder: Path) -> None:
    letter = folder / "letter.txt"
    letter.write_text("dear aunt")
    payload = [
        {"path": str(letter), "orig_name": "a/<b>letter.txt"},
        photograph(folder, 1, "Oma.png"),
        {"path": "/etc/hostname", "orig_name": "host.png"},
        "nonsense",
    ]
    updates, _ = outcome(folder, payload, "PNG")
    _, report, bundle = updates[-1]
    assert report.startswith("1 of 4 photographs coloured.")
    assert "- -b-letter.txt: The file is not a picture" in report
    assert "<b>" not in report
    assert "host.png: That file was not uploaded here" in report
    assert "a file without a name" in report
    with zipfile.ZipFile(bundle.value["path"]) as archive:
        assert archive.namelist() == ["Oma-colorized-photo.png", "not-colorized.txt"]
        assert "host.png" in archive.read("not-colorized.txt").decode()


def test_names_in_the_zip_keep_their_script(folder: Path) -> None:
    """As every unzip since 2006 reads them: UTF-8, and marked as such."""
    given = ["写真 家族 1938.jpg", "写真 学校 1938.jpg", "Łódź.png", "łódź.png", "Ömer & Ayşe.png"]
    payload = [photograph(folder, n, name) for n, name in enumerate(given)]
    updates, _ = outcome(folder, payload, "PNG")
    with zipfile.ZipFile(updates[-1][2].value["path"]) as archive:
        assert archive.namelist() == [
            f"{stem}.png"
            for stem in (
                "写真-家族-1938-colorized-photo", "写真-学校-1938-colorized-photo",
                "Łódź-colorized-photo", "łódź-colorized-photo-2", "Ömer-Ayşe-colorized-photo",
            )
        ]  # fmt: skip
        assert all(info.flag_bits & 0x800 for info in archive.infolist())


def test_what_was_guessed_or_lost_is_said_beside_the_name(folder: Path) -> None:
    ink = folder / "ink.tif"
    Image.new("CMYK", (40, 30)).save(ink)
    with_iptc = folder / "told.tif"
    grey = np.full((30, 40, 3), 99, np.uint8)
    save(with_iptc, grey, Picture(grey, None, "JPEG", iptc=b"\x1c\x02\x78\0\1A"), format="TIFF")
    payload = [{"path": str(file), "orig_name": file.name} for file in (ink, with_iptc)]
    updates, _ = outcome(folder, payload, "PNG")
    _, noted = updates[-1][1].split("Please note:")
    assert "- ink.tif: The file holds ink values" in noted
    assert "- told.tif: PNG has no place for IPTC; it is left out." in noted


@pytest.mark.parametrize("finished", [0, 1, 2])
def test_who_stops_gets_what_is_finished(folder: Path, finished: int) -> None:
    payload = [photograph(folder, n, f"{n}.png") for n in range(3)]
    asked = threading.Event()

    def progress(share: float, desc: str = "") -> None:
        if desc.startswith(f"{finished + 1} of 3") and "following the edges" in desc:
            asked.set()  # in the middle of a photograph: that one is given up

    model = FakeColorizer(hue_wheel(chroma=12.0), "photo")
    *_, last = many.colorize_many(payload, "PNG", model, folder.parent, progress, asked)
    gallery, report, bundle = last
    assert len(gallery) == finished
    assert report == (
        f"Stopped: {finished} of 3 photographs coloured, and in the zip file."
        if finished
        else "Stopped before the first photograph was done."
    )
    assert bundle.visible is bool(finished)
    with zipfile.ZipFile(bundle.value["path"]) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{n}-colorized-photo.png" for n in range(finished)]


def test_stopping_after_the_last_one_is_no_stopping(folder: Path) -> None:
    asked = threading.Event()
    model = FakeColorizer(hue_wheel(), "photo")

    def progress(share: float, desc: str = "") -> None:
        if desc.endswith("writing png"):
            asked.set()

    payload = [photograph(folder, 0, "Oma.png")]
    (update,) = many.colorize_many(payload, "PNG", model, folder.parent, progress, asked)
    assert asked.is_set()
    assert update[1] == "1 of 1 photograph coloured."


def test_a_page_that_is_closed_leaves_nothing_behind(folder: Path) -> None:
    before = set(folder.parent.iterdir())
    payload = [photograph(folder, n, f"{n}.png") for n in range(3)]
    model = FakeColorizer(hue_wheel(), "photo")
    running: Any = many.colorize_many(payload, "PNG", model, folder.parent, lambda *_, **__: None)
    next(running)
    assert set(folder.parent.iterdir()) != before
    running.close()
    assert set(folder.parent.iterdir()) == before
    assert len(model.seen) == 1


def test_nothing_is_offered_when_all_failed(folder: Path) -> None:
    updates, _ = outcome(folder, [{"path": "/etc/hostname", "orig_name": "host.png"}])
    assert not updates[-1][2].visible


def test_limits_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(gr.Error, match="41 files and the limit is 40"):
        outcome(folder, [{}] * 41)
    monkeypatch.setattr(many, "MAX_MEGAPIXELS", 0.003)
    updates, _ = outcome(folder, [photograph(folder, n, f"{n}.png") for n in range(3)])
    assert updates[-1][1].startswith("2 of 3")
    assert "2.png: With it the photographs would have more than 0.003 megapixels" in updates[-1][1]


@pytest.mark.parametrize("payload", [None, [], {}, "x", 5])
def test_no_files_is_one_sentence(folder: Path, payload: Any) -> None:
    with pytest.raises(gr.Error, match="no photographs yet"):
        outcome(folder, payload)


def test_all_take_the_colours_of_one_reference(folder: Path) -> None:
    halves = Image.new("RGB", (40, 30), "#701010")
    halves.paste("#80a0ff", (20, 0, 40, 30))
    halves.save(folder / "coat.png")
    sent = {"path": str(folder / "coat.png"), "orig_name": "coat.png"}
    model = FakeColorizer(np.zeros((32, 32, 2), np.float32), "photo")
    payload = []
    for number in range(2):
        grey = Image.new("L", (40, 30), 60 + number)
        grey.paste(200, (20, 0, 40, 30))
        grey.save(folder / f"{number}.png")
        payload.append({"path": str(folder / f"{number}.png"), "orig_name": f"{number}.png"})

    def made(reference: Any) -> Any:
        return list(
            many.colorize_many(payload, "PNG", model, folder.parent, lambda *_, **__: None,
                               model=reference)
        )[-1][2]  # fmt: skip

    with zipfile.ZipFile(made(sent).value["path"]) as archive:
        for name in archive.namelist():
            with archive.open(name) as member, Image.open(member) as image:
                rgb = np.asarray(image.convert("RGB")).astype(int)
            assert (rgb[5:25, 5:15, 0] - rgb[5:25, 5:15, 2]).mean() > 30
            assert (rgb[5:25, 25:35, 2] - rgb[5:25, 25:35, 0]).mean() > 30
    with pytest.raises(gr.Error, match=r"The reference 0\.png cannot be used"):
        made(payload[0])
