"""What goes wrong in the server: one sentence for who asked, one line for who runs it.

Gradio answers a request that its page would never make with a traceback in the log, and a database
that is away fills the log with the answers that it could not take. Here neither gets there: the
line says what failed, where in the program, and nothing of what was asked or stored; the same line
comes once a minute, with how often it would have come.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from traceback import extract_tb

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from study.protocol.english import ENGLISH

_MINUTE = 60
_MOST_LINES = 200  # that are remembered; there are not so many ways to fail
_NOT_OURS, OURS = ENGLISH["refused"]["not_ours"], ENGLISH["refused"]["ours"]
# What a program raises that was given something else than it expects.
_OF_THE_REQUEST = (LookupError, TypeError, ValueError, AttributeError, RecursionError)


class Lines:
    """Prints a line once a minute, however often it is said.

    Parameters
    ----------
    clock
        Seconds; tests replace it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[str, tuple[float, int]] = {}
        self._one_at_a_time = threading.Lock()

    def say(self, line: str) -> None:
        """Print a line to the log, or count it."""
        with self._one_at_a_time:
            now = self._clock()
            last, more = self._said.get(line, (-_MINUTE, 0))
            if now - last < _MINUTE:
                self._said[line] = (last, more + 1)
                return
            if len(self._said) >= _MOST_LINES:
                self._said.clear()
            self._said[line] = (now, 0)
        again = f" ({more} more times since this line was last written)" if more else ""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        print(f"{stamp} {line}{again}", file=sys.stderr, flush=True)


LINES = Lines()


def told(error: BaseException) -> str:
    """Return what failed and where, without a word of what was asked or stored.

    Examples
    --------
    >>> try:
    ...     {}["somebody's id"]
    ... except KeyError as error:
    ...     told(error)
    'KeyError at <doctest study.page.faults.told[0]>:2'
    """
    frames = extract_tb(error.__traceback__)
    ours = [one for one in frames if "site-packages" not in one.filename]
    # Where our program was, and how deep inside of somebody else's it failed.
    places = {f"{Path(one.filename).name}:{one.lineno}": None for one in (*ours[-1:], *frames[-1:])}
    return f"{type(error).__name__} at {', '.join(places)}"


class Faults:
    """ASGI middleware: an error that nothing else answered becomes a sentence and a line.

    What an app inside has begun to answer with status 500 is held back, as Starlette does that
    before it hands the error on.
    """

    def __init__(self, app: ASGIApp, lines: Lines = LINES) -> None:
        self._app = app
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held: list[Message] = []
        begun: Message | None = None

        async def watched(message: Message) -> None:
            nonlocal begun
            if held or (message["type"] == "http.response.start" and message["status"] == 500):
                held.append(message)
            else:
                begun = begun or message
                await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return
        except Exception as error:
            self._lines.say(told(error))
            if begun is None:
                await _answer(send, error)
            elif Headers(scope=begun).get("content-type", "").startswith("text/event-stream"):
                event = f"event: error\ndata: {json.dumps({'error': _sentence(error)[1]})}\n\n"
                await send({"type": "http.response.body", "body": event.encode()})
            # Else the connection is closed, and the browser sees that the answer is cut off.
            return
        for message in held:
            await send(message)


async def _answer(send: Send, error: Exception) -> None:
    status, said = _sentence(error)
    body = json.dumps({"error": said}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _sentence(error: Exception) -> tuple[int, str]:
    # Gradio has names of its own for some of what is wrong with a request.
    gradios = type(error).__module__.partition(".")[0] == "gradio"
    asked_wrongly = gradios or isinstance(error, _OF_THE_REQUEST)
    return (400, _NOT_OURS) if asked_wrongly else (500, OURS)
