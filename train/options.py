"""Settings as a dataclass, and the command line that follows from it."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any, TypeVar

Settings = TypeVar("Settings")


def option(default: Any, help_text: str) -> Any:
    """A field of a settings dataclass with the help text that its command-line option shows."""
    return dataclasses.field(default=default, metadata={"help": help_text})


def command_line(prog: str, doc: str | None) -> argparse.ArgumentParser:
    """A parser whose help begins with a module's docstring, without its references."""
    return argparse.ArgumentParser(
        prog=prog,
        description=(doc or "").split("\n\nReferences")[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def parse(kind: type[Settings], prog: str, doc: str | None, argv: list[str] | None) -> Settings:
    """Settings from the command line: one option a field of the dataclass `kind`.

    A tuple of whole numbers is given as comma-separated values, a tuple of texts as words, a bool
    as --name / --no-name.
    """
    parser = command_line(prog, doc)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        flag = "--" + field.name.replace("_", "-")
        text = f"{field.metadata['help']} (default {_shown(field.default)})"
        if isinstance(field.default, bool):
            parser.add_argument(
                flag, action=argparse.BooleanOptionalAction, default=field.default, help=text
            )
        elif isinstance(field.default, tuple) and isinstance(field.default[0], str):
            parser.add_argument(flag, nargs="+", default=field.default, help=text, metavar="VALUE")
        elif isinstance(field.default, tuple):
            parser.add_argument(flag, type=_whole_numbers, default=field.default, help=text)
        else:
            parser.add_argument(
                flag, type=type(field.default), default=field.default, help=text, metavar="VALUE"
            )
    return kind(**vars(parser.parse_args(argv)))


def _shown(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _whole_numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of whole numbers such as 32,64,128"
        ) from None
