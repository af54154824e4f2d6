"""Recipes: what is written is read again, and whatever is wrong is told in sentences."""

import json
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeColorizer, hue_wheel
from PIL import Image

from colorizers.errors import ImageError
from colorizers.files.picture import Picture
from colorizers.files.reading import open_photo
from colorizers.files.writing import OUTPUTS, save
from colorizers.files.xmp import recipe_in
from colorizers.painting import recipe
from colorizers.painting.hints import MAX_HINTS, Hint
from colorizers.painting.pipeline import Options, colorize_file
from colorizers.painting.recipe import LONGEST, Recipe, checked, parsed, read, text

HINTS = tuple(Hint(n / 30, 1 / 3, (-12.3456789, 98.7654321)) for n in range(MAX_HINTS))
WHOLE = Recipe("photo", "0" * 64, {"seed": 3.0, "vividness": 0.8}, 0.8, -0.25, True, HINTS, 0.55)
LEAST = {"truehue": 1, "method": "gan"}


def weighed(digest: str) -> FakeColorizer:
    colorizer = FakeColorizer(hue_wheel(), "photo")
    colorizer.card = {"weights": {"sha256": digest}}
    return colorizer


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.png"
    noise = np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)
    Image.fromarray(noise).save(file)
    return file


@pytest.mark.parametrize("whole", [WHOLE, Recipe("gan")])
def test_what_is_written_is_read_again(whole: Recipe, tmp_path: Path):
    file = tmp_path / "recipe"
    file.write_text("\ufeff\n " + text(whole))
    assert read(file) == whole
    assert len(text(whole)) < 4000
    assert text(read(file)) == text(whole)


def test_what_is_not_said_is_as_it_is_without_a_recipe():
    options = checked(LEAST).followed(Options("JPEG", 80, False, 2.0, 1.0, {"seed": 1}, True))
    assert options == Options("JPEG", 80, False)


@pytest.mark.parametrize("format", dict.fromkeys(OUTPUTS.values()))
@pytest.mark.parametrize("deep", [False, True])
def test_a_picture_tells_its_recipe(photo: Path, tmp_path: Path, format: str, deep: bool):
    target = tmp_path / "made"
    if deep:
        rgb = np.random.default_rng(0).integers(0, 65536, (40, 60, 3), dtype=np.uint16)
        save(photo, rgb, Picture(rgb, None, "array"), format="TIFF")
    options = WHOLE.followed(Options(format))
    colorize_file(photo, target, weighed(WHOLE.weights), options)
    assert read(target) == WHOLE
    # Coloured once more it tells the last one, and only that.
    colorize_file(target, photo, weighed("1" * 64), Options(format, metadata=True))
    assert read(photo).weights == "1" * 64
    assert open_photo(photo).xmp.count(b"Recipe") == 0
    assert photo.read_bytes().count(b"truehue:Recipe>") == 2


def test_a_recipe_that_another_program_wrote_as_an_attribute():
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
        b'syntax-ns#"><rdf:Description rdf:about="" xmlns:t="urn:truehue:1.0/" t:Recipe="{&quot;a'
        b'&quot;: 1}"/></rdf:RDF></x:xmpmeta>'
    )
    assert recipe_in(packet) == '{"a": 1}'
    assert recipe_in(b"<!DOCTYPE x>" + packet) == ""
    assert recipe_in(packet[:-5]) == ""


@pytest.mark.parametrize("digest", ["0" * 64, ""])
def test_the_same_recipe_gives_the_same_file(photo: Path, tmp_path: Path, digest: str):
    first, again = tmp_path / "first.jpg", tmp_path / "again.jpg"
    options = WHOLE.followed(Options("JPEG"))
    colorize_file(photo, first, weighed(digest), options)
    colorize_file(photo, again, weighed(digest), read(first).followed(Options("JPEG")))
    assert first.read_bytes() == again.read_bytes()
    other = read(first).followed(Options("JPEG", saturation=1.0))
    plain = Options("JPEG", method=other.method, saturation=other.saturation, warmth=other.warmth)
    colorize_file(photo, again, weighed(digest), plain)  # without its hints
    assert first.read_bytes() != again.read_bytes()


def test_weights_of_another_hash_are_named_with_the_way_out():
    WHOLE.fit(weighed("0" * 64))
    Recipe("photo").fit(weighed("0" * 64))
    with pytest.raises(ImageError) as told:
        WHOLE.fit(weighed("f" * 64))
    for part in ("000000000000...", "ffffffffffff...", "of photo", "leave “weights” out"):
        assert part in str(told.value)
    with pytest.raises(ImageError, match=r"no option 'magic'; it has seed, vividness\."):
        Recipe("photo", options={"magic": 1.0}).fit(weighed(""))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"blue": 1}, "has a field 'blue' that is not known here; leave it out."),
        ({"method": 3}, "the method is 3, but must be a name."),
        ({"weights": "abc"}, "the weights are 'abc', but must be a SHA-256"),
        ({"options": [1]}, "the options are a list, but must be names with numbers."),
        ({"options": {"seed": True}}, "the option 'seed' is true, but must be a number."),
        (
            {"options": {"seed": 10**400}},
            "the option 'seed' is a number too large, but must be a number.",
        ),
        ({"saturation": 2.5}, "the saturation 2.5 must be a number from 0 to 2."),
        ({"warmth": "hot"}, "the warmth must be a number from -1 to 1."),
        ({"reach": None}, "the reach must be a number from 0 to 1."),
        ({"reach": float("nan")}, "the reach must be a number from 0 to 1."),
        ({"keep_colours": 1}, "keep_colours is 1, but must be true or false."),
        ({"hints": {}}, "the hints are an object, but must be a list."),
        ({"hints": [{}] * (MAX_HINTS + 1)}, f"has {MAX_HINTS + 1} hints, and {MAX_HINTS} is the"),
        ({"hints": [{"x": 0, "y": 0, "a": 0}]}, "hint 1 must have x, y, a and b, and nothing else"),
        (
            {"hints": [{"x": 2, "y": 0, "a": 0, "b": 0}]},
            "In the recipe, hint 1: the x 2 must be a number from 0 to 1.",
        ),
        ({"truehue": 2}, "is 2, and 1 is what is read here"),
        ({"truehue": True}, "is true, and 1 is"),
        ({"truehue": "1" * 10_000}, "is '1111111111111111111111111111111111111111', and 1 is"),
    ],
)
def test_what_is_wrong_is_a_sentence(wrong: dict, says: str):
    with pytest.raises(ImageError) as told:
        checked(LEAST | wrong)
    assert says in str(told.value)
    assert len(str(told.value)) < 300


def test_all_that_is_wrong_is_told_at_once_but_not_without_end():
    many = {f"field{n}": n for n in range(1000)} | {"truehue": 1, "warmth": 9}
    with pytest.raises(ImageError) as told:
        checked(many)
    assert str(told.value).count("is not known here") == recipe.TOLD
    assert str(told.value).endswith(f"{1002 - recipe.TOLD} more things are wrong.")
    with pytest.raises(ImageError, match="no “method”") as few:
        checked({"truehue": 1, "warmth": 9})
    assert "the warmth 9 must" in str(few.value)
    assert "no “method”; name one." in str(few.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is no JSON"),
        (b"[]", "is a list, but must be an object"),
        (b'"photo"', "is 'photo', but must be"),
        (b"{}", "“truehue”, is missing"),
        (b'{"truehue": 1', "is no JSON"),
        (b'{"truehue": 1, "warmth": NaN, "method": "gan"}', "has NaN, which is no number"),
        (b'{"truehue": 1, "warmth": -Infinity}', "has -Infinity, which is no number"),
        (b'{"truehue": 1, "warmth": 1e999, "method": "gan"}', "the warmth must be a number"),
        (b'{"truehue": ' + b"1" * 5000 + b"}", "a number too long"),
        (b'{"truehue": 1, "truehue": 1}', "says 'truehue' twice"),
        (b'{"a":' * 10_000, "nested too deeply"),
        (b"[" * 60_000, "nested too deeply"),
        (b'{"truehue": "\xff"}', "is no text in UTF-8"),
        (b"{" + b" " * LONGEST, "has more than 65,536 bytes"),
    ],
)
def test_hostile_recipes(data: bytes, says: str, tmp_path: Path):
    with pytest.raises(ImageError, match="recipe") as told:
        parsed(data)
    assert says in str(told.value)
    file = tmp_path / "recipe.json"
    file.write_bytes(data)
    with pytest.raises(ImageError, match="recipe"):
        read(file)


def test_what_is_no_recipe(photo: Path, tmp_path: Path):
    with pytest.raises(ImageError, match="has no recipe: TrueHue did not write it"):
        read(photo)
    with pytest.raises(ImageError, match="cannot be read"):
        read(tmp_path / "nothing")
    with pytest.raises(ImageError, match="cannot be read"):
        read(tmp_path)
    (tmp_path / "letter").write_text("dear aunt")
    with pytest.raises(ImageError, match="neither a recipe"):
        read(tmp_path / "letter")


def test_xmp_of_somebody_else_is_no_way_round_the_checks(photo: Path, tmp_path: Path):
    rgb = np.zeros((4, 4, 3), np.uint8)
    for told, says in (
        (json.dumps(LEAST | {"warmth": 7}), "warmth 7"),
        ("[" * 60_000, "nested too deeply"),
        ("x" * (LONGEST + 1), "has more than"),
    ):
        save(tmp_path / "made.png", rgb, Picture(rgb, None, "PNG"), recipe=told)
        with pytest.raises(ImageError, match=says):
            read(tmp_path / "made.png")
