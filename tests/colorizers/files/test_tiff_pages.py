"""TIFFs of scanners and cameras: samples beside the colours, planes, and what stands first."""

import importlib.util
import io
import struct
import sys
from typing import Any, NamedTuple

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from test_reading import colours, encoded, one_sentence, profile_of, read_or_refuse, refusal

from colorizers.files.picture import Picture
from colorizers.files.reading import open_photo

HEIGHT, WIDTH = 48, 64
RGB = colours(HEIGHT, WIDTH).astype(np.uint16) * 257
RGB[..., 1] ^= 91  # more than 8 bits
GREY = RGB[..., 1]
INFRARED = RGB[..., 0] // 2 + 9000


def lzw(data: bytes) -> bytes:
    """LZW as in TIFF 6.0, section 13, by the simplest encoder: a new table before it grows."""
    codes: list[int] = []
    for start in range(0, len(data), 250):
        codes += [256, *data[start : start + 250]]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def differences(values: np.ndarray) -> np.ndarray:
    """Section 14: each sample less the same one of the pixel before, row by row."""
    made = values.copy()
    made[:, 1:] = values[:, 1:] - values[:, :-1]
    return made


class Typed(NamedTuple):
    """An entry whose type matters: its number, how many, and the bytes."""

    kind: int
    size: int
    body: bytes


Tags = dict[int, int | tuple[int, ...] | bytes | Typed]


def directories(
    *pages: tuple[Tags, list[bytes]], order: str = "<", below: int = 0, begin: bytes = b""
) -> bytes:
    """A TIFF of these pages (tags, and strips or tiles); the last so many lie below the first."""
    file = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "HL", 42, 0))
    file += begin[8:]
    link, offsets = 4, []
    for number, (tags, parts) in enumerate(pages):
        places = []
        for part in parts:
            places.append(len(file))
            file += part + b"\0" * (len(part) % 2)
        first, second = (324, 325) if 322 in tags else (273, 279)
        tags = tags | {first: tuple(places), second: tuple(map(len, parts))}
        offsets.append(len(file))
        if number <= len(pages) - 1 - below and number:
            struct.pack_into(order + "L", file, link, len(file))
        if number == 0:
            struct.pack_into(order + "L", file, 4, len(file))
            tags |= {330: (0,) * below} if below else {}
        rows, more = b"", b""
        end = len(file) + 2 + 12 * len(tags) + 4
        for tag, value in sorted(tags.items()):
            typed = isinstance(value, Typed)
            body = value.body if typed else value if isinstance(value, bytes) else b""
            numbers = value if isinstance(value, tuple) else (value,)
            if not body:
                body = struct.pack(f"{order}{len(numbers)}L", *numbers)
            kind, count = (7, len(body)) if isinstance(value, bytes) else (4, len(numbers))
            kind, count = value[:2] if typed else (kind, count)
            if len(body) > 4:
                place = end + len(more)
                if tag == 330:
                    offsets.append(-place)
                more, body = more + body + b"\0" * (len(body) % 2), struct.pack(order + "L", place)
            elif tag == 330:
                offsets.append(-(len(file) + 2 + len(rows) + 8))
            rows += struct.pack(order + "HHL", tag, kind, count) + body.ljust(4, b"\0")
        link = len(file) + 2 + len(rows)
        file += struct.pack(order + "H", len(tags)) + rows + b"\0" * 4 + more
    if below:
        (slot,) = (-place for place in offsets if place < 0)
        kept = [place for place in offsets if place > 0]
        struct.pack_into(f"{order}{below}L", file, slot, *kept[-below:])
    return bytes(file)


def page(
    values: np.ndarray, *, compression: int = 1, planar: bool = False, tile: int = 0,
    order: str = "<", predictor: bool = False, photometric: int = 1, **tags: Any,
) -> tuple[Tags, list[bytes]]:  # fmt: skip
    """Tags and coded strips or tiles of (h, w) or (h, w, samples)."""
    values = values[..., None] if values.ndim == 2 else values
    height, width, count = values.shape
    layers = [values[..., [n]] for n in range(count)] if planar else [values]
    parts = []
    for layer in layers:
        for top in range(0, height, tile or 16):
            for left in range(0, width, tile or width):
                part = layer[top : top + (tile or 16), left : left + (tile or width)]
                if tile:
                    grow = [(0, tile - part.shape[0]), (0, tile - part.shape[1]), (0, 0)]
                    part = np.pad(part, grow)
                part = differences(part) if predictor else part
                raw = part.astype(part.dtype.newbyteorder(order)).tobytes()
                parts.append(lzw(raw) if compression == 5 else raw)
    told: Tags = {256: width, 257: height, 258: (8 * values.itemsize,) * count, 259: compression,
                  262: photometric, 277: count, 284: 1 + planar}  # fmt: skip
    told |= {322: tile, 323: tile} if tile else {278: 16}
    told |= {317: 2} if predictor else {}
    return told | {int(name[1:]): value for name, value in tags.items()}, parts


def tiff(values: np.ndarray, *, order: str = "<", **options: object) -> bytes:
    return directories(page(values, order=order, **options), order=order)


def deep(data: bytes) -> Picture:
    photo = open_photo(data)
    assert photo.rgb.dtype == np.uint16
    assert all(one_sentence(notice) for notice in photo.notices)
    return photo


CODED = pytest.mark.parametrize(
    ("compression", "predictor"), [(1, False), (5, False), (5, True)], ids=["none", "LZW", "LZW 2"]
)


@CODED
@pytest.mark.parametrize("tile", [0, 48])
@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_planes_of_any_kind_are_read(
    compression: int, predictor: bool, tile: int, order: str
) -> None:
    data = tiff(RGB, photometric=2, planar=True, compression=compression, tile=tile, order=order,
                predictor=predictor)  # fmt: skip
    photo = deep(data)
    np.testing.assert_array_equal(photo.rgb, RGB)
    assert photo.notices == ()


def test_damaged_planes_are_refused_with_another_way_out_than_tiff() -> None:
    data = tiff(RGB, photometric=2, planar=True, compression=5)
    message = refusal(data[:9000] + b"\0" * 3000 + data[12000:])
    assert "TIFF file is damaged" in message
    assert "as JPEG, PNG or WebP" in message


@CODED
@pytest.mark.parametrize("tile", [0, 48])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("grey", [False, True])
def test_infrared_is_left_out_and_the_depth_is_kept(
    compression: int, predictor: bool, tile: int, order: str, planar: bool, bits: int, grey: bool
) -> None:
    """What film scanners write beside grey or colour."""
    whole = np.dstack([GREY if grey else RGB, INFRARED])
    whole = whole if bits == 16 else (whole >> 8).astype(np.uint8)
    data = tiff(whole, photometric=1 if grey else 2, x338=(0,), compression=compression,
                predictor=predictor, tile=tile, order=order, planar=planar)  # fmt: skip
    photo = open_photo(data)
    assert photo.rgb.dtype == whole.dtype
    expected = whole[..., :-1] if not grey else np.repeat(whole[..., :1], 3, axis=2)
    np.testing.assert_array_equal(photo.rgb, expected)
    assert photo.alpha is None
    (notice,) = photo.notices
    assert "infrared" in notice
    assert one_sentence(notice)


def test_grey_with_two_samples_that_are_not_explained() -> None:
    photo = deep(tiff(np.dstack([GREY, INFRARED])))
    np.testing.assert_array_equal(photo.rgb[..., 0], GREY)
    photo = deep(tiff(np.dstack([65_535 - GREY, INFRARED]), photometric=0))
    np.testing.assert_array_equal(photo.rgb[..., 0], GREY)


def test_opacity_beside_infrared_is_kept() -> None:
    alpha = INFRARED // 3
    for kinds, extra in (((2, 0), (alpha, GREY)), ((0, 2), (GREY, alpha)), ((2,), (alpha,))):
        photo = deep(tiff(np.dstack([RGB, *extra]), photometric=2, x338=kinds))
        np.testing.assert_array_equal(photo.rgb, RGB)
        np.testing.assert_array_equal(photo.alpha, alpha)
        assert len(photo.notices) == len(kinds) - 1
    grey = deep(tiff(np.dstack([GREY, alpha]), x338=(2,)))
    np.testing.assert_array_equal(grey.alpha, alpha)
    np.testing.assert_array_equal(grey.rgb[..., 0], GREY)
    assert grey.notices == ()
    multiplied = (GREY.astype(np.uint32) * alpha // 65_535).astype(np.uint16)
    whole = deep(tiff(np.dstack([multiplied, alpha]), x338=(1,)))
    assert np.abs(whole.rgb[..., 0].astype(int) - GREY)[alpha > 3000].max() < 30


@pytest.mark.parametrize("bits", [8, 16])
def test_metadata_profile_and_orientation_of_such_files(bits: int) -> None:
    whole = np.dstack([GREY, INFRARED])
    whole = whole if bits == 16 else (whole >> 8).astype(np.uint8)
    icc = profile_of(1.0)
    photo = open_photo(tiff(whole, x338=(0,), x34675=icc, x274=6, x270=b"Aunt Ida\0"))
    assert photo.size == (HEIGHT, WIDTH)
    turned = np.rot90(whole[..., 0], -1) / np.iinfo(whole.dtype).max
    srgb = np.where(turned <= 0.0031308, 12.92 * turned, 1.055 * turned ** (1 / 2.4) - 0.055)
    assert np.abs(photo.rgb[..., 1] / np.iinfo(photo.rgb.dtype).max - srgb).max() < 2 / 255
    assert photo.icc == icc
    assert b"Aunt Ida" in photo.exif


def test_size_is_checked_before_such_a_file_is_decoded() -> None:
    data = tiff(np.dstack([GREY, INFRARED]), x338=(0,))
    assert "limit" in refusal(data, max_pixels=1000)
    huge = directories(({256: 100_000, 257: 100_000, 258: (16, 16), 259: 1, 262: 1, 277: 2,
                         338: (0,), 278: 100_000}, [b"\0" * 8]))  # fmt: skip
    assert "limit" in refusal(huge)


# What stands first is not always the photograph.

BYTES = (RGB >> 8).astype(np.uint8)
SMALL = np.ascontiguousarray(BYTES[::4, ::4])


def thumbnail(**tags: object) -> tuple[Tags, list[bytes]]:
    return page(SMALL, photometric=2, x254=1, **tags)


def photograph(**tags: object) -> tuple[Tags, list[bytes]]:
    return page(BYTES, photometric=2, **tags)


PLACES = {
    "behind a thumbnail": lambda: directories(thumbnail(), photograph()),
    "behind six": lambda: directories(*[thumbnail()] * 6, photograph()),
    "behind an old mark": lambda: directories(page(SMALL, photometric=2, x255=2), photograph()),
    "below a thumbnail": lambda: directories(thumbnail(), photograph(), below=1),
    "below, beside a preview": lambda: directories(
        thumbnail(), page(BYTES[::2, ::2], photometric=2, x254=1), photograph(), below=2
    ),
    "below, from the other end": lambda: directories(
        thumbnail(order=">"), photograph(order=">"), order=">", below=1
    ),
    "below a picture without a mark": lambda: directories(
        page(SMALL, photometric=2), photograph(), below=1
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_photograph_is_found_wherever_it_lies(place: str) -> None:
    photo = open_photo(PLACES[place]())
    np.testing.assert_array_equal(photo.rgb, BYTES)
    assert photo.notices == ()


def test_deep_photograph_below_a_thumbnail_with_the_cameras_words() -> None:
    words = {"x270": b"Aunt Ida\0", "x34675": profile_of(1.0), "x274": 6}
    data = directories(thumbnail(**words), page(RGB, photometric=2, compression=5), below=1)
    photo = deep(data)
    assert photo.size == (HEIGHT, WIDTH)
    assert b"Aunt Ida" in photo.exif
    assert photo.icc == profile_of(1.0)


def test_pages_side_by_side_and_their_small_copies_are_said() -> None:
    several = open_photo(directories(photograph(), page(BYTES[::-1], photometric=2)))
    np.testing.assert_array_equal(several.rgb, BYTES)
    assert several.notices == ("The file has several pages; the first one is used.",)
    largest = open_photo(directories(page(SMALL, photometric=2), photograph()))
    np.testing.assert_array_equal(largest.rgb, BYTES)
    assert largest.notices == ("The file has several pages; the largest one is used.",)
    with_copies = open_photo(directories(photograph(), thumbnail(), thumbnail()))
    assert with_copies.notices == ()
    alone = open_photo(directories(thumbnail()))
    np.testing.assert_array_equal(alone.rgb, SMALL)
    (notice,) = alone.notices
    assert "small copy" in notice
    assert one_sentence(notice)


def rationals(*values: float, kind: int = 5) -> Typed:
    packed = b"".join(struct.pack("<ii", round(10_000 * value), 10_000) for value in values)
    return Typed(kind, len(values), packed)


def camera_raw() -> bytes:
    """A DNG as cameras write it: a thumbnail, and below it what the sensor saw, half in red."""
    sensor = np.full((HEIGHT * 2, WIDTH * 2), 9_000, np.uint16)
    sensor[::2, ::2] = 40_000  # red of red, green, green, blue
    sensor[:, WIDTH:] = 20_000
    first, strips = thumbnail(x271=b"Kamera\0", x272=b"One\0", x274=1)
    first |= {50706: Typed(1, 4, b"\1\4\0\0"), 50708: Typed(2, 4, b"One\0"),
              50721: rationals(3.24, -1.54, -0.5, -0.97, 1.88, 0.04, 0.06, -0.2, 1.06, kind=10),
              50728: rationals(1, 1, 1), 50778: Typed(3, 1, b"\x15\0")}  # fmt: skip
    below, bands = page(sensor, photometric=32803)
    below |= {254: 0, 258: Typed(3, 1, b"\x10\0"), 33421: Typed(3, 2, b"\2\0\2\0"),
              33422: Typed(1, 4, b"\0\1\1\2"), 50717: 65_535}  # fmt: skip
    return directories((first, strips), (below, bands), below=1)


RAWS = {
    "DNG": camera_raw(),
    "CFA on its own": directories(page(GREY, photometric=32803)),
    "linear": directories(page(RGB, photometric=34892)),
    "CR2": b"II*\0\x10\0\0\0CR\2\0" + bytes(99),
    "CR3": b"\0\0\0\x18ftypcrx " + bytes(99),
    "RAF": b"FUJIFILMCCD-RAW 0201" + bytes(99),
    "ORF": b"IIRO\x08\0\0\0" + bytes(99),
    "RW2": b"IIU\0\x18\0\0\0" + bytes(99),
}


@pytest.mark.parametrize("kind", RAWS)
def test_a_cameras_raw_is_never_coloured_as_its_thumbnail(kind: str, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    message = refusal(RAWS[kind])
    assert "camera's raw" in message
    assert "requirements-raw.txt" in message


@pytest.mark.skipif(not importlib.util.find_spec("rawpy"), reason="requirements-raw.txt")
def test_a_cameras_raw_is_developed_where_rawpy_is_installed() -> None:
    photo = deep(RAWS["DNG"])
    assert photo.size == (2 * WIDTH, 2 * HEIGHT)
    assert b"Kamera" in photo.exif
    left, right = (
        photo.rgb[20:60, part].reshape(-1, 3).mean(0) for part in (slice(9, 50), slice(80, 120))
    )
    assert left[0] > 1.5 * left[1:].max()  # red
    assert np.ptp(right) < 0.03 * right.max()  # grey
    assert "limit" in refusal(RAWS["DNG"], max_pixels=1000)
    for kind in RAWS.keys() - {"DNG"}:
        assert read_or_refuse(RAWS[kind]) is None or kind in ("CFA on its own", "linear")


@pytest.mark.parametrize(
    ("start", "name"),
    [(b"8BPS\0\1", "Photoshop"), (b"gimp xcf v011", "GIMP"), (b"%PDF-1.7", "PDF"),
     (b"\xff\x0a\xfa", "JPEG XL"), (b"\0\0\0\x1cftypisom", "film")],
)  # fmt: skip
def test_other_files_are_named_as_what_they_are(start: bytes, name: str) -> None:
    assert f"{name}" in refusal(start + bytes(200))


def test_first_picture_of_an_mpo_is_passed_over_if_it_is_a_small_copy() -> None:
    small, whole = Image.fromarray(SMALL), Image.fromarray(BYTES)
    save = {"quality": 100, "subsampling": 0, "save_all": True}
    photo = open_photo(encoded(small, "MPO", append_images=[whole], **save))
    assert photo.size == (WIDTH, HEIGHT)
    assert np.abs(photo.rgb.astype(int) - BYTES).mean() < 3
    assert "largest" in photo.notices[0]
    usual = open_photo(encoded(whole, "MPO", append_images=[small], **save))
    assert usual.size == (WIDTH, HEIGHT)
    assert usual.notices == ()


@pytest.mark.parametrize("primary", [0, 1])
def test_heic_gives_its_primary_picture_and_no_thumbnail(primary: int) -> None:
    pillow_heif.register_heif_opener()
    pictures = [Image.fromarray(SMALL), Image.fromarray(BYTES)]
    if primary == 0:
        pictures.reverse()
    stream = io.BytesIO()
    heif = pillow_heif.from_pillow(pictures[0])
    heif.add_from_pillow(pictures[1])
    heif.save(stream, quality=100, primary_index=primary)
    assert open_photo(stream.getvalue()).size == (WIDTH, HEIGHT)


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 3000), value=st.integers(0, 255), kind=st.sampled_from(["DNG", "IR"]))
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_directory_gives_a_picture_or_one_sentence(
    place: int, value: int, kind: str
) -> None:
    data = bytearray(RAWS["DNG"] if kind == "DNG" else LITTLE)
    ends = len(data) - 1 - place % 600 if place % 2 else place % len(data)
    data[ends] = value
    read_or_refuse(bytes(data), max_pixels=1_000_000)


LITTLE = tiff(np.dstack([GREY, INFRARED]), x338=(0,), compression=5)


def test_directories_that_go_in_a_circle_end() -> None:
    data = bytearray(directories(photograph(), photograph()))
    first = struct.unpack_from("<L", data, 4)[0]
    count = struct.unpack_from("<H", data, first)[0]
    struct.pack_into("<L", data, first + 2 + 12 * count, first)
    np.testing.assert_array_equal(open_photo(bytes(data)).rgb, BYTES)
