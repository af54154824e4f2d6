"""Hints, strokes and the mask by a cross that arrow keys move, in a real browser at both sizes."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from visitor import SCREENS, SLOW, changed, coloured, fetched, on_screens, rotated_jpeg, upload

pytestmark = pytest.mark.browser


def press(page: Page, *presses: tuple[str, int]) -> None:
    """Press keys, each so many times."""
    for key, times in presses:
        for _ in range(times):
            page.keyboard.press(key)


def to_the_picture(page: Page) -> None:
    """Go on by Tab until the picture has the focus."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#touch') !== null"):
            return
    raise AssertionError("Tab does not come to the picture.")


@on_screens("phone")
def test_a_mask_a_stroke_and_a_hint_by_keys_alone(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    with browser.new_context(**SCREENS[size]) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        first = coloured(page)
        plain = fetched(page, first)
        rows, columns = plain.shape[:2]
        page.get_by_role("tab", name="Hints").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#touch img")).to_be_visible()
        cross, spoken = page.locator("#cross"), page.locator("#cross-said")
        seen, note = page.locator("#seen-as"), page.locator("#hints-note")
        expect(cross).to_be_hidden()

        # A stroke of the mask, from the middle of the hills to the right, in two straight parts.
        page.get_by_role("radio", name="Colour", exact=True).focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("radio", name="Take back")).to_be_checked()
        to_the_picture(page)
        expect(cross).to_be_visible()
        expect(page.locator("#cross-help")).to_be_visible()
        described = page.evaluate(
            "document.getElementById(document.activeElement.getAttribute('aria-describedby'))"
            ".innerText"
        )
        assert "Arrow keys" in described
        assert "Space" in described
        scrolled = page.evaluate("scrollY")
        press(page, ("Shift+ArrowDown", 3), ("ArrowDown", 5), ("Shift+ArrowLeft", 3))
        expect(spoken).to_have_text("20% across, 85% down")
        page.keyboard.press("Space")
        expect(spoken).to_contain_text("The stroke starts here")
        press(page, ("Shift+ArrowRight", 5), ("ArrowRight", 5))
        expect(spoken).to_have_text("75% across, 85% down")
        page.keyboard.press("Space")
        expect(spoken).to_contain_text("The stroke is done")
        expect(seen).to_contain_text("partly grey", timeout=SLOW)
        assert page.evaluate("scrollY") == scrolled
        taken = fetched(page, changed(page, first))
        line = taken[int(0.85 * rows), int(0.21 * columns) : int(0.74 * columns), 1:]
        assert abs(line).max() < 1
        above = np.s_[: int(0.5 * rows), :, 1:]
        np.testing.assert_allclose(taken[above], plain[above], atol=2)

        # The focus is still there: a stroke that is given up leaves nothing, Enter a single dot.
        expect(cross).to_be_visible()
        before = page.locator("#result img").last.get_attribute("src") or ""
        press(page, ("Space", 1), ("Shift+ArrowUp", 3), ("Escape", 1))
        expect(spoken).to_contain_text("given up")
        expect(page.locator(".brush-mark")).to_have_count(0)
        press(page, ("Shift+ArrowUp", 3), ("ArrowUp", 5), ("Enter", 1))  # 75 % across, 20 % down
        dotted = fetched(page, changed(page, before))
        assert abs(dotted[int(0.2 * rows), int(0.75 * columns), 1:]).max() < 1
        np.testing.assert_allclose(
            dotted[int(0.5 * rows), :, 1:], plain[int(0.5 * rows), :, 1:], atol=2
        )
        expect(note).to_contain_text("No hints yet")

        # The same keys set hints: a point by Enter, which is where the cross is.
        page.get_by_role("radio", name="Take back").focus()
        page.keyboard.press("ArrowLeft")
        to_the_picture(page)
        press(page, ("Shift+ArrowLeft", 5), ("Enter", 1))
        expect(note).to_contain_text("1 hint", timeout=SLOW)
        expect(note).to_contain_text("25% across, 20% down")
        press(page, ("Space", 1), ("Shift+ArrowDown", 2), ("Space", 1))
        expect(note).to_contain_text("2 hints", timeout=SLOW)
        page.keyboard.press("Tab")
        expect(cross).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.slow
def test_keys_wait_for_a_picture_that_is_still_being_fetched(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    coloured(page)
    page.get_by_role("tab", name="Hints").click()
    expect(page.locator("#touch img")).to_be_visible()

    def slowly(route: Route) -> None:
        page.wait_for_timeout(1500)
        route.continue_()

    page.route("**/hints-*.png", slowly, times=1)
    page.get_by_role("radio", name="Colour", exact=True).focus()
    to_the_picture(page)
    shown = page.locator("#touch img").get_attribute("src") or ""
    page.keyboard.press("Enter")
    changed(page, shown, "#touch img")
    press(page, ("Space", 1), ("Shift+ArrowDown", 3), ("Space", 1))
    expect(page.locator("#hints-note")).to_contain_text("2 hints", timeout=SLOW)


@pytest.mark.slow
def test_the_cross_stays_on_the_picture_and_away_from_the_mouse(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    coloured(page)
    page.get_by_role("tab", name="Hints").click()
    page.locator("#touch img").click(position={"x": 40, "y": 40})
    expect(page.locator("#hints-note")).to_contain_text("1 hint", timeout=SLOW)
    expect(page.locator("#cross")).to_be_hidden()  # who clicks needs none
    page.get_by_role("radio", name="Colour", exact=True).focus()
    to_the_picture(page)
    press(page, ("Shift+ArrowUp", 8), ("Shift+ArrowLeft", 8))
    expect(page.locator("#cross-said")).to_have_text("0% across, 0% down")
    picture, cross = (page.locator(at).bounding_box() for at in ("#touch img", "#cross"))
    assert picture is not None
    assert cross is not None
    middle = cross["x"] + cross["width"] / 2, cross["y"] + cross["height"] / 2
    assert abs(middle[1] - picture["y"]) < 2
    assert middle[0] >= picture["x"] - 1
