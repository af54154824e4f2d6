"""Repair first: the marks are seen before anything changes, and what is done can be taken back."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from visitor import SCREENS, SLOW, changed, coloured, fetched, landscape, on_screens, upload

from colorizers.painting import recipe

pytestmark = pytest.mark.browser


def scratched(folder: Path) -> Path:
    """A landscape with a white scratch from above to below."""
    grey = np.asarray(landscape()).copy()
    rows = np.arange(600)
    for beside in range(3):
        grey[rows, 300 + rows // 8 + beside] = 255
    file = folder / "scratched.png"
    Image.fromarray(grey).save(file)
    return file


@pytest.mark.slow
@on_screens("phone")
def test_marks_first_then_repair_then_back(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    with browser.new_context(**SCREENS[size], accept_downloads=True) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, scratched(tmp_path))
        plain = coloured(page)
        first = fetched(page, plain)
        page.get_by_role("tab", name="Repair").click()
        switch = page.get_by_label("Repair it before it is coloured").locator("visible=true")
        expect(switch).to_have_count(0)
        page.get_by_role("button", name="Look for scratches and dust").click()
        note = page.locator("#repair-note")
        expect(note).to_contain_text("scratches and dust (", timeout=SLOW)
        marks = page.locator("#repair-marks img")
        expect(marks).to_be_visible()
        shown = fetched(page, marks.get_attribute("src") or "")
        pink = (shown[..., 1] > 40).mean()
        assert 0.003 < pink < 0.03  # the scratch, and hardly anything else
        # Nothing has changed.
        undo = page.get_by_role("button", name="Undo", exact=True)
        expect(undo).to_be_disabled()
        expect(switch).not_to_be_checked()
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        switch.check()
        said = page.locator("#seen-as")
        page.get_by_role("tab", name="Before and after").click()
        expect(said).to_contain_text("of the repaired photograph", timeout=SLOW)
        mended = changed(page, plain)
        rows = np.arange(100, 500)
        columns = 301 + rows // 8
        assert first[rows, columns, 0].mean() > 95
        assert fetched(page, mended)[rows, columns, 0].mean() < 85
        # The file says it.
        with page.expect_download(timeout=SLOW) as download:
            page.get_by_role("button", name="Download", exact=True).click()
        file = tmp_path / "made.png"
        download.value.save_as(file)
        assert recipe.read(file).repair
        made = np.asarray(Image.open(file).convert("L")).astype(int)
        assert made[rows, columns].mean() < 210
        undo.click()
        expect(said).not_to_contain_text("repaired", timeout=SLOW)
        again = fetched(page, changed(page, mended))
        np.testing.assert_allclose(again, first, atol=0.5)
        page.get_by_role("button", name="Redo", exact=True).click()
        expect(said).to_contain_text("of the repaired photograph", timeout=SLOW)
        # Another photograph begins without it.
        page.get_by_role("button", name="Undo all changes").click()
        expect(said).not_to_contain_text("repaired", timeout=SLOW)
        page.get_by_role("tab", name="Repair").click()
        expect(note).to_contain_text("nothing changes until you ask", timeout=SLOW)
