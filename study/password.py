"""`python -m study.password`: the hash of the administrator's password, for the environment.

    python -m study.password        # asks twice, prints TRUEHUE_ADMIN_HASH=...

The password itself is stored nowhere. Hashed by scrypt from Python's own library; the parameters
stand in the hash, so that they can be raised without invalidating what is in use.

References
----------
RFC 7914 (scrypt). OWASP Password Storage Cheat Sheet: N = 2^15, r = 8, p = 3 is one of its
equivalent choices, about 32 MB and a third of a second.
"""

import argparse
import base64
import binascii
import getpass
import hashlib
import hmac
import secrets
import sys
from collections.abc import Sequence

from study.errors import PasswordError

VARIABLE = "TRUEHUE_ADMIN_HASH"
SHORTEST = 12
_N, _R, _P = 2**15, 8, 3
_MOST_MEMORY = 2**28  # bytes; a hash that asks for more is a mistake


def hash_password(password: str) -> str:
    """Return the hash of a password, in printable signs that no shell interprets.

    Raises
    ------
    PasswordError
        When the password is shorter than 12 signs.
    """
    if len(password) < SHORTEST:
        raise PasswordError(
            f"The password has {len(password)} signs, but needs at least {SHORTEST}; a few words "
            "are easier to type than one long riddle."
        )
    salt = secrets.token_bytes(16)
    return ":".join(
        ["scrypt", str(_N), str(_R), str(_P), _text(salt), _text(_key(password, salt, _N, _R, _P))]
    )


def check_hash(stored: str) -> None:
    """Refuse what `hash_password` cannot have made.

    Raises
    ------
    PasswordError
        With the way to make a hash.
    """
    _parts(stored)


def matches(password: str, stored: str) -> bool:
    """Return whether this is the password, in a time that does not depend on where it differs."""
    n, r, p, salt, key = _parts(stored)
    return hmac.compare_digest(_key(password, salt, n, r, p), key)


def _key(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=2 * _MOST_MEMORY, dklen=32
    )


def _parts(stored: str) -> tuple[int, int, int, bytes, bytes]:
    try:
        name, n, r, p, salt, key = stored.split(":")
        numbers = int(n), int(r), int(p)
        parts = (*numbers, _bytes(salt), _bytes(key))
        power_of_two = numbers[0] > 1 and numbers[0] & (numbers[0] - 1) == 0
        fits = 128 * numbers[0] * numbers[1] <= _MOST_MEMORY and 1 <= numbers[2] <= 64
        if name != "scrypt" or not power_of_two or not fits or len(parts[4]) != 32:
            raise ValueError(name)
    except (ValueError, binascii.Error):
        raise PasswordError(
            f"{VARIABLE} is not a password hash; make one with: python -m study.password"
        ) from None
    return parts


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m study.password",
        description="Hash the password of the administrator's page. Asks for it twice; where there "
        "is no terminal it is the first line of the input.",
    )
    parser.parse_args(arguments)
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            print("The two differ; try again.", file=sys.stderr)
            return 1
    else:
        password = sys.stdin.readline().rstrip("\n")
    try:
        print(f"{VARIABLE}={hash_password(password)}")
    except PasswordError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
