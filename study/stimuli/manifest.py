"""The manifest of a stimulus set: what was drawn, by which seed, from where, and every SHA-256.

Written by ``making``; read here for everybody: ``showing`` verifies every picture by it, the report
finds the study's pictures by it, simulated studies take ids and methods from it. Reading it needs
neither the pictures nor the colorizers.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.errors import StimuliError

FORMAT = 1
NAME = "manifest.json"
CARDS = "cards"  # folder of the cards of the weights that made the pictures


@dataclass(frozen=True)
class Manifest:
    """What a set's manifest says.

    Attributes
    ----------
    folder
        Where the set is.
    raw, content, sha256
        The file as it is, as JSON, and its hash, hence that of everything.
    methods
        Names of the methods, the truth among them.
    pictures, practice
        Ids of the pictures, each with its class label or None.
    hashes
        SHA-256 of each picture by (method, id).
    shown_pixels, shown_filter
        How pictures are enlarged.
    """

    folder: Path
    raw: bytes
    content: Mapping[str, Any]
    sha256: str
    methods: tuple[str, ...]
    pictures: Mapping[str, str | None]
    practice: Mapping[str, str | None]
    hashes: Mapping[tuple[str, str], str]
    shown_pixels: int
    shown_filter: str

    def path(self, method: str, picture: str) -> Path:
        """Return where a picture is, or should be."""
        return self.folder / method / f"{picture}.png"

    def picture(self, method: str, picture: str) -> bytes | None:
        """Return a picture's PNG at its own size, or None if it is missing or was changed."""
        path, wanted = self.path(method, picture), self.hashes.get((method, picture))
        if wanted is None or not path.resolve().is_relative_to(self.folder.resolve()):
            return None
        try:
            data = path.read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == wanted else None

    def cards(self) -> Iterator[tuple[str, bytes]]:
        """Yield the cards of the weights that made the pictures, by method, where they are kept."""
        for method, origin in self.content["methods"].items():
            path = self.folder / CARDS / f"{method}.json"
            if origin and "card_sha256" in origin and path.is_file():
                raw = path.read_bytes()
                if card_sha256(json.loads(raw)) == origin["card_sha256"]:
                    yield method, raw


def read(folder: Path) -> Manifest:
    """Read the manifest of a set; its pictures are not looked at.

    Raises
    ------
    StimuliError
        When there is no set, or its manifest is of another format or damaged.
    """
    try:
        raw = (folder / NAME).read_bytes()
    except OSError:
        raise StimuliError(
            f"There is no stimulus set at {folder}. Build one with: python -m study.stimuli build "
            f"--photos FOLDER --methods classification gan --out {folder}"
        ) from None
    try:
        content = json.loads(raw)
        if content["format"] != FORMAT:
            raise StimuliError(
                f"{folder} has manifest format {content['format']}, this program reads {FORMAT}; "
                "build the set again."
            )
        methods, entries = tuple(content["methods"]), content["pictures"]
        scored, practice = (
            {e["id"]: e["label"] for e in entries if e["practice"] is wanted}
            for wanted in (False, True)
        )
        hashes = {(m, e["id"]): e["sha256"][m] for e in entries for m in methods}
        pixels, filter_name = int(content["shown"]["pixels"]), str(content["shown"]["filter"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StimuliError(
            f"{folder / NAME} is not a manifest ({error!r}); build the set again."
        ) from error
    sha256 = hashlib.sha256(raw).hexdigest()
    return Manifest(
        folder, raw, content, sha256, methods, scored, practice, hashes, pixels, filter_name
    )


def card_sha256(card: Mapping[str, Any]) -> str:
    """Return the hash of what a card says, however it is written down."""
    text = json.dumps(dict(card), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
