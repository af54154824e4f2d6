"""What the report says about the study itself: design, pictures, the words people read.

Fed by the settings that the database keeps with each version of a study and, where it is at hand,
by the manifest of its stimulus set (`study.report.gallery` finds it). What is not known is None or
empty and is said to be unknown; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from study.protocol.design import Design, StudySpec
from study.protocol.english import ENGLISH
from study.protocol.texts import Scale, texts
from study.protocol.wording import over


@dataclass(frozen=True)
class About:
    """One version of a study.

    Attributes
    ----------
    version, digest
        Number of the version in its database, and SHA-256 of its settings; 0 and "" if unknown.
    design
        Settings that decide the plans: methods, scored, practice, seed and what else there is.
    consent_version
        Version of the text that the participants agreed to.
    instructions
        What they read, verbatim, paragraph by paragraph; empty where nobody read anything or the
        program's words have changed since.
    stimuli_sha256
        SHA-256 of the manifest of the stimulus set, as stored with the study.
    stimuli
        What the manifest says: source, drawn, seed, size, shown (pixels, filter), pictures
        (count), methods (each with the hashes of its weights), and its own sha256; None without
        the manifest.
    """

    version: int = 0
    digest: str = ""
    design: Mapping[str, Any] | None = None
    consent_version: str = ""
    instructions: tuple[str, ...] = ()
    stimuli_sha256: str = ""
    stimuli: Mapping[str, Any] | None = None


def about(
    settings: Mapping[str, Any],
    *,
    version: int = 0,
    digest: str = "",
    manifest: Mapping[str, Any] | None = None,
    manifest_sha256: str = "",
) -> About:
    """Gather what is known about a version of a study.

    Parameters
    ----------
    settings : mapping
        What `StudySpec.settings` stored; empty if unknown.
    version, digest
        Of the study's row in the database.
    manifest : mapping, optional
        Manifest of the stimulus set, already found to be this study's.
    manifest_sha256 : str
        SHA-256 of its file.
    """
    return About(
        version=version,
        digest=digest,
        design=settings.get("design"),
        consent_version=str(settings.get("consent_version", "")),
        instructions=instructions(settings),
        stimuli_sha256=str(settings.get("stimuli_sha256", "")),
        stimuli=None if manifest is None else _stimuli(manifest, manifest_sha256),
    )


def instructions(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the participants of a study read before and in the trials, verbatim.

    Empty where the study's consent text is neither its own, stored with it, nor the one that this
    program shows.
    """
    own = settings.get("consent_text")
    words = settings.get("texts") or {}
    try:
        version = over(ENGLISH, words)["consent"]["version"]
        if own is None and settings.get("consent_version") != version:
            return ()
        design = settings["design"]
        spec = StudySpec(
            name="",
            design=Design(**{**design, "methods": tuple(design["methods"])}),
            pictures=dict.fromkeys(settings["pictures"]),
            practice=dict.fromkeys(settings["practice"]),
            stimuli_sha256=str(settings["stimuli_sha256"]),
            consent_version=str(settings["consent_version"]),
        )
        given = settings.get("scales")
        scales = None if given is None else {name: Scale(**words) for name, words in given.items()}
        more = {name: bool(settings.get(name)) for name in ("screen", "automation")}
        read = texts(
            spec,
            consent=own,
            scales=scales,
            exposure_ms=int(settings.get("exposure_ms", 0)),
            question=settings.get("question"),
            own=words,
            **more,
        )
        points = [f"{heading}: {text}" for heading, text in read["consent"]["points"]]
        ends = [f"{name}: 1 {low}, 5 {high}" for name, low, high in read["scales"].values()]
        return (
            read["consent"]["lead"],
            *read["consent"]["paragraphs"],
            *points,
            *read["instructions"]["points"],
            read["instructions"]["practice"],
            read["question"],
            *ends,
        )
    except (KeyError, TypeError, ValueError):
        return ()


def _stimuli(manifest: Mapping[str, Any], sha256: str) -> dict[str, Any]:
    kept = ("source", "seed", "drawn", "size", "shown", "methods")
    return {
        **{name: manifest.get(name) for name in kept},
        "pictures": sum(not entry.get("practice") for entry in manifest.get("pictures", [])),
        "sha256": sha256,
    }
