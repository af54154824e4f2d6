"""The administrator's login on a real server, against guessers and against who locks others out."""

import http.client
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest

from study.password import hash_password

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def guarded(make_server: Callable[..., Any], hashed: str) -> Any:
    return make_server(TRUEHUE_ADMIN_HASH=hashed)


def knock(server: Any, password: str, **headers: str) -> tuple[int, dict[str, str]]:
    """Try to log in once; the status and the headers, cookies by their own names."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    body = urllib.parse.urlencode({"password": password})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", "/admin/login", body, kind | named)
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return answer.status, found


def test_a_header_does_not_reset_the_limit(guarded: Any) -> None:
    statuses = [
        knock(guarded, "wrong password", X_Forwarded_For=f"203.0.113.{n}")[0] for n in range(6)
    ]
    assert statuses == [401] * 5 + [429]
