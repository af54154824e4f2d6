"""Which requests come in: ASGI middleware before every Gradio app.

Gradio checks by itself that a file in a request is an upload, where it knows that it is served
(`Blocks.has_launched`); a version that forgot it once gave away every file of the server. So
nothing rests on that alone. What is not on the list of addresses that the page needs is not there.
What a request sends is JSON of a bounded size, and no text in it may be the path or the address
of a file, in whatever spelling, unless it is one of this visitor's own (:mod:`uploads`). Only
uploads are forms.

References
----------
gradio/routes.py (6.31): all addresses, and what each takes;
gradio/processing_utils.py: `_check_allowed`.
"""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from colorizers.page.uploads import NEEDED, SCOPE, Uploads, Visitor

COOKIE = "truehue-visitor"
LARGEST_JSON = 256_000
"""Bytes of a request; that of forty photographs at once has 30,000."""
LARGEST_UPLOAD = 500_000_000
"""Bytes of all files in one request together; of one file Gradio has a limit of its own."""
NOT_YOURS = (
    "The request names a file that you have not uploaded here, or not lately; upload it first."
)

_API = "/gradio_api"
_NAME = r"[\w-]{1,64}"
_PAGE = re.compile("/?")
_UPLOAD = re.compile(rf"{_API}/upload/?")
_FILE = re.compile(rf"{_API}/file=(.+)", re.DOTALL)
_READ = re.compile(
    rf"/config/?|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/(?:assets|static)(?:/[\w.@-]{{1,128}})+|"
    rf"{_API}/(?:info|app_id|startup-events|login_check|upload_progress|queue/data|queue/status|"
    rf"theme\.css|heartbeat/{_NAME}|call/(?:v2/)?{_NAME}/{_NAME})/?"
)
_ASK = re.compile(
    rf"{_API}/(?:queue/join|component_server|cancel|reset|"
    rf"(?:run|api|call|call/v2)/{_NAME})/?"
)
_SPELLINGS = 5  # no honest text is wrapped as often in percents, or in JSON
# A folder at the front, a home, a drive, a scheme; or the way up anywhere; or what ends C's texts.
_PATH = re.compile(
    r"[/\\]|~[^/\\]*[/\\]|[a-z]:[/\\]|[a-z][a-z0-9+.-]*:/|file:|"
    r"(?:.*[/\\])?\.\.(?:[/\\]|$)|.*\0",
    re.IGNORECASE | re.DOTALL,
)
_OWN_ADDRESS = re.compile(rf"(?:https?://[^/?#\\]+|\.)?(?:/[\w-]+)*{_API}/file=(.+)", re.DOTALL)


class Refused(Exception):
    """A request is not let in.

    Parameters
    ----------
    status : int
    sentence : str
        Why, for whoever sent it.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Doors:
    """Hands on what may come in and answers the rest with one sentence.

    Parameters
    ----------
    app : ASGIApp
    uploads : Uploads
        Which files there are, and whose.
    under : sequence of str
        Addresses of further Gradio apps, such as "/admin".
    more : sequence of str
        Addresses beside Gradio's.
    neighbourhood : callable
        What of a network address tells visitors apart.
    """

    def __init__(
        self,
        app: ASGIApp,
        uploads: Uploads,
        under: Sequence[str] = (),
        more: Sequence[str] = (),
        neighbourhood: Callable[[str], str] = str,
    ) -> None:
        self._app = app
        self._uploads = uploads
        self._under = under
        self._more = more
        self._neighbourhood = neighbourhood

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            try:
                await self._hand_on(scope, receive, send)
            except Refused as why:
                answer = JSONResponse({"detail": str(why)}, status_code=why.status)
                await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = HTTPConnection(scope)
        known = sent.cookies.get(COOKIE, "")
        session = known if re.fullmatch(r"[\w-]{32}", known) else ""
        visitor = Visitor(session, self._neighbourhood(sent.client.host if sent.client else ""))
        scope[SCOPE] = self._uploads, visitor
        scope[NEEDED] = needed = set[str]()

        def own(path: str) -> bool:
            if not self._uploads.may_name(path, visitor):
                return False
            needed.add(path)
            return True

        path = self._inner(scope["path"])
        reading = scope["method"] in ("GET", "HEAD")
        self._check_address(scope["method"], path, own)
        at_page = reading and _PAGE.fullmatch(path) is not None
        for pair in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            # A link to the page may say where it was found; the page asks nobody there.
            if any(names_file(text, own, addresses=not at_page) for text in pair):
                raise Refused(403, NOT_YOURS)
        if at_page and not session:
            send = _with_cookie(send, secure=scope["scheme"] == "https")
        elif not reading and _UPLOAD.fullmatch(path):
            await self._take_upload(scope, receive, send, visitor)
            return
        elif not reading:
            receive = await _checked(scope, receive, own)
        await self._app(scope, receive, send)

    def _inner(self, path: str) -> str:
        """The address within its app."""
        for prefix in self._under:
            if path == prefix or path.startswith(f"{prefix}/"):
                return path.removeprefix(prefix)
        return path

    def _check_address(self, method: str, path: str, own: Callable[[str], bool]) -> None:
        """Let in what is on the list, and files of the visitor's."""
        reading = method in ("GET", "HEAD")
        file = _FILE.fullmatch(path)
        if reading and file:
            if not own(file[1]):
                raise Refused(403, NOT_YOURS)
            return
        known = (_PAGE, _READ) if reading else (_ASK, _UPLOAD) if method == "POST" else ()
        there = any(one.fullmatch(path) for one in known) or (reading and path in self._more)
        if not there or ".." in path:
            raise Refused(404, "There is nothing at this address.")

    async def _take_upload(
        self, scope: Scope, receive: Receive, send: Send, visitor: Visitor
    ) -> None:
        """Hand an upload on, as long as it is not too large, and note whose it is."""
        limit = Refused(
            413, f"An upload may have {LARGEST_UPLOAD / 1e6:g} MB at most; bring it in parts."
        )
        headers = Headers(scope=scope)
        if not headers.get("content-type", "").lower().startswith("multipart/form-data"):
            raise Refused(415, "An upload is a form of the type multipart/form-data.")
        if _length(headers) > LARGEST_UPLOAD:
            raise limit
        taken, status, answer = 0, 0, b""

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return {"type": "http.disconnect"} if taken > LARGEST_UPLOAD else message

        async def noted(message: Message) -> None:
            nonlocal status, answer
            if taken > LARGEST_UPLOAD:
                return
            if message["type"] == "http.response.start":
                status = message["status"]
            elif status == 200:
                answer += message.get("body", b"")
                if not message.get("more_body"):
                    for path in json.loads(answer):
                        self._uploads.give(path, visitor)
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except Exception:
            if taken <= LARGEST_UPLOAD:
                raise
        if taken > LARGEST_UPLOAD:
            raise limit


def names_file(value: Any, own: Callable[[str], bool], *, addresses: bool = True) -> bool:
    """Whether something in a request names a file that is not the visitor's.

    Parameters
    ----------
    value : Any
        As `json.loads` gives it, objects as `Pairs`.
    own : callable
        Whether a path is one of the visitor's files.
    addresses : bool
        Whether http:// and https:// name files, too.

    Examples
    --------
    >>> mine = "/uploads/a/photo.jpg".__eq__
    >>> names_file([{"b": "/uploads/a/photo.jpg"}], mine), names_file(["etc/passwd"], mine)
    (False, False)
    >>> names_file("%2Fetc%2Fpasswd", mine), names_file('{"path": "app.py"}', mine)
    (True, True)
    """
    todo: list[tuple[str, Any, int]] = [("", value, 0)]
    while todo:
        key, item, depth = todo.pop()
        if isinstance(item, dict):
            item = Pairs(item.items())
        if isinstance(item, Pairs):
            todo += [(name, inner, depth) for name, inner in item]
            todo += [("", name, depth) for name, _ in item]
        elif isinstance(item, list | tuple):
            todo += [("", inner, depth) for inner in item]
        elif isinstance(item, str) and not own(item):
            if key.strip().lower() == "path":
                return True
            address = _OWN_ADDRESS.fullmatch(item)
            if address and own(unquote(address[1])):
                continue
            for spelled in _spellings(item):
                if _PATH.match(spelled) and (
                    addresses or not spelled.lower().startswith(("http://", "https://"))
                ):
                    return True
                if spelled[:1] in ("{", "[", '"'):
                    inner = _unpacked(spelled)
                    if inner is not None and depth == _SPELLINGS:
                        return True
                    todo.append(("", inner, depth + 1))
    return False


class Pairs(list[tuple[str, Any]]):
    """An object of JSON with all its names, those that come twice, too."""


def _spellings(text: str) -> Iterator[str]:
    """What a text may be read as: itself, and without its percents, time and again.

    Raises
    ------
    Refused
        If there is no end of it.
    """
    for _ in range(_SPELLINGS):
        # Letters as wide as two stand for plain ones, and nothing is seen of blanks and controls.
        yield unicodedata.normalize("NFKC", text).strip(_UNSEEN)
        plainer = unquote(text)
        if plainer == text:
            return
        text = plainer
    raise Refused(400, "The request has a text that is wrapped too often.")


_UNSEEN = "".join(map(chr, range(1, 33))) + "\x7f\ufeff\u200b\u2028\u2029"


def _unpacked(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=Pairs)
    except (ValueError, RecursionError):
        return None


async def _checked(scope: Scope, receive: Receive, own: Callable[[str], bool]) -> Receive:
    """Read the body of a request and look through it; how to read it once more."""
    headers = Headers(scope=scope)
    kind = headers.get("content-type", "").lower()
    if kind.startswith(("multipart/", "application/x-www-form-urlencoded")):
        raise Refused(415, "Only an upload is a form; send JSON.")
    limit = Refused(
        413, f"The request is larger than the limit of {LARGEST_JSON / 1e3:g} kB; ask for less."
    )
    if _length(headers) > LARGEST_JSON:
        raise limit
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "The request ended before its body.")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_JSON:
            raise limit
    try:
        content = json.loads(body, object_pairs_hook=Pairs) if body else None
    except (ValueError, RecursionError) as error:
        raise Refused(400, "The request is not JSON that can be read.") from error
    if names_file(content, own):
        raise Refused(403, NOT_YOURS)
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


def _length(headers: Headers) -> int:
    """Bytes of the body, as far as the request says."""
    said = headers.get("content-length", "")
    return int(said) if said.isdecimal() and len(said) < 20 else 0


def _with_cookie(send: Send, *, secure: bool) -> Send:
    """Return a `send` that gives a browser the cookie by which it is known again.

    It is random, ends with the browser's session, and is kept nowhere with anything but uploads.
    """

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            cookie = f"{COOKIE}={secrets.token_urlsafe(24)}; HttpOnly; Path=/; SameSite=Lax"
            MutableHeaders(scope=message).append("set-cookie", cookie + "; Secure" * secure)
        await send(message)

    return marked
