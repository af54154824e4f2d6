"""The Colorize tab: a photograph in, its colours to look at, to change and to take home.

`build` draws the tab inside whatever Gradio context it is called in. What happens when somebody
uploads or clicks is in :mod:`colorizers.page.editing` and :mod:`colorizers.page.many`; the events
have ``preprocess=False`` so that the uploaded file itself gets there. Gradio still checks that a
path is one of its own uploads. All events are private: programs have an interface of their own.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

import colorizers
from colorizers.errors import WeightsError
from colorizers.page import hinting as hints_tab
from colorizers.page import many, texts
from colorizers.page.checking import (
    ENDINGS,
    NETWORK,
    QUALITY,
    QUICK,
    SILENT,
    Verdict,
    check_upload,
    settle,
)
from colorizers.page.editing import TEMPERATURES, Editor
from colorizers.page.palette import PALETTE
from colorizers.painting.adjust import SATURATION, WARMTH
from colorizers.painting.hints import REACH_DEFAULT
from colorizers.painting.predictor import Predictor

EXAMPLES = Path(__file__).parents[1] / "examples"


def build(load: Callable[[str], Predictor] | None = None) -> None:
    """Draw the Colorize tab in the current Gradio context.

    Every method whose weights are there is offered; of the others the page says what is missing.

    Parameters
    ----------
    load : callable, optional
        Gives the colorizer of a name; `colorizers.load` by default.
    """
    models, missing = available(load or colorizers.load)
    for sentence in missing:
        gr.Markdown(f"⚠️ {sentence}", elem_classes="missing-weights")
    if not models:
        return
    paths, credits = examples()
    with gr.Tabs(elem_id="how-many"):
        with gr.Tab("One photograph"):
            _one(models, paths)
        with gr.Tab("Many photographs"):
            many.build(next(iter(models.values())))
    with gr.Accordion("About these colours", open=True):
        gr.Markdown(texts.about(tuple(models)))
        gr.Markdown(f"Examples: {'; '.join(dict.fromkeys(credits))}.")
    titles = [example_title(*example) for example in zip(paths, credits, strict=True)]
    gr.on(fn=None, js=texts.names(titles), **SILENT)
    gr.HTML(texts.STYLE + texts.swatches(PALETTE), padding=False)


def available(load: Callable[[str], Predictor]) -> tuple[dict[str, Predictor], list[str]]:
    """The colorizers that can be loaded, by name, and a sentence for each that cannot."""
    models: dict[str, Predictor] = {}
    missing: list[str] = []
    for name in colorizers.names():
        try:
            models[name] = load(name)
        except WeightsError as error:
            missing.append(str(error))
    return models, missing


def examples() -> tuple[list[str], list[str]]:
    """Paths and credits of the example pictures, those that are really there.

    The photographs are the ones inside scikit-image's and matplotlib's packages (nothing is
    fetched), the small ones are CIFAR-10 test pictures; `examples/manifest.json` has the rule.
    """
    manifest = json.loads((EXAMPLES / "manifest.json").read_text("utf-8"))
    folders = {
        "scikit-image": _package("skimage") / "data",
        "matplotlib": _package("matplotlib") / "mpl-data" / "sample_data",
        "here": EXAMPLES,
    }
    found = [
        (str(path), example["credit"])
        for example in manifest["examples"]
        if (path := folders[example["source"]] / example["file"]).is_file()
    ]
    return [path for path, _ in found], [credit for _, credit in found]


def example_title(path: str, credit: str) -> str:
    """What an example is called, for those who do not see it.

    Examples
    --------
    >>> example_title("data/chelsea.png", "Chelsea the cat: Stefan van der Walt, CC0")
    'Chelsea the cat'
    >>> example_title("examples/cifar10-frog.png", "CIFAR-10: Alex Krizhevsky 2009")
    'CIFAR-10, frog'
    """
    title = credit.split(":")[0]
    subject = Path(path).stem.removeprefix("cifar10-")
    return title if subject == Path(path).stem else f"{title}, {subject}"


def version_titles(models: dict[str, Predictor]) -> tuple[str, ...]:
    """Titles of the versions of the first method; none if it has no versions."""
    first = next(iter(models.values()))
    if "version" not in first.options:
        return ()
    from colorizers.networks.photo import VERSIONS

    return tuple(title for title, _ in VERSIONS)


def temperature_of(models: dict[str, Predictor]) -> float:
    """The temperature that a classification has by itself; 1 if there is none."""
    found = (m.options["temperature"] for m in models.values() if "temperature" in m.options)
    return next(found, 1.0)


def _one(models: dict[str, Predictor], paths: list[str]) -> None:
    """Draw the sub-tab for one photograph, with these examples."""
    versions = version_titles(models)
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=260):
            photo = gr.Image(
                label="Your photograph",
                sources=["upload", "clipboard"],
                type="filepath",
                image_mode=None,
                format="png",
                height=170,
                buttons=[],
                placeholder="Drop a photograph here\nor click to choose one",
                elem_id="photo",
            )
        with gr.Column(scale=3, min_width=320):
            gr.Markdown(texts.INTRO)
            shown = gr.Examples(
                paths,
                inputs=photo,
                label="Or take one of these",
                examples_per_page=len(paths) or 1,
                elem_id="examples",
            )
            note = gr.Markdown(texts.WAITING, elem_id="photo-note")
    editor = Editor(models, Path(photo.GRADIO_CACHE), versions)
    key = gr.State(None, time_to_live=3600, delete_callback=editor.desk.drop)
    verdict = gr.State(None, time_to_live=3600)
    with gr.Row(equal_height=False, visible=False, elem_id="work") as work:
        with gr.Column(scale=3, min_width=320), gr.Tabs(elem_id="views") as views:
            with gr.Tab("Before and after", id="before"):
                slider = gr.ImageSlider(
                    label="Grey and colorized",
                    show_label=False,
                    format="png",
                    interactive=False,
                    max_height=500,
                    buttons=["fullscreen"],
                    elem_id="result",
                )
                uncovered = gr.Radio(
                    list(texts.UNCOVERED),
                    value=next(iter(texts.UNCOVERED)),
                    label="Uncovered",
                    show_label=False,
                    container=False,
                    elem_id="uncovered",
                )
            with gr.Tab("Hints"):
                hinting = hints_tab.build()
            with gr.Tab("Methods", visible=len(models) > 1, id="compare") as comparing:
                gr.Markdown("The same photograph by every method; click one to go on with it.")
                methods = gr.Gallery(
                    label="Methods",
                    show_label=False,
                    columns=len(models),
                    object_fit="contain",
                    height="auto",
                    allow_preview=False,
                    interactive=False,
                    buttons=[],
                    format="png",
                    elem_id="methods",
                )
                temperature = gr.Slider(
                    *TEMPERATURES,
                    value=temperature_of(models),
                    step=0.01,
                    label="Temperature of the classification",
                    info="Low: the likeliest colour. High: a blend of all that are likely.",
                    visible="classification" in models,
                    buttons=["reset"],
                    elem_id="temperature",
                )
        with gr.Column(scale=1, min_width=300):
            gr.Markdown(texts.VERSIONS, visible=bool(versions))
            tiles = gr.Gallery(
                label="Versions",
                show_label=False,
                columns=3,
                rows=2,
                object_fit="cover",
                height="auto",
                allow_preview=False,
                interactive=False,
                buttons=[],
                format="png",
                visible=bool(versions),
                elem_id="versions",
            )
            saturation = gr.Slider(
                *SATURATION,
                value=1.0,
                step=0.05,
                label="Saturation",
                buttons=["reset"],
                elem_id="saturation",
            )
            warmth = gr.Slider(
                *WARMTH,
                value=0.0,
                step=0.05,
                label="Warmth",
                buttons=["reset"],
                elem_id="warmth",
            )
            with gr.Group():
                with gr.Row():
                    format_ = gr.Dropdown(
                        list(ENDINGS), value="PNG", label="Format", min_width=110, elem_id="format"
                    )
                    quality = gr.Slider(
                        *QUALITY,
                        value=92,
                        step=1,
                        label="Quality",
                        visible=False,
                        buttons=[],
                        min_width=150,
                        elem_id="quality",
                    )
                metadata = gr.Checkbox(
                    True, label="Keep what the file says: date, camera, place", elem_id="metadata"
                )
            full = gr.Markdown("", elem_id="full-size")
            save = gr.Button("Download", variant="primary", size="lg", elem_id="download")
            ready = gr.DownloadButton("Save again", visible=False, size="sm", elem_id="ready")
            again = gr.Button("Start again", size="sm", elem_id="again")

    touch, colour, reach = hinting.touch, hinting.colour, hinting.reach
    sliders = [saturation, warmth, reach]
    drawn = [slider, touch, hinting.note, ready]

    def colour_upload(
        photo: Any,
        old: Any,
        verdict: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  how Gradio hands it in
    ) -> list[Any]:
        known = verdict if isinstance(verdict, Verdict) and verdict.accepted else None
        return [
            *editor.colorize(photo, old, progress, known),
            gr.Row(visible=True),
            *(gr.Slider(value=value) for value in (1.0, 0.0, REACH_DEFAULT)),
            None,
            None,
        ]

    def colour_checked(
        photo: Any,
        old: Any,
        verdict: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        if isinstance(verdict, Verdict) and verdict.accepted and verdict.of(photo):
            return colour_upload(photo, old, verdict, progress)
        return [gr.skip()] * len(coloured)

    def colour_example(
        photo: Any,
        old: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        # It may have been removed before its turn came.
        return colour_upload(photo, old, None, progress) if photo else [gr.skip()] * len(coloured)

    def compared(
        key: Any,
        temperature: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Any:
        return editor.compare(key, temperature, progress)

    def take_home(
        key: Any,
        format: Any,
        quality: Any,
        metadata: Any,
        saturation: Any,
        warmth: Any,
        reach: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Any:
        values = saturation, warmth, reach
        return editor.take_home(key, format, quality, metadata, *values, progress=progress)

    # Gradio hands an event in where it finds this annotation, and methods' it does not see.
    def picked_version(event: gr.EventData, key: Any, *sliders: Any) -> list[Any]:
        return editor.choose_version(event, key, *sliders)

    def picked_method(event: gr.EventData, key: Any, *sliders: Any) -> list[Any]:
        return editor.choose_method(event, key, *sliders)

    def clicked(event: gr.EventData, key: Any, colour: Any, *sliders: Any) -> list[Any]:
        return editor.place_hint(event, key, colour, *sliders)

    def forget(key: Any) -> list[Any]:
        editor.desk.drop(key)
        return [None, texts.WAITING, gr.Row(visible=False)]

    coloured = [key, note, full, *drawn, work, *sliders, tiles, methods]
    # A second photograph waits for the first; it is not dropped.
    waiting: dict[str, Any] = {"trigger_mode": "multiple"}
    here: dict[str, Any] = NETWORK | waiting | {"show_progress_on": note}
    colouring: dict[str, Any] = here | {"outputs": coloured}
    forgetting: dict[str, Any] = SILENT | {
        "fn": forget, "inputs": key, "outputs": [key, note, work]
    }  # fmt: skip

    started = [
        photo.upload(**forgetting, **waiting)
        .then(check_upload, photo, verdict, **here)
        .then(settle, [photo, verdict], [photo, note], **QUICK, **waiting)
        .then(colour_checked, [photo, key, verdict], **colouring),
        shown.load_input_event.then(colour_example, [photo, key], **colouring),
        again.click(colour_upload, [photo, key, verdict], **colouring),
    ]
    for event in started:
        event.success(None, key, None, js=texts.LOOK_DOWN, **SILENT)
        event.success(None, None, [uncovered, slider], js=texts.UNCOVER_HALF, **SILENT)
        if versions:
            event.success(
                lambda key: editor.show_versions(key) if key else gr.skip(), key, tiles, **NETWORK
            )
    photo.clear(**forgetting, cancels=started)
    # Each click waits for the one before; "always_last" would take the first one's place again.
    tiles.select(picked_version, [key, *sliders], drawn, **QUICK, **waiting)
    for changed in (saturation, warmth, reach):
        changed.change(editor.redraw, [key, *sliders], drawn, **QUICK, trigger_mode="always_last")
    touch.select(clicked, [key, colour, *sliders], drawn, **QUICK, **waiting)
    where = [hinting.across, hinting.down]
    hinting.put.click(editor.place_at, [key, *where, colour, *sliders], drawn, **QUICK, **waiting)
    colour.change(
        editor.recolour, [key, colour, *sliders], drawn, **QUICK, trigger_mode="always_last"
    )
    hints_tab.connect(hinting, editor, key)
    hinting.undo.click(editor.undo, [key, *sliders], drawn, **QUICK, **waiting)
    hinting.clear.click(editor.clear, [key, *sliders], drawn, **QUICK)
    for asked in (comparing.select, temperature.release):
        asked(compared, [key, temperature], methods, **NETWORK, trigger_mode="always_last")
    methods.select(picked_method, [key, *sliders], drawn, **QUICK, **waiting).success(
        lambda: gr.Tabs(selected="before"), None, views, **SILENT
    )
    uncovered.input(None, uncovered, slider, js=texts.UNCOVER, **SILENT)
    format_.change(
        lambda chosen: gr.Slider(visible=chosen in ("JPEG", "WEBP")), format_, quality, **SILENT
    )
    save.click(
        take_home,
        [key, format_, quality, metadata, *sliders],
        ready,
        **NETWORK,
        show_progress_on=full,
    ).success(None, ready, None, js=texts.FETCH, **SILENT)


def _package(name: str) -> Path:
    """Folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path()
