"""Colorize photographs and folders of them from the command line.

    python -m colorizers photo.jpg -o coloured
    python -m colorizers album -o coloured --format png --jobs 4
    python -m colorizers album -o coloured --method classification --temperature 0.3
    python -m colorizers album -o coloured --saturation 0.8 --warmth -0.2
    python -m colorizers album -o coloured --recipe coloured.jpg
    python -m colorizers album -o coloured --reference uniform.jpg --reference house.jpg
    python -m colorizers photo.jpg -o coloured --mask faces.png --mask-version 3

Folders are searched to their depths and mirrored under OUT. A photograph whose result is there is
skipped, so a run that was interrupted is gone on with by the same command; whether it is the same
photograph is told by what the file holds, not by its date.
A file that cannot be used does not stop the others: it is listed at the end, and the exit code is
then 1. With a single PHOTO, OUT may also be the name of a picture file; that one is always written
anew. Inputs are never overwritten.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

import colorizers
from colorizers.batch import cluster, local
from colorizers.batch.album import Job, Plan, plan
from colorizers.batch.local import Outcome, Task
from colorizers.errors import ImageError, SettingsError
from colorizers.files.writing import OUTPUTS
from colorizers.painting import masks, references
from colorizers.painting import recipe as recipes
from colorizers.painting.adjust import SATURATION, WARMTH, within
from colorizers.painting.pipeline import Options
from colorizers.parallel import cores

OPTIONS = ("temperature", "seed", "vividness")
MIDDLE = {"saturation": 1.0, "warmth": 0.0}
"""What changes nothing, and so is no part of a result's name."""
SAID = ("method", *OPTIONS, *MIDDLE, "keep_colours", "mask_version", "repair")
"""What a recipe says, and so is not said beside one."""
INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    names = colorizers.names()
    made = argparse.ArgumentParser(
        prog="python -m colorizers",
        description="Give grey photographs colours. The colours are a network's guess.",
        epilog="Exit code: 0 all done, 1 some files failed, 2 misused, 130 interrupted. A result "
        "of the same photograph counts as done, whatever the dates; the same command goes on.",
    )
    add = made.add_argument
    # fmt: off
    add("photos", nargs="+", type=Path, metavar="PHOTO_OR_FOLDER", help="files and folders")
    add("-o", "--out", type=Path, required=True, metavar="OUT",
        help="folder for the results, made if need be; for a single PHOTO also a file's name")
    add("--method", choices=names, help=f"which network (default: {names[0]})")
    add("--format", choices=tuple(dict.fromkeys(OUTPUTS)), default="",
        help="kind of the results (default: the photograph's own; PNG where that cannot be "
        "written)")
    add("--quality", type=_quality, default=95, metavar="1..100",
        help="of JPEG and WebP (default: %(default)s)")
    add("--no-metadata", action="store_true",
        help="leave out description, camera, date, author and resolution")
    add("--temperature", type=float, metavar="T",
        help="classification: low takes the likeliest colour, high blends all likely ones")
    add("--seed", type=_seed, metavar="N",
        help="methods that draw colours: each whole number draws others (default: 0; of photo "
        "that is the cautious mean, and draws nothing)")
    add("--vividness", type=float, metavar="V",
        help="methods that draw colours: 0 the calmest, 1 as trained, 2 the boldest (default: 1)")
    add("--saturation", type=_saturation, metavar="0..2",
        help="0 is grey, 1 the colours as painted, 2 doubles them (default: 1)")
    add("--warmth", type=_warmth, metavar="-1..1",
        help="below 0 cooler, towards blue; above 0 warmer, towards orange (default: 0)")
    add("--keep-colours", action="store_true",
        help="leave colours that a photograph has already, as a hand-tinted one")
    add("--repair", action="store_true",
        help="first take away scratches and dust, level what is faded, and leave borders without "
        "colour; the photograph's own lightness changes there")
    add("--repair-mask", type=Path, metavar="FILE.png",
        help="for a single PHOTO: write which pixels hold scratches and dust, white on black; "
        "without --repair they are left as they are")
    add("--reference", type=Path, action="append", default=[], metavar="FILE",
        help="a colour photograph of the same things: what looks alike takes its colours; "
        f"up to {references.MOST} times (method photo)")
    add("--mask", type=Path, metavar="FILE",
        help="a grey picture of the photograph's shape, in any size: where it is white, the guess "
        "is taken back")
    add("--mask-version", type=_mask_version, metavar="grey|N",
        help="what is seen there: grey, or the colours of seed N (default: grey)")
    add("--recipe", type=Path, metavar="FILE",
        help="colour as a recipe says: one that was written beside a picture, or any picture "
        "that TrueHue wrote; in place of --method and what follows it; the references that it "
        "names must be given, too, and a mask that it does not hold")
    add("--recipe-beside", action="store_true",
        help="write how each picture that is made now got its colours into NAME.json beside it; "
        "its XMP has that anyway")
    add("--doubt", type=Path, metavar="FILE.png",
        help="for a single PHOTO: write how sure the method is of its colours, place by place, as "
        "a grey PNG of the same size; white is sure (method photo)")
    add("--layer", action="store_true",
        help="write only the colours, as PNG: a layer to be laid over the grey photograph with "
        "the blend mode Color")
    add("--mark", action="store_true",
        help="write into the lower right corner of each picture that the colours are a guess")
    add("--overwrite", action="store_true", help="do again what is done")
    add("--jobs", type=_count, default=cores(), metavar="N",
        help="processes at once (default: one a core, here %(default)s)")
    add("--engine", choices=("local", "ray"), default="local",
        help="ray: over a cluster, with Ray Data (pip install -r requirements-ray.txt); every "
        "node needs TrueHue, and the photographs and OUT at the same place of a shared disk")
    # fmt: on
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: see `--help`."""
    options = parser().parse_args(arguments)
    photos: list[Path] = options.photos
    out: Path = options.out
    ending = out.suffix[1:].lower()
    to_file = ending in OUTPUTS and not out.is_dir()
    if to_file and (len(photos) > 1 or photos[0].is_dir()):
        return _misused(f"{out} is one file, and there may be several photos; name a folder.")
    if to_file and options.format and OUTPUTS[options.format] != OUTPUTS[ending]:
        return _misused(f"{out} cannot be of the kind {options.format}; leave out one of the two.")
    wrong = _wrong_map("--doubt", options.doubt, photos, out) or _wrong_map(
        "--repair-mask", options.repair_mask, photos, out
    )
    if not wrong and options.doubt and options.doubt == options.repair_mask:
        wrong = f"--doubt and --repair-mask are both {options.doubt}; name two files."
    if wrong:
        return _misused(wrong)
    kind = options.format or ("png" if options.layer else "")
    if options.layer and {OUTPUTS[kind], OUTPUTS[ending if to_file else kind]} != {"PNG"}:
        return _misused("A layer of colours is a PNG; let --format and OUT say so.")
    if options.layer and options.mark:
        return _misused("A layer of colours has no place for a mark; leave out one of the two.")
    try:
        recipe = _recipe(options)
        given = _references(options.reference)
        how = Options(quality=options.quality, metadata=not options.no_metadata,
                      references=given, mask=_mask(options), layer=options.layer,
                      mark=options.mark)  # fmt: skip
        how = how if recipe is None else recipe.followed(how)
    except (ImageError, SettingsError) as error:
        return _misused(str(error))
    try:
        (out.parent if to_file else out).mkdir(parents=True, exist_ok=True)
        if to_file:
            todo = _one(photos[0], out, OUTPUTS[ending])
        else:
            label = _label(options, recipe, given, how.mask)
            mapped = options.doubt is not None or options.repair_mask is not None
            todo = plan(photos, out, label, ending=kind, overwrite=options.overwrite or mapped)
    except OSError as error:
        return _misused(f"{error.filename or out} cannot be used ({error.strerror}).")
    if not (todo.jobs or todo.done or todo.failed):
        return _misused(f"There is no photograph in {', '.join(map(_shown, photos))}.")
    if recipe is not None:
        method = recipe.method
    else:
        method = options.method or colorizers.names()[0]
        saturation, warmth = _changed(options).values()
        how = replace(how, saturation=saturation, warmth=warmth, method=_given(options),
                      keep=options.keep_colours, repair=options.repair)  # fmt: skip
    task = Task(colorizers.load, method, how, recipe, options.recipe_beside, options.doubt,
                options.repair_mask)  # fmt: skip
    engine = cluster.run if options.engine == "ray" else local.run
    try:
        with closing(engine(todo.jobs, task, options.jobs)) as outcomes:
            return _report(todo, out, outcomes)
    except SettingsError as error:
        return _misused(str(error))
    except KeyboardInterrupt:
        print(
            "Interrupted; what is written is whole. The same command goes on from here.",
            file=sys.stderr,
        )
        return INTERRUPTED


def _wrong_map(option: str, file: Path | None, photos: Sequence[Path], out: Path) -> str:
    """What is wrong with the place of a map, if anything is."""
    if file is None:
        return ""
    if len(photos) > 1 or photos[0].is_dir():
        return f"{option} is for a single PHOTO, and there may be several; give one."
    if file.suffix.lower() != ".png":
        return f"{option} {file} must end in .png, as the map is a PNG."
    if os.path.realpath(file) in (os.path.realpath(photos[0]), os.path.realpath(out)):
        return f"{option} {file} is the photograph or its result; choose another name."
    if not file.parent.is_dir():
        return f"The folder of {option} {file} is not there; make it first."
    return ""


def _recipe(options: argparse.Namespace) -> recipes.Recipe | None:
    """The recipe that was given, if one was; SettingsError or ImageError if it cannot be."""
    if options.recipe is None:
        return None
    said = [name for name in SAID if getattr(options, name) not in (None, False)]
    if said:
        option = said[0].replace("_", "-")
        raise SettingsError(f"A recipe says all of the colours; leave out --{option}.")
    recipe = recipes.read(options.recipe)
    if recipe.method not in colorizers.names():
        known = ", ".join(colorizers.names())
        raise SettingsError(f"The recipe is of the method {recipe.method!r}; there are {known}.")
    return recipe


def _references(files: Sequence[Path]) -> tuple[references.Reference, ...]:
    """The references that were given, none twice; SettingsError or ImageError if one cannot be."""
    if len(files) > references.MOST:
        raise SettingsError(
            f"These are {len(files)} references and the limit is {references.MOST}; leave some out."
        )
    return tuple(dict.fromkeys(map(references.read, files)))


def _mask(options: argparse.Namespace) -> masks.Mask | None:
    """The mask that was given; SettingsError or ImageError if it cannot be one."""
    if options.mask is None:
        if options.mask_version is not None and options.recipe is None:
            raise SettingsError("--mask-version says what a mask shows; give the --mask, too.")
        return None
    return masks.read(options.mask, masks.version(options.mask_version or masks.GREY))


def _given(options: argparse.Namespace) -> dict[str, float]:
    """The options of the method that were given."""
    return {name: value for name in OPTIONS if (value := getattr(options, name)) is not None}


def _changed(options: argparse.Namespace) -> dict[str, float]:
    """Saturation and warmth."""
    asked = {name: getattr(options, name) for name in MIDDLE}
    return {name: MIDDLE[name] if value is None else value for name, value in asked.items()}


def _label(
    options: argparse.Namespace,
    recipe: recipes.Recipe | None,
    given: Sequence[references.Reference],
    mask: masks.Mask | None,
) -> str:
    """How colours are made, as it goes into the names of results."""
    alone = [way for way in ("layer", "mark") if getattr(options, way)]
    if recipe is not None:
        digest = hashlib.sha256(recipes.text(recipe).encode()).hexdigest()
        return "-".join([recipe.method, "recipe", digest[:8], *alone])
    changed = [pair for pair in _changed(options).items() if pair[1] != MIDDLE[pair[0]]]
    named = [f"{name}{value:g}" for name, value in (*_given(options).items(), *changed)]
    kept = ["keep-colours"] if options.keep_colours else []
    kept += ["repair"] if options.repair else []
    if given:
        digest = hashlib.sha256("".join(one.sha256 for one in given).encode()).hexdigest()
        named.append(f"reference-{digest[:8]}")
    if mask is not None:
        seen = masks.GREY if mask.version is None else f"seed{mask.version}"
        named.append(f"mask-{mask.sha256[:8]}-{seen}")
    return "-".join([options.method or colorizers.names()[0], *named, *kept, *alone])


def _one(photo: Path, target: Path, kind: str) -> Plan:
    """The plan for a single photograph and the name of its result."""
    source = Path(os.path.abspath(photo))
    target = Path(os.path.abspath(target))
    if os.path.realpath(source) == os.path.realpath(target):
        reason = f"{target} is one of the photographs; choose another OUT."
        return Plan(failed=[(source, reason)])
    return Plan([Job(source, target, kind)])


def _report(todo: Plan, out: Path, outcomes: Iterator[Outcome]) -> int:
    """Print a line for each outcome, and at the end what failed."""
    failed = list(todo.failed)
    total = len(todo.jobs)
    with tqdm(total=total, unit="photo", disable=None) as bar:
        for number, outcome in enumerate(outcomes, start=1):
            job = outcome.job
            start = f"[{number}/{total}] {_shown(job.source)}"
            if outcome.error:
                failed.append((job.source, outcome.error))
                lines = [f"{start}: failed"]
            else:
                width, height = outcome.size
                lines = [f"{start} -> {_shown(job.target)} ({width} x {height})"]
                lines += [f"  {notice}" for notice in outcome.notices]
            bar.write("\n".join(lines))
            sys.stdout.flush()
            bar.update()
    print(_summary(todo, total - (len(failed) - len(todo.failed)), len(failed), out))
    if failed:
        whole = total + todo.done + len(todo.failed)
        print(f"{len(failed)} of {whole} could not be colorized:", file=sys.stderr)
        for photo, reason in sorted(failed):
            print(f"  {_shown(photo)}: {reason}", file=sys.stderr)
    return 1 if failed else 0


def _summary(todo: Plan, made: int, failed: int, out: Path) -> str:
    parts = [f"{made} colorized into {_shown(out)}"]
    if todo.done:
        parts.append(f"{todo.done} already there (--overwrite does them again)")
    if failed:
        parts.append(f"{failed} failed")
    if todo.ignored:
        parts.append(f"{todo.ignored} passed over, no pictures by their names")
    if todo.hidden:
        parts.append(f"{todo.hidden} passed over, hidden or a NAS's thumbnails and bin")
    return "; ".join(parts) + "."


def _shown(path: Path) -> str:
    """A path for the screen: names may hold line breaks, escape codes and broken UTF-8."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in str(path)
    )


def _quality(text: str) -> int:
    return _whole_number(text, range(1, 101), "from 1 to 100")


def _count(text: str) -> int:
    return _whole_number(text, range(1, 1025), "from 1 to 1024")


def _seed(text: str) -> int:
    return _whole_number(text, range(10**6), "from 0 to 999999")  # whose digits a name keeps


def _mask_version(text: str) -> str:
    try:
        masks.version(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _saturation(text: str) -> float:
    return _within("saturation", text, SATURATION)


def _warmth(text: str) -> float:
    return _within("warmth", text, WARMTH)


def _within(name: str, text: str, limits: tuple[float, float]) -> float:
    try:
        value = float(text)
    except ValueError:
        low, high = limits
        sentence = f"The {name} {text!r} must be a number from {low:g} to {high:g}."
        raise argparse.ArgumentTypeError(sentence) from None
    try:
        return within(name, value, limits)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _whole_number(text: str, allowed: Iterable[int], limits: str) -> int:
    if not text.isdigit() or int(text) not in allowed:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number {limits}")
    return int(text)


def _misused(message: str) -> int:
    print(f"python -m colorizers: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
