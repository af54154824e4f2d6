"""Names for files that are made from other people's files."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata

LONGEST = 245
"""Bytes of a name: most disks hold 255, and a number may be added."""
LONGEST_STEM = 160
_JOINERS = "\u200c\u200d"
_EDGES = "-._" + _JOINERS


def output_name(original: str, method: str, suffix: str = ".png") -> str:
    """Name of the colorized file: `<original>-colorized-<method>.png`.

    Examples
    --------
    >>> output_name("../../Großmutter & ich, 1938.tif", "gan")
    'Großmutter-ich-1938-colorized-gan.png'
    """
    return f"{safe_stem(original)}-colorized-{method}{suffix}"


def shortened(stem: str, rest: str) -> str:
    """A name of these two parts that a disk can hold: a long stem is cut, and numbered by a hash.

    Examples
    --------
    >>> shortened("a", ".png"), shortened("ä" * 200, ".png")[-15:]
    ('a.png', 'ää~2e9f2db4.png')
    """
    whole = os.fsencode(stem)
    room = LONGEST - len(os.fsencode(rest))
    if len(whole) <= room:
        return stem + rest
    digest = hashlib.sha256(whole).hexdigest()[:8]
    kept = whole[: max(0, room - 9)].decode("utf-8", "ignore")
    return f"{kept}~{digest}{rest}"


def safe_stem(name: str) -> str:
    r"""A file's name without folders and suffix, safe on every system, in its own script.

    Letters and digits of any script, dot, dash and underscore stay; the rest becomes a dash.

    Examples
    --------
    >>> safe_stem("C:\\photos\\été à Łódź.jpg"), safe_stem("写真 1938.tif"), safe_stem("...")
    ('été-à-Łódź', '写真-1938', 'picture')
    """
    stem = re.split(r"[/\\]", name)[-1]
    stem = stem.rpartition(".")[0] or stem
    stem = unicodedata.normalize("NFC", stem)  # as macOS writes them, accents stand apart
    stem = "".join(letter if _stays(letter) else "-" for letter in stem)
    stem = (
        re.sub(r"-{2,}", "-", stem).strip(_EDGES).encode()[:LONGEST_STEM].decode("utf-8", "ignore")
    )
    return stem.strip(_EDGES) or "picture"


def _stays(letter: str) -> bool:
    # Letters, marks and numbers; and what joins letters or keeps them apart in Persian and Hindi.
    return letter in "._-" + _JOINERS or unicodedata.category(letter)[0] in "LMN"
