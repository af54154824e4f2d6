"""`python -m study.report`: the results of a study, from the database to the reader.

    python -m study.report                                       # DATABASE_URL or results.db
    python -m study.report --format html --out report.html
    python -m study.report --db sqlite:///results.db --format json > report.json
    python -m study.report --from DIR                            # what study.export wrote

Reads the database (never creates or changes it), computes `study.report.summary`, prints it by
`study.report.render`, `study.report.latex` or `study.report.page`. All formats hold the same
numbers. Exit code 0 with a report, 1 with one sentence on stderr when there is nothing to report or
the database cannot be read.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from study.database.engine import DEFAULT_URL, database_url
from study.database.exported import from_export
from study.database.source import Source, from_database
from study.errors import StudyError
from study.protocol.about import about
from study.report.gallery import find, named_folder
from study.report.render import FORMATS, ascii_only
from study.report.summary import OF_KIND, Report, gather
from study.stimuli.manifest import Manifest

FORMS = (*FORMATS, "html")


def report(
    url: str,
    form: str = "text",
    *,
    study: int | None = None,
    only: str | None = None,
    stimuli: Path | None = None,
) -> str:
    """Return the report of a database.

    Parameters
    ----------
    url : str
        SQLAlchemy URL of the database.
    form : str
        One of `FORMS`.
    study : int, optional
        Id of the version of the study; needed if several have participants.
    only : {"real", "simulated"}, optional
        Which participants; needed if the database holds both.
    stimuli : Path, optional
        Folder of the stimulus set; else the default set, if it is the study's.

    Raises
    ------
    DatabaseError
        If there is no database, or it is not one of a study.
    NothingToReportError
        If it holds nothing to report, or several things to choose from.
    ValueError
        If the stored answers contradict themselves.
    """
    return report_of(from_database(url, study), form, only=only, stimuli=stimuli)


def report_of(
    source: Source, form: str = "text", *, only: str | None = None, stimuli: Path | None = None
) -> str:
    """Return the report of a study that was read already; see `report`."""
    return written(*computed(source, only=only, stimuli=stimuli), form)


def computed(
    source: Source, *, only: str | None = None, stimuli: Path | None = None
) -> tuple[Report, Manifest | None]:
    """Return everything that a report says, and the pictures if they are at hand."""
    gallery = find(source, stimuli)
    summary = gather(
        OF_KIND[source.kind],
        source.answers,
        source.participants,
        database=source.database,
        study=source.name,
        about=about(
            source.settings,
            version=source.version,
            digest=source.digest,
            manifest=None if gallery is None else gallery.content,
            manifest_sha256="" if gallery is None else gallery.sha256,
        ),
        rules=source.rules,
        withdrawn=source.withdrawn,
        edited=source.edited,
        margin=source.margin,
        record=source.record,
        only=only,
    )
    return summary, gallery


def written(summary: Report, gallery: Manifest | None, form: str) -> str:
    """Return a report that was `computed` in one of the `FORMS`."""
    if form == "html":
        from study.report.page import page

        return page(summary, gallery)
    return FORMATS[form](summary)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        prog="python -m study.report",
        description="Report a study: fool rates with intervals over participants and pictures, "
        "ratings, classes and checks. docs/statistics.md explains every number.",
        epilog="Exit code 0 with a report; 1, with a sentence, if there is nothing to report; 2 if "
        "misused.",
    )
    add = result.add_argument
    source = result.add_mutually_exclusive_group()
    source.add_argument(
        "--db",
        metavar="URL",
        help=f"database to read (default: the environment's DATABASE_URL, else {DEFAULT_URL})",
    )
    source.add_argument(
        "--from",
        dest="folder",
        type=Path,
        metavar="DIR",
        help="read what python -m study.export wrote, instead of a database",
    )
    add(
        "--edited",
        action="store_true",
        help="with --from: accept files that were changed after they were written; the report says "
        "so in its title",
    )
    add(
        "--format",
        choices=FORMS,
        default="text",
        help="text for a terminal (default); html for one page with plots and pictures; markdown "
        "for a document; latex for the tables of a paper; json for everything, unrounded; csv "
        "likewise, one row an estimate and interval",
    )
    add("--out", type=Path, metavar="FILE", help="write to this file (default: the terminal)")
    add(
        "--stimuli",
        type=Path,
        metavar="FOLDER",
        help="stimulus set of the study (default: TRUEHUE_STIMULI, else the default set); without "
        "it the report has no pictures",
    )
    add(
        "--study",
        type=int,
        metavar="ID",
        help="version of the study, needed where the database holds answers to several",
    )
    add(
        "--only",
        choices=("real", "simulated"),
        help="participants to report, needed where the database holds both",
    )
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; see the module for the exit codes."""
    command = parser()
    arguments = command.parse_args(argv)
    if arguments.edited and arguments.folder is None:
        command.error("--edited is about an export; name its folder with --from")
    url = database_url(arguments.db)
    try:
        if arguments.folder is None:
            source = from_database(url, arguments.study)
        else:
            source = from_export(arguments.folder, edited=arguments.edited)
        output = report_of(
            source,
            arguments.format,
            only=arguments.only,
            stimuli=arguments.stimuli or named_folder(),
        )
        if arguments.out is not None:
            arguments.out.write_text(output, encoding="utf-8", newline="\n")
            return 0
    except OSError as error:
        return _fail(f"{error.filename} cannot be written: {error.strerror}")
    except (StudyError, ValueError) as error:
        return _fail(error, getattr(error, "exit_code", 1))
    _print(output, plain=arguments.format == "text")
    return 0


def _fail(reason: object, code: int = 1) -> int:
    # The first line says what is wrong; libraries add pages of background below it.
    print(f"study.report: {str(reason).strip().splitlines()[0]}", file=sys.stderr)
    return code


def _print(output: str, *, plain: bool) -> None:
    """Write to stdout, also where it knows only ASCII or is closed early (`| head`)."""
    try:
        output.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        if plain:
            output = ascii_only(output)
        elif isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # what these formats are read as
    try:
        sys.stdout.write(output)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
