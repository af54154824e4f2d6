"""A visitor in Chromium brings a photograph, compares, and takes the colorized file home."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image
from playwright.sync_api import Page, expect
from skimage.color import rgb2lab

pytestmark = pytest.mark.browser

SLOW = 90_000  # milliseconds; other tests share the processor


def landscape(width: int = 900, height: int = 600) -> Image.Image:
    """Sky over hills with a sun: enough structure for an edge and a network."""
    y, x = np.mgrid[0:height, 0:width] / height
    hills = 0.62 + 0.08 * np.sin(5 * x) + 0.03 * np.sin(17 * x)
    grey = np.where(y < hills, 200 - 60 * y, 90 + 40 * np.sin(40 * x) * (y - hills))
    grey = np.where((x - 1.1) ** 2 + (y - 0.2) ** 2 < 0.01, 240, grey)
    noise = np.random.default_rng(0).normal(0, 2, grey.shape)
    return Image.fromarray(np.clip(grey + noise, 0, 255).astype(np.uint8))


def rotated_jpeg(folder: Path) -> tuple[Path, Image.Image]:
    """A JPEG that lies on its side, with the EXIF note that says so, and how it should look."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    file = folder / "Großvater am See.jpg"
    landscape().transpose(Image.Transpose.ROTATE_90).save(file, quality=95, exif=exif)
    with Image.open(file) as stored:
        return file, stored.convert("RGB").transpose(Image.Transpose.ROTATE_270)


def upload(page: Page, file: Path) -> None:
    page.locator("#photo input[type=file]").set_input_files(file)


def colorize(page: Page) -> None:
    page.get_by_role("button", name="Colorize", exact=True).click()


def test_upload_choose_wait_download(page: Page, server_url: str, tmp_path: Path) -> None:
    pictures: list[str] = []
    page.on("response", lambda r: pictures.append(r.headers.get("content-type", "")))
    page.goto(server_url)
    file, upright = rotated_jpeg(tmp_path)
    upload(page, file)
    expect(page.locator("#photo-note")).to_contain_text("900 × 600 pixels, JPEG", timeout=SLOW)
    page.get_by_role("checkbox", name=re.compile("Classification")).uncheck()
    expect(page.locator("#temperature")).to_be_hidden()
    colorize(page)
    button = page.get_by_role("button", name="Download PNG, 900 × 600")
    expect(button).to_have_count(1, timeout=SLOW)
    expect(page.locator("#result-gan img")).to_have_count(2)
    with page.expect_download() as caught:
        button.click()
    assert caught.value.suggested_filename == "Grossvater-am-See-colorized-gan.png"
    with Image.open(caught.value.path()) as image:
        assert image.format == "PNG"
        assert image.size == upright.size == (900, 600)
        made = rgb2lab(np.asarray(image.convert("RGB")))
    given = rgb2lab(np.asarray(upright))
    # Colours at the border of sRGB may cost a little L; everything else is 8-bit rounding.
    assert np.median(np.abs(made[..., 0] - given[..., 0])) < 0.25
    assert np.abs(made[..., 0] - given[..., 0]).mean() < 0.5
    assert np.abs(made[..., 1:]).max() > 3  # it did get colours
    assert "image/webp" not in pictures


def test_slider_uncovers_the_colours(page: Page, server_url: str, tmp_path: Path) -> None:
    page.goto(server_url)
    file, _ = rotated_jpeg(tmp_path)
    upload(page, file)
    expect(page.locator("#photo-note")).to_contain_text("pixels", timeout=SLOW)
    colorize(page)
    slider = page.locator("#result-gan")
    expect(slider.locator("img")).to_have_count(2, timeout=SLOW)
    expect(page.locator("#result-classification img")).to_have_count(2, timeout=SLOW)
    slider.scroll_into_view_if_needed()
    box = slider.locator("img").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2

    def shown() -> np.ndarray:
        clip = {"x": box["x"] + 60, "y": middle - 5, "width": 20, "height": 10}
        return np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"))

    grey = shown()
    assert np.ptp(grey.astype(int), axis=-1).max() <= 1
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 10, middle, steps=8)
    page.mouse.up()
    coloured = shown()
    assert np.ptp(coloured.astype(int), axis=-1).max() > 1


def test_broken_file_is_told_in_a_sentence(page: Page, server_url: str, tmp_path: Path) -> None:
    page.goto(server_url)
    whole, broken = io.BytesIO(), tmp_path / "half.jpg"
    landscape().save(whole, "JPEG")
    broken.write_bytes(whole.getvalue()[:2000])
    upload(page, broken)
    expect(page.locator("#photo-note")).to_contain_text("damaged or incomplete", timeout=SLOW)
    expect(page.locator("#photo img")).to_have_count(0)
    colorize(page)
    expect(page.get_by_text("There is no photograph yet")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Traceback")).to_have_count(0)


def test_phone_takes_an_example_without_sideways_scrolling(page: Page, server_url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(server_url)
    page.locator("button.gallery-item").last.click()
    downloads = page.get_by_role("button", name=re.compile("Download PNG"))
    expect(downloads).to_have_count(2, timeout=SLOW)
    first, second = (downloads.nth(index).bounding_box() for index in range(2))
    assert first is not None
    assert second is not None
    assert second["y"] > first["y"] + first["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
