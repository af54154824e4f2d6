"""Strokes by mouse and by finger, in a real browser at both sizes."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from visitor import SCREENS, SLOW, changed, coloured, fetched, on_screens, rotated_jpeg, upload

from colorizers.painting import recipe

pytestmark = pytest.mark.browser


def drag(page: Page, client: CDPSession | None, places: list[tuple[float, float]]) -> None:
    """Draw over the picture, with a mouse or, on a phone, with a finger."""
    box = page.locator("#touch img").bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    if client is None:
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=8)
        page.mouse.up()
        return
    for kind, (x, y) in zip(["touchStart"] + ["touchMove"] * len(points), points, strict=False):
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def along(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    shares = np.linspace(0, 1, 12)
    return [tuple(np.array(start) + s * (np.array(end) - start)) for s in shares]


@on_screens("phone")
def test_a_stroke_is_drawn_seen_chosen_and_taken_back(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    with browser.new_context(**SCREENS[size]) as context:
        page = context.new_page()
        client = context.new_cdp_session(page) if size == "phone" else None
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        first = coloured(page)
        plain = fetched(page, first)
        page.get_by_role("tab", name="Hints").click()
        touch, note = page.locator("#touch img"), page.locator("#hints-note")
        expect(touch).to_be_visible()
        touch.scroll_into_view_if_needed()
        page.locator("#hint-palette label").filter(has_text="Brick").click()
        page.get_by_role("radio", name="Broad").check()
        scrolled = page.evaluate("scrollY")

        # Over the sky: it is seen under the hand, and then as a line on the picture.
        drag(page, client, along((0.1, 0.1), (0.6, 0.35)))
        expect(note).to_contain_text("1 hint,", timeout=SLOW)
        expect(page.locator(".brush-mark")).to_have_count(0, timeout=SLOW)
        assert page.evaluate("scrollY") == scrolled  # the finger drew and did not scroll
        stroked = changed(page, first)
        drawn = fetched(page, stroked)
        for share in (0.1, 0.5, 0.9):
            x, y = 0.1 + 0.5 * share, 0.1 + 0.25 * share
            a = drawn[int(y * drawn.shape[0]), int(x * drawn.shape[1]), 1]
            assert a > 20, share  # brick, which no sky is
        hills = np.s_[int(0.85 * drawn.shape[0]) :, :, 1:]
        np.testing.assert_allclose(drawn[hills], plain[hills], atol=6)

        # A tap on the line chooses it; a tap elsewhere, as ever, places a point.
        box = touch.bounding_box()
        assert box is not None
        tap = touch.tap if client else touch.click
        middle = {"x": 0.35 * box["width"], "y": 0.225 * box["height"]}
        tap(position=middle)
        expect(note).to_contain_text("This one is selected", timeout=SLOW)
        tap(position=middle)
        expect(note).to_contain_text("the last", timeout=SLOW)
        tap(position={"x": 0.3 * box["width"], "y": 0.9 * box["height"]})
        expect(note).to_contain_text("2 hints,", timeout=SLOW)

        # Back to the stroke alone, to nothing, and to the stroke again.
        for said, button in (("1 hint,", "Undo"), ("No hints yet", "Undo"), ("1 hint,", "Redo")):
            page.get_by_role("button", name=button, exact=True).click()
            expect(note).to_contain_text(said, timeout=SLOW)
        page.get_by_role("tab", name="Before and after").click()
        again = page.locator("#result img").last.get_attribute("src") or ""
        np.testing.assert_array_equal(fetched(page, again), drawn)
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.slow
def test_two_quick_strokes_are_both_there_and_two_fingers_are_none(
    browser: Browser, server_url: str, tmp_path: Path
) -> None:
    with browser.new_context(**SCREENS["phone"]) as context:
        page = context.new_page()
        client = context.new_cdp_session(page)
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        coloured(page)
        page.get_by_role("tab", name="Hints").click()
        touch, note = page.locator("#touch img"), page.locator("#hints-note")
        touch.scroll_into_view_if_needed()
        drag(page, client, along((0.1, 0.1), (0.4, 0.1)))
        drag(page, client, along((0.6, 0.1), (0.9, 0.3)))
        expect(note).to_contain_text("2 hints,", timeout=SLOW)
        box = touch.bounding_box()
        assert box is not None
        fingers = [
            {"x": box["x"] + share * box["width"], "y": box["y"] + 60, "id": number}
            for number, share in enumerate((0.3, 0.6))
        ]
        for kind, down in (("touchStart", 1), ("touchStart", 2), ("touchMove", 2)):
            moved = [finger | {"y": finger["y"] + 15 * (kind == "touchMove")} for finger in fingers]
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": moved[:down]})
        client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_timeout(1500)
        expect(note).to_contain_text("2 hints,")
        expect(page.locator(".brush-mark")).to_have_count(0)


@pytest.mark.slow
@on_screens("laptop")
def test_the_guess_is_taken_back_and_another_version_seen_there(
    browser: Browser, server_url: str, tmp_path: Path, size: str
) -> None:
    with browser.new_context(accept_downloads=True, **SCREENS[size]) as context:
        page = context.new_page()
        client = context.new_cdp_session(page) if size == "phone" else None
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        first = coloured(page)
        expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
        page.get_by_role("tab", name="Hints").click()
        touch, said = page.locator("#touch img"), page.locator("#seen-as")
        page.get_by_role("radio", name="Take back").check()
        page.get_by_role("radio", name="Broad").check()
        expect(page.locator("#brush-instead")).to_be_visible(timeout=SLOW)
        touch.scroll_into_view_if_needed()
        drag(page, client, along((0.1, 0.85), (0.9, 0.85)))
        expect(said).to_contain_text("partly grey", timeout=SLOW)
        grey = changed(page, first)
        taken = fetched(page, grey)
        rows, columns = taken.shape[:2]
        strip = np.s_[int(0.83 * rows) : int(0.87 * rows), int(0.1 * columns) : int(0.9 * columns)]
        assert abs(taken[strip][..., 1:]).max() < 1
        expect(page.locator("#hints-note")).to_contain_text("No hints yet")

        # A tap is a dot of the mask, and no hint.
        box = touch.bounding_box()
        assert box is not None
        tap = touch.tap if client else touch.click
        tap(position={"x": 0.2 * box["width"], "y": 0.2 * box["height"]})
        dotted = fetched(page, changed(page, grey))
        assert abs(dotted[int(0.2 * rows), int(0.2 * columns), 1:]).max() < 1
        expect(page.locator("#hints-note")).to_contain_text("No hints yet")

        page.locator("#brush-instead input").click()
        page.get_by_role("option", name="to Seed 4").click()
        expect(said).to_contain_text("partly Seed 4", timeout=SLOW)
        page.get_by_role("button", name="Put all back").click()
        expect(said).not_to_contain_text("partly", timeout=SLOW)
        page.get_by_role("button", name="Undo", exact=True).click()
        expect(said).to_contain_text("partly Seed 4", timeout=SLOW)
        with page.expect_download(timeout=SLOW) as downloaded:
            page.get_by_role("button", name="Download", exact=True).click()
        file = tmp_path / "made.png"
        downloaded.value.save_as(file)
        mask = recipe.read(file).mask
        assert mask is not None
        assert mask.version == 4
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
