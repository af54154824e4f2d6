"""How a stimulus set is made: pictures drawn by a seed, coloured or imported, and written.

Fed by a folder of photographs and the colorizers (`build`), or by a folder of pictures a method
(`import_folders`); ``stimuli`` is the command line, ``showing`` reads what is written here.

Every picture goes through the same path: the truth, too, is taken to Lab, joined from L and ab and
rounded to 8 bit by the function that makes the colorizations, so that no rounding tells it from
the others; all are written by the same encoder.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from study.errors import StimuliError
from study.protocol.design import CATCH_METHODS, TRUTH, shuffled
from study.stimuli import manifest
from study.stimuli.showing import (
    SHOWN_FILTER,
    SHOWN_PIXELS,
    StimulusSet,
    contact_sheet,
    encode_png,
    load,
)

if TYPE_CHECKING:
    from colorizers.painting.predictor import Predictor

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}
_LISTED = 20  # mismatches that are named one by one


def build(
    photos: Path,
    predictors: Mapping[str, Predictor],
    out: Path,
    *,
    count: int = 240,
    practice: int = 6,
    seed: int = 1,
    shown_pixels: int = SHOWN_PIXELS,
) -> StimulusSet:
    """Draw photographs, colour them by every method, and write the set.

    Parameters
    ----------
    photos
        Folder of pictures; subfolders are class labels. Pictures of another size than the
        networks take keep it: a network sees them at its own, and its colours are laid on their L.
    predictors
        The methods beside the truth, by name.
    out
        Folder of the set; must not exist yet, or be empty.
    count, practice
        Pictures to draw for the study and, besides, for practice and catch trials.
    seed
        Draws the pictures.
    shown_pixels
        Longer side of the pictures on the page.

    Returns
    -------
    StimulusSet
        Read back from `out` and verified.

    Raises
    ------
    StimuliError
        When there are too few pictures, some cannot be read, or `out` is in use.
    """
    _refuse_names(list(predictors))
    _refuse_used(out)
    found = _list(photos)
    drawn = _draw(photos, found, count + practice, seed)
    sizes = _sizes(photos, drawn)
    writer = _Writer(out, drawn, count)
    for name, predictor in predictors.items():
        writer.add_card(name, predictor.card)
    small = all(p.shape is None and sizes == {(p.size, p.size)} for p in predictors.values())
    coloured = _in_batches if small else _one_by_one
    for name, number, rgb_u8 in coloured([photos / path for path in drawn], predictors):
        writer.add(name, number, rgb_u8)
    return writer.finish(
        source=photos.name,
        seed=seed,
        drawn=_drawn(len(drawn), len(found)),
        shown_pixels=shown_pixels,
        methods={TRUTH: None, **{name: _origin(p.card) for name, p in predictors.items()}},
    )


def _in_batches(
    paths: Sequence[Path], predictors: Mapping[str, Predictor]
) -> Iterator[tuple[str, int, NDArray[np.uint8]]]:
    """Colour pictures that all have the networks' own size."""
    from colorizers.color import colorize_u8, rgb_to_lab

    lab = rgb_to_lab(np.stack([_read(path) for path in paths]))  # (N, H, W, 3)
    L = lab[..., 0]
    ab = {TRUTH: lab[..., 1:]}
    for name, predictor in predictors.items():
        ab[name] = predictor.predict_ab(L)
    for name, values in ab.items():
        for number, rgb_u8 in enumerate(colorize_u8(L, values)):
            yield name, number, rgb_u8


def _one_by_one(
    paths: Sequence[Path], predictors: Mapping[str, Predictor]
) -> Iterator[tuple[str, int, NDArray[np.uint8]]]:
    """Colour pictures of any sizes, at their own; one at a time, because they may be large."""
    from colorizers.color import colorize_u8, rgb_to_lab
    from colorizers.painting.predict import predict_grid, upsample_ab

    for number, path in enumerate(paths):
        lab = rgb_to_lab(_read(path))  # (H, W, 3)
        L = lab[..., 0]
        yield TRUTH, number, colorize_u8(L, lab[..., 1:])
        for name, predictor in predictors.items():
            ab = upsample_ab(L, predict_grid(predictor, L))  # (H, W, 2)
            yield name, number, colorize_u8(L, ab)


def import_folders(
    truth: Path,
    methods: Mapping[str, Path],
    out: Path,
    *,
    count: int | None = None,
    practice: int = 6,
    seed: int = 1,
    shown_pixels: int = SHOWN_PIXELS,
) -> StimulusSet:
    """Make a set from folders of pictures that were coloured, or restored, elsewhere.

    Parameters
    ----------
    truth
        Folder of the real pictures; subfolders are class labels.
    methods
        For each method a folder with a picture of the same name and size for every real one; the
        ending may differ (``cat/07.png`` and ``cat/07.jpg`` belong together), and names that this
        project's commands give (``cat/07-colorized-photo.png``) belong to their source.
    out
        Folder of the set; must not exist yet, or be empty.
    count
        Pictures to draw for the study; all that practice leaves over if None.
    practice
        Pictures to draw, besides, for practice and catch trials.
    seed
        Draws the pictures.
    shown_pixels
        Longer side of the pictures on the page.

    Returns
    -------
    StimulusSet
        Read back from `out` and verified.

    Raises
    ------
    StimuliError
        With the list of pictures that are missing, extra, unreadable or of another size, when
        there are too few, or when `out` is in use.
    """
    from colorizers.color import colorize_u8, rgb_to_lab

    _refuse_names(list(methods))
    _refuse_used(out)
    folders = {TRUTH: truth, **methods}
    found = {name: _by_stem(folder) for name, folder in folders.items()}
    for name in methods:
        found[name] = _as_real(found[name], found[TRUTH])
    _refuse_mismatch(folders, found)
    stems = sorted(found[TRUTH])
    wanted = len(stems) if count is None else count + practice
    scored = wanted - practice
    if scored < 1 or wanted > len(stems):
        raise StimuliError(
            f"{truth} holds {len(stems)} pictures, but {max(scored, 1)} for the study and "
            f"{practice} for practice are to be drawn; give more pictures or ask for fewer."
        )
    drawn = shuffled(stems, seed, "stimuli")[:wanted]
    writer = _Writer(out, [found[TRUTH][stem] for stem in drawn], scored)
    for number, stem in enumerate(drawn):
        for name, folder in folders.items():
            lab = rgb_to_lab(_read(folder / found[name][stem]))  # (H, W, 3)
            writer.add(name, number, colorize_u8(lab[..., 0], lab[..., 1:]))
    return writer.finish(
        source=truth.name,
        seed=seed,
        drawn=_drawn(len(drawn), len(stems)),
        shown_pixels=shown_pixels,
        methods={TRUTH: None, **{name: {"folder": f.name} for name, f in methods.items()}},
    )


class _Writer:
    """Writes the files of a set, then its manifest and contact sheet."""

    def __init__(self, out: Path, sources: Sequence[Path], scored: int) -> None:
        self._out, self._sources, self._scored = out, sources, scored
        self._ids = [f"{number:04d}" for number in range(1, len(sources) + 1)]
        self._hashes: list[dict[str, str]] = [{} for _ in sources]
        self._sizes: list[list[int]] = [[] for _ in sources]

    def add(self, method: str, number: int, rgb_u8: NDArray[np.uint8]) -> None:
        png = encode_png(Image.fromarray(rgb_u8), compress_level=9)
        folder = self._out / method
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self._ids[number]}.png").write_bytes(png)
        self._hashes[number][method] = hashlib.sha256(png).hexdigest()
        self._sizes[number] = list(rgb_u8.shape[:2])

    def add_card(self, method: str, card: Mapping[str, Any]) -> None:
        path = self._out / manifest.CARDS / f"{method}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dict(card), indent=1, ensure_ascii=False, allow_nan=False, default=str)
        path.write_text(f"{text}\n", encoding="utf-8")

    def finish(
        self, *, source: str, seed: int, drawn: str, shown_pixels: int, methods: Mapping[str, Any]
    ) -> StimulusSet:
        same = all(size == self._sizes[0] for size in self._sizes)
        content = {
            "format": manifest.FORMAT,
            "source": source,
            "seed": seed,
            "drawn": drawn,
            "size": self._sizes[0] if same else None,
            "shown": {"pixels": shown_pixels, "filter": SHOWN_FILTER},
            "methods": methods,
            "pictures": [
                {
                    "id": picture,
                    "label": path.parts[0] if len(path.parts) > 1 else None,
                    "source": path.as_posix(),
                    **({} if same else {"size": self._sizes[number]}),
                    "practice": number >= self._scored,
                    "sha256": self._hashes[number],
                }
                for number, (picture, path) in enumerate(zip(self._ids, self._sources, strict=True))
            ],
        }
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        (self._out / manifest.NAME).write_text(text, encoding="utf-8")
        made = load(self._out)
        contact_sheet(made).save(self._out / "contact-sheet.png")
        return made


def _refuse_names(methods: Sequence[str]) -> None:
    if not methods or TRUTH in methods:
        raise StimuliError(f"Name at least one method beside {TRUTH!r}; got {list(methods)}.")
    for name in methods:
        if not re.fullmatch(r"[\w.+ -]{1,60}", name) or name in (*CATCH_METHODS, ".", ".."):
            raise StimuliError(
                f"A method cannot be called {name!r}: use letters, digits, spaces and . + - _, at "
                "most 60, and not catch-1 to catch-8."
            )


def _refuse_used(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        raise StimuliError(f"{out} is not empty; a set is never overwritten. Name a new folder.")


def _list(photos: Path) -> list[Path]:
    """Return the pictures of a folder, relative to it, sorted by name."""
    found = (path for path in photos.rglob("*") if path.suffix.lower() in _SUFFIXES)
    return sorted(path.relative_to(photos) for path in found)


def _by_stem(folder: Path) -> dict[str, Path]:
    """Return the pictures of a folder by their names without ending."""
    if not folder.is_dir():
        raise StimuliError(f"There is no folder {folder}.")
    found: dict[str, Path] = {}
    for path in _list(folder):
        stem = path.with_suffix("").as_posix()
        if stem in found:
            raise StimuliError(f"{folder} holds both {found[stem]} and {path}; remove one of them.")
        found[stem] = path
    return found


def _as_real(found: Mapping[str, Path], real: Collection[str]) -> dict[str, Path]:
    """The same under the real pictures' names, where a name is that of a colorizer's output."""
    from colorizers.files.filenames import safe_stem

    plain = {Path(s).with_name(safe_stem(f"{Path(s).name}.")).as_posix(): s for s in real}
    renamed: dict[str, Path] = {}
    for stem, path in found.items():
        source = stem.rpartition("-colorized-")[0]
        name = stem if stem in real else plain.get(source, stem)
        if name in renamed:
            raise StimuliError(f"{path} and {renamed[name]} are of the same picture; keep one.")
        renamed[name] = path
    return renamed


def _refuse_mismatch(folders: Mapping[str, Path], found: Mapping[str, Mapping[str, Path]]) -> None:
    """Raise with every picture that does not match the truth's, each with the reason."""
    wrong: list[str] = []
    for name, pictures in found.items():
        wrong += [f"{name}: {stem} is missing" for stem in found[TRUTH] if stem not in pictures]
        for stem, path in pictures.items():
            if stem not in found[TRUTH]:
                wrong.append(f"{name}: {path} has no real picture")
                continue
            try:
                size = _size(folders[name] / path)
                if size != (real := _size(folders[TRUTH] / found[TRUTH][stem])):
                    wrong.append(
                        f"{name}: {path} is {size[0]} x {size[1]}, the real picture "
                        f"{real[0]} x {real[1]}"
                    )
            except OSError as error:
                wrong.append(f"{name}: {path} cannot be read ({type(error).__name__})")
    if wrong:
        more = f"\n  and {len(wrong) - _LISTED} more" if len(wrong) > _LISTED else ""
        listed = "\n  ".join(wrong[:_LISTED])
        raise StimuliError(
            f"{len(wrong)} pictures do not match, so no set was made:\n  {listed}{more}"
        )


def _size(path: Path) -> tuple[int, int]:
    """Return width and height of a picture as it is looked at."""
    with Image.open(path) as image:
        width, height = image.size
        turned = image.getexif().get(0x0112, 1) >= 5  # lies on its side
    return (height, width) if turned else (width, height)


def _draw(photos: Path, paths: Sequence[Path], count: int, seed: int) -> list[Path]:
    if len(paths) < count:
        raise StimuliError(
            f"{photos} holds {len(paths)} pictures, but {count} are to be drawn; give more "
            "pictures or ask for fewer."
        )
    by_name = {path.as_posix(): path for path in paths}
    return [by_name[name] for name in shuffled(list(by_name), seed, "stimuli")[:count]]


def _drawn(count: int, found: int) -> str:
    return f"{count} of {found} pictures, at random, none chosen by eye"


def _sizes(photos: Path, paths: Sequence[Path]) -> set[tuple[int, int]]:
    """Return all widths and heights, or list the pictures that cannot be read."""
    found: set[tuple[int, int]] = set()
    wrong: list[str] = []
    for path in paths:
        try:
            found.add(_size(photos / path))
        except OSError as error:
            wrong.append(f"{path.as_posix()} ({type(error).__name__})")
    if wrong:
        listed = "\n  ".join(wrong[:_LISTED])
        raise StimuliError(
            f"{len(wrong)} of {len(paths)} pictures cannot be read, so no set was made; remove "
            f"them or give others:\n  {listed}"
        )
    return found


def _read(path: Path) -> NDArray[np.uint8]:
    """Return a picture file, upright and in sRGB, as uint8 (H, W, 3)."""
    from colorizers.errors import ImageError
    from colorizers.files.reading import open_photo

    try:
        photo = open_photo(path)
    except ImageError as error:
        raise StimuliError(f"{path}: {error}") from error
    if photo.alpha is not None:
        raise StimuliError(f"{path} is transparent in places; save it without transparency.")
    rgb = photo.rgb
    return (rgb if rgb.dtype == np.uint8 else rgb >> 8).astype(np.uint8)


def _origin(card: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what names the weights: their own hash and that of their card."""
    return {
        "weights_sha256": card.get("weights", {}).get("sha256"),
        "card_sha256": manifest.card_sha256(card),
    }
