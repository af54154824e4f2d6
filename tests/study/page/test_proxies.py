"""Only named proxies say who asks; nobody says where the pages lie."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from study.page.proxies import Forwarded, parse


async def seen(request: Request) -> JSONResponse:
    return JSONResponse(
        [request.client.host, request.url.scheme, [name for name, _ in request.headers.items()]]
    )


def ask(peer: str, trusted: str, **headers: str) -> list:
    app = Forwarded(Starlette(routes=[Route("/", seen)]), parse(trusted))
    client = TestClient(app, client=(peer, 4))
    return client.get("/", headers={k.replace("_", "-"): v for k, v in headers.items()}).json()


@pytest.mark.parametrize(
    ("peer", "trusted", "forwarded", "address"),
    [
        ("127.0.0.1", "", "9.9.9.9", "127.0.0.1"),
        ("192.0.2.1", "127.0.0.1", "9.9.9.9", "192.0.2.1"),
        ("127.0.0.1", "127.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("127.0.0.1", "127.0.0.1", "6.6.6.6, 9.9.9.9", "9.9.9.9"),  # the first was the visitor's
        ("10.1.2.3", "10.0.0.0/8", "6.6.6.6, 9.9.9.9, 10.5.5.5", "9.9.9.9"),
        ("fd00::1", "fd00::/8", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_address_is_believed_from_named_proxies_only(peer, trusted, forwarded, address):
    host, scheme, headers = ask(peer, trusted, X_Forwarded_For=forwarded, X_Forwarded_Proto="https")
    assert host == address
    assert scheme == ("https" if address != peer else "http")
    assert not any(name.startswith("x-forwarded") for name in headers)


def test_no_other_claim_reaches_the_app():
    names = ("Forwarded", "X_Real_IP", "X_Forwarded_Host", "X_Forwarded_Prefix", "X_Gradio_Server")
    _, _, plain = ask("127.0.0.1", "127.0.0.1")
    _, _, claimed = ask("127.0.0.1", "127.0.0.1", **dict.fromkeys(names, "evil.example"))
    assert claimed == plain


def test_an_unnamed_proxy_is_told_once(capfd):
    app = Forwarded(Starlette(routes=[Route("/", seen)]))
    for _ in range(3):
        TestClient(app).get("/", headers={"X-Forwarded-For": "203.0.113.9"})
    told = capfd.readouterr().err
    assert told.count("TRUEHUE_TRUSTED_PROXIES") == 1
    assert "203.0.113.9" not in told


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.1/8", "127.0.0.1 10.0.0.1", "*"])
def test_what_is_no_address_is_refused(wrong):
    with pytest.raises(ValueError, match="must be addresses or networks"):
        parse(wrong)
