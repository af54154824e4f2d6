"""Names for files that are made from other people's files."""

from __future__ import annotations

import re
import unicodedata


def output_name(original: str, method: str, suffix: str = ".png") -> str:
    """Name of the colorized file: `<original>-colorized-<method>.png`.

    Examples
    --------
    >>> output_name("../../Großmutter & ich, 1938.tif", "gan")
    'Grossmutter-ich-1938-colorized-gan.png'
    """
    return f"{safe_stem(original)}-colorized-{method}{suffix}"


def safe_stem(name: str) -> str:
    r"""A file's name without folders and suffix, safe on every system.

    Letters, digits, dot, dash and underscore stay, accents are folded, the rest becomes a dash.

    Examples
    --------
    >>> safe_stem("C:\\photos\\été.jpg"), safe_stem("...")
    ('ete', 'picture')
    """
    stem = re.split(r"[/\\]", name)[-1]
    stem = stem.rpartition(".")[0] or stem
    stem = unicodedata.normalize("NFKD", stem.replace("ß", "ss"))
    stem = stem.encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", stem)[:80]
    return re.sub(r"-{2,}", "-", stem).strip("-._") or "picture"
