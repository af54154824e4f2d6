"""Declined, full, and another recruiter's names, in a real page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answering import look
from playwright.sync_api import Page, expect

from study.database.store import participants

pytestmark = pytest.mark.browser

DONE = "https://recruiter.example/"


@pytest.fixture(scope="module")
def small(
    make_server: Callable[..., Any], stimuli: Path, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """A study for one person, recruited by another service."""
    file = tmp_path_factory.mktemp("study") / "study.toml"
    file.write_text(
        f'stimuli = "{stimuli}"\n[trials]\nscored = 4\n[recruitment]\ncap = 1\nopen_after = 0\n'
        f'declined_link = "{DONE}no"\nquota_full_link = "{DONE}full"\n'
        '[recruitment.parameters]\nperson = "workerId"\n'
    )
    return make_server(TRUEHUE_STUDY=str(file), TRUEHUE_STIMULI="")


def test_declining_stores_nothing_and_can_be_thought_over_until_it_is_full(
    small: Any, page: Page
) -> None:
    page.goto(f"{small.url}/?workerId=A1")  # opens the study at once
    page.get_by_role("button", name="I do not want to take part").click()
    expect(page.locator("#study h2")).to_have_text("You are not taking part")
    expect(page.get_by_role("link", name="Finish")).to_have_attribute("href", f"{DONE}no")
    assert participants(small.database_url).empty
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Start the practice").wait_for()
    assert len(participants(small.database_url)) == 1
    page.goto(f"{small.url}/?workerId=A2")
    expect(page.locator("#study h2")).to_have_text("The study is full")
    expect(page.get_by_role("link", name="Finish")).to_have_attribute("href", f"{DONE}full")
    expect(page.get_by_role("button", name="I agree")).to_have_count(0)
    page.goto(f"{small.url}/?workerId=A1")
    page.get_by_role("button", name="Start the practice").wait_for()
    page.goto(f"{small.url}/?workerId=%7B%7B%25workerId%25%7D%7D")
    expect(page.get_by_role("alert")).to_contain_text("has not put your workerId into the link")


@pytest.mark.slow
def test_the_link_opens_by_itself_with_the_code_shown_unless_somebody_stays(
    make_server: Callable[..., Any], stimuli: Path, tmp_path: Path, page: Page
) -> None:
    file = tmp_path / "study.toml"
    file.write_text(
        f'stimuli = "{stimuli}"\n[page]\nown_result = true\n'
        "[trials]\nscored = 1\npractice = 0\n[recruitment]\n"
        f'open_after = 5\ncompletion_link = "{DONE}?cc={{code}}"\ndeclined_link = "{DONE}no"\n'
    )
    server = make_server(TRUEHUE_STUDY=str(file), TRUEHUE_STIMULI="")
    page.route(f"{DONE}**", lambda route: route.fulfill(body="arrived"))
    page.goto(f"{server.url}/?study")
    page.get_by_role("button", name="I do not want to take part").click()
    expect(page.locator(".opening")).to_contain_text("opens by itself in 5 seconds")
    page.get_by_role("button", name="Back").click()
    page.wait_for_timeout(5500)  # who goes back is not led away
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Start").click()
    look(page)
    page.keyboard.press("1")
    page.locator("[data-page=rate]").wait_for()
    for _ in range(6):
        page.keyboard.press("3")
    page.locator(".study button.main").click()
    code = page.locator(".code output").inner_text()
    expect(page.get_by_text("of 1 trials. By guessing")).to_be_visible()
    assert participants(server.database_url)["status"].tolist() == ["completed"]
    page.get_by_role("button", name="Stay here").click()
    page.wait_for_timeout(5500)
    assert page.locator(".code output").inner_text() == code
    page.reload()
    page.wait_for_url(f"{DONE}?cc={code}")
