"""A visitor in Chromium brings a photograph, changes its colours, and takes the file home."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect
from skimage.color import rgb2lab

pytestmark = pytest.mark.browser

SLOW = 90_000  # milliseconds; other tests share the processor


def landscape(width: int = 900, height: int = 600) -> Image.Image:
    """Sky over hills with a sun: enough structure for an edge and a network."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    hills = 0.62 + 0.08 * np.sin(5 * x) + 0.03 * np.sin(17 * x)
    grey = np.where(y < hills, 200 - 60 * y, 90 + 40 * np.sin(40 * x) * (y - hills))
    grey = np.where((x - 1.1) ** 2 + (y - 0.2) ** 2 < 0.01, 240, grey)
    noise = np.random.default_rng(0).normal(0, 2, grey.shape)
    return Image.fromarray(np.clip(grey + noise, 0, 255).astype(np.uint8))


def gamma_profile() -> bytes:
    """An RGB profile that is not sRGB: Pillow's, with a gamma of 2 and another name."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    changed = made.replace(bytes.fromhex("00026666"), bytes.fromhex("00020000"))
    changed = changed.replace("sRGB".encode("utf-16-be"), "grey".encode("utf-16-be"))
    assert changed != made
    return changed


def rotated_jpeg(folder: Path, width: int = 900, height: int = 600, icc: bytes = b"") -> Path:
    """A JPEG that lies on its side, with the EXIF note that says so."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    file = folder / "Großvater am See.jpg"
    lying = landscape(width, height).convert("RGB").transpose(Image.Transpose.ROTATE_90)
    lying.save(file, quality=92, exif=exif, icc_profile=icc or None)
    return file


def upload(page: Page, file: Path) -> None:
    page.locator("#photo input[type=file]").set_input_files(file)


def coloured(page: Page) -> str:
    """Wait for colours; the address of the coloured preview."""
    after = page.locator("#result img").nth(1)
    expect(page.locator("#result img")).to_have_count(2, timeout=SLOW)
    return after.get_attribute("src") or ""


def changed(page: Page, before: str, element: str = "#result img") -> str:
    """Wait until a picture is another one; its address."""
    picture = page.locator(element).last
    expect(picture).not_to_have_attribute("src", before, timeout=SLOW)
    return picture.get_attribute("src") or ""


def fetched(page: Page, address: str) -> np.ndarray:
    """Lab of a picture that the page shows."""
    answer = page.request.get(address)
    assert answer.headers["content-type"] == "image/png"
    return rgb2lab(np.asarray(Image.open(io.BytesIO(answer.body())).convert("RGB")))


def chroma(lab: np.ndarray) -> float:
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def set_slider(page: Page, element: str, value: str) -> None:
    box = page.locator(f"{element} input[type=number]")
    box.fill(value)
    box.blur()


def write(page: Page, field: Locator, number: str) -> None:
    """Type over what stands in the focused field, and again if it is not what is seen there.

    On a busy machine Gradio may put the old number back between two digits (500 for 20 over 50).
    """
    for _ in range(5):
        page.keyboard.press("Control+a")
        page.keyboard.type(number)
        page.wait_for_timeout(200)
        if field.input_value() == number:
            return
    raise AssertionError(f"{number} was typed, {field.input_value()} stands there.")


def hold_first(page: Page, which: Callable[[list[Any]], bool]) -> list[Route]:
    """Keep the first event whose inputs are such from the server; it will be in the list."""
    held: list[Route] = []

    def look(route: Route) -> None:
        if not held and which(route.request.post_data_json["data"]):
            held.append(route)
        else:
            route.fallback()

    page.route("**/queue/join*", look)
    return held


def let_go_and_see(page: Page, held: list[Route], size: str) -> None:
    """Wait for the photograph of this size, let the held event go, and see that nothing changes."""
    expect(page.locator("#photo-note")).to_contain_text(size, timeout=SLOW)
    coloured(page)
    with page.expect_response("**/queue/join*"):
        held[0].continue_()
    page.wait_for_timeout(3000)  # what a check takes, and what would follow it
    expect(page.locator("#photo-note")).to_contain_text(size)
    expect(page.locator("#photo img")).to_have_count(1)
    expect(page.locator("#result img")).to_have_count(2)


def test_phone_photograph_from_upload_to_file(page: Page, server_url: str, tmp_path: Path) -> None:
    profile = gamma_profile()
    file = rotated_jpeg(tmp_path, 4000, 3000, profile)
    with Image.open(file) as stored:
        assert stored.size == (3000, 4000)  # 12 megapixels on their side
        transform = ImageCms.buildTransform(
            io.BytesIO(profile), ImageCms.createProfile("sRGB"), "RGB", "RGB"
        )
        upright = stored.convert("RGB").transpose(Image.Transpose.ROTATE_270)
        seen = ImageCms.applyTransform(upright, transform)
    assert seen is not None
    page.goto(server_url)
    upload(page, file)
    shown = coloured(page)  # nothing needs to be clicked
    expect(page.locator("#photo-note")).to_contain_text("4,000 × 3,000 pixels, JPEG")
    first = fetched(page, shown)
    assert first.shape == (768, 1024, 3)
    assert chroma(first) > 2

    # The handle uncovers the colours.
    box = page.locator("#result img").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    left = box["x"] + (box["width"] - min(box["width"], box["height"] * 4 / 3)) / 2

    def left_edge() -> np.ndarray:
        clip = {"x": left + 60, "y": middle - 5, "width": 20, "height": 10}
        return np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"))

    assert np.ptp(left_edge().astype(int), axis=-1).max() <= 1
    assert left_edge().max() < 250  # the picture, not the page beside it
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(left + 10, middle, steps=8)
    page.mouse.up()
    assert np.ptp(left_edge().astype(int), axis=-1).max() > 1

    set_slider(page, "#saturation", "1.5")
    shown = changed(page, shown)
    stronger = fetched(page, shown)
    assert chroma(stronger) > 1.2 * chroma(first)

    # A hint in the sky: its colour is there, and the hills keep theirs.
    page.get_by_role("tab", name="Hints").click()
    touch = page.locator("#touch img")
    size = touch.bounding_box()
    assert size is not None
    touch.click(position={"x": 0.25 * size["width"], "y": 0.25 * size["height"]})
    expect(page.locator("#hints-note")).to_contain_text("1 hint", timeout=SLOW)
    page.get_by_role("tab", name="Before and after").click()
    hinted = fetched(page, changed(page, shown))
    _, a, b = rgb2lab(np.uint8([[[0xB0, 0x5A, 0x3C]]]))[0, 0]
    np.testing.assert_allclose(hinted[192, 256, 1:], [a, b], atol=8)
    np.testing.assert_allclose(hinted[740:, :, 1:], stronger[740:, :, 1:], atol=6)

    page.locator("#format input").click()
    page.get_by_role("option", name="JPEG").click()
    expect(page.locator("#quality")).to_be_visible(timeout=SLOW)
    with page.expect_download(timeout=SLOW) as caught:
        page.get_by_role("button", name="Download", exact=True).click()
    assert caught.value.suggested_filename == "Grossvater-am-See-colorized-photo.jpg"
    with Image.open(caught.value.path()) as image:
        assert (image.format, image.size) == ("JPEG", (4000, 3000))
        assert image.getexif().get(ExifTags.Base.Orientation, 1) == 1
        assert image.info["icc_profile"] == profile
        taken = ImageCms.applyTransform(image.convert("RGB"), transform)
    assert taken is not None
    small = rgb2lab(np.asarray(taken.resize((400, 300), Image.Resampling.BOX)))
    given = rgb2lab(np.asarray(seen.resize((400, 300), Image.Resampling.BOX)))
    # Colours at the border of sRGB may cost a little L; everything else is rounding.
    assert np.median(np.abs(small[..., 0] - given[..., 0])) < 0.7
    preview = np.asarray(Image.fromarray(hinted[..., 1:].mean(-1)).resize((400, 300)))
    assert np.abs(small[..., 1:].mean(-1) - preview).mean() < 2  # what was seen
    expect(page.get_by_role("button", name=re.compile("Save again"))).to_be_visible()
    set_slider(page, "#warmth", "0.3")  # and it is not offered as what is seen now
    expect(page.get_by_role("button", name=re.compile("Save again"))).to_have_count(0, timeout=SLOW)


def test_versions_and_methods_are_chosen_by_a_click(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    pictures: list[str] = []
    page.on("response", lambda r: pictures.append(r.headers.get("content-type", "")))
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    first = coloured(page)
    expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
    page.locator("#versions button").nth(2).click()
    second = changed(page, first)
    page.get_by_role("tab", name="Methods").click()
    expect(page.locator("#methods img")).to_have_count(3, timeout=SLOW)
    page.locator("#methods button").nth(1).click()
    expect(page.locator("#result")).to_be_visible(timeout=SLOW)
    third = changed(page, second)
    with page.expect_download(timeout=SLOW) as caught:
        page.get_by_role("button", name="Download", exact=True).click()
    assert caught.value.suggested_filename == "Grossvater-am-See-colorized-classification.png"
    page.get_by_role("button", name="Start again").click()
    changed(page, third)
    assert "image/webp" not in pictures


def test_hints_are_recoloured_and_taken_back(page: Page, server_url: str, tmp_path: Path) -> None:
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    coloured(page)
    page.get_by_role("tab", name="Hints").click()
    touch = page.locator("#touch img")
    plain = touch.get_attribute("src") or ""
    touch.click(position={"x": 200, "y": 100})
    expect(page.locator("#hints-note")).to_contain_text("1 hint", timeout=SLOW)
    ringed = changed(page, plain, "#touch img")
    page.locator("#hint-colour .dialog-button").click()
    code = page.locator("#hint-colour input[type=text]")
    code.fill("#2040d0")
    code.press("Enter")
    code.blur()
    blue = fetched(page, changed(page, ringed, "#touch img"))
    assert blue[120:200, 220:240, 2].mean() < fetched(page, ringed)[120:200, 220:240, 2].mean() - 20
    page.get_by_role("button", name="Clear all hints").click()
    expect(page.locator("#hints-note")).to_contain_text("No hints yet", timeout=SLOW)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_a_hint_by_keyboard_alone(
    page: Page, server_url: str, tmp_path: Path, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    coloured(page)
    keys = page.keyboard
    page.get_by_role("tab", name="Hints").focus()
    keys.press("Enter")
    plain = page.locator("#touch img").get_attribute("src") or ""
    note = page.locator("#hints-note")
    page.get_by_role("radio", name="Brick").focus()
    keys.press("Tab")  # the colour picker, which wants a mouse
    keys.press("Tab")
    written = page.get_by_label("Or written")
    expect(written).to_be_focused()
    for wrong in ("blu", "#12", ""):
        written.fill(wrong)
        keys.press("Enter")
        expect(note).to_contain_text("is no colour; write # and six digits")
    written.fill("Navy")
    keys.press("Enter")
    expect(written).to_have_value("#000080")
    expect(note).to_contain_text("No hints yet")
    expect(page.locator("#hint-palette input:checked")).to_have_count(0)

    page.get_by_role("button", name="Place a hint without a mouse").focus()
    keys.press("Enter")
    put = page.get_by_role("button", name="Place the hint")
    expect(put).to_be_visible()
    for name, number in (("From the left, %", "25"), ("From the top, %", "20")):
        keys.press("Tab")
        expect(page.get_by_label(name)).to_be_focused()
        write(page, page.get_by_label(name), number)
    keys.press("Tab")
    expect(put).to_be_focused()
    keys.press("Enter")
    expect(note).to_contain_text("1 hint", timeout=SLOW)
    expect(note).to_contain_text("25 % across, 20 % down")
    blue = changed(page, plain, "#touch img")
    assert fetched(page, blue)[60:100, 210:220, 2].mean() < -20

    page.get_by_role("radio", name="Brick").focus()
    keys.press("ArrowRight")  # to Wood
    expect(written).to_have_value("#9a6a3f")
    brown = fetched(page, changed(page, blue, "#touch img"))
    assert brown[60:100, 210:220, 2].mean() > 15
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_has_a_name_for_readers_of_the_screen(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    nameless = """() => [...document.querySelectorAll(
            "#how-many :is(button, input, textarea, img)")]
        .filter((e) => e.checkVisibility() && e.type !== "file" && !(
            e.alt || e.title || e.innerText?.trim() || e.getAttribute("aria-label")
            || [...(e.labels || [])].some((label) => label.innerText.trim())
            || e.querySelector("img[alt]:not([alt=''])")))
        .map((e) => e.outerHTML.slice(0, 120))"""
    page.goto(server_url)
    expect(page.get_by_role("button", name="Chelsea the cat")).to_be_visible()
    expect(page.get_by_role("button", name="CIFAR-10, frog")).to_be_visible()
    upload(page, rotated_jpeg(tmp_path))
    coloured(page)
    version = page.get_by_role("button", name="Warmer")
    version.click()
    expect(version).to_have_attribute("aria-pressed", "true", timeout=SLOW)
    expect(page.get_by_role("button", name="Cooler")).to_have_attribute("aria-pressed", "false")
    for tab in ("Before and after", "Hints", "Methods", "Many photographs"):
        page.get_by_role("tab", name=tab).click()
        if tab == "Methods":
            expect(page.locator("#methods img")).to_have_count(3, timeout=SLOW)
        assert page.evaluate(nameless) == [], tab
    for note in ("photo-note", "hints-note", "full-size", "many-report"):
        expect(page.locator(f"#{note} [role=status]")).to_have_count(1)


def test_grey_and_colours_in_turn_without_a_mouse(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    coloured(page)
    result = page.locator("#result img").first
    uncovered = page.locator("#uncovered")

    def most_colour(start: float, end: float) -> int:
        """The largest difference of two channels in a part of the picture's width, as seen."""
        box = result.bounding_box()
        assert box is not None
        # In the middle of the height, where the handle's knob is not.
        clip = {
            "x": box["x"] + start * box["width"], "width": (end - start) * box["width"],
            "y": box["y"] + 0.25 * box["height"], "height": 20,
        }  # fmt: skip
        seen = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"))
        return int(np.ptp(seen.astype(int), axis=-1).max())

    def until(true: Callable[[], bool]) -> None:
        for _ in range(100):
            if true():
                return
            page.wait_for_timeout(100)
        raise AssertionError("The picture does not show what was chosen.")

    until(lambda: most_colour(0.3, 0.45) <= 1 < most_colour(0.55, 0.7))
    uncovered.get_by_role("radio", name="Half").focus()
    page.keyboard.press("ArrowRight")
    until(lambda: min(most_colour(0.3, 0.45), most_colour(0.55, 0.7)) > 1)
    page.keyboard.press("ArrowRight")
    until(lambda: max(most_colour(0.3, 0.45), most_colour(0.55, 0.7)) <= 1)


def test_a_second_photograph_during_the_first(page: Page, server_url: str, tmp_path: Path) -> None:
    large, small = tmp_path / "large", tmp_path / "small"
    large.mkdir()
    small.mkdir()
    page.goto(server_url)
    upload(page, rotated_jpeg(large, 4000, 3000))
    expect(page.locator("#photo img")).to_have_count(1, timeout=SLOW)
    page.get_by_role("button", name="Remove Image").click()
    upload(page, rotated_jpeg(small, 640, 480))
    expect(page.locator("#photo-note")).to_contain_text("640 × 480 pixels", timeout=SLOW)
    expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
    page.wait_for_function(
        "[...document.querySelectorAll('#result img')].every((image) => image.naturalWidth == 640)",
        timeout=SLOW,
    )


def test_a_late_refusal_is_not_of_the_example_after_it(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    broken = tmp_path / "half.jpg"
    broken.write_bytes(rotated_jpeg(tmp_path).read_bytes()[:2000])
    held = hold_first(page, lambda data: len(data) == 1 and "path" in (data[0] or ()))
    page.goto(server_url)
    upload(page, broken)
    expect(page.locator("#photo img")).to_have_count(1, timeout=SLOW)
    page.get_by_role("button", name="CIFAR-10, frog").click()
    let_go_and_see(page, held, "32 × 32 pixels")


def test_a_photograph_removed_before_it_is_looked_at(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    """The next step of the first upload finds no photograph, and comes back after a second one."""
    forgetting = hold_first(page, lambda data: data == [None])
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    expect(page.locator("#photo img")).to_have_count(1, timeout=SLOW)
    page.get_by_role("button", name="Remove Image").click()
    expect(page.locator("#photo img")).to_have_count(0)
    checking = hold_first(page, lambda data: data == [None])
    with page.expect_response("**/queue/join*"):
        forgetting[0].fallback()
    for _ in range(200):
        if checking:
            break
        page.wait_for_timeout(100)
    upload(page, rotated_jpeg(tmp_path, 640, 480))
    let_go_and_see(page, checking, "640 × 480 pixels")


def test_clicks_during_a_click_are_not_lost(page: Page, server_url: str, tmp_path: Path) -> None:
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    shown = coloured(page)
    expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
    held: list[Route] = []

    def twice(click: Callable[[int], None]) -> None:
        """Click again before the server has heard of the first click."""
        page.route("**/queue/join*", lambda route: held.append(route))
        for number in range(2):
            click(number)
        page.wait_for_timeout(500)
        while held:
            with page.expect_response("**/queue/join*"):
                held.pop(0).continue_()
        page.unroute("**/queue/join*")

    # Of two versions the last one: that is the one which is marked.
    warmer, cooler = (page.get_by_role("button", name=name) for name in ("Warmer", "Cooler"))
    cooler.click()
    shown = changed(page, shown)
    yellow = fetched(page, shown)[..., 2].mean()
    warmer.click()
    shown = changed(page, shown)
    assert fetched(page, shown)[..., 2].mean() > yellow + 2
    page.get_by_role("button", name="As painted").click()
    changed(page, shown)
    twice(lambda number: (warmer, cooler)[number].click())
    expect(cooler).to_have_attribute("aria-pressed", "true")
    for _ in range(100):  # two answers come, one after the other
        shown = page.locator("#result img").last.get_attribute("src") or ""
        if abs(fetched(page, shown)[..., 2].mean() - yellow) < 0.1:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(1000)
    expect(page.locator("#result img").last).to_have_attribute("src", shown)
    assert fetched(page, shown)[..., 2].mean() == pytest.approx(yellow, abs=0.1)

    # Of two places both, and of two steps back both.
    page.get_by_role("tab", name="Hints").click()
    touch = page.locator("#touch img")
    size = touch.bounding_box()
    assert size is not None
    places = [{"x": share * size["width"], "y": 0.25 * size["height"]} for share in (0.25, 0.75)]
    twice(lambda number: touch.click(position=places[number]))
    expect(page.locator("#hints-note")).to_contain_text("2 hints")
    twice(lambda _: page.get_by_role("button", name="Undo last hint").click())
    expect(page.locator("#hints-note")).to_contain_text("No hints")


def test_broken_file_is_told_in_a_sentence(page: Page, server_url: str, tmp_path: Path) -> None:
    page.goto(server_url)
    whole, broken = io.BytesIO(), tmp_path / "half.jpg"
    landscape().save(whole, "JPEG")
    broken.write_bytes(whole.getvalue()[:2000])
    upload(page, broken)
    expect(page.locator("#photo-note")).to_contain_text("damaged or incomplete", timeout=SLOW)
    expect(page.locator("#photo img")).to_have_count(0)
    expect(page.locator("#result")).to_have_count(0)
    expect(page.get_by_text("Traceback")).to_have_count(0)


def test_phone_takes_an_example_without_sideways_scrolling(page: Page, server_url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(server_url)
    page.locator("button.gallery-item").last.click()
    coloured(page)
    expect(page.locator("#result")).to_be_in_viewport(timeout=SLOW)
    for tab in ("Hints", "Methods", "Many photographs"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_many_photographs_come_back_in_a_zip(page: Page, server_url: str, tmp_path: Path) -> None:
    page.goto(server_url)
    page.get_by_role("tab", name="Many photographs").click()
    letter = tmp_path / "letter.jpg"
    letter.write_text("dear aunt")
    page.locator("#many-files input[type=file]").set_input_files([rotated_jpeg(tmp_path), letter])
    expect(page.locator("#many-files")).to_contain_text("letter", timeout=SLOW)
    page.get_by_role("button", name="Colorize all").click()
    report = page.locator("#many-report")
    expect(report).to_contain_text("1 of 2 photographs have colours", timeout=SLOW)
    expect(report).to_contain_text("letter.jpg: The file is not a picture")
    with page.expect_download(timeout=SLOW) as caught:
        page.get_by_role("button", name=re.compile("Download 1 as zip")).click()
    with zipfile.ZipFile(caught.value.path()) as archive:
        assert archive.namelist() == ["Grossvater-am-See-colorized-photo.jpg", "not-colorized.txt"]


def test_stop_in_the_middle_offers_what_is_finished(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    page.goto(server_url)
    page.get_by_role("tab", name="Many photographs").click()
    start = page.get_by_role("button", name="Colorize all")
    stop = page.get_by_role("button", name="Stop", exact=True)
    start.click()  # without a photograph
    expect(page.get_by_text("There are no photographs yet")).to_be_visible()
    expect(start).to_be_enabled()
    expect(stop).to_have_count(0)

    files = [tmp_path / f"{number}.jpg" for number in range(20)]
    landscape(2400, 1600).save(files[0])
    for file in files[1:]:
        file.write_bytes(files[0].read_bytes())
    page.locator("#many-files input[type=file]").set_input_files(files)
    expect(page.locator("#many-files .file-preview tr")).to_have_count(20, timeout=SLOW)
    start.dblclick()
    expect(start).to_be_disabled()
    report = page.locator("#many-report")
    some = re.compile(r"\b([2-9]|1\d) of 20 photographs have colours")  # 2 may be over in no time
    expect(report).to_contain_text(some, timeout=SLOW)
    stop.click()
    expect(report).to_contain_text(
        re.compile(r"Stopped: \d+ of 20 photographs have colours and are in the zip\."),
        timeout=SLOW,
    )
    expect(start).to_be_enabled()
    expect(stop).to_have_count(0)
    done = page.locator("#many-gallery img").count()
    assert 2 <= done < 20
    with page.expect_download(timeout=SLOW) as caught:
        page.get_by_role("button", name=f"Download {done} as zip").click()
    with zipfile.ZipFile(caught.value.path()) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{n}-colorized-photo.jpg" for n in range(done)]


def test_who_does_not_wait_leaves_the_queue(
    context: BrowserContext, server_url: str, tmp_path: Path
) -> None:
    landscape(3000, 2000).save(tmp_path / "0.jpg")
    pages = [context.new_page() for _ in range(2)]
    for page, count in zip(pages, (1, 39), strict=True):
        page.goto(server_url)
        page.get_by_role("tab", name="Many photographs").click()
        page.locator("#many-files input[type=file]").set_input_files([tmp_path / "0.jpg"] * count)
        expect(page.locator("#many-files .file-preview tr")).to_have_count(count, timeout=SLOW)
    waiting, working = pages
    working.get_by_role("button", name="Colorize all").click()
    expect(working.locator("#many-report")).to_contain_text("1 of 39", timeout=SLOW)
    waiting.get_by_role("button", name="Colorize all").click()
    expect(waiting.locator("#many-report")).to_contain_text("wait for their turn")
    waiting.get_by_role("button", name="Do not wait").click()
    expect(waiting.locator("#many-report")).to_contain_text("Nothing was coloured")
    waiting.get_by_role("button", name="Colorize all").click()  # changed their mind
    working.close()  # which ends its work
    expect(waiting.locator("#many-report")).to_contain_text("1 of 1 photo", timeout=SLOW)
