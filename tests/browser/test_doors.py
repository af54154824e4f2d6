"""No request makes the server read, copy or serve a file that its visitor did not upload.

Every function of both apps, as the running server lists them, is asked for every kind of file
that a stranger may name. So a new version of Gradio is asked the same.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from study.password import hash_password

PASSWORD = "correct horse battery"
SECRET = "the-secret-of-this-test"
ROOT = Path(__file__).parents[2]
APPS = ("", "/admin")
API = "/gradio_api"
PUBLIC = "colorize_file"
BY_NAME = ("a private file", "a pipe", "another visitor's upload")  # of what has a number, too


def named(path: str) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


class Visitor(httpx.Client):
    """Somebody with cookies of their own."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, timeout=20)
        self.get("/").raise_for_status()

    def upload(self, name: str, content: bytes) -> str:
        answer = self.post(f"{API}/upload", files={"files": (name, content)})
        (path,) = answer.raise_for_status().json()
        return path


@pytest.fixture(scope="module")
def server(make_server: Callable[..., Any]) -> Any:
    return make_server(TRUEHUE_ADMIN_HASH=hash_password(PASSWORD))


@pytest.fixture(scope="module")
def stranger(server: Any) -> Iterator[Visitor]:
    """Has the administrator's password, too: the page behind it must not read files either."""
    with closing(Visitor(server.url)) as made:
        entered = made.post("/admin/login", data={"password": PASSWORD})
        assert entered.status_code == 303
        yield made


@pytest.fixture(scope="module")
def own(stranger: Visitor) -> str:
    return stranger.upload("own.txt", b"mine")


@pytest.fixture(scope="module")
def targets(server: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What must not be read, by what is tried with it."""
    folder = tmp_path_factory.mktemp("private")
    secret = folder / "secret.png"
    secret.write_text(SECRET)
    (folder / "link.png").symlink_to(secret)
    os.mkfifo(folder / "pipe.png")
    with closing(Visitor(server.url)) as other:
        theirs = other.upload("theirs.png", SECRET.encode())
    uploads = Path(theirs).parents[1]
    # Nobody can put these there from outside; if somebody could, they would not be opened.
    inside = Path(theirs).parent
    (inside / "link.png").symlink_to(secret)
    os.mkfifo(inside / "pipe.png")
    return {
        "a system file": "/etc/passwd",
        "the environment": "/proc/self/environ",
        "a private file": str(secret),
        "the database": str(server.database),
        "a weight file": str(ROOT / "colorizers" / "weights" / "photo.safetensors"),
        "a relative path": "app.py",
        "no path": "",
        "a link": str(folder / "link.png"),
        "a link among uploads": str(inside / "link.png"),
        "dots": f"{uploads}/../../../../../../../../../../..{secret}",
        "dots behind an upload": f"{theirs}/../../../../../../../../../../..{secret}",
        "percent": percent(str(secret)),
        "percent twice": percent(percent(str(secret))),
        "wide letters": str(secret).replace("/", "\uff0f"),
        "an address of a file": f"file://{secret}",
        "a pipe": str(folder / "pipe.png"),
        "a pipe among uploads": str(inside / "pipe.png"),
        "a device": "/dev/zero",
        "an address": f"{server.url}/config",
        "another visitor's upload": theirs,
    }


def functions(visitor: Visitor, app: str) -> list[tuple[int, int, str | None]]:
    """Number, inputs and name of every function of an app."""
    config = visitor.get(f"{app}/config").raise_for_status().json()
    found = [(f["id"], len(f["inputs"]), f["api_name"] or None) for f in config["dependencies"]]
    assert found
    return found


def test_no_function_takes_a_file_that_its_visitor_did_not_upload(
    server: Any, stranger: Visitor, own: str, targets: dict[str, str]
) -> None:
    opened = []
    for app in APPS:
        for number, count, name in functions(stranger, app):
            for what, path in targets.items():
                data = [named(path)] * max(1, count)
                body = {"data": data, "fn_index": number, "session_hash": "stranger"}
                asked = [("queue/join", body)]
                if name and (name == PUBLIC or what in BY_NAME):
                    asked += [(f"{way}/{name}", {"data": data}) for way in ("run", "api", "call")]
                    asked += [(f"call/v2/{name}", {"photo": named(path)})]
                for route, sent in asked:
                    status = stranger.post(f"{app}{API}/{route}", json=sent).status_code
                    if not 400 <= status < 500:
                        opened.append((app, route, number, what, status))
    assert not opened, opened[:20]
    answer = stranger.post(f"{API}/queue/join", json=body | {"data": [named(own)], "fn_index": 2})
    assert answer.status_code == 200
    assert_nothing_was_copied(own)


def assert_nothing_was_copied(own: str) -> None:
    """The secret is among the uploads only as the file that the other visitor brought."""
    uploads = Path(own).parents[1]
    time.sleep(1)  # for a function that would still be at it
    files = [file for file in uploads.rglob("*") if file.is_file() and not file.is_symlink()]
    copies = [file for file in files if SECRET.encode() in file.read_bytes()]
    assert [file.name for file in copies] == ["theirs.png"]


FORMS: dict[str, Callable[[str], Any]] = {
    "deep": lambda path: [[{"a": [{"b": named(path)}]}]],
    "a string that is JSON": lambda path: json.dumps(named(path)),
    "JSON in JSON": lambda path: json.dumps(json.dumps([named(path)])),
    "JSON in percent": lambda path: percent(json.dumps(named(path))),
    "without meta": lambda path: {"path": path},
    "a name alone": lambda path: path,
    "as a key": lambda path: {path: 1},
    "an upload with an address": lambda path: named("OWN") | {"url": path},
    "an upload under another's name": lambda path: named("OWN") | {"orig_name": path},
    "an upload with an address here": lambda path: (
        named("OWN") | {"url": f"http://x/gradio_api/file={path}"}
    ),
    "a list of paths": lambda path: {"path": [path]},
}


@pytest.mark.parametrize("form", FORMS)
def test_in_whatever_form_a_file_is_named(
    stranger: Visitor, own: str, targets: dict[str, str], form: str
) -> None:
    opened = []
    for what, path in targets.items():
        if not path.startswith(("/", "%", "http", "file", "\uff0f")) and form != "without meta":
            continue  # the name of a file without a folder may be any text
        value = json.loads(json.dumps(FORMS[form](path)).replace('"OWN"', json.dumps(own)))
        body = {"data": [value], "fn_index": 2, "session_hash": "stranger"}
        for sent in (body, body | {"data": [None], "event_data": value}):
            status = stranger.post(f"{API}/queue/join", json=sent).status_code
            if status != 403:
                opened.append((what, status))
        text = json.dumps(body)
        escaped = text.replace("/", "\\u002f")
        twice = text.replace('"fn_index"', '"data": [null], "fn_index"')
        for content in (escaped.encode(), text.encode("utf-16"), twice.encode()):
            kind = {"Content-Type": "application/json"}
            answer = stranger.post(f"{API}/queue/join", content=content, headers=kind)
            if answer.status_code != 403:
                opened.append((what, content[:80], answer.status_code))
    assert not opened, opened[:20]


def test_no_form_and_no_parameter_names_a_file(stranger: Visitor, targets: dict[str, str]) -> None:
    for what, path in targets.items():
        if not path.startswith(("/", "%", "http", "file", "\uff0f")):
            continue
        fields = {"data": path, "fn_name": "pick", "component_id": "1", "session_hash": "stranger"}
        files = {"file": ("a.png", b"x")}
        for app in APPS:
            answers = [
                stranger.post(f"{app}{API}/component_server", json={**fields, "component_id": 1}),
                stranger.post(f"{app}{API}/component_server", data=fields),
                stranger.post(f"{app}{API}/component_server", data=fields, files=files),
                stranger.post(f"{app}{API}/queue/join", data=fields),
                stranger.post(f"{app}{API}/upload", data={"files": path}),
                stranger.get(f"{app}{API}/queue/data", params={"session_hash": path}),
                stranger.get(f"{app}{API}/upload_progress", params={"upload_id": path}),
                stranger.get(f"{app}{API}/call/colorize_file/x", params={"file": path}),
                stranger.get(f"{app}/config", params={"deep_link": path}),
            ]
            codes = [answer.status_code for answer in answers]
            assert all(400 <= code < 500 for code in codes), (app, what, codes)


ROUTES = (
    "gradio_api/file={}", "gradio_api/file/{}", "file={}", "file/{}", "gradio_api/proxy={}",
    "proxy={}", "static/{}", "assets/{}", "svelte/{}", "gradio_api/custom_component/x/client/{}/{}",
    "gradio_api/stream/x/y/1/{}", "gradio_api/stream/{}", "gradio_api/theme.css/{}",
    "gradio_api/run-history/records/x/x/assets/{}", "gradio_api/deep_link?session_hash={}",
    "gradio_api/vibe-code/{}", "pwa_icon/{}", "?deep_link={}", "gradio_api/heartbeat/{}",
    "gradio_api/call/{}/x",
)  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_no_address_serves_them(stranger: Visitor, targets: dict[str, str], route: str) -> None:
    for app in APPS:
        for what, path in targets.items():
            if not path or (route.startswith("?") and not path.startswith(("/", "%", "file"))):
                continue  # a page may be asked for with any words
            for spelled in (path, percent(path)):
                with stranger.stream("GET", f"{app}/{route.format(*[spelled] * 2)}") as answer:
                    assert 400 <= answer.status_code < 500, (app, what, answer.status_code)
                    assert SECRET.encode() not in answer.read()


def test_what_one_visitor_brought_is_served_to_this_visitor(
    stranger: Visitor, own: str, targets: dict[str, str], server: Any
) -> None:
    assert stranger.get(f"{API}/file={own}").content == b"mine"
    with closing(Visitor(server.url)) as other, httpx.Client(base_url=server.url) as program:
        assert other.get(f"{API}/file={own}").status_code == 403
        assert program.get(f"{API}/file={own}").status_code == 403


def test_bodies_are_bounded(stranger: Visitor) -> None:
    large = {"data": ["a" * 2_000_000], "fn_index": 2, "session_hash": "stranger"}
    refused = stranger.post(f"{API}/queue/join", json=large)
    assert refused.status_code == 413
    assert "limit" in refused.json()["detail"]
    deep = b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    kind = {"Content-Type": "application/json"}
    nested = stranger.post(f"{API}/queue/join", content=deep, headers=kind)
    assert nested.status_code == 400

    def endless() -> Iterator[bytes]:
        for _ in range(2_000):
            yield b" " * 10_000

    # Nobody says how long this one is.
    assert stranger.post(f"{API}/queue/join", content=endless()).status_code == 413
    assert stranger.upload("large.tif", bytes(49_000_000))
    beyond = stranger.post(f"{API}/upload", files={"files": ("a.tif", bytes(53_000_000))})
    assert beyond.status_code == 413


def test_uploads_lie_in_a_folder_of_this_process_alone(own: str) -> None:
    folder = Path(own).parents[1]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_uid == os.geteuid()
