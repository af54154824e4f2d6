"""Real or fake in a real browser: one picture, two answers, and nothing that tells them apart."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from answering import look
from playwright.sync_api import Page, expect

from study.database.source import from_database
from study.protocol.design import TRUTH

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def judged(make_server: Callable[..., Any], stimuli: Any, tmp_path_factory: Any) -> Any:
    file = tmp_path_factory.mktemp("judged") / "study.toml"
    file.write_text(
        f'stimuli = "{stimuli}"\n[trials]\nkind = "unpaired"\nscored = 6\npractice = 1\n'
        "exposure_ms = 300\n"
    )
    return make_server(TRUEHUE_STUDY=str(file))


def test_a_whole_session_of_real_and_fake(page: Page, judged: Any, stimuli: Any) -> None:
    sent: list[dict[str, Any]] = []

    def note(response: Any) -> None:
        if "component_server" in response.url and "iVBOR" in (text := response.text()):
            sent.append(json.loads(text))

    page.on("response", note)
    page.goto(f"{judged.url}/?study")
    expect(page.get_by_role("heading", name="Real or fake?")).to_be_visible()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Start the practice").click()
    page.get_by_role("button", name="Show the picture").wait_for()
    person = page.locator(".foot > span").first.inner_text().removeprefix("Participant ")
    for number in range(7):
        expect(page.get_by_role("heading", name="Are these colours real?")).to_be_visible()
        expect(page.get_by_role("button", name="Real")).to_be_disabled()
        page.get_by_role("button", name="Show the picture").click()
        look(page)
        if number % 2:
            page.keyboard.press("2")
        else:
            page.get_by_role("button", name="Real").click()
        if number == 0:
            expect(page.locator("#study .feedback")).to_contain_text("hese colours")
            page.get_by_role("button", name="Continue").click()
            page.get_by_role("button", name="Start the study").click()
        elif number < 6:
            expect(page.get_by_text(f"Trial {number + 1} of 6")).to_be_visible()
    page.get_by_label("Completion code").wait_for()
    source = from_database(judged.database_url)
    people = source.participants.set_index("participant")
    assert people.loc[person, ["n_traced", "n_keys", "n_trap"]].tolist() == [7, 3, 0]
    rows = source.answers
    mine = rows[rows["participant"] == person].sort_values("position")
    assert mine["picked"].tolist() == [True, False] * 3 + [True]
    assert mine["exposure_ms"].notna().all()
    scored = mine[mine["kind"] == "scored"]
    assert sorted(scored["method"]) == sorted([TRUTH, "classification", "gan"] * 2)
    # As long as the longest of the versions that were not sent.
    from study.stimuli.showing import load

    showing = load(stimuli)
    (first,) = sent[1]["pictures"]
    every = showing.shown([TRUTH, "classification", "gan"], scored["picture"].iloc[0])
    assert base64.b64decode(first) in every
    assert len({len(png) for png in every}) == 1


@pytest.mark.slow
def test_a_preference_is_asked_in_the_study_s_own_words(
    page: Page, make_server: Callable[..., Any], stimuli: Any, tmp_path: Any
) -> None:
    file = tmp_path / "study.toml"
    file.write_text(
        f'stimuli = "{stimuli}"\n[trials]\nkind = "preference"\nscored = 2\npractice = 1\n'
        'question = "Which one would you hang up?"\n'
    )
    server = make_server(TRUEHUE_STUDY=str(file))
    page.goto(f"{server.url}/?study")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Start the practice").click()
    for number in range(3):
        expect(page.get_by_role("heading", name="Which one would you hang up?")).to_be_visible()
        if number:
            expect(page.get_by_text(f"Trial {number} of 2")).to_be_visible()
        look(page)
        page.get_by_role("button", name="Picture 2", exact=True).click()
        if number == 0:
            page.get_by_role("button", name="Start the study").click()
    page.get_by_label("Completion code").wait_for()
    rows = from_database(server.database_url).answers
    assert set(rows["method"]) == {"classification", "gan"}
    assert rows.loc[rows["picked"], "slot"].tolist() == [2, 2, 2]
