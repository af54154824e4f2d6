"""Any picture file in, clean sRGB out, or one sentence that says why not.

People upload what they have: phone photographs that lie on their side, scans with 16 bits or an
ink profile, palette pictures, animations, half a download, a text file with the wrong name.
Pillow reads the headers and decodes, with libjpeg-turbo beside it for large JPEGs
(:mod:`colorizers.files.jpeg`) and others for more than 8 bits (:mod:`colorizers.files.deep`); this
module decides what is accepted and brings all of it to one form, a :class:`Picture`. Nothing else
in the project opens files that came from outside. The way back is :mod:`colorizers.files.writing`.

Size and depth are read from the file's header and checked *before* any pixel is decoded, so that a
small file that unfolds to gigabytes is refused at the price of reading its header.

References
----------
Pillow handbook, "Concepts" (modes) and "Image file formats";
EXIF 2.32, tag 0x0112 (orientation); ICC.1:2010 (profiles); ISO/IEC 23008-12 (HEIF), 10 (brands).
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from colorizers.errors import ImageError
from colorizers.files import boxes, cicp, deep, jpeg, memory, metadata, pages, png, raw
from colorizers.files.picture import MAX_PIXELS, Picture, check_size, upright
from colorizers.files.profiles import written_profile
from colorizers.files.srgb import Pixels, to_srgb

Image.init()  # registers all decoders, so that the list below finds them
# Pillow would refuse the whole picture for a profile or a description of more than 1 MB.
PngImagePlugin.MAX_TEXT_CHUNK = metadata.MAX_OTHER

FORMATS = ("AVIF", "BMP", "GIF", "HEIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP")
"""What may be decoded. A short list on purpose: Pillow's EPS, for one, starts Ghostscript."""
DEEP = ("AVIF", "HEIF", "JPEG2000", "PNG", "PPM", "TIFF")
"""What may have more than 8 bits a channel."""
MAX_FRAMES = 16
"""Pictures of an MPO that are looked at."""
MAX_BYTES = 400_000_000
"""Of a file that is held in memory as a whole beside its pixels; larger ones are streamed."""

Source = str | Path | bytes


def open_photo(
    source: Source, *, max_pixels: int = MAX_PIXELS, admit: Callable[[int], None] | None = None
) -> Picture:
    """Decode a picture file to upright sRGB.

    Applied: EXIF orientation and the embedded ICC profile (to sRGB, relative colorimetric with
    black point compensation), or the gamma of a PNG. Palettes are expanded, 1-bit becomes grey,
    CMYK, YCbCr and CIELAB become sRGB, alpha is kept apart. Of an animation or a file of many
    pages the first picture is taken, of a TIFF the first that is no thumbnail, and of a JPEG that
    ends early the rows that are there. A camera's raw is developed where rawpy is installed, and
    refused elsewhere. More than 8 bits a
    channel are kept, grey or colour: 16 in PNG, TIFF and binary PPM, 10 and 12 in AVIF and HEIC,
    up to 16 in JPEG 2000; CMYK, CIELAB, text PPM and colours under a profile of tables are read
    at 8. Floating-point pictures are taken as [0, 1] if they lie in it, else stretched from their
    smallest to their largest value; NaN becomes black. What was done is in `notices`.

    Parameters
    ----------
    source : str, Path or bytes
        The picture file, or its content.
    max_pixels : int
        Largest accepted width x height, checked from the header before decoding. Above 179
        megapixels Pillow refuses by itself (`PIL.Image.MAX_IMAGE_PIXELS`).
    admit : callable, optional
        Called before decoding with the bytes of memory that the picture takes on its way, at most
        `memory.MOST`; a server waits there for room.

    Returns
    -------
    Picture

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
    notices: list[str] = []
    with _stream(source) as file:
        head, found_pages = file.read(raw.HEAD), pages.pages(file)
        if raw.is_raw(head, found_pages):
            return _developed(file, max_pixels, admit)
        stream, page = _photograph(file, found_pages, notices)
        image, page = _open(stream, page, max_pixels, notices)
        check_size(*image.size, max_pixels=max_pixels)
        # Any exception may leave a decoder that is fed a hostile file (struct.error, IndexError,
        # SyntaxError, MemoryError, ...), and none of them may reach the page as a traceback.
        try:
            stream.seek(0)
            channels, bits = memory.depth(image, stream.read(boxes.HEAD), page)
            memory.admitted(image.size, channels, bits, admit)
            image, pixels, found = _decoded(image, stream, page, notices)
        except ImageError:
            raise
        except Exception as error:
            raise ImageError(
                f"The {image.format} file is damaged or incomplete and cannot be decoded; "
                f"open it in a picture program, {_way_out(image.format)}."
            ) from error
        # A decoder may announce one size and deliver another (AVIF, TIFF after rotation).
        check_size(*image.size, max_pixels=max_pixels)
        try:
            return _photo(image, notices, pixels=pixels, stream=stream, found=found)
        except Exception as error:
            raise ImageError(
                f"The {image.format} file holds pixels of a kind ({image.mode}) that cannot be "
                f"turned into sRGB; {_way_out(image.format)}."
            ) from error


def xmp_packet(source: Source) -> bytes:
    """The XMP packet of a picture file as it stands there; empty if there is none.

    Raises
    ------
    ImageError
        If the file is no picture.
    """
    with _stream(source) as stream:
        image, _ = _open(stream, None, MAX_PIXELS, [])
        return metadata.packet_of(image)


def from_pil(image: Image.Image) -> Picture:
    """Picture of a Pillow image in memory; raises ImageError if it cannot be turned into sRGB."""
    try:
        image.load()
        return _photo(image, [])
    except Exception as error:
        raise ImageError(f"The {image.mode} image cannot be turned into sRGB: {error}.") from error


def from_array(rgb: NDArray[Any]) -> Picture:
    """Picture of an sRGB array: uint8 or uint16, (h, w, 3) or grey (h, w), in memory already.

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
    return Picture(rgb=rgb, alpha=None, format="array")


def _stream(source: Source) -> IO[bytes]:
    if isinstance(source, bytes):
        stream: IO[bytes] = io.BytesIO(source)
        size = len(source)
    else:
        try:
            if not stat.S_ISREG(os.stat(source).st_mode):  # a pipe would be waited for
                raise ImageError(
                    "The file cannot be read (it is a folder, device or pipe); choose another."
                )
            stream = open(source, "rb")  # noqa: SIM115  closed by the caller's `with`
            size = os.fstat(stream.fileno()).st_size
        except ImageError:
            raise
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a file name"
            raise ImageError(f"The file cannot be read ({reason}); choose another.") from error
    if not size:
        stream.close()
        raise ImageError("The file is empty (0 bytes); choose another.")
    return stream


def _way_out(format: str | None = None) -> str:
    """What may be done with a file that is not read, of another kind than it is."""
    *others, last = (kind for kind in ("JPEG", "PNG", "TIFF", "WebP") if kind.upper() != format)
    return f"save it as {', '.join(others)} or {last} and try again"


def _developed(stream: IO[bytes], max_pixels: int, admit: Callable[[int], None] | None) -> Picture:
    """A camera's raw."""

    def check(width: int, height: int) -> None:
        check_size(width, height, max_pixels=max_pixels)
        memory.admitted((width, height), 3, 16, admit)

    rgb = raw.develop(stream, check, _way_out())
    notices = ["The camera's raw is developed with the white balance that the camera chose."]
    exif = Image.Exif()
    with contextlib.suppress(Exception):  # some are TIFFs, and the others' EXIF is nowhere else
        stream.seek(0)
        exif = metadata.exif_of(Image.open(stream, formats=["TIFF"]))
    kept = metadata.kept_exif(exif, rgb.shape[1], rgb.shape[0], notices)
    return Picture(rgb, None, "camera raw", exif=kept, notices=tuple(notices))


def _photograph(
    stream: IO[bytes], found: list[pages.Page], notices: list[str]
) -> tuple[IO[bytes], pages.Page | None]:
    """The stream of a TIFF so that it begins with the photograph, and that page; others as is."""
    if not found:
        return stream, None
    page = pages.photograph(found)
    side_by_side = [one for one in found if not one.below and not one.is_reduced]
    if len(side_by_side) > 1:
        which = "first" if page is side_by_side[0] else "largest"
        notices.append(f"The file has several pages; the {which} one is used.")
    if page.is_reduced:
        notices.append(
            "The file says of its picture that it is a small copy of another, which it does not "
            "hold; look for the original."
        )
    if page is found[0]:
        return stream, page
    page = pages.told_by(found[0], page)
    stream.seek(0)
    return io.BytesIO(pages.rewritten(stream.read(), page)), page


def _open(
    stream: IO[bytes], page: pages.Page | None, max_pixels: int, notices: list[str]
) -> tuple[Image.Image, pages.Page | None]:
    """Read the header only; a page is given back if Pillow lacks a mode for its samples."""
    stream.seek(0)
    if _is_heif(stream.read(32)):
        try:
            # Half a second to import, so not before such a file comes; an extra, as it brings the
            # GPL (docs/licences.md).
            from pillow_heif import register_heif_opener
        except ImportError as error:
            raise ImageError(
                "The photograph is HEIC, for which this program needs one more package "
                f"(pip install pillow-heif); install it, or {_way_out()}."
            ) from error
        register_heif_opener(thumbnails=False)
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            # The limit here is stricter than Pillow's warning and says more (`check_size`).
            warnings.simplefilter("ignore")
            try:
                image = Image.open(stream, formats=[name for name in FORMATS if name in Image.OPEN])
            except UnidentifiedImageError:
                if page is None or not page.has_samples:
                    raise
                stream.seek(0)
                return pages.stand_in(stream.read(), page), page
            if image.format == "MPO":
                _seek_whole(image, notices)
            return image, page if page is not None and page.is_misread else None
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"The picture has more than {2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6:,.0f} megapixels "
            f"and the limit is {max_pixels / 1e6:g}; make it smaller and try again."
        ) from error
    except Exception as error:
        stream.seek(0)
        if name := (page.what if page else raw.name_of(stream.read(raw.HEAD))):
            other = _way_out("TIFF" if page else None)
            raise ImageError(f"The file is {name}, which is not read here; {other}.") from error
        raise ImageError(
            f"The file is not a picture that can be read here; if it is one, {_way_out()}."
        ) from error


def _seek_whole(image: Image.Image, notices: list[str]) -> None:
    """Go to the largest picture of an MPO if the first is a small copy of it."""
    first, largest, size = image.size, 0, image.size
    for number in range(1, min(getattr(image, "n_frames", 1), MAX_FRAMES)):
        image.seek(number)
        if pages.is_copy(first, image.size) and image.size > size:
            largest, size = number, image.size
    image.seek(largest)
    if largest:
        notices.append("The file has several pictures; the largest one is used.")


def _is_heif(head: bytes) -> bool:
    """Whether a file begins as HEIC does; AVIF, which begins alike, is Pillow's own."""
    return head[4:8] == b"ftyp" and head[8:12] in (
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
    ) and b"avif" not in head  # fmt: skip


def _decoded(
    image: Image.Image, stream: IO[bytes], page: pages.Page | None, notices: list[str]
) -> tuple[Image.Image, NDArray[np.uint8] | None, tuple[Pixels, Pixels | None] | None]:
    """The image, loaded if need be; its pixels, or its colours as sRGB, where others have them."""
    if page is not None:
        stream.seek(0)
        colours, alpha = pages.samples(stream.read(), page, notices)
        icc = image.info.get("icc_profile")
        return image, None, deep.as_srgb(colours, alpha, icc, notices)
    if image.format in ("JPEG", "MPO"):
        stream.seek(0)
        data = stream.read(MAX_BYTES + 1)
        if len(data) <= MAX_BYTES:
            image, pixels, rows = jpeg.read(data, image, notices)
            return image, pixels, None if rows is None else to_srgb(rows, notices)
    image.load()
    whole = True  # Pillow asks for all rows, except in these
    if image.format == "PNG":
        whole = png.is_whole(stream, image)
    elif image.format == "TIFF":
        whole = pages.is_whole(image)
    if not whole:
        raise EOFError("too few rows")
    return image, None, None


def _photo(
    image: Image.Image,
    notices: list[str],
    *,
    pixels: NDArray[np.uint8] | None = None,
    stream: IO[bytes] | None = None,
    found: tuple[Pixels, Pixels | None] | None = None,
) -> Picture:
    """A loaded Pillow image, or one of which only the header was read and its pixels, as
    Picture.
    """
    name = image.format or image.mode
    # MPO: a JPEG with previews; TIFF: it has been said.
    if getattr(image, "is_animated", False) and name not in ("MPO", "TIFF"):
        what = "pictures" if name == "HEIF" else "frames, an animation"
        notices.append(f"The file has several {what}; the first one is used.")
    # After load(), because Pillow has then turned TIFF and AVIF upright and removed their tag.
    exif = metadata.exif_of(image)
    orientation = metadata.orientation_of(exif)
    shown = image
    if found is None and stream is not None and name in DEEP:
        stream.seek(0)
        head = stream.read(MAX_BYTES if name == "JPEG2000" else boxes.HEAD)
        bits = deep.bits_of(image, head)
        _complete(image, head, bits, notices)
        if bits > 8:
            stream.seek(0)
            found = deep.read(stream.read(), image, bits, notices)
        shown = deep.whole_range(image, head)
    icc = image.info.get("icc_profile")
    icc = icc if isinstance(icc, bytes) else b""
    if stream is not None and image.info.get("progressive"):
        stream.seek(0)
        if jpeg.lacks_detail(stream.read(MAX_BYTES)):
            notices.append(jpeg.LACKS_DETAIL)
    if found is None and pixels is not None:
        if icc:
            decoded = Image.fromarray(pixels)
            decoded.info["icc_profile"] = icc
            found = to_srgb(decoded, notices)
        else:  # what is wanted already, and Pillow need not copy it
            found = _three(pixels), None
    rgb, alpha = found or to_srgb(shown, notices)
    rgb = upright(rgb, orientation)
    kept_exif = metadata.kept_exif(exif, rgb.shape[1], rgb.shape[0], notices)
    kept_xmp = metadata.xmp_of(image, notices)
    return Picture(
        rgb=rgb,
        alpha=None if alpha is None else upright(alpha, orientation),
        format=name,
        dpi=metadata.dpi_of(image, orientation),
        exif=kept_exif,
        notices=tuple(notices),
        icc=written_profile(icc),
        xmp=kept_xmp,
        iptc=metadata.iptc_of(image),
    )


def _complete(image: Image.Image, head: bytes, bits: int, notices: list[str]) -> None:
    """Add to what Pillow says of colours and transparency."""
    name, info = image.format, image.info
    if name == "JPEG2000":
        told = {"icc_profile": boxes.profile(head), "xmp": boxes.xmp(head)}
        info |= {what: content for what, content in told.items() if content}
    numbers = None
    if name == "PNG":  # where they overrule all else
        numbers = png.numbers(head)
    elif name in ("AVIF", "HEIF") and (found := boxes.numbers(head)):
        numbers = found if found.transfer in cicp.HDR or not info.get("icc_profile") else None
    if numbers:
        info["icc_profile"] = cicp.profile(numbers, bits > 8, notices)
    elif name == "PNG" and (profile := png.gamma_profile(image)):
        info["icc_profile"] = profile
    if name == "PNG" and image.mode == "L":
        png.spread_transparency(image, head)


def _three(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if pixels.ndim == 3:
        return pixels
    return np.broadcast_to(pixels[..., None], (*pixels.shape, 3))
