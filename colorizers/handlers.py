"""What the Colorize tab does with what a browser sent: check it, colour it, hand files back.

Fed by the events of :mod:`colorizers.ui` with raw values (``preprocess=False``), because Gradio's
own decoding drops 16 bits, profiles and alpha, ends in a traceback on a broken file, and has no
pixel limit of ours. So everything is checked here, as anyone may send anything to the endpoints.

Everything that leaves is a PNG: the result in full size for download, and a smaller copy for the
screen. The files lie in Gradio's cache under a random name and go when the app's `delete_cache`
says so.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from gradio import utils as gradio_utils
from numpy.typing import NDArray
from PIL import Image

from colorizers.color import colorize_u8
from colorizers.image import ImageError, Photo, open_photo, output_name, safe_stem, save_png
from colorizers.predict import colorize_photo, lightness
from colorizers.srgb import Pixels

if TYPE_CHECKING:
    from colorizers.base import Colorizer

log = logging.getLogger(__name__)

PREVIEW_SIDE = 1400
"""Longest side of the copies on the screen; a 12-megapixel PNG would take seconds to arrive."""
SMALL_SIDE = 384
"""Pictures smaller than this are enlarged on the screen (CIFAR-10's are 32 pixels wide)."""
SHOWN_BY_BROWSERS = ("AVIF", "BMP", "GIF", "JPEG", "MPO", "PNG", "WEBP")
TEMPERATURES = (0.05, 1.0)
COMMENT = "Colours added by TrueHue; they are a guess"


def check_upload(payload: Any) -> tuple[Any, Any]:
    """Look at a fresh upload: keep it with what there is to say, or remove it and say why.

    Parameters
    ----------
    payload : dict or None
        What `gr.Image` sent: at least "path", a file in Gradio's upload folder.

    Returns
    -------
    tuple
        Updates of the photograph and of the note under it. Formats that browsers do not show
        (TIFF, JPEG 2000, PPM) are replaced by a PNG with the same pixels, 16-bit grey included.
    """
    try:
        path, name = uploaded(payload)
        photo = open_photo(path)
    except ImageError as error:
        return None, gr.Markdown(f"⚠️ {error}", visible=True)
    width, height = photo.size
    said = [f"{width:,} × {height:,} pixels, {photo.format}.", *photo.notices]
    note = gr.Markdown(" ".join(said), visible=True)
    if photo.format in SHOWN_BY_BROWSERS:
        return gr.skip(), note
    folder = _folder(Path(gradio_utils.get_upload_folder()))
    shown = folder / f"{safe_stem(name)}.png"
    save_png(shown, photo.rgb, photo)
    return str(shown), note


def uploaded(payload: Any) -> tuple[Path, str]:
    """Path of the uploaded file and the name that it had at the visitor's.

    Raises
    ------
    ImageError
        If nothing was uploaded, or the path is not one of Gradio's own uploads.
    """
    path = payload.get("path") if isinstance(payload, dict) else None
    if not isinstance(path, str) or not path:
        raise ImageError("There is no photograph yet; upload one or take an example.")
    if not gradio_utils.is_in_or_equal(path, gradio_utils.get_upload_folder()):
        raise ImageError("That file was not uploaded here; upload it first.")
    name = payload.get("orig_name")
    return Path(path), name if isinstance(name, str) and name else Path(path).name


def colorize_upload(
    payload: Any,
    methods: Any,
    temperature: Any,
    models: Mapping[str, Colorizer],
    cache: Path,
    progress: Callable[..., Any],
) -> Iterator[list[Any]]:
    """Colorize an upload by every chosen method; yields the page's updates after each of them.

    Parameters
    ----------
    payload, methods, temperature
        As the browser sent them, unchecked.
    models : mapping of str to Colorizer
        What may be chosen.
    cache : Path
        Gradio's folder for files that it serves.
    progress : callable
        `gr.Progress`.

    Yields
    ------
    list
        Update of the note, then group, slider and download of every model.

    Raises
    ------
    gr.Error
        With one sentence for the visitor, whatever went wrong.
    """
    try:
        chosen = chosen_methods(methods, models)
        options = {"temperature": checked_temperature(temperature)}
        path, original = uploaded(payload)
        progress(0.0, desc="Reading the picture")
        photo = open_photo(path)
        folder = _folder(cache)
        small = preview(photo.rgb)
        grey_file = folder / "grey.png"
        updates: dict[str, list[Any]] = {
            name: [gr.Column(visible=False), None, None] for name in models
        }
        for index, name in enumerate(chosen):

            def report(share: float, what: str, index: int = index, name: str = name) -> None:
                progress(
                    (index + share) / len(chosen), desc=f"{models[name].title}: {what.lower()}"
                )

            mine = {key: value for key, value in options.items() if key in models[name].options}
            rgb_u8 = colorize_photo(models[name], photo, progress=report, **mine)
            if index == 0:
                # Not before there is something to hand over: Gradio clears away what it was given.
                save_png(grey_file, grey_u8(small))
            shown_file = folder / f"{name}.png"
            save_png(shown_file, preview(rgb_u8))
            whole_file = folder / output_name(original, name)
            save_png(whole_file, rgb_u8, photo, comment=f"{COMMENT} ({models[name].title}).")
            width, height = photo.size
            updates[name] = [
                gr.Column(visible=True),
                (str(grey_file), str(shown_file)),
                gr.DownloadButton(f"Download PNG, {width:,} × {height:,}", value=str(whole_file)),
            ]
            yield [_summary(photo, index + 1 < len(chosen)), *chain(*updates.values())]
    except ImageError as error:
        raise gr.Error(str(error), title="No colours yet", print_exception=False) from error
    except Exception as error:
        log.exception("colorizing failed")
        raise gr.Error(
            "Something failed on the server while colouring; try again or take another picture.",
            title="No colours yet",
            print_exception=False,
        ) from error


def chosen_methods(methods: Any, models: Mapping[str, Colorizer]) -> list[str]:
    """The chosen names in the order of the page; ImageError if there are none or unknown ones."""
    if not isinstance(methods, list) or not all(isinstance(name, str) for name in methods):
        raise ImageError("The methods must be a list of names; reload the page.")
    unknown = sorted(set(methods) - set(models))
    if unknown:
        raise ImageError(f"There is no method {unknown[0][:40]!r}; there are {', '.join(models)}.")
    if not methods:
        raise ImageError("No method is chosen; tick at least one.")
    return [name for name in models if name in methods]


def checked_temperature(temperature: Any) -> float:
    """The temperature as a number within `TEMPERATURES`; ImageError otherwise."""
    low, high = TEMPERATURES
    if (
        not isinstance(temperature, int | float)
        or isinstance(temperature, bool)
        or not low <= temperature <= high
    ):
        raise ImageError(f"The temperature must be a number from {low:g} to {high:g}.")
    return float(temperature)


def preview(rgb: Pixels) -> NDArray[np.uint8]:
    """The picture at a size for the screen: not above PREVIEW_SIDE, and not below SMALL_SIDE.

    Parameters
    ----------
    rgb : ndarray, shape (height, width, 3), uint8 or uint16

    Returns
    -------
    ndarray of uint8, shape (height', width', 3)
    """
    height, width = rgb.shape[:2]
    longest = max(width, height)
    scale = min(1.0, PREVIEW_SIDE / longest) if longest >= SMALL_SIDE else SMALL_SIDE / longest
    rgb_u8 = (rgb >> 8).astype(np.uint8) if rgb.dtype == np.uint16 else rgb
    if scale == 1.0:
        return np.ascontiguousarray(rgb_u8, np.uint8)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(np.ascontiguousarray(rgb_u8))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))


def grey_u8(rgb: Pixels) -> NDArray[np.uint8]:
    """What the network is given: the picture with its L and no colour, uint8, (h, w, 3)."""
    L = lightness(rgb)
    return colorize_u8(L, np.zeros((*L.shape, 2), np.float32))


def _summary(photo: Photo, more: bool) -> Any:
    width, height = photo.size
    text = (
        "Drag the handle: grey on the left is all that the network saw, its colours on the right."
    )
    if max(width, height) > PREVIEW_SIDE:
        text += f" Shown smaller; the download has all {width:,} × {height:,} pixels."
    return gr.Markdown(" ".join([text, *photo.notices, *(["More is coming."] if more else [])]))


def _folder(cache: Path) -> Path:
    """A new folder under Gradio's cache with a name that nobody can guess."""
    folder = cache / secrets.token_hex(16)
    folder.mkdir(parents=True)
    return folder
