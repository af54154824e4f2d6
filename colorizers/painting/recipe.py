"""How a picture got its colours, as a small JSON: written beside it and in it, read and done again.

`of` tells the recipe of a picture that is made, `text` writes it, `read` takes it from a file of
JSON or from the XMP of a picture that was written here, `checked` from what a stranger sent. The
same recipe, photograph, format and quality give the same file to the byte, wherever it is made, as
long as program and packages are the same.

A recipe of version 1::

    {"truehue": 1, "method": "photo", "weights": "9c56...", "options": {"seed": 3, "vividness": 1},
     "saturation": 0.8, "warmth": 0, "keep_colours": false,
     "hints": [{"x": 0.25, "y": 0.5, "a": 12.5, "b": -30},
               {"path": [[0.1, 0.2], [0.4, 0.25]], "width": 0.024, "a": 40, "b": 20}],
     "reach": 0.4, "references": ["5d02..."],
     "mask": {"version": "grey", "sha256": "77ab...", "png": "iVBO..."}, "repair": true}

Only "truehue" and "method" must be there. Of the hints, the first is a point and the second a
stroke, whose width is a share of the longer side. Places are shares of the picture's width and
height, so that a recipe fits every size; colours are a and b of Lab. References are named by the
SHA-256 of their files, which must be given again. A mask says what is seen where it is white, and
has its PNG in Base64; a very detailed one has only its SHA-256 and must be given again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorizers.color import AB_MAX
from colorizers.errors import ImageError
from colorizers.files.reading import xmp_packet
from colorizers.files.xmp import recipe_in
from colorizers.painting import masks, strokes
from colorizers.painting.adjust import SATURATION, WARMTH, within
from colorizers.painting.hints import MAX_HINTS, REACH, REACH_DEFAULT, Hint
from colorizers.painting.masks import Mask
from colorizers.painting.predictor import Predictor
from colorizers.painting.references import MOST, Reference

if TYPE_CHECKING:
    from colorizers.painting.pipeline import Options

VERSION = 1
LONGEST = 65_536
"""Bytes of a recipe; the longest that is written here has 45,000."""
TOLD = 8
"""Things that are wrong with a recipe and are told at once."""
PLACE, COLOUR = (0.0, 1.0), (-AB_MAX, AB_MAX)
HINT = {"x": PLACE, "y": PLACE, "a": COLOUR, "b": COLOUR}
STROKE = {"path", "width", "a", "b"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a picture got its colours.

    Attributes
    ----------
    method : str
    weights : str
        SHA-256 of its weights; empty if whatever weights are there will do.
    options : mapping of str to number
        Of the method: seed, vividness, temperature.
    saturation, warmth, keep, hints, reach
        See `colorizers.painting.pipeline.Options`.
    repair : bool
        Whether the photograph was repaired first.
    references : tuple of str
        SHA-256 of the files of the photographs whose colours were taken.
    mask : Mask, optional
        Where the guess was taken back.
    """

    method: str
    weights: str = ""
    options: Mapping[str, float] = field(default_factory=dict)
    saturation: float = 1.0
    warmth: float = 0.0
    keep: bool = False
    hints: tuple[Hint, ...] = ()
    reach: float = REACH_DEFAULT
    references: tuple[str, ...] = ()
    mask: Mask | None = None
    repair: bool = False

    def followed(self, options: Options) -> Options:
        """These options with the recipe's colours; format, quality and metadata stay.

        Raises
        ------
        ImageError
            If the references or the mask in the options are not those of the recipe.
        """
        return replace(
            options, method=self.options, saturation=self.saturation, warmth=self.warmth,
            keep=self.keep, hints=self.hints, reach=self.reach,
            references=self.in_order(options.references),
            mask=masks.followed(self.mask, options.mask), repair=self.repair,
        )  # fmt: skip

    def in_order(self, given: Sequence[Reference]) -> tuple[Reference, ...]:
        """The references that the recipe names, among those that are given; as `followed`."""
        known = {reference.sha256: reference for reference in given}
        missing = [name for name in self.references if name not in known]
        if missing:
            many = len(self.references)
            raise ImageError(
                f"The recipe takes colours from {many} reference photograph{'s' * (many > 1)}, and "
                f"the one whose file has the SHA-256 {missing[0][:12]}... was not given; give the "
                "same file again as a reference."
            )
        more = sorted(known.keys() - set(self.references))
        if more:
            raise ImageError(
                f"The recipe does not name the reference whose file has the SHA-256 "
                f"{more[0][:12]}...; leave it out."
            )
        return tuple(known[name] for name in self.references)

    def fit(self, colorizer: Predictor) -> None:
        """Check that a colorizer can follow this recipe.

        Raises
        ------
        ImageError
            If its weights differ from the recipe's, or it lacks one of the recipe's options.
        """
        here = _weights(colorizer)
        if self.weights and self.weights != here:
            raise ImageError(
                f"The recipe is of the weights {self.weights[:12]}... of {self.method}, and those "
                f"here are {here[:12] or 'unknown'}...: take the TrueHue that the recipe was made "
                "with, or leave “weights” out of it for what those here make of it."
            )
        for option in self.options:
            if option not in colorizer.options:
                known = ", ".join(colorizer.options) or "none"
                raise ImageError(
                    f"In the recipe, the method {self.method} has no option "
                    f"{_shown(option)}; it has {known}."
                )


def of(colorizer: Predictor, options: Options) -> Recipe:
    """The recipe of what a colorizer makes with these options, defaults included."""
    return Recipe(
        colorizer.name, _weights(colorizer), colorizer.options | dict(options.method),
        options.saturation, options.warmth, options.keep, tuple(options.hints), options.reach,
        tuple(reference.sha256 for reference in options.references), options.mask, options.repair,
    )  # fmt: skip


def text(recipe: Recipe) -> str:
    """A recipe as one line of JSON: always the same one of the same recipe.

    Examples
    --------
    >>> text(Recipe("gan", saturation=0.8))
    '{"truehue": 1, "method": "gan", "options": {}, "saturation": 0.8, "warmth": 0,
      "keep_colours": false, "hints": [], "reach": 0.4}'
    """
    said = {
        "truehue": VERSION,
        "method": recipe.method,
        "weights": recipe.weights,
        "options": {name: _short(recipe.options[name]) for name in sorted(recipe.options)},
        "saturation": _short(recipe.saturation),
        "warmth": _short(recipe.warmth),
        "keep_colours": recipe.keep,
        "hints": [_hint_said(hint) for hint in recipe.hints],
        "reach": _short(recipe.reach),
        "references": recipe.references,
        "mask": masks.said(recipe.mask) if recipe.mask else "",
    }
    if recipe.repair:
        said["repair"] = True
    return json.dumps({name: value for name, value in said.items() if value not in ("", ())})


def read(file: Path) -> Recipe:
    """The recipe in a file of JSON, or in a picture that was written here.

    Raises
    ------
    ImageError
        If there is none, or something is wrong with it: a sentence for each thing.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(LONGEST + 1)
    except OSError as error:
        raise ImageError(f"The recipe {file} cannot be read ({error.strerror}).") from error
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"[", b'"', b""):
        return in_picture(file)
    return parsed(data)


def in_picture(file: Path) -> Recipe:
    """The recipe in a picture's XMP; as `read`."""
    try:
        packet = xmp_packet(file)
    except ImageError as error:
        raise ImageError(
            "The file is neither a recipe (JSON that begins with {) nor a picture that can be read."
        ) from error
    told = recipe_in(packet)
    if not told:
        raise ImageError(
            "The picture has no recipe: TrueHue did not write it, or its XMP was taken out since."
        )
    return parsed(told.encode())


def parsed(data: bytes) -> Recipe:
    """The recipe that some JSON is, in UTF-8; as `read`."""
    if len(data) > LONGEST:
        raise ImageError(f"The recipe has more than {LONGEST:,} bytes, which is the limit.")
    try:
        said = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number
        )
    except RecursionError as error:
        raise ImageError("The recipe is nested too deeply.") from error
    except UnicodeDecodeError as error:
        raise ImageError("The recipe is no text in UTF-8.") from error
    except json.JSONDecodeError as error:
        raise ImageError(f"The recipe is no JSON: {error}.") from error
    except ValueError as error:  # an ImageError is one, with its sentence
        raise ImageError(
            str(error) if isinstance(error, ImageError) else "The recipe has a number too long."
        ) from error
    return checked(said)


def checked(said: Any) -> Recipe:
    """The recipe that decoded JSON is.

    Raises
    ------
    ImageError
        With a sentence for each thing that is wrong.

    Examples
    --------
    >>> checked({"truehue": 1, "method": "gan", "warmth": 3, "blue": True})
    Traceback (most recent call last):
    ...
    colorizers.errors.ImageError: The recipe has a field 'blue' that is not known here; leave it
    out. In the recipe, the warmth 3 must be a number from -1 to 1.
    """
    if not isinstance(said, dict):
        raise ImageError(f"The recipe is {_shown(said)}, but must be an object: {{...}}.")
    version = said.get("truehue")
    if isinstance(version, bool) or version != VERSION:
        was = "missing" if "truehue" not in said else _shown(version)
        raise ImageError(
            f"The recipe's version, “truehue”, is {was}, and {VERSION} is what is read here; "
            "take the TrueHue that the recipe was made with."
        )
    wrong: list[str] = []
    for name in said:
        if name != "truehue" and name not in _FIELDS:
            wrong.append(
                f"The recipe has a field {_shown(name)} that is not known here; leave it out."
            )
    found: dict[str, Any] = {}
    for name, (key, check) in _FIELDS.items():
        if name in said:
            try:
                found[key] = check(said[name])
            except ValueError as error:
                wrong += error.args
    if "method" not in said:
        wrong.append("The recipe has no “method”; name one.")
    if wrong:
        more = len(wrong) - TOLD
        told = [*wrong[:TOLD], f"{more} more things are wrong." if more > 1 else ""]
        raise ImageError(" ".join(filter(None, told if more > 1 else wrong)))
    return Recipe(**found)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON in which nothing is said twice."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ImageError(f"The recipe says {_shown(name)} twice; leave one out.")
        made[name] = value
    return made


def _no_number(name: str) -> float:
    raise ImageError(f"The recipe has {name}, which is no number.")


def _short(value: float) -> float:
    """3 instead of 3.0, so that the same recipe is the same text."""
    return int(value) if value == int(value) else value


def _weights(colorizer: Predictor) -> str:
    return str(colorizer.card.get("weights", {}).get("sha256", ""))


def _shown(value: Any) -> str:
    """A value for a sentence, however large it is."""
    if isinstance(value, str):
        return repr(value[:40])
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1e9 else "a number too large"
    return "an object" if isinstance(value, dict) else "a list"


def _method(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"In the recipe, the method is {_shown(value)}, but must be a name.")
    return value


def _sha256(value: Any, what: str = "the weights are") -> str:
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        raise ValueError(
            f"In the recipe, {what} {_shown(value)}, but must be a SHA-256: 64 digits from 0 to f."
        )
    return value


def _references(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"In the recipe, the references are {_shown(value)}, but must be a list.")
    if len(value) > MOST:
        raise ValueError(f"The recipe has {len(value)} references, and {MOST} is the limit.")
    names = [_sha256(name, f"reference {n} is") for n, name in enumerate(value, start=1)]
    if len(set(names)) < len(names):
        raise ValueError("The recipe names a reference twice; leave one out.")
    return tuple(names)


def _mask(value: Any) -> Mask:
    try:
        return masks.parsed(value)
    except ValueError as error:
        raise ValueError(f"In the recipe, the mask: {_lower(str(error))}") from error


def _options(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ValueError(
            f"In the recipe, the options are {_shown(value)}, but must be names with numbers."
        )
    wrong = [
        f"In the recipe, the option {_shown(name)} is {_shown(number)}, but must be a number."
        for name, number in value.items()
        if isinstance(number, bool)
        or not isinstance(number, int | float)
        or not abs(number) < 1e9
        or not isfinite(number)
    ]
    if wrong:
        raise ValueError(*wrong)
    return {str(name): float(number) for name, number in value.items()}


def _flag(name: str) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(
                f"In the recipe, {name} is {_shown(value)}, but must be true or false."
            )
        return value

    return check


def _hints(value: Any) -> tuple[Hint, ...]:
    if not isinstance(value, list):
        raise ValueError(f"In the recipe, the hints are {_shown(value)}, but must be a list.")
    if len(value) > MAX_HINTS:
        raise ValueError(f"The recipe has {len(value)} hints, and {MAX_HINTS} is the limit.")
    hints, wrong = [], []
    for number, hint in enumerate(value, start=1):
        try:
            hints.append(_hint(hint))
        except ValueError as error:
            told = str(error)
            wrong.append(
                f"In the recipe, hint {number}{told if told[0] in ' ,' else ': ' + _lower(told)}"
            )
    if wrong:
        raise ValueError(*wrong)
    return tuple(hints)


def _hint(value: Any) -> Hint:
    """A point or a stroke; ValueError with what is wrong, to follow "hint 1"."""
    if isinstance(value, dict) and "path" in value:
        return _stroke(value)
    if not isinstance(value, dict) or set(value) != set(HINT):
        raise ValueError(" must have x, y, a and b, and nothing else.")
    x, y, a, b = (within(name, value[name], limits) for name, limits in HINT.items())
    return Hint(x, y, (a, b))


def _stroke(value: dict[str, Any]) -> Hint:
    if set(value) != STROKE:
        raise ValueError(", a stroke, must have path, width, a and b, and nothing else.")
    path = value["path"]
    if not isinstance(path, list) or not 2 <= len(path) <= strokes.LONGEST:
        raise ValueError(f"The path must be a list of 2 to {strokes.LONGEST} places.")
    places = []
    for number, place in enumerate(path, start=1):
        if not isinstance(place, list) or len(place) != 2:
            raise ValueError(f"Place {number} of the path must be a list of x and y.")
        places.append((within("x", place[0], PLACE), within("y", place[1], PLACE)))
    width = within("width", value["width"], strokes.WIDTH)
    ab = within("a", value["a"], COLOUR), within("b", value["b"], COLOUR)
    return Hint(*places[0], ab, width / 2, tuple(places[1:]))


def _hint_said(hint: Hint) -> dict[str, Any]:
    """A hint as `_hint` reads it."""
    a, b = map(_short, hint.ab)
    if not hint.more:
        return {"x": _short(hint.x), "y": _short(hint.y), "a": a, "b": b}
    path = [[_short(x), _short(y)] for x, y in hint.places]
    return {"path": path, "width": _short(2 * hint.radius), "a": a, "b": b}


def _number(name: str, limits: tuple[float, float]) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        try:
            return within(name, value, limits)
        except ValueError as error:
            raise ValueError(f"In the recipe, {_lower(str(error))}") from error

    return check


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "method": ("method", _method),
    "weights": ("weights", _sha256),
    "options": ("options", _options),
    "saturation": ("saturation", _number("saturation", SATURATION)),
    "warmth": ("warmth", _number("warmth", WARMTH)),
    "keep_colours": ("keep", _flag("keep_colours")),
    "hints": ("hints", _hints),
    "reach": ("reach", _number("reach", REACH)),
    "references": ("references", _references),
    "mask": ("mask", _mask),
    "repair": ("repair", _flag("repair")),
}
"""Field -> attribute of `Recipe`, and its check, which raises ValueError with sentences."""
