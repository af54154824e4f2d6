"""`python -m study.exclude`: leave a participant out of the analysis, with a reason.

    python -m study.exclude p-0123456789ab --reason "told us that they are colour-blind"
    python -m study.exclude p-0123456789ab --undo

Nothing is deleted: the report shows every result with and without the excluded ones, names who was
excluded by a person, on which day and why, and does not call such exclusions fixed beforehand.
Rules that are belong into the study file, section [exclusion].
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from study.database.engine import DEFAULT_URL, database_url
from study.database.frames import read_studies
from study.database.store import Store
from study.errors import StudyError


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        prog="python -m study.exclude",
        description="Leave a participant out of the analysis, or take them back; day and reason "
        "are kept, and the report names them.",
    )
    add = result.add_argument
    add("participant", metavar="ID", help="the participant's id, such as p-0123456789ab")
    what = result.add_mutually_exclusive_group(required=True)
    what.add_argument("--reason", metavar="TEXT", help="why; the report quotes it")
    what.add_argument("--undo", action="store_true", help="take the participant back")
    add(
        "--db",
        metavar="URL",
        help=f"database (default: the environment's DATABASE_URL, else {DEFAULT_URL})",
    )
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; 0, or with a sentence 1 if the database fails, 2 if misused."""
    given = parser().parse_args(argv)
    url = database_url(given.db)
    try:
        read_studies(url)  # a database that is not there is not made
        store = Store(url)
        try:
            store.exclude(given.participant, given.reason)
        finally:
            store.close()
    except StudyError as error:
        print(f"study.exclude: {error}", file=sys.stderr)
        return error.exit_code
    done = "is counted again" if given.undo else f"is excluded: {given.reason}"
    print(f"{given.participant} {done}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
