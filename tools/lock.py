"""Write requirements.lock: what requirements.txt means on Python 3.11 and newer, with hashes.

    .venv/bin/python -m tools.lock            # asks the registry, by uv; keeps what still fits
    .venv/bin/python -m tools.lock --upgrade
    .venv/bin/python -m tools.lock --check    # offline: the lock is of these requirements

The lock names no registry, so that `make app` can use it with any that serves the same files.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement

from tools.install import LOCK, REQUIREMENTS, normalized, pins

OLDEST = "3.11"
HEAD = """\
# Made by `make lock` from requirements.txt (SHA-256 of its packages: {}); not by hand.
# `make app` installs these files and no others, on Python {} and newer (tools/install.py).
"""


def wanted() -> list[Requirement]:
    """Return the packages of requirements.txt."""
    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def head() -> str:
    """Return the first lines of the lock of today's requirements.txt."""
    text = "\n".join(sorted(str(one) for one in wanted()))
    return HEAD.format(hashlib.sha256(text.encode()).hexdigest(), OLDEST)


def closure(start: Sequence[Requirement]) -> dict[str, str]:
    """Return name and version of all that these packages need here, from what is installed.

    Raises
    ------
    PackageNotFoundError
        If one of them is not installed.
    """
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    todo = [(one, extra) for one in start for extra in ("", *one.extras)]
    while todo:
        one, extra = todo.pop()
        name = normalized(one.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        package = distribution(name)
        found[name] = package.version.partition("+")[0]
        for line in package.requires or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                todo += [(needed, more) for more in ("", *needed.extras)]
    return found


def faults(lock: str) -> Iterator[str]:
    """Yield a sentence for each way in which the lock is not what requirements.txt needs."""
    if not lock.startswith(head()):
        yield "requirements.txt has changed since requirements.lock was made"
    if "://" in lock:
        yield "requirements.lock names a registry"
    locked: dict[str, str] = {}
    for line in map(Requirement, pins(lock)):
        if line.marker is None or line.marker.evaluate():
            locked[normalized(line.name)] = str(line.specifier)
    for name, version in sorted(closure(wanted()).items()):
        if locked.get(name) != f"=={version}":
            held = locked.get(name, "nothing")
            yield f"{name} is installed as {version}, and requirements.lock holds {held}"


def write(*more: str) -> int:
    """Ask the registry what requirements.txt means today; return uv's exit code."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", str(REQUIREMENTS), *more]
    options = "--universal --fork-strategy fewest --generate-hashes --no-annotate --no-header"
    asked = subprocess.run(
        [*command, *options.split(), "--python-version", OLDEST, "--output-file", str(LOCK)]
    )
    if not asked.returncode:
        LOCK.write_text(head() + LOCK.read_text(encoding="utf-8"), encoding="utf-8")
    return asked.returncode


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check; 1 with sentences if the lock is not current."""
    parser = argparse.ArgumentParser(prog="python -m tools.lock", description=__doc__)
    add = parser.add_argument
    add("--check", action="store_true", help="say what is wrong, write nothing")
    add(
        "--upgrade",
        action="store_true",
        help="newest of what requirements.txt leaves open",
    )
    arguments = parser.parse_args(argv)
    if not arguments.check:
        return write(*["--upgrade"] * arguments.upgrade)
    try:
        found = list(faults(LOCK.read_text(encoding="utf-8")))
    except PackageNotFoundError as error:
        found = [f"{error.name} is in requirements.txt and not installed"]
    for fault in found:
        print(f"{fault}: run `make lock`.", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
