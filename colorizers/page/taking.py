"""Files to take home of one photograph in the Colorize tab, at its own size.

The full size is made only here, when it is asked for: :mod:`colorizers.page.events` asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from colorizers.errors import ImageError
from colorizers.files.filenames import output_name
from colorizers.page import kept
from colorizers.page.checking import (
    ENDINGS,
    LAYER,
    QUALITY,
    choice,
    new_folder,
    number,
    telling,
    uploaded,
)
from colorizers.page.desk import Desk, Look, Step, Work, checked_sliders
from colorizers.page.drawing import now
from colorizers.page.texts import NO_FILE
from colorizers.page.turns import opened
from colorizers.painting import recipe
from colorizers.painting.pipeline import Options, colorize_opened
from colorizers.painting.predictor import Predictor


class Taking:
    """Answers the events of files.

    Parameters
    ----------
    desk : Desk
        Where the photographs lie.
    models : mapping of str to Predictor
    cache : Path
        Gradio's folder for files that it serves.
    """

    def __init__(self, desk: Desk, models: Mapping[str, Predictor], cache: Path) -> None:
        self._desk = desk
        self._models = models
        self._cache = cache

    def take_home(
        self,
        key: Any,
        format: Any,
        quality: Any,
        metadata: Any,
        saturation: Any,
        warmth: Any,
        reach: Any,
        mark: Any = False,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Any:
        """Write the result on the screen to a file, at the photograph's full size.

        Returns
        -------
        gr.DownloadButton
            With the file, ready to be fetched.
        """
        with telling(NO_FILE):
            work = self._desk.get(key)
            options = _options(format, quality, metadata, mark)
            with work.lock:
                step = now(work)._replace(sliders=checked_sliders((saturation, warmth, reach)))
            target, unsaid = self._file(
                work, step, options, lambda share, what: progress(share, desc=what)
            )
            for notice in unsaid:
                gr.Warning(notice, title="Not in the file")
            return _offered_again(target)

    def take_kept(
        self,
        key: Any,
        format: Any,
        quality: Any,
        metadata: Any,
        mark: Any = False,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Any:
        """All results that are kept, at the photograph's own size, as `take_home`: in one zip."""
        with telling(NO_FILE):
            work = self._desk.get(key)
            options = _options(format, quality, metadata, mark)
            with work.lock:
                steps = [step for step, _ in work.kept]
            if not steps:
                raise ImageError("No result is kept yet; press Keep this one.")
            folder = new_folder(self._cache)
            files = []
            for number_, step in enumerate(steps):
                report = partial(_share_of, progress, number_, len(steps))
                file, _ = self._file(work, step, options, report)
                files.append(file)
            name = output_name(work.name, f"{len(files)}-kept", ".zip")
            return _offered_again(kept.zipped(folder / name, files))

    def take_recipe(self, key: Any, *sliders: Any) -> Any:
        """How the colours that are seen are made, as a file of JSON; as `take_home`."""
        with telling(NO_FILE):
            work = self._desk.get(key)
            with work.lock:
                step = now(work)._replace(sliders=checked_sliders(sliders))
            target = self._target(work, step, ".json")
            target.write_text(f"{recipe.text(step.recipe(self._models))}\n")
            return _offered_again(target)

    def _target(self, work: Work, step: Step, ending: str) -> Path:
        """A file in a folder of its own, named as the command line does."""
        drawn = _drawn_by(step.look, self._models)
        return new_folder(self._cache) / output_name(work.name, step.look.method + drawn, ending)

    def _file(
        self, work: Work, step: Step, options: Options, report: Callable[[float, str], None]
    ) -> tuple[Path, tuple[str, ...]]:
        """The file of a result, in a folder of its own, and what could not be written into it."""
        report(0.0, "Reading the picture")
        path, _ = uploaded({"path": str(work.path)})
        with opened(path) as photo:
            if photo.size != work.size:
                raise ImageError(
                    "The photograph is not the one that was coloured; upload it again."
                )
            ending = f".{ENDINGS[options.format]}"
            target = self._target(work, step, f"-layer{ending}" if options.layer else ending)
            given = replace(options, references=step.references)
            how = step.recipe(self._models).followed(given)
            made = colorize_opened(photo, target, self._models[step.look.method], how, report)
        return target, made.unsaid


def _options(format: Any, quality: Any, metadata: Any, mark: Any) -> Options:
    """How a file is written; ImageError where something is not offered."""
    chosen = choice("format", format, (*ENDINGS, LAYER))
    layer = chosen == LAYER
    whole = round(number("quality", quality, QUALITY))
    return Options(
        "PNG" if layer else chosen, whole, metadata is not False, layer=layer,
        mark=mark is True and not layer,
    )  # fmt: skip


def _share_of(progress: gr.Progress, done: int, of: int, share: float, what: str) -> None:
    """Tell the progress of one file among several."""
    progress((done + share) / of, desc=f"{done + 1} of {of}: {what}")


def _offered_again(file: Path) -> gr.DownloadButton:
    """The button with a file that has just been made."""
    size = file.stat().st_size
    shown = f"{size / 1e6:.1f} MB" if size >= 50_000 else f"{size:,} bytes"
    label = f"Save again: {file.name}, {shown}"
    return gr.DownloadButton(label, value=str(file), visible=True)


def _drawn_by(look: Look, models: Mapping[str, Predictor]) -> str:
    """What the name of a file says of a seed: as the command line does, none of the first."""
    draws = "seed" in models[look.method].options and look.value
    return f"-seed{look.value:g}" if draws else ""
