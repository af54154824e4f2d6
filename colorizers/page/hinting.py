"""The Hints sub-tab: a colour by eye, by name or in digits, and its place by click or in percent.

`build` draws it, `connect` keeps palette, picker and written box at one colour. What a hint does is
in :mod:`colorizers.page.editing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from colorizers.page import texts
from colorizers.page.checking import SILENT
from colorizers.page.editing import NO_HINTS, PERCENT
from colorizers.page.palette import PALETTE
from colorizers.painting.hints import REACH, REACH_DEFAULT

if TYPE_CHECKING:
    from colorizers.page.editing import Editor

FIRST_COLOUR = PALETTE["Brick"]


class Hinting(NamedTuple):
    """The components of the sub-tab; `colour` is what a hint gets, and all others follow it."""

    note: gr.Markdown
    likely: gr.Radio
    named: gr.Radio
    colour: gr.ColorPicker
    written: gr.Textbox
    reach: gr.Slider
    touch: gr.Image
    undo: gr.Button
    clear: gr.Button
    across: gr.Number
    down: gr.Number
    put: gr.Button


def build() -> Hinting:
    """Draw the sub-tab in the current Gradio context."""
    note = gr.Markdown(NO_HINTS, elem_id="hints-note")
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
        note, likely, named, colour, written, reach, touch, undo, clear, across, down, put
    )


def connect(tab: Hinting, editor: Editor, key: Any) -> None:
    """Let palette and box set the colour, and show what the colour is, however it was set."""
    tab.colour.change(
        None, tab.colour, [tab.named, tab.written], js=texts.same_colour(PALETTE), **SILENT
    )
    tab.named.input(None, tab.named, tab.colour, js="(named) => named", **SILENT)
    for done in (tab.written.submit, tab.written.blur):
        done(
            editor.read_colour,
            [key, tab.written],
            [tab.colour, tab.note],
            trigger_mode="always_last",  # or what is written quickly after a mistake is not read
            **SILENT,
        )
