"""The box that asks for a visible mark, and the file that it is in."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from visitor import SCREENS, SLOW, coloured, on_screens, rotated_jpeg, upload

pytestmark = pytest.mark.browser


@pytest.mark.slow
@on_screens("laptop")
def test_a_mark_is_in_the_file_when_it_is_asked_for(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    with browser.new_context(**SCREENS[size], accept_downloads=True) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        coloured(page)
        files = []
        for _ in range(2):
            with page.expect_download(timeout=SLOW) as caught:
                page.get_by_role("button", name="Download", exact=True).click()
            files.append(np.asarray(Image.open(caught.value.path())))
            box = page.get_by_label("Mark: colours are a guess")
            expect(box).to_be_enabled()
            box.check()
        changed = (files[0] != files[1]).any(axis=2)
        assert changed[-10:, -100:].mean() > 0.9
        assert not changed[:-60].any()
