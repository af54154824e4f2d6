"""Any picture file in, clean sRGB out, or one sentence that says why not; and the way back.

People upload what they have: phone photographs that lie on their side, scans with 16 bits or an
ink profile, palette pictures, animations, half a download, a text file with the wrong name.
Pillow decodes; this module decides what is accepted and brings all of it to one form, a
:class:`Photo`. Nothing else in the project opens files that came from outside.

The size is read from the file's header and checked *before* any pixel is decoded, so that a small
file that unfolds to gigabytes is refused at the price of reading its header.

References
----------
Pillow handbook, "Concepts" (modes) and "Image file formats";
EXIF 2.32, tag 0x0112 (orientation); ICC.1:2010 (profiles); PNG 3rd edition, chunk sRGB.
"""

from __future__ import annotations

import io
import os
import re
import unicodedata
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, PngImagePlugin

from colorizers.srgb import Pixels, to_srgb

Image.init()  # registers all decoders, so that the list below finds them

MAX_PIXELS = 100_000_000
"""Largest accepted width x height: 100 megapixels need about 1.3 GB on their way through."""
MAX_SIDE = 65_535
"""Longest accepted side: JPEG's own limit, and more than a browser can show."""

FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP")
"""What may be decoded. A short list on purpose: Pillow's EPS, for one, starts Ghostscript."""
OUTPUTS = {
    "png": "PNG",
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "webp": "WEBP",
    "tif": "TIFF",
    "tiff": "TIFF",
}
"""What may be written: ending of a file's name, without its dot -> format for `save`."""
WAY_OUT = "save it as JPEG, PNG, TIFF or WebP and try again"

_KEPT_TAGS = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
)

Source = str | Path | bytes


class ImageError(ValueError):
    """A picture cannot be used; the message is one sentence for the person who brought it."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded picture, upright and in sRGB, with what is needed to write it back.

    Attributes
    ----------
    rgb : ndarray, shape (height, width, 3), uint8 or uint16
        sRGB. uint16 where the file had more than 8 bits a channel (grey pictures only, see
        `open_photo`). Grey pictures have three equal channels, often as a read-only view of one.
    alpha : ndarray of uint8, shape (height, width), or None
        Opacity, 255 is opaque; None if all of it is.
    format : str
        Pillow's name of the file's format, for example "JPEG".
    dpi : tuple of float, or None
        Print resolution, horizontal and vertical, in dots per inch.
    exif : bytes
        Description, camera, date, artist and copyright as EXIF; empty if there are none.
    notices : tuple of str
        Sentences about what was changed on the way in that the person should know.
    """

    rgb: Pixels
    alpha: NDArray[np.uint8] | None
    format: str
    dpi: tuple[float, float] | None = None
    exif: bytes = b""
    notices: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]


def open_photo(source: Source, *, max_pixels: int = MAX_PIXELS) -> Photo:
    """Decode a picture file to upright sRGB.

    Applied: EXIF orientation and the embedded ICC profile (to sRGB, relative colorimetric with
    black point compensation). Palettes are expanded, 1-bit becomes grey, CMYK, YCbCr and CIELAB
    become sRGB, alpha is kept apart. Of an animation or a file of many pages the first picture is
    taken. Grey pictures of 16 bits keep them; 16-bit *colour* is read at 8 bits a channel, as
    Pillow does. Floating-point pictures are taken as [0, 1] if they lie in it, else stretched from
    their smallest to their largest value; NaN becomes black. What was done is in `notices`.

    Parameters
    ----------
    source : str, Path or bytes
        The picture file, or its content.
    max_pixels : int
        Largest accepted width x height, checked from the header before decoding. Above 179
        megapixels Pillow refuses by itself (`PIL.Image.MAX_IMAGE_PIXELS`).

    Returns
    -------
    Photo

    Raises
    ------
    ImageError
        If the file is empty, too large, damaged or not a picture. Nothing else is raised,
        whatever the file holds.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> Image.new("CMYK", (4, 3)).save(file, "TIFF")
    >>> photo = open_photo(file.getvalue())
    >>> photo.size, photo.rgb.dtype.name, photo.rgb[0, 0].tolist()
    ((4, 3), 'uint8', [255, 255, 255])
    """
    stream = _stream(source)
    with stream, _open(stream, max_pixels) as image:
        check_size(*image.size, max_pixels=max_pixels)
        # Any exception may leave a decoder that is fed a hostile file (struct.error, IndexError,
        # SyntaxError, MemoryError, ...), and none of them may reach the page as a traceback.
        try:
            image.load()
        except Exception as error:
            raise ImageError(
                f"The {image.format} file is damaged or incomplete and cannot be decoded; "
                f"open it in a picture program, {WAY_OUT}."
            ) from error
        # A decoder may announce one size and deliver another (AVIF, TIFF after rotation).
        check_size(*image.size, max_pixels=max_pixels)
        try:
            return _photo(image)
        except Exception as error:
            raise ImageError(
                f"The {image.format} file holds pixels of a kind ({image.mode}) that cannot be "
                f"turned into sRGB; {WAY_OUT}."
            ) from error


def check_size(width: int, height: int, *, max_pixels: int = MAX_PIXELS) -> None:
    """Raise ImageError unless 0 < width x height <= max_pixels and no side is too long."""
    if width < 1 or height < 1:
        raise ImageError(f"The picture is {width} x {height} pixels, so there is nothing to see.")
    if width * height > max_pixels:
        raise ImageError(
            f"The picture has {width:,} x {height:,} pixels ({width * height / 1e6:,.1f} "
            f"megapixels) and the limit is {max_pixels / 1e6:g}; make it smaller and try again."
        )
    if max(width, height) > MAX_SIDE:
        raise ImageError(
            f"The picture is {width:,} x {height:,} pixels and the limit for one side is "
            f"{MAX_SIDE:,}; crop it or make it smaller and try again."
        )


def save(
    target: Path | BinaryIO,
    rgb: Pixels,
    photo: Photo,
    *,
    format: str = "PNG",
    quality: int = 95,
    metadata: bool = True,
    comment: str = "",
) -> None:
    """Write a colorized photograph, with alpha and metadata of the photograph it came from.

    Parameters
    ----------
    target : Path or binary file
        Where to write; a file that exists is replaced.
    rgb : ndarray, shape (height, width, 3), uint8 or uint16
        sRGB, of the photograph's size.
    photo : Photo
        Gives alpha, resolution and metadata.
    format : str
        One of the values of `OUTPUTS`.
    quality : int
        From 1 to 100, of JPEG and WebP.
    metadata : bool
        Whether to write what the photograph's file said about it.
    comment : str
        Kept in the file, for example how it was made.

    Raises
    ------
    ImageError
        If the format cannot hold the picture.
    ValueError
        If `rgb` is not of the photograph's size.
    """
    if format not in OUTPUTS.values():
        known = ", ".join(dict.fromkeys(OUTPUTS.values()))
        raise ImageError(f"There is no output format {format!r}; there are {known}.")
    image = to_pil(rgb, photo)
    options: dict[str, Any] = {}
    if metadata and photo.exif:
        options["exif"] = photo.exif
    if metadata and photo.dpi:
        options["dpi"] = photo.dpi
    if format == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add(b"sRGB", b"\x01")  # rendering intent 1, relative colorimetric, as `open_photo`
        if comment:
            info.add_text("Comment", comment)
        # Level 3 is about four times faster than the default 6 and a few per cent larger.
        options |= {"pnginfo": info, "compress_level": 3}
    elif format in ("JPEG", "WEBP"):
        options["quality"] = quality
    if format == "JPEG":
        image = image.convert("RGB")
        options |= {"subsampling": 0, "comment": comment.encode()}
    image.save(target, format, **options)


def save_png(
    path: str | Path, rgb: Pixels, photo: Photo | None = None, *, comment: str = ""
) -> None:
    """Write a PNG; see `save`. Without a photograph it has neither alpha nor metadata."""
    save(Path(path), rgb, photo or Photo(rgb, None, "array"), comment=comment)


def to_pil(rgb: Pixels, photo: Photo | None = None) -> Image.Image:
    """Pillow image of an sRGB array (h, w, 3): RGB, RGBA if the photograph has alpha, or I;16.

    Pillow has no 16-bit colour; a uint16 array is taken as grey, from its first channel.
    """
    if photo is not None and rgb.shape != photo.rgb.shape:
        raise ValueError(f"The picture is {rgb.shape}, its photograph {photo.rgb.shape}.")
    if rgb.dtype == np.uint16:
        return Image.fromarray(np.ascontiguousarray(rgb[..., 0]))
    image = Image.fromarray(np.ascontiguousarray(rgb))
    if photo is not None and photo.alpha is not None:
        image.putalpha(Image.fromarray(np.ascontiguousarray(photo.alpha)))
    return image


def from_pil(image: Image.Image) -> Photo:
    """Photo of a Pillow image in memory; raises ImageError if it cannot be turned into sRGB."""
    try:
        image.load()
        return _photo(image)
    except Exception as error:
        raise ImageError(f"The {image.mode} image cannot be turned into sRGB: {error}.") from error


def from_array(rgb: NDArray[Any]) -> Photo:
    """Photo of an sRGB array: uint8 or uint16, (h, w, 3) or grey (h, w), in memory already.

    Raises
    ------
    ImageError
        If shape or type is another, or the array is empty.
    """
    if rgb.dtype not in (np.uint8, np.uint16) or rgb.ndim not in (2, 3):
        raise ImageError(
            f"The array is {rgb.dtype} of shape {rgb.shape}; give uint8 or uint16, "
            "(height, width, 3) or (height, width)."
        )
    if rgb.ndim == 2:
        rgb = np.broadcast_to(rgb[..., None], (*rgb.shape, 3))
    if rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ImageError(f"The array has shape {rgb.shape}; give (height, width, 3), none of it 0.")
    return Photo(rgb=rgb, alpha=None, format="array")


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


def _stream(source: Source) -> IO[bytes]:
    if isinstance(source, bytes):
        stream: IO[bytes] = io.BytesIO(source)
        size = len(source)
    else:
        try:
            stream = open(source, "rb")  # noqa: SIM115  closed by the caller's `with`
            size = os.fstat(stream.fileno()).st_size
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a file name"
            raise ImageError(f"The file cannot be read ({reason}); choose another.") from error
    if not size:
        stream.close()
        raise ImageError("The file is empty (0 bytes); choose another.")
    return stream


def _open(stream: IO[bytes], max_pixels: int) -> Image.Image:
    """Read the header only."""
    try:
        with warnings.catch_warnings():
            # The limit here is stricter than Pillow's warning and says more (`check_size`).
            warnings.simplefilter("ignore")
            return Image.open(stream, formats=[name for name in FORMATS if name in Image.OPEN])
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"The picture has more than {2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6:,.0f} megapixels "
            f"and the limit is {max_pixels / 1e6:g}; make it smaller and try again."
        ) from error
    except Exception as error:
        raise ImageError(
            f"The file is not a picture that can be read here; if it is one, {WAY_OUT}."
        ) from error


def _photo(image: Image.Image) -> Photo:
    """A loaded Pillow image as Photo."""
    notices: list[str] = []
    name = image.format or image.mode
    if getattr(image, "is_animated", False) and name != "MPO":  # MPO: a JPEG with previews
        what = "pages" if name == "TIFF" else "frames, an animation"
        notices.append(f"The file has several {what}; the first one is used.")
    # After load(), because Pillow has then turned TIFF and AVIF upright and removed their tag.
    exif = _exif(image)
    orientation = exif.get(ExifTags.Base.Orientation, 1)
    dpi = _dpi(image)

    rgb, alpha = to_srgb(image, notices)
    return Photo(
        rgb=_upright(rgb, orientation),
        alpha=None if alpha is None else _upright(alpha, orientation),
        format=name,
        dpi=dpi if orientation not in (5, 6, 7, 8) or dpi is None else (dpi[1], dpi[0]),
        exif=_kept_exif(exif),
        notices=tuple(notices),
    )


def _upright(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undo EXIF orientation 1 to 8 on (h, w) or (h, w, 3); other values are ignored."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array


def _exif(image: Image.Image) -> Image.Exif:
    try:
        return image.getexif()
    except Exception:  # damaged EXIF is no reason to refuse the picture
        return Image.Exif()


def _kept_exif(exif: Image.Exif) -> bytes:
    kept = Image.Exif()
    for tag in _KEPT_TAGS:
        value = exif.get(tag)
        if isinstance(value, str) and 0 < len(value) <= 2000:
            kept[tag] = value
    try:
        return kept.tobytes() if len(kept) else b""
    except (ValueError, UnicodeError):
        return b""


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 1.0 <= x <= 100_000.0 and 1.0 <= y <= 100_000.0 else None
