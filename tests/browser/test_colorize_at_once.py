"""Visitors who are faster than the server: nothing of theirs is lost or mixed up."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from visitor import SLOW, changed, coloured, fetched, landscape, rotated_jpeg, upload

pytestmark = pytest.mark.browser


def hold_first(page: Page, which: Callable[[list[Any]], bool]) -> list[Route]:
    """Keep the first event whose inputs are such from the server; it will be in the list."""
    held: list[Route] = []

    def look(route: Route) -> None:
        if not held and which(route.request.post_data_json["data"]):
            held.append(route)
        else:
            route.fallback()

    page.route("**/queue/join*", look)
    return held


def let_go_and_see(page: Page, held: list[Route], size: str) -> None:
    """Wait for the photograph of this size, let the held event go, and see that nothing changes."""
    expect(page.locator("#photo-note")).to_contain_text(size, timeout=SLOW)
    coloured(page)
    with page.expect_response("**/queue/join*"):
        held[0].continue_()
    page.wait_for_timeout(3000)  # what a check takes, and what would follow it
    expect(page.locator("#photo-note")).to_contain_text(size)
    expect(page.locator("#photo img")).to_have_count(1)
    expect(page.locator("#result img")).to_have_count(2)


def test_a_second_photograph_during_the_first(page: Page, server_url: str, tmp_path: Path) -> None:
    large, small = tmp_path / "large", tmp_path / "small"
    large.mkdir()
    small.mkdir()
    page.goto(server_url)
    upload(page, rotated_jpeg(large, 4000, 3000))
    expect(page.locator("#photo img")).to_have_count(1, timeout=SLOW)
    page.get_by_role("button", name="Remove Image").click()
    upload(page, rotated_jpeg(small, 640, 480))
    expect(page.locator("#photo-note")).to_contain_text("640 × 480 pixels", timeout=SLOW)
    expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
    page.wait_for_function(
        "[...document.querySelectorAll('#result img')].every((image) => image.naturalWidth == 640)",
        timeout=SLOW,
    )


@pytest.mark.slow
def test_a_late_refusal_is_not_of_the_example_after_it(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    broken, whole = tmp_path / "half.png", io.BytesIO()
    landscape().save(whole, "PNG")
    broken.write_bytes(whole.getvalue()[:2000])
    held = hold_first(page, lambda data: len(data) == 1 and "path" in (data[0] or ()))
    page.goto(server_url)
    upload(page, broken)
    expect(page.locator("#photo img")).to_have_count(1, timeout=SLOW)
    page.get_by_role("button", name="CIFAR-10, frog").click()
    let_go_and_see(page, held, "32 × 32 pixels")


@pytest.mark.slow
def test_a_photograph_removed_before_it_is_looked_at(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    """The next step of the first upload finds no photograph, and comes back after a second one."""
    forgetting = hold_first(page, lambda data: data == [None])
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    expect(page.locator("#photo img")).to_have_count(1, timeout=SLOW)
    with page.expect_request("**/queue/join*"):  # the removal's own, which is not to be held
        page.get_by_role("button", name="Remove Image").click()
    expect(page.locator("#photo img")).to_have_count(0)
    checking = hold_first(page, lambda data: data == [None])
    with page.expect_response("**/queue/join*"):
        forgetting[0].fallback()
    for _ in range(200):
        if checking:
            break
        page.wait_for_timeout(100)
    upload(page, rotated_jpeg(tmp_path, 640, 480))
    let_go_and_see(page, checking, "640 × 480 pixels")


@pytest.mark.slow
def test_clicks_during_a_click_are_not_lost(page: Page, server_url: str, tmp_path: Path) -> None:
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    shown = coloured(page)
    expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
    held: list[Route] = []

    def twice(click: Callable[[int], None]) -> None:
        """Click again before the server has heard of the first click."""
        page.route("**/queue/join*", lambda route: held.append(route))
        for number in range(2):
            click(number)
        page.wait_for_timeout(500)
        while held:
            with page.expect_response("**/queue/join*"):
                held.pop(0).continue_()
        page.unroute("**/queue/join*")

    # Of two versions the last one: that is the one which is marked.
    one, other = (page.get_by_role("button", name=name) for name in ("Seed 1", "Seed 2"))
    other.click()
    shown = changed(page, shown)
    before = fetched(page, shown).astype(float)
    one.click()
    shown = changed(page, shown)
    assert np.abs(fetched(page, shown) - before).mean() > 0.5
    page.get_by_role("button", name="Cautious").click()
    changed(page, shown)
    twice(lambda number: (one, other)[number].click())
    expect(other).to_have_attribute("aria-pressed", "true")
    for _ in range(100):  # two answers come, one after the other
        shown = page.locator("#result img").last.get_attribute("src") or ""
        if np.abs(fetched(page, shown) - before).mean() < 0.1:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(1000)
    expect(page.locator("#result img").last).to_have_attribute("src", shown)
    assert np.abs(fetched(page, shown) - before).mean() < 0.1

    # Of two places both, and of two steps back both.
    page.get_by_role("tab", name="Hints").click()
    touch = page.locator("#touch img")
    size = touch.bounding_box()
    assert size is not None
    places = [{"x": share * size["width"], "y": 0.25 * size["height"]} for share in (0.25, 0.75)]
    twice(lambda number: touch.click(position=places[number]))
    expect(page.locator("#hints-note")).to_contain_text("2 hints")
    twice(lambda _: page.get_by_role("button", name="Undo last hint").click())
    expect(page.locator("#hints-note")).to_contain_text("No hints")


@pytest.mark.slow
def test_who_does_not_wait_leaves_the_queue(
    context: BrowserContext, server_url: str, tmp_path: Path
) -> None:
    landscape(6000, 4000).save(tmp_path / "0.jpg")
    pages = [context.new_page() for _ in range(2)]
    for page, count in zip(pages, (1, 39), strict=True):
        page.goto(server_url)
        page.get_by_role("tab", name="Many photographs").click()
        page.locator("#many-files input[type=file]").set_input_files([tmp_path / "0.jpg"] * count)
        expect(page.locator("#many-files .file-preview tr")).to_have_count(count, timeout=SLOW)
    waiting, working = pages
    working.get_by_role("button", name="Colorize all").click()
    expect(working.locator("#many-report")).to_contain_text("1 of 39", timeout=SLOW)
    waiting.get_by_role("button", name="Colorize all").click()
    expect(waiting.locator("#many-report")).to_contain_text("waiting for their turn")
    # Each report draws the button anew, so on a busy machine it never is "stable" for a click.
    waiting.get_by_role("button", name="Stop waiting").dispatch_event("click")
    expect(waiting.locator("#many-report")).to_contain_text("Nothing was coloured")
    waiting.get_by_role("button", name="Colorize all").click()  # changed their mind
    working.close()  # which ends its work
    expect(waiting.locator("#many-report")).to_contain_text("1 of 1 photo", timeout=SLOW)
