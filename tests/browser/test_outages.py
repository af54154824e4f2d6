"""A real server whose database is locked, full or away: what it answers, and what its log says.

No answer is acknowledged that is not stored, nobody waits for long, other visitors notice nothing,
and the log has a few lines without a word of what was asked.
"""

import json
import re
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from answering import HttpParticipant, assert_answers, in_threads, study_component
from relay import Relay
from test_server import get

from study.database.store import answers, participants
from study.protocol.texts import CONSENT_VERSION

SOON = 20.0  # seconds; two or three where nothing else runs
# Words of an error that say what was asked, stored or run.
TELLTALES = ("Traceback", "parameters", "SELECT", "INSERT", "token", "sqlalche.me", "[SQL")


def send(server: Any, component: int, name: str, request: Any) -> tuple[int, Any, Any]:
    """Call a function of the Study tab once; status, reply and headers."""
    body = {"data": request, "component_id": component, "session_hash": "t", "fn_name": name}
    asked = urllib.request.Request(
        f"{server.url}/gradio_api/component_server",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(asked, timeout=120) as answer:
            return answer.status, json.load(answer), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            text = error.read()
            reply = json.loads(text) if text.startswith(b"{") else {}
            return error.code, reply, error.headers


def quiet(server: Any, before: str, most: int) -> None:
    """The log has got few lines since `before`, and none that tells what was asked."""
    lines = server.log()[len(before) :].splitlines()
    assert len(lines) <= most, lines
    for line in lines:
        assert not [word for word in TELLTALES if word in line], line
        assert not re.search(r"p-[0-9a-f]{12}|[0-9a-f]{32}|\d{40}", line), line


@pytest.mark.slow
def test_a_lock_from_outside_delays_nobody_else(make_server: Callable[..., Any]) -> None:
    """While somebody else holds SQLite's write lock, sixty people answer."""
    server = make_server()
    component = study_component(server.url)
    people = [HttpParticipant(server.url, n, component=component) for n in range(60)]
    people[0].start()
    log = server.log()
    lock = sqlite3.connect(server.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    def consent(person: HttpParticipant) -> tuple[float, int, Any, Any]:
        request = {"token": f"{person.person:064d}", "recruiter": {}, "version": CONSENT_VERSION}
        began = time.monotonic()
        status, reply, headers = send(server, component, "consent", request)
        return time.monotonic() - began, status, reply, headers

    with ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(consent, person) for person in people[1:]]
        time.sleep(0.5)  # until all of them have been received
        for path in ("/", "/config", "/theme.css"):
            began = time.monotonic()
            assert get(server.url + path)[0] == 200
            assert time.monotonic() - began < SOON / 2
        began = time.monotonic()
        first = people[0].shown["trial"]
        assert len(people[0].ask("pictures", trial=first)["pictures"]) == 3
        assert time.monotonic() - began < SOON / 2
        told = [one.result() for one in waiting]
    lock.execute("ROLLBACK")
    lock.close()
    for seconds, status, reply, headers in told:
        assert seconds < SOON
        assert status == 503
        assert 1 <= int(headers["Retry-After"]) <= 10
        assert reply["why"] == "busy"
        assert "cannot be stored at the moment" in reply["error"]
    quiet(server, log, 3)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(HttpParticipant.start, people))
    assert len(participants(server.database_url)) == 60


@pytest.mark.slow
def test_a_full_disk_is_called_full(make_server: Callable[..., Any], tmp_path: Path) -> None:
    full = tmp_path / "full"
    program = Path(__file__).parents[1] / "helpers" / "small_disk.py"
    server = make_server(program=program, TRUEHUE_TEST_FULL=str(full))
    person = HttpParticipant(server.url, 1, stop_after=4)
    for one in (person, HttpParticipant(server.url, 2), HttpParticipant(server.url, 3)):
        one.start()  # more than fits the pages that a new database has
    log = server.log()
    full.touch()
    for number in range(30):
        request = {"token": f"{100 + number:064d}", "recruiter": {}, "version": CONSENT_VERSION}
        status, reply, headers = send(server, person.component, "consent", request)
        assert (status, reply["why"]) == (503, "full")
        assert "disk is full" in reply["error"]
        assert int(headers["Retry-After"]) >= 1
    quiet(server, log, 2)
    assert "SQLITE_FULL" in server.log()
    assert len(participants(server.database_url)) == 3
    full.unlink()
    person.go_on()
    assert_answers(answers(server.database_url), 1, person.acknowledged)


@pytest.mark.slow
@pytest.mark.postgres
def test_a_database_that_goes_away_and_comes_back(
    make_server: Callable[..., Any], relay: tuple[Relay, str]
) -> None:
    way, url = relay
    server = make_server(url, TRUEHUE_TRUSTED_PROXIES="")
    component = study_component(server.url)
    people = [HttpParticipant(server.url, n, component=component) for n in range(4)]
    for person in people:
        person.start()
    log = server.log()
    threads = in_threads([person.go_on for person in people])
    while min(len(person.acknowledged) for person in people) < 2:
        time.sleep(0.02)
    way.open = False
    time.sleep(0.3)
    request = {"token": f"{99:064d}", "recruiter": {}, "version": CONSENT_VERSION}
    until = time.monotonic() + 5
    while time.monotonic() < until:
        began = time.monotonic()
        status, reply, headers = send(server, component, "consent", request)
        assert time.monotonic() - began < SOON
        assert (status, reply["why"]) == (503, "away")
        assert "does not answer" in reply["error"]
        assert int(headers["Retry-After"]) >= 1
        assert get(f"{server.url}/config")[0] == 200
    quiet(server, log, 6)
    way.open = True
    for thread in threads:
        thread.join(timeout=200)
    rows = answers(url)
    for person, (_, mine) in zip(people, rows.groupby("participant", sort=False), strict=True):
        assert len(person.acknowledged) == 33
        assert mine["trial"].nunique() == 33
    quiet(server, log, 6)
