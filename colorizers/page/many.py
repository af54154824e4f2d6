"""Many photographs at once: each is coloured and saved, one by one, and all go into a zip.

`build` draws the sub-tab, `colorize_many` does the work. A file that cannot be used is named with
its reason and the others go on. Who stops in the middle gets the zip of those that are ready: the
work is asked to end, as an event that Gradio cancels can answer nothing any more. Gradio's own way
is left for those who still wait for their turn, and for pages that are closed.
"""

from __future__ import annotations

import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from PIL import Image

from colorizers.errors import ImageError
from colorizers.files.filenames import output_name
from colorizers.page import texts
from colorizers.page.checking import (
    ENDINGS,
    NETWORK,
    SILENT,
    choice,
    log,
    new_folder,
    preview,
    telling,
    uploaded,
    uploaded_reference,
)
from colorizers.page.panels import reference
from colorizers.page.texts import MANY_BEGUN, MANY_ENDED
from colorizers.page.turns import MANY, opened
from colorizers.painting.pipeline import Options, colorize_opened
from colorizers.painting.predictor import Predictor

MAX_FILES = 40
MAX_MEGAPIXELS = 400
"""Of all photographs together; about two minutes of one core, and 200 MB of JPEG."""
THUMB_SIDE = 320
JPEG_QUALITY = 92


class Stopped(Exception):
    """The visitor wants no more."""


class Failed(NamedTuple):
    """A file without colours."""

    name: str
    why: str


class Noted(NamedTuple):
    """A file with colours, and a sentence about what it lost or what was guessed."""

    name: str
    what: str


def build(colorizer: Predictor) -> None:
    """Draw the sub-tab for many photographs in the current Gradio context."""
    gr.Markdown(
        f"Up to {MAX_FILES} photographs, {MAX_MEGAPIXELS} megapixels together. Each is coloured by "
        f"“{colorizer.title}” at full size, and you get all of them in one zip file."
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=260):
            files = gr.File(
                label="Your photographs", file_count="multiple", height=220, elem_id="many-files"
            )
            format_ = gr.Dropdown(
                list(ENDINGS), value="JPEG", label="Format", elem_id="many-format"
            )
            model = reference("many-reference", 110)
            mend = gr.Checkbox(
                False, label=texts.REPAIR, info=texts.REPAIR_MANY, elem_id="many-repair"
            )
            start = gr.Button("Colorize all", variant="primary", elem_id="many-start")
            leave = gr.Button("Stop waiting", visible=False, size="sm", elem_id="many-leave")
            stop = gr.Button("Stop", visible=False, size="sm", elem_id="many-stop")
        with gr.Column(scale=3, min_width=320):
            report = gr.Markdown(
                "The coloured photographs will appear here.", elem_id="many-report"
            )
            bundle = gr.DownloadButton("Download zip file", visible=False, elem_id="many-zip")
            gallery = gr.Gallery(
                label="Colorized",
                show_label=False,
                columns=4,
                object_fit="contain",
                height="auto",
                allow_preview=True,
                interactive=False,
                buttons=[],
                format="png",
                elem_id="many-gallery",
            )
    stopping = gr.State(None, time_to_live=3600)

    def run(
        files: Any,
        format: Any,
        model: Any,
        mend: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[list[Any]]:
        asked = threading.Event()
        turn = [asked, gr.Button(visible=False), gr.Button("Stop", visible=True, interactive=True)]
        yield [None, "", gr.DownloadButton(visible=False), *turn]
        cache = Path(gallery.GRADIO_CACHE)
        for updates in colorize_many(files, format, colorizer, cache, progress, asked, model, mend):
            yield [*updates, *[gr.skip()] * len(turn)]

    def ask(asked: Any) -> Any:
        if isinstance(asked, threading.Event):
            asked.set()
        return gr.Button("Stopping …", interactive=False)

    buttons = [start, leave, stop]
    # First, as a browser answers a click's events one after the other.
    start.click(None, None, [*buttons, report, gallery, bundle], js=MANY_BEGUN, **SILENT)
    # A place of its own in the queue: who brings forty photographs makes nobody wait with one.
    running = start.click(
        run,
        [files, format_, model, mend],
        [gallery, report, bundle, stopping, leave, stop],
        **NETWORK | {"concurrency_id": MANY, "concurrency_limit": 1},
        show_progress_on=report,
    )
    for ended in (running.then, running.failure):  # in Gradio 6.31, `then` is not for failures
        ended(None, None, buttons, js=MANY_ENDED, **SILENT)
    stop.click(ask, stopping, stop, **SILENT)
    left = "Nothing was coloured: you left before it was your turn."
    leave.click(lambda: left, None, report, cancels=running, **SILENT)
    leave.click(None, None, buttons, js=MANY_ENDED, **SILENT)


def colorize_many(
    payload: Any,
    format: Any,
    colorizer: Predictor,
    cache: Path,
    progress: Callable[..., Any],
    asked: threading.Event | None = None,
    model: Any = None,
    mend: Any = False,
) -> Iterator[list[Any]]:
    """Colour every uploaded file by one method.

    Parameters
    ----------
    payload, format
        What `gr.File` and the choice of a format sent, unchecked.
    colorizer : Predictor
    cache : Path
        Gradio's folder for files that it serves.
    progress : callable
        `gr.Progress`.
    asked : threading.Event, optional
        Set when the visitor wants no more: the photograph in hand is given up.
    model
        A reference whose colours all of them take, as sent, if there is one.
    mend
        Whether they are repaired first, as sent.

    Yields
    ------
    list
        Gallery, report and zip: after every file, and the zip with the last or when it is stopped.
        Closing the iterator before that removes all that it has made.
    """
    stop = asked or threading.Event()
    with telling("No colours yet"):
        chosen = choice("format", format, ENDINGS)
        if not isinstance(payload, list) or not payload:
            raise ImageError("There are no photographs yet; upload some.")
        if len(payload) > MAX_FILES:
            raise ImageError(
                f"These are {len(payload)} files and the limit is {MAX_FILES}; upload fewer."
            )
        total = len(payload)
        given = (uploaded_reference(model),) if model else ()
        how = Options(chosen, JPEG_QUALITY, references=given, repair=mend is True)
        made = _Made(new_folder(cache), colorizer, how)
        whole = False
        try:
            for index, sent in enumerate(payload):

                def report(share: float, what: str, index: int = index) -> None:
                    if stop.is_set():
                        raise Stopped
                    where = f"{index + 1} of {total}, {_name(payload[index])}"
                    progress((index + share) / total, desc=f"{where}: {what.lower()}")

                try:
                    made.add(sent, report)
                except Stopped:
                    break
                if index + 1 < total:
                    now = said(len(made.shown), made.failed, total, made.noted)
                    yield [list(made.shown), now, gr.skip()]
            stopped = len(made.shown) + len(made.failed) < total
            ready = made.close()
            whole = True
        finally:
            if not whole:  # the page was closed, most likely
                made.remove()
        last = said(len(made.shown), made.failed, total, made.noted, stopped)
        yield [list(made.shown), last, ready]


class _Made:
    """The zip that grows, and what the page shows of it."""

    def __init__(self, folder: Path, colorizer: Predictor, how: Options) -> None:
        self.shown: list[tuple[str, str]] = []
        self.failed: list[Failed] = []
        self.noted: list[Noted] = []
        self._folder, self._colorizer, self._how = folder, colorizer, how
        self._archive = folder / "colorized.zip"
        self._zip = zipfile.ZipFile(self._archive, "w", zipfile.ZIP_STORED)  # they are compressed
        self._names: set[str] = set()
        self._megapixels = 0.0

    def add(self, sent: Any, report: Callable[[float, str], None]) -> None:
        """Colour one upload, or note why not; `Stopped` goes through."""
        try:
            self._add(sent, report)
        except Stopped:
            raise
        except ImageError as error:
            self.failed.append(Failed(_name(sent), str(error)))
        except Exception:
            log.exception("a photograph of many failed")
            self.failed.append(Failed(_name(sent), "Something went wrong on the server."))

    def close(self) -> gr.DownloadButton:
        """End the zip with a list of the files that failed; the button that hands it out."""
        if self.failed:
            lines = [f"{item.name}: {item.why}" for item in self.failed]
            self._zip.writestr("not-colorized.txt", "\n".join(lines) + "\n")
        self._zip.close()
        size_mb = self._archive.stat().st_size / 1e6
        return gr.DownloadButton(
            f"Download {len(self.shown)} as zip, {size_mb:.1f} MB",
            value=str(self._archive),
            visible=bool(self.shown),
        )

    def remove(self) -> None:
        """Take everything away again."""
        self._zip.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _add(self, sent: Any, report: Callable[[float, str], None]) -> None:
        report(0.0, "Reading the picture")
        path, original = uploaded(sent)
        with opened(path) as photo:
            size = photo.size[0] * photo.size[1] / 1e6
            if self._megapixels + size > MAX_MEGAPIXELS:
                raise ImageError(
                    f"With it the photographs would have more than {MAX_MEGAPIXELS} megapixels "
                    "together, which is the limit; bring it another time."
                )
            self._megapixels += size
            stem = output_name(original, self._colorizer.name, "")
            name = _unused(stem, ENDINGS[self._how.format], self._names)
            file = self._folder / name
            made = colorize_opened(photo, file, self._colorizer, self._how, report)
            thumb = Image.fromarray(preview(made.rgb))
        self._zip.write(file, name)
        file.unlink()
        thumb.thumbnail((THUMB_SIDE, THUMB_SIDE))
        tile = self._folder / f"{len(self.shown)}.png"
        thumb.save(tile, "PNG", compress_level=1)
        self.shown.append((str(tile), _name(sent)))
        self.noted += [Noted(_name(sent), notice) for notice in made.notices]


def said(
    done: int,
    failed: list[Failed],
    total: int,
    noted: Sequence[Noted] = (),
    stopped: bool = False,
) -> str:
    """How far it is, which files have no colours and why, and what to know of others; Markdown.

    Examples
    --------
    >>> print(said(2, [Failed("letter.doc", "It is no picture.")], 3))
    2 of 3 photographs coloured.
    <BLANKLINE>
    Not coloured:
    <BLANKLINE>
    - letter.doc: It is no picture.
    >>> print(said(1, [], 1))
    1 of 1 photograph coloured.
    >>> print(said(2, [], 3, stopped=True))
    Stopped: 2 of 3 photographs coloured, and in the zip file.
    """
    photographs = "photograph" if total == 1 else "photographs"
    lines = [f"{done} of {total} {photographs} coloured."]
    if stopped and done:
        lines = [f"Stopped: {done} of {total} {photographs} coloured, and in the zip file."]
    elif stopped:
        lines = ["Stopped before the first photograph was done."]
    if failed:
        lines += ["", "Not coloured:", ""]
        lines += [f"- {item.name}: {item.why}" for item in failed]
    if noted:
        lines += ["", "Please note:", "", *(f"- {item.name}: {item.what}" for item in noted)]
    return "\n".join(lines)


def _name(sent: Any) -> str:
    """What the visitor calls a file, made harmless for a page in Markdown."""
    name = sent.get("orig_name") if isinstance(sent, dict) else None
    if not isinstance(name, str) or not name:
        return "a file without a name"
    return "".join(c if c.isalnum() or c in " .-_()" else "-" for c in name.split("/")[-1])[:80]


def _unused(stem: str, ending: str, names: set[str]) -> str:
    """The file's name in the zip, numbered where another one has it."""
    name, number = f"{stem}.{ending}", 1
    while name.casefold() in names:
        number += 1
        name = f"{stem}-{number}.{ending}"
    names.add(name.casefold())
    return name
