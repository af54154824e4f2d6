"""A closer look at both halves of the picture, on a laptop and on a phone."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from visitor import SCREENS, changed, coloured, rotated_jpeg, upload

pytestmark = pytest.mark.browser

PLACES = """() => [...document.querySelectorAll("#result img")].map((picture) => {
    const matrix = new DOMMatrix(getComputedStyle(picture).transform);
    return [matrix.a, matrix.e, matrix.f];
})"""


def lies(page: Page) -> tuple[float, float, float]:
    """How large the picture is and how far it is moved: of both halves the same."""
    page.wait_for_timeout(200)
    grey, colour = page.evaluate(PLACES)
    assert grey == pytest.approx(colour)
    return tuple(grey)


def box_of(page: Page) -> dict[str, float]:
    box: Any = page.locator("#result .slider-wrap").bounding_box()
    assert box is not None
    return box


def colourful(page: Page, start: float, end: float) -> int:
    """The largest difference of two channels in a part of the box's width, as seen."""
    box = box_of(page)
    clip: Any = {
        "x": box["x"] + start * box["width"], "width": (end - start) * box["width"],
        "y": box["y"] + 0.25 * box["height"], "height": 20,
    }  # fmt: skip
    seen = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"))
    return int(np.ptp(seen.astype(int), axis=-1).max())


def test_wheel_buttons_and_mouse_on_a_laptop(
    browser: Browser, server_url: str, tmp_path: Path
) -> None:
    with browser.new_context(**SCREENS["laptop"]) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        shown = coloured(page)
        zoom_in, zoom_out, whole = (
            page.get_by_role("button", name=name)
            for name in ("Zoom in", "Zoom out", "Whole picture")
        )
        expect(zoom_in).to_be_visible()
        expect(zoom_out).to_be_hidden()
        box = box_of(page)
        x, y = box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"]
        page.mouse.move(x, y)
        page.mouse.wheel(0, 100)  # not zoomed: that scrolls the page
        assert lies(page) == (1, 0, 0)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(300)
        for _ in range(3):
            page.mouse.wheel(0, -100)
        scale, left, top = lies(page)
        assert 1.8 < scale < 3
        assert page.evaluate("scrollY") == 0
        # What was under the pointer is still there; from side to side there was nothing to hide.
        assert (0.6 * box["height"] - top) / scale == pytest.approx(0.6 * box["height"], abs=2)
        assert colourful(page, 0.1, 0.4) <= 1 < colourful(page, 0.6, 0.9)  # half of what is seen

        # Dragged, it ends at its edges.
        page.mouse.down()
        page.mouse.move(x - 60, y - 40, steps=4)
        _, moved, up = lies(page)
        assert (moved, up) == pytest.approx((left - 60, top - 40), abs=1)
        page.mouse.move(5, 5, steps=4)
        page.mouse.up()
        scale, moved, up = lies(page)
        assert moved + scale * box["width"] >= box["width"] - 1
        assert up + scale * box["height"] == pytest.approx(box["height"], abs=1)

        # Another version is seen as near; the keys look around.
        page.get_by_role("button", name="Seed 1").click()
        changed(page, shown)
        assert lies(page)[0] == pytest.approx(scale)
        zoom_in.click()
        nearer, left, _ = lies(page)
        assert nearer == pytest.approx(1.5 * scale)
        page.keyboard.press("ArrowLeft")
        assert lies(page)[1] == pytest.approx(left + 50, abs=1)
        page.get_by_role("radio", name="Grey").check()
        page.wait_for_timeout(500)
        assert max(colourful(page, 0.1, 0.4), colourful(page, 0.6, 0.9)) <= 1
        page.get_by_role("radio", name="Colours").check()
        page.wait_for_timeout(500)
        assert min(colourful(page, 0.05, 0.4), colourful(page, 0.6, 0.9)) > 1
        zoom_out.click()
        assert lies(page)[0] == pytest.approx(scale)
        page.mouse.dblclick(x, y)
        assert lies(page) == (1, 0, 0)
        zoom_in.click()
        whole.click()
        assert lies(page) == (1, 0, 0)
        expect(whole).to_be_hidden()


@pytest.mark.slow
def test_fingers_on_a_phone(browser: Browser, server_url: str, tmp_path: Path) -> None:
    with browser.new_context(**SCREENS["phone"]) as context:
        page = context.new_page()
        page.goto(server_url)
        upload(page, rotated_jpeg(tmp_path))
        coloured(page)
        expect(page.locator("#versions img")).to_have_count(6, timeout=90_000)
        page.wait_for_timeout(500)
        box, touches = box_of(page), context.new_cdp_session(page)
        x, y = box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"]

        def move(paths: list[list[tuple[float, float]]]) -> None:
            """Lay fingers down, move each along its places, lift them."""
            for step, places in enumerate(zip(*paths, strict=True)):
                points = [{"x": at, "y": down, "id": n} for n, (at, down) in enumerate(places)]
                kind = "touchMove" if step else "touchStart"
                touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
                page.wait_for_timeout(20)
            touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            page.wait_for_timeout(500)

        before = page.evaluate("scrollY")
        move([[(x - 5 * n, y) for n in range(3, 10)], [(x + 5 * n, y) for n in range(3, 10)]])
        scale, left, _ = lies(page)
        assert scale == pytest.approx(3, rel=0.1)
        assert page.evaluate("scrollY") == before
        assert page.evaluate("visualViewport.scale") == pytest.approx(1)  # the page is as it was

        move([[(x, y - 12 * n) for n in range(6)]])  # zoomed: that looks around
        assert page.evaluate("scrollY") == before
        move([[(x - 8 * n, y) for n in range(6)]])
        assert lies(page)[1] == pytest.approx(left - 40, abs=3)
        page.get_by_role("button", name="Whole picture").tap()
        assert lies(page) == (1, 0, 0)
        move([[(x, y - 25 * n) for n in range(9)]])  # not zoomed: that scrolls
        assert page.evaluate("scrollY") > before + 80
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
