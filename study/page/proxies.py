"""Who asks, where a proxy stands before the server: what its headers claim, and whom to believe.

An ASGI middleware, the outermost one, so that everything behind it finds the visitor's address in
``scope["client"]`` and the scheme in ``scope["scheme"]``, and no header that says otherwise.
`X-Forwarded-For` and `X-Forwarded-Proto` count only from the proxies that the administrator names;
from anybody else they are words of the visitor, who could reset every limit per address with them.

The name in `Host` is the visitor's word, too. Gradio would build the addresses of files from it,
and keep them for the next visitor: it is told to build them from where the page lies instead.
"""

import ipaddress
import sys
from collections.abc import Sequence
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

VARIABLE = "TRUEHUE_TRUSTED_PROXIES"
_CLAIMS = (b"forwarded", b"x-forwarded-", b"x-real-ip", b"x-gradio-server")
_ROOT = (b"x-gradio-server", b".")  # Gradio's way to hear where its pages lie: side by side
_HINT = (
    f"Somebody sent X-Forwarded-For who is not named in {VARIABLE}. If that is your proxy, name "
    "its address there: until then all visitors count as one for the limits per address."
)


def parse(text: str) -> tuple[str, ...]:
    """Return the proxies that a setting names: addresses or networks, with commas between them.

    Raises
    ------
    ValueError
        When one of them is neither.

    Examples
    --------
    >>> parse("127.0.0.1, 10.0.0.0/8"), parse("")
    (('127.0.0.1', '10.0.0.0/8'), ())
    """
    named = tuple(part.strip() for part in text.split(",") if part.strip())
    for one in named:
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise ValueError(
                f"{VARIABLE} names {one!r}, but must be addresses or networks such as "
                "127.0.0.1, 10.0.0.0/8."
            ) from None
    return named


def neighbourhood(address: str, bits: int = 64) -> str:
    """Return what a limit per address counts as one visitor: of IPv6 the bits of a household.

    Examples
    --------
    >>> neighbourhood("192.0.2.7"), neighbourhood("2001:db8:1:2:3:4:5:6"), neighbourhood("")
    ('192.0.2.7', '2001:db8:1:2::', '')
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, bits), strict=False).network_address)


class Forwarded:
    """ASGI middleware: the visitor's address and scheme, believed from named proxies only.

    Parameters
    ----------
    app
        What comes after it.
    trusted
        From `parse`.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[str] = ()) -> None:
        self._app = app
        self._hinted = False
        behind: Any = self._without_claims
        self._believing = ProxyHeadersMiddleware(behind, trusted_hosts=list(trusted))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        asked: Any = dict(scope)
        client = scope.get("client")
        peer = client[0] if client else None
        if not self._hinted and peer not in self._believing.trusted_hosts:
            self._hinted = any(name == b"x-forwarded-for" for name, _ in scope["headers"])
            if self._hinted:
                print(_HINT, file=sys.stderr, flush=True)
        await self._believing(asked, receive, send)  # type: ignore[arg-type]

    async def _without_claims(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = [header for header in scope["headers"] if not header[0].startswith(_CLAIMS)]
        await self._app({**scope, "headers": [*kept, _ROOT]}, receive, send)
