"""The administrator's login on a real server, against guessers and against who locks others out.

Every address from 127.0.0.1 to 127.255.255.254 is this machine, so each can be another visitor.
"""

import base64
import hashlib
import http.client
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

PASSWORD = "correct horse battery"
PROXY = "127.0.0.9"


def cheap_hash(password: str) -> str:
    """Like that of `study.password`, but so fast that a flood of attempts costs no minute."""
    key = hashlib.scrypt(password.encode(), salt=b"salt", n=2, r=8, p=1, dklen=32)
    parts = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b"salt", key)]
    return ":".join(["scrypt:2:8:1", *parts])


@pytest.fixture(scope="module")
def guarded(make_server: Callable[..., Any]) -> Any:
    """A server with a password, behind a proxy."""
    return make_server(TRUEHUE_ADMIN_HASH=cheap_hash(PASSWORD), TRUEHUE_TRUSTED_PROXIES=PROXY)


def ask(
    server: Any, method: str, path: str, *, source: str, body: str | None = None, **headers: str
) -> tuple[int, list[tuple[str, str]]]:
    connection = http.client.HTTPConnection(
        "127.0.0.1", server.port, timeout=60, source_address=(source, 0)
    )
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, kind | named)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, [(name.lower(), value) for name, value in answer.getheaders()]


def knock(server: Any, password: str, *, source: str, **headers: str) -> tuple[int, dict[str, str]]:
    """Try to log in; the status, and the cookies by name."""
    body = urllib.parse.urlencode({"password": password})
    status, found = ask(server, "POST", "/admin/login", source=source, body=body, **headers)
    parts = [value.split(";")[0].split("=", 1) for name, value in found if name == "set-cookie"]
    return status, dict(parts)


def test_a_header_does_not_reset_the_limit(guarded: Any) -> None:
    def tries(source: str) -> list[int]:
        return [
            knock(guarded, "wrong", source=source, X_Forwarded_For=f"203.0.113.{n}")[0]
            for n in range(6)
        ]

    assert tries("127.0.0.1") == [401] * 5 + [429]
    assert tries(PROXY) == [401] * 6  # six visitors


@pytest.mark.slow
def test_strangers_who_guess_do_not_lock_the_administrator_out(guarded: Any) -> None:
    """All of their attempts together are ten times what once was the limit for everybody."""
    status, cookies = knock(guarded, PASSWORD, source="127.1.0.1")
    assert status == 303
    badge = f"truehue-badge={cookies['truehue-badge']}"

    def guess(number: int) -> list[int]:
        source = f"127.2.0.{number + 1}"
        return [knock(guarded, f"wrong {n}", source=source)[0] for n in range(6)]

    with ThreadPoolExecutor(8) as crowd:
        guesses = [crowd.submit(guess, number) for number in range(50)]
        known = [knock(guarded, PASSWORD, source="127.2.0.1", Cookie=badge)[0] for _ in range(3)]
        elsewhere = [knock(guarded, PASSWORD, source=f"127.3.0.{n}")[0] for n in range(1, 4)]
    assert known == elsewhere == [303] * 3
    assert {guess.result()[-1] for guess in guesses} == {429}


def test_a_link_logs_nobody_out_and_the_page_is_found_without_its_slash(guarded: Any) -> None:
    _, cookies = knock(guarded, PASSWORD, source="127.4.0.1")
    cookie = f"truehue-admin={cookies['truehue-admin']}"

    def get(path: str, method: str = "GET") -> tuple[int, dict[str, str]]:
        status, headers = ask(guarded, method, path, source="127.4.0.1", Cookie=cookie)
        return status, dict(headers)

    assert get("/admin/logout")[0] == 405
    status, headers = get("/admin")
    assert (status, headers["location"]) == (303, "admin/")
    status, headers = get("/admin/")
    assert status == 200
    policy = headers["content-security-policy"]
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    _, headers = get("/")
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert get("/admin/logout", "POST")[0] == 303
    assert get("/admin/config")[0] == 401
