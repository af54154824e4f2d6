"""Which files of a command line are photographs, and where the colorized ones go.

Folders are searched to their depths and mirrored under OUT. The result of `a.jpg` is
`a-colorized-photo.jpg`; where the kind changes, the old ending stays in the name, so that `a.png`
and `a.jpg` in one folder never meet: `a.jpg.colorized-photo.png`. What still would meet (two
folders given at once, or into one OUT on two days) is numbered. Each OUT remembers in `JOURNAL`
which photograph every name belongs to, so that the same photograph finds its own result again,
and so that no result is ever taken for a photograph.

Done is what lies in OUT and is not older than its photograph. It is written under another name
and renamed (`colorizers.batch.local`), so what lies there is whole.
"""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from colorizers.files.reading import FORMATS
from colorizers.files.writing import OUTPUTS

JOURNAL = ".colorized.jsonl"
"""In each OUT: one line for each photograph, {"from": its path, "to": its result below OUT}."""
PARTIAL = ".colorizing-"
"""Beginning of the name of a file that is not whole yet; host and process follow."""

PHOTO_ENDINGS = frozenset(
    ending for ending, kind in Image.registered_extensions().items() if kind in FORMATS
)
# Pillow has no name for these photographs. HEIC is read where pillow-heif is installed; what
# cannot be read must be named at the end, not passed over as a letter is.
OTHER_ENDINGS = frozenset({
    ".heic", ".heif", ".hif", ".jxl", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2",
    ".raf", ".pef", ".srw", ".psd", ".xcf",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """One photograph to colorize: where it lies, where its result goes, as what."""

    source: Path
    target: Path
    format: str


@dataclass(slots=True)
class Plan:
    """What is to be done.

    Attributes
    ----------
    jobs : list of Job
    done : int
        Photographs whose result is there already.
    failed : list of (Path, str)
        What cannot even be begun, and why.
    ignored : int
        Files in folders that are no pictures by their names.
    """

    jobs: list[Job] = field(default_factory=list)
    done: int = 0
    failed: list[tuple[Path, str]] = field(default_factory=list)
    ignored: int = 0


def plan(
    inputs: Sequence[Path], out: Path, label: str, *, ending: str = "", overwrite: bool = False
) -> Plan:
    """Find the photographs and give each its place under OUT.

    Parameters
    ----------
    inputs : sequence of Path
        Files, tried whatever their names, and folders, searched for names of pictures.
    out : Path
        Folder of the results; it must exist. Names are written down in its journal.
    label : str
        Method and options as they go into names, such as "photo" or "gan".
    ending : str
        A key of `colorizers.files.writing.OUTPUTS`; by default the photograph's own, if it is one
        of them, else "png".
    overwrite : bool
        Do again what is done.

    Returns
    -------
    Plan
    """
    made = Plan()
    journal = _Journal(out)
    found = list(dict.fromkeys(_photographs(inputs, out, journal, made)))
    sources = {os.path.realpath(source) for source, _ in found}
    for source, below in found:
        own = source.suffix[1:]
        kind = OUTPUTS.get(own.lower())
        last = own if kind and kind == OUTPUTS.get(ending, kind) else ending or "png"
        wanted = below.parent / result_name(source.name, label, last)
        target = journal.place(source, wanted)
        if not overwrite and is_done(source, target):
            made.done += 1
        elif os.path.realpath(target) in sources:
            made.failed.append((source, f"{target} is one of the photographs; choose another OUT."))
        else:
            made.jobs.append(Job(source, target, OUTPUTS[last.lower()]))
    journal.write()
    for folder in {job.target.parent for job in made.jobs}:
        _remove_partials(folder)
    return made


def result_name(name: str, label: str, ending: str) -> str:
    """Name of a result; no two names in a folder give the same.

    Examples
    --------
    >>> result_name("a.jpg", "photo", "jpg"), result_name("a.jpg", "photo", "png")
    ('a-colorized-photo.jpg', 'a.jpg.colorized-photo.png')
    """
    stem, dot, own = name.rpartition(".")
    if stem and dot and own == ending:
        return f"{stem}-colorized-{label}.{ending}"
    return f"{name}.colorized-{label}.{ending}"


def is_done(source: Path, target: Path) -> bool:
    """Whether the result is there and not older than its photograph."""
    try:
        there = target.stat()
        return stat.S_ISREG(there.st_mode) and there.st_mtime_ns >= source.stat().st_mtime_ns
    except OSError:
        return False


def partial_name(target: Path) -> Path:
    """Where this process writes a result before it is whole."""
    return target.with_name(f"{PARTIAL}{socket.gethostname()}-{os.getpid()}.partial")


def partials(folder: Path, pid: int) -> list[Path]:
    """What a process of this machine has left unfinished in a folder."""
    return list(folder.glob(f"{PARTIAL}{socket.gethostname()}-{pid}.partial"))


def _photographs(
    inputs: Sequence[Path], out: Path, journal: _Journal, made: Plan
) -> Iterator[tuple[Path, Path]]:
    """Absolute path of every photograph and its path below the folder that was named."""
    for given in inputs:
        path = Path(os.path.abspath(given))  # links stay: a folder of links is mirrored, too
        if os.path.isdir(path):
            # Results of earlier runs may lie among the photographs, if OUT was this folder.
            results = journal.results | _Journal(path).results
            for found in _walk(path, out, results, made, {_identity(path)}):
                yield found, found.relative_to(path)
        else:
            yield path, Path(path.name)


def _walk(
    folder: Path, out: Path, results: set[Path], made: Plan, above: set[tuple[int, int]]
) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        made.failed.append((folder, f"The folder cannot be read ({error.strerror})."))
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue  # thumbnails, macOS's resource forks, our own partial files
        if os.path.isdir(path):
            identity = _identity(path)
            # A link to a folder above would lead round and round; OUT holds results.
            if identity in above or identity == _identity(out) or os.path.exists(path / JOURNAL):
                continue
            yield from _walk(path, out, results, made, above | {identity})
        elif path.suffix.lower() in PHOTO_ENDINGS | OTHER_ENDINGS:
            if path not in results:
                yield path
        else:
            made.ignored += 1


def _identity(folder: Path) -> tuple[int, int]:
    try:
        found = folder.stat()
    except OSError:
        return (-1, -1)
    return found.st_dev, found.st_ino


class _Journal:
    """Which photograph every name under OUT belongs to, kept in a file of OUT."""

    def __init__(self, out: Path) -> None:
        self._out = Path(os.path.abspath(out))
        self._file = self._out / JOURNAL
        self._target: dict[tuple[str, str], str] = {}  # (photograph, wanted name) -> name
        self._owner: dict[str, str] = {}  # name, as every system compares it -> photograph
        self._new: list[dict[str, str]] = []
        for line in self._lines():
            try:
                entry = json.loads(line)
                self._claim(str(entry["from"]), str(entry["wanted"]), str(entry["to"]))
            except (ValueError, KeyError, TypeError):
                continue  # the last line of a run that was killed
        self.results = {self._out / name for name in self._target.values()}

    def place(self, source: Path, wanted: Path) -> Path:
        """Where the result of this photograph goes: what is wanted, with a number if taken."""
        key = str(source), wanted.as_posix()
        if key not in self._target:
            free, number = wanted, 2
            while self._owner.get(free.as_posix().casefold(), key[0]) != key[0]:
                free = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
                number += 1
            self._claim(*key, free.as_posix())
            self._new.append({"from": key[0], "wanted": key[1], "to": free.as_posix()})
        return self._out / self._target[key]

    def write(self) -> None:
        """Add what is new; before any work, so that a run that is killed has its names."""
        if self._new:
            with self._file.open("a", encoding="ascii") as file:
                file.writelines(json.dumps(entry) + "\n" for entry in self._new)

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text("ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _claim(self, source: str, wanted: str, name: str) -> None:
        self._target[source, wanted] = name
        self._owner[name.casefold()] = source


def _remove_partials(folder: Path) -> None:
    """Remove what killed processes of this machine left; those of living ones stay."""
    ours = f"{PARTIAL}{socket.gethostname()}-"
    for file in folder.glob(f"{ours}*.partial"):
        number = file.stem.removeprefix(ours)
        if number.isdigit() and not _lives(int(number)):
            file.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    if os.name != "posix":
        return True  # the question below would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True
