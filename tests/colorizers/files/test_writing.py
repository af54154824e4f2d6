"""Every format that is written, read back: pixels, depth, alpha, profile and what the file says."""

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from fakes import FakeColorizer, hue_wheel
from PIL import ExifTags, Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile
from skimage.color import rgb2lab
from test_reading import colours, encoded, one_sentence, profile_of, refusal

from colorizers.errors import ImageError
from colorizers.files import jpeg
from colorizers.files.picture import Picture
from colorizers.files.profiles import converted, srgb_profile
from colorizers.files.reading import from_array, open_photo
from colorizers.files.writing import OUTPUTS, save
from colorizers.painting.predict import colorize_photo

FORMATS = sorted(set(OUTPUTS.values()))
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'tiff:Orientation="6" dc:title="Grandmother"/></rdf:RDF></x:xmpmeta>'
)
IPTC = b"\x1c\x02\x78\x00\x05Aunt!"


def written(rgb: np.ndarray, photo: Picture, **options: object) -> bytes:
    stream = io.BytesIO()
    save(stream, rgb, photo, **options)
    return stream.getvalue()


def smooth(height: int = 40, width: int = 60) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([60 + 3 * y, 200 - 2 * x, 90 + y + x], axis=-1).astype(np.uint8)


def deep(height: int = 40, width: int = 60) -> np.ndarray:
    rng = np.random.default_rng(5)
    return smooth(height, width).astype(np.uint16) * 257 - rng.integers(
        0, 257, (height, width, 3), dtype=np.uint16
    )


@pytest.mark.parametrize("format", FORMATS)
def test_pixels_come_back(format: str, tmp_path: Path) -> None:
    rgb = smooth()
    file = tmp_path / "out"
    save(file, rgb, from_array(rgb), format=format)
    photo = open_photo(file)
    assert photo.format == format
    limit = {"PNG": 0, "TIFF": 0, "JPEG": 4, "WEBP": 14}[format]
    assert np.abs(photo.rgb.astype(int) - rgb).max() <= limit


@pytest.mark.parametrize("format", dict.fromkeys(OUTPUTS.values()))
def test_bits_that_a_format_lacks_are_said(format: str) -> None:
    eight, sixteen = smooth(), deep()
    assert save(io.BytesIO(), eight, from_array(eight), format=format) == ()
    said = save(io.BytesIO(), sixteen, from_array(sixteen), format=format)
    assert len(said) == (format in ("JPEG", "WEBP"))
    assert all("16 bits" in notice and one_sentence(notice) for notice in said)


def test_jpeg_is_444_and_quality_counts() -> None:
    rgb = colours(64, 64)
    sizes = []
    for quality in (1, 50, 95, 100):
        data = written(rgb, from_array(rgb), format="JPEG", quality=quality)
        with Image.open(io.BytesIO(data)) as image:
            assert isinstance(image, JpegImageFile)
            assert {layer[1:3] for layer in image.layer} == {(1, 1)}
        sizes.append(len(data))
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


@pytest.mark.parametrize(
    "shape", [(1, 1), (8, 9), (63, 64), (65, 7), (500, 4001), (3, 40_000), (2500, 1000)]
)
def test_jpeg_in_bands_is_pillows_picture(shape: tuple[int, int], monkeypatch) -> None:
    monkeypatch.setattr(jpeg, "BAND_PIXELS", 100_000)
    small = colours(max(2, shape[0] // 9), max(2, shape[1] // 9))
    rgb = np.asarray(Image.fromarray(small).resize(shape[::-1]))
    data = jpeg.encode(rgb, 90, dpi=(300, 300))
    expected = encoded(Image.fromarray(rgb), "JPEG", quality=90, subsampling=0)
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["dpi"] == (300, 300)
        np.testing.assert_array_equal(
            np.asarray(image), np.asarray(Image.open(io.BytesIO(expected)))
        )
    assert len(data) < len(expected) + 3 * (shape[0] // 8) + 200


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_fast_jpeg_gives_pillows_pixels(mode: str, subsampling: int) -> None:
    image = Image.fromarray(colours(70, 90)).convert(mode)
    options = {} if mode == "L" else {"subsampling": subsampling}
    data = encoded(image, "JPEG", quality=85, progressive=True, **options)
    pixels = jpeg.decode(data, grey=mode == "L")
    np.testing.assert_array_equal(pixels, np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_alpha_is_kept(format: str) -> None:
    alpha = np.full((40, 60), 255, np.uint8)
    alpha[:, :20] = 90
    photo = Picture(smooth(), alpha, "PNG")
    back = open_photo(written(smooth(), photo, format=format, quality=100))
    np.testing.assert_array_equal(back.alpha, alpha)


def test_alpha_lies_on_white_in_a_jpeg() -> None:
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:, 32:] = 255
    back = open_photo(written(smooth(), Picture(smooth(), alpha, "PNG"), format="JPEG"))
    assert back.alpha is None
    assert back.rgb[:, :24].min() > 250
    assert np.abs(back.rgb[:, 40:].astype(int) - smooth()[:, 40:]).max() <= 4


# 16 bits


@pytest.mark.parametrize("source", ["PNG", "TIFF", "TIFF lzw", "TIFF big-endian"])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bit_colour_is_read_and_written(source: str, format: str) -> None:
    rgb = deep()
    if source == "PNG":
        data = cv2.imencode(".png", rgb[..., ::-1])[1].tobytes()
    elif source == "TIFF lzw":
        data = cv2.imencode(".tiff", rgb[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])[1].tobytes()
    else:
        stream = io.BytesIO()
        order = ">" if source.endswith("big-endian") else "<"
        tifffile.imwrite(stream, rgb, photometric="rgb", byteorder=order)
        data = stream.getvalue()
    photo = open_photo(data)
    assert photo.rgb.dtype == np.uint16
    assert photo.notices == ()
    np.testing.assert_array_equal(photo.rgb, rgb)
    again = open_photo(written(photo.rgb, photo, format=format))
    np.testing.assert_array_equal(again.rgb, rgb)
    shallow = open_photo(written(photo.rgb, photo, format="JPEG"))
    assert np.abs(shallow.rgb - rgb / 257).max() < 5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_16_bit_tiff_in_every_orientation(orientation: int) -> None:
    rgb = deep(8, 12)
    stream = io.BytesIO()
    tifffile.imwrite(
        stream, rgb, photometric="rgb", extratags=[(274, 3, 1, orientation, True)], metadata=None
    )
    photo = open_photo(stream.getvalue())
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    reference = open_photo(encoded(Image.fromarray((rgb >> 8).astype(np.uint8)), "TIFF", exif=exif))
    assert photo.rgb.dtype == np.uint16
    np.testing.assert_array_equal(photo.rgb >> 8, reference.rgb)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bit_alpha(format: str) -> None:
    rgba = np.dstack([deep(), np.arange(2400, dtype=np.uint16).reshape(40, 60) * 27])
    data = cv2.imencode(".png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))[1].tobytes()
    photo = open_photo(data)
    np.testing.assert_array_equal(photo.alpha, rgba[..., 3])
    again = open_photo(written(photo.rgb, photo, format=format))
    np.testing.assert_array_equal(again.rgb, rgba[..., :3])
    np.testing.assert_array_equal(again.alpha, rgba[..., 3])


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_L_is_kept_at_its_depth(format: str, colour: bool) -> None:
    rgb = deep() if colour else deep()[..., 1]
    photo = from_array(rgb)
    out = colorize_photo(FakeColorizer(hue_wheel(chroma=6.0)), photo)
    assert out.dtype == np.uint16
    back = open_photo(written(out, photo, format=format)).rgb
    L = rgb2lab(photo.rgb / 65_535)[..., 0]
    # 8 bits would be off by up to 0.23
    assert np.abs(rgb2lab(back / 65_535)[..., 0] - L).max() < 0.002
    assert rgb2lab(back / 65_535)[..., 1:].std() > 2


# What the file says


def tagged_photo(format: str = "JPEG", icc: bytes = b"") -> Picture:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.ImageDescription] = "Grandmother, 1938"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FNumber] = 2.8
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExifImageWidth] = 60
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExifImageHeight] = 40
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    options: dict[str, object] = {"exif": exif, "dpi": (300, 200)}
    if icc:
        options["icc_profile"] = icc
    data = encoded(Image.fromarray(smooth()), format, xmp=XMP, **options)
    if format == "JPEG":
        body = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC
        data = data[:2] + jpeg.segment(0xED, body) + data[2:]
    return open_photo(data)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("format", FORMATS)
def test_metadata_goes_along(format: str, bits: int) -> None:
    photo = tagged_photo()
    assert photo.size == (40, 60)
    rgb = photo.rgb if bits == 8 else np.ascontiguousarray(photo.rgb.astype(np.uint16) * 257)
    data = written(rgb, photo, format=format, comment="how it was made")
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        exif = image.getexif()
        assert exif.get(ExifTags.Base.Orientation, 1) == 1
        assert exif[ExifTags.Base.ImageDescription] == "Grandmother, 1938"
        camera = exif.get_ifd(ExifTags.IFD.Exif)
        assert float(camera[ExifTags.Base.FNumber]) == pytest.approx(2.8)
        assert camera[ExifTags.Base.ExifImageWidth] == 40
        assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
        if format != "WEBP":
            assert np.allclose(image.info["dpi"], (200, 300), atol=0.1)
    back = open_photo(data)
    assert back.xmp == XMP.replace(b'"6"', b'"1"')
    if format in ("JPEG", "TIFF"):
        assert back.iptc == IPTC
    if format in ("PNG", "JPEG"):
        assert b"how it was made" in data


@pytest.mark.parametrize("format", FORMATS)
def test_the_thumbnail_of_the_grey_picture_stays_behind(format: str) -> None:
    thumbnail = b"\xff\xd8the grey picture, small\xff\xd9"
    # IFD0: description and orientation; IFD1: where the thumbnail is, and how long.
    exif = b"II*\0\x08\0\0\0" + struct.pack(
        "<HHHI4sHHII IHHHIIHHIII",
        2, 270, 2, 4, b"Oma\0", 274, 3, 1, 6,
        38, 2, 513, 4, 1, 68, 514, 4, 1, len(thumbnail), 0,
    ) + thumbnail  # fmt: skip
    data = encoded(Image.fromarray(smooth()), "JPEG", exif=b"Exif\0\0" + exif)
    with Image.open(io.BytesIO(data)) as image:  # the test's own file is sound
        assert image.getexif().get_ifd(ExifTags.IFD.IFD1)[514] == len(thumbnail)
    photo = open_photo(data)
    assert photo.size == (40, 60)
    made = written(photo.rgb, photo, format=format)
    assert b"the grey picture" not in made
    with Image.open(io.BytesIO(made)) as image:
        assert image.getexif()[270] == "Oma"
        assert image.getexif().get(274, 1) == 1


@pytest.mark.parametrize("format", FORMATS)
def test_tags_that_are_no_text_go_along(format: str) -> None:
    exif = Image.Exif()
    exif[0x4746] = 4  # Windows' rating and title
    exif[0x9C9B] = "Oma".encode("utf-16-le")
    photo = open_photo(encoded(Image.fromarray(smooth()), "JPEG", exif=exif))
    with Image.open(io.BytesIO(written(photo.rgb, photo, format=format))) as image:
        kept = image.getexif()
        assert kept[0x4746] == 4
        assert bytes(kept[0x9C9B]) == "Oma".encode("utf-16-le")


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_is_said_when_asked_not_to(format: str) -> None:
    photo = tagged_photo(icc=profile_of(1.8))
    back = open_photo(written(photo.rgb, photo, format=format, metadata=False))
    assert (back.exif, back.xmp, back.iptc, back.icc, back.dpi) == (
        (b"", b"", b"", b"", None) if format != "TIFF" else (back.exif, b"", b"", b"", back.dpi)
    )
    assert b"Grandmother" not in back.exif
    # The pixels are plain sRGB then.
    limit = {"PNG": 0, "TIFF": 0, "JPEG": 5, "WEBP": 14}[format]
    assert np.abs(back.rgb.astype(int) - photo.rgb).max() <= limit


def test_large_metadata_neither_fails_nor_is_cut_in_half() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Leica"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = b"x" * 70_000
    photo = open_photo(encoded(Image.fromarray(smooth()), "PNG", exif=exif))
    with Image.open(io.BytesIO(written(photo.rgb, photo, format="JPEG"))) as image:
        assert image.getexif()[ExifTags.Base.Make] == "Leica"
    assert any("maker's own notes" in notice for notice in photo.notices)
    big = Picture(smooth(), None, "PNG", xmp=b"<" + b"x" * 70_000, icc=b"")
    assert open_photo(written(smooth(), big, format="JPEG")).xmp == b""
    assert open_photo(written(smooth(), big, format="PNG")).xmp == big.xmp


@pytest.mark.parametrize(
    ("format", "lost", "says"),
    [
        ("JPEG", {"xmp": b"<" + b"x" * 70_000}, "XMP has 70,001 bytes"),
        ("JPEG", {"iptc": b"x" * 66_000}, "IPTC has 66,0"),
        ("JPEG", {"icc": profile_of(1.8) + b"\0" * 17_000_000}, "profile has 17.0 MB"),
        ("PNG", {"iptc": IPTC}, "PNG has no place for IPTC"),
        ("WEBP", {"iptc": IPTC}, "WEBP has no place for IPTC"),
    ],
)
def test_what_does_not_fit_is_left_out_and_said(
    format: str, lost: dict[str, bytes], says: str
) -> None:
    photo = Picture(smooth(), None, "TIFF", **lost)
    stream = io.BytesIO()
    notices = save(stream, photo.rgb, photo, format=format)
    assert len(notices) == 1
    assert says in notices[0]
    assert one_sentence(notices[0])
    back = open_photo(stream.getvalue())
    assert (back.xmp, back.iptc) == (b"", b"")
    assert back.icc == (srgb_profile() if "icc" in lost else b"")
    limit = {"PNG": 0, "JPEG": 5, "WEBP": 14}[format]
    assert np.abs(back.rgb.astype(int) - photo.rgb).max() <= limit
    # Nobody needs to be told of what was to be left out anyway.
    assert save(io.BytesIO(), photo.rgb, photo, format=format, metadata=False) == ()
    assert save(io.BytesIO(), photo.rgb, photo, format="TIFF") == ()


# Profiles


@pytest.mark.parametrize("format", FORMATS)
def test_an_rgb_profile_comes_back_with_its_colours(format: str) -> None:
    icc = profile_of(1.8)
    stored = smooth()
    photo = open_photo(encoded(Image.fromarray(stored), "PNG", icc_profile=icc))
    data = written(photo.rgb, photo, format=format, quality=100)
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["icc_profile"] == icc
        limit = {"PNG": 3, "TIFF": 3, "JPEG": 6, "WEBP": 14}[format]
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - stored).max() <= limit


def test_a_profile_of_ink_or_grey_becomes_srgbs() -> None:
    for icc in (b"no profile at all", grey_profile()):
        photo = open_photo(encoded(Image.new("L", (9, 9), 100), "TIFF", icc_profile=icc))
        assert photo.icc == srgb_profile()
        with Image.open(io.BytesIO(written(np.array(photo.rgb), photo, format="JPEG"))) as image:
            assert image.info["icc_profile"] == srgb_profile()


def grey_profile() -> bytes:
    """A grey profile of gamma 2.2, by hand: header, tag table, white point and curve."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(2.2 * 256), 0)
    body = struct.pack(">I", 2) + struct.pack(">4sII", b"wtpt", 156, 20)
    body += struct.pack(">4sII", b"kTRC", 176, 14) + white + curve
    head = struct.pack(
        ">I4sI4s4s4s", 128 + len(body), b"lcms", 0x02100000, b"mntr", b"GRAY", b"XYZ "
    )
    head += struct.pack(
        ">6H4s4sI4sIQI3i",
        2026,
        1,
        1,
        0,
        0,
        0,
        b"acsp",
        b"\0" * 4,
        0,
        b"\0" * 4,
        0,
        0,
        0,
        63190,
        65536,
        54061,
    )
    return head.ljust(128, b"\0") + body


@pytest.mark.parametrize("gamma", [1.0, 2.2])
def test_16_bits_through_a_profile_agree_with_its_formula_and_come_back(gamma: float) -> None:
    icc, rgb = profile_of(gamma), colours(40, 50).astype(np.uint16) * 257
    wide = converted(rgb, icc, srgb_profile())
    assert wide is not None
    # The same colorants: each channel is linear light to sRGB's curve, IEC 61966-2-1.
    x = (rgb / 65_535) ** gamma
    curve = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    assert np.abs(wide - 65_535 * curve).max() < 40
    back = converted(wide, srgb_profile(), icc)
    assert back is not None
    error = np.abs(back.astype(int) - rgb)
    assert np.percentile(error, 99) <= 40


def table_profile() -> bytes:
    """RGB of linear light with the colorants of sRGB, as a table and without a way back."""
    columns = np.array(
        [[0.4361, 0.2225, 0.0139], [0.3851, 0.7169, 0.0971], [0.1431, 0.0606, 0.7141]]
    )
    corners = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)]) @ columns
    ramp = struct.pack(">2H", 0, 65_535) * 3
    table = (
        b"mft2\0\0\0\0"
        + bytes([3, 3, 2, 0])
        + struct.pack(">9i", *(65_536 * np.eye(3, dtype=int)).ravel())
    )
    table += (
        struct.pack(">2H", 2, 2) + ramp + np.rint(32_768 * corners).astype(">u2").tobytes() + ramp
    )
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    body = struct.pack(">I", 2) + struct.pack(">4sII", b"wtpt", 156, 20)
    body += struct.pack(">4sII", b"A2B0", 176, len(table)) + white + table
    return (
        struct.pack(">I", 128 + len(body))
        + grey_profile()[4:16]
        + b"RGB "
        + grey_profile()[20:128]
        + body
    )


def test_16_bits_go_through_a_profile_of_tables_too() -> None:
    rgb = deep()
    stream = io.BytesIO()
    tifffile.imwrite(stream, rgb, photometric="rgb", iccprofile=table_profile())
    photo = open_photo(stream.getvalue())
    assert photo.rgb.dtype == np.uint16
    assert not photo.notices
    theirs = converted(rgb, profile_of(1.0), srgb_profile())  # the same by curves and a matrix
    assert theirs is not None
    assert np.abs(photo.rgb.astype(int) - theirs).max() < 400
    with Image.open(io.BytesIO(written(photo.rgb, photo, format="PNG"))) as image:
        assert image.info["icc_profile"] == srgb_profile()


def test_16_bit_colour_goes_through_its_profile_and_back() -> None:
    icc = profile_of(1.8)
    rgb = deep()
    stream = io.BytesIO()
    tifffile.imwrite(stream, rgb, photometric="rgb", iccprofile=icc)
    photo = open_photo(stream.getvalue())
    assert photo.rgb.dtype == np.uint16
    assert np.abs(photo.rgb.astype(int) - rgb).max() > 1000
    for format in ("PNG", "TIFF"):
        data = written(photo.rgb, photo, format=format)
        with Image.open(io.BytesIO(data)) as image:
            assert image.info["icc_profile"] == icc
        again = open_photo(data)
        assert np.abs(again.rgb.astype(int) - photo.rgb).max() <= 8


def test_damaged_profiles_and_those_of_no_rgb_convert_nothing() -> None:
    good, rgb = profile_of(2.2), np.zeros((2, 3, 3), np.uint16)
    assert converted(rgb, good, srgb_profile()) is not None
    for cut in range(0, 300, 7):
        assert converted(rgb, good[:cut], srgb_profile()) is None
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert converted(rgb, lab, srgb_profile()) is None


# What is refused


def test_refusals_name_value_limit_and_way_out() -> None:
    wide = np.broadcast_to(np.uint8(9), (1, 65_501, 3))
    for format, says in (("JPEG", "65,500"), ("WEBP", "16,383")):
        with pytest.raises(ImageError, match=says):
            written(wide, from_array(wide), format=format)
    for format in ("png", "GIF", ""):
        with pytest.raises(ImageError, match="PNG, JPEG, WEBP, TIFF"):
            written(smooth(), from_array(smooth()), format=format)
    for quality in (0, 101):
        with pytest.raises(ImageError, match="from 1 to 100"):
            written(smooth(), from_array(smooth()), format="JPEG", quality=quality)
    with pytest.raises(ValueError, match="its photograph"):
        written(smooth()[:5], from_array(smooth()))
    assert "not a picture" in refusal(b"no picture")
