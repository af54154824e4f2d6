"""Stimulus sets: built by colorizers from photographs, or imported from folders of pictures.

    python -m study.stimuli build --photos DIR --methods classification gan --out OUT
    python -m study.stimuli import --truth DIR --method mine=DIR --method theirs=DIR --out OUT

Both draw pictures at random with a seed, never by eye, and write

    OUT/manifest.json           what was drawn, by which seed, from where, and every SHA-256
    OUT/<method>/<id>.png       the pictures at their own size; `truth` is one of the methods
    OUT/cards/<method>.json     the cards of the weights that coloured them, as they were
    OUT/contact-sheet.png       the first pictures beside each other, for people to look at

``making`` does the work, ``showing`` reads and shows a set.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from study.errors import StimuliError
from study.stimuli.making import build, import_folders
from study.stimuli.showing import SHOWN_PIXELS


def _method(argument: str) -> tuple[str, Path]:
    name, equals, folder = argument.partition("=")
    if not (name and equals and folder):
        raise argparse.ArgumentTypeError(f"{argument!r} is not NAME=FOLDER, such as mine=out/mine")
    return name, Path(folder)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        prog="python -m study.stimuli", description="Make the pictures of a study."
    )
    commands = result.add_subparsers(dest="command", required=True)
    made = commands.add_parser("build", help="draw photographs and colour them")
    made.add_argument(
        "--photos", type=Path, required=True, help="folder of pictures; subfolders are labels"
    )
    made.add_argument(
        "--methods", nargs="+", required=True, help="colorizers, for example: classification gan"
    )
    made.add_argument("--count", type=int, default=240, help="pictures (default %(default)s)")
    brought = commands.add_parser("import", help="take pictures of any methods from folders")
    brought.add_argument(
        "--truth", type=Path, required=True, help="folder of real pictures; subfolders are labels"
    )
    brought.add_argument(
        "--method",
        type=_method,
        action="append",
        required=True,
        metavar="NAME=DIR",
        help="a method and its folder, pictures named as the real ones; once a method",
    )
    brought.add_argument("--count", type=int, help="pictures (default: all but for practice)")
    for command in (made, brought):
        command.add_argument("--out", type=Path, required=True, help="new folder for the set")
        command.add_argument(
            "--practice",
            type=int,
            default=6,
            help="pictures for practice and catch trials (default %(default)s)",
        )
        command.add_argument("--seed", type=int, default=1, help="draws them (default %(default)s)")
        command.add_argument(
            "--shown-pixels",
            type=int,
            default=SHOWN_PIXELS,
            help="longer side of the pictures on the page (default %(default)s)",
        )
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0, 2 if misused, 1 if weights or files cannot be used."""
    given = parser().parse_args(arguments)

    import colorizers
    from colorizers.errors import WeightsError

    drawing = {
        "practice": given.practice,
        "seed": given.seed,
        "shown_pixels": given.shown_pixels,
        **({} if given.count is None else {"count": given.count}),
    }
    try:
        if min(value for value in drawing.values()) < 0 or not 32 <= given.shown_pixels <= 2000:
            raise StimuliError(
                "--count, --practice and --seed may not be negative, and --shown-pixels must be "
                "from 32 to 2000."
            )
        if given.command == "build":
            predictors = {name: colorizers.load(name) for name in given.methods}
            made = build(given.photos, predictors, given.out, **drawing)
        else:
            methods = dict(given.method)
            if len(methods) < len(given.method):
                raise StimuliError("A method has two folders; give --method once a method.")
            made = import_folders(given.truth, methods, given.out, **drawing)
    except (StimuliError, WeightsError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, StimuliError | ValueError) else 1
    print(
        f"{given.out}: {len(made.pictures)} pictures and {len(made.practice)} for practice, by "
        f"{', '.join(made.methods)}; manifest SHA-256 {made.sha256}\n"
        f"Look at {given.out / 'contact-sheet.png'}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
