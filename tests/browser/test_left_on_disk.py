"""What a real server leaves on the disk, however it ends."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from program import ENDPOINT, Visitor, picture

KEEP = 4
pytestmark = pytest.mark.timeout(900)  # two starts of a server


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if b"visitor" in str(path).encode()]


def upload(url: str, count: int) -> Path:
    """Upload so many files; the folder that holds those of all servers."""
    with httpx.Client(base_url=url, timeout=60) as client:
        for number in range(count):
            name = f"visitor-{number}.png"
            answer = client.post("/gradio_api/upload", files={"files": (name, name.encode())})
            (path,) = answer.raise_for_status().json()
    return Path(path).parents[2]


@pytest.mark.slow
def test_nothing_stays_after_its_time(make_server: Callable[..., Any]) -> None:
    server = make_server(TRUEHUE_KEEP_SECONDS=str(KEEP))
    folder = upload(server.url, 30)
    server.stop(signal.SIGKILL)
    assert len(left(folder)) > 0
    server.start()
    upload(server.url, 30)
    deadline = time.monotonic() + KEEP + 60
    while left(folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left(folder) == []
    while len(list(folder.glob("truehue-*"))) > 1 and time.monotonic() < deadline:
        time.sleep(0.2)
    (mine,) = folder.glob("truehue-*")  # the killed one's is gone
    examples = [path for path in mine.iterdir() if any(path.iterdir())]
    assert sorted(mine.iterdir()) == sorted(examples)  # and no empty folder is left
    upload(server.url, 1)
    server.stop()
    assert list(folder.glob("truehue-*")) == []


@pytest.mark.slow
def test_a_photograph_stays_until_its_turn_has_come(make_server: Callable[..., Any]) -> None:
    server = make_server(TRUEHUE_KEEP_SECONDS="1", TRUEHUE_TRUSTED_PROXIES="127.0.0.1")
    visitor = Visitor(server.url, "192.0.2.1")
    first = visitor.ask(visitor.upload(picture(6000, 4000))).raise_for_status().json()["event_id"]
    waiting = visitor.upload(picture(60, 40))
    began = time.monotonic()
    assert visitor.colour(waiting).startswith("event: complete")
    assert time.monotonic() - began > 2.2  # or nothing has been waited for
    assert "event: complete" in visitor.get(f"{ENDPOINT}/{first}").text
    folder = Path(waiting["path"]).parents[2]
    deadline = time.monotonic() + 60
    while list(folder.rglob("a[.-]*")) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert list(folder.rglob("a[.-]*")) == []
