"""Where uploads lie, and whose they are.

A server keeps what visitors upload, and what it makes of it, in one folder that belongs to its
process alone. Each file there has an owner: the visitor who brought it or for whom it was made, or
everybody for the examples. A request may name a file only if it is one of its visitor's; nothing
else on the machine is a file for a request. :mod:`colorizers.page.doors` asks here.

A file stays for so many seconds after it was written or a job that names it has ended, and as long
as one waits or is under way that needs it. What the age of a file is, the disk knows: so what a
server leaves behind that was killed is swept away by the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio.routes
from gradio.context import LocalContext
from starlette.types import Scope

SCOPE = "truehue.visitor"
"""Where a request's scope holds `(Uploads, Visitor)`, for what is made in answer to it."""
NEEDED = "truehue.needed"
"""Where it holds a set of the files and folders that it names, or that are made to answer it."""
KEEP_SECONDS = 3600
"""How long a file stays."""
SWEEP_SECONDS = 30.0
"""Between two looks at what is there."""
_FRESH = 5.0
"""Seconds in which a new server may lock its folder."""
_PREFIX = "truehue-"
_EVERYBODY = ""


@dataclass(frozen=True)
class Visitor:
    """Who sent a request.

    Attributes
    ----------
    session : str
        Of a cookie that the page has set; empty for programs, which keep none.
    address : str
        Where the request came from, as far as it tells households apart.
    """

    session: str
    address: str

    @property
    def owner(self) -> str:
        """What the files of this visitor are filed under."""
        return f"session {self.session}" if self.session else f"address {self.address}"


class Uploads:
    """The files of one server, each with its owner.

    Parameters
    ----------
    folder : Path
        Where they lie, without symbolic links in its path.
    keep_seconds : int
        How long a file stays; those of everybody stay as long as the server.
    """

    def __init__(self, folder: Path, keep_seconds: int = KEEP_SECONDS) -> None:
        self.folder = folder
        self.keep_seconds = keep_seconds
        self.jobs: Callable[[], Iterable[Scope]] = tuple
        """Lists the requests whose jobs wait or are under way."""
        self._owners: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def give(self, path: str | Path, visitor: Visitor) -> None:
        """Let a visitor name a file, or every file in a folder.

        Who uploads a file that another visitor has uploaded, content and name, has the same one.
        """
        with self._lock:
            self._owners.setdefault(str(path), set()).add(visitor.owner)

    def publish(self) -> None:
        """Let everybody name what is there by now: the examples, copied when the page was built."""
        with self._lock:
            for file in filter(Path.is_file, self.folder.rglob("*")):
                self._owners.setdefault(str(file), set()).add(_EVERYBODY)

    def may_name(self, path: str, visitor: Visitor) -> bool:
        """Whether this is, letter by letter, the path of a regular file of this visitor's."""
        folder = path.rpartition("/")[0]
        with self._lock:
            owners = self._owners.get(path, set()) | self._owners.get(folder, set())
        # Without a cookie a program is known by its address, and so is a browser that blocks them.
        if not owners & {_EVERYBODY, visitor.owner, f"address {visitor.address}"}:
            return False
        if not path.startswith(f"{self.folder}/") or "/../" in path or path.endswith("/.."):
            return False
        try:
            return stat.S_ISREG(os.lstat(path).st_mode) and stat.S_ISDIR(os.lstat(folder).st_mode)
        except OSError:
            return False

    def sweep(self) -> None:
        """Remove what is older than it may be, here and where a server was that runs no more."""
        before = time.time() - self.keep_seconds
        _clear(self.folder, before, self._needed())
        for folder in self.folder.parent.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                if folder == self.folder or os.lstat(folder).st_ctime > time.time() - _FRESH:
                    continue
                with _locked(folder):
                    _clear(folder, before)
                    folder.rmdir()  # if nothing is left in it
        with self._lock:
            for path in [path for path in self._owners if not os.path.lexists(path)]:
                del self._owners[path]

    def _needed(self) -> set[str]:
        """The examples; what jobs name; and all of a browser that waits for one.

        What is worked on in a page, its next job does not name.
        """
        asking, needed = {_EVERYBODY}, set[str]()
        for scope in self.jobs():
            needed.update(tuple(scope.get(NEEDED, ())))
            whose = scope[SCOPE][1] if SCOPE in scope else None
            if whose and whose.session:
                asking.add(whose.owner)
        with self._lock:
            return needed.union(path for path, whose in self._owners.items() if whose & asking)

    @contextlib.asynccontextmanager
    async def swept(self, _: Any) -> AsyncIterator[None]:
        """While a server runs, sweep regularly; at its end remove all that is here."""

        async def again_and_again() -> None:
            while True:
                await asyncio.to_thread(self.sweep)
                await asyncio.sleep(min(SWEEP_SECONDS, self.keep_seconds))

        task = asyncio.create_task(again_and_again())
        try:
            yield
        finally:
            task.cancel()
            shutil.rmtree(self.folder, ignore_errors=True)


def _clear(folder: Path, before: float, spare: Container[str] = ()) -> None:
    """Remove old files, and folders that have been empty for as long; not what is to be spared."""
    for path, _, names in os.walk(folder, topdown=False):
        if path in spare:
            continue
        aged = os.stat(path).st_ctime < before
        for name in names:
            file = os.path.join(path, name)
            with contextlib.suppress(FileNotFoundError):
                if file not in spare and os.lstat(file).st_ctime < before:
                    os.unlink(file)
        if aged and path != str(folder):
            with contextlib.suppress(OSError):  # something is in it
                os.rmdir(path)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock on a folder, which ends with its process, however that ends; or OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(opened)


_held = contextlib.ExitStack()


def claim(keep_seconds: int = KEEP_SECONDS) -> Uploads:
    """Make the folder of this process and have Gradio keep everything in it.

    It lies under GRADIO_TEMP_DIR, or else among the machine's temporary files, and nobody else
    may look into it. To be called before the page is built, as its parts note where it is.
    """
    above = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    above.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=above.resolve()))  # mode 0700
    _held.enter_context(_locked(folder))  # for as long as the process lives
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    # Read when Gradio is imported, and a folder that all its users share if it was not set then.
    vars(gradio.routes)["DEFAULT_TEMP_DIR"] = str(folder)
    return Uploads(folder, keep_seconds)


def keep(folder: Path) -> None:
    """Give a folder to the visitor whose event is under way, if it came through the doors.

    It stays, with what is in it, until the event has ended.
    """
    scope = _asked()
    if SCOPE in scope:
        uploads, whose = scope[SCOPE]
        uploads.give(folder, whose)
        scope.get(NEEDED, set()).add(str(folder))


def visitor() -> Visitor | None:
    """Whose event is under way, if it came through the doors."""
    scope = _asked()
    return scope[SCOPE][1] if SCOPE in scope else None


def touch(scope: Scope) -> None:
    """Let what a request needs stay from now on for as long as if it had just been written."""
    for path in tuple(scope.get(NEEDED, ())):
        with contextlib.suppress(OSError):
            os.utime(path, follow_symlinks=False)


def _asked() -> Scope:
    request: Any = LocalContext.request.get(None)
    asked = getattr(request, "request", None)
    return {} if asked is None else asked.scope
