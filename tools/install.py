"""Install requirements.txt into this environment, every file checked by its hash.

    .venv/bin/python -m tools.install

Needs nothing but pip. pip says first which files it would take, then exactly these are installed
with --require-hashes. Where the registry serves another file than requirements.lock knows (its own
build of PyTorch, say), that file is taken as it is served, and one sentence names it; where it
lacks a locked version, requirements.txt alone decides. With `--strict` nothing is installed then.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements.txt"
LOCK = ROOT / "requirements.lock"
PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
# What pip says when a version is not to be had, unlike a network that is down.
NOT_SERVED = ("No matching distribution found", "ResolutionImpossible")


def normalized(name: str) -> str:
    """Return the name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> list[str]:
    """Return the lock's lines without hashes: "name==version" or "name==version ; marker"."""
    return [line.rstrip(" \\") for line in lock.splitlines() if re.match(r"[\w.-]+==", line)]


def hashes(lock: str) -> dict[str, set[str]]:
    """Return the SHA-256 of all files that the lock knows of each package."""
    found: dict[str, set[str]] = {}
    for entry in re.split(r"^(?=[\w.-]+==)", lock, flags=re.M)[1:]:
        name = normalized(entry.partition("==")[0])
        found.setdefault(name, set()).update(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
    return found


def resolve(folder: Path, constraints: Sequence[str]) -> list[dict[str, Any]] | None:
    """Ask pip what it would install; None if the registry lacks a version of the constraints.

    Raises
    ------
    SystemExit
        If pip fails for another reason; its own words are printed.
    """
    held, report = folder / "constraints.txt", folder / "report.json"
    held.write_text("\n".join(constraints))
    command = [*PIP, "-r", str(REQUIREMENTS), "-c", str(held), "--report", str(report)]
    asked = subprocess.run(
        [*command, "--quiet", "--dry-run", "--ignore-installed"],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if asked.returncode and constraints and any(words in asked.stderr for words in NOT_SERVED):
        return None
    if asked.returncode:
        print(asked.stderr, file=sys.stderr, end="")
        raise SystemExit(asked.returncode)
    install: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["install"]
    return install


def main(argv: Sequence[str] | None = None) -> int:
    """Install, and return pip's exit code; 1 if --strict has something against it."""
    parser = argparse.ArgumentParser(prog="python -m tools.install", description=__doc__)
    parser.add_argument("--strict", action="store_true", help="install locked files or nothing")
    strict = parser.parse_args(argv).strict
    lock = LOCK.read_text(encoding="utf-8")
    known = hashes(lock)
    print("Asking the registry which files requirements.txt means ...", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        install = resolve(Path(folder), pins(lock))
        if install is None:
            print("The registry lacks a version of requirements.lock; requirements.txt decides.")
            install = resolve(Path(folder), []) or []
        lines, others = [], []
        for one in install:
            name, version = one["metadata"]["name"], one["metadata"]["version"]
            (digest,) = set(
                re.findall(r"\b[0-9a-f]{64}\b", str(one["download_info"]["archive_info"]))
            )
            lines.append(f"{name}=={version} --hash=sha256:{digest}\n")
            if digest not in known.get(normalized(name), ()):
                others.append(f"{name} {version}")
        if others:
            print(f"The registry's own, not the files of requirements.lock: {', '.join(others)}.")
        if others and strict:
            print("So nothing was installed; without --strict they are taken as they are served.")
            return 1
        exact = Path(folder) / "exact.txt"
        exact.write_text("".join(lines))
        return subprocess.run([*PIP, "--no-deps", "--require-hashes", "-r", str(exact)]).returncode


if __name__ == "__main__":
    sys.exit(main())
