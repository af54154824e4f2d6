"""A colorized picture as a file: PNG, JPEG, WebP or TIFF, with what the photograph's file said.

Fed with the arrays of :mod:`colorizers.painting.predict` and the :class:`Picture` that they came
from.

A photograph with an RGB profile gets its colours back in that profile, which is embedded, so that
an album of Adobe RGB stays one. Files with a profile of ink or of grey become sRGB with sRGB's
profile. Files without one, and all that is written without metadata, are plain sRGB.

References
----------
PNG 3rd edition, 11.3 (ancillary chunks); EXIF 2.32, 4.5.4 (APP1); ICC.1:2010, annex B (embedding);
XMP specification, part 3.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from colorizers.errors import ImageError
from colorizers.files import deep, jpeg, tiff, xmp
from colorizers.files.metadata import photoshop_resource
from colorizers.files.picture import Picture, to_8_bits
from colorizers.files.profiles import converted, from_srgb, is_srgb_bytes, srgb_profile
from colorizers.files.srgb import Pixels

OUTPUTS = {
    "png": "PNG",
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "webp": "WEBP",
    "tif": "TIFF",
    "tiff": "TIFF",
}
"""What may be written: ending of a file's name, without its dot -> format for `save`."""
LONGEST = {"JPEG": 65_500, "WEBP": 16_383}
"""Longest side that a format, or its encoder, can hold."""
ICC_PART = 65_000
"""Bytes of a profile in a JPEG segment, of which there may be 255."""


def save(
    target: Path | BinaryIO,
    rgb: Pixels,
    photo: Picture,
    *,
    format: str = "PNG",
    quality: int = 95,
    metadata: bool = True,
    comment: str = "",
    recipe: str = "",
) -> tuple[str, ...]:
    """Write a colorized photograph, with alpha and metadata of the photograph it came from.

    Its XMP says that a trained network made a part of it (IPTC's Digital Source Type), whatever
    else is kept. PNG and TIFF keep 16 bits a channel; JPEG and WebP have 8. JPEG is 4:4:4, so that
    no colour is averaged, and has no alpha: what is transparent lies on white. PNG, WebP and TIFF
    keep alpha.

    Parameters
    ----------
    target : Path or binary file
        Where to write; a file that exists is replaced.
    rgb : ndarray, shape (height, width, 3), uint8 or uint16
        sRGB, of the photograph's size.
    photo : Picture
        Gives alpha, profile, resolution and metadata.
    format : str
        One of the values of `OUTPUTS`.
    quality : int
        From 1 to 100, of JPEG and WebP.
    metadata : bool
        Whether to write what the photograph's file said about it: EXIF (place included), XMP,
        IPTC where the format has a place for it (JPEG, TIFF), resolution, and its profile.
    comment : str
        Kept in PNG, JPEG and TIFF, for example how the picture was made.
    recipe : str
        The same for programs, as JSON, in the XMP of every format.

    Returns
    -------
    tuple of str
        Sentences about what there was no place for in the file.

    Raises
    ------
    ImageError
        If the format cannot hold the picture, or there is no such format or quality.
    ValueError
        If `rgb` is not of the photograph's size.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> rgb_u8 = np.zeros((2, 3, 3), np.uint8)
    >>> save(file, rgb_u8, Picture(rgb_u8, None, "PNG"))
    ()
    >>> Image.open(file).size
    (3, 2)
    """
    _check(rgb, photo, format, quality)
    if not metadata:
        photo = Picture(photo.rgb, photo.alpha, photo.format)
    photo = replace(photo, xmp=xmp.marked(photo.xmp, recipe))
    photo, notices = _fitting(photo, format, recipe)
    if rgb.dtype == np.uint16 and format in ("JPEG", "WEBP"):
        lost = f"{format} holds 8 of the photograph's 16 bits a channel; PNG and TIFF hold all."
        notices = (*notices, lost)
    icc = photo.icc
    if icc:
        rgb, icc = _in_profile(rgb, icc)
    data = {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp, "TIFF": _tiff}[format](
        rgb, photo, icc, quality, comment
    )
    if isinstance(target, Path):
        target.write_bytes(data)
    else:
        target.write(data)
    return notices


def save_png(
    path: str | Path, rgb: Pixels, photo: Picture | None = None, *, comment: str = ""
) -> None:
    """Write a PNG; see `save`. Without a photograph it has neither alpha nor metadata."""
    save(Path(path), rgb, photo or Picture(rgb, None, "array"), comment=comment)


def to_pil(rgb: Pixels, photo: Picture | None = None) -> Image.Image:
    """Pillow image of an sRGB array (h, w, 3): RGB, RGBA if the photograph has alpha, or I;16.

    Pillow has no 16-bit colour: a uint16 array keeps its depth if it is one channel seen three
    times and opaque, and becomes 8-bit otherwise.
    """
    alpha = None if photo is None else photo.alpha
    if photo is not None and rgb.shape != photo.rgb.shape:
        raise ValueError(f"The picture is {rgb.shape}, its photograph {photo.rgb.shape}.")
    if rgb.dtype == np.uint16 and rgb.strides[-1] == 0 and alpha is None:
        return Image.fromarray(np.ascontiguousarray(rgb[..., 0]))
    image = Image.fromarray(np.ascontiguousarray(to_8_bits(rgb)))
    if alpha is not None:
        image.putalpha(Image.fromarray(np.ascontiguousarray(to_8_bits(alpha))))
    return image


def _check(rgb: Pixels, photo: Picture, format: str, quality: int) -> None:
    if format not in OUTPUTS.values():
        known = ", ".join(dict.fromkeys(OUTPUTS.values()))
        raise ImageError(f"There is no output format {format!r}; there are {known}.")
    if not 1 <= quality <= 100:
        raise ImageError(f"The quality is {quality}; it must be from 1 to 100.")
    if rgb.shape != photo.rgb.shape:
        raise ValueError(f"The picture is {rgb.shape}, its photograph {photo.rgb.shape}.")
    limit = LONGEST.get(format)
    height, width = rgb.shape[:2]
    if limit is not None and max(height, width) > limit:
        raise ImageError(
            f"The picture is {width:,} x {height:,} pixels and {format} ends at {limit:,} a side; "
            "save it as PNG or TIFF."
        )


def _fitting(photo: Picture, format: str, recipe: str) -> tuple[Picture, tuple[str, ...]]:
    """The photograph without what the format has no place for, and sentences about that."""
    notices = []
    if photo.iptc and format in ("PNG", "WEBP"):
        notices.append(f"{format} has no place for IPTC; it is left out.")
        photo = replace(photo, iptc=b"")
    if format == "JPEG":
        if len(photo.xmp) > xmp.LONGEST:
            notices.append(
                f"The XMP has {len(photo.xmp):,} bytes and JPEG holds {xmp.LONGEST:,}; "
                "it is left out."
            )
            photo = replace(photo, xmp=xmp.marked(b"", recipe))
        if (size := len(photoshop_resource(photo.iptc))) > jpeg.LONGEST_SEGMENT:
            notices.append(
                f"The IPTC has {size:,} bytes and JPEG holds {jpeg.LONGEST_SEGMENT:,}; "
                "it is left out."
            )
            photo = replace(photo, iptc=b"")
        if len(photo.icc) > 255 * ICC_PART:
            notices.append(
                f"The colour profile has {len(photo.icc) / 1e6:.1f} MB and JPEG holds "
                f"{255 * ICC_PART / 1e6:.1f}; the picture is written in sRGB."
            )
            photo = replace(photo, icc=srgb_profile())
    return photo, tuple(notices)


def _in_profile(rgb: Pixels, icc: bytes) -> tuple[Pixels, bytes]:
    """Pixels in the space of a profile; where it has no way back, sRGB and sRGB's profile."""
    if is_srgb_bytes(icc):
        return rgb, icc
    if rgb.dtype == np.uint16:
        deep_rgb = converted(np.asarray(rgb, np.uint16), srgb_profile(), icc)
        return (rgb, srgb_profile()) if deep_rgb is None else (deep_rgb, icc)
    shallow = from_srgb(np.asarray(rgb, np.uint8), icc)
    return (rgb, srgb_profile()) if shallow is None else (shallow, icc)


def _is_deep_colour(rgb: Pixels, photo: Picture) -> bool:
    return rgb.dtype == np.uint16 and (rgb.strides[-1] != 0 or photo.alpha is not None)


def _with_alpha(rgb: Pixels, photo: Picture) -> Pixels:
    """RGB, or RGBA if the photograph has alpha, in the depth of the colours."""
    alpha: Pixels | None = photo.alpha
    if alpha is None:
        return rgb
    if rgb.dtype == np.uint8:
        return np.asarray(np.dstack([rgb, to_8_bits(alpha)]), np.uint8)
    if alpha.dtype == np.uint8:
        alpha = alpha.astype(np.uint16) * np.uint16(257)
    return np.asarray(np.dstack([rgb, alpha]), np.uint16)


def _png(rgb: Pixels, photo: Picture, icc: bytes, quality: int, comment: str) -> bytes:
    if _is_deep_colour(rgb, photo):
        # Rendering intent 1, relative colorimetric, as `open_photo` uses.
        chunks = [(b"iCCP", b"ICC\0\0" + zlib.compress(icc)) if icc else (b"sRGB", b"\x01")]
        if photo.dpi:
            x, y = (round(value / 0.0254) for value in photo.dpi)
            chunks.append((b"pHYs", x.to_bytes(4, "big") + y.to_bytes(4, "big") + b"\x01"))
        if photo.exif:
            chunks.append((b"eXIf", photo.exif.removeprefix(b"Exif\0\0")))
        if photo.xmp:
            chunks.append((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + photo.xmp))
        if comment:
            chunks.append((b"iTXt", b"Comment\0\0\0\0\0" + comment.encode()))
        return deep.png(np.asarray(_with_alpha(rgb, photo), np.uint16), chunks)
    info = PngImagePlugin.PngInfo()
    options: dict[str, Any] = {"pnginfo": info, "compress_level": 3}
    # Level 3 is about four times faster than the default 6 and a few per cent larger.
    if icc:
        options["icc_profile"] = icc
    else:
        info.add(b"sRGB", b"\x01")
    if photo.xmp:
        info.add_itxt("XML:com.adobe.xmp", photo.xmp.decode("utf-8", "replace"))
    if comment:
        info.add_text("Comment", comment)
    if photo.exif:
        options["exif"] = photo.exif
    if photo.dpi:
        options["dpi"] = photo.dpi
    return _by_pillow(to_pil(rgb, photo), "PNG", options)


def _jpeg(rgb: Pixels, photo: Picture, icc: bytes, quality: int, comment: str) -> bytes:
    rgb_u8 = to_8_bits(rgb)
    if photo.alpha is not None:
        rgb_u8 = _on_white(rgb_u8, to_8_bits(photo.alpha))
    segments = []
    if photo.exif:
        segments.append((0xE1, b"Exif\0\0" + photo.exif.removeprefix(b"Exif\0\0")))
    if photo.xmp:
        segments.append((0xE1, b"http://ns.adobe.com/xap/1.0/\0" + photo.xmp))
    parts = [icc[start : start + ICC_PART] for start in range(0, len(icc), ICC_PART)]
    for number, part in enumerate(parts, start=1):
        segments.append((0xE2, b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part))
    if photo.iptc:
        segments.append((0xED, photoshop_resource(photo.iptc)))
    if comment:
        segments.append((0xFE, comment.encode()))
    whole = b"".join(jpeg.segment(*pair) for pair in segments)
    return jpeg.encode(rgb_u8, quality, whole, photo.dpi)


def _webp(rgb: Pixels, photo: Picture, icc: bytes, quality: int, comment: str) -> bytes:
    options: dict[str, Any] = {"quality": quality, "method": 2}
    if icc:
        options["icc_profile"] = icc
    if photo.exif:
        options["exif"] = photo.exif
    if photo.xmp:
        options["xmp"] = photo.xmp
    return _by_pillow(to_pil(np.asarray(to_8_bits(rgb)), photo), "WEBP", options)


def _tiff(rgb: Pixels, photo: Picture, icc: bytes, quality: int, comment: str) -> bytes:
    values: Pixels = _with_alpha(rgb, photo)
    if photo.alpha is None and rgb.strides[-1] == 0:  # grey: one channel seen three times
        values = rgb[..., 0]
    others = {_XMP: photo.xmp, _IPTC: photo.iptc}
    return tiff.encode(values, icc, photo.dpi, photo.exif, others, comment)


_XMP, _IPTC = 700, 33723


def _on_white(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    share = cv2.merge([alpha] * 3).astype(np.uint16)
    return ((rgb * share + 255 * (255 - share) + 127) // 255).astype(np.uint8)


def _by_pillow(image: Image.Image, format: str, options: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()
