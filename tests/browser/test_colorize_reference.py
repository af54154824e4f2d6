"""A reference beside the photograph: its colours come, go, and are refused in one sentence."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from visitor import SCREENS, SLOW, changed, coloured, fetched, landscape, on_screens, upload

pytestmark = pytest.mark.browser
PINK = (1.0, 0.62, 0.72)


def of_other_colours(folder: Path) -> tuple[Path, Path]:
    """A photograph in grey, and the same in pink, as no browser shows it."""
    photo, reference = folder / "lake.png", folder / "lake in pink.tif"
    landscape().save(photo)
    grey = np.asarray(landscape(), np.float32)[..., None]
    Image.fromarray((grey * PINK).astype(np.uint8)).save(reference)
    # One tone all over would be a sepia print: some of it is green.
    with Image.open(reference) as image:
        rgb = np.array(image)
    rgb[500:] = (grey[500:] * (0.5, 1.0, 0.4)).astype(np.uint8)
    Image.fromarray(rgb).save(reference)
    return photo, reference


def downloaded(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download(timeout=SLOW) as caught:
        page.get_by_role("button", name=name, exact=True).click()
    file = folder / caught.value.suggested_filename
    caught.value.save_as(file)
    return file


@pytest.mark.slow
@on_screens("laptop")
def test_a_reference_colours_what_is_alike(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    photo, reference = of_other_colours(tmp_path)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photograph")
    with browser.new_context(**SCREENS[size], accept_downloads=True) as context:
        page = context.new_page()
        page.goto(server_url)
        expect(page.locator("#photo input[type=file]")).to_be_attached(timeout=SLOW)
        slot, said = page.locator("#reference"), page.locator("#seen-as")
        expect(slot).to_be_hidden()
        upload(page, photo)
        shown = coloured(page)
        before = fetched(page, shown)
        expect(slot).to_contain_text("Colours from another photograph")
        if size == "laptop":
            for button in ("#reference", "#download", "#save-recipe", "#use-recipe"):
                expect(page.locator(button)).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]

        slot.locator("input[type=file]").set_input_files(broken)
        expect(page.get_by_text("The reference broken.jpg cannot be used.")).to_be_visible()
        expect(slot.locator("img")).to_have_count(0)
        expect(said).not_to_contain_text("reference")

        slot.locator("input[type=file]").set_input_files(reference)
        expect(said).to_contain_text("after your reference", timeout=SLOW)
        expect(slot.locator("img")).to_have_count(1)
        shown = changed(page, shown)
        sky = np.s_[20:150, 50:500]
        pink = fetched(page, shown)
        assert pink[sky][..., 1].mean() > before[sky][..., 1].mean() + 8
        recipe = json.loads(downloaded(page, "Save recipe", tmp_path).read_text())
        assert [len(name) for name in recipe["references"]] == [64]
        made = downloaded(page, "Download", tmp_path)
        kept = made.rename(tmp_path / f"pink{made.suffix}")

        page.get_by_role("button", name="Undo", exact=True).click()
        expect(said).not_to_contain_text("reference", timeout=SLOW)
        expect(slot.locator("img")).to_have_count(0)
        page.get_by_role("button", name="Redo", exact=True).click()
        expect(said).to_contain_text("after your reference", timeout=SLOW)
        expect(slot.locator("img")).to_have_count(1)
        slot.get_by_role("button", name="Remove Image").click()
        expect(said).not_to_contain_text("reference", timeout=SLOW)
        # The recipe is in the picture, and says so when its reference is not here.
        with page.expect_file_chooser() as chosen:
            page.get_by_role("button", name="Use a recipe").click()
        chosen.value.set_files(kept)
        expect(said).to_contain_text("after your reference", timeout=SLOW)
        page.reload()
        upload(page, photo)
        coloured(page)
        with page.expect_file_chooser() as chosen:
            page.get_by_role("button", name="Use a recipe").click()
        chosen.value.set_files(kept)
        expect(page.get_by_text(f"SHA-256 {recipe['references'][0][:12]}")).to_be_visible()
