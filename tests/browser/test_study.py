"""A whole study in a real browser against the real server, compared with its database."""

import base64
import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from answering import EARLY_MS, HttpParticipant, look
from playwright.sync_api import BrowserContext, Page, Response, Route, expect

from study.database.store import answers, participants

pytestmark = pytest.mark.browser

PRACTICE, SCORED, SLOTS = 3, 30, 3


def agree(page: Page, url: str) -> None:
    """Open the study, consent, and go to the first practice trial."""
    page.goto(url)
    page.get_by_role("button", name="I agree and want to take part").click()
    page.get_by_role("button", name="Start the practice").click()
    choice(page, 1).wait_for()


def choice(page: Page, slot: int) -> Any:
    return page.get_by_role("button", name=f"Picture {slot} is real")


def pick(page: Page, slot: int, *, double: bool = False) -> None:
    look(page)
    clicked = choice(page, slot)
    clicked.dblclick() if double else clicked.click()
    page.get_by_role("button", name="Continue").wait_for()


def rate(page: Page, values: list[int], *, start: int = 0) -> None:
    """Give realism and quality of slots 1, 2, 3 in this order, from rating number `start` on."""
    for number, value in enumerate(values, start=start):
        slot, scale = number // 2 + 1, ("Realism", "Quality")[number % 2]
        group = page.get_by_role("group", name=f"Picture {slot}: {scale}")
        group.get_by_role("radio", name=re.compile(rf"^{value}\b")).check()


def participant(page: Page) -> str:
    return page.locator(".foot > span").first.inner_text().removeprefix("Participant ")


def mine(url: str, person: str) -> pd.DataFrame:
    rows = answers(url)
    return rows[rows["participant"] == person]


@pytest.mark.slow
def test_a_whole_study_from_consent_to_code(page: Page, server: Any) -> None:
    agree(page, f"{server.url}/?study")
    person = participant(page)
    expected: list[tuple[int, list[int]]] = []
    for number in range(PRACTICE + SCORED):
        slot = number % SLOTS + 1
        ratings = [(number + scale) % 5 + 1 for scale in range(2 * SLOTS)]
        if number == 10:  # before the pick
            choice(page, 1).wait_for()
            page.reload()
        pick(page, slot, double=number == 12)
        if number == 14:  # between the pick and the ratings, some of which were given
            rate(page, ratings[:3])
            page.reload()
            rate(page, ratings[3:], start=3)
        else:
            rate(page, ratings)
        feedback = page.get_by_text("has the real colours", exact=False)
        if number < PRACTICE:
            expect(feedback).to_be_visible()
        else:
            expect(feedback).to_have_count(0)
            expect(page.get_by_text(f"Trial {number - PRACTICE + 1} of {SCORED}")).to_be_visible()
        page.get_by_role("button", name="Continue").click()
        expected.append((slot, ratings))
        if number == PRACTICE - 1:
            page.get_by_role("button", name="Start the study").click()
    code = page.get_by_label("Completion code").inner_text()
    page.reload()
    assert page.get_by_label("Completion code").inner_text() == code

    rows = mine(server.database_url, person)
    assert len(rows) == (PRACTICE + SCORED) * SLOTS
    for position, trial in rows.groupby("position"):
        slot, ratings = expected[position - 1]
        assert trial.loc[trial["picked"], "slot"].tolist() == [slot]
        assert trial["realism"].tolist() == ratings[0::2]
        assert trial["quality"].tolist() == ratings[1::2]
        assert set(trial["method"]) == {"truth", "classification", "gan"}
    assert rows["response_ms"].between(EARLY_MS - 60, 60_000).all()
    scored = rows[rows["kind"] == "scored"]
    assert scored["picture"].nunique() == SCORED
    orders = scored.groupby("position")["method"].apply(tuple).value_counts()
    assert sorted(orders) == [5] * 6
    people = participants(server.database_url).set_index("participant")
    assert people.loc[person, "status"] == "completed"
    assert not people.loc[person, "simulated"]


def test_nothing_that_the_browser_receives_names_a_method(page: Page, server: Any) -> None:
    received: list[Response] = []
    page.on("response", lambda response: received.append(response))
    page.goto(f"{server.url}/?study")
    page.get_by_role("button", name="I agree and want to take part").click()
    page.get_by_role("button", name="Start the practice").click()
    choice(page, 1).wait_for()
    received.clear()
    for number in range(PRACTICE + 3):
        pick(page, number % SLOTS + 1)
        rate(page, [3] * 2 * SLOTS)
        page.get_by_role("button", name="Continue").click()
        if number == PRACTICE - 1:
            page.get_by_role("button", name="Start the study").click()
    choice(page, 1).wait_for()

    names = re.compile(rb"\b(truth|classification|gan|real_|fake)\b", re.IGNORECASE)
    trials = 0
    for response in received:
        assert response.url.startswith((server.url, "data:image/png;base64,"))
        if response.url.startswith("data:"):
            continue
        assert not names.search(response.url.encode())
        assert not names.search(json.dumps(response.all_headers()).encode())
        body = response.body()
        # The bytes of the pictures spell words by chance; they are looked at on their own below.
        assert not names.search(re.sub(rb"iVBOR[A-Za-z0-9+/=]+", b"", body))
        if b'"pictures"' in body:
            pngs = [base64.b64decode(png) for png in json.loads(body)["pictures"]]
            assert len(pngs) == SLOTS
            assert len({len(png) for png in pngs}) == 1
            # Signature, header, data, end: nothing but pixels.
            assert {chunk for png in pngs for chunk in chunks(png)} == {b"IHDR", b"IDAT", b"IEND"}
            assert len({tuple(chunks(png)) for png in pngs}) == 1
            trials += 1
    assert trials >= 5


def chunks(png: bytes) -> list[bytes]:
    """Return the names of the chunks of a PNG, in order."""
    at, names = 8, []
    while at < len(png):
        names.append(png[at + 4 : at + 8])
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return names


def test_scored_trials_send_no_answer(page: Page, server: Any) -> None:
    """The replies about scored trials hold the same fields with the same sort of values."""
    received: list[Response] = []
    agree(page, f"{server.url}/?study")
    for number in range(PRACTICE):
        pick(page, 1)
        rate(page, [3] * 2 * SLOTS)
        page.get_by_role("button", name="Continue").click()
        if number == PRACTICE - 1:
            page.on("response", lambda response: received.append(response))
            page.get_by_role("button", name="Start the study").click()
    pick(page, 2)
    expect(page.get_by_text("your choice")).to_have_count(1)
    fields = {"step", "trial", "upcoming", "practice", "number", "of", "slots", "picked"}
    replies = [one.json() for one in received if "component_server" in one.url]
    views = [reply for reply in replies if "step" in reply]
    assert views
    for reply in views:
        assert set(reply) == fields | {"participant", "withdrawal_code", "tells", "told"}


@pytest.mark.slow
def test_two_tabs_make_one_answer(page: Page, context: BrowserContext, server: Any) -> None:
    agree(page, f"{server.url}/?study")
    person = participant(page)
    other = context.new_page()
    other.goto(f"{server.url}/?study")
    other.get_by_role("button", name="Start the practice").click()
    choice(other, 1).wait_for()
    pick(page, 1)
    pick(other, 2)  # too late: the other tab's pick stands, and this tab says so
    for tab in (page, other):
        assert tab.get_by_role("group", name="Picture 1", exact=True).get_by_text("your choice")
    rate(other, [1] * 2 * SLOTS)
    other.get_by_role("button", name="Continue").click()
    choice(other, 1).wait_for()
    rate(page, [5] * 2 * SLOTS)
    page.get_by_role("button", name="Continue").click()
    choice(page, 1).wait_for()
    rows = mine(server.database_url, person)
    assert rows.loc[rows["picked"], "slot"].tolist() == [1]
    assert rows["realism"].tolist() == [1] * SLOTS


@pytest.mark.slow
def test_a_killed_server_loses_and_doubles_nothing(
    page: Page, make_server: Callable[[], Any]
) -> None:
    """And the page goes on by itself: a restart takes longer than anybody watches a message."""
    server = make_server()
    agree(page, f"{server.url}/?study")
    person = participant(page)
    pick(page, 3)
    rate(page, [4] * 2 * SLOTS)
    server.stop(signal.SIGKILL)
    page.get_by_role("button", name="Continue").click()
    notice = page.get_by_role("status").filter(has_text="Nothing is lost")
    expect(notice).to_contain_text("There is no connection to the server at the moment.")
    server.start()
    choice(page, 1).wait_for()
    expect(notice).to_be_hidden()
    pick(page, 2)
    rows = mine(server.database_url, person)
    assert rows.loc[rows["picked"], "slot"].tolist() == [3, 2]
    assert rows["realism"].tolist()[:SLOTS] == [4] * SLOTS


@pytest.mark.slow
def test_a_full_disk_is_told_from_no_connection(
    page: Page, make_server: Callable[..., Any], tmp_path: Path
) -> None:
    full = tmp_path / "full"
    program = Path(__file__).parents[1] / "helpers" / "small_disk.py"
    server = make_server(program=program, TRUEHUE_TEST_FULL=str(full))
    for number in range(3):
        HttpParticipant(server.url, number).start()
    page.goto(f"{server.url}/?study")
    agreed = page.get_by_role("button", name="I agree and want to take part")
    agreed.wait_for()
    full.touch()
    agreed.click()
    notice = page.get_by_role("status").filter(has_text="Nothing is lost")
    expect(notice).to_contain_text("cannot be stored at the moment: the server's disk is full.")
    page.get_by_role("button", name="Try now").click()
    expect(notice).to_be_visible()
    full.unlink()
    page.get_by_role("button", name="Start the practice").click(timeout=30_000)
    expect(notice).to_be_hidden()
    assert len(participants(server.database_url)) == 4


def test_a_lost_connection_is_tried_again_by_itself(
    page: Page, context: BrowserContext, server: Any
) -> None:
    agree(page, f"{server.url}/?study")
    person = participant(page)
    look(page)
    context.set_offline(True)
    page.keyboard.press("2")
    page.wait_for_timeout(EARLY_MS)
    context.set_offline(False)
    page.get_by_role("button", name="Continue").wait_for()
    rows = mine(server.database_url, person)
    assert rows.loc[rows["picked"], "slot"].tolist() == [2]


def test_an_answer_whose_reply_is_lost_is_not_given_twice(page: Page, server: Any) -> None:
    agree(page, f"{server.url}/?study")
    person = participant(page)
    lost: list[str] = []

    def lose_first_pick(route: Route) -> None:
        if '"fn_name":"pick"' in (route.request.post_data or "") and not lost:
            route.fetch()  # the server gets and stores it
            lost.append("pick")
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("/component_server"), lose_first_pick)
    pick(page, 3)
    assert lost == ["pick"]
    rows = mine(server.database_url, person)
    assert rows.loc[rows["picked"], "slot"].tolist() == [3]


@pytest.mark.slow
def test_the_recruiters_id_finds_its_place_from_another_browser(
    page: Page, browser: Any, server: Any
) -> None:
    link = f"{server.url}/?PROLIFIC_PID=5f1a&STUDY_ID=s1&SESSION_ID=x9"
    agree(page, link)
    pick(page, 2)
    person = participant(page)
    code = page.locator(".withdrawal").inner_text()
    elsewhere = browser.new_context()
    again = elsewhere.new_page()
    received: list[Response] = []
    again.on("response", lambda response: received.append(response))
    again.goto(link)
    again.get_by_role("button", name="Continue").wait_for()
    assert participant(again) == person
    # The number in the link is no secret, and the code that deletes is not told to who has it.
    expect(again.locator(".foot")).to_contain_text("only in the browser in which you began")
    replies = [one.text() for one in received if "component_server" in one.url]
    assert replies
    assert not [reply for reply in replies if code in reply]
    again.get_by_role("button", name="Withdraw").click()
    assert again.get_by_label("Your withdrawal code").input_value() == ""
    page.reload()
    expect(page.locator(".withdrawal")).to_have_text(code)
    elsewhere.close()


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (390, 664),
        *(
            pytest.param(*size, marks=pytest.mark.slow)
            for size in ((1280, 620), (1280, 720), (390, 844), (844, 390))
        ),
    ],
)
def test_a_trial_fits_the_screen(page: Page, server: Any, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    agree(page, f"{server.url}/?study")
    for slot in range(1, SLOTS + 1):
        box = choice(page, slot).bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        assert box["width"] >= 96


def test_keys_alone_answer_a_trial(page: Page, server: Any) -> None:
    agree(page, f"{server.url}/?study")
    person = participant(page)
    look(page)
    page.keyboard.press("2")
    page.get_by_role("button", name="Continue").wait_for()
    for key in "135241":
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    choice(page, 1).wait_for()
    rows = mine(server.database_url, person)
    assert rows.loc[rows["picked"], "slot"].tolist() == [2]
    assert rows["realism"].tolist() == [1, 5, 4]
    assert rows["quality"].tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("width", "height"), [pytest.param(1280, 800, marks=pytest.mark.slow), (390, 664)]
)
def test_missing_ratings_are_asked_for(page: Page, server: Any, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    agree(page, f"{server.url}/?study")
    pick(page, 1)
    rate(page, [2] * 4)
    page.get_by_role("button", name="Continue").click()
    said = page.get_by_role("alert")
    expect(said).to_have_text("2 ratings are missing.")
    first = page.get_by_role("group", name="Picture 3: Realism").get_by_role("radio").first
    expect(first).to_be_focused()
    for seen in (said, page.get_by_role("button", name="Continue")):
        box = seen.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
    rate(page, [3], start=4)
    expect(said).to_have_text("One rating is missing.")
    page.keyboard.press("Tab")
    page.keyboard.press("4")
    expect(said).to_have_text("")
    page.get_by_role("button", name="Continue").click()
    choice(page, 1).wait_for()


@pytest.mark.slow
def test_a_pointer_at_rest_marks_no_picture(page: Page, server: Any) -> None:
    """Or the picture that appears under it would be recommended before anybody has looked."""
    page.goto(f"{server.url}/?study")
    page.get_by_role("button", name="I agree and want to take part").click()
    begin = page.get_by_role("button", name="Start the practice")
    begin.wait_for()
    page.mouse.move(280, 350)
    begin.press("Enter")
    look(page)
    assert choice(page, 1).evaluate("node => node.matches(':hover')")
    mark = "node => getComputedStyle(node.querySelector('.number'), '::after').backgroundColor"
    assert choice(page, 1).evaluate(mark) == "rgba(0, 0, 0, 0)"
    page.mouse.move(284, 353)
    assert choice(page, 1).evaluate(mark) == "rgb(255, 255, 255)"
    assert choice(page, 2).evaluate(mark) == "rgba(0, 0, 0, 0)"


def test_a_link_that_the_recruiter_did_not_fill_is_refused(page: Page, server: Any) -> None:
    page.goto(f"{server.url}/?PROLIFIC_PID={{{{%PROLIFIC_PID%}}}}&STUDY_ID=s1")
    expect(page.get_by_role("alert")).to_contain_text("has not put your PROLIFIC_PID into the link")
    expect(page.get_by_role("button", name="I agree")).to_have_count(0)


def test_the_page_asks_no_third_party(page: Page, server: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    agree(page, f"{server.url}/?study")
    page.get_by_role("tab", name="Colorize").click()
    assert [url for url in asked if not url.startswith((server.url, "data:", "blob:"))] == []
