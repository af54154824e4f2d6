"""One visitor who asks for as much as there is, and what others notice of it: a real server."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from program import API, Visitor, picture

SOON = 60.0  # seconds; two or three where nothing else runs


@pytest.fixture(scope="module")
def server(make_server: Callable[..., Any]) -> Any:
    return make_server(TRUEHUE_TRUSTED_PROXIES="127.0.0.1")


@pytest.mark.slow
def test_one_visitor_does_not_close_the_page_for_others(server: Any) -> None:
    greedy, other = Visitor(server.url, "192.0.2.1"), Visitor(server.url, "192.0.2.2")
    large, small = greedy.upload(picture(6000, 5000)), other.upload(picture(60, 40))
    answers = [greedy.ask(large) for _ in range(70)]
    taken = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(taken) + len(refused) == 70
    assert 2 <= len(taken) <= 4  # two wait, and what has begun by now
    for answer in refused:
        assert "photographs of yours are waiting; come back in about" in answer.json()["detail"]
        assert f" {int(answer.headers['Retry-After'])} s," in answer.json()["detail"]
    # Nor under many names: a session is what a request says, an address is not.
    call = f"{API}/call/colorize_file"
    events = [
        greedy.post(call, json={"data": [large, "gan"], "session_hash": f"s{number}"})
        for number in range(70)
    ]
    assert {answer.status_code for answer in events} <= {200, 429}
    joined = [greedy.post(f"{API}/queue/join", json=body) for body in sessions(greedy, large)]
    assert sum(answer.status_code == 200 for answer in (*events, *joined)) <= 10
    assert any("from your network" in answer.text for answer in joined)
    began = time.monotonic()
    assert other.colour(small).startswith("event: complete")
    assert time.monotonic() - began < SOON
    began = time.monotonic()
    assert light(other) == "process_completed"
    assert time.monotonic() - began < SOON / 3


def sessions(visitor: Visitor, photo: dict[str, Any]) -> list[dict[str, Any]]:
    """The check of an upload as thirty pages would ask for it."""
    (check,) = functions(visitor, "check_upload")
    return [{"data": [photo], "fn_index": check, "session_hash": f"p{n}"} for n in range(30)]


def functions(visitor: Visitor, name: str) -> list[int]:
    config = visitor.get("/config").json()["dependencies"]
    return [one["id"] for one in config if one["api_name"] == name]


def light(visitor: Visitor) -> str:
    """Move a slider of a page without a photograph; the last message about it."""
    fn = functions(visitor, "redraw")[0]
    body = {"data": [None, 1.0, 0.0, 0.5], "fn_index": fn, "session_hash": "light"}
    visitor.post(f"{API}/queue/join", json=body).raise_for_status()
    with visitor.stream("GET", f"{API}/queue/data", params={"session_hash": "light"}) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                message = json.loads(line.removeprefix("data:"))["msg"]
                if message in ("process_completed", "close_stream"):
                    return str(message)
    return ""


@pytest.mark.slow
def test_a_picture_that_takes_too_much_is_refused_with_a_sentence(server: Any) -> None:
    visitor = Visitor(server.url, "192.0.2.3")
    said = visitor.colour(visitor.upload(picture(9000, 9000)))
    assert said.startswith("event: error")
    assert "GB of memory, and the limit is 2" in said


@pytest.mark.slow
def test_the_memory_stays_bounded_whoever_asks(server: Any) -> None:
    visitors = [Visitor(server.url, f"198.51.100.{number}") for number in range(3)]
    large = picture(6000, 5000)  # 1.5 GB each
    photos = [visitor.upload(large) for visitor in visitors]
    threads = [
        threading.Thread(target=visitor.colour, args=[photo], daemon=True)
        for visitor, photo in zip(visitors, photos, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=250)
        assert not thread.is_alive()
    print(f"The server's peak: {server.peak() / 1e9:.2f} GB")
    assert server.peak() < 2.5e9 + 1.2e9  # and what the program itself takes
