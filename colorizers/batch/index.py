"""What lies in OUT: which photograph each name belongs to, and of which content each result is.

A file of OUT, `JOURNAL`, has one line of JSON for each name that was given,
{"from": the photograph's path, "wanted": a name, "to": the name}, and one for each result that is
whole, {"to": the name, "bytes": n, "sha256": ...} of its photograph. So the same photograph finds
its own result again, from whatever card or folder and whatever its date, and another one under the
same name does not take it for its own.

Lines are only added, each in one piece and under a lock, so that several runs may use one OUT; of a
run that is killed at most the last line is cut, and the next begins on a line of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

try:
    import fcntl
except ImportError:  # Windows, where two runs at once may give one name twice
    fcntl = None  # type: ignore[assignment]

JOURNAL = ".colorized.jsonl"


class Content(NamedTuple):
    """What a file holds, as far as telling it from others goes."""

    bytes: int
    sha256: str


def content_of(file: Path) -> Content | None:
    """The content of a regular file; None if it is none, or cannot be read."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # a pipe would be waited for
            return None
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            return Content(stream.tell(), digest)
    except OSError:
        return None


class Index:
    """The names and the results of one OUT.

    Parameters
    ----------
    out : Path
        A folder; it need not exist until something is written.
    """

    def __init__(self, out: Path) -> None:
        self._out = Path(os.path.abspath(out))
        self.file = self._out / JOURNAL
        self._name: dict[tuple[str, str], str] = {}  # (photograph, wanted name) -> name
        self._owner: dict[str, str] = {}  # name, as every system compares it -> photograph
        self._content: dict[str, Content] = {}  # name -> of the photograph that the result shows
        self._read_to = 0
        self._refresh()

    @property
    def results(self) -> set[Path]:
        """Paths of all results in the index, whether the files exist or not."""
        return {self._out / name for name in self._name.values()}

    def place(self, wanted: Sequence[tuple[Path, Path]]) -> list[Path]:
        """Where results go: by the wanted names, or by numbered ones where those are taken.

        Parameters
        ----------
        wanted : sequence of (Path, Path)
            A photograph, absolute, and the name below OUT that its result should have.
        """
        keys = [(str(source), name.as_posix()) for source, name in wanted]
        if all(key in self._name for key in keys):  # OUT may be one that can only be read
            return [self._out / self._name[key] for key in keys]
        places, new = [], []
        with self.file.open("a+b") as stream:
            _lock(stream)
            self._refresh()
            for key, (source, name) in zip(keys, wanted, strict=True):
                if key not in self._name:
                    free, shared = self._free(source, name)
                    if shared:
                        places.append(self._out / free)
                        continue
                    self._claim(*key, free.as_posix())
                    new.append({"from": key[0], "wanted": key[1], "to": free.as_posix()})
                places.append(self._out / self._name[key])
            _append(stream, *new)
        return places

    def is_done(self, source: Path, target: Path) -> bool:
        """Whether the result is there and shows what the photograph holds now."""
        try:
            there, here = target.stat(), source.stat()
        except OSError:
            return False
        if not stat.S_ISREG(there.st_mode):
            return False
        known = self._content.get(target.relative_to(self._out).as_posix())
        if known is not None:
            return known.bytes == here.st_size and known == content_of(source)
        # Made before contents were written down, or by a run that was killed just then.
        if there.st_mtime_ns < here.st_mtime_ns or not (content := content_of(source)):
            return False
        record(self.file, target, content)
        return True

    def _free(self, source: Path, wanted: Path) -> tuple[Path, bool]:
        """The first of the names that is free, or whose result shows the same photograph."""
        free, number = wanted, 2
        while self._owner.get(free.as_posix().casefold(), str(source)) != str(source):
            known = self._content.get(free.as_posix())
            if known and known == content_of(source):
                return free, True  # from another card, say, or out of a folder that was moved
            free = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
            number += 1
        return free, False

    def _claim(self, source: str, wanted: str, name: str) -> None:
        self._name[source, wanted] = name
        self._owner.setdefault(name.casefold(), source)

    def _refresh(self) -> None:
        """Read what has been added."""
        try:
            with self.file.open("rb") as stream:
                stream.seek(self._read_to)
                data = stream.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._read_to += len(whole)
        for line in whole.splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):  # cut short by a kill
                self._learn(json.loads(line))

    def _learn(self, entry: dict[str, Any]) -> None:
        if "sha256" in entry:
            self._content[str(entry["to"])] = Content(int(entry["bytes"]), str(entry["sha256"]))
        else:
            self._claim(str(entry["from"]), str(entry["wanted"]), str(entry["to"]))


def record(index: Path, target: Path, content: Content) -> None:
    """Write down that a result is whole.

    Parameters
    ----------
    index : Path
        The `Index.file` of its OUT.
    target : Path
        The result.
    content : Content
        Of the photograph, taken before that was read.
    """
    name = target.relative_to(index.parent).as_posix()
    with contextlib.suppress(OSError), index.open("a+b") as stream:  # then it is done once more
        _lock(stream)
        _append(stream, {"to": name, **content._asdict()})


def _lock(stream: IO[bytes]) -> None:
    """Wait to be alone with a file until it is closed; on disks that know no locks, do not."""
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX)


def _append(stream: IO[bytes], *entries: Mapping[str, Any]) -> None:
    """Add lines in one piece, behind the end of the last."""
    if not entries:
        return
    data = b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)
    if stream.seek(0, os.SEEK_END):
        stream.seek(-1, os.SEEK_END)
        if stream.read(1) != b"\n":
            data = b"\n" + data
    stream.write(data)
    stream.flush()
