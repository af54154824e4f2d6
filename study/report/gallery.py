"""The stimulus set of a study, found again for its report: manifest and pictures.

Reads only the manifest and single files, each checked by its SHA-256, so that a report needs
neither the colorizers nor the whole set. A set is this study's if its manifest has the hash that
the study stored; simulated participants saw no pictures, so theirs may be any set that has the
ids and the methods.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable
from pathlib import Path

from study.database.source import Source
from study.errors import ConfigError, StimuliError
from study.protocol.config import DEFAULT_SET, from_environment
from study.protocol.design import SCORED, TRUTH
from study.stimuli import manifest
from study.stimuli.manifest import Manifest

THUMBNAIL = 160  # pixels on the longer side: what a page of pictures shows, doubled for sharpness


def thumbnail(manifest: Manifest, method: str, picture: str) -> str | None:
    """Return one picture as a data URI, or None if it is missing or was changed.

    Small pictures are enlarged by Lanczos' filter, as participants saw them.
    """
    from PIL import Image, UnidentifiedImageError

    content = manifest.picture(method, picture)
    if content is None:
        return None
    try:
        with Image.open(io.BytesIO(content)) as image:
            scale = THUMBNAIL / max(image.size)
            width, height = (max(1, round(scale * side)) for side in image.size)
            large = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    except (OSError, UnidentifiedImageError):
        return None
    out = io.BytesIO()
    large.save(out, format="JPEG", quality=90, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


def find(source: Source, folder: Path | None = None) -> Manifest | None:
    """Return the manifest of a study's stimulus set, or None if it is not at hand.

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
    opened = [found for found in (_of_study(place, source) for place in places) if found]
    # An export holds the manifest, and the pictures only if that was asked for.
    with_pictures = (found for found in opened if (found.folder / TRUTH).is_dir())
    return next(with_pictures, opened[0] if opened else None)


def _of_study(folder: Path, source: Source) -> Manifest | None:
    try:
        found = manifest.read(folder)
    except StimuliError:
        return None
    if found.sha256 != source.settings.get("stimuli_sha256"):
        scored = source.answers[source.answers["kind"] == SCORED]
        shown = scored[["method", "picture"]].drop_duplicates()
        if not source.simulated or not all(
            pair in found.hashes for pair in shown.itertuples(index=False, name=None)
        ):
            return None
    return found


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
