"""Colours by name, for people who write rather than point: "skin", "navy", "#c08040".

Fed by the box and the palette beside the colour picker of the Colorize tab. Of a colour only a and
b are used, as the photograph keeps its own lightness: one "skin" does for light and dark.
"""

from __future__ import annotations

import math
import re
from typing import Any

from PIL import ImageColor

from colorizers.errors import ImageError

PALETTE = {
    "Skin": "#c68e6f",
    "Hair": "#6b4a35",
    "Sky": "#7fa8d1",
    "Water": "#4f7d8c",
    "Grass": "#7a9440",
    "Leaves": "#4f7042",
    "Brick": "#a0523d",
    "Wood": "#9a6a3f",
    "Sand": "#c2ac84",
    "Denim": "#4a6484",
    "Grey": "#808080",
}
"""What old photographs are full of, roughly as it is in daylight."""

HUES = {"pink": 15, "red": 45, "brown": 80, "yellow": 105, "green": 180, "teal": 225, "blue": 295,
        "violet": 330, "rose": 360}  # fmt: skip
"""Where the range of each hue ends, in degrees from the axis of a towards that of b."""


def hue(a: float, b: float) -> str:
    """A word for a colour, for those who do not see it.

    Examples
    --------
    >>> hue(2, -3), hue(40, 30), hue(10, 22), hue(-5, -30)
    ('grey', 'red', 'brown', 'blue')
    """
    if math.hypot(a, b) < 6:
        return "grey"
    turn = math.degrees(math.atan2(b, a)) % 360
    return next(word for word, end in HUES.items() if turn <= end)


def hex_of(colour: Any) -> str:
    """A colour that somebody wrote, as "#" and six digits.

    Parameters
    ----------
    colour : str
        Six digits from 0 to f or three, with "#" or without, a name of `PALETTE`, or one of
        CSS's names; in any case and with any spaces.

    Raises
    ------
    ImageError
        If it is nothing of these.

    Examples
    --------
    >>> hex_of("#C08040"), hex_of(" Navy "), hex_of("skin"), hex_of("dark olive green")
    ('#c08040', '#000080', '#c68e6f', '#556b2f')
    """
    word = re.sub(r"\s", "", colour).lower() if isinstance(colour, str) else ""
    if found := re.fullmatch("#?([0-9a-f]{6})", word):
        return f"#{found[1]}"
    if found := re.fullmatch("#?([0-9a-f]{3})", word):
        return "#" + "".join(2 * digit for digit in found[1])
    known = {name.lower(): value for name, value in PALETTE.items()}
    value = known.get(word)
    if value is None and word in ImageColor.colormap:  # whose values Pillow replaces once used
        value = "#" + bytes(ImageColor.getrgb(word)[:3]).hex()
    if not isinstance(value, str):
        plain = re.sub(r"[^\w#]", "", word)[:20]  # it goes into a page in Markdown
        shown = f"“{plain}”" if plain else "That"
        raise ImageError(
            f"{shown} is no colour; write # and six digits from 0 to f, like #c08040, or an "
            "English name such as navy or olive."
        )
    return value.lower()
