"""What a picture file says beside its pixels: EXIF, XMP, IPTC, resolution; read and made fit again.

Fed by :mod:`colorizers.files.reading` with an open Pillow image. The picture is turned upright on
the way, so its orientation is set to upright wherever it is written; the sizes in EXIF are set to
the picture's; thumbnails, which show it without colour, are left out, and so is what tells of gain
maps and films, which do not go along (:mod:`colorizers.files.xmp`).

References
----------
EXIF 2.32; XMP specification, parts 1 and 3; IPTC-IIM 4.2; TIFF 6.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

from colorizers.files import xmp

MAX_EXIF = 65_000
"""Bytes of EXIF: what a JPEG segment holds, with room for its name."""
MAX_OTHER = 8_000_000
"""Bytes of XMP or IPTC; more is no description of a picture."""
_SHORT = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
)
"""What is kept of EXIF that cannot be written as a whole."""
_STRUCTURE = frozenset(
    [254, 255, *range(256, 260), *range(262, 267), 273, *range(277, 286), 288, 289, 290, 291, 292,
     293, 296, 297, 301, *range(317, 326), 330, 332, 338, 339, *range(340, 348), *range(512, 522),
     *range(529, 533), 700, 33723, 34377, 34675, 37724, 0x8769, 0x8825, 0xA005]
)  # fmt: skip
"""Tags that say how a TIFF's pixels are stored, or that are carried by other means."""


def exif_of(image: Image.Image) -> Image.Exif:
    """EXIF of an image; empty if it is damaged, which is no reason to refuse the picture."""
    try:
        return image.getexif()
    except Exception:
        return Image.Exif()


def orientation_of(exif: Image.Exif) -> int:
    """1 to 8; 1 if there is none, or nonsense."""
    value = exif.get(ExifTags.Base.Orientation, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def kept_exif(exif: Image.Exif, width: int, height: int, notices: list[str]) -> bytes:
    """EXIF for an upright picture of this size, as it stands in a file behind `Exif 0 0`.

    A sentence is appended to `notices` where a part of it is lost.
    """
    if not len(exif):
        return b""
    for whole in (True, False):
        try:
            data = _copy(exif, width, height, maker_note=whole)
            if len(data) <= MAX_EXIF:
                if not whole:
                    notices.append(
                        "The camera maker's own notes in the EXIF are too long or damaged; they "
                        "are left out."
                    )
                return data
        except Exception:  # damaged values; then without the maker's own notes, or in short
            continue
    notices.append(
        "The EXIF in the file is too long or damaged; only description, camera, date, author and "
        "rights are kept."
    )
    short = Image.Exif()
    for tag in _SHORT:
        value = exif.get(tag)
        if isinstance(value, str) and 0 < len(value) <= 2000:
            short[tag] = value
    try:
        return short.tobytes() if len(short) else b""
    except (ValueError, UnicodeError):
        return b""


def xmp_of(image: Image.Image, notices: list[str]) -> bytes:
    """The XMP packet, fit for the coloured picture; empty if there is none.

    A sentence is appended to `notices` where a part of it is lost.
    """
    data = packet_of(image)
    if len(data) > MAX_OTHER:
        notices.append(
            f"The XMP in the file has {len(data) / 1e6:.1f} MB and the limit is "
            f"{MAX_OTHER / 1e6:g}; it is left out."
        )
        return b""
    if xmp.has_second(data):
        notices.append(
            "The file has a second packet of XMP (Extended XMP: depth maps, long histories of "
            "editing); it is left out."
        )
    return xmp.cleaned(data)


def packet_of(image: Image.Image) -> bytes:
    """The XMP packet as it stands in the file; empty if there is none."""
    data: Any = image.info.get("xmp")
    if data is None and (tags := _tiff_tags(image)):
        data = tags.get(700)
    if isinstance(data, str):
        data = data.encode()
    return data.rstrip(b"\0") if isinstance(data, bytes) and b"<" in data else b""


def iptc_of(image: Image.Image) -> bytes:
    """The IPTC records; empty if there are none."""
    resources = image.info.get("photoshop")
    data: Any = resources.get(0x0404) if isinstance(resources, Mapping) else None
    if data is None and (tags := _tiff_tags(image)):
        data = tags.get(33723)
    return data if isinstance(data, bytes) and len(data) <= MAX_OTHER else b""


def dpi_of(image: Image.Image, orientation: int) -> tuple[float, float] | None:
    """Resolution in dots per inch, horizontal and vertical, of the upright picture."""
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not (1.0 <= x <= 100_000.0 and 1.0 <= y <= 100_000.0):
        return None
    return (y, x) if orientation >= 5 else (x, y)


def photoshop_resource(iptc: bytes) -> bytes:
    """IPTC as the image resource block in which JPEG's APP13 carries it."""
    padding = b"\0" * (len(iptc) % 2)
    return b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + len(iptc).to_bytes(4, "big") + iptc + padding


def _copy(exif: Image.Exif, width: int, height: int, *, maker_note: bool) -> bytes:
    kept = Image.Exif()
    for tag, value in exif.items():
        if tag not in _STRUCTURE and tag != ExifTags.Base.Orientation:
            kept[tag] = value
    camera = dict(exif.get_ifd(ExifTags.IFD.Exif))
    camera.pop(ExifTags.IFD.Interop, None)
    if not maker_note:
        camera.pop(ExifTags.Base.MakerNote, None)
    for tag, size in ((0xA002, width), (0xA003, height)):
        if tag in camera:
            camera[tag] = size
    place = dict(exif.get_ifd(ExifTags.IFD.GPSInfo))
    if camera:
        kept[ExifTags.IFD.Exif] = camera
    if place:
        kept[ExifTags.IFD.GPSInfo] = place
    return kept.tobytes() if len(kept) else b""


def _tiff_tags(image: Image.Image) -> Mapping[int, Any]:
    tags = getattr(image, "tag_v2", None)
    return tags if isinstance(tags, Mapping) else {}
