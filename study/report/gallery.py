"""The stimulus set of a study, found again for its report: manifest and pictures.

Reads only `manifest.json` and single files, each checked by its SHA-256, so that a report needs
neither the colorizers nor the whole set. A set is this study's if its manifest has the hash that
the study stored; simulated participants saw no pictures, so theirs may be any set that has the
ids and the methods.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.database.source import Source
from study.protocol.config import ConfigError, from_environment
from study.protocol.design import SCORED, TRUTH

DEFAULT_SET = Path(__file__).parents[1] / "sets" / "default"
THUMBNAIL = 160  # pixels on the longer side: what a page of pictures shows, doubled for sharpness


@dataclass(frozen=True)
class Gallery:
    """A stimulus set on the disk; `hashes` are by (method, picture), `sha256` the manifest's."""

    folder: Path
    manifest: Mapping[str, Any]
    hashes: Mapping[tuple[str, str], str]
    sha256: str

    @property
    def has_pictures(self) -> bool:
        """Whether more than the manifest is there."""
        return (self.folder / TRUTH).is_dir()

    def thumbnail(self, method: str, picture: str) -> str | None:
        """Return one picture as a data URI, or None if it is missing or was changed.

        Small pictures are enlarged by Lanczos' filter, as participants saw them.
        """
        from PIL import Image, UnidentifiedImageError

        path = self.folder / method / f"{picture}.png"
        if not path.resolve().is_relative_to(self.folder.resolve()):
            return None
        try:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != self.hashes.get((method, picture)):
                return None
            with Image.open(io.BytesIO(content)) as image:
                scale = THUMBNAIL / max(image.size)
                width, height = (max(1, round(scale * side)) for side in image.size)
                large = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        except (OSError, UnidentifiedImageError):
            return None
        out = io.BytesIO()
        large.save(out, format="JPEG", quality=90, subsampling=0)
        return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


def find(source: Source, folder: Path | None = None) -> Gallery | None:
    """Return the stimulus set of a study, or None if it is not at hand.

    Parameters
    ----------
    source : Source
        The study.
    folder : Path, optional
        Where to look; else the export that the study was read from, then the default set.
    """
    places: Iterable[Path] = (DEFAULT_SET,) if folder is None else (folder,)
    if folder is None and source.folder is not None:
        places = (source.folder / "stimuli", DEFAULT_SET)
    opened = [gallery for gallery in (_open(place, source) for place in places) if gallery]
    # An export holds the manifest, and the pictures only if that was asked for.
    return next((g for g in opened if g.has_pictures), opened[0] if opened else None)


def _open(folder: Path, source: Source) -> Gallery | None:
    try:
        raw = (folder / "manifest.json").read_bytes()
        manifest = json.loads(raw)
        hashes = {
            (str(method), str(entry["id"])): str(value)
            for entry in manifest["pictures"]
            for method, value in entry["sha256"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    sha256 = hashlib.sha256(raw).hexdigest()
    if sha256 != source.settings.get("stimuli_sha256"):
        scored = source.answers[source.answers["kind"] == SCORED]
        shown = scored[["method", "picture"]].drop_duplicates()
        if not source.simulated or not all(
            pair in hashes for pair in shown.itertuples(index=False, name=None)
        ):
            return None
    return Gallery(folder, manifest, hashes, sha256)


def named_folder() -> Path | None:
    """Return the stimulus set that the environment names, or None for the default set.

    TRUEHUE_STUDY names it in its file, TRUEHUE_STIMULI directly, as for the app.
    """
    if not (os.environ.get("TRUEHUE_STUDY") or os.environ.get("TRUEHUE_STIMULI")):
        return None
    try:
        return from_environment().stimuli
    except ConfigError:
        return None
