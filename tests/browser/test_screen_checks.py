"""The checks of eyes and screen in a real page, on a laptop and on a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from study.database.store import participants

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_small_window_and_six_pictures(
    make_server: Callable[..., Any], stimuli: Path, tmp_path: Path, page: Page
) -> None:
    file = tmp_path / "study.toml"
    file.write_text(
        f'stimuli = "{stimuli}"\n[trials]\nscored = 2\npractice = 0\n[screen]\nplates = 3\n'
        "steps = true\nmin_width = 900\n"
    )
    server = make_server(TRUEHUE_STUDY=str(file), TRUEHUE_STIMULI="")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/?study")
    expect(page.locator(".study li").first).to_contain_text("checks of eyes and screen")
    page.get_by_role("button", name="I agree").click()
    expect(page.locator(".study .lead")).to_contain_text("needs a larger window")
    page.get_by_role("button", name="Measure again").click()
    expect(page.get_by_role("alert")).to_have_text("It is still too small.")
    page.get_by_role("button", name="Continue anyway").click()
    for number in range(6):
        expect(page.locator(".progress")).to_contain_text(f"{number + 1} / 6")
        last = page.locator(".digit").last.bounding_box()
        assert last is not None
        assert last["y"] + last["height"] <= 844  # on a phone without scrolling
        if number == 2:
            page.set_viewport_size({"width": 1280, "height": 800})
        page.get_by_role("button", name="I see no number" if number else "5").click()
    page.locator("[data-page=instructions]").wait_for()
    people = participants(server.database_url)
    found = people[["n_plates", "n_steps_right", "n_window_right"]].iloc[0].tolist()
    assert found == [3, 0, 1]  # the window is measured at the end
    page.reload()
    page.locator("[data-page=instructions]").wait_for()
