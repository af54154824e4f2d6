"""Colours by name."""

import pytest
from PIL import ImageColor

from colorizers.errors import ImageError
from colorizers.page.checking import hex_ab
from colorizers.page.palette import PALETTE, hex_of


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("#C08040", "#c08040"),
        ("c08040", "#c08040"),
        (" #f0A ", "#ff00aa"),
        ("Navy", "#000080"),
        ("dark olive green", "#556b2f"),
        ("skin", PALETTE["Skin"]),
        ("grey", "#808080"),
    ],
)
def test_what_people_write(written: str, expected: str) -> None:
    assert hex_of(written) == expected


def test_all_names_are_colours_for_the_network() -> None:
    for name in [*PALETTE, *ImageColor.colormap]:
        hex_ab(hex_of(name))
    assert all(hex_of(value) == value for value in PALETTE.values())


def test_a_name_is_known_after_pillow_has_used_it() -> None:
    ImageColor.getrgb("navy")  # puts numbers where the digits stood
    assert hex_of("navy") == "#000080"


def test_the_palette_is_what_it_says() -> None:
    ab = {name: hex_ab(value) for name, value in PALETTE.items()}
    for name in ("Skin", "Hair", "Brick", "Wood", "Sand"):
        assert ab[name][1] > 10, name  # towards yellow
    for name in ("Sky", "Denim"):
        assert ab[name][1] < -8, name  # towards blue
    for name in ("Grass", "Leaves"):
        assert ab[name][0] < -8, name  # towards green
    assert max(map(abs, ab["Grey"])) < 0.1


@pytest.mark.parametrize(
    "written",
    ["blu", "", "  ", "#12", "#1234567", "#gggggg", "rgb(1,2,3)", "٣٣٣", None, 5, ["red"]],
)
def test_nonsense_is_one_sentence(written: object) -> None:
    with pytest.raises(ImageError, match=r"is no colour; write # and six digits from 0 to f"):
        hex_of(written)


def test_the_sentence_carries_nothing_that_a_page_would_follow() -> None:
    with pytest.raises(ImageError) as caught:
        hex_of("<img src=x onerror=a()>![x](http://a.example/)" + 1000 * "z")
    assert not set("<>[]()!/") & set(str(caught.value))
    assert len(str(caught.value)) < 200
