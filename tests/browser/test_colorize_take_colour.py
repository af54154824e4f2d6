"""A colour is taken from another photograph of the same thing, by a click into it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from visitor import SCREENS, SLOW, changed, coloured, fetched, on_screens, rotated_jpeg, upload

pytestmark = pytest.mark.browser


@pytest.mark.slow
@on_screens("phone")
def test_the_colour_of_a_coat_from_another_photograph(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    halves = np.zeros((900, 1200, 3), np.uint8)
    halves[:, :600], halves[:, 600:] = (160, 40, 30), (40, 60, 150)
    coat = tmp_path / "coat.tif"  # which no browser shows
    Image.fromarray(halves).save(coat)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photograph")
    with browser.new_context(**SCREENS[size]) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        coloured(page)
        page.get_by_role("tab", name="Hints").click()
        shown = page.locator("#touch img").get_attribute("src") or ""
        page.get_by_role("button", name="Take a colour from another photograph").click()
        page.locator("#model input[type=file]").set_input_files(broken)
        note = page.locator("#hints-note")
        expect(note).to_contain_text("⚠️", timeout=SLOW)
        expect(page.locator("#model img")).to_have_count(0)
        page.locator("#model input[type=file]").set_input_files(coat)
        model = page.locator("#model img")
        expect(model).to_have_js_property("naturalWidth", 640, timeout=SLOW)
        box = model.bounding_box()
        assert box is not None
        written = page.get_by_label("Or type one")
        model.click(position={"x": 0.35 * box["width"], "y": 0.5 * box["height"]})
        expect(written).to_have_value("#a0281e", timeout=SLOW)
        model.click(position={"x": 0.65 * box["width"], "y": 0.5 * box["height"]})
        expect(written).to_have_value("#283c96", timeout=SLOW)
        touch = page.locator("#touch img")
        size_ = touch.bounding_box()
        assert size_ is not None
        touch.click(position={"x": 0.25 * size_["width"], "y": 0.2 * size_["height"]})
        expect(note).to_contain_text("1 hint", timeout=SLOW)
        lab = fetched(page, changed(page, shown, "#touch img"))
        assert lab[115:125, 250:260, 2].mean() < -15
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
