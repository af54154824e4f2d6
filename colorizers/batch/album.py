"""Which files of a command line are photographs, and where the colorized ones go.

Folders are searched to their depths and mirrored under OUT. The result of `a.jpg` is
`a-colorized-photo.jpg`; where the kind changes, the old ending stays in the name, so that `a.png`
and `a.jpg` in one folder never meet: `a.jpg.colorized-photo.png`. What still would meet (two
folders given at once, or into one OUT on two days) is numbered. Each OUT remembers
which photograph every name belongs to (`colorizers.batch.index`), so that the same photograph finds
its own result again, and so that no result is ever taken for a photograph.

Done is what lies in OUT and shows what its photograph holds, whatever the dates of the two. It is
written under another name and renamed (`colorizers.batch.local`), so what lies there is whole.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from colorizers.batch.index import JOURNAL, Index
from colorizers.files.filenames import shortened
from colorizers.files.reading import FORMATS
from colorizers.files.writing import OUTPUTS
from colorizers.parallel import cores

PARTIAL = ".colorizing-"
"""Beginning of the name of a file that is not whole yet; host and process follow."""

PHOTO_ENDINGS = frozenset(
    ending for ending, kind in Image.registered_extensions().items() if kind in FORMATS
)
# Pillow has no name for these photographs. HEIC and raws are read where packages for them are
# installed; what cannot be read must be named at the end, not passed over as a letter is.
OTHER_ENDINGS = frozenset({
    ".heic", ".heif", ".hif", ".jxl", ".psd", ".xcf",
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef",
    ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf", ".srw",
    ".x3f",
})  # fmt: skip
NAS = frozenset({
    "@eaDir", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", "$RECYCLE.BIN",
    "System Volume Information", "__MACOSX", "lost+found",
})  # fmt: skip
"""Folders of network drives and systems: thumbnails, what was thrown away, second halves."""


@dataclass(frozen=True, slots=True)
class Job:
    """One photograph to colorize.

    Attributes
    ----------
    source, target : Path
        Where it lies, and where its result goes.
    format : str
        As what it is saved.
    index : Path, optional
        Where it is written down that the result is whole.
    """

    source: Path
    target: Path
    format: str
    index: Path | None = None


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
    hidden : int
        Pictures by their names in hidden folders and those of `NAS`, or under hidden names.
    """

    jobs: list[Job] = field(default_factory=list)
    done: int = 0
    failed: list[tuple[Path, str]] = field(default_factory=list)
    ignored: int = 0
    hidden: int = 0


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
    index = Index(out)
    found = list(dict.fromkeys(_photographs(inputs, out, index, made)))
    sources = {os.path.realpath(source) for source, _ in found}
    endings = [_ending(source, ending) for source, _ in found]
    wanted = [
        (source, below.parent / result_name(source.name, label, last))
        for (source, below), last in zip(found, endings, strict=True)
    ]
    targets = index.place(wanted)

    def is_done(number: int) -> bool:
        return not overwrite and index.is_done(found[number][0], targets[number])

    with ThreadPoolExecutor(cores()) as pool:  # hashing lets others run
        done = list(pool.map(is_done, range(len(found))))
    for (source, _), target, last, there in zip(found, targets, endings, done, strict=True):
        if there:
            made.done += 1
        elif os.path.realpath(target) in sources:
            made.failed.append((source, f"{target} is one of the photographs; choose another OUT."))
        else:
            made.jobs.append(Job(source, target, OUTPUTS[last.lower()], index.file))
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
        return shortened(stem, f"-colorized-{label}.{ending}")
    return shortened(name, f".colorized-{label}.{ending}")


def recipe_name(target: Path) -> Path:
    """Where the recipe of a result lies: beside it, under its whole name and `.json`."""
    return target.with_name(shortened(target.name, ".json"))


def _ending(source: Path, asked: str) -> str:
    """Ending of the result: the photograph's own where it is of the kind that is asked for."""
    own = source.suffix[1:]
    kind = OUTPUTS.get(own.lower())
    return own if kind and kind == OUTPUTS.get(asked, kind) else asked or "png"


def partial_name(target: Path) -> Path:
    """Where this process writes a result before it is whole."""
    return target.with_name(f"{PARTIAL}{socket.gethostname()}-{os.getpid()}.partial")


def partials(folder: Path, pid: int) -> list[Path]:
    """What a process of this machine has left unfinished in a folder."""
    return list(folder.glob(f"{PARTIAL}{socket.gethostname()}-{pid}.partial"))


def _photographs(
    inputs: Sequence[Path], out: Path, index: Index, made: Plan
) -> Iterator[tuple[Path, Path]]:
    """Absolute path of every photograph and its path below the folder that was named."""
    for given in inputs:
        path = Path(os.path.abspath(given))  # links stay: a folder of links is mirrored, too
        if os.path.isdir(path):
            # Results of earlier runs may lie among the photographs, if OUT was this folder.
            results = index.results | Index(path).results
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
        if entry.name.startswith(".") or entry.name in NAS:
            made.hidden += _pictures(entry)  # thumbnails, macOS's resource forks, a bin
            continue
        if os.path.isdir(path):
            identity = _identity(path)
            # A link to a folder above would lead round and round; OUT holds results.
            if identity in above or identity == _identity(out) or os.path.exists(path / JOURNAL):
                continue
            yield from _walk(path, out, results, made, above | {identity})
        elif _is_picture(entry.name):
            if path not in results:
                yield path
        else:
            made.ignored += 1


def _pictures(entry: os.DirEntry[str]) -> int:
    """How many files are pictures by their names: this one, or in this folder."""
    if not entry.is_dir(follow_symlinks=False):
        return _is_picture(entry.name)
    return sum(_is_picture(name) for _, _, names in os.walk(entry.path) for name in names)


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in PHOTO_ENDINGS | OTHER_ENDINGS


def _identity(folder: Path) -> tuple[int, int]:
    try:
        found = folder.stat()
    except OSError:
        return (-1, -1)
    return found.st_dev, found.st_ino


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
