"""`python -m study.codes`: access codes for a study that is not open to everybody.

    python -m study.codes --count 40 --link https://study.example/

Makes codes, stores them, and prints one link each, to be given to one person each. Whoever comes
by a code is the same participant each time. Codes are used where the study file says
``access = "code"``.
"""

import argparse
import sys
from collections.abc import Sequence

from study.database.engine import DEFAULT_URL, database_url
from study.database.store import Store
from study.errors import DatabaseError

MOST = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0, 1 if the database fails, 2 if the count is out of range."""
    parser = argparse.ArgumentParser(
        prog="python -m study.codes", description="Make access codes and print their links."
    )
    parser.add_argument("--count", type=int, default=1, help="how many (default %(default)s)")
    parser.add_argument(
        "--link",
        default="http://127.0.0.1:7860/",
        help="address of the page (default %(default)s)",
    )
    parser.add_argument(
        "--db", metavar="URL", help=f"database (default: DATABASE_URL, else {DEFAULT_URL})"
    )
    given = parser.parse_args(arguments)
    if not 1 <= given.count <= MOST:
        print(f"--count is {given.count}, but must be from 1 to {MOST}.", file=sys.stderr)
        return 2
    try:
        store = Store(database_url(given.db))
        codes = store.add_access_codes(given.count)
        store.close()
    except DatabaseError as error:
        print(error, file=sys.stderr)
        return 1
    for code in codes:
        print(f"{given.link.rstrip('/')}/?code={code}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
