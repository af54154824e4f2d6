"""Sixteen people at once, a server that dies in the middle, and the database afterwards.

Two of them in real browsers, one of which reloads and one of which clicks everything twice; one of
the others withdraws. The database then holds exactly what they answered, on SQLite and PostgreSQL.
"""

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from answering import SCRIPT, HttpParticipant, assert_answers, in_threads
from playwright.sync_api import Browser, Page

from study.store import answers, participants

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

PRACTICE, SCORED = 3, 30
WHOLE = [(True, n + 1) for n in range(PRACTICE)] + [(False, n + 1) for n in range(SCORED)]
BEFORE_THE_KILL = 8
RELOADING, TWICE = 14, 15


def begin(browser: Browser, url: str, person: int, more: str = "") -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.add_init_script(SCRIPT)
    page = context.new_page()
    page.goto(f"{url}/?study&person={person}{more}")
    return page


def wait_until(true: Callable[[], bool], pages: list[Page], seconds: float = 400) -> None:
    """Wait while the pages go on by themselves."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        pages[0].wait_for_timeout(100)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_sixteen_people_and_a_server_that_dies(
    browser: Browser,
    make_server: Callable[..., Any],
    request: pytest.FixtureRequest,
    kind: str,
) -> None:
    url = None if kind == "sqlite" else request.getfixturevalue("new_postgres")()
    server = make_server(url)
    people = [HttpParticipant(server.url, person) for person in range(14)]
    withdrawing = people[3]
    withdrawing.stop_after = BEFORE_THE_KILL + 4

    def take_part(one: HttpParticipant) -> Callable[[], None]:
        def work() -> None:
            one.start()
            one.go_on()

        return work

    threads = in_threads([take_part(one) for one in people])
    reloading = begin(browser, server.url, RELOADING)
    twice = begin(browser, server.url, TWICE, "&twice")
    pages = [reloading, twice]
    wait_until(lambda: min(len(one.acknowledged) for one in people) >= BEFORE_THE_KILL, pages)
    reloading.reload()
    wait_until(lambda: all(p.locator(".foot").count() for p in pages), pages)
    server.stop(signal.SIGKILL)
    server.start()
    for thread in threads:
        while thread.is_alive():  # the pages' events are handled while this thread waits
            reloading.wait_for_timeout(100)
    code = withdrawing.shown["withdrawal_code"]
    assert withdrawing.ask("withdraw", withdrawal_code=code) == {"step": "withdrawn"}
    for page in pages:
        page.get_by_label("Completion code").wait_for(timeout=400_000)
    names = {one.person: one.shown["participant"] for one in people}
    for person, page in ((RELOADING, reloading), (TWICE, twice)):
        shown = page.locator(".foot > span").first.inner_text()
        names[person] = shown.removeprefix("Participant ")
        page.context.close()

    rows = answers(server.database_url)
    stored = participants(server.database_url).set_index("participant")
    gone = names.pop(withdrawing.person)
    assert set(stored.index) == set(rows["participant"]) == set(names.values())
    assert gone not in stored.index
    for person, name in names.items():
        assert_answers(rows[rows["participant"] == name], person, WHOLE)
    assert set(stored["status"]) == {"completed"}
    # The list of who withdrew is free again; nobody else's was given out twice.
    assert len(set(stored["list_number"])) == 15
    assert set(stored["list_number"]) < set(range(16))
