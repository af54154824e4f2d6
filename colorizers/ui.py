"""The Colorize tab: a photograph in, before and after, and the full-size file to take away.

`build` draws the tab inside whatever Gradio context it is called in. What happens when somebody
uploads or clicks is in :mod:`colorizers.handlers`; the events have ``preprocess=False`` so that the
uploaded file itself gets there. Gradio still checks that a path is one of its own uploads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import skimage

import colorizers
from colorizers.handlers import TEMPERATURES, check_upload, colorize_upload

if TYPE_CHECKING:
    from colorizers.base import Colorizer

STYLE = """<style>
[id^="result-"] .icon-wrap { background: #fff; color: #111; } /* in any theme, over any picture */
[id^="result-"] .inner { width: 2px; background: #fff; }
</style>"""
EXAMPLES = Path(__file__).parent / "examples"

INTRO = (
    "Bring a black-and-white photograph, or a colour one to see what the networks make of its grey."
)
WAITING = "The colours will appear here."
ABOUT = """
**Colours are guesses, not history.** Nothing in a grey picture says what colour a dress was; the
network gives what is plausible.

**What these two models know.** Both learned from CIFAR-10: 48,000 pictures of 32 x 32 pixels in ten
classes (airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck). Your photograph is
shrunk to 32 x 32 for them, their colour is brought back to full size so that it stops at edges,
and every bit of light and shade in the result is your photograph's own. Expect broad washes of
colour: sky, grass, fur. Faces, rooms and crowds are outside what they have seen.

*Classification* weighs 313 colours for every pixel. At a low temperature it takes the likeliest,
often grey, in patches; at a high one it blends all that are likely. *GAN* was trained against a
second network that tries to tell its colours from real ones.

Pictures stay on this server only as long as its cache keeps them and are used for nothing else.
"""


@dataclass(frozen=True)
class Slot:
    """The widgets that show one method's result."""

    name: str
    group: gr.Column
    slider: gr.ImageSlider
    download: gr.DownloadButton


def build(load: Callable[[str], Colorizer] | None = None) -> None:
    """Draw the Colorize tab in the current Gradio context.

    Every method whose weights are there is offered; of the others the page says what is missing.

    Parameters
    ----------
    load : callable, optional
        Gives the colorizer of a name; `colorizers.load` by default.
    """
    models, missing = available(load or colorizers.load)
    gr.Markdown(INTRO)
    for sentence in missing:
        gr.Markdown(f"⚠️ {sentence}", elem_classes="missing-weights")
    if not models:
        return
    adjustable = [name for name, model in models.items() if "temperature" in model.options]
    paths, credits = examples()
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            photo = gr.Image(
                label="Your photograph",
                sources=["upload", "clipboard"],
                type="filepath",
                image_mode=None,
                format="png",
                height=300,
                buttons=[],
                placeholder="Drop a photograph here\nor click to choose one",
                elem_id="photo",
            )
            note = gr.Markdown(visible=False, elem_id="photo-note")
            methods = gr.CheckboxGroup(
                choices=[(model.title, name) for name, model in models.items()],
                value=list(models),
                label="Method",
                elem_id="methods",
            )
            temperature = gr.Slider(
                *TEMPERATURES,
                value=models[adjustable[0]].options["temperature"] if adjustable else None,
                step=0.01,
                label="Temperature",
                info="Classification only. Low: the likeliest colour. High: a blend.",
                visible=bool(adjustable),
                elem_id="temperature",
            )
            button = gr.Button("Colorize", variant="primary", size="lg", elem_id="colorize")
        with gr.Column(scale=3, min_width=320):
            shown = gr.Examples(
                paths, inputs=photo, label="Or take one of these", examples_per_page=len(paths) or 1
            )
            result = gr.Markdown(WAITING, elem_id="result-note")
            with gr.Row(equal_height=False):
                slots = [_slot(model) for model in models.values()]
    with gr.Accordion("About these colours", open=True):
        gr.Markdown(ABOUT)
        gr.Markdown(f"Examples: {'; '.join(dict.fromkeys(credits))}.")
    gr.HTML(STYLE, padding=False)

    def run(
        photo: Any,
        methods: Any,
        temperature: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  how Gradio hands it in
    ) -> Iterator[list[Any]]:
        cache = Path(slots[0].slider.GRADIO_CACHE)
        yield from colorize_upload(photo, methods, temperature, models, cache, progress)

    def forget() -> list[Any]:
        return [gr.Markdown(WAITING), *(gr.Column(visible=False) for _ in slots)]

    colorizing: dict[str, Any] = {
        "fn": run,
        "inputs": [photo, methods, temperature],
        "outputs": [result, *(w for s in slots for w in (s.group, s.slider, s.download))],
        "preprocess": False,
        "concurrency_id": "colorize",
        "concurrency_limit": 1,
    }
    silent: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    button.click(**colorizing, api_name="colorize", scroll_to_output=True)
    shown.load_input_event.then(lambda: gr.Markdown(visible=False), None, note, **silent).then(
        **colorizing, api_visibility="private", scroll_to_output=True
    )
    photo.upload(check_upload, photo, [photo, note], preprocess=False, api_visibility="private")
    photo.clear(lambda: gr.Markdown(visible=False), None, note, **silent)
    gr.on([photo.upload, photo.clear], forget, None, [result, *(s.group for s in slots)], **silent)
    methods.change(
        lambda chosen: gr.Slider(visible=bool(set(chosen) & set(adjustable))),
        methods,
        temperature,
        **silent,
    )


def available(load: Callable[[str], Colorizer]) -> tuple[dict[str, Colorizer], list[str]]:
    """The colorizers that can be loaded, by name, and a sentence for each that cannot."""
    from colorizers.checkpoint import WeightsError  # brings PyTorch with it

    models: dict[str, Colorizer] = {}
    missing: list[str] = []
    for name in colorizers.names():
        try:
            models[name] = load(name)
        except WeightsError as error:
            missing.append(str(error))
    return models, missing


def examples() -> tuple[list[str], list[str]]:
    """Paths and credits of the example pictures, those that are really there.

    The photographs are the ones inside scikit-image's package (nothing is fetched), the small ones
    are CIFAR-10 test pictures chosen by the rule in `examples/manifest.json`.
    """
    manifest = json.loads((EXAMPLES / "manifest.json").read_text("utf-8"))
    folders = {"scikit-image": Path(skimage.__file__).parent / "data", "here": EXAMPLES}
    found = [
        (str(path), example["credit"])
        for example in manifest["examples"]
        if (path := folders[example["source"]] / example["file"]).is_file()
    ]
    return [path for path, _ in found], [credit for _, credit in found]


def _slot(model: Colorizer) -> Slot:
    with gr.Column(visible=False, min_width=300) as group:
        gr.Markdown(f"### {model.title}")
        slider = gr.ImageSlider(
            label=f"{model.title}: grey and colorized",
            show_label=False,
            format="png",
            interactive=False,
            max_height=620,
            buttons=["fullscreen"],
            elem_id=f"result-{model.name}",
        )
        download = gr.DownloadButton("Download", size="md", elem_id=f"download-{model.name}")
    return Slot(model.name, group, slider, download)
