"""Write the table of docs/licences.md: every package of requirements.lock and its licence.

    .venv/bin/python -m tools.licences
    .venv/bin/python -m tools.licences --check    # says whether it is current

A licence is what the package itself says. Nothing under the GPL may be in the table, nor inside a
wheel: `--check` looks into those that are installed here.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement

from tools.install import LOCK, ROOT, pins

PAGE = ROOT / "docs" / "licences.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
# Packages of other machines than the one that writes the table, as their own pages say.
ELSEWHERE = {
    "audioop-lts": "PSF-2.0",
    "colorama": "BSD License",
    "cuda-bindings": "Apache-2.0",
    "cuda-pathfinder": "Apache-2.0",
    "cuda-toolkit": "says none; only names the packages of NVIDIA",
    "httpx2-jsfetch": "BSD-3-Clause",
    "nvidia-nvtx": "Apache 2.0",
    "nvidia": "LicenseRef-NVIDIA-Proprietary",
    "triton": "MIT License",
}
GPL = re.compile(r"\b(?<!Lesser )(GNU (Affero )?General Public|A?GPL)", re.I)
GPL_LIBRARIES = re.compile(r"lib(x26[45]|xvid|postproc|fftw3|gsl|readline)\b", re.I)


def licence(name: str) -> str:
    """Return what a package says of its licence, in the fewest words that it has for it.

    Raises
    ------
    PackageNotFoundError
        If it is neither installed nor in `ELSEWHERE`.
    """
    for key in (name, name.partition("-")[0]):
        if key in ELSEWHERE:
            return ELSEWHERE[key]
    said = distribution(name).metadata.json
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in said.get("classifier", [])
        if line.startswith("License :: ")
    ]
    words = str(said.get("license", ""))
    brief = "" if "\n" in words.strip() else words.strip()
    return str(said.get("license_expression", brief) or ", ".join(classifiers) or "says none")


def rows(lock: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, version and licence of each package of the lock."""
    for line in dict.fromkeys(pins(lock)):
        one = Requirement(line)
        yield one.name, str(one.specifier).removeprefix("=="), licence(one.name)


def table(lock: str) -> str:
    """Return the table as Markdown."""
    lines = [f"| {name} | {version} | {words} |" for name, version, words in rows(lock)]
    return "\n".join(["| package | version | licence |", "|---|---|---|", *lines, ""])


def carried(package: Distribution) -> Iterator[str]:
    """Yield the names of libraries under the GPL that lie in an installed package."""
    for file in package.files or ():
        found = GPL_LIBRARIES.search(file.name)
        if found:
            yield found[0]


def faults(page: str, lock: str) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with the page or with a licence."""
    try:
        if page.partition(BEGIN)[2].partition(END)[0] != table(lock):
            yield "docs/licences.md is not of this requirements.lock: run `make lock`"
    except PackageNotFoundError as error:
        yield f"{error.name} is not installed here, so its licence belongs into tools/licences.py"
        return
    for name, _, words in rows(lock):
        if GPL.search(words):
            yield f"{name} is under the GPL ({words}), which TrueHue does not install"
        try:
            inside = list(carried(distribution(name)))
        except PackageNotFoundError:
            continue
        for library in inside:
            yield f"the wheel of {name} carries {library}, which is under the GPL"


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check; 1 with sentences if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.licences", description=__doc__)
    parser.add_argument("--check", action="store_true", help="say what is wrong, write nothing")
    check = parser.parse_args(argv).check
    page, lock = PAGE.read_text(encoding="utf-8"), LOCK.read_text(encoding="utf-8")
    if not check:
        before, _, rest = page.partition(BEGIN)
        page = before + BEGIN + table(lock) + END + rest.partition(END)[2]
        PAGE.write_text(page, encoding="utf-8")
    found = list(faults(page, lock))
    for fault in found:
        print(f"{fault}.", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
