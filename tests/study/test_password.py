"""The hash of the administrator's password: made, checked, never guessed from."""

import subprocess
import sys

import pytest

from study.errors import PasswordError
from study.password import check_hash, hash_password, main, matches

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def stored():
    return hash_password(PASSWORD)


def test_only_the_password_matches(stored):
    assert matches(PASSWORD, stored)
    for other in ("", PASSWORD + " ", PASSWORD[:-1], PASSWORD.upper()):
        assert not matches(other, stored)


def test_two_hashes_of_one_password_differ(stored):
    again = hash_password(PASSWORD)
    assert again != stored
    assert matches(PASSWORD, again)
    assert PASSWORD not in stored
    assert set(stored) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-")


@pytest.mark.parametrize(
    "bad",
    [
        PASSWORD, "scrypt", "scrypt:1:8:1:YQ:YQ", "bcrypt:16384:8:1:YQ:YQ",
        f"scrypt:16384:8:1:YQ:{'A' * 42}", f"scrypt:16383:8:1:YQ:{'A' * 43}",
        f"scrypt:1073741824:8:1:YQ:{'A' * 43}", f"scrypt:16384:8:x:YQ:{'A' * 43}",
    ],
)  # fmt: skip
def test_what_is_no_hash_is_refused_without_being_repeated(bad):
    with pytest.raises(PasswordError, match=r"make one with: python -m study.password") as caught:
        check_hash(bad)
    assert bad not in str(caught.value).replace("is not a password hash", "")


def test_short_passwords_are_refused(capsys, monkeypatch):
    with pytest.raises(PasswordError, match="has 6 signs, but needs at least 12"):
        hash_password("secret")


def test_the_command_reads_a_line_and_prints_the_variable():
    made = subprocess.run(
        [sys.executable, "-m", "study.password"],
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    name, _, stored = made.stdout.strip().partition("=")
    assert name == "TRUEHUE_ADMIN_HASH"
    assert matches(PASSWORD, stored)


def test_the_command_asks_twice_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    given = iter([PASSWORD, "another password"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(given))
    assert main([]) == 1
    assert "differ" in capsys.readouterr().err
