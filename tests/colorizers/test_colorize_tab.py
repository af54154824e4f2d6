"""The Colorize tab: what it offers, what it answers, and what it says to hostile visitors."""

import gc
import io
import json
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import pytest
from fakes import FakeColorizer, hue_wheel
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from skimage.color import rgb2lab

import colorizers
from colorizers import handlers, ui
from colorizers.checkpoint import WeightsError
from colorizers.image import ImageError

ROOT = Path(__file__).parents[2]
WHEEL = hue_wheel(chroma=12.0)


def fake_load(name: str) -> FakeColorizer:
    return FakeColorizer(WHEEL, name)


def picture(height: int = 60, width: int = 90) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    grey = 60 + 120 * (x + y) / (height + width)
    return grey.astype(np.uint8)


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


def outcome(folder: Path, payload: object, methods: object = None, temperature: object = 0.38):
    models = {name: fake_load(name) for name in colorizers.names()}
    methods = list(models) if methods is None else methods
    updates = list(
        handlers.colorize_upload(
            payload, methods, temperature, models, folder.parent, lambda share, desc="": None
        )
    )
    return models, updates


# Handlers


def test_both_methods_give_previews_and_full_size_downloads(upload_folder: Path) -> None:
    file = upload_folder / "photo.png"
    Image.fromarray(picture()).save(file)
    models, updates = outcome(upload_folder, sent(file, "../Oma & Opa.png"), temperature=0.5)
    assert len(updates) == 2  # shown as each method is ready
    assert models["classification"].asked == [{"temperature": 0.5}]
    assert models["gan"].asked == [{}]
    _, *widgets = updates[-1]
    for index, name in enumerate(colorizers.names()):
        group, (before, after), download = widgets[3 * index : 3 * index + 3]
        assert group.visible
        assert Path(download.value["path"]).name == f"Oma-Opa-colorized-{name}.png"
        with Image.open(download.value["path"]) as image:
            assert (image.format, image.mode, image.size) == ("PNG", "RGB", (90, 60))
            made = np.asarray(image)
        assert np.abs(rgb2lab(made)[..., 0] - rgb2lab(np.dstack([picture()] * 3))[..., 0]).max() < 1
        assert np.abs(rgb2lab(made)[..., 1:]).max() > 5
        for shown in (before, after):
            with Image.open(shown) as image:
                assert image.format == "PNG"
                assert max(image.size) == handlers.SMALL_SIDE
        with Image.open(before) as image:
            grey = np.asarray(image)
            assert (grey == grey[..., :1]).all()
        assert upload_folder.parent in Path(download.value["path"]).parents
        assert len(Path(before).parent.name) == 32  # nobody guesses it


def test_one_method_hides_the_other(upload_folder: Path) -> None:
    file = upload_folder / "photo.png"
    Image.fromarray(picture()).save(file)
    _, updates = outcome(upload_folder, sent(file), ["gan"])
    assert len(updates) == 1
    _, first, _, _, second, slider, _ = updates[0]
    assert not first.visible
    assert second.visible
    assert Path(slider[1]).name == "gan.png"


@pytest.mark.parametrize(
    ("methods", "temperature", "says"),
    [
        ([], 0.38, "No method is chosen"),
        (["photo"], 0.38, "no method 'photo'"),
        (["gan", "../../etc"], 0.38, "no method"),
        ("gan", 0.38, "must be a list"),
        ([["gan"]], 0.38, "must be a list"),
        (None, 7, "must be a number from 0.05 to 1"),
        (None, "hot", "must be a number"),
        (None, float("nan"), "must be a number"),
        (None, None, "must be a number"),
        (None, True, "must be a number"),
    ],
)
def test_wrong_choices_are_one_sentence(
    upload_folder: Path, methods: object, temperature: object, says: str
) -> None:
    file = upload_folder / "photo.png"
    Image.fromarray(picture()).save(file)
    with pytest.raises(gr.Error, match=says) as caught:
        outcome(upload_folder, sent(file), methods, temperature)
    assert not caught.value.print_exception


def test_only_uploaded_files_are_read(upload_folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.fromarray(picture()).save(secret)
    (upload_folder / "link.png").symlink_to(secret)
    for payload in (
        None,
        {},
        {"path": None, "url": "data:image/png;base64,AAAA"},
        {"path": 5},
        "secret.png",
        sent(secret),
        sent(upload_folder / ".." / ".." / "secret.png"),
        sent(upload_folder / "none.png"),
        sent(upload_folder),
    ):
        with pytest.raises(gr.Error) as caught:
            outcome(upload_folder, payload)
        assert str(caught.value).count(".'") <= 1


def test_unexpected_failures_are_logged_and_told_plainly(
    upload_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object, **options: object) -> None:
        raise RuntimeError("internal detail /secret/path")

    file = upload_folder / "photo.png"
    Image.fromarray(picture()).save(file)
    monkeypatch.setattr(handlers, "colorize_photo", broken)
    with pytest.raises(gr.Error) as caught:
        outcome(upload_folder, sent(file))
    assert "internal detail" not in str(caught.value)
    assert "internal detail" in caplog.text


def test_fresh_upload_is_checked_at_once(upload_folder: Path) -> None:
    broken = upload_folder / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 not a photograph")
    value, note = handlers.check_upload(sent(broken))
    assert value is None  # taken out of the page again
    assert "⚠️" in note.value
    assert note.visible

    huge = io.BytesIO()
    Image.new("1", (20_000, 6_000)).save(huge, "PNG")
    (upload_folder / "huge.png").write_bytes(huge.getvalue())
    value, note = handlers.check_upload(sent(upload_folder / "huge.png"))
    assert value is None
    assert "limit is 100" in note.value

    fine = upload_folder / "fine.gif"
    frames = [Image.new("L", (40, 30), value) for value in (10, 200)]
    frames[0].save(fine, save_all=True, append_images=frames[1:])
    _, note = handlers.check_upload(sent(fine))
    assert "40 × 30" in note.value
    assert "first" in note.value


def test_formats_that_browsers_do_not_show_are_replaced_by_a_png(upload_folder: Path) -> None:
    scan = upload_folder / "Scan 1.tif"
    deep = np.random.default_rng(0).integers(0, 65_536, (30, 40)).astype(np.uint16)
    Image.fromarray(deep).save(scan)
    value, note = handlers.check_upload(sent(scan))
    assert Path(value).name == "Scan-1.png"
    assert "TIFF" in note.value
    with Image.open(value) as image:
        np.testing.assert_array_equal(np.asarray(image), deep)
    # and the replacement is itself something that may be coloured
    assert handlers.uploaded(sent(Path(value)))[1] == "Scan-1.png"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3000, 4000), (1050, 1400)),
        ((900, 900), (900, 900)),
        ((32, 32), (384, 384)),
        ((1, 60_000), (1, 1400)),
        ((1, 1), (384, 384)),
    ],
)
def test_preview_sizes(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    flat = np.broadcast_to(np.uint8(90), (*shape, 3))
    shown = handlers.preview(flat)
    assert shown.shape == (*expected, 3)
    assert (shown == 90).all()
    deep = handlers.preview(np.broadcast_to(np.uint16(90 * 257), (*shape, 3)))
    np.testing.assert_array_equal(deep, shown)


# Layout


def components(demo: gr.Blocks) -> list[dict]:
    return demo.get_config_file()["components"]


@pytest.mark.usefixtures("gradios_own_leaks")
def test_missing_weights_leave_the_rest_of_the_tab() -> None:
    def only_classification(name: str) -> FakeColorizer:
        if name == "gan":
            raise WeightsError("There are no weights for 'gan': train them.")
        return fake_load(name)

    with gr.Blocks() as demo, gr.Tab("Colorize"):
        ui.build(only_classification)
    texts = json.dumps(components(demo))
    assert "There are no weights for 'gan'" in texts
    (methods,) = (c for c in components(demo) if c["type"] == "checkboxgroup")
    assert methods["props"]["value"] == ["classification"]

    def nothing(name: str) -> None:
        raise WeightsError(f"There are no weights for {name!r}.")

    with gr.Blocks() as demo, gr.Tab("Colorize"):
        ui.build(nothing)
    assert "no weights for 'gan'" in json.dumps(components(demo))
    assert all(c["type"] != "image" for c in components(demo))


@pytest.mark.usefixtures("gradios_own_leaks")
def test_page_says_what_the_models_learned_from_and_uses_png_only() -> None:
    with gr.Blocks() as demo, gr.Tab("Colorize"):
        ui.build(fake_load)
    texts = json.dumps(components(demo))
    for words in ("guesses, not history", "CIFAR-10", "32 x 32", "ten\\nclasses"):
        assert words in texts
    sliders = [c for c in components(demo) if c["type"] == "imageslider"]
    assert len(sliders) == 2
    assert {c["props"]["format"] for c in sliders} == {"png"}


def test_examples_are_there_with_their_credit() -> None:
    paths, credits = ui.examples()
    assert len(paths) == len(credits) == 9
    assert all(credits)
    sizes = []
    for path in paths:
        with Image.open(path) as image:
            sizes.append(image.size)
    assert sizes.count((32, 32)) == 4


# Over HTTP


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("app")
    environment = os.environ | {"GRADIO_TEMP_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "colorizers" / "fake_app.py"), str(port)],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}/"
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                httpx.get(address, timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            raise AssertionError((folder / "log").read_text())
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def client(url: str, tmp_path: Path) -> Iterator[Client]:
    made = Client(url, verbose=False, download_files=tmp_path)
    yield made
    made.close()


def test_endpoint_colorizes_an_upload(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "grandmother.png"
    Image.fromarray(picture()).save(file)
    *_, download = client.predict(handle_file(file), ["gan"], 0.38, api_name="/colorize")
    path = Path(download["value"] if isinstance(download, dict) else download)
    assert path.name == "grandmother-colorized-gan.png"
    with Image.open(path) as image:
        assert image.size == (90, 60)


def test_endpoint_answers_strangers_with_sentences(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "letter.png"
    file.write_text("dear aunt")
    with pytest.raises(AppError, match="not a picture that can be read"):
        client.predict(handle_file(file), ["gan"], 0.38, api_name="/colorize")
    Image.fromarray(picture()).save(file)
    with pytest.raises(AppError, match="no method"):
        client.predict(handle_file(file), ["../weights"], 0.38, api_name="/colorize")
    with pytest.raises(AppError, match="no photograph"):
        client.predict(None, ["gan"], 0.38, api_name="/colorize")


def test_paths_of_the_server_are_not_read(url: str) -> None:
    for path in ("/etc/hostname", str(Path(ui.__file__))):
        for meta in ({"_type": "gradio.FileData"}, {}):
            body = {"data": [{"path": path, "meta": meta}, ["gan"], 0.38]}
            event = httpx.post(f"{url}gradio_api/call/colorize", json=body).json()["event_id"]
            answer = httpx.get(f"{url}gradio_api/call/colorize/{event}", timeout=30).text
            assert "event: error" in answer
            assert "Traceback" not in answer
            assert path not in answer


def test_handlers_refuse_with_image_error() -> None:
    with pytest.raises(ImageError, match="upload one"):
        handlers.uploaded(None)
