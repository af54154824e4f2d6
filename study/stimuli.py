"""Stimulus sets: the pictures of a study, their hashes, and how they are shown.

`python -m study.stimuli build --photos DIR --methods classification gan --out DIR` draws
photographs at random with a seed, lets each colorizer colour their L, and writes

    OUT/manifest.json           what was drawn, by which seed, from where, and every SHA-256
    OUT/<method>/<id>.png       the pictures at their own size; `truth` is one of the methods

Read by ``ui`` through `load`, which refuses a set whose files are not what the manifest says.

Every picture goes through the same path. The truth, too, is taken to Lab, joined from L and ab
and rounded to 8 bit by the function that makes the colorizations, so that no rounding tells it
from the others; all are enlarged by the same filter and written by the same encoder.

How a picture is shown: enlarged to `SHOWN_PIXELS` on its longer side by Lanczos' filter. It is
linear and the same everywhere, so it adds nothing that a method could gain from, and it keeps a
small picture as sharp as it can be without the squares of nearest-neighbour enlargement, whose
edges hide the colours. The PNG is stored and not compressed: its length depends on the size of
the picture alone, so the pictures of a trial are equally long on their way to the browser.
"""

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from study.design import TRUTH, shuffled

SHOWN_PIXELS = 320
SHOWN_FILTER = "lanczos"
_FILTERS = {"lanczos": Image.Resampling.LANCZOS}
_FORMAT = 1  # of the manifest
_BATCH = 64
_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}


class StimuliError(Exception):
    """A stimulus set cannot be built or used; the text says why and what to do."""


class Predictor(Protocol):
    """What a set is built with: the colorizers of this project are such objects."""

    @property
    def size(self) -> int:
        """Width and height in pixels that the network takes."""

    @property
    def card(self) -> Mapping[str, Any]:
        """Where the weights come from."""

    def predict_ab(self, L: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return ab of shape (N, size, size, 2) for L in [0, 100] of shape (N, size, size)."""


@dataclass(frozen=True)
class StimulusSet:
    """A verified set, held in memory: what changes on the disk later changes nothing.

    Attributes
    ----------
    sha256
        SHA-256 of the manifest, hence of everything.
    methods
        Names of the methods, `TRUTH` among them.
    pictures, practice
        Ids of the pictures, each with its class label or None.
    files
        PNG bytes at native size by (method, id).
    shown_pixels, shown_filter
        How they are enlarged.
    """

    sha256: str
    methods: tuple[str, ...]
    pictures: Mapping[str, str | None]
    practice: Mapping[str, str | None]
    files: Mapping[tuple[str, str], bytes]
    shown_pixels: int
    shown_filter: str

    def shown(self, method: str, picture: str) -> bytes:
        """Return the PNG that a participant sees; see `present`."""
        with Image.open(io.BytesIO(self.files[method, picture])) as image:
            return present(np.asarray(image.convert("RGB")), self.shown_pixels, self.shown_filter)


def present(
    rgb_u8: NDArray[np.uint8], pixels: int = SHOWN_PIXELS, filter_name: str = SHOWN_FILTER
) -> bytes:
    """Return a picture enlarged, as an uncompressed PNG without any metadata.

    Parameters
    ----------
    rgb_u8
        uint8, shape (height, width, 3).
    pixels
        Length of the longer side of the result.
    filter_name
        Name of the filter; "lanczos".

    Returns
    -------
    bytes
        PNG whose length depends only on the size of the picture.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    >>> len(present(noise)) == len(present(np.zeros((32, 32, 3), np.uint8)))
    True
    """
    height, width = rgb_u8.shape[:2]
    scale = pixels / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    large = Image.fromarray(rgb_u8).resize(size, _FILTERS[filter_name])
    return _png(large, compress_level=0)


def build(
    photos: Path,
    predictors: Mapping[str, Predictor],
    out: Path,
    *,
    count: int = 240,
    practice: int = 6,
    seed: int = 1,
) -> StimulusSet:
    """Draw photographs, colour them by every method, and write the set.

    Parameters
    ----------
    photos
        Folder of pictures of the size that the networks take; subfolders are class labels.
    predictors
        The methods beside the truth, by name.
    out
        Folder of the set; must not exist yet, or be empty.
    count, practice
        Pictures to draw for the study and, besides, for practice.
    seed
        Draws the pictures.

    Returns
    -------
    StimulusSet
        Read back from `out` and verified.

    Raises
    ------
    StimuliError
        When there are too few pictures, some have another size, or `out` is in use.
    """
    from colorizers.color import colorize_u8, rgb_to_lab

    if not predictors or TRUTH in predictors:
        raise StimuliError(f"Name at least one method beside {TRUTH!r}; got {list(predictors)}.")
    if out.exists() and any(out.iterdir()):
        raise StimuliError(f"{out} is not empty; a set is never overwritten. Name a new folder.")
    drawn = _draw(photos, count + practice, seed)
    rgb_u8 = _read(photos, drawn, {predictor.size for predictor in predictors.values()})
    lab = rgb_to_lab(rgb_u8)  # (N, H, W, 3)
    L = lab[..., 0]
    ab = {TRUTH: lab[..., 1:]}
    for name, predictor in predictors.items():
        batches = [predictor.predict_ab(L[at : at + _BATCH]) for at in range(0, len(L), _BATCH)]
        ab[name] = np.concatenate(batches)

    ids = [f"{number:04d}" for number in range(1, len(drawn) + 1)]
    hashes: dict[str, dict[str, str]] = {picture: {} for picture in ids}
    for name, values in ab.items():
        (out / name).mkdir(parents=True)
        for picture, pixels in zip(ids, colorize_u8(L, values), strict=True):
            png = _png(Image.fromarray(pixels), compress_level=9)
            (out / name / f"{picture}.png").write_bytes(png)
            hashes[picture][name] = hashlib.sha256(png).hexdigest()
    manifest = {
        "format": _FORMAT,
        "source": photos.name,
        "seed": seed,
        "drawn": f"{len(drawn)} of {len(_list(photos))} pictures, at random, none chosen by eye",
        "size": list(rgb_u8.shape[1:3]),
        "shown": {"pixels": SHOWN_PIXELS, "filter": SHOWN_FILTER},
        "methods": {
            TRUTH: None,
            **{name: _origin(p.card) for name, p in predictors.items()},
        },
        "pictures": [
            {
                "id": picture,
                "label": path.parts[0] if len(path.parts) > 1 else None,
                "source": path.as_posix(),
                "practice": number >= count,
                "sha256": hashes[picture],
            }
            for number, (picture, path) in enumerate(zip(ids, drawn, strict=True))
        ],
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (out / "manifest.json").write_text(text, encoding="utf-8")
    return load(out)


def load(folder: Path) -> StimulusSet:
    """Read a set and verify every file against the manifest.

    Raises
    ------
    StimuliError
        When there is no set, it is of another format, or files are missing or changed (the
        first ones are listed).
    """
    try:
        raw = (folder / "manifest.json").read_bytes()
    except OSError:
        raise StimuliError(
            f"There is no stimulus set at {folder}. Build one with: python -m study.stimuli build "
            f"--photos FOLDER --methods classification gan --out {folder}"
        ) from None
    try:
        manifest = json.loads(raw)
        if manifest["format"] != _FORMAT:
            raise StimuliError(
                f"{folder} has manifest format {manifest['format']}, this program reads {_FORMAT}; "
                "build the set again."
            )
        methods = tuple(manifest["methods"])
        entries = manifest["pictures"]
        expected = {
            (method, entry["id"]): entry["sha256"][method]
            for entry in entries
            for method in methods
        }
        pools = [
            {e["id"]: e["label"] for e in entries if e["practice"] is wanted}
            for wanted in (False, True)
        ]
        shown_pixels = int(manifest["shown"]["pixels"])
        shown_filter = str(manifest["shown"]["filter"])
    except (ValueError, KeyError, TypeError) as error:
        raise StimuliError(
            f"{folder / 'manifest.json'} is not a manifest ({error!r}); build the set again."
        ) from error
    files: dict[tuple[str, str], bytes] = {}
    wrong: list[str] = []
    for (method, picture), sha256 in expected.items():
        name = f"{method}/{picture}.png"
        try:
            data = (folder / name).read_bytes()
        except OSError:
            wrong.append(f"{name} is missing")
            continue
        if hashlib.sha256(data).hexdigest() != sha256:
            wrong.append(f"{name} was changed")
        files[method, picture] = data
    if wrong:
        raise StimuliError(
            f"{len(wrong)} of {len(expected)} files of the stimulus set {folder} are not what its "
            f"manifest says ({'; '.join(wrong[:3])}); restore them or build the set again."
        )
    return StimulusSet(
        sha256=hashlib.sha256(raw).hexdigest(),
        methods=methods,
        pictures=pools[0],
        practice=pools[1],
        files=files,
        shown_pixels=shown_pixels,
        shown_filter=shown_filter,
    )


def _list(photos: Path) -> list[Path]:
    """Return the pictures of a folder, relative to it, sorted by name."""
    found = (path for path in photos.rglob("*") if path.suffix.lower() in _SUFFIXES)
    return sorted(path.relative_to(photos) for path in found)


def _draw(photos: Path, count: int, seed: int) -> list[Path]:
    paths = _list(photos)
    if len(paths) < count:
        raise StimuliError(
            f"{photos} holds {len(paths)} pictures, but {count} are to be drawn; give more "
            "pictures or ask for fewer."
        )
    by_name = {path.as_posix(): path for path in paths}
    return [by_name[name] for name in shuffled(list(by_name), seed, "stimuli")[:count]]


def _read(photos: Path, paths: Sequence[Path], sizes: set[int]) -> NDArray[np.uint8]:
    """Return the pictures as uint8 (N, size, size, 3), or list those of another size."""
    if len(sizes) != 1:
        raise StimuliError(f"The methods take pictures of different sizes: {sorted(sizes)}.")
    (size,) = sizes
    pictures: list[NDArray[np.uint8]] = []
    wrong: list[str] = []
    for path in paths:
        with Image.open(photos / path) as image:
            if image.size == (size, size):
                pictures.append(np.asarray(image.convert("RGB")))
            else:
                wrong.append(f"{path.as_posix()} is {image.width} x {image.height}")
    if wrong:
        raise StimuliError(
            f"The methods take pictures of {size} x {size}, but {len(wrong)} are not "
            f"({'; '.join(wrong[:3])})."
        )
    return np.stack(pictures)


def _png(image: Image.Image, *, compress_level: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=compress_level)
    return buffer.getvalue()


def _origin(card: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what names the weights: their own hash and that of their card."""
    text = json.dumps(dict(card), sort_keys=True, separators=(",", ":"), default=str)
    return {
        "weights_sha256": card.get("weights", {}).get("sha256"),
        "card_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m study.stimuli", description="Build the pictures of a study."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("build", help="draw photographs and colour them")
    command.add_argument(
        "--photos", type=Path, required=True, help="folder of pictures; subfolders are labels"
    )
    command.add_argument(
        "--methods", nargs="+", required=True, help="colorizers, for example: classification gan"
    )
    command.add_argument("--out", type=Path, required=True, help="new folder for the set")
    command.add_argument("--count", type=int, default=240, help="pictures (default %(default)s)")
    command.add_argument(
        "--practice", type=int, default=6, help="practice pictures (default %(default)s)"
    )
    command.add_argument("--seed", type=int, default=1, help="draws them (default %(default)s)")
    given = parser.parse_args(arguments)

    import colorizers
    from colorizers.checkpoint import WeightsError

    try:
        predictors = {name: colorizers.load(name) for name in given.methods}
        made = build(
            given.photos,
            predictors,
            given.out,
            count=given.count,
            practice=given.practice,
            seed=given.seed,
        )
    except (StimuliError, WeightsError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{given.out}: {len(made.pictures)} pictures and {len(made.practice)} for practice, by "
        f"{', '.join(made.methods)}; manifest SHA-256 {made.sha256}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
