"""What surrounds the Colorize tab's events: uploads, checks, layout, and strangers over HTTP."""

import gc
import io
import json
import os
import re
import time
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import numpy as np
import programs
import pytest
from fakes import FakeColorizer, hue_wheel
from PIL import Image

from colorizers.errors import ImageError, WeightsError
from colorizers.page import checking, ui

ROOT = Path(__file__).parents[3]


def fake_load(name: str) -> FakeColorizer:
    return FakeColorizer(hue_wheel(chroma=12.0), name)


@pytest.fixture
def gradios_own_leaks() -> Iterator[None]:
    """Gradio leaves event loops behind; collect them here, where that is no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.fixture
def upload_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    (tmp_path / "gradio" / "abc").mkdir(parents=True)
    return tmp_path / "gradio" / "abc"


def sent(path: Path, name: str | None = None) -> dict[str, str | None]:
    return {"path": str(path), "orig_name": name}


def clicked(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


# Uploads


def test_only_uploaded_files_are_read(upload_folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("L", (9, 9)).save(secret)
    (upload_folder / "link.png").symlink_to(secret)
    for payload in (
        None,
        {},
        {"path": None, "url": "data:image/png;base64,AAAA"},
        {"path": 5},
        "secret.png",
        sent(secret),
        sent(upload_folder / ".." / ".." / "secret.png"),
        sent(upload_folder / "link.png"),
    ):
        with pytest.raises(ImageError, match="upload"):
            checking.uploaded(payload)


def test_fresh_upload_is_checked_at_once(upload_folder: Path) -> None:
    broken = upload_folder / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 not a photograph")
    verdict = checking.check_upload(sent(broken))
    value, note = checking.settle(sent(broken), verdict)
    assert value is None  # taken out of the page again
    assert "⚠️" in note.value
    assert note.visible

    huge = upload_folder / "huge.png"
    Image.new("1", (20_000, 6_000)).save(huge, "PNG")
    value, note = checking.settle(sent(huge), checking.check_upload(sent(huge)))
    assert value is None
    assert "limit is 100" in note.value

    fine = upload_folder / "fine.gif"
    frames = [Image.new("L", (40, 30), value) for value in (10, 200)]
    frames[0].save(fine, save_all=True, append_images=frames[1:])
    accepted = checking.check_upload(sent(fine))
    assert accepted is not None
    assert accepted.accepted
    value, note = checking.settle(sent(fine), accepted)
    assert value == gr.skip()  # stays as it is
    assert "40 × 30" in note.value
    assert "first" in note.value

    # What is said of one photograph is not said of another.
    untouched = (gr.skip(), gr.skip())
    for now in (None, {}, sent(fine), "broken.jpg"):
        assert checking.settle(now, verdict) == untouched
    assert checking.check_upload(None) is None
    assert checking.settle(sent(fine), None) == untouched


def test_formats_that_browsers_do_not_show_are_replaced_by_a_png(upload_folder: Path) -> None:
    scan = upload_folder / "Scan 1.tif"
    deep = np.random.default_rng(0).integers(0, 65_536, (30, 40)).astype(np.uint16)
    Image.fromarray(deep).save(scan)
    verdict = checking.check_upload(sent(scan))
    assert verdict is not None
    value, note = checking.settle(sent(scan), verdict)
    assert Path(value).name == "Scan-1.png"
    assert "TIFF" in note.value
    assert verdict.of(sent(Path(value)))
    with Image.open(value) as image:
        np.testing.assert_array_equal(np.asarray(image), deep)
    # and the replacement is itself something that may be coloured
    assert checking.uploaded(sent(Path(value)))[1] == "Scan-1.png"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3000, 4000), (768, 1024)),
        ((900, 900), (900, 900)),
        ((32, 32), (384, 384)),
        ((1, 60_000), (1, 1024)),
        ((1, 1), (384, 384)),
    ],
)
def test_preview_sizes(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    flat = np.broadcast_to(np.uint8(90), (*shape, 3))
    shown = checking.preview(flat)
    assert shown.shape == (*expected, 3)
    assert (shown == 90).all()
    deep = checking.preview(np.broadcast_to(np.uint16(90 * 257), (*shape, 3)))
    np.testing.assert_array_equal(deep, shown)


# Checks


@pytest.mark.parametrize("value", ["red", "#12", "#1234567", "rgba(1,2,3)", None, 5, [], "#gggggg"])
def test_colours_are_six_digits(value: object) -> None:
    with pytest.raises(ImageError, match="six digits"):
        checking.hex_ab(value)


@pytest.mark.parametrize(
    "index", [None, 5, "12", [1], [1, 2, 3], [None, 3], [-1, 3], [101, 3], [float("nan"), 3]]
)
def test_clicks_are_places_in_the_picture(index: object) -> None:
    with pytest.raises(ImageError, match="place"):
        checking.place(clicked(index=index), (100, 50))


def test_clicks_become_shares() -> None:
    assert checking.place(clicked(index=[25, 50]), (100, 50)) == (0.25, 1.0)


@pytest.mark.parametrize("index", [None, -1, 3, 1.0, True, "1", [1]])
def test_galleries_have_so_many_pictures(index: object) -> None:
    with pytest.raises(ImageError, match="3 pictures"):
        checking.position(clicked(index=index), 3)
    assert checking.position(clicked(index=2), 3) == 2


def test_events_without_data_are_refused() -> None:
    with pytest.raises(ImageError, match="no place"):
        checking.place(gr.EventData(None, None), (100, 50))


def test_choices_are_those_offered() -> None:
    assert checking.choice("format", "PNG", ["PNG"]) == "PNG"
    value: Any
    for value in ("GIF", "../../etc", None, ["PNG"], {}):
        with pytest.raises(ImageError, match="There is no format"):
            checking.choice("format", value, ["PNG"])


def test_unexpected_failures_are_logged_and_told_plainly(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(gr.Error) as caught, checking.telling("No colours yet"):
        raise RuntimeError("internal detail /secret/path")
    assert "internal detail" not in str(caught.value)
    assert "internal detail" in caplog.text
    with pytest.raises(gr.Error, match="too large") as caught, checking.telling("No colours yet"):
        raise ImageError("The picture is too large.")
    assert not caught.value.print_exception


# Layout


def components(demo: gr.Blocks) -> list[dict[str, Any]]:
    return demo.get_config_file()["components"]


def words(demo: gr.Blocks) -> str:
    return json.dumps(components(demo), default=str).replace("\\n", " ")


@pytest.mark.usefixtures("gradios_own_leaks")
def test_missing_weights_leave_the_rest_of_the_tab() -> None:
    def only_classification(name: str) -> FakeColorizer:
        if name != "classification":
            raise WeightsError(f"There are no weights for {name!r}: train them.")
        return fake_load(name)

    with gr.Blocks() as demo, gr.Tab("Colorize"):
        ui.build(only_classification)
    texts = words(demo)
    assert "There are no weights for 'gan'" in texts
    assert "There are no weights for 'photo'" in texts
    assert "learned from about 30,000" not in texts
    shown = {c["props"].get("elem_id"): c["props"].get("visible", True) for c in components(demo)}
    assert not shown["versions"]

    def nothing(name: str) -> None:
        raise WeightsError(f"There are no weights for {name!r}.")

    with gr.Blocks() as demo, gr.Tab("Colorize"):
        ui.build(nothing)
    assert "no weights for 'gan'" in words(demo)
    assert all(c["type"] != "image" for c in components(demo))


@pytest.mark.usefixtures("gradios_own_leaks")
def test_page_says_what_the_models_learned_from_and_uses_png_only() -> None:
    with gr.Blocks() as demo, gr.Tab("Colorize"):
        ui.build(fake_load)
    texts = words(demo)
    for phrase in (
        "guesses, not history",
        "about 30,000 small photographs",
        "no historical photographs",
        "CIFAR-10",
        "32 x 32",
        "ten classes",
    ):
        assert phrase in texts
    pictures = [c for c in components(demo) if c["type"] in ("image", "imageslider", "gallery")]
    assert len(pictures) == 11
    assert {c["props"]["format"] for c in pictures} == {"png"}


@pytest.mark.usefixtures("gradios_own_leaks")
def test_the_tab_offers_no_endpoints_to_programs() -> None:
    with gr.Blocks() as demo, gr.Tab("Colorize"):
        ui.build(fake_load)
    assert demo.get_api_info()["named_endpoints"] == {}


def test_examples_are_there_with_their_credit() -> None:
    paths, credits = ui.examples()
    assert len(paths) == len(credits) == 11
    assert all(credits)
    sizes, grey = [], 0
    for path in paths:
        with Image.open(path) as image:
            sizes.append(image.size)
            grey += image.mode == "L"
    assert sizes.count((32, 32)) == 4
    assert grey >= 2


# Over HTTP


class Visitor:
    """Talks to the page's own events, which a browser would; may send anything."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.config = httpx.get(f"{url}config", timeout=30).json()
        self.ids = {c["props"].get("elem_id"): c["id"] for c in self.config["components"]}

    def send(self, element: str, event: str, data: list[Any], event_data: Any = None) -> Any:
        """Run the first event of this name at an element; its output."""
        session = os.urandom(6).hex()
        self.join(session, element, event, data, event_data)
        for message in self.messages(session):
            if message.get("msg") == "process_completed":
                return message
        raise AssertionError("no answer")

    def join(
        self, session: str, element: str, event: str, data: list[Any], event_data: Any = None
    ) -> None:
        """Put the first event of this name at an element into the queue."""
        target = [self.ids[element], event]
        events = (d for d in self.config["dependencies"] if target in d["targets"])
        (function, *_) = (d for d in events if d["backend_fn"])
        body = {
            "fn_index": function["id"],
            "data": data,
            "session_hash": session,
            "trigger_id": self.ids[element],
            "event_data": event_data,
        }
        httpx.post(f"{self.url}gradio_api/queue/join", json=body, timeout=30).raise_for_status()

    def messages(self, session: str) -> Iterator[dict[str, Any]]:
        """What the page is told; closing the iterator closes the page."""
        address = f"{self.url}gradio_api/queue/data?session_hash={session}"
        with httpx.stream("GET", address, timeout=60) as lines:
            for line in lines.iter_lines():
                yield json.loads(line.removeprefix("data:")) if line else {}

    def upload(self, count: int) -> list[dict[str, Any]]:
        """Bring so many photographs; what `gr.File` would send of them."""
        noise = np.random.default_rng(0).integers(0, 256, (count, 40, 60), dtype=np.uint8)
        files = []
        for number, picture in enumerate(noise):
            content = io.BytesIO()
            Image.fromarray(picture).save(content, "PNG")
            files.append(("files", (f"{number}.png", content.getvalue())))
        paths = httpx.post(f"{self.url}gradio_api/upload", files=files, timeout=30).json()
        meta = {"_type": "gradio.FileData"}
        return [{"path": p, "orig_name": f"{n}.png", "meta": meta} for n, p in enumerate(paths)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gradio's folder for uploads and for what it serves."""
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def url(served: Path) -> Iterator[str]:
    with programs.serving(ROOT / "tests" / "helpers" / "fake_app.py", served) as address:
        yield f"{address}/"


@pytest.mark.parametrize("meta", [{"_type": "gradio.FileData"}, {}])
@pytest.mark.parametrize("path", ["/etc/hostname", str(Path(ui.__file__))])
def test_paths_of_the_server_are_not_read(url: str, path: str, meta: dict[str, str]) -> None:
    answer = Visitor(url).send("again", "click", [{"path": path, "meta": meta}, None])
    assert not answer["success"]
    assert "Traceback" not in json.dumps(answer)
    assert path not in json.dumps(answer)


@pytest.mark.parametrize(
    ("element", "event", "data", "says"),
    [
        (
            "download",
            "click",
            [None, "PNG", 90, True, 1, 0, 0.5, False],
            "There is no photograph yet",
        ),
        ("versions", "select", [None, 1, 0, 0.5], "There is no photograph yet"),
        ("touch", "select", [None, "#ffffff", 1, 0, 0.5], "There is no photograph yet"),
        ("touch", "select", ["0" * 32, "#ffffff", 1, 0, 0.5], "There is no photograph yet"),
        ("many-start", "click", [None, "JPEG", None, False], "There are no photographs yet"),
        ("many-start", "click", [[], "EPS", None, False], "There is no format 'EPS'"),
    ],
)
def test_strangers_are_answered_with_sentences(
    url: str, element: str, event: str, data: list[Any], says: str
) -> None:
    answer = Visitor(url).send(element, event, data, {"index": [1, 1]})
    assert not answer["success"]
    assert says in answer["output"]["error"]


def test_stop_in_the_middle_hands_out_the_zip(url: str) -> None:
    visitor, session, asked = Visitor(url), os.urandom(6).hex(), False
    visitor.join(session, "many-start", "click", [visitor.upload(8), "PNG", None, False])
    for message in visitor.messages(session):
        told = json.dumps(message)
        if "1 of 8 photographs coloured" in told and not asked:
            asked = True
            visitor.join(session, "many-stop", "click", [None])
        if message.get("msg") == "process_completed" and "Stopped: " in told:
            break
    gallery, report, bundle, *_ = message["output"]["data"]
    said = re.fullmatch(r"Stopped: (\d) of 8 photographs coloured, and in the zip file\.", report)
    assert said is not None
    done = int(said[1])
    assert 1 <= done < 8
    assert len(gallery) == done
    archive = httpx.get(bundle["value"]["url"], timeout=30)
    with zipfile.ZipFile(io.BytesIO(archive.content)) as members:
        assert members.namelist() == [f"{n}-colorized-photo.png" for n in range(done)]


def test_a_page_that_is_closed_in_the_middle_ends_its_work(url: str, served: Path) -> None:
    def zips() -> set[Path]:
        return set(served.rglob("colorized.zip"))

    visitor, session, before = Visitor(url), os.urandom(6).hex(), zips()
    visitor.join(session, "many-start", "click", [visitor.upload(40), "PNG", None, False])
    messages: Any = visitor.messages(session)
    assert any("1 of 40 photographs" in json.dumps(message) for message in messages)
    assert zips() != before
    messages.close()
    deadline = time.monotonic() + 15  # all forty would take twenty seconds
    while zips() != before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert zips() == before
    # and its place in the queue is free for the next
    started = time.monotonic()
    answer = visitor.send("many-start", "click", [visitor.upload(1), "PNG", None, False])
    assert answer["success"]
    assert time.monotonic() - started < 15


def test_a_second_batch_waits_for_the_first(url: str) -> None:
    visitor = Visitor(url)
    sessions = [os.urandom(6).hex() for _ in range(2)]
    for session in sessions:
        visitor.join(session, "many-start", "click", [visitor.upload(3), "PNG", None, False])
    for session in sessions:
        told = ""
        for message in visitor.messages(session):
            told = json.dumps(message)
            if message.get("msg") == "process_completed":
                break
        assert "3 of 3 photographs coloured" in told
