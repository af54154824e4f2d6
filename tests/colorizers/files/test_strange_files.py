"""More than forty kinds of unusual and malformed picture files, each made here in memory.

Each gives the right picture, or one sentence; and whatever it announces, memory stays bounded.
"""

import io
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import ExifTags, Image
from test_reading import colours, encoded, one_sentence, png_header, read_or_refuse, refusal

from colorizers.files.jpeg import segment
from colorizers.files.reading import open_photo

ROOT = Path(__file__).parents[3]
HEIGHT, WIDTH = 24, 40


def picture() -> np.ndarray:
    """Red above, blue below, and a green square on the left: no symmetry, few edges."""
    rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    rgb[:12] = (210, 40, 30)
    rgb[12:] = (30, 60, 200)
    rgb[4:20, 0:16] = (20, 160, 60)
    return rgb


RGB = picture()
IMAGE = Image.fromarray(RGB)
GREY = np.asarray(IMAGE.convert("L"))
Maker = Callable[[], bytes]


def tiff(values: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, metadata=None, **options)
    return stream.getvalue()


def pages(thumbnail: np.ndarray, *others: np.ndarray) -> bytes:
    """A TIFF whose first page says that it is a small copy of another."""
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as file:
        file.write(thumbnail, photometric="rgb", subfiletype=1, metadata=None)
        for other in others:
            file.write(other, photometric="rgb", metadata=None)
    return stream.getvalue()


def heic(image: Image.Image = IMAGE, **options: object) -> bytes:
    pillow_heif.register_heif_opener()
    return encoded(image, "HEIF", quality=100, chroma=444, **options)


def png(*chunks: tuple[bytes, bytes], head: bytes = b"") -> bytes:
    """A PNG of chunks; without a head, the one of `RGB`."""
    head = head or struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    whole = [(b"IHDR", head), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in whole
    )


def rows(values: np.ndarray) -> tuple[bytes, bytes]:
    """An IDAT chunk of unfiltered rows."""
    return b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in values))


def head_of(bits: int, kind: int, interlaced: bool = False) -> bytes:
    """The head of a PNG of the usual size."""
    return struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, kind, 0, 0, interlaced)


DEEP = (RGB.astype(int) * 257).astype(">u2")


def interlaced(values: np.ndarray, share: float = 1.0) -> tuple[bytes, bytes]:
    """An IDAT chunk of the seven passes of PNG 8.2, or of the first part of them."""
    steps = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
             (0, 1, 1, 2))  # fmt: skip
    passes = [values[y::down, x::right] for x, y, right, down in steps]
    data = b"".join(b"\0" + row.tobytes() for part in passes for row in part)
    return b"IDAT", zlib.compress(data[: int(len(data) * share)])


def oriented_jpeg() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(RGB)))
    return encoded(turned, "JPEG", quality=100, subsampling=0, exif=exif)


def exif_of_nonsense(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return encoded(IMAGE, "JPEG", quality=100, subsampling=0, exif=exif)


def adobe_cmyk() -> bytes:
    return encoded(IMAGE.convert("CMYK"), "JPEG", quality=100, subsampling=0)


def mpo() -> bytes:
    second = Image.new("RGB", (WIDTH, HEIGHT), "white")
    return encoded(IMAGE, "MPO", quality=100, subsampling=0, save_all=True, append_images=[second])


def restart_jpeg() -> bytes:
    bgr = RGB[..., ::-1]
    settings = [cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_RST_INTERVAL, 1]
    settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    return cv2.imencode(".jpg", bgr, settings)[1].tobytes()


def jpeg(**options: object) -> bytes:
    return encoded(IMAGE, "JPEG", **({"quality": 100, "subsampling": 0} | options))


def with_segments(*segments: tuple[int, bytes]) -> bytes:
    data = jpeg()
    return data[:2] + b"".join(segment(*pair) for pair in segments) + data[2:]


def animated(format: str) -> bytes:
    second = Image.new("RGB", (WIDTH, HEIGHT), "white")
    options = {"lossless": True} if format == "WEBP" else {}
    return encoded(IMAGE, format, save_all=True, append_images=[second], **options)


def bits_per_pixel(bits: int) -> bytes:
    return encoded(IMAGE.quantize(2**bits), "PNG", bits=bits)


# name -> file that shows RGB, and how far single channels may be off
RIGHT: dict[str, tuple[Maker, int]] = {
    "progressive JPEG": (lambda: jpeg(progressive=True), 4),
    "JPEG with 4:2:0": (lambda: jpeg(subsampling=2), 120),
    "JPEG on its side": (oriented_jpeg, 4),
    "JPEG with orientation 0": (lambda: exif_of_nonsense(0), 4),
    "JPEG with orientation 99": (lambda: exif_of_nonsense(99), 4),
    "JPEG with a restart marker at each block": (restart_jpeg, 4),
    "JPEG with a tail of zeros": (lambda: jpeg() + b"\0" * 50, 4),
    "JPEG with a tail of text": (lambda: jpeg() + b"a voice message" * 99, 4),
    "JPEG with fill bytes": (lambda: jpeg()[:2] + b"\xff\xff\xff" + jpeg()[2:], 4),
    "JPEG with damaged EXIF": (lambda: with_segments((0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")), 4),
    "JPEG with EXIF that goes in a circle": (
        lambda: with_segments((0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\x08\0\0\0")),
        4,
    ),
    "JPEG with one of two parts of a profile": (
        lambda: with_segments((0xE2, b"ICC_PROFILE\0\x01\x02" + b"x" * 90)),
        4,
    ),
    "JPEG with a comment in Latin-1": (
        lambda: with_segments((0xFE, "Großmutter".encode("latin-1"))),
        4,
    ),
    "JPEG with two XMP packets": (
        lambda: with_segments(*[(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")] * 2),
        4,
    ),
    "MPO of a stereo camera": (mpo, 4),
    "CMYK JPEG as Adobe writes it": (adobe_cmyk, 6),
    "CMYK TIFF": (lambda: encoded(IMAGE.convert("CMYK"), "TIFF"), 3),
    "LZW TIFF": (lambda: encoded(IMAGE, "TIFF", compression="tiff_lzw"), 0),
    "JPEG in TIFF": (lambda: encoded(IMAGE, "TIFF", compression="jpeg", quality=100), 120),
    "BigTIFF": (lambda: tiff(RGB, photometric="rgb", bigtiff=True), 0),
    "big-endian TIFF": (lambda: tiff(RGB, photometric="rgb", byteorder=">"), 0),
    "TIFF in planes": (
        lambda: tiff(RGB.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate"),
        0,
    ),
    "TIFF in tiles": (lambda: tiff(RGB, photometric="rgb", tile=(16, 16)), 0),
    "TIFF of two pages": (lambda: tiff(np.stack([RGB, 0 * RGB]), photometric="rgb"), 0),
    "TIFF with a thumbnail before it": (lambda: pages(RGB[::4, ::4] * 0, RGB), 0),
    "16-bit TIFF in planes": (
        lambda: tiff(
            RGB.transpose(2, 0, 1).astype(np.uint16) * 257,
            photometric="rgb",
            planarconfig="separate",
        ),
        0,
    ),
    "interlaced PNG of 16 bits": (
        lambda: cv2.imencode(".png", RGB[..., ::-1].astype(np.uint16) * 257)[1].tobytes(),
        0,
    ),
    "PNG in seven passes": (lambda: png(interlaced(RGB), head=head_of(8, 2, True)), 0),
    "PNG of 16 bits in seven passes": (
        lambda: png(interlaced(DEEP), head=head_of(16, 2, True)),
        0,
    ),
    "PNG of 4 bits a pixel": (lambda: bits_per_pixel(4), 0),
    "PNG of 2 bits a pixel": (lambda: bits_per_pixel(2), 0),
    "PNG with a transparent colour that is not used": (
        lambda: png((b"tRNS", b"\0\1\0\2\0\3"), rows(RGB)),
        0,
    ),
    "PNG without a filter": (lambda: png(rows(RGB)), 0),
    "PNG with unknown chunks": (lambda: png((b"prVt", b"hello"), rows(RGB)), 0),
    "PNG whose data is cut into single bytes": (
        lambda: png(*[(b"IDAT", bytes([byte])) for byte in rows(RGB)[1]]),
        0,
    ),
    "PNG with a physical size of nothing": (lambda: png((b"pHYs", b"\0" * 9), rows(RGB)), 0),
    "PNG with an empty profile": (
        lambda: png((b"iCCP", b"x\0\0" + zlib.compress(b"")), rows(RGB)),
        0,
    ),
    "PNG with a tail": (lambda: png(rows(RGB)) + b"tail", 0),
    "animated PNG": (lambda: animated("PNG"), 0),
    "animated GIF": (lambda: animated("GIF"), 8),
    "animated WebP": (lambda: animated("WEBP"), 0),
    "lossy WebP": (lambda: encoded(IMAGE, "WEBP", quality=100), 130),
    "BMP from top to bottom": (
        lambda: (
            lambda d: d[:22] + struct.pack("<i", -HEIGHT) + d[26:54] + RGB[..., ::-1].tobytes()
        )(encoded(IMAGE, "BMP")),
        0,
    ),
    "PPM as text": (
        lambda: (
            f"P3 # made by hand\n{WIDTH} {HEIGHT} 255\n".encode()
            + " ".join(map(str, RGB.ravel())).encode()
        ),
        0,
    ),
    "PPM of 16 bits": (
        lambda: f"P6 {WIDTH} {HEIGHT} 65535\n".encode() + (RGB.astype(">u2") * 257).tobytes(),
        1,
    ),
    "JPEG 2000 without loss": (lambda: encoded(IMAGE, "JPEG2000", irreversible=False), 0),
    "bare JPEG 2000 stream": (
        lambda: encoded(IMAGE, "JPEG2000", irreversible=False, no_jp2=True),
        0,
    ),
    "AVIF": (lambda: encoded(IMAGE, "AVIF", quality=100, subsampling="4:4:4"), 6),
    "HEIC": (heic, 8),
    "HEIC of two pictures": (
        lambda: heic(save_all=True, append_images=[Image.new("RGB", (64, 64))]),
        8,
    ),
}


@pytest.mark.parametrize("kind", RIGHT)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_unusual_files_show_the_right_picture(kind: str) -> None:
    make, limit = RIGHT[kind]
    photo = open_photo(make())
    assert photo.size == (WIDTH, HEIGHT)
    assert photo.alpha is None
    scale = 257 if photo.rgb.dtype == np.uint16 else 1
    error = np.abs(photo.rgb.astype(int) - RGB.astype(int) * scale)
    assert error.max() <= limit * scale
    assert error.mean() <= 6 * scale
    assert all(one_sentence(notice) for notice in photo.notices)
    if "animated" in kind or kind.endswith(("two pages", "two pictures")):
        assert any("first" in notice for notice in photo.notices)


GREYS: dict[str, tuple[Maker, int]] = {
    "grey JPEG": (lambda: encoded(Image.fromarray(GREY), "JPEG", quality=100), 3),
    "grey TIFF, white is zero": (lambda: tiff(255 - GREY, photometric="miniswhite"), 0),
    "grey PNG with alpha, opaque": (lambda: encoded(Image.fromarray(GREY).convert("LA"), "PNG"), 0),
    "grey PNG of 4 bits": (lambda: encoded(Image.fromarray(GREY // 17 * 17), "PNG"), 17),
    "grey PGM as text": (
        lambda: f"P2 {WIDTH} {HEIGHT} 255 ".encode() + " ".join(map(str, GREY.ravel())).encode(),
        0,
    ),
    "grey TIFF of 16 bits": (lambda: tiff(GREY.astype(np.uint16) * 257), 0),
    "grey TIFF of 32 bits": (
        lambda: encoded(Image.fromarray(GREY.astype(np.int32) * 257), "TIFF"),
        0,
    ),
    "grey TIFF of floats": (lambda: tiff((GREY / 255).astype(np.float32)), 0),
    "grey HEIC": (lambda: heic(Image.fromarray(GREY)), 4),
}


@pytest.mark.parametrize("kind", GREYS)
def test_grey_files_show_the_right_picture(kind: str) -> None:
    make, limit = GREYS[kind]
    photo = open_photo(make())
    scale = 257 if photo.rgb.dtype == np.uint16 else 1
    error = np.abs(photo.rgb[..., 1].astype(int) - GREY.astype(int) * scale)
    assert error.max() <= limit * scale
    assert (photo.rgb[..., 0] == photo.rgb[..., 2]).all()


def edited(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose frame header announces another size."""
    data = jpeg()
    frame = data.index(b"\xff\xc0")
    return edited(data, frame + 5, struct.pack(">HH", height, width))


def gif_of(width: int, height: int) -> bytes:
    data = encoded(IMAGE, "GIF")
    descriptor = data.index(b"\x2c", 13 + 3 * 2)
    size = struct.pack("<HH", width, height)
    return edited(edited(data, 6, size), descriptor + 5, size)


def tiff_with(tag: int, value: int) -> bytes:
    """A TIFF with one of its numbers replaced."""
    data = tiff(RGB, photometric="rgb")
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        place = file.pages[0].tags[tag].offset
    return edited(data, place + 2, struct.pack("<HII", 4, 1, value))


def tiff_of_fewer(tag: int, values: np.ndarray, **options: object) -> bytes:
    """A TIFF that forgets the last of its strips (tag 273) or tiles (324)."""
    data = bytearray(tiff(values, photometric="rgb", **options))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        offsets, counts = (file.pages[0].tags[number] for number in (tag, tag + (6, 1)[tag > 300]))
    for one in (offsets, counts):
        data[one.offset + 4 : one.offset + 8] = struct.pack("<I", one.count - 1)
    return bytes(data)


WRONG: dict[str, Maker] = {
    "nothing": lambda: b"",
    "one byte": lambda: b"\xff",
    "zeros": lambda: b"\0" * 4096,
    "a letter": lambda: b"Dear aunt,\nhere is the picture." * 20,
    "a web page": lambda: b"<!doctype html><title>404</title>",
    "SVG": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "PDF": lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
    "PostScript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "ZIP": lambda: b"PK\x03\x04" + b"\0" * 99,
    "MP4 film": lambda: b"\0\0\0\x18ftypmp42" + b"\0" * 99,
    "HEIC that is only a head": lambda: b"\0\0\0\x18ftypheic" + b"\0" * 40,
    "half a HEIC": lambda: heic()[:-200],
    "AVIF that is only a head": lambda: b"\0\0\0\x1cftypavif" + b"\0" * 40,
    "PNG that is only a signature": lambda: b"\x89PNG\r\n\x1a\n",
    "PNG without pixels": lambda: png(),
    "PNG of too few rows": lambda: png(rows(RGB[:-1])),
    "PNG of no rows": lambda: png(rows(RGB[:0])),
    "PNG of half a row": lambda: png((b"IDAT", zlib.compress(b"\0" + RGB.tobytes()[:40]))),
    "PNG of 16 bits and too few rows": lambda: png(rows(DEEP[:10]), head=head_of(16, 2)),
    "grey PNG of 16 bits and too few rows": lambda: png(rows(DEEP[:10, :, 0]), head=head_of(16, 0)),
    "PNG of six passes and a half": lambda: png(interlaced(RGB, 0.9), head=head_of(8, 2, True)),
    "PNG of 16 bits and one pass": lambda: png(interlaced(DEEP, 0.02), head=head_of(16, 2, True)),
    "PNG with its pixels cut off": lambda: png((b"IDAT", rows(colours(HEIGHT, WIDTH))[1][:-500])),
    "PNG of 16 bits with its pixels cut off": lambda: png(
        (b"IDAT", rows(colours(HEIGHT, 2 * WIDTH))[1][:-500]), head=head_of(16, 2)
    ),
    "PNG without its end": lambda: png(rows(RGB))[:-12],
    "PNG of no width": lambda: png_header(0, 5),
    "PNG of negative width": lambda: png_header(0x80000001, 5),
    "PNG of 3 bits": lambda: png_header(4, 4, depth=3),
    "PNG of an unknown colour type": lambda: png_header(4, 4, kind=7),
    "PNG with a wrong check sum": lambda: edited(png(rows(RGB)), 29, b"\0\0\0\0"),
    "PNG with damaged data": lambda: png((b"IDAT", b"\x78\x9c" + b"\xaa" * 200)),
    "palette PNG without a palette": lambda: png(
        rows(GREY), head=struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 9)
    ),
    "PNG bomb": lambda: png_header(60_000, 60_000),
    "16-bit PNG bomb": lambda: png_header(12_000, 12_000, depth=16),
    "PNG with a bomb as its text": lambda: png(
        (b"zTXt", b"x\0\0" + zlib.compress(b"\0" * 80_000_000)), rows(RGB)
    ),
    "JPEG that is only a head": lambda: b"\xff\xd8\xff\xe0",
    "JPEG without a scan": lambda: jpeg()[: jpeg().index(b"\xff\xda")] + b"\xff\xd9",
    "JPEG of too few rows": lambda: jpeg(quality=95)[:700],
    "JPEG bomb": lambda: jpeg_of(65_000, 65_000),
    "JPEG of no height": lambda: jpeg_of(40, 0),
    "GIF that is only a head": lambda: b"GIF89a",
    "GIF bomb": lambda: gif_of(65_535, 65_535),
    "WebP cut off": lambda: encoded(IMAGE, "WEBP")[:30],
    "BMP bomb": lambda: edited(encoded(IMAGE, "BMP"), 18, struct.pack("<ii", 40_000, 40_000)),
    "PPM bomb": lambda: b"P6 100000 100000 255\n",
    "PPM without pixels": lambda: b"P6 10 10 255\n",
    "TIFF bomb": lambda: tiff_with(256, 200_000_000),
    "TIFF whose strips lie outside": lambda: tiff_with(273, 10**9),
    "TIFF of too few strips": lambda: tiff_of_fewer(273, RGB, rowsperstrip=8),
    "deflated TIFF of too few strips": lambda: tiff_of_fewer(
        273, RGB, rowsperstrip=8, compression="zlib"
    ),
    "TIFF of too few planes": lambda: tiff_of_fewer(
        273, RGB.transpose(2, 0, 1).copy(), planarconfig="separate", rowsperstrip=8
    ),
    "TIFF of too few tiles": lambda: tiff_of_fewer(324, RGB, tile=(16, 16)),
    "TIFF of 16 bits and too few strips": lambda: tiff_of_fewer(
        273, RGB.astype(np.uint16) * 257, rowsperstrip=8
    ),
    "TIFF of an unknown compression": lambda: tiff_with(259, 12_345),
    "TIFF that points to itself": lambda: b"II*\0\x08\0\0\0\0\0\x08\0\0\0" + b"\0" * 40,
    "JPEG 2000 that is only a head": lambda: encoded(IMAGE, "JPEG2000")[:60],
    "icon": lambda: encoded(IMAGE.resize((32, 32)), "ICO"),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.filterwarnings("ignore")
def test_malformed_files_are_refused_in_one_sentence(kind: str) -> None:
    message = refusal(WRONG[kind]())
    if kind.endswith("bomb"):
        assert "limit" in message


def test_heic_without_its_package_says_which_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    assert "HEIC" in refusal(data)
    assert "pip install pillow-heif" in refusal(data)


def test_there_are_more_than_forty_kinds() -> None:
    assert len(RIGHT) + len(GREYS) >= 40
    assert len(WRONG) >= 40


@pytest.mark.parametrize("format", ["JPEG", "HEIF", "PNG", "WEBP"])
@pytest.mark.filterwarnings("ignore")
def test_any_byte_may_be_wrong(format: str) -> None:
    pillow_heif.register_heif_opener()
    data = bytearray(encoded(Image.fromarray(colours(40, 50)), format))
    for place in range(0, len(data), max(1, len(data) // 60)):
        damaged = data.copy()
        damaged[place] ^= 0xFF
        read_or_refuse(bytes(damaged), max_pixels=1_000_000)


def test_a_thumbnail_alone_is_taken() -> None:
    photo = open_photo(pages(RGB))
    np.testing.assert_array_equal(photo.rgb, RGB)


NOISE = Image.fromarray(colours(120, 200).repeat(2, axis=0))
JPEGS: dict[str, dict[str, object]] = {
    "4:4:4": {"subsampling": 0},
    "4:2:0": {"subsampling": 2},
    "restarts": {"restart_marker_rows": 1},
    "optimised": {"optimize": True},
    "progressive": {"progressive": True},
}


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("kind", sorted(JPEGS.keys() - {"progressive"}))  # which lacks detail only
@pytest.mark.parametrize(
    ("share", "tail"),
    [(0.3, b"\xff\xd9"), (0.5, b""), (0.7, bytes(5000)), (0.98, b"\xff\xd9")],
)
def test_what_decodes_of_a_jpeg_that_ends_early_is_offered(
    mode: str, kind: str, share: float, tail: bytes
) -> None:
    """Half a download, as it is, closed properly, or in a file that was made as long beforehand."""
    options = {
        name: value for name, value in JPEGS[kind].items() if mode == "RGB" or name[0] != "s"
    }
    data = encoded(NOISE.convert(mode), "JPEG", quality=90, **options)
    whole = open_photo(data)
    assert whole.size == NOISE.size
    scan = data.index(b"\xff\xda")
    photo = open_photo(data[: scan + int((len(data) - scan) * share)].rstrip(b"\xff") + tail)
    rows = photo.size[1]
    assert photo.size[0] == NOISE.width
    assert share * NOISE.height - 34 <= rows <= share * NOISE.height + 8  # whole rows of blocks
    notice = photo.notices[0]
    assert f"the upper {rows} of its 240 rows" in notice
    assert one_sentence(notice)
    kept = rows - 1  # 4:2:0 smooths colours over the next row, which is missing
    difference = np.abs(photo.rgb[:kept].astype(int) - whole.rgb[:kept])
    assert difference.max() <= (1 if mode != "CMYK" else 2)


def test_a_jpeg_that_ends_at_a_restart_is_cut_there() -> None:
    """Where noise is passed over up to the next marker, so that it tells nothing."""
    data = encoded(NOISE, "JPEG", quality=90, subsampling=0, restart_marker_rows=1)
    restarts = [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", data)]
    for number in (9, 20, 28):
        photo = open_photo(data[: restarts[number]])
        assert photo.size == (200, 8 * (number + 1))
    assert open_photo(data[:-2]).size == NOISE.size  # only the end marker is missing


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.995])
def test_a_progressive_jpeg_that_ends_early_is_whole_and_coarse(share: float) -> None:
    data = encoded(NOISE, "JPEG", quality=90, progressive=True)
    first, second = [found.start() for found in re.finditer(rb"\xff\xda", data)][:2]
    photo = open_photo(data[: second + int((len(data) - second) * share)])
    assert photo.size == NOISE.size
    (notice,) = photo.notices
    assert "lacks detail" in notice
    upper = open_photo(data[: first + int((second - first) * 0.6)])  # not even a coarse one
    assert 0.4 * NOISE.height < upper.size[1] < 0.7 * NOISE.height
    assert "upper" in upper.notices[0]


def test_metadata_and_orientation_of_what_is_left_of_a_jpeg() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[ExifTags.Base.ImageDescription] = 6, "Aunt Ida"
    data = encoded(NOISE, "JPEG", quality=90, exif=exif, dpi=(300, 300))
    photo = open_photo(data[: len(data) // 2])
    assert photo.size[1] == NOISE.width
    assert b"Aunt Ida" in photo.exif
    assert photo.dpi == (300, 300)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_progressive_jpeg_without_its_last_scans_is_said_to_lack_detail(mode: str) -> None:
    """Half a download that something has closed: a picture, but coarse."""
    data = encoded(NOISE.convert(mode), "JPEG", quality=90, progressive=True)
    scans = [found.start() for found in re.finditer(rb"\xff\xda", data)]
    assert len(scans) >= 6
    assert not open_photo(data).notices
    for end in scans[1:]:
        photo = open_photo(data[:end] + b"\xff\xd9")
        assert photo.size == NOISE.size
        (notice,) = photo.notices
        assert one_sentence(notice)
        assert "lacks detail" in notice
    plain = encoded(NOISE.convert(mode), "JPEG", quality=90)
    assert not open_photo(plain).notices


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_corner_of_a_jpeg_is_no_missing_one(mode: str, kind: str, level: int) -> None:
    options = {
        name: value for name, value in JPEGS[kind].items() if mode == "RGB" or name[0] != "s"
    }
    values = np.asarray(NOISE).copy()
    values[100:] = level
    for image in (Image.fromarray(values), Image.new("RGB", (1, 1), (level,) * 3)):
        data = encoded(image.convert(mode), "JPEG", quality=90, **options)
        for whole in (data, data + b"\0" * 9):
            photo = open_photo(whole)
            assert photo.size == image.size
            assert np.abs(photo.rgb[-1, -1].astype(int) - level).max() <= 1


def test_black_rows_are_not_taken_for_missing_ones() -> None:
    rgb = RGB.copy()
    rgb[5:] = 0
    for data in (
        png(rows(rgb)),
        png(rows(rgb[..., :1]), head=head_of(8, 0)),
        png(rows(rgb.astype(">u2")), head=head_of(16, 2)),
        png(interlaced(rgb), head=head_of(8, 2, True)),
        png(rows(np.packbits(rgb[..., 0] > 255, axis=1)), head=head_of(1, 0)),
    ):
        photo = open_photo(data)
        assert photo.size == (WIDTH, HEIGHT)
        assert not photo.rgb[5:].any()


MEASURE = """
import sys
from train.benchmark import peak_megabytes
from colorizers.files.picture import ImageError
from colorizers.files.reading import open_photo
usual, *files = sys.argv[1:]
open_photo(usual)
before = peak_megabytes()
for file in files:
    try:
        open_photo(file)
        print("opened", end=" ")
    except ImageError as error:
        print("refused", end=" ")
    print(round(peak_megabytes() - before))
"""


@pytest.mark.slow
def test_memory_stays_bounded_whatever_a_file_announces(tmp_path: Path) -> None:
    usual = tmp_path / "usual.png"
    IMAGE.save(usual)
    bombs = [kind for kind in WRONG if "bomb" in kind or "outside" in kind]
    assert len(bombs) >= 8
    for number, kind in enumerate(bombs):
        (tmp_path / f"bomb-{number}").write_bytes(WRONG[kind]())
    files = [str(tmp_path / f"bomb-{number}") for number in range(len(bombs))]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(usual), *files],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    for kind, told in zip(bombs, done.stdout.splitlines(), strict=True):
        outcome, growth = told.split()  # of the peak, since the first of them
        assert outcome == "refused", kind
        assert int(growth) < 50, f"{kind}: {growth} MB"
