"""Colorize files from the command line.

    python -m colorizers PHOTO... -o OUT
    python -m colorizers album/*.jpg -o coloured --method classification

Every PHOTO becomes OUT/<name>-colorized-<method>.png in its own size. A file that cannot be used
does not stop the others: it is listed at the end, and the exit code is then 1. With a single
PHOTO, OUT may also be the name of a PNG file. Inputs are never overwritten.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import colorizers
from colorizers.image import ImageError, open_photo, output_name, save_png
from colorizers.predict import colorize_photo

if TYPE_CHECKING:
    from colorizers.base import Colorizer


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    names = colorizers.names()
    made = argparse.ArgumentParser(
        prog="python -m colorizers",
        description="Give grey photographs colours. The colours are a network's guess.",
    )
    made.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="picture files")
    made.add_argument(
        "-o",
        "--out",
        type=Path,
        required=True,
        metavar="OUT",
        help="folder for the results, made if need be; for a single PHOTO also a file name in .png",
    )
    made.add_argument(
        "--method", choices=names, default=names[-1], help="which network (default: %(default)s)"
    )
    made.add_argument(
        "--temperature",
        type=float,
        metavar="T",
        help="classification only: low takes the likeliest colour, high blends all likely ones",
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 all done, 1 some failed, 2 misused."""
    options = parser().parse_args(arguments)
    photos: list[Path] = options.photos
    to_file = options.out.suffix.lower() == ".png" and not options.out.is_dir()
    if to_file and len(photos) > 1:
        return _misused(
            f"{options.out} is one file and there are {len(photos)} photos; name a folder."
        )
    folder: Path = options.out.parent if to_file else options.out
    # PyTorch is imported here, after the arguments are known to be right.
    from colorizers.checkpoint import WeightsError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        colorizer = colorizers.load(options.method)
    except (OSError, WeightsError) as error:
        return _misused(str(error))
    settings = {} if options.temperature is None else {"temperature": options.temperature}
    if unknown := set(settings) - set(colorizer.options):
        return _misused(
            f"--{unknown.pop()} does nothing for the method {options.method}; leave it out."
        )

    failed: list[tuple[Path, str]] = []
    taken: set[Path] = set()
    for number, photo in enumerate(photos, start=1):
        target = (
            options.out
            if to_file
            else _free(folder / output_name(photo.name, colorizer.name), taken)
        )
        taken.add(target)
        try:
            size = _colorize_file(colorizer, photo, target, photos, settings)
        except (ImageError, OSError, ValueError) as error:
            failed.append((photo, str(error)))
            print(f"[{number}/{len(photos)}] {photo}: failed", flush=True)
        else:
            print(f"[{number}/{len(photos)}] {photo} -> {target} ({size})", flush=True)
    if failed:
        print(f"{len(failed)} of {len(photos)} could not be colorized:", file=sys.stderr)
        for photo, reason in failed:
            print(f"  {photo}: {reason}", file=sys.stderr)
    return 1 if failed else 0


def _colorize_file(
    colorizer: Colorizer,
    source: Path,
    target: Path,
    inputs: Sequence[Path],
    settings: dict[str, Any],
) -> str:
    if target.exists() and any(_same(target, photo) for photo in inputs):
        raise ImageError(f"{target} is one of the photographs; choose another OUT.")
    photo = open_photo(source)
    rgb_u8 = colorize_photo(colorizer, photo, **settings)
    # Written under another name first: a full disk leaves no half picture under the right one.
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        save_png(partial, rgb_u8, photo, comment=f"Colours guessed by TrueHue, {colorizer.title}.")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    for notice in photo.notices:
        print(f"  {source}: {notice}")
    return f"{photo.size[0]} x {photo.size[1]}"


def _free(target: Path, taken: set[Path]) -> Path:
    """A name that no other photograph of this run has taken: a/x.jpg and b/x.jpg both arrive."""
    free, number = target, 2
    while free in taken:
        free = target.with_name(f"{target.stem}-{number}{target.suffix}")
        number += 1
    return free


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _misused(message: str) -> int:
    print(f"python -m colorizers: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
