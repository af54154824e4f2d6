"""The Colorize tab: a photograph in, its colours to look at, to change and to take home.

`build` draws the tab inside whatever Gradio context it is called in: :mod:`colorizers.page.panels`
has its parts, :mod:`colorizers.page.events` what happens when somebody uploads or clicks.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import gradio as gr

import colorizers
from colorizers.errors import WeightsError
from colorizers.page import brushing, cross, events, hinting, many, mending, panels, texts, zoom
from colorizers.page.checking import SILENT
from colorizers.page.editing import Editor
from colorizers.painting import doubt
from colorizers.painting.predictor import Predictor

DRAWN = 6
"""Versions of a method that draws its colours."""
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
        with gr.Tab("One photograph", elem_id="one"):
            _one(models, paths)
        with gr.Tab("Many photographs"):
            many.build(next(iter(models.values())))
    with gr.Accordion("About these colours", open=False, elem_id="about"):
        gr.Markdown(texts.about(tuple(models)))
        gr.Markdown(f"Examples: {'; '.join(dict.fromkeys(credits))}.")
    titles = [example_title(*example) for example in zip(paths, credits, strict=True)]
    for script in (texts.names(titles), zoom.SCRIPT, brushing.SCRIPT, cross.SCRIPT):
        gr.on(fn=None, js=script, **SILENT)
    gr.HTML(texts.STYLE + zoom.STYLE + brushing.STYLE + cross.STYLE, padding=False)


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
    if "seed" not in first.options:
        return ()
    return tuple(
        texts.CAUTIOUS if seed < first.first_seed else f"Seed {seed}" for seed in range(DRAWN)
    )


def _one(models: dict[str, Predictor], paths: list[str]) -> None:
    """Draw the sub-tab for one photograph, with these examples."""
    upload = panels.upload(paths)
    editor = Editor(models, Path(upload[0].GRADIO_CACHE), version_titles(models))
    with gr.Row(equal_height=False, visible=False, elem_id="work") as work:
        with gr.Column(scale=3, min_width=320):
            with gr.Tabs(elem_id="views") as views:
                with gr.Tab("Before and after", id="before"):
                    picture = panels.picture(doubt.known(next(iter(models.values()))))
                with gr.Tab("Hints"):
                    hints = hinting.build(editor.versions)
                with gr.Tab("Repair", id="repairing"):
                    mend = mending.build()
                with gr.Tab("Methods", visible=len(models) > 1, id="compare") as comparing:
                    methods = panels.methods(models)
            strip = panels.strip()
        with gr.Column(scale=1, min_width=300):
            versions = panels.versions(bool(editor.versions))
            home = panels.home()
    events.connect(
        editor, upload, work, views, comparing, picture, hints, methods, strip, versions, home, mend
    )


def _package(name: str) -> Path:
    """Folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path()
