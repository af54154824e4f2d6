"""`python -m study.codes`: access codes for a study that is not open to everybody.

    python -m study.codes --count 40 --link https://study.example/

Makes codes, stores them, and prints one link each, to be given to one person each. Whoever comes
by a code is the same participant each time. Codes are used where the study file says
``access = "code"``. The completion codes and the withdrawal codes of ``rows`` have the same form.
"""

import argparse
import os
import re
import secrets
import sys
from collections.abc import Sequence

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no I, L, O, 0, 1: codes are typed by hand
_LENGTH, _GROUP = 12, 4
MOST = 100_000


def new_code() -> str:
    """Return twelve random letters and digits in groups of four: 59 bits that nobody guesses."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def tidy(typed: object) -> str | None:
    """Return what somebody typed in the form of a code, or None when it cannot be one.

    Examples
    --------
    >>> tidy(" abcd efgh-2345 "), tidy("abcd"), tidy(7)
    ('ABCD-EFGH-2345', None, None)
    """
    if not isinstance(typed, str) or len(typed) > 100:
        return None
    letters = re.sub(r"[\s-]", "", typed).upper()
    if len(letters) != _LENGTH or not set(letters) <= set(_LETTERS):
        return None
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    from study.database.engine import DEFAULT_URL, DatabaseError
    from study.database.store import Store

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
        return 1
    try:
        store = Store(given.db or os.environ.get("DATABASE_URL") or DEFAULT_URL)
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
