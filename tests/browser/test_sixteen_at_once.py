"""Sixteen people at once, a server that dies in the middle, and the database afterwards.

Two of them in real browsers, one of which reloads and one of which clicks everything twice; one of
the others withdraws. The database then holds exactly what they answered, on SQLite and PostgreSQL,
and the report shows it in every format, down to where the plots put their marks.
"""

import json
import re
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from answering import SCRIPT, HttpParticipant, assert_answers, in_threads
from playwright.sync_api import Browser, Page

from study import export
from study.database.source import from_database
from study.database.store import answers, participants
from study.report import __main__ as report
from study.report.__main__ import FORMS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

PRACTICE, SCORED = 3, 30
WHOLE = [(True, n + 1) for n in range(PRACTICE)] + [(False, n + 1) for n in range(SCORED)]
BEFORE_THE_KILL = 8
RELOADING, TWICE = 14, 15
ANSWERED = 15 * SCORED  # by all but who withdrew
# Where the marks of the first plot stand on its axis, in percent of the axis' end, by method.
MARKS = """figure => Object.fromEntries([...figure.querySelectorAll(".row:not(.foot)")].map(row => {
  const track = row.querySelector("svg.track").getBoundingClientRect();
  const dot = row.querySelector("circle.dot").getBoundingClientRect();
  const middle = dot.left + dot.width / 2;
  return [row.querySelector(".label").textContent, (middle - track.left) / track.width];
}))"""


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


def assert_reports(url: str, rows: pd.DataFrame, stimuli: Path, out: Path, page: Page) -> None:
    """Compare the report in every format, and its first plot as drawn, with the answers."""
    picked = Counter(rows.loc[rows["picked"] & (rows["kind"] == "scored"), "method"])
    assert sum(picked.values()) == ANSWERED
    computed = report.computed(from_database(url), stimuli=stimuli)
    written = {form: report.written(*computed, form) for form in FORMS}
    assert not any("SIMULATED" in text for text in written.values())
    found = json.loads(written["json"])
    assert {rate["name"]: (rate["picked"], rate["trials"]) for rate in found["fool_rates"]} == {
        name: (count, ANSWERED) for name, count in picked.items()
    }
    flow = found["flow"]
    assert (flow["consented"], flow["withdrawn"], flow["analysed"]) == (16, 1, 15)
    for count in picked.values():
        for form in set(FORMS) - {"json", "csv"}:
            assert re.search(rf"\b{count}/{ANSWERED}\b", written[form]), (form, count)
    for name, count in picked.items():
        row = rf"^fool_rates,,{name},rate,.*,{count},{ANSWERED},,False$"
        assert re.search(row, written["csv"], re.MULTILINE)

    file = out / "report.html"
    command = ["--db", url, "--stimuli", str(stimuli), "--format", "html", "--out", str(file)]
    assert report.main(command) == 0
    assert file.read_text("utf-8") == written["html"]
    page.goto(file.as_uri())
    page.screenshot(path=out / "report.png", full_page=True)
    end = page.locator("figure svg.axis text.last").first.text_content()
    marks = page.locator("figure").first.evaluate(MARKS)
    assert len(marks) == len(picked) == 3
    for label, place in marks.items():
        rate = picked[label.split(" (")[0]] / ANSWERED
        assert place * float(end.split()[0]) == pytest.approx(100 * rate, abs=0.2)
    wide = page.locator(".gallery img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert len(wide) == 48  # two methods, both ends, six pictures beside the truth
    assert all(wide)

    command = ["--db", url, "--stimuli", str(stimuli), "--pictures", "--out", str(out / "export")]
    assert export.main(command) == 0
    command = ["--from", str(out / "export"), "--format", "html", "--out", str(out / "again.html")]
    assert report.main(command) == 0
    assert (out / "again.html").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_sixteen_people_and_a_server_that_dies(
    browser: Browser,
    page: Page,
    make_server: Callable[..., Any],
    stimuli: Path,
    tmp_path: Path,
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
    for one in pages:
        one.get_by_label("Completion code").wait_for(timeout=400_000)
    names = {one.person: one.shown["participant"] for one in people}
    for person, shown in ((RELOADING, reloading), (TWICE, twice)):
        foot = shown.locator(".foot > span").first.inner_text()
        names[person] = foot.removeprefix("Participant ")
        shown.context.close()

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
    assert_reports(server.database_url, rows, stimuli, tmp_path, page)
