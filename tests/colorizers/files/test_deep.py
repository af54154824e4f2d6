"""More than 8 bits a channel, from every format that has them, against other references."""

import io
import struct

import cv2
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image
from test_reading import colours, encoded, profile_of
from test_strange_files import DEEP, RGB, head_of, png, rows

from colorizers.files.picture import Picture
from colorizers.files.reading import open_photo

HEIGHT, WIDTH = 48, 64
# 12 bits are levels that 8 cannot tell apart.
TWELVE = np.random.default_rng(7).integers(0, 4096, (HEIGHT, WIDTH, 3)).astype(np.uint16)
TWELVE[0, :2] = [[0] * 3, [4095] * 3]
ACROSS, DOWN = np.linspace(300, 4000, WIDTH)[None], np.linspace(4000, 100, HEIGHT)[:, None]
SMOOTH = np.stack(np.broadcast_arrays(ACROSS, DOWN, 900.0), axis=-1).round().astype(np.uint16)


def over_16(values: np.ndarray, bits: int) -> np.ndarray:
    """The definition: black is 0, the largest number is 65,535."""
    return np.rint(values.astype(float) * 65_535 / (2**bits - 1))


def jp2(values: np.ndarray, bits: int) -> bytes:
    """A lossless JPEG 2000 file of so many bits.

    OpenCV writes 16, with zero at half of the range; so the values are moved by the difference
    of the halves, and the numbers in the two heads say `bits` instead of 16.
    """
    moved = (values + (2**15 - 2 ** (bits - 1))).astype(np.uint16)
    bgr = moved if moved.ndim == 2 else np.ascontiguousarray(moved[..., ::-1])
    settings = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000]
    data = bytearray(cv2.imencode(".jp2", bgr, settings)[1].tobytes())
    data[data.index(b"ihdr") + 14] = bits - 1
    start = data.index(b"\xff\x4f\xff\x51") + 42
    for channel in range(1 if values.ndim == 2 else values.shape[2]):
        data[start + 3 * channel] = bits - 1
    return bytes(data)


def avif(values: np.ndarray, bits: int, quality: int = 100) -> bytes:
    order = [2, 1, 0, 3][: values.shape[2]]
    settings = [cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_QUALITY, quality]
    coded = cv2.imencode(".avif", np.ascontiguousarray(values[..., order]), settings)[1]
    return coded.tobytes()


def heic(values: np.ndarray, bits: int, mode: str = "RGB;16", **options: object) -> bytes:
    pillow_heif.register_heif_opener()
    before = pillow_heif.options.SAVE_HDR_TO_12_BIT
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        left = np.ascontiguousarray(values << np.uint16(16 - bits))
        file = pillow_heif.from_bytes(mode, values.shape[1::-1], left.tobytes())
        stream = io.BytesIO()
        file.save(stream, quality=-1, chroma=444, **options)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = before
    return stream.getvalue()


def deep(data: bytes) -> Picture:
    photo = open_photo(data)
    assert photo.rgb.dtype == np.uint16
    assert photo.notices == ()
    return photo


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_jpeg_2000_keeps_its_bits(bits: int) -> None:
    values = TWELVE >> 2 if bits == 10 else TWELVE if bits == 12 else TWELVE * np.uint16(16) + 5
    np.testing.assert_array_equal(deep(jp2(values, bits)).rgb, over_16(values, bits))
    grey = deep(jp2(values[..., 0], bits)).rgb
    np.testing.assert_array_equal(grey[..., 2], over_16(values[..., 0], bits))


@pytest.mark.parametrize("bits", [10, 12])
def test_avif_keeps_its_bits(bits: int) -> None:
    values = SMOOTH >> np.uint16(12 - bits)
    photo = deep(avif(values, bits))
    # OpenCV writes quality 100 without loss; the levels are then exactly those that went in.
    np.testing.assert_array_equal(photo.rgb, over_16(values, bits))
    lossy = deep(avif(values, bits, quality=60)).rgb
    assert np.abs(lossy - over_16(values, bits)).mean() < 1000


def test_jpeg_2000_with_opacity() -> None:
    rgba = np.dstack([SMOOTH, TWELVE[..., 0]]) * np.uint16(16)
    data = cv2.imencode(
        ".jp2",
        cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA),
        [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000],
    )[1]
    photo = deep(data.tobytes())
    np.testing.assert_array_equal(photo.rgb, rgba[..., :3])
    np.testing.assert_array_equal(photo.alpha, rgba[..., 3])


def test_avif_with_opacity() -> None:
    rgba = np.dstack([SMOOTH, TWELVE[..., 0]])
    photo = deep(avif(rgba, 12))
    np.testing.assert_array_equal(photo.alpha, over_16(rgba[..., 3], 12))


@pytest.mark.parametrize("bits", [10, 12])
def test_heic_keeps_its_bits(bits: int) -> None:
    values = SMOOTH >> np.uint16(12 - bits)
    photo = deep(heic(values, bits))
    error = np.abs(photo.rgb - over_16(values, bits))
    # YCbCr of as many bits rounds to a level or two; 8 bits would be off by 64 on average.
    assert error.mean() < 0.8 * 65_535 / 2**bits
    assert error.max() <= 3 * 65_535 / 2**bits


@pytest.mark.parametrize("bits", [10, 12])
def test_grey_heic_reaches_from_black_to_white(bits: int) -> None:
    grey = np.full((64, 64), 2**bits - 1, np.uint16)
    grey[32:] = 0
    photo = deep(heic(grey, bits, "L;16"))
    assert photo.rgb[:24].min() == 65_535
    assert photo.rgb[40:].max() == 0


def test_avif_and_heic_of_8_bits_stay_as_they_are() -> None:
    pillow_heif.register_heif_opener()
    for format in ("AVIF", "HEIF", "JPEG2000"):
        photo = open_photo(encoded(Image.fromarray(RGB), format, quality=90))
        assert photo.rgb.dtype == np.uint8
        assert photo.notices == ()


@pytest.mark.parametrize("format", ["jp2", "heic"])
def test_profile_of_a_deep_file_is_applied(format: str) -> None:
    values, icc = SMOOTH, profile_of(1.0)
    if format == "heic":
        data = heic(values, 12, icc_profile=icc)
    else:
        data = with_profile(jp2(values, 12), icc)
    linear = values / 4095
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    photo = deep(data)
    assert photo.icc == icc
    assert np.abs(photo.rgb / 65_535 - srgb).max() < 0.004


def with_profile(data: bytes, icc: bytes) -> bytes:
    """A JPEG 2000 file whose colour is said by a profile: ISO/IEC 15444-1, I.5.3.3."""
    start = data.index(b"colr") - 4
    old = int.from_bytes(data[start : start + 4], "big")
    box = struct.pack(">I4sBBB", 11 + len(icc), b"colr", 2, 0, 0) + icc
    head = data.index(b"jp2h") - 4
    length = int.from_bytes(data[head : head + 4], "big") - old + len(box)
    data = data[:start] + box + data[start + old :]
    return data[:head] + length.to_bytes(4, "big") + data[head + 4 :]


def test_profile_of_jpeg_2000_is_applied_at_8_bits_and_kept() -> None:
    rgb, icc = colours(32, 32), profile_of(1.0)
    photo = open_photo(
        with_profile(encoded(Image.fromarray(rgb), "JPEG2000", irreversible=False), icc)
    )
    reference = open_photo(encoded(Image.fromarray(rgb), "PNG", icc_profile=icc))
    np.testing.assert_array_equal(photo.rgb, reference.rgb)
    assert photo.icc == icc


@pytest.mark.parametrize("top", [300, 4095, 65_535])
def test_binary_ppm_keeps_its_levels(top: int) -> None:
    values = (SMOOTH / 4095 * top).astype(">u2")
    head = f"P6\n# a remark with 3 numbers\n{WIDTH} {HEIGHT}\n{top}\n".encode()
    photo = deep(head + values.tobytes())
    np.testing.assert_array_equal(photo.rgb, np.rint(values * (65_535 / top)))


def test_hdr_is_said() -> None:
    for transfer, curve in ((16, "PQ"), (18, "HLG"), (13, "")):
        nclx = {"color_primaries": 9, "transfer_characteristics": transfer,
                "matrix_coefficients": 9, "full_range_flag": 1}  # fmt: skip
        data = heic(SMOOTH, 10, save_nclx_profile=True, **nclx)
        said = [notice for notice in open_photo(data).notices if "HDR" in notice]
        assert len(said) == bool(curve)
        assert all(curve in notice for notice in said)


# Grey of other depths


def test_16_bit_tiff_in_which_0_is_white_is_no_negative() -> None:
    grey = DEEP[..., 1].astype(np.uint16)
    stream = io.BytesIO()
    tifffile.imwrite(stream, 65_535 - grey, photometric="miniswhite", metadata=None)
    np.testing.assert_array_equal(deep(stream.getvalue()).rgb[..., 0], grey)


def test_12_bit_tiff_reaches_from_black_to_white() -> None:
    packed = np.empty((HEIGHT, WIDTH * 3 // 2), np.uint8)
    grey = TWELVE[..., 0]
    packed[:, 0::3] = grey[:, 0::2] >> 4
    packed[:, 1::3] = (grey[:, 0::2] & 15) << 4 | grey[:, 1::2] >> 8
    packed[:, 2::3] = grey[:, 1::2] & 255
    tags = [(256, 4, WIDTH), (257, 4, HEIGHT), (258, 3, 12), (259, 3, 1), (262, 3, 1),
            (273, 4, 200), (277, 3, 1), (278, 4, HEIGHT), (279, 4, packed.size)]  # fmt: skip
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags))
    head += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    photo = deep(head.ljust(200, b"\0") + packed.tobytes())
    np.testing.assert_array_equal(photo.rgb[..., 0], over_16(grey, 12))


def test_32_bit_tiff_without_sign_does_not_turn_negative() -> None:
    grey = TWELVE[..., 0].astype(np.uint32) * 1_000_000
    stream = io.BytesIO()
    tifffile.imwrite(stream, grey, photometric="minisblack", metadata=None)
    photo = open_photo(stream.getvalue())
    assert any("0 to 4.095e+09" in notice for notice in photo.notices)
    assert np.abs(photo.rgb[..., 0] - over_16(TWELVE[..., 0], 12)).max() <= 1


LEVEL = np.arange(WIDTH, dtype=np.uint8)[None].repeat(HEIGHT, axis=0)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_transparent_grey_of_a_png(bits: int) -> None:
    grey = (LEVEL.astype(int) % 2 ** min(bits, 8)).astype(np.uint8)
    if bits == 16:
        stored = (grey.astype(int) * 257 + 3).astype(">u2").view(np.uint8).reshape(HEIGHT, -1)
    else:
        each = np.unpackbits(grey[..., None], axis=-1)[..., 8 - bits :].reshape(HEIGHT, -1)
        stored = np.packbits(each, axis=1)
    level = 1 * 257 + 3 if bits == 16 else 1
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, 0, 0, 0, 0)
    data = png((b"tRNS", struct.pack(">H", level)), rows(stored), head=head)
    photo = open_photo(data)
    assert photo.rgb.dtype == (np.uint16 if bits == 16 else np.uint8)
    np.testing.assert_array_equal(photo.alpha == 0, grey == 1)
    np.testing.assert_array_equal(np.unique(photo.alpha), [0, 255])


def test_transparent_colour_of_a_16_bit_png() -> None:
    almost = DEEP.copy()
    almost[0, 0, 0] += 1  # the same at 8 bits, and not transparent
    data = png((b"tRNS", DEEP[0, 0].tobytes()), rows(almost), head=head_of(16, 2))
    photo = deep(data)
    np.testing.assert_array_equal(photo.rgb, almost)
    np.testing.assert_array_equal(photo.alpha == 0, (almost == DEEP[0, 0]).all(axis=-1))
