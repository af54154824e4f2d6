"""`python -m study.export`: a study as files that others can keep, check and compute with.

    python -m study.export --out DIR                        # DATABASE_URL or results.db
    python -m study.report --from DIR --format html --out report.html

writes

    answers.csv, answers.json             one row a trial and slot
    participants.csv, participants.json   one row a participant; no recruiter's id, no secret
    study.json                            name, settings and version of the study, database
    study.toml                            the study file, if there was one
    data-dictionary.md                    what each column holds
    stimuli/manifest.json                 the stimulus set with SHA-256 (and, with --pictures, the
                                          pictures themselves)
    cards/NAME.json                       cards of the weights that made the pictures, from the set
    versions.json                         of Python, the libraries and this program
    SHA256SUMS                            of all of these, for sha256sum -c

The database is only read. A second run gives the same bytes; the files hold no clock. In CSV an
empty cell is a missing value.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from study.database.engine import DEFAULT_URL, database_url
from study.database.exported import SUMS
from study.database.source import Source, from_database
from study.errors import ExportError, StudyError
from study.report.gallery import find, named_folder
from study.stimuli.manifest import Manifest
from truehue import __version__

ROOT = Path(__file__).resolve().parents[1]  # a checkout, or where packages are installed
DICTIONARY = Path(__file__).with_name("data-dictionary.md")
LIBRARIES = ("numpy", "pandas", "scipy", "SQLAlchemy", "statsmodels")


def export(
    source: Source, out: Path, *, stimuli: Path | None = None, pictures: bool = False
) -> list[Path]:
    """Write a study into a folder.

    Parameters
    ----------
    source : Source
        From `study.database.source.from_database`.
    out : Path
        New or empty folder, or one with an earlier export, which is replaced.
    stimuli : Path, optional
        Folder of the stimulus set; else the default set, if it is the study's.
    pictures : bool
        Copy the pictures, too.

    Returns
    -------
    list of Path
        The files, relative to `out`, sorted.

    Raises
    ------
    ExportError
        If the folder holds something else, or asked-for pictures are not at hand.
    """
    gallery = find(source, stimuli)
    if pictures and gallery is None:
        raise ExportError(
            "The stimulus set of this study is not at hand; name its folder (--stimuli FOLDER) "
            "or leave --pictures out."
        )
    _clear(out)
    written = []
    for name, content in _files(source, gallery, pictures):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append((name, hashlib.sha256(content).hexdigest()))
    written.sort()
    sums = "".join(f"{digest}  {name}\n" for name, digest in written)
    (out / SUMS).write_text(sums, encoding="utf-8")
    return [Path(name) for name, _ in written] + [Path(SUMS)]


def _files(source: Source, gallery: Manifest | None, pictures: bool) -> Iterator[tuple[str, bytes]]:
    """Names and contents, one at a time, because answers can be many."""
    for name, frame in (("answers", source.answers), ("participants", source.participants)):
        yield f"{name}.csv", frame.to_csv(index=False, lineterminator="\n").encode()
        rows = frame.to_json(orient="records", date_format="iso", date_unit="us", indent=0)
        yield f"{name}.json", f"{rows}\n".encode()
    yield (
        "study.json",
        _json(
            {
                "name": source.name,
                "simulated": source.simulated,
                "version": source.version,
                "digest": source.digest,
                "database": source.database,
                "withdrawn": source.withdrawn,
                "file": source.file,
                "settings": source.settings,
                "looks": [look.stored for look in source.looks],
                "registration": None if source.registration is None else source.registration.stored,
            }
        ),
    )
    if source.file is not None:
        yield "study.toml", source.file.encode()
    yield DICTIONARY.name, DICTIONARY.read_bytes()
    yield "versions.json", _json(versions())
    if gallery is None:
        return
    yield "stimuli/manifest.json", gallery.raw
    for method, picture in gallery.hashes if pictures else ():
        content = gallery.picture(method, picture)
        if content is None:
            raise ExportError(
                f"{gallery.path(method, picture)} is not the file that its manifest names; restore "
                "the stimulus set."
            )
        yield f"stimuli/{method}/{picture}.png", content
    for method, card in gallery.cards():
        yield f"cards/{method}.json", card


def versions() -> dict[str, Any]:
    """Return what computed the export; the commit is None outside of a checkout of this program."""
    try:
        command = ["git", f"--git-dir={ROOT / '.git'}", "rev-parse", "HEAD"]
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = None
    return {
        "truehue": __version__,
        "truehue_commit": commit,
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def _clear(out: Path) -> None:
    """Remove the files of an earlier export, and only those."""
    if not out.exists() or not any(out.iterdir()):
        return
    try:
        lines = (out / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        raise ExportError(
            f"{out} holds something else than an export; name a new folder."
        ) from None
    for name in [line.partition("  ")[2] for line in lines] + [SUMS]:
        path = out / name
        if path.resolve().is_relative_to(out.resolve()):
            path.unlink(missing_ok=True)


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        prog="python -m study.export",
        description="Write a study as CSV and JSON with data dictionary, manifest, settings and "
        "versions. The same study gives the same bytes.",
        epilog="Read it back with: python -m study.report --from DIR",
    )
    add = result.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    add(
        "--db",
        metavar="URL",
        help=f"database to read (default: the environment's DATABASE_URL, else {DEFAULT_URL})",
    )
    add("--study", type=int, metavar="ID", help="version of the study, where there are several")
    add(
        "--stimuli",
        type=Path,
        metavar="FOLDER",
        help="stimulus set of the study (default: TRUEHUE_STIMULI, else the default set)",
    )
    add("--pictures", action="store_true", help="copy the pictures of the stimulus set, too")
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; 0, or with a sentence 2 if misused, 1 if there is nothing to read."""
    arguments = parser().parse_args(argv)
    url = database_url(arguments.db)
    try:
        source = from_database(url, arguments.study)
        written = export(
            source,
            arguments.out,
            stimuli=arguments.stimuli or named_folder(),
            pictures=arguments.pictures,
        )
    except (StudyError, ValueError, OSError) as error:
        print(f"study.export: {str(error).strip().splitlines()[0]}", file=sys.stderr)
        return getattr(error, "exit_code", 1)
    people = len(source.participants)
    kind = "simulated " if source.simulated else ""
    print(
        f"{arguments.out}: {len(written)} files, {source.answers['trial'].nunique()} answered "
        f"trials of {people} {kind}participant{'s' * (people != 1)}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
