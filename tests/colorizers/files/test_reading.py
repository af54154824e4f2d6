"""Every kind of file that people bring, made here, gives the right pixels or one sentence."""

import functools
import io
import os
import struct
import unicodedata
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, ImageOps

from colorizers.errors import ImageError
from colorizers.files.filenames import output_name, safe_stem
from colorizers.files.picture import MAX_SIDE, Picture
from colorizers.files.reading import from_array, from_pil, open_photo
from colorizers.files.writing import save_png, to_pil


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def colours(height: int = 12, width: int = 17, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, channels), dtype=np.uint8)


def png_header(width: int, height: int, depth: int = 8, kind: int = 2) -> bytes:
    """A PNG that announces a size and holds almost nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


def one_sentence(message: str) -> bool:
    return message.endswith(".") and "\n" not in message and "Traceback" not in message


def refusal(data: bytes, **options: int) -> str:
    with pytest.raises(ImageError) as caught:
        open_photo(data, **options)
    message = str(caught.value)
    assert one_sentence(message)
    return message


def read_or_refuse(data: bytes, **options: int) -> Picture | None:
    """The photo, or None after a proper refusal; any other exception gets through."""
    message = "."
    photo = None
    try:
        photo = open_photo(data, **options)
    except ImageError as error:
        message = str(error)
    assert one_sentence(message)
    return photo


# What is read


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM"])
def test_plain_rgb_comes_back_exactly(format: str) -> None:
    rgb = colours()
    photo = open_photo(encoded(Image.fromarray(rgb), format))
    np.testing.assert_array_equal(photo.rgb, rgb)
    assert photo.alpha is None
    assert photo.size == (17, 12)
    assert photo.notices == ()


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("WEBP", {"lossless": True, "exact": True}),
        ("JPEG2000", {"irreversible": False}),
        ("AVIF", {"quality": 100, "subsampling": "4:4:4"}),
        ("JPEG", {"quality": 100, "subsampling": 0}),
    ],
)
def test_compressed_formats_are_read(format: str, options: dict[str, object]) -> None:
    ramp = np.linspace(0, 255, 32).astype(np.uint8)
    rgb = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None], np.uint8(90)), axis=-1)
    photo = open_photo(encoded(Image.fromarray(np.ascontiguousarray(rgb)), format, **options))
    assert np.abs(photo.rgb.astype(int) - rgb).max() <= 6
    assert photo.format == format


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_every_exif_orientation_is_applied_once(format: str, orientation: int) -> None:
    # Coarse blocks, so that JPEG keeps them: what counts is where they are.
    rgb = colours(4, 6).repeat(16, axis=0).repeat(16, axis=1)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    image = Image.fromarray(rgb)
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95, "subsampling": 0}}.get(
        format, {}
    )
    photo = open_photo(encoded(image, format, exif=exif, **options))
    tagged = image.copy()
    tagged.getexif()[ExifTags.Base.Orientation] = orientation
    expected = np.asarray(ImageOps.exif_transpose(tagged))
    assert photo.rgb.shape == expected.shape
    assert np.abs(photo.rgb.astype(int) - expected).mean() < 8


def test_grey_palette_and_one_bit_pictures() -> None:
    grey = colours()[..., 0]
    for mode_image in (Image.fromarray(grey), Image.fromarray(grey).convert("P")):
        photo = open_photo(encoded(mode_image, "PNG"))
        np.testing.assert_array_equal(photo.rgb, np.repeat(grey[..., None], 3, axis=2))
    bits = grey > 127
    photo = open_photo(encoded(Image.fromarray(bits), "PNG"))
    np.testing.assert_array_equal(photo.rgb[..., 1], bits * 255)

    palette = Image.fromarray(colours()).quantize(8)
    photo = open_photo(encoded(palette, "PNG"))
    np.testing.assert_array_equal(photo.rgb, np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_is_kept_apart_and_written_back(mode: str, tmp_path) -> None:
    channels = colours(channels=len(mode))
    photo = open_photo(encoded(Image.fromarray(channels, mode), "PNG"))
    np.testing.assert_array_equal(photo.alpha, channels[..., -1])
    np.testing.assert_array_equal(photo.rgb[..., 0], channels[..., 0])
    save_png(tmp_path / "out.png", np.asarray(photo.rgb), photo)
    with Image.open(tmp_path / "out.png") as image:
        assert image.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(image)[..., 3], channels[..., -1])


def test_alpha_turns_with_the_picture_and_opaque_alpha_is_dropped() -> None:
    channels = colours(channels=4)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    photo = open_photo(encoded(Image.fromarray(channels), "PNG", exif=exif))
    np.testing.assert_array_equal(photo.alpha, np.rot90(channels[..., 3], -1))
    channels[..., 3] = 255
    assert open_photo(encoded(Image.fromarray(channels), "PNG")).alpha is None


def test_transparent_palette_entry_becomes_alpha() -> None:
    palette = Image.fromarray(colours()).quantize(8)
    photo = open_photo(encoded(palette, "GIF", transparency=3))
    assert photo.alpha is not None
    np.testing.assert_array_equal(photo.alpha == 0, np.asarray(palette) == 3)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_depth(format: str, tmp_path) -> None:
    grey = np.random.default_rng(1).integers(0, 65_536, (9, 11)).astype(np.uint16)
    photo = open_photo(encoded(Image.fromarray(grey), format))
    assert photo.rgb.dtype == np.uint16
    np.testing.assert_array_equal(photo.rgb[..., 2], grey)
    save_png(tmp_path / "grey.png", photo.rgb, photo)
    np.testing.assert_array_equal(open_photo(tmp_path / "grey.png").rgb, photo.rgb)


def test_float_tiff_with_nan_and_values_outside_the_unit_range() -> None:
    values = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    photo = open_photo(encoded(Image.fromarray(values), "TIFF"))
    np.testing.assert_array_equal(photo.rgb[..., 0], np.rint(values.astype(float) * 65_535))
    assert photo.notices == ()

    values = values * 3000 - 1000
    values[1, 1] = np.nan
    values[0, 3] = np.inf
    photo = open_photo(encoded(Image.fromarray(values), "TIFF"))
    assert photo.rgb[1, 1, 0] == photo.rgb[0, 3, 0] == 0
    assert (photo.rgb[0, 0, 0], photo.rgb[2, 3, 0]) == (0, 65_535)
    assert any("NaN" in notice for notice in photo.notices)
    assert any("-1000 to 2000" in notice for notice in photo.notices)

    nothing = open_photo(encoded(Image.fromarray(np.full((2, 2), np.nan, np.float32)), "TIFF"))
    assert not nothing.rgb.any()
    extreme = np.array([[-3e38, 3e38]], np.float32)
    assert open_photo(encoded(Image.fromarray(extreme), "TIFF")).rgb[0, :, 0].tolist() == [
        0,
        65_535,
    ]


def test_cmyk_and_cielab() -> None:
    ink = np.zeros((4, 4, 4), np.uint8)
    ink[..., 1] = ink[..., 2] = 255  # magenta and yellow make red
    photo = open_photo(encoded(Image.fromarray(ink, "CMYK"), "TIFF"))
    assert photo.rgb[0, 0, 0] > 200
    assert photo.rgb[0, 0, 1:].max() < 60
    assert any("CMYK" in notice for notice in photo.notices)
    photo = open_photo(encoded(Image.fromarray(ink, "CMYK"), "JPEG"))
    assert photo.rgb[0, 0, 0] > 200
    assert photo.rgb[0, 0, 1:].max() < 60

    lab = Image.merge("LAB", [Image.new("L", (4, 4), value) for value in (136, 208, 195)])
    photo = open_photo(encoded(lab, "TIFF"))  # L 53.3, a 80, b 67: sRGB red
    assert np.abs(photo.rgb[0, 0].astype(int) - [255, 0, 0]).max() <= 12


@functools.cache  # a profile tells the second in which it was made
def profile_of(gamma: float) -> bytes:
    """An sRGB profile whose tone curves are replaced by a plain power, without other changes."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    for index in range(count):
        tag, offset, size = struct.unpack(">4sII", data[132 + 12 * index : 144 + 12 * index])
        if tag in (b"rTRC", b"gTRC", b"bTRC"):
            curve = b"para" + b"\0" * 4 + struct.pack(">HHi", 0, 0, round(gamma * 65_536))
            assert size >= len(curve)
            data[offset : offset + len(curve)] = curve
        if tag == b"desc":  # not called sRGB any more
            body = data[offset : offset + size].replace(b"s\0R\0G\0B", b"x\0R\0G\0B")
            data[offset : offset + size] = body
    return bytes(data)


def test_embedded_profile_is_applied() -> None:
    rgb = colours(64, 64)
    photo = open_photo(encoded(Image.fromarray(rgb), "PNG", icc_profile=profile_of(1.0)))
    # Gamma 1 means linear light; IEC 61966-2-1 says what that is in sRGB.
    linear = rgb / 255
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255
    assert np.abs(photo.rgb - srgb).max() <= 2
    assert photo.notices == ()


@pytest.mark.parametrize("bits", [8, 16])
def test_gamma_of_a_png_is_applied_where_nothing_overrules_it(bits: int) -> None:
    rgb = colours(32, 32)
    values = rgb if bits == 8 else (rgb.astype(int) * 257).astype(">u2")
    top = 2**bits - 1

    def read(*chunks: tuple[bytes, bytes]) -> np.ndarray:
        return open_photo(png_of(values, bits, *chunks)).rgb / top

    # 1.0 is linear light; IEC 61966-2-1 says what that is in sRGB.
    linear = rgb / 255
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    gamma = b"gAMA", struct.pack(">I", 100_000)
    assert np.abs(read(gamma) - srgb).max() <= 2 / 255
    for chunks in (
        [(b"gAMA", struct.pack(">I", 45_455))],
        [(b"gAMA", struct.pack(">I", 0))],
        [(b"sRGB", b"\0"), gamma],
    ):
        np.testing.assert_array_equal(read(*chunks), rgb / 255)
    profile = b"iCCP", b"x\0\0" + zlib.compress(profile_of(1.8))
    np.testing.assert_array_equal(read(profile, gamma), read(profile))


def png_of(values: np.ndarray, bits: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A colour PNG of unfiltered rows, with these chunks in its head."""
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], bits, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in values))
    whole = [(b"IHDR", head), *chunks, (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in whole
    )


def test_png_with_a_profile_and_a_description_of_more_than_a_megabyte() -> None:
    icc, xmp = profile_of(1.8) + b"\0" * 1_500_000, b"<x>" + b"y" * 1_500_000 + b"</x>"
    chunks = [
        (b"iCCP", b"x\0\0" + zlib.compress(icc)),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp)),
    ]
    photo = open_photo(png_of(colours(), 8, *chunks))
    assert (photo.icc, photo.xmp) == (icc, xmp)


def test_srgb_profile_leaves_the_pixels_alone() -> None:
    rgb = colours(64, 64)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = open_photo(encoded(Image.fromarray(rgb), "PNG", icc_profile=srgb))
    np.testing.assert_array_equal(photo.rgb, rgb)


def test_profiles_of_grey_pictures_in_8_and_16_bits_agree() -> None:
    ramp = np.arange(0, 65_536, 257, dtype=np.uint16)[None].repeat(2, axis=0)
    deep = encoded(Image.fromarray(ramp), "TIFF", icc_profile=profile_of(1.0))
    shallow = (ramp >> 8).astype(np.uint8)
    photo_8 = open_photo(encoded(Image.fromarray(shallow), "TIFF", icc_profile=profile_of(1.0)))
    photo_16 = open_photo(deep)
    assert photo_16.rgb.dtype == np.uint16
    assert photo_8.rgb[0, 55, 0] > 120  # linear 0.216 is sRGB 0.5: the profile was applied
    assert np.abs(photo_16.rgb / 257.0 - photo_8.rgb).max() <= 1.0


def test_damaged_profile_is_ignored_and_said() -> None:
    rgb = colours()
    for profile in (b"nonsense", profile_of(1.0)[:200]):
        photo = open_photo(encoded(Image.fromarray(rgb), "PNG", icc_profile=profile))
        np.testing.assert_array_equal(photo.rgb, rgb)
        assert any("profile" in notice for notice in photo.notices)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_many(format: str) -> None:
    first, second = Image.new("RGB", (8, 6), "red"), Image.new("RGB", (8, 6), "blue")
    options = {"lossless": True} if format == "WEBP" else {}
    data = encoded(first, format, save_all=True, append_images=[second, second], **options)
    photo = open_photo(data)
    assert photo.rgb[3, 3].tolist() == [255, 0, 0]
    assert any("first" in notice for notice in photo.notices)


def test_metadata_goes_along_but_not_the_orientation(tmp_path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.ImageDescription] = "Grandmother, 1938"
    data = encoded(Image.fromarray(colours()), "JPEG", exif=exif, dpi=(300, 600))
    photo = open_photo(data)
    save_png(tmp_path / "out.png", photo.rgb, photo, comment="how it was made")
    with Image.open(tmp_path / "out.png") as image:
        image.load()
        kept = image.getexif()
        assert kept.get(ExifTags.Base.ImageDescription) == "Grandmother, 1938"
        assert kept.get(ExifTags.Base.Orientation, 1) == 1
        assert image.info["Comment"] == "how it was made"
        assert np.allclose(image.info["dpi"], (600, 300), atol=0.1)  # turned with the picture
        assert image.info["srgb"] == 1


def test_long_thin_and_one_pixel_pictures() -> None:
    assert open_photo(encoded(Image.new("L", (1, 1), 7), "PNG")).rgb.tolist() == [[[7, 7, 7]]]
    assert open_photo(encoded(Image.new("RGB", (60_000, 1)), "PNG")).size == (60_000, 1)
    message = refusal(encoded(Image.new("1", (1, MAX_SIDE + 1)), "PNG"))
    assert "65,536" in message
    assert "65,535" in message


def test_from_memory() -> None:
    rgb = colours()
    np.testing.assert_array_equal(from_pil(Image.fromarray(rgb)).rgb, rgb)
    np.testing.assert_array_equal(from_array(rgb).rgb, rgb)
    np.testing.assert_array_equal(from_array(rgb[..., 0]).rgb[..., 2], rgb[..., 0])
    for wrong in (rgb.astype(float), rgb[:0], rgb[..., :2], rgb[0, 0]):
        with pytest.raises(ImageError):
            from_array(wrong)
    with pytest.raises(ValueError, match="its photograph"):
        to_pil(rgb[:5], Picture(rgb, None, "PNG"))


# What is refused


def test_a_jpeg_without_a_profile_is_not_copied_for_pillow(monkeypatch) -> None:
    pixels = colours(64, 64)
    data = encoded(Image.fromarray(pixels), "JPEG", quality=95)
    expected = np.asarray(Image.open(io.BytesIO(data)))
    # Of 12 megapixels the copy is 48 MB, and takes half as long as decoding.
    monkeypatch.setattr(Image, "fromarray", lambda *_: pytest.fail("a copy that nobody needs"))
    np.testing.assert_array_equal(open_photo(data).rgb, expected)


def test_pixel_limit_is_checked_from_the_header() -> None:
    # 20,000 x 20,000 pixels of colour would be 1.2 GB; the file has a few bytes.
    assert "limit is 100" in refusal(png_header(20_000, 20_000))
    message = refusal(png_header(10_001, 10_000))
    assert "10,001 x 10,000" in message
    assert "limit is 100" in message
    assert "limit is 0.0002" in refusal(encoded(Image.new("L", (20, 11)), "PNG"), max_pixels=200)
    assert open_photo(encoded(Image.new("L", (20, 10)), "PNG"), max_pixels=200).size == (20, 10)


def test_pixel_limit_comes_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: Image.Image) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", never)
    refusal(png_header(20_000, 20_000))
    refusal(png_header(12_000, 12_000))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"just a letter to my aunt",
        b"%PDF-1.7 not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"\0\0\0\x18ftypheic" + b"\0" * 40,
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        png_header(0, 5),
        png_header(100, 100),
        png_header(4, 4, depth=3),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(data: bytes) -> None:
    refusal(data)


@pytest.mark.parametrize("format", ["PNG", "GIF", "TIFF", "WEBP", "BMP", "JPEG2000", "AVIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_half_a_download_is_refused(format: str, share: float) -> None:
    data = encoded(Image.fromarray(colours(64, 64)), format)
    outcome = read_or_refuse(data[: int(len(data) * share)])
    # A decoder that fills what is missing still says the true size.
    assert outcome is None or (format in ("JPEG2000", "AVIF") and outcome.size == (64, 64))


@pytest.mark.timeout(20)
def test_missing_files_folders_and_pipes(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.png")  # nobody writes: it would be waited for without end
    for source in (tmp_path / "none.png", tmp_path, "\0", tmp_path / "pipe.png", "/dev/zero"):
        with pytest.raises(ImageError, match="cannot be read"):
            open_photo(source)


SEEDS = {
    "png": encoded(Image.fromarray(colours(channels=4)), "PNG"),
    "palette": encoded(Image.fromarray(colours()).quantize(8), "PNG"),
    "jpeg": encoded(Image.fromarray(colours()), "JPEG", exif=Image.Exif()),
    "gif": encoded(Image.fromarray(colours()), "GIF"),
    "tiff": encoded(Image.fromarray(colours()), "TIFF", compression="tiff_lzw"),
    "tiff16": encoded(Image.fromarray(np.arange(99, dtype=np.uint16).reshape(9, 11)), "TIFF"),
    "float": encoded(Image.fromarray(np.ones((5, 5), np.float32)), "TIFF"),
    "webp": encoded(Image.fromarray(colours()), "WEBP"),
    "bmp": encoded(Image.fromarray(colours()), "BMP"),
    "ppm": encoded(Image.fromarray(colours()), "PPM"),
    "jp2": encoded(Image.fromarray(colours()), "JPEG2000"),
    "avif": encoded(Image.fromarray(colours()), "AVIF"),
    "icc": encoded(Image.fromarray(colours()), "PNG", icc_profile=profile_of(1.0)),
}


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.sampled_from(sorted(SEEDS)),
    edits=st.lists(
        st.tuples(st.integers(0, 10_000), st.binary(max_size=4)), min_size=1, max_size=6
    ),
    keep=st.floats(0.1, 1.0),
)
@pytest.mark.filterwarnings("ignore")
def test_mutated_files_raise_nothing_but_our_error(
    seed: str, edits: list[tuple[int, bytes]], keep: float
) -> None:
    data = bytearray(SEEDS[seed])
    for position, replacement in edits:
        start = position % len(data)
        data[start : start + len(replacement)] = replacement
    data = data[: max(1, int(len(data) * keep))] if keep < 0.95 else data
    photo = read_or_refuse(bytes(data), max_pixels=1_000_000)
    if photo is not None:
        assert photo.rgb.ndim == 3
        assert photo.rgb.shape[2] == 3
        assert photo.rgb.dtype in (np.uint8, np.uint16)


@given(st.text(max_size=300))
def test_output_names_are_safe(name: str) -> None:
    stem = safe_stem(name)
    assert 1 <= len(stem.encode()) <= 160
    assert all(
        letter in "._-\u200c\u200d" or unicodedata.category(letter)[0] in "LMN" for letter in stem
    )
    assert stem[0] not in "-._"
    assert safe_stem(f"{stem}.png") == stem
    assert output_name(name, "gan").endswith("-colorized-gan.png")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Großmutter & Opa, 1938.tif", "Großmutter-Opa-1938"),
        ("写真 家族 1938.jpg", "写真-家族-1938"),
        ("写真 学校 1938.jpg", "写真-学校-1938"),
        ("Бабушка и дед 1938.jpg", "Бабушка-и-дед-1938"),
        ("صورة العائلة ١٩٣٨.jpg", "صورة-العائلة-١٩٣٨"),
        ("हिन्दी.png", "हिन्दी"),
        ("می\u200cخواهم.png", "می\u200cخواهم"),
        (unicodedata.normalize("NFD", "Göteborg.png"), "Göteborg"),
        ("cat\u202egnp.exe.png", "cat-gnp.exe"),
        ('a"b\r\nSet-Cookie: x;.png', "a-b-Set-Cookie-x"),
    ],
)
def test_names_survive_in_every_script(name: str, stem: str) -> None:
    assert safe_stem(name) == stem
