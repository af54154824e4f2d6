"""A folder of 100 files as people have them: 62 that can be colorized and 38 that cannot."""

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Expected:
    """What must become of a file: the result's name and size, or the reason that is listed."""

    result: str = ""
    size: tuple[int, int] = (0, 0)
    reason: str = ""


def make(folder: Path) -> dict[str, Expected]:
    """Write the files; returns what to expect of each, by its name below the folder."""
    files: dict[str, tuple[bytes, Expected]] = {}

    def good(name: str, content: bytes, result: str, size: tuple[int, int]) -> None:
        files[name] = content, Expected(result, size)

    def bad(name: str, content: bytes, reason: str) -> None:
        files[name] = content, Expected(reason=reason)

    for n in range(4):
        size = 40 + n, 30 + n
        L, RGB = _grey(size, n), _colour(size, n)
        place = f"19{n}0/Großmutter und 祖母/" if n % 2 else f"19{n}0/"
        kept = f"{place}p{n}-colorized-photo"  # four kinds of one stem, in one folder
        good(f"{place}p{n}.jpg", _bytes(L, "JPEG"), f"{kept}.jpg", size)
        good(f"{place}p{n}.png", _bytes(RGB, "PNG"), f"{kept}.png", size)
        good(f"{place}p{n}.webp", _bytes(RGB, "WEBP"), f"{kept}.webp", size)
        good(f"{place}p{n}.tif", _bytes(L, "TIFF"), f"{kept}.tif", size)
        for kind, ending in (("GIF", "gif"), ("BMP", "bmp"), ("JPEG2000", "jp2"), ("PPM", "pgm")):
            result = f"{place}p{n}.{ending}.colorized-photo.png"
            good(f"{place}p{n}.{ending}", _bytes(L, kind), result, size)
        palette, frames = RGB.convert("P"), [_grey(size, m).convert("P") for m in range(3)]
        good(f"palette{n}.png", _bytes(palette, "PNG"), f"palette{n}-colorized-photo.png", size)
        deep = Image.fromarray(np.asarray(L).astype(np.uint16) * 257)
        good(f"deep{n}.png", _bytes(deep, "PNG"), f"deep{n}-colorized-photo.png", size)
        lying = _bytes(L, "JPEG", exif=_rotated(6))
        good(f"lying {n}.JPG", lying, f"lying {n}-colorized-photo.JPG", size[::-1])
        cmyk = _bytes(RGB.convert("CMYK"), "JPEG")
        good(f"inks{n}.jpeg", cmyk, f"inks{n}-colorized-photo.jpeg", size)
        moving = _bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])
        good(f"moving{n}.gif", moving, f"moving{n}.gif.colorized-photo.png", size)
        clear = RGB.copy()
        clear.putalpha(L)
        good(f"clear{n}.webp", _bytes(clear, "WEBP"), f"clear{n}-colorized-photo.webp", size)
        line = L.convert("1")
        good(f"line{n}.tiff", _bytes(line, "TIFF"), f"line{n}-colorized-photo.tiff", size)
    for n, size in enumerate([(1, 1), (400, 3)]):
        good(f"odd{n}.png", _bytes(_grey(size, n), "PNG"), f"odd{n}-colorized-photo.png", size)

    whole = _bytes(_colour((200, 150), 9), "PNG"), _bytes(_colour((200, 150), 9), "JPEG")
    for n in range(5):
        bad(f"cut{n}.png", whole[0][: 3000 * (n + 1)], "damaged or incomplete")
        bad(f"cut{n}.jpg", whole[1][: 640 + n], "damaged or incomplete")
        bad(f"letter{n}.jpg", b"Dear aunt,\n" * (n + 1), "not a picture that can be read")
        bad(f"deeper/empty{n}.png", b"", "The file is empty")
        bad(f"huge{n}.png", _png_header(20_000 + n, 20_000), "megapixels and the limit is 100")
        bad(f"nothing{n}.png", _png_header(0, 10 + n), "")
        bad(f"phone{n}.heic", b"\0\0\0\x18ftypheic" + bytes(20), "not a picture that can be read")
    bad("page.webp", b"<!DOCTYPE html>" + bytes(300), "not a picture that can be read")
    bad("long.png", _png_header(70_000, 100), "the limit for one side is 65,535")
    bad("noise.tif", np.random.default_rng(1).bytes(500), "not a picture that can be read")

    for name, (content, _) in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return {name: expected for name, (_, expected) in files.items()}


def _grey(size: tuple[int, int], seed: int) -> Image.Image:
    x, y = np.arange(size[0]), np.arange(size[1])[:, None]
    return Image.fromarray(((x * 5 + y * 3 + 40 * seed) % 256).astype(np.uint8))


def _colour(size: tuple[int, int], seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(noise)


def _bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _rotated(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x112] = orientation
    return exif


def _png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and has next to no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(100))), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
