"""A study while one visitor wants all of Colorize, the server dies and the database goes away.

Forty people answer on PostgreSQL, with a pause as somebody who looks has one, shorter. All that
was acknowledged is stored once and unchanged; outside the outages an answer is soon acknowledged,
and another visitor gets colours throughout; at the end nobody's photographs are left.
"""

import contextlib
import os
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from answering import HttpParticipant, assert_answers, in_threads, study_component
from program import API, Visitor, picture
from relay import Relay

from study.database.store import answers, participants

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(900)]

PEOPLE = 40
PRACTICE, SCORED = 3, 12
WHOLE = [(True, n + 1) for n in range(PRACTICE)] + [(False, n + 1) for n in range(SCORED)]
PAUSE = 2.0  # seconds before each answer; people have ten
ANSWER, COLOURS = 0.3, 20.0  # seconds that an answer (95 % of them) and a colouring may take
CALM = 4.0  # seconds after a start or an outage: networks are loaded, and all forty come at once
KEEP = 10  # seconds that files stay
HEAVY = 4000, 3000


@dataclass
class Watch:
    """What a visitor saw until it was stopped, as (when asked, seconds, what came)."""

    url: str
    seen: list[tuple[float, float, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def attack(self) -> None:
        """Ask for heavy pictures under ever new names, by both ways, without an end."""
        large, number = picture(*HEAVY), 0
        while not self.over.is_set():
            with contextlib.suppress(httpx.HTTPError):
                visitor = Visitor(self.url, "192.0.2.1")
                config = visitor.get("/config").json()["dependencies"]
                (check,) = (one["id"] for one in config if one["api_name"] == "check_upload")
                photo = visitor.upload(large)
                until = time.monotonic() + KEEP / 2
                while time.monotonic() < until and not self.over.wait(0.02):
                    number += 1
                    began = time.monotonic()
                    if number % 2:
                        answer = visitor.ask(photo)
                    else:
                        body = {"data": [photo], "fn_index": check, "session_hash": f"s{number}"}
                        answer = visitor.post(f"{API}/queue/join", json=body)
                    came = f"{answer.status_code} {answer.text}"
                    self.seen.append((began, time.monotonic() - began, came))

    def colour(self) -> None:
        """Bring a small photograph, wait for its colours, and come again."""
        small = picture(60, 40)
        while not self.over.is_set():
            began = time.monotonic()
            try:
                visitor = Visitor(self.url, "192.0.2.2")
                while not self.over.wait(1.0):
                    began = time.monotonic()
                    came = visitor.colour(visitor.upload(small))
                    self.seen.append((began, time.monotonic() - began, came))
            except httpx.HTTPError as error:
                self.seen.append((began, time.monotonic() - began, repr(error)))
                self.over.wait(0.2)


@pytest.fixture
def busy() -> float:
    """How many times as long as on a machine of its own things may take here."""
    return 1.0 + os.getloadavg()[0] / (os.cpu_count() or 1)


def files(folder: Path) -> set[str]:
    """All files that servers keep in a folder, by their paths below that of each server."""
    return {
        os.path.join(path, name).removeprefix(f"{folder}/").partition("/")[2]
        for path, _, names in os.walk(folder)  # which may change on the way
        for name in names
    }


def outside(
    seen: list[tuple[float, float, str]], outages: list[tuple[float, float]]
) -> list[float]:
    """Seconds that each request took which met no outage."""
    return [
        seconds
        for began, seconds, _ in seen
        if all(began + seconds < first or began > last for first, last in outages)
    ]


def test_a_study_under_attack(
    make_server: Callable[..., Any], relay: tuple[Relay, str], busy: float, tmp_path: Path
) -> None:
    way, url = relay
    study = tmp_path / "study.toml"
    study.write_text(f"[trials]\nscored = {SCORED}\npractice = {PRACTICE}\n")
    server = make_server(
        url,
        TRUEHUE_STUDY=str(study),
        TRUEHUE_KEEP_SECONDS=str(KEEP),
        TRUEHUE_TRUSTED_PROXIES="127.0.0.1",
    )
    folder = server.database.parent / "gradio"
    examples = files(folder)
    component = study_component(server.url)
    people = [
        HttpParticipant(server.url, n, None, component, pause=PAUSE * min(busy, 3))
        for n in range(PEOPLE)
    ]
    greedy, other = Watch(server.url), Watch(server.url)
    began = time.monotonic()
    visitors = in_threads([greedy.attack, other.colour])
    threads = in_threads([lambda one=one: (one.rest(), one.start(), one.go_on()) for one in people])

    def reached(trials: int) -> None:
        while min(len(one.acknowledged) for one in people) < trials:
            for one, thread in zip(people, threads, strict=True):
                assert thread.is_alive() or one.shown["step"] == "done"
            time.sleep(0.02)

    reached(3)
    killed = time.monotonic()
    server.stop(signal.SIGKILL)
    server.start()
    restarted = time.monotonic()
    reached(8)
    left = time.monotonic()
    way.open = False
    time.sleep(5)
    way.open = True
    back = time.monotonic()
    for thread in threads:
        thread.join(timeout=400)
        assert not thread.is_alive()
    ended = time.monotonic()
    for one in (greedy, other):
        one.over.set()
    for thread in visitors:
        thread.join(timeout=200)
        assert not thread.is_alive()

    spans = (began, began), (killed, restarted), (left, back)
    outages = [(first, last + CALM * min(busy, 5)) for first, last in spans]
    waits = [wait for one in people for wait in one.waits if wait[2] in ("pick", "rate")]
    calm = outside(waits, outages)
    colours = outside(other.seen, [(killed, restarted)])
    said = Counter(came[:3] for _, _, came in greedy.seen)
    p95 = statistics.quantiles(calm, n=20)[-1]
    print(
        f"{PEOPLE} people in {ended - began:.0f} s, {busy:.1f} times as long allowed; "
        f"{len(calm)} of {len(waits)} answers outside the outages: median "
        f"{statistics.median(calm) * 1e3:.0f}, p95 {p95 * 1e3:.0f}, most {max(calm) * 1e3:.0f} ms; "
        f"{len(colours)} colourings, the longest {max(colours):.1f} s; restart in "
        f"{restarted - killed:.0f} s; the attack was told {dict(said)}"
    )
    rows = answers(url)
    names = {one.shown["participant"]: one for one in people}
    assert set(rows["participant"]) == set(names)
    assert len(names) == PEOPLE
    for name, mine in rows.groupby("participant"):
        assert names[name].acknowledged == WHOLE
        assert_answers(mine, names[name].person, WHOLE)
    assert set(participants(url)["status"]) == {"completed"}

    assert len(calm) > 10 * PEOPLE
    # Each of an answer's questions to the database is a wait for the processor of its own.
    assert p95 < ANSWER * (2 * busy - 1)
    assert said["429"] > said["200"] > 2
    assert any("from your network" in came for _, _, came in greedy.seen)
    assert len(colours) > 5
    for asked, seconds, came in other.seen:
        if not killed - seconds <= asked <= restarted:
            assert came.startswith("event: complete"), came
    assert max(colours) < COLOURS * busy

    deadline = time.monotonic() + (3 * KEEP + 30) * busy  # what waits in the queue ends first
    while files(folder) != examples and time.monotonic() < deadline:
        time.sleep(0.2)
    assert files(folder) == examples
    print(f"nothing is left {time.monotonic() - ended:.0f} s after the last answer")
