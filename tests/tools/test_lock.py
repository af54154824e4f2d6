"""Faults of the lock and of the table of licences are told; `make check` asks for both."""

import pytest
from packaging.requirements import Requirement

from tools import licences, lock
from tools.install import LOCK, ROOT, hashes, pins

TEXT = LOCK.read_text()
PAGE = licences.PAGE.read_text()


def test_every_locked_package_has_hashes():
    names = {Requirement(line).name for line in pins(TEXT)}
    assert len(names) > 90
    assert set(hashes(TEXT)) == names
    assert all(hashes(TEXT).values())


def test_what_is_installed_is_compared_with_the_lock(monkeypatch):
    assert "markupsafe" in lock.closure([Requirement("jinja2")])
    assert "psycopg-binary" in lock.closure([Requirement("psycopg[binary]")])
    locked = {Requirement(line).name: str(Requirement(line).specifier)[2:] for line in pins(TEXT)}
    monkeypatch.setattr(lock, "closure", lambda _: {"pandas": locked["pandas"]})
    assert list(lock.faults(TEXT)) == []
    monkeypatch.setattr(lock, "closure", lambda _: {"pandas": "0.1", "clack": "2"})
    clack, pandas = lock.faults(TEXT)
    assert clack == "clack is installed as 2, and requirements.lock holds nothing"
    assert pandas.startswith("pandas is installed as 0.1, and requirements.lock holds ==")


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("    --hash", "    https://files.example/ --hash", "requirements.lock names a registry"),
        ("SHA-256", "SHA", "requirements.txt has changed since requirements.lock was made"),
    ],
)
def test_a_lock_that_is_not_current_is_told(monkeypatch, before, after, fault):
    monkeypatch.setattr(lock, "closure", lambda _: {})
    assert before in TEXT
    assert list(lock.faults(TEXT.replace(before, after))) == [fault]


def test_a_table_of_another_lock_and_a_package_under_the_gpl_are_told(monkeypatch):
    monkeypatch.setitem(licences.ELSEWHERE, "triton", "GPL-3.0-or-later")
    found = list(licences.faults(PAGE, TEXT))
    assert "docs/licences.md is not of this requirements.lock: run `make lock`" in found
    assert "triton is under the GPL (GPL-3.0-or-later), which TrueHue does not install" in found


@pytest.mark.parametrize(
    ("words", "gpl"),
    [
        ("GNU General Public License v3 (GPLv3)", True),
        ("GPL-2.0-only", True),
        ("AGPL-3.0", True),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("BSD-3-Clause", False),
    ],
)
def test_the_gpl_is_told_from_the_lgpl(words, gpl):
    assert bool(licences.GPL.search(words)) is gpl


def test_libraries_inside_wheels_are_seen():
    class Package:
        files = (ROOT / "heif.libs" / "libx265-1f.so.217", ROOT / "heif.libs" / "libde265.so")

    assert list(licences.carried(Package())) == ["libx265"]
