"""The Repair sub-tab: scratches and dust are shown first, and taken away only on request.

`build` draws it, `connect` lets it answer, :class:`Mending` is the answers. What is found and done
is in :mod:`colorizers.painting.repair`; the file to take home is repaired anew by its recipe.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
import numpy as np

from colorizers.errors import ImageError
from colorizers.page import texts
from colorizers.page.checking import (
    LOOKING,
    NETWORK,
    grey_u8,
    look_at,
    preview,
    telling,
    uploaded,
    write_preview,
)
from colorizers.page.desk import Desk, Mended, Work, checked_sliders
from colorizers.page.drawing import Drawing
from colorizers.page.turns import opened
from colorizers.painting import repair


class Panel(NamedTuple):
    """The components of the sub-tab; `marks` shows what would be changed."""

    note: gr.Markdown
    find: gr.Button
    apply: gr.Checkbox
    marks: gr.Image


def build() -> Panel:
    """Draw the sub-tab in the current Gradio context."""
    note = gr.Markdown(texts.REPAIR_FIRST, elem_id="repair-note")
    with gr.Row(elem_id="repair-line"):
        find = gr.Button(texts.REPAIR_FIND, size="md", min_width=0, elem_id="repair-find")
        apply = gr.Checkbox(
            False, label=texts.REPAIR, visible=False, container=False, elem_id="repair"
        )
    marks = gr.Image(
        label=texts.REPAIR_MARKS,
        show_label=False,
        format="png",
        interactive=False,
        buttons=["fullscreen"],
        visible=False,
        elem_id="repair-marks",
    )
    return Panel(note, find, apply, marks)


def fresh() -> list[Any]:
    """Initial state of the sub-tab, before a search for scratches: note, switch, marks."""
    return [
        texts.REPAIR_FIRST,
        gr.Checkbox(value=False, visible=False),
        gr.Image(value=None, visible=False),
    ]


def switch(work: Work) -> gr.Checkbox:
    """The switch in its current state; hidden until a repair has been computed."""
    return gr.Checkbox(value=work.repair, visible=work.mended is not None)


class Mending:
    """Answers the events of the sub-tab.

    Parameters
    ----------
    desk : Desk
    drawing : Drawing
    """

    def __init__(self, desk: Desk, drawing: Drawing) -> None:
        self._desk = desk
        self._drawing = drawing

    def find(self, key: Any) -> list[Any]:
        """Show what there is to repair; nothing is changed.

        Returns
        -------
        list
            What was found, the switch, and the photograph with its marks.
        """
        with telling(texts.NO_MARKS):
            work = self._desk.get(key)
            mended = looked(work)
            return [
                f"{mended.said} {texts.REPAIR_LOOK}",
                switch(work),
                gr.Image(value=str(mended.marks), visible=True),
            ]

    def apply(self, key: Any, on: Any, *sliders: Any) -> list[Any]:
        """Repair the photograph before it is coloured, or leave it as it was; as `redraw`."""
        with telling(texts.NO_CHANGE):
            work, checked = self._desk.get(key), checked_sliders(sliders)
            if on is True:
                looked(work)
            with work.lock:
                work.use(repaired=on is True)
                return self._drawing.drawn(work, checked)


def looked(work: Work) -> Mended:
    """What a photograph is after its repair; looked for once.

    Raises
    ------
    ImageError
        If its file cannot be read any more.
    """
    if work.mended is not None:
        return work.mended
    path, _ = uploaded({"path": str(work.path)})
    with opened(path) as photo:
        if photo.size != work.size:
            raise ImageError("The photograph is not the one that was coloured; upload it again.")
        found = repair.look(photo)
        small = look_at(path, repair.mended(photo, found)).small
        assert small is not None
    with work.lock:
        plain = preview(grey_u8(work.plain.astype(np.float32)))
        marks = work.folder / f"marks-{secrets.token_hex(4)}.png"
        write_preview(marks, repair.overlaid(plain, found.mask))
        work.mended = Mended(small.L, small.own, found.inside, repair.told(found), Path(marks))
        return work.mended


def connect(
    panel: Panel, mending: Mending, key: gr.State, sliders: list[Any], drawn: list[Any]
) -> Any:
    """Let the components answer; the event after which the picture is another one."""
    panel.find.click(
        mending.find,
        key,
        [panel.note, panel.apply, panel.marks],
        **LOOKING | {"show_progress_on": panel.note},
    )
    return panel.apply.input(
        mending.apply,
        [key, panel.apply, *sliders],
        drawn,
        **NETWORK | {"trigger_mode": "multiple", "show_progress_on": panel.note},
    )
