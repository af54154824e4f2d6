"""Colour that a file says by four numbers (H.273), against published matrices and curves."""

import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from test_reading import encoded, one_sentence, png_of, profile_of

from colorizers.files.picture import Picture
from colorizers.files.reading import open_photo

# CSS Color 4, 10.8 and its sample code: linear light of the space -> linear light of sRGB.
TO_SRGB = {
    1: np.eye(3),
    9: [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730]],
    12: [[1.224940, -0.224940, 0.0], [-0.042057, 1.042057, 0.0], [-0.019638, -0.078636, 1.098274]],
}  # fmt: skip
RGB = np.random.default_rng(1).integers(90, 200, (24, 32, 3), dtype=np.uint8)


def from_srgb(x: np.ndarray) -> np.ndarray:
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def to_srgb(x: np.ndarray) -> np.ndarray:
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.abs(x) ** (1 / 2.4) - 0.055)


LINEAR = {
    1: lambda x: np.where(x < 0.0812429, x / 4.5, ((x + 0.09929683) / 1.09929683) ** (1 / 0.45)),
    4: lambda x: x**2.2,
    8: lambda x: x,
    13: from_srgb,
}


def meant(values: np.ndarray, primaries: int, transfer: int) -> np.ndarray:
    """sRGB in [0, 1] by the definitions."""
    return to_srgb((LINEAR[transfer](values) @ np.transpose(TO_SRGB[primaries])).clip(0, 1))


def read(bits: int, numbers: tuple[int, ...], *others: tuple[bytes, bytes]) -> Picture:
    values = RGB if bits == 8 else (RGB.astype(int) * 257).astype(">u2")
    return open_photo(png_of(values, bits, (b"cICP", bytes(numbers)), *others))


GAMMA = b"gAMA", struct.pack(">I", 100_000)
PROFILE = b"iCCP", b"x\0\0" + zlib.compress(profile_of(1.0))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("primaries", TO_SRGB)
@pytest.mark.parametrize("transfer", LINEAR)
@pytest.mark.parametrize("other", [GAMMA, PROFILE])
def test_cicp_of_a_png_overrules_gamma_and_profile(
    bits: int, primaries: int, transfer: int, other: tuple[bytes, bytes]
) -> None:
    photo = read(bits, (primaries, transfer, 0, 1), other)
    top = 2**bits - 1
    error = np.abs(photo.rgb / top - meant(RGB / 255, primaries, transfer)).max()
    assert error < (1.6 / 255 if bits == 8 else 60 / 65_535)  # LittleCMS's 8 bits; 16-bit curves
    assert photo.notices == ()
    plain = primaries == 1 and transfer == 13
    assert bool(photo.icc) != plain  # what is written keeps the file's own space


@pytest.mark.parametrize("bits", [8, 16])
def test_narrow_range_reaches_from_black_to_white(bits: int) -> None:
    scale = 2 ** (bits - 8)
    levels = np.array([[0, 16, 100, 235, 255]]) * scale
    values = np.repeat(levels[..., None], 3, axis=2).astype(np.uint8 if bits == 8 else ">u2")
    photo = open_photo(png_of(values, bits, (b"cICP", bytes((1, 13, 0, 0)))))
    expected = np.array([0, 0, 84 / 219, 1, 1])
    assert np.abs(photo.rgb[0, :, 1] / (2**bits - 1) - expected).max() < 1 / 255


@pytest.mark.parametrize(("transfer", "curve"), [(16, "PQ"), (18, "HLG")])
@pytest.mark.parametrize("bits", [8, 16])
def test_hdr_in_a_png_is_said(bits: int, transfer: int, curve: str) -> None:
    photo = read(bits, (9, transfer, 0, 1), PROFILE)
    (notice,) = photo.notices
    assert notice == f"The file is HDR ({curve}); its values are taken as those of sRGB."
    np.testing.assert_array_equal(photo.rgb, RGB if bits == 8 else RGB.astype(np.uint16) * 257)
    assert photo.icc == b""


@pytest.mark.parametrize("numbers", [(9, 9, 0, 1), (77, 13, 0, 1), (9, 14, 9, 1)])
def test_numbers_that_nobody_can_follow_are_said(numbers: tuple[int, ...]) -> None:
    photo = read(8, numbers, GAMMA)
    (notice,) = photo.notices
    assert one_sentence(notice)
    assert "-".join(map(str, numbers[:3])) in notice
    np.testing.assert_array_equal(photo.rgb, RGB)


def test_unspecified_numbers_and_damaged_chunks_change_nothing() -> None:
    for body in (bytes((2, 2, 0, 1)), b"", b"\1", bytes(9)):
        photo = open_photo(png_of(RGB, 8, (b"cICP", body)))
        np.testing.assert_array_equal(photo.rgb, RGB)
        assert photo.notices == ()


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_numbers_of_avif_and_heic_are_applied_where_there_is_no_profile(format: str) -> None:
    pillow_heif.register_heif_opener()
    even = Image.new("RGB", (64, 48), (180, 100, 110))
    data = encoded(even, format, quality=100)
    assert b"colrnclx\0\1\0\x0d" in data
    stored = open_photo(data).rgb[20, 20]

    def changed(primaries: int, transfer: int) -> Picture:
        new = b"colrnclx\0" + bytes([primaries, 0, transfer])
        return open_photo(data.replace(b"colrnclx\0\1\0\x0d", new))

    for primaries, transfer in ((12, 13), (9, 13), (9, 4)):
        photo = changed(primaries, transfer)
        expected = 255 * meant(stored / 255, primaries, transfer)
        assert np.abs(photo.rgb[20, 20] - expected).max() < 2.5
        assert photo.icc
    # Encoders write video's curve without meaning it; browsers show it as sRGB.
    np.testing.assert_array_equal(changed(1, 1).rgb[20, 20], stored)
    with_profile = encoded(even, format, quality=100, icc_profile=profile_of(1.0))
    new = with_profile.replace(b"colrnclx\0\1\0\x0d", b"colrnclx\0\x0c\0\x0d")
    np.testing.assert_array_equal(open_photo(new).rgb, open_photo(with_profile).rgb)
