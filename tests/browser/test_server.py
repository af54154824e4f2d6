"""What the real server gives away over plain HTTP, and how it starts and refuses to start."""

import http.client
import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import programs
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, _lower(response.headers), response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _lower(error.headers), error.read()


def call(url: str, function: str, data: Any) -> tuple[int, Any]:
    """Call a server function of the Study tab, as its page does."""
    components = json.loads(get(f"{url}/config")[2])["components"]
    (study,) = [c["id"] for c in components if c["props"].get("elem_id") == "study"]
    body = {"data": data, "component_id": study, "session_hash": "test", "fn_name": function}
    request = urllib.request.Request(
        f"{url}/gradio_api/component_server",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_the_database_is_not_served(server: Any, suffix: str) -> None:
    status, _, body = get(f"{server.url}/gradio_api/file={server.database}{suffix}")
    assert status == 403
    assert b"SQLite" not in body


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file=app.py",
        "gradio_api/file=results.db",
        "gradio_api/file=../results.db",
        "gradio_api/file=%2e%2e/%2e%2e/etc/passwd",
        "gradio_api/file=/etc/passwd",
        "gradio_api/file=study/sets/default/manifest.json",
        "monitoring",
        "monitoring/summary",
        "docs",
        "openapi.json",
    ],
)
def test_other_doors_are_shut(server: Any, path: str) -> None:
    assert get(f"{server.url}/{path}")[0] in (403, 404)


def test_the_configuration_names_no_file_of_ours(server: Any) -> None:
    text = get(f"{server.url}/config")[2].decode()
    for secret in (str(server.database), server.database.name, "stimuli", "manifest"):
        assert secret not in text


def test_other_origins_may_not_read(server: Any) -> None:
    for path in ("", "/config", "/theme.css"):
        _, headers, _ = get(server.url + path, Origin="https://elsewhere.example")
        assert "access-control-allow-origin" not in headers
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in headers["content-security-policy"]


@pytest.mark.parametrize("name", ["get_config", "__init__", "postprocess", "preprocess", "style"])
def test_only_the_studys_own_functions_can_be_called(server: Any, name: str) -> None:
    status, reply = call(server.url, name, {})
    assert status == 404
    assert reply == {"detail": "Function not found."}


def test_a_participant_needs_no_browser(server: Any) -> None:
    """The page's requests are plain enough to be made by hand, and refused by hand."""
    request = {"token": "e" * 64, "recruiter": {}}
    _, shown = call(server.url, "enter", request)
    assert shown["step"] == "consent"
    _, shown = call(server.url, "consent", {**request, "version": shown["version"]})
    assert shown["step"] == "pick"
    _, forged = call(server.url, "pick", {**request, "trial": shown["upcoming"][0], "slot": 1})
    assert set(forged) == {"error"}
    status, nonsense = call(server.url, "pick", [[[]]])
    assert status == 200
    assert set(nonsense) == {"error"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("json", {"component_id": 999_999}),
        ("json", {"component_id": -1}),
        ("json", {"component_id": "study"}),
        ("json", {"component_id": [1]}),
        ("json", {"component_id": None}),
        ("json", {"session_hash": {"a": 1}}),
        ("json", {"fn_name": "__class__"}),
        ("json", [1, 2]),
        ("form", {}),
        ("form", {"component_id": "1"}),
        ("form", {"component_id": "x", "session_hash": "s", "fn_name": "enter"}),
        ("form", {"component_id": "1", "session_hash": "s", "fn_name": "enter"}),
    ],
)
def test_a_request_that_no_page_makes_gets_a_sentence(server: Any, kind: str, body: Any) -> None:
    before = server.log()
    for path in ("component_server", "component_server/"):
        address = f"{server.url}/gradio_api/{path}"
        if kind == "json":
            whole = {"data": {}, "component_id": 1, "session_hash": "s", "fn_name": "enter"}
            answer = httpx.post(address, json=whole | body if isinstance(body, dict) else body)
        else:
            answer = httpx.post(address, files={name: (None, text) for name, text in body.items()}
                                or {"file": ("a.txt", b"a")})  # fmt: skip
        assert 400 <= answer.status_code < 500
        (said,) = answer.json().values()
        assert "Traceback" not in said
        assert said.endswith(".")
    written = server.log()[len(before) :]
    assert "Traceback" not in written
    assert len(written.splitlines()) <= 1


def test_no_route_answers_nonsense_with_a_traceback(server: Any) -> None:
    """All of Gradio's routes, asked as no page asks them."""
    before = server.log()
    nonsense: list[dict[str, Any]] = [
        {"content": b"\xff\xfe{", "headers": {"Content-Type": "application/json"}},
        {"json": {}},
        {"json": {"data": None, "fn_index": 10**9, "session_hash": None, "event_id": [1]}},
        {"json": {"data": [], "fn_index": -1, "session_hash": "x", "event_id": "x"}},
        {"files": {"file": ("a.txt", b"a")}},
        {"content": b"--x\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    ]
    routes = (
        "queue/join", "queue/data", "queue/data?session_hash=x", "call/nothing", "call/v2/nothing",
        "run/predict", "run/nothing", "api/predict", "reset", "cancel", "upload", "deep_link",
        "stream/x", "stream/x/close", "heartbeat/x", "login", "logout", "process_recording",
        "upload_progress?upload_id=x", "file=%00", "file=x%0a", "proxy=x",
        "stream/a/b/c/playlist.m3u8", "custom_component/a/b/c/d", "component_server", "vibe-code/",
    )  # fmt: skip
    with httpx.Client(base_url=f"{server.url}/gradio_api/", timeout=20) as client:
        for route in routes:
            for one in nonsense:
                assert client.post(route, **one).status_code < 500, (route, one)
            # These stream: without an event of their own they wait.
            if route.split("?")[0] not in ("queue/data", "heartbeat/x", "upload_progress"):
                assert client.get(route).status_code < 500, route
    written = server.log()[len(before) :]
    assert "Traceback" not in written, written


def ended(folder: Path, **environment: str) -> tuple[int | None, str]:
    """Run app.py where it cannot serve; how it ended, and what it wrote."""
    log = folder / "log"
    process = programs.start(ROOT / "app.py", log, os.environ | environment, folder=folder)
    process.join(timeout=240)
    return process.exitcode, log.read_text()


def test_an_impossible_port_is_explained(tmp_path: Path) -> None:
    code, written = ended(tmp_path, GRADIO_SERVER_PORT="99999")
    assert code == 1
    assert written.strip() == "GRADIO_SERVER_PORT is '99999', but must be from 1 to 65535."


def test_a_database_that_cannot_be_used_is_explained(tmp_path: Path, stimuli: Path) -> None:
    code, written = ended(tmp_path, DATABASE_URL="results.db", TRUEHUE_STIMULI=str(stimuli))
    assert code == 1
    assert "'results.db' is not a database URL" in written
    assert "Traceback" not in written


def test_no_answer_is_made_of_the_host_that_was_asked_for(server: Any) -> None:
    """Or whoever asks under a name of theirs would lead the next visitor there."""
    names = ("Host", "X-Forwarded-Host", "Forwarded", "X-Gradio-Server")
    claims = dict.fromkeys(names, "evil.example")
    for path in (
        "", "?study", "config", "config/", "theme.css", "theme.css/", "manifest.json",
        "robots.txt", "gradio_api/info", "gradio_api/upload/", "gradio_api/runs", "monitoring/",
        "static", "admin", "/evil.example/x/", "/evil.example/x",
    ):  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", f"/{path}", headers=claims)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert b"evil.example" not in body, path
        assert "evil.example" not in str(answer.getheaders()), path


def test_the_page_asks_where_it_lies_whatever_its_address_says(server: Any) -> None:
    assert b'"root":"."' in get(f"{server.url}/?study&withdraw")[2]


def test_a_coloured_file_is_found_where_the_page_lies(server: Any, tmp_path: Path) -> None:
    """And not at the host of a request; the page and docs/api.md both fetch it by its path."""
    file = tmp_path / "grey.png"
    Image.new("L", (16, 16), 100).save(file)
    evil = {"Host": "evil.example"}
    with httpx.Client(base_url=server.url, headers=evil, timeout=120) as client:
        sent = {"files": ("grey.png", file.read_bytes())}
        (path,) = client.post("/gradio_api/upload", files=sent).json()
        photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
        asked = {"photo": photo, "method": "classification"}
        endpoint = "/gradio_api/call/v2/colorize_file"
        event = client.post(endpoint, json=asked).json()["event_id"]
        answer = client.get(f"{endpoint}/{event}").text
        made, _ = json.loads(answer.split("event: complete\ndata: ")[1].split("\n")[0])
        assert "evil.example" not in answer
        assert client.get(f"/{made['url']}").content.startswith(b"\x89PNG")
