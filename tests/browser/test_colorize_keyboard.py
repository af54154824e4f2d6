"""The Colorize tab for those who have no mouse, or do not see it."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from visitor import SLOW, changed, coloured, fetched, rotated_jpeg, upload

pytestmark = pytest.mark.browser


def write(page: Page, field: Locator, number: str) -> None:
    """Type over what stands in the focused field, and again if it is not what is seen there.

    On a busy machine Gradio may put the old number back between two digits (500 for 20 over 50).
    """
    for _ in range(5):
        page.keyboard.press("Control+a")
        page.keyboard.type(number)
        page.wait_for_timeout(200)
        if field.input_value() == number:
            return
    raise AssertionError(f"{number} was typed, {field.input_value()} stands there.")


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 800), pytest.param(390, 844, marks=pytest.mark.slow)]
)
def test_a_hint_by_keyboard_alone(
    page: Page, server_url: str, tmp_path: Path, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    coloured(page)
    keys = page.keyboard
    page.get_by_role("tab", name="Hints").focus()
    keys.press("Enter")
    plain = page.locator("#touch img").get_attribute("src") or ""
    note = page.locator("#hints-note")
    page.locator("#hint-colour .dialog-button").focus()  # the colour picker, which wants a mouse
    keys.press("Tab")
    written = page.get_by_label("Or type one")
    expect(written).to_be_focused()
    for wrong in ("blu", "#12", ""):
        written.fill(wrong)
        keys.press("Enter")
        expect(note).to_contain_text("is no colour; write # and six digits")
    written.fill("Navy")
    keys.press("Enter")
    expect(written).to_have_value("#000080")
    expect(note).to_contain_text("No hints yet")
    expect(page.locator("#hint-palette input:checked")).to_have_count(0)

    page.get_by_role("button", name="Place a hint without a mouse").focus()
    keys.press("Enter")
    put = page.get_by_role("button", name="Place the hint")
    expect(put).to_be_visible()
    for name, number in (("From the left, %", "25"), ("From the top, %", "20")):
        keys.press("Tab")
        expect(page.get_by_label(name)).to_be_focused()
        write(page, page.get_by_label(name), number)
    keys.press("Tab")
    expect(put).to_be_focused()
    keys.press("Enter")
    expect(note).to_contain_text("1 hint", timeout=SLOW)
    expect(note).to_contain_text("25% across, 20% down")
    blue = changed(page, plain, "#touch img")
    assert fetched(page, blue)[60:100, 210:220, 2].mean() < -20

    put.focus()
    keys.press("Enter")  # where it is: that chooses it
    expect(note).to_contain_text("This one is selected")
    blue = changed(page, blue, "#touch img")
    page.get_by_role("radio", name="Brick").focus()
    keys.press("ArrowRight")  # to Wood
    expect(written).to_have_value("#9a6a3f")
    brown = fetched(page, changed(page, blue, "#touch img"))
    assert brown[60:100, 210:220, 2].mean() > 15
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_has_a_name_for_readers_of_the_screen(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    nameless = """() => [...document.querySelectorAll(
            "#how-many :is(button, input, textarea, img)")]
        .filter((e) => e.checkVisibility() && e.type !== "file" && !(
            e.alt || e.title || e.innerText?.trim() || e.getAttribute("aria-label")
            || [...(e.labels || [])].some((label) => label.innerText.trim())
            || e.querySelector("img[alt]:not([alt=''])")))
        .map((e) => e.outerHTML.slice(0, 120))"""
    page.goto(server_url)
    expect(page.get_by_role("button", name="Chelsea the cat")).to_be_visible()
    expect(page.get_by_role("button", name="CIFAR-10, frog")).to_be_visible()
    upload(page, rotated_jpeg(tmp_path))
    coloured(page)
    version = page.get_by_role("button", name="Seed 1")
    version.click()
    expect(version).to_have_attribute("aria-pressed", "true", timeout=SLOW)
    expect(page.get_by_role("button", name="Seed 2")).to_have_attribute("aria-pressed", "false")
    for tab in ("Before and after", "Hints", "Methods", "Many photographs"):
        page.get_by_role("tab", name=tab).click()
        if tab == "Methods":
            expect(page.locator("#methods img")).to_have_count(5, timeout=SLOW)
        assert page.evaluate(nameless) == [], tab
    for note in ("photo-note", "hints-note", "full-size", "many-report"):
        expect(page.locator(f"#{note} [role=status]")).to_have_count(1)


@pytest.mark.slow
def test_grey_and_colours_in_turn_without_a_mouse(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    coloured(page)
    result = page.locator("#result img").first
    uncovered = page.locator("#uncovered")

    def most_colour(start: float, end: float) -> int:
        """The largest difference of two channels in a part of the picture's width, as seen."""
        box = result.bounding_box()
        assert box is not None
        # In the middle of the height, where the handle's knob is not.
        clip = {
            "x": box["x"] + start * box["width"], "width": (end - start) * box["width"],
            "y": box["y"] + 0.25 * box["height"], "height": 20,
        }  # fmt: skip
        seen = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"))
        return int(np.ptp(seen.astype(int), axis=-1).max())

    def until(true: Callable[[], bool]) -> None:
        for _ in range(100):
            if true():
                return
            page.wait_for_timeout(100)
        raise AssertionError("The picture does not show what was chosen.")

    until(lambda: most_colour(0.3, 0.45) <= 1 < most_colour(0.55, 0.7))
    uncovered.get_by_role("radio", name="Half").focus()
    page.keyboard.press("ArrowRight")
    until(lambda: min(most_colour(0.3, 0.45), most_colour(0.55, 0.7)) > 1)
    page.keyboard.press("ArrowRight")
    until(lambda: max(most_colour(0.3, 0.45), most_colour(0.55, 0.7)) <= 1)
