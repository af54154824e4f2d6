"""How sure is it? A veil over the picture on request, which no file has."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect
from visitor import SCREENS, SLOW, changed, coloured, fetched, on_screens, rotated_jpeg, upload

pytestmark = pytest.mark.browser


@pytest.mark.slow
@on_screens("phone")
def test_a_veil_on_request(browser: Browser, server_url: str, tmp_path: Path, size: str) -> None:
    with browser.new_context(**SCREENS[size]) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        plain = coloured(page)
        said, asked = page.locator("#seen-as"), page.get_by_label("How sure is it?")
        expect(said).to_contain_text("Cautious", timeout=SLOW)
        first = fetched(page, plain)
        asked.scroll_into_view_if_needed()
        asked.check()
        expect(said).to_contain_text("the cautious colour is about right", timeout=SLOW)
        veiled = changed(page, plain)
        assert np.abs(fetched(page, veiled) - first).max() > 5  # some of it is unsure
        expect(page.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        asked.uncheck()
        expect(said).to_contain_text("Cautious", timeout=SLOW)
        again = fetched(page, changed(page, veiled))
        np.testing.assert_allclose(again, first, atol=0.5)
        # A new photograph begins without it.
        asked.check()
        expect(said).to_contain_text("the cautious colour is about right", timeout=SLOW)
        page.get_by_role("button", name="Undo all changes").click()
        expect(said).to_contain_text("Cautious", timeout=SLOW)
        expect(asked).not_to_be_checked()
