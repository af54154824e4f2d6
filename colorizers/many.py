"""Many photographs at once: each is coloured and saved, one by one, and all go into a zip.

`build` draws the sub-tab, `colorize_many` does the work. A file that cannot be used is named with
its reason and the others go on.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from PIL import Image

from colorizers.editing import COMMENT
from colorizers.handlers import (
    ENDINGS,
    NETWORK,
    SILENT,
    choice,
    log,
    new_folder,
    preview,
    telling,
    uploaded,
)
from colorizers.image import ImageError, open_photo, output_name, save
from colorizers.predict import colorize_photo

if TYPE_CHECKING:
    from colorizers.base import Colorizer

MAX_FILES = 40
MAX_MEGAPIXELS = 400
"""Of all photographs together; about two minutes of one core, and 200 MB of JPEG."""
THUMB_SIDE = 320
JPEG_QUALITY = 92


class Failed(NamedTuple):
    """A file without colours."""

    name: str
    why: str


class Noted(NamedTuple):
    """A file with colours, and a sentence about what it lost or what was guessed."""

    name: str
    what: str


def build(colorizer: Colorizer) -> None:
    """Draw the sub-tab for many photographs in the current Gradio context."""
    gr.Markdown(
        f"Up to {MAX_FILES} photographs, {MAX_MEGAPIXELS} megapixels together. Each is coloured by "
        f"“{colorizer.title}” at its own size; all come back in one zip."
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=260):
            files = gr.File(
                label="Your photographs", file_count="multiple", height=220, elem_id="many-files"
            )
            format_ = gr.Dropdown(
                list(ENDINGS), value="JPEG", label="Format", elem_id="many-format"
            )
            start = gr.Button("Colorize all", variant="primary", elem_id="many-start")
            stop = gr.Button("Stop", size="sm", elem_id="many-stop")
        with gr.Column(scale=3, min_width=320):
            report = gr.Markdown("The photographs will appear here.", elem_id="many-report")
            bundle = gr.DownloadButton("Download zip", visible=False, elem_id="many-zip")
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

    def run(
        files: Any,
        format: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[list[Any]]:
        yield [None, "", gr.DownloadButton(visible=False)]
        yield from colorize_many(files, format, colorizer, Path(gallery.GRADIO_CACHE), progress)

    # A place of its own in the queue: who brings forty photographs makes nobody wait with one.
    running = start.click(
        run,
        [files, format_],
        [gallery, report, bundle],
        **NETWORK | {"concurrency_id": "many"},
        show_progress_on=report,
    )
    stop.click(None, cancels=running, **SILENT)


def colorize_many(
    payload: Any,
    format: Any,
    colorizer: Colorizer,
    cache: Path,
    progress: Callable[..., Any],
) -> Iterator[list[Any]]:
    """Colour every uploaded file by one method.

    Parameters
    ----------
    payload, format
        What `gr.File` and the choice of a format sent, unchecked.
    colorizer : Colorizer
    cache : Path
        Gradio's folder for files that it serves.
    progress : callable
        `gr.Progress`.

    Yields
    ------
    list
        Gallery, report and zip: after every file, and the zip with the last.
    """
    with telling("No colours yet"):
        chosen = choice("format", format, ENDINGS)
        if not isinstance(payload, list) or not payload:
            raise ImageError("There are no photographs yet; upload some.")
        if len(payload) > MAX_FILES:
            raise ImageError(
                f"These are {len(payload)} files and the limit is {MAX_FILES}; upload fewer."
            )
        folder = new_folder(cache)
        shown: list[tuple[str, str]] = []
        failed: list[Failed] = []
        noted: list[Noted] = []
        names: set[str] = set()
        megapixels = 0.0
        archive = folder / "colorized.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as bundle:  # pictures are compressed
            for index, sent in enumerate(payload):
                name = _name(sent)

                def report(share: float, what: str, index: int = index, name: str = name) -> None:
                    done = (index + share) / len(payload)
                    progress(done, desc=f"{index + 1} of {len(payload)}, {name}: {what.lower()}")

                try:
                    report(0.0, "Reading the picture")
                    path, original = uploaded(sent)
                    photo = open_photo(path)
                    size = photo.size[0] * photo.size[1] / 1e6
                    if megapixels + size > MAX_MEGAPIXELS:
                        raise ImageError(
                            f"With it the photographs would have more than {MAX_MEGAPIXELS} "
                            "megapixels together, which is the limit; bring it another time."
                        )
                    megapixels += size
                    rgb = colorize_photo(colorizer, photo, progress=report)
                    made = _unused(
                        output_name(original, colorizer.name, ""), ENDINGS[chosen], names
                    )
                    unsaid = save(
                        folder / made,
                        rgb,
                        photo,
                        format=chosen,
                        quality=JPEG_QUALITY,
                        comment=f"{COMMENT} ({colorizer.title}).",
                    )
                    bundle.write(folder / made, made)
                    (folder / made).unlink()
                    thumb = Image.fromarray(preview(rgb))
                    thumb.thumbnail((THUMB_SIDE, THUMB_SIDE))
                    tile = folder / f"{len(shown)}.png"
                    thumb.save(tile, "PNG", compress_level=1)
                    shown.append((str(tile), name))
                    noted += [Noted(name, notice) for notice in (*photo.notices, *unsaid)]
                except ImageError as error:
                    failed.append(Failed(name, str(error)))
                except Exception:
                    log.exception("a photograph of many failed")
                    failed.append(Failed(name, "Something failed on the server."))
                if index + 1 < len(payload):
                    yield [list(shown), said(len(shown), failed, len(payload), noted), gr.skip()]
            if failed:
                lines = [f"{item.name}: {item.why}" for item in failed]
                bundle.writestr("not-colorized.txt", "\n".join(lines) + "\n")
        size_mb = archive.stat().st_size / 1e6
        ready = gr.DownloadButton(
            f"Download {len(shown)} as zip, {size_mb:.1f} MB",
            value=str(archive),
            visible=bool(shown),
        )
        yield [list(shown), said(len(shown), failed, len(payload), noted), ready]


def said(done: int, failed: list[Failed], total: int, noted: Sequence[Noted] = ()) -> str:
    """How far it is, which files have no colours and why, and what to know of others; Markdown.

    Examples
    --------
    >>> print(said(2, [Failed("letter.doc", "It is no picture.")], 3))
    2 of 3 photographs have colours.
    <BLANKLINE>
    Without colours:
    <BLANKLINE>
    - letter.doc: It is no picture.
    """
    lines = [f"{done} of {total} photographs have colours."]
    if failed:
        lines += ["", "Without colours:", ""]
        lines += [f"- {item.name}: {item.why}" for item in failed]
    if noted:
        lines += ["", "To know:", "", *(f"- {item.name}: {item.what}" for item in noted)]
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
    while name in names:
        number += 1
        name = f"{stem}-{number}.{ending}"
    names.add(name)
    return name
