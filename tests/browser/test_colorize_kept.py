"""Two results beside each other: kept with what they are made of, gone back to, taken home."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from visitor import SCREENS, SLOW, changed, coloured, on_screens, rotated_jpeg, upload

pytestmark = pytest.mark.browser


@pytest.mark.slow
@on_screens("phone")
def test_two_results_are_kept_and_both_taken_home(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    with browser.new_context(**SCREENS[size], accept_downloads=True) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        shown = coloured(page)
        expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
        strip, said = page.locator("#kept-ones"), page.locator("#seen-as")
        tiles = page.locator("#kept .thumbnail-lg")
        keep = page.get_by_role("button", name="Keep this one")
        expect(strip).to_be_hidden()
        expect(keep).to_be_in_viewport(ratio=1)
        keep.click()
        expect(tiles).to_have_text(["Cautious"], timeout=SLOW)
        let_go = page.get_by_role("button", name="Don't keep it")
        expect(let_go).to_be_visible()

        page.get_by_role("button", name="Seed 5").click()
        shown = changed(page, shown)
        expect(keep).to_be_visible(timeout=SLOW)
        number = page.locator("#saturation input[type=number]")
        number.fill("0.5")
        number.blur()
        shown = changed(page, shown)
        keep.click()
        expect(tiles).to_have_text(["Cautious", "Seed 5, saturation 0.5"], timeout=SLOW)
        expect(tiles.nth(1)).to_have_attribute("aria-pressed", "true", timeout=SLOW)
        if size == "laptop":
            for part in ("#result", "#kept", "#download", "#back"):
                expect(page.locator(part)).to_be_in_viewport(ratio=1)

        # Back to the first one by a click, and from there by Undo.
        tiles.first.click()
        expect(said).to_contain_text("version Cautious", timeout=SLOW)
        expect(number).to_have_value("1")
        expect(tiles.first).to_have_attribute("aria-pressed", "true", timeout=SLOW)
        page.get_by_role("button", name="Undo", exact=True).click()
        expect(said).to_contain_text("version Seed 5", timeout=SLOW)
        expect(number).to_have_value("0.5")
        expect(tiles.nth(1)).to_have_attribute("aria-pressed", "true", timeout=SLOW)

        with page.expect_download(timeout=SLOW) as caught:
            page.get_by_role("button", name="Download all kept").click()
        assert caught.value.suggested_filename == "Großvater-am-See-colorized-2-kept.zip"
        with zipfile.ZipFile(caught.value.path()) as files:
            names = [f"Großvater-am-See-colorized-photo{one}.png" for one in ("-1", "-seed5-2")]
            assert files.namelist() == names
            first, second = (np.asarray(Image.open(files.open(name))) for name in names)
        assert first.shape == second.shape == (600, 900, 3)
        with page.expect_download(timeout=SLOW) as caught:
            page.get_by_role("button", name="Download", exact=True).click()
        np.testing.assert_array_equal(np.asarray(Image.open(caught.value.path())), second)
        assert (first != second).any()

        # Kept ones outlive "Undo all changes" and go one by one, or with their photograph.
        page.get_by_role("button", name="Undo all changes").click()
        expect(tiles.first).to_have_attribute("aria-pressed", "true", timeout=SLOW)
        let_go.click()
        expect(tiles).to_have_text(["Seed 5, saturation 0.5"], timeout=SLOW)
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        page.locator("#examples button").nth(2).click()
        expect(strip).to_be_hidden(timeout=SLOW)
