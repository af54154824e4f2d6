"""Codes that people type: access, completion and withdrawal codes all have this form.

Made by ``rows`` and ``store``, read by ``service``.
"""

import re
import secrets

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no I, L, O, 0, 1: codes are typed by hand
_LENGTH, _GROUP = 12, 4


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
