"""A recipe is saved, and colours the photograph again: from its file, and from a picture."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from visitor import SCREENS, SLOW, changed, coloured, on_screens, rotated_jpeg, upload

pytestmark = pytest.mark.browser


def taken(page: Page, name: str, folder: Path) -> Path:
    """What a button hands out."""
    with page.expect_download(timeout=SLOW) as caught:
        page.get_by_role("button", name=name, exact=True).click()
    file = folder / caught.value.suggested_filename
    caught.value.save_as(file)
    return file


def use(page: Page, file: Path) -> None:
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Use a recipe").click()
    chosen.value.set_files(file)


@on_screens("laptop")
def test_a_recipe_colours_again(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    with browser.new_context(**SCREENS[size], accept_downloads=True) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        shown = coloured(page)
        expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
        page.get_by_role("button", name="Seed 5").click()
        shown = changed(page, shown)
        number = page.locator("#saturation input[type=number]")
        number.fill("0.5")
        number.blur()
        shown = changed(page, shown)
        if size == "laptop":
            expect(page.locator("#download")).to_be_in_viewport(ratio=1)
        recipe = taken(page, "Save recipe", tmp_path)
        assert recipe.suffix == ".json"
        told = json.loads(recipe.read_text())
        assert (told["options"]["seed"], told["saturation"]) == (5, 0.5)
        picture = taken(page, "Download", tmp_path)
        picture = picture.rename(tmp_path / f"first{picture.suffix}")

        said = page.locator("#seen-as")
        for source in (recipe, picture):
            page.get_by_role("button", name="Seed 2").click()
            # Not the picture, which may still be changing by what was asked before.
            expect(said).to_contain_text("version Seed 2", timeout=SLOW)
            shown = changed(page, shown)
            use(page, source)
            expect(said).to_contain_text("version Seed 5", timeout=SLOW)
            expect(number).to_have_value("0.5")
            shown = changed(page, shown)
        assert taken(page, "Download", tmp_path).read_bytes() == picture.read_bytes()

        recipe.write_text('{"truehue": 1, "method": "photo", "warmth": 7}')
        use(page, recipe)
        expect(page.get_by_text("the warmth 7 must be a number from -1 to 1")).to_be_visible()
        page.get_by_role("button", name="Undo", exact=True).click()
        expect(said).to_contain_text("version Seed 2", timeout=SLOW)
