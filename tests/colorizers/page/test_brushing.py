"""Strokes on the page: drawn, chosen, moved, recoloured, taken back, in the file, and checked."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import gradio as gr
import numpy as np
import pytest
from fakes import FakeColorizer
from PIL import Image
from skimage.color import rgb2lab

from colorizers.errors import ImageError
from colorizers.page import brushing, drawing, kept
from colorizers.page.brushing import LONGEST, MOST_DRAWN, places_of
from colorizers.page.checking import hex_ab
from colorizers.page.editing import Editor
from colorizers.painting import recipe
from colorizers.painting.hints import MAX_HINTS

AS_IS = (1.0, 0.0, 0.5)
DOWN = json.dumps([[0.2, y / 100] for y in range(10, 91, 2)])
RED, BLUE = "#c03030", "#3050c0"


def quiet(share: float, desc: str = "") -> None:
    assert 0 <= share <= 1


@pytest.fixture
def upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    file = tmp_path / "gradio" / "abc" / "photo.png"
    file.parent.mkdir(parents=True)
    grey = np.where(np.arange(480) < 240, 90, 170) + np.zeros((320, 1))
    Image.fromarray(grey.astype(np.uint8)).save(file)
    return {"path": str(file), "orig_name": "Oma.png"}


@pytest.fixture
def editor(upload: dict[str, str]) -> Editor:
    flat = np.broadcast_to(np.float32([6.0, 12.0]), (32, 32, 2))
    models = {"photo": FakeColorizer(flat, "photo")}
    return Editor(models, Path(upload["path"]).parents[1], ("Cautious", "Seed 1"))


@pytest.fixture
def key(editor: Editor, upload: dict[str, str]) -> str:
    return editor.colorize(upload, None, quiet)[0]


def draw(editor: Editor, key: str, places: str, colour: str = RED, width: str = "Fine") -> Any:
    return editor.brush.draw(key, places, "Colour", width, "grey", colour, *AS_IS)


def click(editor: Editor, key: str, x: float, y: float, colour: str = RED) -> Any:
    event = gr.EventData(None, {"index": [x * 480, y * 320]})  # as large as it is shown
    return editor.hints.place_hint(event, key, colour, *AS_IS)


def seen(updates: list[Any]) -> np.ndarray:
    with Image.open(updates[0][1]) as image:
        return rgb2lab(np.asarray(image.convert("RGB")))


def test_a_stroke_colours_along_it_and_its_region_alone(editor: Editor, key: str):
    plain = seen(editor.redraw(key, *AS_IS))
    lab = seen(draw(editor, key, DOWN))
    height, width = lab.shape[:2]
    for share in (0.15, 0.5, 0.85):
        ab = lab[int(share * height), int(0.2 * width), 1:]
        np.testing.assert_allclose(ab, hex_ab(RED), atol=3)
    right = np.s_[:, int(0.7 * width) :]
    np.testing.assert_allclose(lab[right], plain[right], atol=1)
    (hint,) = editor.desk.get(key).hints
    assert hint.places == ((0.2, 0.1), (0.2, 0.9))
    assert hint.radius == brushing.WIDTHS["Fine"] / 2


def test_a_stroke_is_chosen_by_a_click_anywhere_on_it_and_recoloured_moved_removed(
    editor: Editor, key: str
):
    draw(editor, key, DOWN)
    work = editor.desk.get(key)
    updates = click(editor, key, 0.2, 0.5, BLUE)
    assert work.chosen == 0
    assert len(work.hints) == 1
    assert "selected" in updates[2]
    editor.hints.recolour(key, BLUE, *AS_IS)
    assert work.hints[0].ab == hex_ab(BLUE)
    click(editor, key, 0.3, 0.5, BLUE)
    assert work.hints[0].places == ((0.3, 0.1), (0.3, 0.9))
    assert editor.desk.get(key).chosen is None
    click(editor, key, 0.3, 0.7)
    editor.hints.undo(key, *AS_IS)
    assert work.hints == []


def test_strokes_are_taken_back_and_made_again(editor: Editor, key: str):
    plain = seen(editor.redraw(key, *AS_IS))
    drawn = seen(draw(editor, key, DOWN))
    draw(editor, key, "[[0.8, 0.5]]", BLUE)
    back = [editor.take_back(key)[4:] for _ in range(2)]
    np.testing.assert_array_equal(seen(back[0]), drawn)
    np.testing.assert_array_equal(seen(back[1]), plain)
    np.testing.assert_array_equal(seen(editor.make_again(key)[4:]), drawn)


def test_the_file_and_its_recipe_have_the_stroke(editor: Editor, key: str):
    shown = seen(draw(editor, key, DOWN, width="Broad"))
    button = editor.home.take_home(key, "PNG", 92, True, *AS_IS, progress=quiet)
    file = Path(button.value["path"] if isinstance(button.value, dict) else button.value)
    (hint,) = recipe.read(file).hints
    assert hint.places == ((0.2, 0.1), (0.2, 0.9))
    with Image.open(file) as image:
        lab = rgb2lab(np.asarray(image.convert("RGB")))
    np.testing.assert_allclose(lab[..., 1:], shown[..., 1:], atol=3)
    # The same recipe on the page is the same hint.
    editor.hints.clear(key, *AS_IS)
    assert editor.use_recipe({"path": str(file)}, key)
    assert editor.desk.get(key).hints == [hint]


def test_marks_show_where_the_stroke_is(editor: Editor, key: str):
    draw(editor, key, DOWN)
    work = editor.desk.get(key)
    plain = np.full((320, 480, 3), 128, np.uint8)
    changed = (drawing.marked(plain, work) != plain).any(axis=-1)
    assert changed[50:280, 94:98].any(axis=1).all()
    assert not changed[:, 125:].any()


@pytest.mark.slow
def test_a_full_desk_says_so(editor: Editor, key: str):
    for _ in range(MAX_HINTS):
        draw(editor, key, "[[0.1, 0.1], [0.2, 0.2]]")
    with pytest.raises(gr.Error, match=f"There are {MAX_HINTS} hints, which is the limit"):
        draw(editor, key, DOWN)


HOSTILE: list[object] = [
    None, 7, [], {}, "", "no JSON", "{}", "[]", "[[]]", "[[0.5]]", "[[0.5, 0.5, 0.5]]",
    "[[0.5, 2]]", "[[-1e-9, 0]]", "[[NaN, 0]]", "[[1e999, 0]]", '[["0", 0]]', "[[true, 0]]",
    "[" * 30_000, f"[{','.join(['[0,0]'] * (MOST_DRAWN + 1))}]", "[[0,0]" + " " * LONGEST + "]",
]  # fmt: skip


@pytest.mark.parametrize("drawn", HOSTILE)
def test_whatever_a_stranger_sends_is_refused_in_a_sentence(drawn: object):
    with pytest.raises(ImageError) as told:
        places_of(drawn)
    assert str(told.value).endswith(("draw it again.", "from 0 to 1."))


def test_so_is_another_brush_or_colour(editor: Editor, key: str):
    for drawn, width, colour in (
        (HOSTILE[0], "Fine", RED), (DOWN, "Huge", RED), (DOWN, None, RED), (DOWN, "Fine", "red"),
    ):  # fmt: skip
        with pytest.raises(gr.Error):
            editor.brush.draw(key, drawn, "Colour", width, "grey", colour, *AS_IS)
    assert editor.desk.get(key).hints == []


def test_as_many_places_as_a_hand_may_draw_are_read():
    drawn = [[round(n / 1e4, 4), 0.1234] for n in range(MOST_DRAWN)]
    assert len(places_of(json.dumps(drawn))) == MOST_DRAWN


def mask(editor: Editor, key: str, places: str, does: str = "Take back", to: str = "grey") -> Any:
    return editor.brush.draw(key, places, does, "Broad", to, RED, *AS_IS)


def spread(updates: list[Any]) -> np.ndarray:
    with Image.open(updates[0][1]) as image:
        return np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=2)


def test_the_guess_is_taken_back_to_grey_and_put_back(editor: Editor, key: str):
    plain = spread(editor.redraw(key, *AS_IS))
    updates = mask(editor, key, DOWN)
    grey = spread(updates)
    assert grey[50:270, 80:110].max() == 0
    np.testing.assert_array_equal(grey[:, 150:], plain[:, 150:])
    assert "partly grey" in updates[6]
    with Image.open(updates[1]) as touched, Image.open(updates[0][1]) as shown:
        assert (np.asarray(touched) != np.asarray(shown)).any()  # its outline is marked
    assert editor.desk.get(key).hints == []
    half = spread(mask(editor, key, "[[0.2, 0.7]]", "Put back"))
    np.testing.assert_array_equal(half[220:228, 92:100], plain[220:228, 92:100])
    assert half[100:180, 85:105].max() == 0
    back = [editor.take_back(key)[4:] for _ in range(2)]
    np.testing.assert_array_equal(spread(back[0]), grey)
    np.testing.assert_array_equal(spread(back[1]), plain)
    np.testing.assert_array_equal(spread(editor.make_again(key)[4:]), grey)
    np.testing.assert_array_equal(spread(editor.brush.clear(key, *AS_IS)), plain)
    assert mask(editor, key, DOWN, "Put back")
    assert editor.desk.get(key).mask is None


def test_another_version_is_seen_where_the_brush_was(tmp_path: Path, upload: dict[str, str]):
    def turned(seed: float) -> np.ndarray:
        return np.broadcast_to(np.float32([6.0, 12.0] if not seed else [-20.0, 4.0]), (32, 32, 2))

    class Versions(FakeColorizer):
        def predict_ab(self, L: np.ndarray, **options: float) -> np.ndarray:
            super().predict_ab(L, **options)
            return np.stack([turned(options["seed"]) for _ in L])

    models = {"photo": Versions(turned(0), "photo"), "gan": FakeColorizer(turned(0), "gan")}
    editor = Editor(models, Path(upload["path"]).parents[1], ("Cautious", "Seed 1"))
    key = editor.colorize(upload, None, quiet)[0]
    updates = mask(editor, key, DOWN, to="1")
    lab = seen(updates)
    np.testing.assert_allclose(lab[60:260, 85:105, 1:].mean(axis=(0, 1)), [-20, 4], atol=2)
    np.testing.assert_allclose(lab[60:260, 300:, 1:].mean(axis=(0, 1)), [6, 12], atol=2)
    assert "partly **Seed 1**" in updates[6]
    assert editor.marks(key)[3]["value"] == "1"
    # The file and its recipe have it, and so has the zip; the page takes the recipe again.
    button = editor.home.take_home(key, "PNG", 92, True, *AS_IS, progress=quiet)
    file = Path(button.value["path"] if isinstance(button.value, dict) else button.value)
    with Image.open(file) as image:
        np.testing.assert_allclose(
            rgb2lab(np.asarray(image.convert("RGB")))[..., 1:], lab[..., 1:], atol=2.5
        )
    said = recipe.read(file).mask
    assert said is not None
    assert said.version == 1
    editor.keep_this(key)
    assert kept.settings(editor.desk.get(key).kept[0][0], "Cautious") == "Cautious, mask"
    editor.brush.clear(key, *AS_IS)
    zipped = editor.home.take_kept(key, "PNG", 92, True, progress=quiet).value
    with ZipFile(zipped["path"] if isinstance(zipped, dict) else zipped) as archive:
        assert archive.read(archive.namelist()[0]) == file.read_bytes()
    again = editor.use_recipe({"path": str(file)}, key)
    np.testing.assert_array_equal(seen(again[4:]), lab)
    # Another version there, and a method that has none.
    assert "partly grey" in editor.brush.show(key, "grey", *AS_IS)[6]
    assert "partly **Seed 1**" in editor.brush.show(key, "1", *AS_IS)[6]
    editor.compare(key, 0.4)
    assert "partly" not in editor.choose_method(click_at(1), key, *AS_IS)[6]
    assert "partly" in editor.choose_method(click_at(0), key, *AS_IS)[6]


def click_at(index: int) -> gr.EventData:
    return gr.EventData(None, {"index": index})


def test_what_else_the_brush_may_not_do(editor: Editor, key: str):
    for does, to in (("Erase", "grey"), (None, "grey"), ("Take back", "sepia"), ("Take back", -1)):
        with pytest.raises(gr.Error):
            editor.brush.draw(key, DOWN, does, "Fine", to, RED, *AS_IS)
    with pytest.raises(gr.Error):
        editor.brush.show(key, ["grey"], *AS_IS)
    assert editor.desk.get(key).mask is None
    assert editor.desk.get(key).hints == []


def test_a_recipe_whose_mask_is_not_in_it_is_refused_at_the_page(editor: Editor, key: str):
    file = Path(editor.desk.get(key).path).with_name("recipe.json")
    said = {"truehue": 1, "method": "photo", "mask": {"version": "grey", "sha256": "0" * 64}}
    file.write_text(json.dumps(said))
    with pytest.raises(gr.Error, match="was not given; give the same mask again"):
        editor.use_recipe({"path": str(file)}, key)
