"""The page with another study: five methods, pictures on end, one scale, catch trials, a link.

And what no participant notices: pictures that are ready before their turn and never seen before it,
and times that leave out what was not seen.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from answering import EARLY_MS, look
from PIL import Image
from playwright.sync_api import Page, Request, expect

from study.database.engine import connect
from study.database.store import answers
from study.stimuli.making import import_folders

pytestmark = pytest.mark.browser

METHODS = ("truth", "a", "b", "c", "d")
# Which pictures were in the page at any moment, by their order of arrival from the server.
WATCH = """
window.seen = [];
new MutationObserver(() => {
  const shown = [...document.querySelectorAll("#study img")].map((image) => image.src.length
    + ":" + image.src.slice(-60));
  if (shown.length) window.seen.push(shown.join(" "));
}).observe(document, { childList: true, subtree: true });
"""


@pytest.fixture(scope="module")
def five(make_server: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server with a study of five methods."""
    folder = tmp_path_factory.mktemp("five")
    rng = np.random.default_rng(8)
    for method in METHODS:
        (folder / method).mkdir()
        for number in range(12):
            coarse = Image.fromarray(rng.integers(0, 256, (6, 4, 3), dtype=np.uint8))
            coarse.resize((200, 300), Image.Resampling.BICUBIC).save(
                folder / method / f"{number}.png"
            )
    others = {method: folder / method for method in METHODS[1:]}
    import_folders(folder / "truth", others, folder / "set", practice=3, shown_pixels=480)
    (folder / "study.toml").write_text(
        'stimuli = "set"\n[trials]\nscored = 3\npractice = 1\ncatch = 1\nrepeats = 1\n'
        '[scales.realism]\nlabel = "Could it be?"\n'
        '[recruitment]\nopen_after = 0\ncompletion_link = "https://recruiter.example/?cc={code}"\n'
    )
    return make_server(TRUEHUE_STUDY=str(folder / "study.toml"))


def choice(page: Page, slot: int) -> Any:
    return page.get_by_role("button", name=f"Picture {slot} is real")


def begin(page: Page, url: str) -> None:
    page.goto(f"{url}/?study")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Start the practice").click()
    choice(page, 1).wait_for()


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (390, 844),
        *(pytest.param(*size, marks=pytest.mark.slow) for size in ((1000, 600), (1280, 720))),
    ],
)
def test_five_pictures_on_end_fit_the_screen(page: Page, five: Any, width: int, height: int):
    page.set_viewport_size({"width": width, "height": height})
    begin(page, five.url)
    boxes = [choice(page, slot).bounding_box() for slot in range(1, 6)]
    for box in boxes:
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        assert box["width"] >= 90
    shown = page.locator("#study img").first.bounding_box()
    assert shown["height"] / shown["width"] == pytest.approx(1.5, abs=0.02)


def test_a_whole_session_with_catch_repeat_one_scale_and_a_link(page: Page, five: Any) -> None:
    begin(page, five.url)
    for number in range(6):
        look(page)
        page.keyboard.press("5")
        page.get_by_role("button", name="Continue").wait_for()
        groups = page.get_by_role("group", name=re.compile("Could it be"))
        expect(groups).to_have_count(5)
        if number:
            expect(page.get_by_text(f"Trial {number} of 5")).to_be_visible()
        for key in "12345":
            page.keyboard.press(key)
        page.keyboard.press("Enter")
        if number == 0:
            page.get_by_role("button", name="Start the study").click()
    code = page.get_by_label("Completion code").inner_text()
    link = page.get_by_role("link", name="Finish")
    assert link.get_attribute("href") == f"https://recruiter.example/?cc={code}"
    expect(page.get_by_text("obvious fakes")).to_be_visible()
    name = page.locator(".foot > span").first.inner_text().removeprefix("Participant ")
    rows = answers(five.database_url)
    mine = rows[rows["participant"] == name]
    trials = mine.drop_duplicates("trial")
    assert sorted(trials["kind"]) == ["catch", "practice", "repeat", "scored", "scored", "scored"]
    assert mine["realism"].tolist() == [1, 2, 3, 4, 5] * 6
    assert mine["quality"].isna().all()
    assert (mine.loc[mine["picked"], "slot"] == 5).all()


def test_the_next_pictures_are_ready_and_not_seen_before_their_turn(page: Page, five: Any) -> None:
    asked: list[str] = []  # the trials whose pictures the page asked for

    def note(request: Request) -> None:
        body = request.post_data or ""
        if '"fn_name":"pictures"' in body:
            asked.extend(re.findall(r'"trial":"([^"]+)"', body))

    page.on("request", note)
    page.add_init_script(WATCH)
    begin(page, five.url)
    while len(asked) < 3:  # those of the next two trials, while the first is on show
        page.wait_for_timeout(20)
    look(page)
    page.keyboard.press("1")
    page.get_by_role("button", name="Continue").wait_for()
    assert len(set(page.evaluate("window.seen"))) == 1  # five at once, and never any other
    assert asked[3:] == []
    for key in "12345":
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Start the study").click()
    choice(page, 1).wait_for()
    assert len(set(page.evaluate("window.seen"))) == 2
    assert len(asked) == len(set(asked))  # what was fetched ahead is what is shown


@pytest.mark.slow
def test_time_in_which_the_tab_is_hidden_is_no_exposure(page: Page, five: Any) -> None:
    begin(page, five.url)
    look(page)
    hide = (
        "hidden => { Object.defineProperty(document, 'hidden', "
        "{ configurable: true, get: () => hidden });"
        "document.dispatchEvent(new Event('visibilitychange')); }"
    )
    page.evaluate(hide, True)
    page.wait_for_timeout(1500)
    page.evaluate(hide, False)
    page.keyboard.press("2")
    page.get_by_role("button", name="Continue").wait_for()
    name = page.locator(".foot > span").first.inner_text().removeprefix("Participant ")
    engine = connect(five.database_url)
    with engine.connect() as connection:
        response, exposure = connection.exec_driver_sql(
            "SELECT response_ms, exposure_ms FROM pick JOIN trial ON trial.id = pick.trial_id "
            "JOIN participant ON participant.id = trial.participant_id WHERE public_id = ?",
            (name,),
        ).one()
    engine.dispose()
    assert response - exposure >= 1450
    assert exposure >= EARLY_MS - 60


def test_a_reader_of_the_screen_is_told_where_it_is(page: Page, five: Any) -> None:
    begin(page, five.url)
    expect(page.get_by_role("heading", name="Which picture is real?")).to_be_focused()
    expect(page.get_by_role("progressbar", name="Progress")).to_have_count(1)
    for slot in range(1, 6):
        assert choice(page, slot).get_attribute("aria-keyshortcuts") == str(slot)
        expect(choice(page, slot).get_by_role("img", name=f"Picture {slot}")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(choice(page, 1)).to_be_focused()
    look(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Rate each picture")).to_be_focused()
