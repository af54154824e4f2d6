"""What the packages share: version, root of the exceptions; and the commands of an extra."""

import importlib
import sys

__version__ = "0.2.0"
"""Also in pyproject.toml, in the report's last lines, and in each export and card."""


class TrueHueError(Exception):
    """Whatever cannot be done as asked; the text is for the person who reads it.

    All exceptions of the packages are of this kind: `colorizers.errors` and `study.errors` have
    them.
    """


def serve() -> int:
    """Run `truehue`, the page."""
    return _run("app")


def colorize() -> int:
    """Run `truehue-colorize`, files and folders from the command line."""
    return _run("colorizers.__main__")


def _run(module: str) -> int:
    try:
        command = importlib.import_module(module).main
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed; it comes with: pip install 'truehue[app]'")
    code: int = command()
    return code
