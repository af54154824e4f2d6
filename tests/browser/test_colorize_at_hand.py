"""The work at hand on a laptop and on a phone, and what is shown of it is said."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from visitor import SCREENS, SLOW, coloured, landscape, on_screens, rotated_jpeg, upload

pytestmark = pytest.mark.browser

PRESSED = "#versions .thumbnail-lg[aria-pressed=true]"


def test_a_laptop_shows_all_of_the_work_at_once(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    page.goto(server_url)
    expect(page.get_by_text("Nothing in a grey picture")).to_be_hidden()  # asked for by a click
    upload(page, rotated_jpeg(tmp_path))
    coloured(page)
    expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
    for part in ("result", "versions", "saturation", "warmth", "download", "again"):
        expect(page.locator(f"#{part}")).to_be_in_viewport(ratio=1)

    # What is seen is said and marked, from the first moment and after every change.
    said = page.locator("#seen-as")
    expect(said).to_contain_text("Photographs, version Cautious")
    expect(page.locator(PRESSED)).to_have_text("Cautious", timeout=SLOW)
    page.get_by_role("button", name="Seed 2").click()
    expect(said).to_contain_text("version Seed 2", timeout=SLOW)
    page.get_by_role("tab", name="Hints").click()
    line = page.locator("#hint-line").bounding_box()
    assert line is not None
    assert line["height"] < 45
    expect(page.locator("#touch img")).to_be_in_viewport(ratio=1)
    page.get_by_role("tab", name="Methods").click()
    expect(page.locator("#methods img")).to_have_count(5, timeout=SLOW)
    expect(page.locator("#methods [aria-pressed=true]")).to_have_text("Photographs", timeout=SLOW)
    page.locator("#methods button").nth(2).click()
    expect(said).to_contain_text("Coloured by Conditional DCGAN", timeout=SLOW)
    expect(page.locator(PRESSED)).to_have_count(0, timeout=SLOW)

    # A comma is a decimal mark, and what is out of range comes back into it.
    number = page.locator("#saturation input[type=number]")
    for typed, kept in (("1,5", "1.5"), ("15", "2")):
        number.focus()
        page.keyboard.press("Control+a")
        page.keyboard.type(typed, delay=60)
        number.blur()
        expect(number).to_have_value(kept)


def test_a_phone_goes_to_the_colours_and_a_swipe_over_them_scrolls(
    browser: Browser, server_url: str, tmp_path: Path
) -> None:
    with browser.new_context(**SCREENS["phone"]) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        coloured(page)
        result = page.locator("#result")
        expect(result).to_be_in_viewport(ratio=0.9, timeout=SLOW)
        expect(page.locator("#download")).to_be_in_viewport(ratio=1)
        expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
        # The line of buttons has a ground of its own: nothing is seen or hit between them.
        for place in ([4, 824], [65, 824], [121, 824], [386, 824], [200, 841]):
            under = page.evaluate("([x, y]) => document.elementFromPoint(x, y).id", place)
            assert under == "work", (place, under)
        page.wait_for_timeout(500)
        before, box = page.evaluate("scrollY"), result.bounding_box()
        assert box is not None
        finger = context.new_cdp_session(page)
        x, y = box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"]
        for step in range(9):
            kind, points = "touchMove" if step else "touchStart", [{"x": x, "y": y - 25 * step}]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
            page.wait_for_timeout(20)
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_timeout(500)
        assert page.evaluate("scrollY") > before + 80
        expect(page.locator("#download")).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_a_photograph_removed_while_it_is_coloured_leaves_nothing_and_no_error(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    large = tmp_path / "large.jpg"
    landscape(4000, 3000).save(large)
    page.goto(server_url)
    for wait in (0, 1200, 2500):
        upload(page, large)
        expect(page.locator("#photo img")).to_have_count(1, timeout=SLOW)
        page.wait_for_timeout(wait)
        page.get_by_role("button", name="Remove Image").click()
        expect(page.locator("#photo-note")).to_contain_text("will appear below", timeout=SLOW)
        expect(page.locator("#work")).to_be_hidden()
    page.wait_for_timeout(6000)
    expect(page.locator("#work")).to_have_count(0, timeout=SLOW)
    expect(page.get_by_text("Error", exact=True)).to_have_count(0)


@pytest.mark.slow
@on_screens("laptop")
def test_what_is_seen_stays_where_it_is_while_the_work_appears(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    watch = """window.moved = []; new PerformanceObserver((list) => {
        for (const { value } of list.getEntries()) moved.push(value);
    }).observe({ type: "layout-shift" });"""
    with browser.new_context(**SCREENS[size]) as context:
        page = context.new_page()
        page.goto(server_url)
        expect(page.locator("#examples img").last).to_be_visible()
        page.wait_for_timeout(1500)
        page.evaluate(watch)
        upload(page, rotated_jpeg(tmp_path, 600, 900))
        coloured(page)
        expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
        page.wait_for_timeout(1500)
        moved = page.evaluate("moved")  # what a click of the visitor's moves counts, too
        assert sum(moved) < 0.1, moved
        expect(page.locator("#photo img")).to_be_visible()
        # Over the whole screen it has the whole screen.
        page.get_by_role("button", name="Fullscreen").click()
        page.wait_for_timeout(500)
        box, screen = page.locator("#result img").first.bounding_box(), page.viewport_size
        assert box is not None
        assert screen is not None
        full = box["width"] > screen["width"] - 20 or box["height"] > screen["height"] - 20
        assert full, box
