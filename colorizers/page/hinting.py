"""The Hints sub-tab: a colour by eye, name, digits or photograph; its place by click or percent.

`build` draws it, `connect` keeps palette, picker and written box at one colour. What a hint does is
in :mod:`colorizers.page.placing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder
from PIL import Image

from colorizers.errors import ImageError
from colorizers.files.picture import to_8_bits
from colorizers.page import brushing, texts
from colorizers.page.checking import (
    LOOKING,
    SILENT,
    new_folder,
    place,
    telling,
    uploaded,
    write_preview,
)
from colorizers.page.palette import PALETTE
from colorizers.page.placing import PERCENT, Placing
from colorizers.page.turns import opened
from colorizers.painting import masks
from colorizers.painting.hints import REACH, REACH_DEFAULT

FIRST_COLOUR = PALETTE["Brick"]
MODEL_SIDE = 640
"""Longest side of a photograph from which colours are taken, as it is shown."""
AROUND = 0.005
"""Half of the square whose mean is taken, in longest sides: cloth has threads, film has grain."""


class Hinting(NamedTuple):
    """The components of the sub-tab; `colour` is what a hint gets, and all others follow it."""

    note: gr.Markdown
    likely: gr.Radio
    named: gr.Radio
    colour: gr.ColorPicker
    written: gr.Textbox
    reach: gr.Slider
    does: gr.Radio
    instead: gr.Dropdown
    width: gr.Radio
    clear_mask: gr.Button
    stroke: gr.Textbox
    touch: gr.Image
    undo: gr.Button
    clear: gr.Button
    across: gr.Number
    down: gr.Number
    put: gr.Button
    model: gr.Image


def build(versions: Sequence[str] = ()) -> Hinting:
    """Draw the sub-tab, for a method of these versions, in the current Gradio context."""
    note = gr.Markdown(texts.NO_HINTS, elem_id="hints-note")
    with gr.Row(elem_id="hint-line"):
        likely, named = (
            gr.Radio(
                list(colours.items()),
                value=colours.get("Brick"),
                label=label,
                show_label=False,
                container=False,
                visible=bool(colours),
                min_width=0,
                elem_id=name,
            )
            for label, name, colours in (
                ("Likely at this place", "hint-likely", {}),
                ("Colour of the next place", "hint-palette", PALETTE),
            )
        )
    with gr.Row(elem_id="brush-line"):
        does = gr.Radio(
            list(brushing.DOES),
            value=brushing.COLOUR,
            label="What the brush does",
            show_label=False,
            container=False,
            min_width=0,
            elem_id="brush-does",
        )
        width = gr.Radio(
            list(brushing.WIDTHS),
            value=brushing.WIDTH,
            label="Width of the brush",
            show_label=False,
            container=False,
            min_width=0,
            elem_id="brush-width",
        )
        instead = gr.Dropdown(
            brushing.offered(versions),
            value=masks.GREY,
            label="What is seen instead",
            show_label=False,
            container=False,
            visible=False,
            min_width=140,
            elem_id="brush-instead",
        )
        clear_mask = gr.Button(
            "Put all back", size="sm", visible=False, min_width=0, elem_id="clear-mask"
        )
        stroke = gr.Textbox(visible="hidden", elem_id="stroke")
    touch = gr.Image(
        label="Click where a colour belongs",
        show_label=False,
        format="png",
        interactive=False,
        buttons=[],
        elem_id="touch",
    )
    with gr.Row():
        undo = gr.Button("Undo last hint", size="md", elem_id="undo-hint")
        clear = gr.Button("Clear all hints", size="md", elem_id="clear-hints")
    with gr.Row(equal_height=True):
        colour = gr.ColorPicker(
            FIRST_COLOUR, label="Any other colour", min_width=110, elem_id="hint-colour"
        )
        written = gr.Textbox(
            FIRST_COLOUR,
            label="Or type one: #c08040, navy",
            max_lines=1,
            min_width=150,
            elem_id="hint-written",
        )
        reach = gr.Slider(
            *REACH,
            value=REACH_DEFAULT,
            step=0.05,
            label="Reach",
            info="How far a colour spreads.",
            buttons=[],
            min_width=240,
            elem_id="reach",
        )
    with gr.Accordion("Take a colour from another photograph", open=False, elem_id="take-colour"):
        gr.Markdown(texts.MODEL)
        model = gr.Image(
            label="Photograph to take a colour from",
            show_label=False,
            sources=["upload"],
            type="filepath",
            image_mode=None,
            format="png",
            height=220,
            buttons=[],
            elem_id="model",
        )
    with gr.Accordion("Place a hint without a mouse", open=False), gr.Row(equal_height=True):
        across, down = (
            gr.Number(
                50,
                label=label,
                minimum=PERCENT[0],
                maximum=PERCENT[1],
                min_width=120,
                elem_id=name,
            )
            for label, name in (
                ("From the left, %", "hint-across"),
                ("From the top, %", "hint-down"),
            )
        )
        put = gr.Button("Place the hint", min_width=150, elem_id="place-hint")
    return Hinting(
        note, likely, named, colour, written, reach, does, instead, width, clear_mask, stroke,
        touch, undo, clear, across, down, put, model,
    )  # fmt: skip


def connect(tab: Hinting, placing: Placing, key: Any) -> None:
    """Let palette, box and photograph set the colour; show what it is, however it was set."""
    tab.does.change(
        lambda does: [gr.update(visible=does != brushing.COLOUR)] * 2,
        tab.does,
        [tab.instead, tab.clear_mask],
        **SILENT,
    )
    tab.model.upload(show_model, tab.model, [tab.model, tab.note], **LOOKING)
    tab.model.select(take_colour, tab.model, tab.colour, **LOOKING | SILENT)
    tab.colour.change(
        None, tab.colour, [tab.named, tab.written], js=texts.same_colour(PALETTE), **SILENT
    )
    tab.named.input(None, tab.named, tab.colour, js="(named) => named", **SILENT)
    for done in (tab.written.submit, tab.written.blur):
        done(
            placing.read_colour,
            [key, tab.written],
            [tab.colour, tab.note],
            trigger_mode="always_last",  # or what is written quickly after a mistake is not read
            **SILENT,
        )


def show_model(payload: Any) -> list[Any]:
    """Make a photograph small, to take colours from; any kind that is read here, browsers or not.

    Returns
    -------
    list
        The picture, or None, and a sentence for the hints' note where it cannot be used.
    """
    if not payload:
        return [gr.skip(), gr.skip()]
    try:
        path, _ = uploaded(payload)
        with opened(path) as photo:
            rgb_u8 = to_8_bits(photo.rgb)
    except ImageError as error:
        return [None, f"⚠️ {error}"]
    image = Image.fromarray(rgb_u8)
    image.thumbnail((MODEL_SIDE, MODEL_SIDE))
    shown = new_folder(Path(get_upload_folder())) / "photograph.png"
    return [write_preview(shown, np.asarray(image)), gr.skip()]


def take_colour(event: gr.EventData, payload: Any) -> str:
    """The colour at the clicked place of a photograph, as "#" and six digits."""
    with telling("No colour was taken"):
        path, _ = uploaded(payload)
        with opened(path) as photo:
            rgb_u8 = to_8_bits(photo.rgb)
        height, width = rgb_u8.shape[:2]
        x, y = place(event, (width, height))
        reach = max(1, round(AROUND * max(width, height)))
        rows = slice(max(0, int(y * height) - reach), int(y * height) + reach + 1)
        columns = slice(max(0, int(x * width) - reach), int(x * width) + reach + 1)
        mean = rgb_u8[rows, columns].reshape(-1, 3).mean(axis=0)
        return "#" + np.rint(mean).astype(np.uint8).tobytes().hex()
