"""Nothing behind the guard without a session; guessing is slow; a session is one browser's."""

import re

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from study.page.attempts import PER_MINUTE
from study.page.guard import SESSION_SECONDS, Guard, Sessions
from study.password import hash_password

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def app(clock):
    def secret(request):
        return PlainTextResponse("secret", headers={"cache-control": "public"})

    def page(request):
        return PlainTextResponse("page")

    inner = Starlette(routes=[Route("/{rest:path}", secret, methods=["GET", "POST", "DELETE"])])
    routes = [Mount("/admin", inner), Route("/administrator", page), Route("/", page)]
    return Guard(Starlette(routes=routes), Sessions(HASH, clock))


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
    for part in ("httponly", "samesite=strict", "path=/admin"):
        assert part in cookie
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
    assert client.get("/admin").headers["location"] == "/admin/login"
    log_in(client)
    assert client.get("/admin").headers["location"] == "/admin/"


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
