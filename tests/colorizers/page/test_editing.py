"""One photograph on the desk: what each event answers, and that the network runs once."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from fakes import FakeColorizer
from PIL import Image
from skimage.color import rgb2lab

from colorizers.errors import ImageError
from colorizers.files.picture import Picture
from colorizers.files.reading import open_photo
from colorizers.files.writing import save
from colorizers.networks.bins import COUNT, centres
from colorizers.page import checking, desk, drawing, hinting, kept, texts, turns, ui
from colorizers.page.checking import hex_ab
from colorizers.page.desk import Desk, Look, Work
from colorizers.page.editing import Editor
from colorizers.painting import hints, recipe
from colorizers.painting.layer import colours_alone

VERSIONS = ("Cautious", "Seed 1", "Seed 2")
AS_IS = (1.0, 0.0, 0.5)


def quiet(share: float, desc: str = "") -> None:
    assert 0 <= share <= 1


def photograph() -> np.ndarray:
    """Dark on the left, light on the right."""
    grey = np.where(np.arange(90) < 45, 90, 170) + np.zeros((60, 1))
    return (grey + np.random.default_rng(0).integers(-2, 3, grey.shape)).astype(np.uint8)


@pytest.fixture
def upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    file = tmp_path / "gradio" / "abc" / "photo.png"
    file.parent.mkdir(parents=True)
    Image.fromarray(photograph()).save(file)
    return {"path": str(file), "orig_name": "../Oma & Opa.png"}


@pytest.fixture
def editor(upload: dict[str, str]) -> Editor:
    flat = np.broadcast_to(np.float32([6.0, 12.0]), (32, 32, 2))
    models = {
        name: FakeColorizer(flat, name) for name in ("photo", "classification", "gan", "flow")
    }
    return Editor(models, Path(upload["path"]).parents[1], VERSIONS)


@pytest.fixture
def key(editor: Editor, upload: dict[str, str]) -> str:
    return editor.colorize(upload, None, quiet)[0]


def asked_of(editor: Editor, name: str) -> Any:
    """What a fake network was asked for, call by call."""
    return editor.models[name].asked  # type: ignore[attr-defined]


def click(index: object) -> gr.EventData:
    return gr.EventData(None, {"index": index})


def lab(path: str) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return rgb2lab(np.asarray(image.convert("RGB")))


def drawn(updates: list[Any]) -> np.ndarray:
    """Lab of the coloured preview."""
    (_, after), *_ = updates
    return lab(after)


def test_fresh_upload_is_coloured_by_the_first_method(
    editor: Editor, upload: dict[str, str]
) -> None:
    key, note, full, (before, after), touch, said, ready, *_ = editor.colorize(upload, None, quiet)
    assert len(key) == 32
    assert "90 × 60 pixels, PNG" in note
    assert "90 × 60 pixels" in full
    grey, colour = lab(before), lab(after)
    assert np.abs(grey[..., 1:]).max() < 1
    assert np.abs(colour[..., 0] - grey[..., 0]).max() < 1
    np.testing.assert_allclose(colour[..., 1:].mean((0, 1)), [6, 12], atol=1)
    assert touch == after
    assert said == texts.NO_HINTS
    assert not ready.visible
    assert len(Path(after).parent.name) == 32  # nobody guesses it
    assert asked_of(editor, "photo") == [{"seed": 0.0}]
    assert not asked_of(editor, "gan")


def test_from_the_check_to_the_file_an_upload_is_decoded_twice(
    editor: Editor, upload: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[Path] = []

    def counted(path: Path, **options: Any) -> Picture:
        decoded.append(path)
        return open_photo(path, **options)

    monkeypatch.setattr(turns, "open_photo", counted)
    verdict = checking.check_upload(upload)
    whole = editor.colorize(upload, None, quiet)
    key, *first = editor.colorize(upload, None, quiet, verdict)
    assert len(decoded) == 2  # the check, and the one that was asked without its verdict
    assert first[:2] == whole[1:3]
    np.testing.assert_array_equal(drawn(first[2:]), drawn(whole[3:]))
    editor.home.take_home(key, "PNG", 90, True, *AS_IS, progress=quiet)
    assert len(decoded) == 3


def test_of_what_was_only_looked_at_the_last_few_stay_in_memory(
    editor: Editor, upload: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "LOOKED", 2)
    verdicts = [checking.check_upload(upload) for _ in range(3)]
    assert [verdict.small is None for verdict in verdicts] == [True, False, False]
    drawn_of = [drawn(editor.colorize(upload, None, quiet, one)[3:]) for one in verdicts]
    np.testing.assert_array_equal(drawn_of[0], drawn_of[2])


def test_sliders_and_hints_need_no_network(
    editor: Editor, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*args: object, **options: object) -> None:
        raise AssertionError("the network ran again")

    for model in editor.models.values():
        monkeypatch.setattr(model, "predict_ab", forbidden)
    np.testing.assert_allclose(
        drawn(editor.redraw(key, 2.0, 0.0, 0.5))[..., 1:].mean((0, 1)), [12, 24], atol=1.5
    )
    assert np.abs(drawn(editor.redraw(key, 0.0, 0.0, 0.5))[..., 1:]).max() < 1
    editor.hints.place_hint(click([20, 100]), key, "#3040c0", *AS_IS)


def test_a_hint_without_a_mouse_is_the_same_hint(editor: Editor, key: str) -> None:
    placed = drawn(editor.hints.place_at(key, 25, 50, "#c04040", *AS_IS))
    assert editor.desk.get(key).hints == [hints.Hint(0.25, 0.5, hex_ab("#c04040"))]
    editor.hints.clear(key, *AS_IS)
    clicked = drawn(editor.hints.place_hint(click([96, 128]), key, "#c04040", *AS_IS))
    np.testing.assert_array_equal(clicked, placed)
    for across, down in ((101, 50), (50, -1), (None, 50), (50, "x"), (float("nan"), 50)):
        with pytest.raises(gr.Error, match="must be a number from 0 to 100"):
            editor.hints.place_at(key, across, down, "#c04040", *AS_IS)


def test_a_colour_may_be_written(editor: Editor, key: str) -> None:
    assert editor.hints.read_colour(key, "Navy") == ["#000080", texts.NO_HINTS]
    assert editor.hints.read_colour(None, "Navy") == ["#000080", texts.NO_HINTS]
    colour, note = editor.hints.read_colour(key, "blu")
    assert colour == gr.skip()  # what was chosen before stays
    assert note.startswith("⚠️ “blu” is no colour")
    editor.hints.place_at(key, 25, 50, "#c04040", *AS_IS)
    assert editor.hints.read_colour(key, "#123456")[1].startswith("1 hint,")


def test_a_box_that_is_empty_while_somebody_types_is_no_mistake(editor: Editor, key: str) -> None:
    assert editor.redraw(key, None, 0.0, 0.5) == [gr.skip()] * drawing.DRAWN


def test_a_hint_colours_its_region_and_can_be_changed_and_taken_back(
    editor: Editor, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The preview of 90 x 60 pixels is enlarged to 384 x 256.
    solved: Any = []
    real = hints.fields
    monkeypatch.setattr(desk, "fields", lambda *given: solved.append(1) or real(*given))
    updates = editor.hints.place_hint(click([60, 128]), key, "#c04040", *AS_IS)
    seen = drawn(updates)
    np.testing.assert_allclose(seen[128, 60, 1:], hex_ab("#c04040"), atol=3)
    np.testing.assert_allclose(seen[90:170, 30:90, 1:].mean((0, 1)), hex_ab("#c04040"), atol=5)
    np.testing.assert_allclose(seen[30:220, 230:, 1:].mean((0, 1)), [6, 12], atol=3)
    assert updates[1] != updates[0][1]  # the picture to click into has a ring
    assert updates[2].startswith("1 hint,")

    assert editor.hints.place_hint(click([62, 128]), key, "#40a040", *AS_IS)[2].startswith(
        "1 hint. This"
    )
    seen = drawn(editor.hints.recolour(key, "#4060c0", *AS_IS))
    np.testing.assert_allclose(seen[128, 60, 1:], hex_ab("#4060c0"), atol=3)
    assert len(solved) == 1  # another colour is no other place

    # Saturation is the network's; a hint keeps the colour that was chosen.
    seen = drawn(editor.redraw(key, 0.0, 0.0, 0.5))
    np.testing.assert_allclose(seen[128, 60, 1:], hex_ab("#4060c0"), atol=3)
    assert np.abs(seen[128, 300, 1:]).max() < 2

    # It is still chosen: a click elsewhere moves it, and the next one places another.
    blue = hex_ab("#4060c0")
    editor.hints.place_hint(click([96, 128]), key, "#40a040", *AS_IS)
    assert editor.desk.get(key).hints == [hints.Hint(0.25, 0.5, blue)]
    assert editor.hints.place_hint(click([300, 128]), key, "#40a040", *AS_IS)[2].startswith(
        "2 hints,"
    )
    editor.hints.recolour(key, "#c04040", *AS_IS)  # waits for a click
    assert [hint.ab for hint in editor.desk.get(key).hints] == [blue, hex_ab("#40a040")]
    editor.hints.place_hint(click([96, 128]), key, "#c04040", *AS_IS)
    editor.hints.undo(key, *AS_IS)  # the one that is chosen, not the last one
    assert [hint.ab for hint in editor.desk.get(key).hints] == [hex_ab("#40a040")]
    assert editor.hints.clear(key, *AS_IS)[2] == texts.NO_HINTS
    assert editor.hints.undo(key, *AS_IS)[2] == texts.NO_HINTS


def test_the_colour_box_alone_changes_nothing(editor: Editor, key: str) -> None:
    before = list(editor.desk.get(key).previews)
    for given in (key, None):
        assert editor.hints.recolour(given, "#4060c0", *AS_IS) == [gr.skip()] * drawing.DRAWN
    assert editor.desk.get(key).previews == before


def test_likely_colours_are_of_the_place_that_was_clicked(
    editor: Editor, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = np.zeros((2, 2, COUNT), np.float32)
    warm, cold, rare = (
        int(np.hypot(*(centres() - at).T).argmin()) for at in ((20, 30), (0, -40), (60, 0))
    )
    shares[:, 0, warm], shares[:, 0, cold], shares[:, 0, rare] = 0.7, 0.28, 0.02
    shares[:, 1, cold] = 1.0
    monkeypatch.setattr(editor.models["photo"], "likely", lambda L: shares)
    offered = editor.hints.place_hint(click([96, 128]), key, "#808080", *AS_IS)[5]
    names, values = zip(*offered.choices, strict=True)
    assert names == ("brown 70%", "blue 28%")
    np.testing.assert_allclose([hex_ab(value) for value in values], [[20, 30], [0, -40]], atol=2)
    offered = editor.hints.take_likely(key, values[1], *AS_IS)[5]
    assert offered.value == values[1]
    assert editor.desk.get(key).hints == [hints.Hint(0.25, 0.5, hex_ab(values[1]))]
    offered = editor.hints.place_hint(click([300, 128]), key, "#808080", *AS_IS)[5]
    assert [name for name, _ in offered.choices] == ["blue 100%"]
    assert editor.hints.clear(key, *AS_IS)[5].visible is False


def test_hints_have_a_limit(editor: Editor, key: str) -> None:
    work = editor.desk.get(key)
    work.hints = [hints.Hint(n / 30, 0.1, (1.0, 2.0)) for n in range(hints.MAX_HINTS)]
    with pytest.raises(gr.Error, match="24 hints, which is the limit"):
        editor.hints.place_hint(click([200, 200]), key, "#c04040", *AS_IS)


def test_colours_of_its_own_are_told_and_kept_on_request(
    editor: Editor, upload: dict[str, str]
) -> None:
    rgb = np.dstack([photograph()] * 3)
    rgb[10:40, 10:40] = (200, 30, 30)
    Image.fromarray(rgb).save(upload["path"])
    key, note, *_ = editor.colorize(upload, None, quiet)
    assert "colours of its own on 17 % of it, which are replaced" in note
    assert drawn(editor.redraw(key, *AS_IS))[100:150, 100:150, 1].mean() < 20
    kept = drawn(editor.keep_colours(key, True, *AS_IS))  # enlarged to 384 pixels
    assert kept[80:130, 80:130, 1].mean() > 50
    file = editor.home.take_home(key, "PNG", 90, True, *AS_IS, progress=quiet).value["path"]
    with Image.open(file) as image:
        found = np.asarray(image)
    np.testing.assert_array_equal(found[12:38, 12:38], rgb[12:38, 12:38])
    assert np.ptp(found[50:, 60:], axis=-1).min() > 0
    again = drawn(editor.keep_colours(key, False, *AS_IS))
    assert again[80:130, 80:130, 1].mean() < 20


def test_versions_are_shown_and_taken(editor: Editor, key: str) -> None:
    tiles = editor.show_versions(key)
    assert [title for _, title in tiles] == list(VERSIONS)
    assert [asked["seed"] for asked in asked_of(editor, "photo")] == [0.0, 1.0, 2.0]
    editor.choose_version(click(2), key, *AS_IS)
    assert editor.desk.get(key).look == Look("photo", 2.0)
    with pytest.raises(gr.Error, match="3 pictures"):
        editor.choose_version(click(3), key, *AS_IS)


def test_versions_are_drawn_at_once_by_their_seeds(editor: Editor, upload: dict[str, str]) -> None:
    model: Any = editor.models["photo"]
    model.size, model.shape = 32, lambda height, width: (32, 32)
    editor.versions = ui.version_titles({"photo": model})
    assert editor.versions[:3] == VERSIONS
    assert len(editor.versions) == 6
    key = editor.colorize(upload, None, quiet)[0]
    tiles = editor.show_versions(key)
    assert [title for _, title in tiles] == list(editor.versions)
    # The first is there already; the others are drawn in one call.
    assert model.asked == [{"seed": 0.0}, {"seed": 1}]
    assert [len(L) for L in model.seen] == [1, 5]
    editor.choose_version(click(2), key, *AS_IS)
    assert editor.desk.get(key).look == Look("photo", 2.0)
    file = editor.home.take_home(key, "PNG", 90, True, *AS_IS, progress=quiet).value["path"]
    assert Path(file).name == "Oma-Opa-colorized-photo-seed2.png"
    # The file is made by its recipe, as programs and the command line make it.
    assert model.asked[2:] == [{"seed": 2.0, "vividness": 1.0}]


def made(button: gr.DownloadButton) -> Path:
    return Path(button.value["path"])


def test_the_file_tells_its_recipe_and_a_recipe_gives_the_same_file(
    editor: Editor, key: str, upload: dict[str, str]
) -> None:
    editor.choose_version(click(2), key, *AS_IS)
    editor.hints.place_hint(click([60, 128]), key, "#c04040", *AS_IS)
    values = (1.5, 0.4, 0.5)
    editor.redraw(key, *values)
    first = made(editor.home.take_home(key, "PNG", 90, True, *values, progress=quiet))
    beside = made(editor.home.take_recipe(key, *values))
    assert beside.name == "Oma-Opa-colorized-photo-seed2.json"
    assert recipe.read(first) == recipe.read(beside)

    for source in (first, beside):
        fresh = editor.colorize(upload, None, quiet)[0]
        file = Path(upload["path"]).with_name(source.name)
        file.write_bytes(source.read_bytes())
        told = editor.use_recipe({"path": str(file)}, fresh)
        assert told[:4] == [*values, False]
        assert editor.desk.get(fresh).look == Look("photo", 2.0)
        again = editor.home.take_home(fresh, "PNG", 90, True, *values, progress=quiet)
        assert made(again).read_bytes() == first.read_bytes()
        assert editor.take_back(fresh)[:4] == [1.0, 0.0, desk.Sliders().reach, False]


def test_only_the_colours_may_be_taken_home(editor: Editor, key: str) -> None:
    whole = made(editor.home.take_home(key, "PNG", 90, True, *AS_IS, progress=quiet))
    layer = made(editor.home.take_home(key, checking.LAYER, 90, True, *AS_IS, progress=quiet))
    assert layer.name == "Oma-Opa-colorized-photo-layer.png"
    with Image.open(whole) as picture, Image.open(layer) as colours:
        np.testing.assert_array_equal(np.asarray(colours), colours_alone(np.asarray(picture)))


def test_a_mark_without_room_is_told_with_the_file(
    editor: Editor, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", lambda message, title: told.append(message))
    editor.home.take_home(key, "PNG", 90, True, *AS_IS, True, progress=quiet)
    assert any("too small (90 x 60 pixels) for a visible mark" in message for message in told)


def test_a_recipe_may_say_what_no_version_does(editor: Editor, key: str, tmp_path: Path) -> None:
    file = tmp_path / "gradio" / "recipe.json"
    file.write_text('{"truehue": 1, "method": "photo", "options": {"seed": 37, "vividness": 0.5}}')
    seen = editor.use_recipe({"path": str(file)}, key)
    assert asked_of(editor, "photo")[-1] == {"seed": 37.0, "vividness": 0.5}
    assert "version **Seed 37**" in seen[4 + 6]
    assert editor.marks(key)[0].selected_index is None
    file.write_text('{"truehue": 1, "method": "photo", "options": {"magic": 1}}')
    with pytest.raises(gr.Error, match="has no option 'magic'"):
        editor.use_recipe({"path": str(file)}, key)
    file.write_text('{"truehue": 1, "method": "sepia"}')
    with pytest.raises(gr.Error, match="of the method 'sepia'; there are photo"):
        editor.use_recipe({"path": str(file)}, key)
    assert editor.desk.get(key).look.value == 37


def test_methods_are_compared_and_taken(editor: Editor, key: str) -> None:
    with pytest.raises(gr.Error, match="0 pictures"):
        editor.choose_method(click(0), key, *AS_IS)
    tiles = editor.compare(key, 0.6, quiet)
    assert [title for _, title in tiles] == ["Photo", "Classification", "GAN", "Flow"]
    assert asked_of(editor, "classification") == [{"temperature": 0.6}]
    assert asked_of(editor, "gan") == [{}]
    assert asked_of(editor, "flow") == [{"seed": 0.0}]
    editor.choose_method(click(1), key, *AS_IS)
    assert editor.desk.get(key).look == Look("classification", 0.6)
    file = editor.home.take_home(key, "PNG", 90, True, *AS_IS, progress=quiet).value["path"]
    assert Path(file).name == "Oma-Opa-colorized-classification.png"


def test_what_the_file_has_no_place_for_is_told(
    editor: Editor, upload: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", lambda message, title: told.append(message))
    grey = np.dstack([photograph()] * 3)
    save(
        Path(upload["path"]),
        grey,
        Picture(grey, None, "JPEG", iptc=b"\x1c\x02\x78\0\1A"),
        format="TIFF",
    )
    key = editor.colorize(upload, None, quiet)[0]
    editor.home.take_home(key, "JPEG", 90, True, *AS_IS, progress=quiet)
    assert told == []
    editor.home.take_home(key, "PNG", 90, True, *AS_IS, progress=quiet)
    assert told == ["PNG has no place for IPTC; it is left out."]


@pytest.mark.parametrize(
    ("format", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("TIFF", "tif")]
)
def test_the_file_is_what_is_seen(
    editor: Editor, key: str, upload: dict[str, str], format: str, ending: str
) -> None:
    editor.hints.place_hint(click([60, 128]), key, "#c04040", *AS_IS)
    values = (1.5, 0.4, 0.5)
    seen = drawn(editor.redraw(key, *values))
    button = editor.home.take_home(key, format, 95, True, *values, progress=quiet)
    path = Path(button.value["path"])
    assert button.visible
    assert path.name.startswith(f"Oma-Opa-colorized-photo.{ending}")
    assert Path(upload["path"]).parents[1] in path.parents
    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == (format, "RGB", (90, 60))
        made = rgb2lab(np.asarray(image))
    for x in (12, 75):
        shown = seen[100:150, int(x / 90 * 384), 1:].mean(0)
        np.testing.assert_allclose(made[25:35, x, 1:].mean(0), shown, atol=2.5)
    assert np.abs(made[..., 0] - rgb2lab(np.dstack([photograph()] * 3))[..., 0]).mean() < 1.5


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ((3, 0, 0.5), "saturation 3 must be a number from 0 to 2"),
        (("1", 0, 0.5), "saturation must be"),
        (({}, 0, 0.5), "saturation"),
        ((True, 0, 0.5), "saturation"),
        ((1, float("nan"), 0.5), "warmth"),
        ((1, 0, -1), "reach"),
        ((1, 0, [0.5]), "reach"),
    ],
)
def test_sliders_are_checked_by_every_event(
    editor: Editor, key: str, values: tuple[Any, Any, Any], says: str
) -> None:
    for event in (
        lambda: editor.redraw(key, *values),
        lambda: editor.choose_version(click(0), key, *values),
        lambda: editor.hints.place_hint(click([3, 3]), key, "#ffffff", *values),
        lambda: editor.hints.undo(key, *values),
        lambda: editor.home.take_home(key, "PNG", 90, True, *values, progress=quiet),
    ):
        with pytest.raises(gr.Error, match=says):
            event()


@pytest.mark.parametrize(
    ("format", "quality", "says"),
    [("EPS", 90, "no format 'EPS'"), (None, 90, "no format"), ("JPEG", 0, "quality 0 must be")],
)
def test_the_file_is_of_a_known_kind(
    editor: Editor, key: str, format: Any, quality: Any, says: str
) -> None:
    with pytest.raises(gr.Error, match=says):
        editor.home.take_home(key, format, quality, True, *AS_IS, progress=quiet)


def test_a_photograph_that_is_gone_or_another_is_told(
    editor: Editor, key: str, upload: dict[str, str]
) -> None:
    file = Path(upload["path"])
    Image.new("L", (10, 10)).save(file)
    with pytest.raises(gr.Error, match="not the one"):
        editor.home.take_home(key, "PNG", 90, True, *AS_IS, progress=quiet)
    file.unlink()
    with pytest.raises(gr.Error, match="choose another"):
        editor.home.take_home(key, "PNG", 90, True, *AS_IS, progress=quiet)
    with pytest.raises(gr.Error, match="put away"):
        editor.redraw("0" * 32, *AS_IS)


def test_another_upload_takes_the_place_on_the_desk(
    editor: Editor, key: str, upload: dict[str, str]
) -> None:
    new, *_ = editor.colorize(upload, key, quiet)
    assert editor.desk.get(new)
    with pytest.raises(ImageError, match="put away"):
        editor.desk.get(key)


def test_previews_on_disk_are_bounded(editor: Editor, key: str) -> None:
    for step in range(20):
        editor.redraw(key, step / 10, 0.0, 0.5)
    work = editor.desk.get(key)
    assert len(list(work.folder.glob("colour-*.png"))) <= desk.KEPT_PREVIEWS
    assert all(path.exists() for path in work.previews)


def test_the_desk_has_room_for_so_many(tmp_path: Path) -> None:
    def work() -> Work:
        L = np.zeros((2, 2), np.float16)
        return Work(tmp_path, "a", (2, 2), L, Look("photo"), tmp_path)

    table = Desk(room=2)
    first, second = table.put(work()), table.put(work())
    table.get(first)
    third = table.put(work())
    assert table.get(first)
    assert table.get(third)
    with pytest.raises(ImageError, match="make room"):
        table.get(second)
    for key in (None, "", 5, ["a"]):
        with pytest.raises(ImageError, match="no photograph yet"):
            table.get(key)
    table.drop(None)
    table.drop(first)
    with pytest.raises(ImageError):
        table.get(first)


def test_kept_results_have_a_limit_and_are_of_what_is_there(editor: Editor, key: str) -> None:
    with pytest.raises(gr.Error, match="No result is kept yet"):
        editor.home.take_kept(key, "PNG", 90, True, progress=quiet)
    for step in range(kept.MOST):
        editor.redraw(key, step / 10, 0.0, 0.5)
        editor.keep_this(key)
    editor.redraw(key, 1.9, 0.0, 0.5)
    with pytest.raises(gr.Error, match="12 results are kept, which is the limit; stop keeping one"):
        editor.keep_this(key)
    for wrong in (-1, kept.MOST, "0", None):
        with pytest.raises(gr.Error, match="There are 12 pictures to choose from"):
            editor.back_to(click(wrong), key)
    saturation, *_ = editor.back_to(click(3), key)
    assert saturation == pytest.approx(0.3)
    button, strip = editor.keep_this(key)  # which lets it go
    assert button.value == kept.KEEP_THIS
    assert len(strip.value) == kept.MOST - 1


def test_a_colour_is_taken_from_a_photograph_that_is_there(
    upload: dict[str, str], tmp_path: Path
) -> None:
    colours = np.zeros((60, 90, 3), np.uint8) + np.uint8([200, 40, 10])
    Image.fromarray(colours).save(upload["path"])
    for at in ([0, 0], [45, 30], [90, 60]):
        assert hinting.take_colour(click(at), upload) == "#c8280a"
    for wrong in (None, [91, 0], ["0", 0]):
        with pytest.raises(gr.Error, match=r"click into the picture again|must be a number"):
            hinting.take_colour(click(wrong), upload)
    for strange in (None, {}, {"path": str(tmp_path / "other.png")}):
        with pytest.raises(gr.Error, match="upload"):
            hinting.take_colour(click([1, 1]), strange)
    assert hinting.show_model(None) == [gr.skip(), gr.skip()]
    Path(upload["path"]).write_bytes(b"no photograph")
    taken_out, said = hinting.show_model(upload)
    assert taken_out is None
    assert said.startswith("⚠️")


def reference_file(upload: dict[str, str], name: str, dark: str, light: str) -> dict[str, str]:
    """An upload that is dark on the left and light on the right, in these colours."""
    file = Path(upload["path"]).with_name(name)
    image = Image.new("RGB", (90, 60), dark)
    image.paste(light, (45, 0, 90, 60))
    image.save(file)
    return {"path": str(file), "orig_name": name}


def test_a_reference_gives_its_colours_and_goes_back_and_forth(
    editor: Editor, key: str, upload: dict[str, str]
) -> None:
    sent = reference_file(upload, "coat.tif", "#701010", "#80a0ff")
    before = drawn(editor.redraw(key, *AS_IS))
    slot, *updates = editor.take_reference(sent, key, *AS_IS)
    with Image.open(slot) as shown:
        assert (shown.format, shown.size) == ("PNG", (90, 60))
    assert updates[6].endswith("version **Cautious**, after your reference.")
    made = drawn(updates)
    assert made[40:200, 40:150, 1].mean() > 30
    assert made[40:200, 240:340, 2].mean() < -30
    assert kept.settings(drawing.now(editor.desk.get(key)), "Cautious").endswith("reference")
    # The file is made of the reference, too, and its recipe names it.
    button = editor.home.take_home(key, "PNG", 90, True, *AS_IS, quiet)
    file = button.value["path"]
    assert lab(file)[10:50, 10:35, 1].mean() > 30
    (name,) = recipe.read(Path(file)).references
    # Another method takes none, and says so; back again, it counts again.
    editor.compare(key, 0.5, quiet)
    gan = editor.choose_method(click(2), key, *AS_IS)
    assert gan[6] == "Coloured by **GAN**, which takes no reference."
    np.testing.assert_allclose(drawn(gan), before, atol=0.5)
    again = editor.choose_version(click(0), key, *AS_IS)
    np.testing.assert_allclose(drawn(again), made, atol=0.5)
    # A file that is none changes nothing.
    bad = dict(sent, path=str(Path(upload["path"])), orig_name="grey.png")
    with pytest.warns(UserWarning, match="The reference grey.png cannot be used. It has no col"):
        answer = editor.take_reference(bad, key, *AS_IS)
    assert answer[0] == slot
    assert all(update == gr.skip() for update in answer[1:])
    dropped = editor.drop_reference(key, *AS_IS)
    np.testing.assert_allclose(drawn(dropped), before, atol=0.5)
    back = editor.take_back(key)
    assert back[-2] == slot
    np.testing.assert_allclose(drawn(back[4:]), made, atol=0.5)
    # A photograph that has not had this reference says that it is missing.
    fresh = editor.colorize(upload, None, quiet)[0]
    with pytest.raises(gr.Error, match=f"SHA-256 {name[:12]}... was not given"):
        editor.use_recipe({"path": file}, fresh)
    editor.take_reference(sent, fresh, *AS_IS)
    assert editor.use_recipe({"path": file}, fresh)[-2] is not None


def test_repair_is_shown_first_then_done_and_taken_back(editor: Editor, tmp_path: Path) -> None:
    grey = np.full((120, 160), 90, np.uint8)
    grey[:, 70:72] = 255
    file = Path(gr.utils.get_upload_folder()) / "scratched.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey).save(file)
    sent = {"path": str(file), "orig_name": "scratched.png"}
    key = editor.colorize(sent, None, quiet)[0]
    before = editor.redraw(key, *AS_IS)
    scratch = lab(before[1])
    with pytest.raises(gr.Error, match="There is no photograph yet"):
        editor.mending.find(None)
    said, switch, marks = editor.mending.find(key)
    assert "1 mark of scratches and dust" in said
    assert switch.visible
    assert not switch.value
    pink = lab(marks.value["path"] if isinstance(marks.value, dict) else marks.value)
    assert (pink[..., 1] > 40).mean() < 0.1
    after = editor.redraw(key, *AS_IS)
    assert after[7].interactive == before[7].interactive  # nothing more to undo
    made = editor.mending.apply(key, True, *AS_IS)
    assert made[6].endswith("of the repaired photograph.")
    assert np.ptp(lab(made[0][1])[..., 0]) < 3 < np.ptp(scratch[..., 0])
    # The file is repaired from the photograph itself, and its recipe does it for another page.
    taken = editor.home.take_home(key, "PNG", 90, True, *AS_IS, quiet).value["path"]
    assert recipe.read(Path(taken)).repair
    assert np.ptp(lab(taken)[..., 0]) < 3
    back = editor.take_back(key)
    assert not back[-1].value
    assert np.ptp(lab(back[4][1])[..., 0]) > 20
    assert editor.make_again(key)[-1].value
    fresh = editor.colorize(sent, None, quiet)[0]
    told = editor.use_recipe({"path": taken}, fresh)
    assert told[-1].value
    assert np.ptp(lab(told[4][1])[..., 0]) < 3


def test_references_that_are_tried_have_a_limit(
    editor: Editor, key: str, upload: dict[str, str]
) -> None:
    for number in range(12):
        sent = reference_file(upload, f"{number}.png", f"#70{number:02x}10", "#80a0ff")
        editor.take_reference(sent, key, *AS_IS)
    with pytest.raises(gr.Error, match="12 references were tried on this photograph"):
        editor.take_reference(reference_file(upload, "x.png", "#107010", "#80a0ff"), key, *AS_IS)


def test_a_veil_comes_and_goes_and_is_no_change(editor: Editor, key: str) -> None:
    before = editor.redraw(key, *AS_IS)
    models: Any = editor.models
    models["photo"].card["doubt"] |= {"sure": [0.3, 0.1]}
    on = editor.show_doubt(key, True, *AS_IS)
    assert "Violet" in on[6]
    assert np.abs(drawn(on) - drawn(before)).mean() > 10
    assert on[7].interactive == before[7].interactive  # nothing more to undo
    assert on[1] != on[0][1]  # the picture to click into has no veil
    # It stays over what is drawn next, and nothing that is made has it.
    moved = editor.redraw(key, 0.5, 0.0, 0.5)
    assert "Violet" in moved[6]
    file = editor.home.take_home(key, "PNG", 90, True, *AS_IS, quiet).value["path"]
    off = editor.show_doubt(key, False, *AS_IS)
    np.testing.assert_allclose(drawn(off), drawn(before), atol=0.5)
    assert np.abs(lab(file)[..., 1:] - [6.0, 12.0]).mean() < 1
