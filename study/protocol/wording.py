"""A study's own words: read from tables of TOML, checked, and laid over the English ones.

Used by ``config`` (what the study file and its file of texts set) and ``texts`` (what is shown).
Pure. A word that no page has, a text where the page has a list, or braces that are not filled in
would be noticed by participants only; so each is an error here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from study.errors import ConfigError
from study.protocol.english import ENGLISH, VARIANTS

Words = Mapping[str, Any]

DIRECTIONS = ("ltr", "rtl")
# What the server knows when it fills in a text, in all of its texts.
KNOWN = frozenset(
    {"methods", "others", "practice", "scored", "trials", "catch", "minutes", "keys"}
    | {"meanings", "late", "seconds", "checks", "made", "answers", "deleted", "duration", "fakes"}
    | {"question", "exposure", "once"}
)
_FILLED_ELSEWHERE = ("page", "refused", "phrases")  # there, each text has names of its own
_ROOTS = ("texts", *(f"texts.{one}" for one in VARIANTS))
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def over(words: Words, own: Words) -> dict[str, Any]:
    """Return words with others laid over them.

    Examples
    --------
    >>> over({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}})
    {'a': {'b': 1, 'c': 3}}
    """
    result = dict(words)
    for name, value in own.items():
        both = isinstance(value, Mapping) and isinstance(words.get(name), Mapping)
        result[name] = over(words[name], value) if both else value
    return result


def of_trials(words: Words, variant: str | None) -> dict[str, Any]:
    """Return words as they are where trials are of a variant, one of `VARIANTS` or None.

    Examples
    --------
    >>> of_trials({"a": 1, "unpaired": {"a": 2}, "preference": {"a": 3}}, "unpaired")
    {'a': 2}
    """
    common = {name: word for name, word in words.items() if name not in VARIANTS}
    return over(common, words.get(variant, {}) if variant else {})


def checked(own: Words) -> dict[str, Any]:
    """Return a study's own words if the page has them all.

    Parameters
    ----------
    own
        Tables of TOML.

    Raises
    ------
    ConfigError
        When there is no such word, it is not of the kind that the page shows, it has braces that
        are not filled in, or the consent's words are set without their version.
    """
    _check("texts", own, ENGLISH, KNOWN)
    direction, language = own.get("direction", "ltr"), own.get("language", "en")
    if direction not in DIRECTIONS:
        raise ConfigError(f"texts.direction is {direction!r}, but must be one of ltr, rtl.")
    if not _LANGUAGE.fullmatch(language):
        raise ConfigError(
            f"texts.language is {language!r}, but must be a language's code such as de or pt-BR."
        )
    consent = own.get("consent", {})
    asked = [
        f"{table}.{name}"
        for table, words in (
            ("consent", consent),
            *((f"{one}.consent", own.get(one, {}).get("consent", {})) for one in VARIANTS),
        )
        for name in ("lead", "paragraphs", "points")
        if name in words
    ]
    if asked and consent.get("version") in (None, ENGLISH["consent"]["version"]):
        raise ConfigError(
            f"texts.{asked[0]} is set and texts.consent.version is not: it is stored "
            'with each participant and tells which text they read; set one such as "4-de".'
        )
    if len(consent.get("version", "")) > 64:
        raise ConfigError("texts.consent.version may have at most 64 letters.")
    return dict(own)


def fill(words: Any, values: Mapping[str, object]) -> Any:
    """Return words, or lists and tables of words, with their braces filled in.

    Examples
    --------
    >>> fill(["{scored} trials", ["a", "b"]], {"scored": 30})
    ['30 trials', ['a', 'b']]
    """
    if isinstance(words, str):
        return words.format_map(values)
    if isinstance(words, Mapping):
        return {name: fill(word, values) for name, word in words.items()}
    return [fill(word, values) for word in words]


def names_in(words: Any) -> Iterator[str]:
    """Yield the names in the braces of words.

    Raises
    ------
    ValueError
        When a brace is not closed.
    """
    if isinstance(words, str):
        for _, name, form, conversion in Formatter().parse(words):
            if name is not None:
                yield name if not form and not conversion else f"{name}!"
    else:
        for word in words.values() if isinstance(words, Mapping) else words:
            yield from names_in(word)


def _check(name: str, given: Any, english: Any, known: frozenset[str]) -> None:
    if isinstance(english, dict):
        if not isinstance(given, Mapping):
            raise ConfigError(f"{name} is {given!r}, but must be a table: write [{name}].")
        for key, value in given.items():
            if key not in english:
                raise ConfigError(
                    f"{name}.{key} is no text of the page; there are {', '.join(english)}."
                )
            of_its_own = key in _FILLED_ELSEWHERE and name in _ROOTS
            _check(f"{name}.{key}", value, english[key], frozenset() if of_its_own else known)
        return
    if isinstance(english, str):
        good, wanted = isinstance(given, str) and given != "", "a text"
    elif name.startswith("texts.ends."):
        good, wanted = _is_texts(given) and len(given) == 2, "two texts: a title and a sentence"
    elif name.startswith("texts.unpaired.judge."):
        good, wanted = _is_texts(given) and len(given) == 2, "two texts: for real and for fake"
    elif name == "texts.consent.points":
        good = isinstance(given, list) and all(_is_texts(x) and len(x) == 2 for x in given)
        wanted = "a list of pairs: a heading and a sentence"
    else:
        good, wanted = _is_texts(given), "a list of texts"
    if not good:
        raise ConfigError(f"{name} is {given!r}, but must be {wanted}.")
    allowed = known | set(names_in(english))
    try:
        unknown = [one for one in names_in(given) if one not in allowed]
    except ValueError as error:
        raise ConfigError(f"{name} has a brace that does not close or open: {error}.") from None
    if unknown:
        fills = ", ".join(f"{{{one}}}" for one in sorted(allowed)) or "none"
        raise ConfigError(
            f"{name} has {{{unknown[0]}}}, which nothing fills in; there are {fills}."
        )


def _is_texts(given: object) -> bool:
    return isinstance(given, list) and all(isinstance(one, str) and one for one in given)
