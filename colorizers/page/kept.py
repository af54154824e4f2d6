"""Results of one photograph that somebody wants to compare: what is said of them, and their zip.

Fed by :mod:`colorizers.page.drawing` and :mod:`colorizers.page.taking`; a result is the
:class:`~colorizers.page.desk.Step` that it is made of, so keeping one costs a thumbnail.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

from colorizers.page.desk import Step

KEEP_THIS, DROP_THIS = "Keep this one", "Don't keep it"
MOST = 12
"""Results of a photograph that may be kept."""


def settings(step: Step, name: str) -> str:
    """What a result is made of, as short as it can be said.

    Parameters
    ----------
    step : Step
    name : str
        Of its version, or its method.

    Examples
    --------
    >>> from colorizers.page.desk import Look, Sliders
    >>> settings(Step(Look("photo"), Sliders()), "Seed 2")
    'Seed 2'
    >>> settings(Step(Look("photo"), Sliders(0.8, -0.2)), "Seed 2")
    'Seed 2, saturation 0.8, warmth -0.2'
    """
    said = [name]
    for what, value, usual in (
        ("saturation", step.sliders.saturation, 1.0),
        ("warmth", step.sliders.warmth, 0.0),
    ):
        if value != usual:
            said.append(f"{what} {value:g}")
    if step.hints:
        said.append("1 hint" if len(step.hints) == 1 else f"{len(step.hints)} hints")
    if step.keep:
        said.append("own colours")
    if step.repair:
        said.append("repaired")
    if step.references:
        said.append("reference")
    if step.mask:
        said.append("mask")
    return ", ".join(said)


def zipped(archive: Path, files: Iterable[Path]) -> Path:
    """Put files into an archive, each under a number, as they are named alike."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as into:  # they are compressed
        for number, file in enumerate(files, start=1):
            into.write(file, f"{file.stem}-{number}{file.suffix}")
            file.unlink()
    return archive
