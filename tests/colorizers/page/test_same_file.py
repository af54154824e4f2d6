"""With the committed weights: what the page shows is what it hands out, and what others make."""

from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image
from skimage.color import rgb2lab

import colorizers
from colorizers.__main__ import main
from colorizers.page.editing import Editor
from colorizers.page.ui import examples, version_titles

SLIDERS = (1.2, -0.1, 0.4)


def quiet(share: float, desc: str = "") -> None:
    pass


def test_a_drawn_and_hinted_photograph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    source = tmp_path / "upload" / "photo.jpg"
    source.parent.mkdir()
    with Image.open(examples()[0][0]) as image:
        large = image.convert("L").resize((1500, 1001), Image.Resampling.BICUBIC)
    large.save(source, quality=95)
    models = {"photo": colorizers.load("photo")}
    editor = Editor(models, tmp_path, version_titles(models))
    key = editor.colorize({"path": str(source), "orig_name": "photo.jpg"}, None, quiet)[0]
    editor.show_versions(key)  # drawn all at once
    editor.choose_version(gr.EventData(None, {"index": 3}), key, *SLIDERS)
    editor.hints.place_at(key, 20, 30, "#3050c0", *SLIDERS)
    (_, shown), *_ = editor.redraw(key, *SLIDERS)
    taken = editor.home.take_home(key, "JPEG", 95, True, *SLIDERS, progress=quiet)
    file = Path(taken.value["path"])

    made = tmp_path / "made.jpg"
    assert main([str(source), "-o", str(made), "--recipe", str(file), "--jobs", "1"]) == 0
    assert made.read_bytes() == file.read_bytes()
    with Image.open(file) as large, Image.open(shown) as preview:
        small = large.resize(preview.size, Image.Resampling.BOX)
        away = rgb2lab(np.asarray(small))[..., 1:] - rgb2lab(np.asarray(preview))[..., 1:]
    assert np.linalg.norm(away, axis=-1).mean() < 1.5  # of colours that are 18 away from grey


def test_the_bytes_do_not_depend_on_the_number_of_threads(tmp_path: Path):
    grey = np.asarray(Image.open(examples()[0][0]).convert("L"))
    colorizer = colorizers.load("photo")
    before = torch.get_num_threads()
    try:
        made = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            made.append(np.asarray(colorizer(Image.fromarray(grey))))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(*made)
