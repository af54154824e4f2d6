"""What faxes, old programs and printers wrote: bits in disorder, old JPEG in TIFF, dot gain."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image
from test_reading import encoded, one_sentence, refusal
from test_tiff_pages import BYTES, GREY, HEIGHT, RGB, WIDTH, Tags, Typed, directories, lzw, tiff

from colorizers.files.reading import open_photo

ONE_BIT = GREY > 32_767
SMOOTH = Image.fromarray(BYTES).resize((16, 12)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


def reversed_bits(data: bytes) -> bytes:
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)


def one_strip(data: bytes, **tags: int | tuple[int, ...]) -> bytes:
    told: Tags = {256: WIDTH, 257: HEIGHT, 277: 1, 278: HEIGHT}
    return directories((told | {int(name[1:]): value for name, value in tags.items()}, [data]))


@pytest.mark.parametrize("fill", [1, 2])
@pytest.mark.parametrize("white", [0, 1])
@pytest.mark.parametrize("coding", ["raw", "tiff_ccitt", "group3", "group4"])
def test_faxes_of_either_polarity_and_fill_order(fill: int, white: int, coding: str) -> None:
    if coding == "raw":
        data, compression, rows = np.packbits(ONE_BIT ^ (white == 0), axis=1).tobytes(), 1, HEIGHT
    else:
        file = encoded(Image.fromarray(ONE_BIT), "TIFF", compression=coding)
        with tifffile.TiffFile(io.BytesIO(file)) as opened:
            found = opened.pages[0]
            (start,), (length,) = found.dataoffsets, found.databytecounts
            compression, rows = int(found.compression), found.rowsperstrip
        data = file[start : start + length]
    data = reversed_bits(data) if fill == 2 else data
    photo = open_photo(one_strip(data, x258=1, x259=compression, x262=white, x266=fill, x278=rows))
    upside_down = coding != "raw" and white == 0  # the coder wrote it with black as 0
    expected = np.where(ONE_BIT ^ upside_down, 255, 0)
    np.testing.assert_array_equal(photo.rgb[..., 1], expected)
    assert photo.notices == ()


@pytest.mark.parametrize("fill", [1, 2])
@pytest.mark.parametrize("white", [0, 1])
@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_grey_of_either_polarity_and_fill_order(fill: int, white: int, bits: int) -> None:
    top = 2**bits - 1
    levels = GREY >> (16 - bits)
    stored = levels if white else top - levels
    if bits < 8:
        single = (stored[..., None] >> np.arange(bits - 1, -1, -1)) & 1
        data = np.packbits(single.astype(np.uint8).reshape(HEIGHT, -1), axis=1).tobytes()
    else:
        data = stored.astype("u1" if bits == 8 else "<u2").tobytes()
    data = reversed_bits(data) if fill == 2 else data
    photo = open_photo(one_strip(data, x258=bits, x259=1, x262=white, x266=fill))
    full = np.iinfo(photo.rgb.dtype).max
    np.testing.assert_array_equal(photo.rgb[..., 1], np.rint(levels / top * full))


@pytest.mark.parametrize("compression", [1, 5])
def test_16_bit_colour_of_reversed_fill_order(compression: int) -> None:
    data = RGB.astype("<u2").tobytes()
    data = reversed_bits(lzw(data) if compression == 5 else data)
    file = one_strip(data, x258=(16,) * 3, x259=compression, x262=2, x266=2, x277=3)
    np.testing.assert_array_equal(open_photo(file).rgb, RGB)


def old_jpeg(image: Image.Image, subsampling: int) -> bytes:
    """TIFF 6.0, section 22: tables and scan apart, which the later technical note 2 gave up."""
    grey = image.mode == "L"
    options = {} if grey else {"subsampling": subsampling}
    data = encoded(image, "JPEG", quality=95, **options)
    quantization: list[bytes] = []
    direct: list[bytes] = []
    alternating: list[bytes] = []
    position = 2
    while True:
        marker, length = (
            data[position + 1],
            int.from_bytes(data[position + 2 : position + 4], "big"),
        )
        body, position = data[position + 4 : position + 2 + length], position + 2 + length
        if marker == 0xDB:
            quantization += [body[at + 1 : at + 65] for at in range(0, len(body), 65)]
        while marker == 0xC4 and body:
            size = 17 + sum(body[1:17])
            (alternating if body[0] >> 4 else direct).append(body[1:size])
            body = body[size:]
        if marker == 0xDA:
            break
    file, tables = bytearray(b"II*\0\0\0\0\0"), {}
    for tag, each in ((519, quantization), (520, direct), (521, alternating)):
        places = []
        for table in (each[0], each[-1], each[-1])[: 1 if grey else 3]:
            places.append(len(file))
            file += table + b"\0" * (len(table) % 2)
        tables[tag] = tuple(places)
    count = 1 if grey else 3
    tags: Tags = {256: WIDTH, 257: HEIGHT, 258: (8,) * count, 259: 6, 262: 1 if grey else 6,
                  277: count, 278: HEIGHT, 512: 1, **tables}  # fmt: skip
    if not grey:
        tags[530] = Typed(3, 2, struct.pack("<HH", *[1 if subsampling == 0 else 2] * 2))
    return directories((tags, [data[position:-2]]), begin=bytes(file))


@pytest.mark.parametrize(("mode", "subsampling"), [("RGB", 0), ("RGB", 2), ("L", 0)])
def test_old_style_jpeg_in_a_tiff(mode: str, subsampling: int) -> None:
    image = SMOOTH.convert(mode)
    photo = open_photo(old_jpeg(image, subsampling))
    expected = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(photo.rgb - expected).mean() < 3.5
    assert photo.notices == ()


def test_a_tiff_that_is_not_read_is_named() -> None:
    for values, tags, words in (
        (RGB, {"photometric": 8}, "CIELAB, 16 bits"),
        (RGB.astype(np.uint32), {"photometric": 2}, "RGB, 32 bits"),
        (
            RGB.view(np.float16),
            {"photometric": 2, "x339": (3,) * 3},
            "16 bits with a floating point",
        ),
        (RGB, {"photometric": 2, "compression": 34712}, "16 bits, compression 34712"),
    ):
        message = refusal(tiff(values, **tags))
        assert f"TIFF of {words}" in message or f"TIFF of RGB, {words}" in message
        assert "save it as JPEG, PNG or WebP" in message


def grey_profile(curve: np.ndarray, kind: bytes = b"prtr") -> bytes:
    """A version 2 profile of grey as Photoshop embeds it: the luminance of equal steps."""
    name = b"Dot Gain 20%\0"
    table = np.rint(65_535 * curve).astype(">u2").tobytes()
    parts = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78),
        b"cprt": b"text\0\0\0\0-\0",
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63_190, 65_536, 54_061),
        b"kTRC": b"curv\0\0\0\0" + struct.pack(">I", len(curve)) + table,
    }
    start = 128 + 4 + 12 * len(parts)
    entries, body = struct.pack(">I", len(parts)), b""
    for tag, part in parts.items():
        entries += struct.pack(">4sII", tag, start + len(body), len(part))
        body += part + b"\0" * (-len(part) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"ADBE", 0x2100000, kind, b"GRAY", b"XYZ ")
    head += struct.pack(">6H", 1999, 6, 3, 0, 0, 0) + b"acspAPPL" + bytes(24)
    head += bytes(4) + struct.pack(">3i", 63_190, 65_536, 54_061)
    return head.ljust(128, b"\0") + entries + body


INK = 1 - np.linspace(0, 1, 256)
LUMINANCE = 1 - (INK + 0.8 * INK * (1 - INK))  # half of the ink covers 20 % more
RAMP = np.tile(np.arange(256, dtype=np.uint8), (16, 1))
DOT_GAIN = grey_profile(LUMINANCE)


def as_srgb(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "P"])
@pytest.mark.parametrize("deep", [False, True])
def test_a_profile_of_dot_gain_is_applied_however_grey_is_stored(mode: str, deep: bool) -> None:
    if deep and mode in ("LA", "P"):
        return
    image = Image.fromarray(RAMP).convert(mode)
    if deep:
        values = np.asarray(image).reshape(16, 256, -1).astype(np.uint16) * 257
        data = tiff(values, photometric=1 if mode == "L" else 2, x34675=DOT_GAIN)
    else:
        data = encoded(image, "PNG", icc_profile=DOT_GAIN)
    photo = open_photo(data)
    assert photo.notices == ()
    assert photo.rgb.dtype == (np.uint16 if deep else np.uint8)
    assert (photo.rgb[..., 0] == photo.rgb[..., 2]).all()
    error = np.abs(photo.rgb[0, :, 1] / np.iinfo(photo.rgb.dtype).max - as_srgb(LUMINANCE))
    assert error.max() < 1.6 / 255


def test_a_profile_of_other_colours_than_the_files_is_named() -> None:
    photo = open_photo(encoded(Image.fromarray(BYTES), "PNG", icc_profile=DOT_GAIN))
    np.testing.assert_array_equal(photo.rgb, BYTES)
    (notice,) = photo.notices
    assert "one of GRAY and its pixels are RGB" in notice
    assert one_sentence(notice)
