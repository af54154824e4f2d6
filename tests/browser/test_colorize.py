"""A visitor in Chromium brings a photograph, changes its colours, and takes the file home."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms
from playwright.sync_api import Browser, Page, expect
from skimage.color import rgb2lab
from visitor import (
    SCREENS,
    SLOW,
    changed,
    coloured,
    fetched,
    landscape,
    on_screens,
    rotated_jpeg,
    upload,
)

from colorizers.color import lab_to_rgb

pytestmark = pytest.mark.browser


def gamma_profile() -> bytes:
    """An RGB profile that is not sRGB: Pillow's, with a gamma of 2 and another name."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    changed = made.replace(bytes.fromhex("00026666"), bytes.fromhex("00020000"))
    changed = changed.replace("sRGB".encode("utf-16-be"), "grey".encode("utf-16-be"))
    assert changed != made
    return changed


def chroma(lab: np.ndarray) -> float:
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def set_slider(page: Page, element: str, value: str) -> None:
    box = page.locator(f"{element} input[type=number]")
    box.fill(value)
    box.blur()


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
    # As much of it as so bright a sky can have: it keeps its lightness.
    _, a, b = rgb2lab(lab_to_rgb([hinted[192, 256, 0], a, b]))
    np.testing.assert_allclose(hinted[192, 256, 1:], [a, b], atol=8)
    np.testing.assert_allclose(hinted[740:, :, 1:], stronger[740:, :, 1:], atol=6)

    page.locator("#format input").click()
    page.get_by_role("option", name="JPEG").click()
    expect(page.locator("#quality")).to_be_visible(timeout=SLOW)
    with page.expect_download(timeout=SLOW) as caught:
        page.get_by_role("button", name="Download", exact=True).click()
    assert caught.value.suggested_filename == "Großvater-am-See-colorized-photo.jpg"
    with Image.open(caught.value.path()) as image:
        assert (image.format, image.size) == ("JPEG", (4000, 3000))
        assert image.getexif().get(ExifTags.Base.Orientation, 1) == 1
        assert image.info["icc_profile"] == profile
        taken = ImageCms.applyTransform(image.convert("RGB"), transform)
    assert taken is not None
    small = rgb2lab(np.asarray(taken.resize((400, 300), Image.Resampling.BOX)))
    given = rgb2lab(np.asarray(seen.resize((400, 300), Image.Resampling.BOX)))
    # JPEG and two profiles round.
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
    expect(page.locator("#methods img")).to_have_count(5, timeout=SLOW)
    page.locator("#methods button").nth(1).click()
    expect(page.locator("#result")).to_be_visible(timeout=SLOW)
    third = changed(page, second)
    with page.expect_download(timeout=SLOW) as caught:
        page.get_by_role("button", name="Download", exact=True).click()
    assert caught.value.suggested_filename == "Großvater-am-See-colorized-classification.png"
    page.get_by_role("button", name="Undo all changes").click()
    changed(page, third)
    assert "image/webp" not in pictures


@on_screens("phone")
def test_a_colour_waits_for_the_next_click_and_rings_choose(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    with browser.new_context(**SCREENS[size]) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        coloured(page)
        page.get_by_role("tab", name="Hints").click()
        touch, note = page.locator("#touch img"), page.locator("#hints-note")
        box = touch.bounding_box()
        assert box is not None
        places = [{"x": x * box["width"], "y": 0.2 * box["height"]} for x in (0.2, 0.8)]
        choose = page.locator("#hint-palette")

        def seen(shown: str) -> list[float]:
            """How yellow the two places are, beside their rings."""
            lab = fetched(page, shown)
            return [float(lab[115:125, x : x + 10, 2].mean()) for x in (195, 735)]

        shown = touch.get_attribute("src") or ""
        choose.get_by_text("Wood", exact=True).click()
        touch.click(position=places[0])
        expect(note).to_contain_text("1 hint", timeout=SLOW)
        shown = changed(page, shown, "#touch img")
        wood = seen(shown)[0]
        # What the network holds likely there, before the palette and named.
        likely = page.locator("#hint-likely label")
        expect(likely.first).to_contain_text("%")
        first, palette = likely.first.bounding_box(), choose.bounding_box()
        assert first is not None
        assert palette is not None
        assert first["x"] < palette["x"]
        assert abs(first["y"] - palette["y"]) < 10
        choose.get_by_text("Sky", exact=True).click()
        touch.click(position=places[1])
        expect(note).to_contain_text("2 hints", timeout=SLOW)
        shown = changed(page, shown, "#touch img")
        first_, second = seen(shown)
        assert first_ == pytest.approx(wood, abs=1)  # Sky was for the other one
        assert second < -10 < 10 < wood
        touch.click(position=places[0])
        expect(note).to_contain_text("This one is selected", timeout=SLOW)
        shown = changed(page, shown, "#touch img")
        choose.get_by_text("Denim", exact=True).click()
        shown = changed(page, shown, "#touch img")
        assert seen(shown)[0] < -10
        page.get_by_role("button", name="Remove this hint").click()
        expect(note).to_contain_text("1 hint,", timeout=SLOW)
        assert seen(changed(page, shown, "#touch img"))[1] == pytest.approx(second, abs=1)
        page.get_by_role("button", name="Clear all hints").click()
        expect(note).to_contain_text("No hints yet", timeout=SLOW)


@pytest.mark.slow
def test_what_was_found_in_a_scan_stays_said(page: Page, server_url: str, tmp_path: Path) -> None:
    scan = tmp_path / "scan.tif"
    landscape(300, 200).save(scan, save_all=True, append_images=[landscape(300, 200)])
    page.goto(server_url)
    upload(page, scan)
    coloured(page)
    note = page.locator("#photo-note")
    expect(note).to_contain_text("300 × 200 pixels, TIFF.")
    expect(note).to_contain_text("several pages; the first one is used")


def test_broken_file_is_told_in_a_sentence(page: Page, server_url: str, tmp_path: Path) -> None:
    page.goto(server_url)
    whole, broken = io.BytesIO(), tmp_path / "half.jpg"
    landscape().save(whole, "JPEG")
    broken.write_bytes(whole.getvalue()[:640])
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
