"""Every change of a photograph is taken back and made again, by buttons and by keys."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from visitor import SCREENS, SLOW, changed, coloured, fetched, on_screens, rotated_jpeg, upload

pytestmark = pytest.mark.browser


@on_screens("laptop")
def test_version_slider_and_hint_are_taken_back_and_made_again(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    with browser.new_context(**SCREENS[size]) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        shown = [coloured(page)]
        painted = fetched(page, shown[0])
        undo = page.get_by_role("button", name="Undo", exact=True)
        redo = page.get_by_role("button", name="Redo", exact=True)
        said, pressed = page.locator("#seen-as"), page.locator("[aria-pressed=true]")
        note = page.locator("#hints-note")
        saturation = page.locator("#saturation input[type=number]")
        for button in (undo, redo):
            expect(button).to_be_disabled()
            expect(button).to_be_in_viewport(ratio=1)
        expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)

        # Three changes, of which the slider's is one although it is sent in pieces.
        page.get_by_role("button", name="Seed 5").click()
        shown.append(changed(page, shown[-1]))
        expect(undo).to_be_enabled()
        slider = page.locator("#saturation input[type=range]")
        slider.focus()
        for _ in range(4):
            page.keyboard.press("ArrowLeft")
            page.wait_for_timeout(100)
        expect(saturation).to_have_value("0.8")
        page.wait_for_timeout(1500)
        shown.append(changed(page, shown[-1]))
        page.get_by_role("tab", name="Hints").click()
        touch = page.locator("#touch img")
        box = touch.bounding_box()
        assert box is not None
        touch.click(position={"x": 0.2 * box["width"], "y": 0.2 * box["height"]})
        expect(note).to_contain_text("1 hint", timeout=SLOW)

        # Back to the start by keys, with the last one too many.
        page.keyboard.press("Control+z")
        expect(note).to_contain_text("No hints yet", timeout=SLOW)
        page.get_by_role("tab", name="Before and after").click()
        for _ in range(3):
            page.keyboard.press("Control+z")
        expect(said).to_contain_text("version Cautious", timeout=SLOW)
        expect(pressed.filter(has_text="Cautious")).to_have_count(1, timeout=SLOW)
        expect(saturation).to_have_value("1")
        expect(undo).to_be_disabled()
        first = page.locator("#result img").last.get_attribute("src") or ""
        assert (fetched(page, first) == painted).all()
        page.wait_for_timeout(1000)  # what the page sets by itself is no change of the visitor's
        expect(redo).to_be_enabled()

        # And forward again, by a button and by keys.
        redo.click()
        expect(said).to_contain_text("version Seed 5", timeout=SLOW)
        page.keyboard.press("Control+Shift+z")
        expect(saturation).to_have_value("0.8", timeout=SLOW)
        redo.click()
        expect(note).to_contain_text("1 hint", timeout=SLOW)
        expect(redo).to_be_disabled()
        undo.click()
        expect(note).to_contain_text("No hints yet", timeout=SLOW)

        # What is written belongs to the browser; another change ends what was taken back.
        saturation.focus()
        page.keyboard.press("Control+z")
        saturation.blur()
        expect(said).to_contain_text("version Seed 5")
        page.get_by_role("button", name="Seed 2").click()
        expect(redo).to_be_disabled(timeout=SLOW)
        expect(said).to_contain_text("version Seed 2", timeout=SLOW)
        page.get_by_role("button", name="Undo all changes").click()
        expect(said).to_contain_text("version Cautious", timeout=SLOW)
        expect(undo).to_be_enabled(timeout=SLOW)
        undo.click()
        expect(said).to_contain_text("version Seed 2", timeout=SLOW)
        expect(saturation).to_have_value("0.8")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
