"""`python -m study.report`: the results of a study, from the database to the terminal.

    python -m study.report                                       # DATABASE_URL or results.db
    python -m study.report --db sqlite:///results.db --format json > report.json

Reads the database (never creates or changes it), computes `study.summary`, prints it by
`study.render`. Text, Markdown, CSV and JSON hold the same numbers. Exit code 0 with a report,
1 with one sentence on stderr when there is nothing to report or the database cannot be read.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from study.database import DEFAULT_URL, DatabaseError
from study.render import FORMATS, ascii_only
from study.store import answers, participants, read_studies
from study.summary import NothingToReportError, summarise


def report(
    url: str, form: str = "text", *, study: int | None = None, only: str | None = None
) -> str:
    """Return the report of a database.

    Parameters
    ----------
    url : str
        SQLAlchemy URL of the database.
    form : str
        "text", "json", "csv" or "markdown".
    study : int, optional
        Id of the version of the study; needed if several have participants.
    only : {"real", "simulated"}, optional
        Which participants; needed if the database holds both.

    Raises
    ------
    DatabaseError
        If there is no database, or it is not one of a study.
    NothingToReportError
        If it holds nothing to report, or several things to choose from.
    ValueError
        If the stored answers contradict themselves.
    """
    people = participants(url)
    chosen, name = _choose(read_studies(url), people, study)
    summary = summarise(
        answers(url, study=chosen),
        people[people["study"] == chosen],
        database=make_url(url).render_as_string(hide_password=True),
        study=name,
        only=only,
    )
    return FORMATS[form](summary)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        prog="python -m study.report",
        description="Report a study: fool rates with intervals over participants and pictures, "
        "ratings, classes and checks. docs/statistics.md explains every number.",
        epilog="Exit code 0 with a report; 1, with a sentence, if there is nothing to report.",
    )
    add = result.add_argument
    add(
        "--db",
        metavar="URL",
        help=f"database to read (default: the environment's DATABASE_URL, else {DEFAULT_URL})",
    )
    add(
        "--format",
        choices=tuple(FORMATS),
        default="text",
        help="text for a terminal (default); markdown for a document; json for everything, "
        "unrounded; csv likewise, one row an estimate and interval",
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
    arguments = parser().parse_args(argv)
    url = arguments.db or os.environ.get("DATABASE_URL") or DEFAULT_URL
    try:
        output = report(url, arguments.format, study=arguments.study, only=arguments.only)
    except (DatabaseError, NothingToReportError, ValueError) as error:
        return _fail(error)
    except SQLAlchemyError as error:
        return _fail(f"The database cannot be read: {getattr(error, 'orig', None) or error}")
    except ModuleNotFoundError as error:
        return _fail(f"The database's driver {error.name!r} is not installed; install it with pip.")
    _print(output, plain=arguments.format == "text")
    return 0


def _choose(studies: pd.DataFrame, people: pd.DataFrame, study: int | None) -> tuple[int, str]:
    """Return id and name of the version of the study to report; versions are never pooled."""
    names: dict[Any, str] = dict(zip(studies["study"], studies["name"], strict=True))
    counts = people["study"].value_counts().sort_index()
    found = ", ".join(f"--study {i} ({names[i]}, {n} participants)" for i, n in counts.items())
    if counts.empty:
        raise NothingToReportError("No participant has started the study yet.")
    if study is None and len(counts) > 1:
        raise NothingToReportError(
            f"The database holds {len(counts)} versions of the study, which are never pooled; "
            f"choose one: {found}."
        )
    chosen = int(counts.index[0]) if study is None else study
    if chosen not in counts.index:
        raise NothingToReportError(f"Study {chosen} has no participants; there is {found}.")
    return chosen, names[chosen]


def _fail(reason: object) -> int:
    # The first line says what is wrong; libraries add pages of background below it.
    print(f"study.report: {str(reason).strip().splitlines()[0]}", file=sys.stderr)
    return 1


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
