"""Camera raws and other files that are no pictures here: named, and raws developed where rawpy is.

Fed by :mod:`colorizers.files.reading` with what a file begins with and, of a TIFF, its directories.
A raw holds what the sensor saw, and beside it a small finished picture, which is never taken for
the photograph. rawpy (LibRaw) is an optional extra: `requirements-raw.txt`.

References
----------
Adobe, DNG 1.7; LibRaw's documentation (gamma, white balance); gamma of sRGB as in IEC 61966-2-1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import IO

import numpy as np
from numpy.typing import NDArray

from colorizers.errors import ImageError
from colorizers.files.pages import Page

HEAD = 32
"""How much of a file's beginning is looked at."""
_RAWS = (
    (0, b"FUJIFILMCCD-RAW"),
    (0, b"FOVb"),
    (0, b"\0MRM"),
    (0, b"IIU\0"),
    (0, b"IIRO"),
    (0, b"IIRS"),
    (0, b"MMOR"),
    (6, b"HEAPCCDR"),
    (4, b"ftypcrx "),
    (8, b"CR\2\0"),
)
_OTHERS = (
    (0, b"8BPS", "a Photoshop document (PSD)"),
    (0, b"gimp xcf", "a GIMP picture (XCF)"),
    (0, b"%PDF", "a PDF"),
    (0, b"%!PS", "PostScript"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (0, b"PK\3\4", "a zip, or a document that is one inside"),
    (4, b"ftypqt", "a film"),
    (4, b"ftypmp4", "a film"),
    (4, b"ftypisom", "a film"),
)


def is_raw(head: bytes, found: Sequence[Page]) -> bool:
    """Whether a file is a camera's raw, by its beginning and its directories."""
    return any(page.is_raw for page in found) or _begins(head, _RAWS)


def name_of(head: bytes) -> str:
    """What a file is that is not read here, with its article; empty if that is not known."""
    return next((name for at, start, name in _OTHERS if head.startswith(start, at)), "")


def develop(
    stream: IO[bytes], check: Callable[[int, int], None], way_out: str
) -> NDArray[np.uint16]:
    """The picture of a camera's raw, upright, sRGB of 16 bits, with the camera's white balance.

    Parameters
    ----------
    stream : binary file
    check : callable
        Raises ImageError of a width and height that are too much.
    way_out : str
        What may be done otherwise, as the end of a sentence.

    Returns
    -------
    ndarray of uint16, shape (height, width, 3)

    Raises
    ------
    ImageError
        If rawpy is not installed, or cannot read it, or `check` does so.
    """
    try:
        import rawpy
    except ImportError as error:
        raise ImageError(
            "The file is a camera's raw, which must be developed first: do so in a picture "
            f"program, {way_out}; or install rawpy here (pip install -r requirements-raw.txt)."
        ) from error
    stream.seek(0)
    try:
        with rawpy.imread(stream) as file:
            check(file.sizes.width, file.sizes.height)
            return np.asarray(
                file.postprocess(use_camera_wb=True, output_bps=16, gamma=(2.4, 12.92))
            )
    except ImageError:
        raise
    except Exception as error:  # LibRaw's own, of a camera that it does not know or a damaged file
        raise ImageError(
            "The camera's raw is damaged, or of a camera that rawpy does not know; develop it in a "
            f"picture program, {way_out}."
        ) from error


def _begins(head: bytes, starts: Sequence[tuple[int, bytes]]) -> bool:
    return any(head.startswith(start, at) for at, start in starts)
