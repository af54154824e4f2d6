"""The login before the administrator's page: nothing under its address is served without one.

An ASGI middleware, so that it stands before everything that is mounted there: pages, API, files
and routes that a later version of Gradio may add. It serves the login form itself.

A session is a random number in a cookie that no script and no other site can send. What is kept
of it, in the database, is a digest that is keyed with the password's hash: so it holds in every
process of the server and after a restart, and another password ends it. How guessing is slowed down
without locking the administrator out is in ``attempts``.

All addresses here are relative, and the cookies' path is that of the form: the page may lie
anywhere behind a proxy.
"""

import asyncio
import html
import secrets
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from study.database.logins import Logins
from study.errors import DatabaseError
from study.page.attempts import Attempts, TooManyError, keyed
from study.page.faults import LINES
from study.password import matches

PREFIX = "/admin"
COOKIE, BADGE = "truehue-admin", "truehue-badge"
SESSION_SECONDS, BADGE_SECONDS = 12 * 3600, 365 * 86400
_LONGEST_FORM = 4096  # bytes
_ADMITTED = "study.administrator"  # in the scope of a request that carries a session
# Gradio's page needs its inline script, and no text that becomes code; the form needs no script.
_POLICY = "base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
_BEHIND = f"{_POLICY}default-src 'self' 'unsafe-inline' data: blob:"
_BEFORE = f"{_POLICY}default-src 'none'; style-src 'unsafe-inline'"

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Login</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 22rem; margin: 18vh auto;
  padding: 0 1rem }}
input, button {{ font: inherit; width: 100%; box-sizing: border-box; padding: .6rem .8rem;
  margin: .3rem 0 1rem; border-radius: .5rem; border: 1px solid #767676 }}
button {{ background: #262626; color: #fff; font-weight: 600; cursor: pointer }}
</style></head><body><main><h1>Login</h1>
<form method="post" action="login">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
  autofocus>
<p role="alert">{message}</p>
<button>Log in</button></form></main></body></html>"""


class Sessions:
    """Who is logged in, and who may try.

    Parameters
    ----------
    password_hash
        From `study.password`.
    logins
        Returns the database; asked in threads.
    """

    def __init__(self, password_hash: str, logins: Callable[[], Logins]) -> None:
        self._hash = password_hash
        self._logins = logins
        self._attempts = Attempts(password_hash, logins)

    async def admits(self, connection: HTTPConnection) -> bool:
        """Return whether a request carries the cookie of a session."""
        token = connection.cookies.get(COOKIE)
        if not token:
            return False
        return await asyncio.to_thread(lambda: self._logins().lasts(self._digest(token)))

    async def log_in(self, password: str, address: str, badge: str | None) -> str | None:
        """Return the token of a new session, or None when the password is wrong.

        Raises
        ------
        TooManyError
            When the attempt has to wait, see ``attempts``.
        UnavailableError
            When the database cannot be used just now.
        """
        right = await self._attempts.answered(
            address, badge, lambda: asyncio.to_thread(matches, password, self._hash)
        )
        if not right:
            return None
        token = secrets.token_urlsafe(32)
        digest = self._digest(token)
        await asyncio.to_thread(lambda: self._logins().begin(digest, SESSION_SECONDS))
        return token

    def new_badge(self) -> str:
        """Return what marks a browser in which somebody has logged in, see ``attempts``."""
        return self._attempts.new_badge()

    async def log_out(self, connection: HTTPConnection) -> None:
        """End the session of a request."""
        token = connection.cookies.get(COOKIE)
        if token:
            await asyncio.to_thread(lambda: self._logins().end(self._digest(token)))

    def _digest(self, token: str) -> str:
        return keyed(self._hash, "session", token)


def admitted(connection: HTTPConnection) -> bool:
    """Return whether the guard has let a request in."""
    return connection.scope.get(_ADMITTED) is True


class Guard:
    """Serves the login under `PREFIX`, and what lies behind it to sessions only."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        path = str(scope.get("path", ""))
        if scope["type"] == "lifespan" or not (path == PREFIX or path.startswith(f"{PREFIX}/")):
            await self._app(scope, receive, send)
            return
        try:
            let_in = await self._sessions.admits(HTTPConnection(scope))
            response = await self._answer(scope, receive, path, let_in)
        except DatabaseError as trouble:
            LINES.say(f"Nobody can log in: {trouble}")
            response = Response("The database cannot be used just now. Try again later.", 503)
        if response is None:
            await self._app({**scope, _ADMITTED: True}, receive, _marked(send))
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = _BEFORE
        await response(scope, receive, send)

    async def _answer(
        self, scope: Scope, receive: Receive, path: str, let_in: bool
    ) -> Response | None:
        """Return the answer, or None for what is to be handed on."""
        if scope["type"] == "http" and path in (f"{PREFIX}/login", f"{PREFIX}/logout"):
            return await self._form(Request(scope, receive), let_in)
        if let_in and path != PREFIX:
            return None
        page = scope.get("method") in ("GET", "HEAD") and path in (PREFIX, f"{PREFIX}/")
        if not page:
            return Response("Log in first.", status_code=401, media_type="text/plain")
        above = f"{PREFIX[1:]}/" if path == PREFIX else ""
        return RedirectResponse(f"{above}{'' if let_in else 'login'}", status_code=303)

    async def _form(self, request: Request, let_in: bool) -> Response:
        if request.url.path.endswith("/logout"):
            return await self._log_out(request, let_in)
        if request.method != "POST":
            return _page()
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LONGEST_FORM:
                return _page("This password is too long.", 413)
        given = parse_qs(body.decode("utf-8", "replace")).get("password", [""])[0]
        address = request.client.host if request.client else ""
        try:
            token = await self._sessions.log_in(given, address, request.cookies.get(BADGE))
        except TooManyError:
            return _page("Too many attempts. Wait a minute, then try again.", 429)
        if token is None:
            return _page("This is not the password.", 401)
        entered = RedirectResponse("./", status_code=303)
        secure = request.url.scheme == "https"
        for name, value, seconds in (
            (COOKIE, token, SESSION_SECONDS),
            (BADGE, self._sessions.new_badge(), BADGE_SECONDS),
        ):
            entered.set_cookie(
                name,
                value,
                max_age=seconds,
                path=None,
                secure=secure,
                httponly=True,
                samesite="strict",
            )
        return entered

    async def _log_out(self, request: Request, let_in: bool) -> Response:
        """End the session; a link or a picture of another page cannot, as those come by GET."""
        if request.method != "POST":
            said = "Log out by the button of the page."
            return Response(said, 405, {"Allow": "POST"}, media_type="text/plain")
        left = RedirectResponse("login", status_code=303)
        if let_in:  # other sites' forms come without the cookie
            await self._sessions.log_out(request)
            left.set_cookie(COOKIE, "", max_age=0, path=None)
        return left


def _page(message: str = "", status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(message=html.escape(message)), status_code=status)


def _marked(send: Send) -> Send:
    """Return a `send` that forbids to keep what was got, and to run text as code."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Cache-Control"] = "no-store"
            headers["Content-Security-Policy"] = _BEHIND
        await send(message)

    return marked
