"""What happens in the Colorize tab when somebody brings a photograph, clicks, or moves a slider.

`connect` lets the components of :mod:`colorizers.page.panels` ask :mod:`colorizers.page.editing`,
:mod:`colorizers.page.placing` and :mod:`colorizers.page.taking`. The events have
``preprocess=False`` so that the uploaded file itself gets there; Gradio still checks that a path is
one of its own uploads. All are private: programs have an interface of their own.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.helpers import Examples

from colorizers.page import brushing, mending, panels, texts
from colorizers.page import hinting as hints_tab
from colorizers.page.checking import (
    IN_ORDER,
    LOOKING,
    NETWORK,
    QUICK,
    SILENT,
    Verdict,
    check_upload,
    settle,
)
from colorizers.page.editing import Editor
from colorizers.painting.hints import REACH_DEFAULT

UNCHECKED = False
"""In place of a verdict, for a photograph that nobody has looked at."""


def connect(
    editor: Editor,
    upload: tuple[gr.Image, Examples, gr.Markdown, gr.Image],
    work: gr.Row,
    views: gr.Tabs,
    comparing: gr.Tab,
    picture: tuple[gr.ImageSlider, gr.Radio, gr.Markdown, gr.Button, gr.Checkbox],
    hinting: hints_tab.Hinting,
    methods: tuple[gr.Gallery, gr.Slider],
    strip: tuple[gr.Gallery, gr.Button],
    versions: tuple[gr.Gallery, gr.Slider, gr.Slider],
    home: panels.Home,
    mend: mending.Panel,
) -> None:
    """Let every component of one photograph answer; `work` is hidden until there is one."""
    key = gr.State(None, time_to_live=3600, delete_callback=editor.desk.drop)
    verdict, unchecked = gr.State(None, time_to_live=3600), gr.State(UNCHECKED)
    photo, shown, note, reference = upload
    slider, uncovered, seen, this, sure = picture
    kept, take_kept = strip
    gallery, temperature = methods
    tiles, saturation, warmth = versions
    (
        format_, quality, metadata, mark, keep, full, save, ready, undo, redo, again, recipe, use,
    ) = home  # fmt: skip
    touch = hinting.touch
    sliders = [saturation, warmth, hinting.reach]
    drawn = [slider, touch, hinting.note, ready, hinting.undo, hinting.likely, seen]
    drawn += [undo, redo, this, kept]

    def colour(
        photo: Any,
        old: Any,
        verdict: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  how Gradio hands it in
    ) -> list[Any]:
        # It may have been removed or replaced before its turn came.
        checked = isinstance(verdict, Verdict) and verdict.accepted and verdict.of(photo)
        if not photo or not (checked or verdict is UNCHECKED):
            return [gr.skip()] * len(coloured)
        fresh = editor.colorize(photo, old, progress, verdict or None)
        own = editor.desk.get(fresh[0]).own is not None
        return [
            *fresh,
            gr.Row(visible=True),
            *(gr.Slider(value=value) for value in (1.0, 0.0, REACH_DEFAULT)),
            None,
            None,
            gr.Checkbox(value=False, visible=own),
            None,
            False,
            *mending.fresh(),
        ]

    def forget(key: Any) -> list[Any]:
        editor.desk.drop(key)
        return [None, texts.WAITING, gr.Row(visible=False)]

    def tidy(photo: Any, key: Any) -> list[Any]:
        return forget(key) if key and not editor.desk.holds(key, photo) else [gr.skip()] * 3

    coloured = [key, note, full, *drawn, work, *sliders, tiles, gallery, keep, reference, sure]
    coloured += [mend.note, mend.apply, mend.marks]
    everything = [*sliders, keep, *drawn, reference, mend.apply]
    marking: dict[str, Any] = SILENT | {
        "fn": editor.marks,
        "inputs": key,
        "outputs": [tiles, gallery, kept, hinting.instead],
        "trigger_mode": "multiple",
    }
    # A second photograph waits for the first; it is not dropped.
    waiting: dict[str, Any] = {"trigger_mode": "multiple"}
    here: dict[str, Any] = NETWORK | waiting | {"show_progress_on": note}
    colouring: dict[str, Any] = here | {"outputs": coloured}
    forgotten = [key, note, work]

    started = [
        photo.upload(forget, key, forgotten, **SILENT, **waiting)
        .then(check_upload, photo, verdict, **here | LOOKING)
        .then(settle, [photo, verdict], [photo, note], **QUICK, **waiting)
        .then(colour, [photo, key, verdict], **colouring),
        shown.load_input_event.then(colour, [photo, key, unchecked], **colouring),
        again.click(colour, [photo, key, unchecked], **colouring),
    ]
    for event in started:
        event.success(None, slider, None, js=texts.LOOK_DOWN, **SILENT)
        event.success(None, None, [uncovered, slider], js=texts.UNCOVER_HALF, **SILENT)
        if editor.versions:
            event.success(
                lambda key: editor.show_versions(key) if key else gr.skip(), key, tiles, **NETWORK
            ).success(**marking)
        # Nothing is cancelled: Gradio may call that an error. What came too late is put away.
        event.success(tidy, [photo, key], forgotten, **QUICK, **waiting)
    photo.clear(forget, key, forgotten, **SILENT)
    # Each click waits for the one before; "always_last" would take the first one's place again.
    tiles.select(editor.choose_version, [key, *sliders], drawn, **QUICK, **waiting).success(
        **marking
    )
    for moved in sliders:
        # Not `change`: what the page sets by itself is drawn already, and no step of the visitor's.
        gr.on(
            [moved.input, moved.release],
            editor.redraw,
            [key, *sliders],
            drawn,
            **QUICK,
            trigger_mode="always_last",
        )
    for button, go in ((undo, editor.take_back), (redo, editor.make_again)):
        # One at a time: answers in another order would leave the page in another state.
        button.click(go, key, everything, **IN_ORDER, **waiting).success(**marking)
    this.click(editor.keep_this, key, [this, kept], **IN_ORDER, **waiting).success(**marking)
    kept.select(editor.back_to, key, everything, **IN_ORDER, **waiting).success(**marking)
    use.upload(editor.use_recipe, [use, key], everything, **IN_ORDER, **waiting).success(**marking)
    recipe.click(editor.home.take_recipe, [key, *sliders], ready, **QUICK, **waiting).success(
        None, ready, None, js=texts.FETCH, **SILENT
    )
    take_kept.click(
        editor.home.take_kept,
        [key, format_, quality, metadata, mark],
        ready,
        **NETWORK,
        show_progress_on=full,
    ).success(None, ready, None, js=texts.FETCH, **SILENT)
    reference.upload(
        editor.take_reference,
        [reference, key, *sliders],
        [reference, *drawn],
        **LOOKING | waiting | {"show_progress_on": reference},
    )
    sure.input(editor.show_doubt, [key, sure, *sliders], drawn, **NETWORK | waiting)
    mended = mending.connect(mend, editor.mending, key, sliders, drawn)
    if editor.versions:
        mended.success(editor.show_versions, key, tiles, **NETWORK).success(**marking)
    reference.clear(editor.drop_reference, [key, *sliders], drawn, **QUICK, **waiting)
    keep.input(editor.keep_colours, [key, keep, *sliders], drawn, **QUICK, **waiting)
    touch.select(
        editor.hints.place_hint, [key, hinting.colour, *sliders], drawn, **QUICK, **waiting
    )
    brush = [hinting.does, hinting.width, hinting.instead]
    hinting.stroke.blur(
        editor.brush.draw,
        [key, hinting.stroke, *brush, hinting.colour, *sliders],
        drawn,
        **QUICK,
        **waiting,
    ).then(None, js=brushing.ANSWERED, **SILENT)
    hinting.instead.input(
        editor.brush.show, [key, hinting.instead, *sliders], drawn, **QUICK, **waiting
    )
    hinting.clear_mask.click(editor.brush.clear, [key, *sliders], drawn, **QUICK, **waiting)
    where = [hinting.across, hinting.down]
    hinting.put.click(
        editor.hints.place_at, [key, *where, hinting.colour, *sliders], drawn, **QUICK, **waiting
    )
    hinting.colour.change(
        editor.hints.recolour,
        [key, hinting.colour, *sliders],
        drawn,
        **QUICK,
        trigger_mode="always_last",
    )
    hinting.likely.input(
        editor.hints.take_likely, [key, hinting.likely, *sliders], drawn, **QUICK, **waiting
    )
    hints_tab.connect(hinting, editor.hints, key)
    hinting.undo.click(editor.hints.undo, [key, *sliders], drawn, **QUICK, **waiting)
    hinting.clear.click(editor.hints.clear, [key, *sliders], drawn, **QUICK)
    comparison: dict[str, Any] = {"inputs": [key, temperature], "outputs": gallery, **NETWORK}
    for asked in (comparing.select, temperature.release):
        asked(editor.compare, **comparison, trigger_mode="always_last").success(**marking)
    gallery.select(editor.choose_method, [key, *sliders], drawn, **QUICK, **waiting).success(
        lambda: gr.Tabs(selected="before"), None, views, **SILENT
    ).success(**marking)
    uncovered.input(None, uncovered, slider, js=texts.UNCOVER, **SILENT)
    format_.change(
        lambda chosen: gr.Slider(visible=chosen in ("JPEG", "WEBP")), format_, quality, **SILENT
    )
    taken = [key, format_, quality, metadata, *sliders, mark]
    save.click(editor.home.take_home, taken, ready, **NETWORK, show_progress_on=full).success(
        None, ready, None, js=texts.FETCH, **SILENT
    )
