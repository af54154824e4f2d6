"""What everything in the Colorize tab shares: checks of what a browser sent, answers, previews.

Fed by the events of :mod:`colorizers.page.events` with raw values (``preprocess=False``), because
Gradio's own decoding drops 16 bits, profiles and alpha, ends in a traceback on a broken file, and
has no pixel limit of ours. So everything is checked here, as anyone may send anything to the
endpoints.

Pictures for the screen are PNG, as a lossy codec changes colours. Files lie in Gradio's cache under
a random name and go when their time is over (:mod:`colorizers.page.uploads`).
"""

from __future__ import annotations

import logging
import re
import secrets
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import gradio as gr
import numpy as np
from gradio import utils as gradio_utils
from numpy.typing import NDArray
from PIL import Image

from colorizers.color import colorize_u8, rgb_to_lab
from colorizers.errors import ImageError
from colorizers.files.filenames import safe_stem
from colorizers.files.picture import Picture, to_8_bits
from colorizers.files.srgb import Pixels
from colorizers.files.writing import OUTPUTS, save_png
from colorizers.page.turns import CHECK, COLORIZE, opened
from colorizers.page.uploads import keep
from colorizers.painting import masks, own, references
from colorizers.painting.adjust import within
from colorizers.painting.masks import Mask
from colorizers.painting.own import Own
from colorizers.painting.predict import lightness, resize
from colorizers.painting.references import Reference

log = logging.getLogger(__name__)

PREVIEW_SIDE = 1024
"""Longest side of what is worked on and shown; at 12 megapixels every move of a slider, and the
PNG on its way, would take seconds."""
SMALL_SIDE = 384
"""Pictures smaller than this are enlarged on the screen (CIFAR-10's are 32 pixels wide)."""
LOOKED = 64
"""Photographs that were looked at and whose previews wait for colours; each takes up to 6 MB."""
SHOWN_BY_BROWSERS = ("AVIF", "BMP", "GIF", "JPEG", "MPO", "PNG", "WEBP")
QUALITY = (50, 100)
ENDINGS = {format: ending for ending, format in reversed(OUTPUTS.items())}
"""Ending of a file in each format that may be downloaded."""
LAYER = "Only the colours (PNG)"
"""In place of a format: a layer for the blend mode Color."""

SILENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
NETWORK: dict[str, Any] = {
    "api_visibility": "private",
    "preprocess": False,
    "concurrency_id": COLORIZE,
    "concurrency_limit": 2,
}
LOOKING = NETWORK | {"concurrency_id": CHECK}
QUICK: dict[str, Any] = SILENT | {
    "preprocess": False,
    "concurrency_id": "adjust",
    "concurrency_limit": 2,
}
IN_ORDER = QUICK | {"concurrency_id": "history", "concurrency_limit": 1}


@contextmanager
def telling(title: str) -> Iterator[None]:
    """Turn whatever goes wrong into one sentence for the visitor, under this title.

    Raises
    ------
    gr.Error
    """
    try:
        yield
    except ImageError as error:
        raise gr.Error(str(error), title=title, print_exception=False) from error
    except Exception as error:
        log.exception("an event of the Colorize tab failed")
        raise gr.Error(
            "Something went wrong on the server; try again, or try another photograph.",
            title=title,
            print_exception=False,
        ) from error


class Small(NamedTuple):
    """What is kept of a photograph that was looked at, until a file is made of it.

    Attributes
    ----------
    L : ndarray of float16, shape (height, width)
        In [0, 100], at most `PREVIEW_SIDE` long.
    own : tuple of ndarray or None
        If it has colours of its own: the picture at the size of that L, 8 bits, and where they are
        (`colorizers.painting.own`).
    """

    L: NDArray[np.float16]
    own: Own | None


@dataclass
class Verdict:
    """What was found when an upload was looked at.

    Parameters
    ----------
    path : str
        The upload that this is about.
    note : str
        What there is to say of it, Markdown.
    accepted : bool
        Whether it may be coloured.
    shown : str, optional
        A picture to show in its place.
    size : tuple of int
        Width and height of its picture.
    small : Small or None
        None if it was not accepted, or `LOOKED` others have been looked at since.
    """

    path: str
    note: str
    accepted: bool
    shown: str = ""
    size: tuple[int, int] = (0, 0)
    small: Small | None = field(default=None, repr=False, compare=False)

    def of(self, payload: Any) -> bool:
        """Whether it is about this upload, or about the one that this is shown in place of."""
        path = payload.get("path") if isinstance(payload, dict) else None
        return bool(path) and path in (self.path, self.shown)


_lately: deque[Verdict] = deque()


def _remember(verdict: Verdict) -> Verdict:
    """Forget the pictures of earlier verdicts, as a page may never come back to them."""
    _lately.append(verdict)
    while len(_lately) > LOOKED:
        _lately.popleft().small = None
    return verdict


def check_upload(payload: Any) -> Verdict | None:
    """Look at a fresh upload.

    Parameters
    ----------
    payload : dict or None
        What `gr.Image` sent: at least "path", a file in Gradio's upload folder.

    Returns
    -------
    Verdict or None
        None if there is no photograph any more. Formats that browsers do not show (TIFF,
        JPEG 2000, PPM) are to be shown as a PNG with the same pixels, 16-bit grey included.
    """
    if not payload:
        return None
    sent = payload.get("path") if isinstance(payload, dict) else None
    try:
        path, name = uploaded(payload)
        with opened(path) as photo:
            verdict = look_at(path, photo)
            if photo.format in SHOWN_BY_BROWSERS:
                return _remember(verdict)
            folder = new_folder(Path(gradio_utils.get_upload_folder()))
            shown = folder / f"{safe_stem(name)}.png"
            save_png(shown, photo.rgb, photo)
    except ImageError as error:
        return Verdict(str(sent), f"⚠️ {error}", accepted=False)
    return _remember(replace(verdict, shown=str(shown)))


def look_at(path: Path, photo: Picture) -> Verdict:
    """What there is to say of a photograph that can be used; `open_photo` says what cannot."""
    width, height = photo.size
    said = [f"{width:,} × {height:,} pixels, {photo.format}.", *photo.notices]
    L = lightness(photo.rgb)
    shrink = min(1.0, PREVIEW_SIDE / max(width, height))
    if shrink < 1.0:
        L = resize(L, *(max(1, round(side * shrink)) for side in photo.size))
    kept, where = None, own.coloured(photo.rgb)
    if where is not None:
        said.append(own.told(where, kept=False))
        rgb = cv2.resize(to_8_bits(photo.rgb), L.shape[::-1], interpolation=cv2.INTER_AREA)
        kept = np.asarray(rgb, np.uint8).reshape(*L.shape, 3), where
    small = Small(L.astype(np.float16), kept)
    return Verdict(str(path), " ".join(said), accepted=True, size=photo.size, small=small)


def settle(payload: Any, verdict: Verdict | None) -> tuple[Any, Any]:
    """Carry out a verdict, unless its photograph has been removed or replaced by now.

    Parameters
    ----------
    payload : dict or None
        The photograph as it is in the page now.
    verdict : Verdict or None

    Returns
    -------
    tuple
        Updates of the photograph and of the note under it: what was refused is taken out.
    """
    if verdict is None or not verdict.of(payload):
        return gr.skip(), gr.skip()
    if not verdict.accepted:
        return None, gr.Markdown(verdict.note, visible=True)
    return verdict.shown or gr.skip(), gr.Markdown(verdict.note, visible=True)


def uploaded(payload: Any) -> tuple[Path, str]:
    """Path of the uploaded file and the name that it had at the visitor's.

    Raises
    ------
    ImageError
        If nothing was uploaded, or the path is not one of Gradio's own uploads.
    """
    path = payload.get("path") if isinstance(payload, dict) else None
    if not isinstance(path, str) or not path:
        raise ImageError("There is no photograph yet; upload one or try an example.")
    if not gradio_utils.is_in_or_equal(path, gradio_utils.get_upload_folder()):
        raise ImageError("That file was not uploaded here; upload it first.")
    name = payload.get("orig_name")
    return Path(path), name if isinstance(name, str) and name else Path(path).name


def uploaded_reference(payload: Any) -> Reference:
    """Read an uploaded reference photograph; an ImageError names the file if it is unusable."""
    name = payload.get("orig_name") if isinstance(payload, dict) else None
    called = f" {name[:80]}" if isinstance(name, str) and name else ""
    try:
        path, _ = uploaded(payload)
        with opened(path) as photo:
            return references.of(photo, path)
    except ImageError as error:
        raise ImageError(f"The reference{called} cannot be used. {error}") from error


def uploaded_mask(payload: Any, version: int | None) -> Mask:
    """Read an uploaded mask; ImageError if it is unusable."""
    try:
        path, _ = uploaded(payload)
        with opened(path) as picture:
            return masks.of_picture(picture, version)
    except ImageError as error:
        raise ImageError(f"The mask cannot be used. {error}") from error


def number(name: str, value: Any, limits: tuple[float, float]) -> float:
    """The value, if it is a number within the limits; ImageError otherwise."""
    try:
        return within(name, value, limits)
    except ValueError as error:
        raise ImageError(str(error)) from error


def choice(what: str, value: Any, offered: Collection[str]) -> str:
    """The value, if it is one of those offered; ImageError otherwise."""
    if not isinstance(value, str) or value not in offered:
        shown = repr(value[:40]) if isinstance(value, str) else f"of type {type(value).__name__}"
        raise ImageError(f"There is no {what} {shown}; there are {', '.join(offered)}.")
    return value


def hex_ab(colour: Any) -> tuple[float, float]:
    """Ab of a colour such as "#c08040"; ImageError if it is none.

    Examples
    --------
    >>> [round(value) for value in hex_ab("#ff0000")]
    [80, 67]
    """
    if not isinstance(colour, str) or not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        shown = f" {colour[:20]!r}" if isinstance(colour, str) else ""
        raise ImageError(f"The colour{shown} must be # and six digits from 0 to f, like #c08040.")
    rgb_u8 = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)], np.uint8)
    _, a, b = rgb_to_lab(rgb_u8).tolist()
    return a, b


def place(event: gr.EventData, size: tuple[int, int]) -> tuple[float, float]:
    """Where somebody clicked into a picture: shares of its width and height, each in [0, 1].

    Parameters
    ----------
    event : gr.EventData
        Of `gr.Image.select`, unchecked: its index should be x and y in pixels.
    size : tuple of int
        Width and height of the picture as it was sent.
    """
    index = _index(event)
    if not isinstance(index, list | tuple) or len(index) != 2:
        raise ImageError("The click carries no place; click into the picture again.")
    x, y = (
        number("place", value, (0, limit)) / limit for value, limit in zip(index, size, strict=True)
    )
    return x, y


def position(event: gr.EventData, count: int) -> int:
    """Which picture of a gallery of `count` was clicked; ImageError if there is no such one."""
    index = _index(event)
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count:
        raise ImageError(f"There are {count} pictures to choose from; click one of them.")
    return index


def preview_size(width: int, height: int) -> tuple[int, int]:
    """Width and height on the screen: not above PREVIEW_SIDE, and not below SMALL_SIDE."""
    longest = max(width, height)
    scale = min(1.0, PREVIEW_SIDE / longest) if longest >= SMALL_SIDE else SMALL_SIDE / longest
    return max(1, round(width * scale)), max(1, round(height * scale))


def preview(rgb: Pixels) -> NDArray[np.uint8]:
    """The picture at a size for the screen; see `preview_size`.

    Parameters
    ----------
    rgb : ndarray, shape (height, width, 3), uint8 or uint16

    Returns
    -------
    ndarray of uint8, shape (height', width', 3)
    """
    height, width = rgb.shape[:2]
    size = preview_size(width, height)
    rgb_u8 = (rgb >> 8).astype(np.uint8) if rgb.dtype == np.uint16 else rgb
    if size == (width, height):
        return np.ascontiguousarray(rgb_u8, np.uint8)
    image = Image.fromarray(np.ascontiguousarray(rgb_u8))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))


def grey_u8(L: NDArray[np.floating]) -> NDArray[np.uint8]:
    """What the network is given: L (h, w) without colour, as uint8 sRGB (h, w, 3)."""
    return colorize_u8(L, np.zeros((*L.shape, 2), np.float32))


def write_preview(path: Path, rgb_u8: NDArray[np.uint8]) -> str:
    """Write a PNG for the screen, where speed counts more than size; return its path."""
    Image.fromarray(rgb_u8).save(path, "PNG", compress_level=1)
    return str(path)


def new_folder(cache: Path) -> Path:
    """A new folder under Gradio's cache, of this visitor, with a name that nobody can guess."""
    folder = cache / secrets.token_hex(16)
    folder.mkdir(parents=True)
    keep(folder)
    return folder


def _index(event: gr.EventData) -> Any:
    data = event._data
    return data.get("index") if isinstance(data, dict) else None
