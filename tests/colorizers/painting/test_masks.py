"""Masks: exactly grey or exactly the other version where white, nothing changed where black."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeColorizer, hue_wheel
from PIL import Image

from colorizers.errors import ImageError
from colorizers.files.reading import open_photo
from colorizers.files.writing import OUTPUTS
from colorizers.painting import masks
from colorizers.painting.hints import Hint
from colorizers.painting.masks import EMBEDDED, SIDE, Mask
from colorizers.painting.pipeline import Options, colorize_file
from colorizers.painting.recipe import LONGEST, Recipe, checked, parsed, read, text

SIZE = 300, 200
LEAST = {"truehue": 1, "method": "photo"}


class Versions(FakeColorizer):
    """Another turn of the hues for each seed."""

    def predict_ab(self, L: np.ndarray, **options: float) -> np.ndarray:
        turn = options.get("seed", 0.0)
        a, b = np.moveaxis(super().predict_ab(L, **options), -1, 0)
        turned = a * np.cos(turn) - b * np.sin(turn), a * np.sin(turn) + b * np.cos(turn)
        return np.stack(turned, axis=-1)


MODEL = Versions(hue_wheel(), "photo")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.png"
    grey = np.random.default_rng(0).normal(128, 6, SIZE[::-1]) + 60 * (np.arange(SIZE[0]) > 120)
    Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(file)
    return file


def half(size: tuple[int, int] = SIZE, share: float = 0.5) -> np.ndarray:
    """White on the left."""
    width, height = size
    white = np.where(np.arange(width) < share * width, 255, 0)
    return np.broadcast_to(white, (height, width)).astype(np.uint8)


def a_mask(pixels: np.ndarray, version: int | None = None) -> Mask:
    made = masks.of(pixels.astype(np.uint8), version)
    assert made is not None
    return made


def detailed(size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, size[::-1], dtype=np.uint8)


def made(photo: Path, model: FakeColorizer = MODEL, **options: Any) -> np.ndarray:
    target = photo.with_name("made.png")
    colorize_file(photo, target, model, Options(**options))
    with Image.open(target) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("settings", [{}, {"warmth": 0.8, "saturation": 1.5}])
def test_white_is_the_photographs_own_grey_and_black_is_as_it_was(photo: Path, settings: dict):
    plain = made(photo, **settings)
    rgb = made(photo, mask=a_mask(half()), **settings)
    own = np.asarray(Image.open(photo).convert("RGB")).astype(int)
    np.testing.assert_allclose(rgb[:, :145], own[:, :145], atol=1)
    assert np.ptp(rgb[:, :145], axis=2).max() == 0
    np.testing.assert_array_equal(rgb[:, 155:], plain[:, 155:])
    assert np.ptp(plain[:, :145], axis=2).max() > 20


def test_white_is_the_other_version_to_the_byte(photo: Path):
    first, third = made(photo), made(photo, method={"seed": 3.0})
    rgb = made(photo, mask=a_mask(half(), 3))
    np.testing.assert_array_equal(rgb[:, :145], third[:, :145])
    np.testing.assert_array_equal(rgb[:, 155:], first[:, 155:])
    assert abs(first - third)[:, :145].max() > 20
    back = made(photo, method={"seed": 3.0}, mask=a_mask(half(), 0))
    np.testing.assert_array_equal(back[:, :145], first[:, :145])


def test_grey_of_a_mask_blends(photo: Path):
    plain, quarter = made(photo), made(photo, mask=a_mask(np.full((20, 30), 64)))
    spread, less = np.ptp(plain, axis=2), np.ptp(quarter, axis=2)
    colourful = (spread > 20) & (plain.max(axis=2) < 250)
    assert np.median(less[colourful] / spread[colourful]) == pytest.approx(0.75, abs=0.05)


@pytest.mark.parametrize("size", [(30, 20), (300, 200), (3000, 2000), (301, 200)])
def test_a_mask_of_any_size_has_soft_edges_at_the_same_place(photo: Path, size: tuple[int, int]):
    rgb = made(photo, mask=a_mask(half(size)))
    spread = np.ptp(rgb, axis=2).max(axis=0)
    assert spread[:138].max() == 0
    assert spread[162:].max() > 10
    step = np.diff(np.ptp(rgb, axis=2).mean(axis=0)[130:170])
    assert step.max() < 0.5 * np.ptp(rgb[:, 155:], axis=2).mean()  # no hard line


@pytest.mark.parametrize("size", [(200, 300), (100, 100), (400, 200), (3, 9)])
def test_another_shape_is_told_with_both_sizes(photo: Path, size: tuple[int, int]):
    with pytest.raises(ImageError, match=r"300 x 200; give a mask of the photo") as told:
        made(photo, mask=a_mask(np.full(size[::-1], 255)))
    assert f"{size[0]} x {size[1]}" in str(told.value)


def test_hints_stay_where_the_guess_is_taken_back(photo: Path):
    hint = Hint(0.2, 0.5, (50.0, 30.0))
    rgb = made(photo, hints=(hint,), reach=0.0, mask=a_mask(np.full((20, 30), 255)))
    alone = made(photo, hints=(hint,), reach=0.0)
    np.testing.assert_allclose(rgb[98:103, 58:63], alone[98:103, 58:63], atol=12)
    assert rgb[100, 60, 0] > rgb[100, 60, 2] + 40
    assert np.ptp(rgb[20:180, 200:280], axis=2).max() <= 1


def test_a_method_without_versions_says_so(photo: Path):
    gan = FakeColorizer(hue_wheel(), "gan")
    assert np.ptp(made(photo, gan, mask=a_mask(half()))[:, :145], axis=2).max() == 0
    with pytest.raises(ImageError, match="gan draws no versions, so that its mask cannot show"):
        made(photo, gan, mask=a_mask(half(), 3))


@pytest.mark.parametrize("format", dict.fromkeys(OUTPUTS.values()))
@pytest.mark.parametrize("version", [None, 3])
def test_the_same_recipe_gives_the_same_file(photo: Path, format: str, version: int | None):
    first, again = photo.with_name("first"), photo.with_name("again")
    colorize_file(photo, first, MODEL, Options(format, mask=a_mask(half(), version)))
    said = read(first)
    assert said.mask == a_mask(half(), version)
    colorize_file(photo, again, MODEL, said.followed(Options(format)))
    assert first.read_bytes() == again.read_bytes()
    assert parsed(text(said).encode()) == said
    assert text(parsed(text(said).encode())) == text(said)


def test_a_detailed_mask_is_named_by_its_hash_and_must_be_given_again(photo: Path):
    first, again = photo.with_name("first.jpg"), photo.with_name("again.jpg")
    mask = a_mask(detailed(), 2)
    assert len(mask.png) > EMBEDDED
    colorize_file(photo, first, MODEL, Options("JPEG", mask=mask))
    said = read(first)
    assert json.loads(text(said))["mask"] == {"version": 2, "sha256": mask.sha256}
    with pytest.raises(ImageError, match=r"too large to be kept in it and was not given; give"):
        said.followed(Options("JPEG"))
    with pytest.raises(ImageError, match=f"{mask.sha256[:12]}..., and the one that is given has"):
        said.followed(Options("JPEG", mask=a_mask(half())))
    # What it is to show, the recipe says.
    colorize_file(photo, again, MODEL, said.followed(Options("JPEG", mask=a_mask(detailed()))))
    assert first.read_bytes() == again.read_bytes()
    with pytest.raises(ImageError, match="The recipe has no mask"):
        Recipe("photo").followed(Options(mask=mask))


def test_the_longest_mask_leaves_room_for_the_rest_of_a_recipe():
    longest = a_mask(np.pad(detailed((110, 98)), 100))
    assert 0.8 * EMBEDDED < len(longest.png) <= EMBEDDED
    assert len(text(Recipe("photo", mask=longest))) < LONGEST / 2 - 10_000


def test_files_of_any_kind_are_masks(tmp_path: Path):
    pixels = half()
    for name, image in (
        ("a.png", Image.fromarray(pixels.astype(np.uint8))),
        ("b.png", Image.fromarray(pixels.astype(np.uint8)).convert("1")),
        ("c.tif", Image.fromarray(pixels.astype(np.uint16) * 257)),
        ("d.png", Image.fromarray(pixels.astype(np.uint8)).convert("RGB")),
    ):
        image.save(tmp_path / name)
        assert masks.read(tmp_path / name) == a_mask(pixels), name
    large = half((2000, 1400))
    assert masks.of(large.astype(np.uint8)) is not None
    assert max(a_mask(large).pixels().shape) == SIDE


def test_what_is_no_mask_is_told(tmp_path: Path):
    (tmp_path / "letter.png").write_text("dear aunt")
    Image.new("L", (30, 20)).save(tmp_path / "black.png")
    with pytest.raises(ImageError, match=r"The mask letter.png cannot be used\. "):
        masks.read(tmp_path / "letter.png")
    with pytest.raises(ImageError, match=r"The mask black.png .* It is black all over"):
        masks.read(tmp_path / "black.png")


def test_strokes_paint_a_mask_and_take_it_back():
    there = [(0.1, 0.5), (0.9, 0.5)]
    mask = masks.painted(None, there, 0.05, (200, 300))
    assert mask is not None
    pixels = mask.pixels()
    assert pixels.shape == masks.kept_size(200, 300) == (341, 512)
    assert pixels[170, 60:450].min() == 255
    assert pixels[:130].max() == pixels[210:].max() == 0
    assert len(np.unique(pixels)) > 5  # its edge is smooth
    less = masks.painted(mask, [(0.7, 0.0), (0.7, 1.0)], 0.05, (200, 300), back=True)
    assert less is not None
    assert less.pixels()[170, 345:370].max() == 0
    assert less.pixels()[170, 60:300].min() == 255
    assert masks.painted(less, there, 0.2, (200, 300), back=True) is None
    assert masks.painted(None, there, 0.2, (200, 300), back=True) is None


def said(**change: Any) -> dict[str, Any]:
    mask = a_mask(half((30, 20)), 3)
    told = masks.said(mask) | change
    return LEAST | {"mask": {name: value for name, value in told.items() if value != "gone"}}


def coded(image: Image.Image, format: str = "PNG") -> str:
    stream = io.BytesIO()
    image.save(stream, format)
    return base64.b64encode(stream.getvalue()).decode()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (LEAST | {"mask": []}, "In the recipe, the mask: it must have version, sha256 and perhaps"),
        (LEAST | {"mask": None}, "it must have version, sha256 and perhaps png"),
        (said(version="gone"), "it must have version, sha256 and perhaps png"),
        (said(more=1), "it must have version, sha256 and perhaps png"),
        (said(version=-1), "version '-1' must be 'grey' or a whole number from 0 to 999999"),
        (said(version=2.5), "must be 'grey' or a whole number"),
        (said(version=1e300), "must be 'grey' or a whole number"),
        (said(version=float("nan")), "must be 'grey' or a whole number"),
        (said(version=True), "must be 'grey' or a whole number"),
        (said(version=[1] * 99), "must be 'grey' or a whole number"),
        (said(version="x" * 9999), "must be 'grey' or a whole number"),
        (said(sha256="0" * 63), "its sha256 must be a SHA-256"),
        (said(sha256=7), "its sha256 must be a SHA-256"),
        (said(sha256="0" * 64), "and not the one said"),
        (said(png=""), "its PNG cannot be read"),
        (said(png="ä"), "its png must be a PNG in Base64"),
        (said(png="a b"), "its png must be a PNG in Base64"),
        (said(png=7), "its png must be a PNG in Base64"),
        (said(png="QUJD"), "its PNG cannot be read"),
        (said(png=coded(Image.new("L", (9, 9), 255), "JPEG")), "its PNG cannot be read"),
        (said(png=coded(Image.new("RGB", (9, 9), "white"))), "must be 8-bit grey"),
        (said(png=coded(Image.new("L", (9, 9)))), "is black all over"),
        (said(png=coded(Image.new("L", (513, 9), 255))), "at most 512 pixels a side"),
        (said(png=coded(Image.fromarray(detailed()))), "has more than 12,000 bytes"),
        (said(png=coded(Image.new("L", (99, 99), 255))[:96]), "its PNG cannot be read"),
    ],
)
def test_what_is_wrong_with_a_mask_is_a_sentence(wrong: dict, says: str):
    with pytest.raises(ImageError) as told:
        checked(wrong)
    assert says in str(told.value)
    assert len(str(told.value)) < 200
    assert checked(said()).mask == a_mask(half((30, 20)), 3)


def test_sixteen_bits_keep_theirs(tmp_path: Path):
    deep = np.linspace(5000, 60000, 60 * 40).reshape(40, 60).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    colorize_file(
        tmp_path / "deep.png",
        tmp_path / "made.tif",
        MODEL,
        Options("TIFF", mask=a_mask(half((60, 40)))),
    )
    rgb = open_photo(tmp_path / "made.tif").rgb
    assert rgb.dtype == np.uint16
    assert np.ptp(rgb[:, :25].astype(int), axis=2).max() <= 2  # of 65,535
