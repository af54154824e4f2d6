"""The panels of one photograph in the Colorize tab: each function draws one, gives its components.

:mod:`colorizers.page.ui` lays them out, :mod:`colorizers.page.events` lets them answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.helpers import Examples
from gradio.processing_utils import save_pil_to_cache
from PIL import Image

from colorizers.page import kept, texts, zoom
from colorizers.page.checking import ENDINGS, LAYER, QUALITY
from colorizers.page.editing import TEMPERATURES
from colorizers.painting.adjust import SATURATION, WARMTH
from colorizers.painting.predictor import Predictor

EXAMPLE_SIDE = 160
"""Longest side of an example in the page, in pixels; it has 62 there, of which a screen may have
more."""
_GALLERY: dict[str, Any] = {
    "show_label": False,
    "height": "auto",
    "allow_preview": False,
    "interactive": False,
    "buttons": [],
    "format": "png",
}


def small(photo: gr.Image, example: str) -> Any:
    """A small JPEG of an example for the page, so that it loads fast; `example` is a path."""
    with Image.open(example) as stored:
        shown = stored.convert("RGB")
    shown.thumbnail((EXAMPLE_SIDE, EXAMPLE_SIDE), Image.Resampling.LANCZOS)
    file = save_pil_to_cache(shown, photo.GRADIO_CACHE, Path(example).stem, format="jpeg")
    return photo.postprocess(file)


def reference(elem_id: str, height: int) -> gr.Image:
    """A slot for a photograph whose colours are taken."""
    return gr.Image(
        label=texts.REFERENCE,
        show_label=False,
        sources=["upload"],
        type="filepath",
        image_mode=None,
        format="png",
        height=height,
        buttons=[],
        placeholder=texts.REFERENCE,
        elem_id=elem_id,
    )


def upload(examples: list[str]) -> tuple[gr.Image, Examples, gr.Markdown, gr.Image]:
    """Where a photograph comes in, examples, what is said of it, and a reference beside it."""
    with gr.Row(equal_height=False, elem_id="bring"):
        with gr.Column(scale=1, min_width=260):
            photo = gr.Image(
                label="Your photograph",
                sources=["upload", "clipboard"],
                type="filepath",
                image_mode=None,
                format="png",
                height=170,
                buttons=[],
                placeholder="Choose a photograph\nor drop it here",
                elem_id="photo",
            )
        # A class of its own would have Gradio write a file of types beside this one.
        photo.process_example = partial(small, photo)  # type: ignore[method-assign]
        with gr.Column(scale=3, min_width=320):
            gr.Markdown(texts.INTRO, elem_id="intro")
            shown = gr.Examples(
                examples,
                inputs=photo,
                label="Or try one of these",
                examples_per_page=len(examples) or 1,
                elem_id="examples",
            )
            note = gr.Markdown(texts.WAITING, elem_id="photo-note")
        with gr.Column(scale=1, min_width=0, elem_id="beside"):
            model = reference("reference", 58)
    return photo, shown, note, model


def picture(doubt: bool) -> tuple[gr.ImageSlider, gr.Radio, gr.Markdown, gr.Button, gr.Checkbox]:
    """Before and after with a handle between them, where that stands, what it is, to keep it.

    And how sure it is, if that can be told.
    """
    with gr.Row(elem_id="seen"):
        seen = gr.Markdown("", elem_id="seen-as")
        uncovered = gr.Radio(
            list(texts.UNCOVERED),
            value=next(iter(texts.UNCOVERED)),
            label="Uncovered",
            show_label=False,
            container=False,
            elem_id="uncovered",
        )
        this = gr.Button(kept.KEEP_THIS, size="sm", min_width=0, elem_id="keep-this")
    with gr.Column(elem_id="pane"):
        slider = gr.ImageSlider(
            label="Grey and colorized",
            show_label=False,
            format="png",
            interactive=False,
            buttons=["fullscreen"],
            elem_id="result",
        )
        with gr.Row(elem_id="zoom"):
            for name, label in zoom.BUTTONS.items():
                gr.Button(label, elem_id=name)
        sure = gr.Checkbox(
            False, label="How sure is it?", visible=doubt, container=False, elem_id="doubt"
        )
    return slider, uncovered, seen, this, sure


def strip() -> tuple[gr.Gallery, gr.Button]:
    """Results that are kept, side by side, and all their files at once; nothing without any."""
    with gr.Column(elem_id="kept-ones"):
        with gr.Row():
            gr.Markdown(texts.KEPT)
            everything = gr.Button("Download all kept", size="sm", min_width=0, elem_id="take-kept")
        tiles = gr.Gallery(label="Kept", elem_id="kept", **_GALLERY)
    return tiles, everything


def methods(models: Mapping[str, Predictor]) -> tuple[gr.Gallery, gr.Slider]:
    """The same photograph by every method, and the temperature of the one that has one."""
    gr.Markdown("The same photograph coloured by every method; click one to carry on with it.")
    gallery = gr.Gallery(
        label="Methods", columns=len(models), object_fit="contain", elem_id="methods", **_GALLERY
    )
    own = (m.options["temperature"] for m in models.values() if "temperature" in m.options)
    temperature = gr.Slider(
        *TEMPERATURES,
        value=next(own, 1.0),
        step=0.01,
        label="Temperature of the classification",
        info="Low: the likeliest colour. High: a blend of all that are likely.",
        visible="classification" in models,
        buttons=["reset"],
        elem_id="temperature",
    )
    return gallery, temperature


def versions(visible: bool) -> tuple[gr.Gallery, gr.Slider, gr.Slider]:
    """Versions of the colours, if there are any; their saturation and warmth."""
    gr.Markdown(texts.VERSIONS, visible=visible)
    tiles = gr.Gallery(
        label="Versions", columns=3, rows=2, visible=visible, elem_id="versions", **_GALLERY
    )
    saturation, warmth = (
        gr.Slider(
            *limits, value=value, step=0.05, label=name, buttons=["reset"], elem_id=name.lower()
        )
        for name, limits, value in (("Saturation", SATURATION, 1.0), ("Warmth", WARMTH, 0.0))
    )
    return tiles, saturation, warmth


class Home(NamedTuple):
    """What makes the file to take home; `full` tells its size, `ready` has the last one made."""

    format: gr.Dropdown
    quality: gr.Slider
    metadata: gr.Checkbox
    mark: gr.Checkbox
    keep: gr.Checkbox
    full: gr.Markdown
    save: gr.Button
    ready: gr.DownloadButton
    undo: gr.Button
    redo: gr.Button
    again: gr.Button
    recipe: gr.Button
    use: gr.UploadButton


def home() -> Home:
    """Draw what the file is to be, and its buttons."""
    with gr.Row(equal_height=False):
        format = gr.Dropdown(
            [*ENDINGS, LAYER],
            value="PNG",
            label="Format",
            show_label=False,
            container=False,
            scale=0,
            min_width=90,
            elem_id="format",
        )
        with gr.Column(min_width=180, elem_id="said-in-it"):
            metadata = gr.Checkbox(
                True, label="Keep date, camera, place", container=False, elem_id="metadata"
            )
            mark = gr.Checkbox(
                False, label="Mark: colours are a guess", container=False, elem_id="mark"
            )
    quality = gr.Slider(
        *QUALITY, value=92, step=1, label="Quality", visible=False, buttons=[], elem_id="quality"
    )
    keep = gr.Checkbox(False, label="Keep its own colours", visible=False, elem_id="keep")
    full = gr.Markdown("", elem_id="full-size")
    save = gr.Button("Download", variant="primary", size="lg", elem_id="download")
    ready = gr.DownloadButton("Save again", visible=False, size="sm", elem_id="ready")
    with gr.Row(elem_id="back"):
        undo, redo = (
            gr.Button(name, size="sm", interactive=False, min_width=60, elem_id=name.lower())
            for name in ("Undo", "Redo")
        )
        again = gr.Button("Undo all changes", size="sm", min_width=130, elem_id="again")
    with gr.Row(elem_id="recipes"):
        recipe = gr.Button("Save recipe", size="sm", min_width=60, elem_id="save-recipe")
        use = gr.UploadButton(
            "Use a recipe",
            file_types=[".json", "image", ".tif", ".tiff"],
            size="sm",
            min_width=60,
            elem_id="use-recipe",
        )
    return Home(
        format, quality, metadata, mark, keep, full, save, ready, undo, redo, again, recipe, use
    )
