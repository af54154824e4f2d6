"""Nothing behind the guard without a session; guessing is slow; a session is one browser's."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from study.database.engine import parse_url
from study.database.logins import Logins
from study.database.trouble import unavailable
from study.errors import DatabaseError
from study.page.attempts import PER_MINUTE
from study.page.guard import SESSION_SECONDS, Guard, Sessions
from study.password import hash_password

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)


class Clock:
    now = 1000.0

    def __call__(self):
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def processes(clock, ready_url):
    """Makes apps on one database, as each process of a server has its own."""
    opened = []

    def make(password_hash=HASH):
        def secret(request):
            return PlainTextResponse("secret", headers={"cache-control": "public"})

        def page(request):
            return PlainTextResponse("page")

        opened.append(logins := Logins(ready_url, clock=clock))
        inner = Starlette(routes=[Route("/{rest:path}", secret, methods=["GET", "POST", "DELETE"])])
        routes = [Mount("/admin", inner), Route("/administrator", page), Route("/", page)]
        return Guard(Starlette(routes=routes), Sessions(password_hash, lambda: logins))

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def app(processes):
    return processes()


@pytest.fixture
def client(app):
    return TestClient(app, follow_redirects=False)


def log_in(client, password=PASSWORD):
    return client.post("/admin/login", data={"password": password})


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/admin/config", "/admin/", "/admin/login/x", "/admin%2Fconfig"])
def test_without_a_session_there_is_nothing(client, method, path):
    answer = client.request(method, path)
    assert answer.status_code in (401, 303)
    assert "secret" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_the_participants_side_is_not_touched(client):
    for path in ("/", "/administrator"):
        assert client.get(path).text == "page"


def test_the_password_opens_and_logging_out_closes(client):
    assert log_in(client, "wrong").status_code == 401
    assert client.get("/admin/config").status_code == 401
    entered = log_in(client)
    assert entered.status_code == 303
    cookie = entered.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict"):
        assert part in cookie
    assert {one.path for one in client.cookies.jar} == {"/admin"}
    answer = client.get("/admin/config")
    assert answer.text == "secret"
    assert answer.headers.get_list("cache-control") == ["no-store"]
    token = client.cookies["truehue-admin"]
    client.post("/admin/logout")
    client.cookies.set("truehue-admin", token, path="/admin")
    assert client.get("/admin/config").status_code == 401


def test_the_cookie_is_for_https_only_where_the_page_is(app):
    secure = TestClient(app, base_url="https://study.example", follow_redirects=False)
    assert "secure" in log_in(secure).headers["set-cookie"].lower()


def test_a_session_ends_by_itself(client, clock):
    log_in(client)
    clock.now += SESSION_SECONDS - 1
    assert client.get("/admin/config").status_code == 200
    clock.now += 2
    assert client.get("/admin/config").status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "a" * 5000, "None"])
def test_an_invented_cookie_opens_nothing(client, cookie):
    log_in(client)
    client.cookies.clear()
    headers = {"cookie": f"truehue-admin={cookie}"}
    assert client.get("/admin/config", headers=headers).status_code == 401


def test_guessing_is_slowed_down_even_with_the_right_password(client, clock):
    for _ in range(PER_MINUTE):
        assert log_in(client, "wrong").status_code == 401
    refused = log_in(client)
    assert refused.status_code == 429
    assert "Wait a minute" in refused.text
    clock.now += 61
    assert log_in(client).status_code == 303


def test_nothing_but_the_button_logs_out(app, client):
    """A link, a picture or a form of another page must not: those send no cookie of ours."""
    log_in(client)
    shown = client.get("/admin/logout")
    assert (shown.status_code, shown.headers["allow"]) == (405, "POST")
    foreign = TestClient(app, follow_redirects=False).post("/admin/logout")
    assert "set-cookie" not in foreign.headers
    assert client.get("/admin/config").text == "secret"


def test_the_page_is_found_without_its_slash(client):
    """All addresses are relative: behind a proxy the page may lie under another one."""
    assert client.get("/admin").headers["location"] == "admin/login"
    assert client.get("/admin/").headers["location"] == "login"
    assert 'action="login"' in client.get("/admin/login").text
    assert log_in(client).headers["location"] == "./"
    assert client.get("/admin").headers["location"] == "admin/"
    assert client.post("/admin/logout").headers["location"] == "login"


def test_no_text_becomes_code_and_nobody_frames_the_page(client):
    log_in(client)
    for path in ("/admin/", "/admin/login", "/admin", "/admin/logout"):
        (policy,) = client.get(path).headers.get_list("content-security-policy")
        assert "unsafe-eval" not in policy
        assert "frame-ancestors 'none'" in policy


def test_a_password_that_is_a_novel_is_not_read(client):
    assert log_in(client, "x" * 10_000).status_code == 413


def test_the_form_names_neither_the_program_nor_the_study(client):
    text = re.sub(r"<style>.*</style>", "", client.get("/admin/login").text, flags=re.DOTALL)
    for word in ("truehue", "gradio", "study", "colori"):
        assert word not in text.lower()


def moved(client, app):
    """The same browser, whose requests come to another process."""
    other = TestClient(app, follow_redirects=False)
    other.cookies = client.cookies
    return other


def test_a_session_holds_in_every_process_and_ends_in_all(client, processes):
    log_in(client)
    other = moved(client, processes())
    assert other.get("/admin/config").text == "secret"
    token = client.cookies["truehue-admin"]
    other.post("/admin/logout")
    client.cookies.set("truehue-admin", token, path="/admin")
    assert client.get("/admin/config").status_code == 401


def test_another_password_ends_all_sessions(client, processes):
    log_in(client)
    restarted = moved(client, processes(hash_password("another password")))
    assert restarted.get("/admin/config").status_code == 401


def test_attempts_are_counted_in_all_processes_together(client, processes):
    other = TestClient(processes(), follow_redirects=False)
    for number in range(PER_MINUTE):
        assert log_in((client, other)[number % 2], "wrong").status_code == 401
    assert log_in(client).status_code == log_in(other).status_code == 429


def test_neither_cookies_nor_addresses_are_stored(client, processes, database_url):
    log_in(client, "wrong")
    log_in(TestClient(processes(), client=("192.0.2.77", 4), follow_redirects=False), "wrong")
    log_in(client)
    engine = create_engine(parse_url(database_url))
    with engine.connect() as connection:
        sessions = connection.execute(text("SELECT * FROM admin_session")).all()
        attempts = connection.execute(text("SELECT * FROM login_attempt")).all()
    engine.dispose()
    assert len(sessions) == len(attempts) == 1
    assert client.cookies["truehue-admin"] not in repr(sessions)
    assert "192.0.2.77" not in repr(attempts)


@pytest.mark.parametrize("trouble", [unavailable("away", "a test"), DatabaseError("not reached")])
def test_without_its_database_the_page_is_shut_and_says_so(trouble):
    def away():
        raise trouble

    client = TestClient(Guard(Starlette(), Sessions(HASH, away)), follow_redirects=False)
    assert log_in(client).status_code == 503
    client.cookies.set("truehue-admin", "x", path="/admin")
    answer = client.get("/admin/config")
    assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
    assert "Try again later" in answer.text
