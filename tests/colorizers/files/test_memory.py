"""A picture takes the memory that its header says, and not more than one may."""

import io
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from test_reading import encoded, refusal

from colorizers.files.memory import IN_HAND, MOST, Room, needed
from colorizers.files.reading import open_photo

ROOT = Path(__file__).parents[3]
WIDTH = 3000
OWN = 100_000_000  # bytes of the program's own while it works: strips, the network's view
NOISE = np.random.default_rng(0).integers(0, 65_536, (1, WIDTH, 4), np.uint16)  # does not compress
MEASURE = """
import sys
from pathlib import Path
from untrained import Tinter
from colorizers.files.reading import open_photo
from colorizers.painting.pipeline import Options, colorize_opened

def now(what):
    return int(Path("/proc/self/status").read_text().split(what + ":")[1].split()[0]) * 1024

def colour(file):
    photo = open_photo(file, admit=asked.append)
    colorize_opened(photo, Path(sys.argv[1]) / "out", tint, Options())

asked, tint = [], Tinter("photo", "Photographs", (14.0, 18.0))
first, *files = map(Path, sys.argv[2:])
colour(first)  # what is loaded once
for file in files:
    before = now("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    colour(file)
    print(file.name, asked[-1], now("VmHWM") - before)
"""


def noise(height: int) -> np.ndarray:
    return np.concatenate([np.roll(NOISE, 7 * row, axis=1) for row in range(height)])


def files(folder: Path, height: int) -> list[Path]:
    """Pictures of the kinds that differ in what they take, after a small one."""
    rgba = noise(height)
    rgb_u8 = Image.fromarray((rgba[..., :3] >> 8).astype(np.uint8))
    made: dict[str, bytes] = {
        "small.jpg": encoded(rgb_u8.resize((300, 200)), "JPEG"),
        "photograph.jpg": encoded(rgb_u8, "JPEG"),
        "colours.webp": encoded(rgb_u8, "WEBP", method=0),
        "transparent.png": encoded(
            Image.fromarray((rgba >> 8).astype(np.uint8)), "PNG", compress_level=1
        ),
        "deep-grey.tif": encoded(Image.fromarray(rgba[..., 0].copy()), "TIFF"),
        "float.tif": encoded(Image.fromarray(rgba[..., 0].astype(np.float32)), "TIFF"),
        "scan.tif": _tiff(rgba[..., :3]),
        "deep.ppm": cv2.imencode(".ppm", rgba[..., :3])[1].tobytes(),
        "deep-transparent.png": cv2.imencode(".png", rgba, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
        .tobytes(),
    }  # fmt: skip
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in made]


def _tiff(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, photometric="rgb", metadata=None)
    return stream.getvalue()


def measured(folder: Path, pictures: list[Path]) -> dict[str, tuple[int, int]]:
    """Of each but the first: the bytes that were asked for, and the growth of a process."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MEASURE, str(folder), *map(str, pictures)],
        capture_output=True,
        text=True,
        timeout=900,
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'helpers'}", "OMP_NUM_THREADS": "1"},
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    return {name: (int(asked), int(grown)) for name, asked, grown in rows}


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from Linux's /proc")
def test_what_a_picture_takes_is_what_its_header_says(tmp_path: Path) -> None:
    found = measured(tmp_path, files(tmp_path, 3000))
    assert len(found) == 8
    for name, (asked, grown) in found.items():
        print(f"{name}: {grown / 9e6:.1f} bytes a pixel, {asked / 9e6:.1f} asked for")
    over = {name: row for name, row in found.items() if row[1] > row[0] + OWN}
    assert not over, over
    # Nor are pictures refused for what is far from what they take; some of that is seen less than
    # taken, as memory which the picture before gave back is used again without growing.
    spare = {name: row for name, row in found.items() if row[1] < 0.4 * row[0]}
    assert not spare, spare


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from Linux's /proc")
def test_the_largest_picture_of_16_bits_and_opacity_stays_below_the_bound(tmp_path: Path) -> None:
    height = MOST // needed(WIDTH, 1, 4, 16)
    first = tmp_path / "small.jpg"
    first.write_bytes(encoded(Image.new("RGB", (300, 200)), "JPEG"))
    inside = tmp_path / "inside.png"
    cv2.imwrite(str(inside), noise(height), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    ((asked, grown),) = measured(tmp_path, [first, inside]).values()
    print(f"{height * WIDTH / 1e6:.1f} megapixels: {grown / 1e9:.2f} GB, {asked / 1e9:.2f} asked")
    assert asked <= MOST
    assert grown <= MOST + OWN


def bomb(width: int, height: int, bits: int, kind: int) -> bytes:
    """A PNG of which the head announces so much."""
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    whole = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in whole
    )


def test_what_takes_more_is_refused_before_it_is_decoded() -> None:
    height = MOST // needed(WIDTH, 1, 4, 16) + 1
    said = refusal(bomb(WIDTH, height, 16, 6))
    assert "4 x 16 bits" in said
    assert "2.0 GB" in said
    assert "limit is 2;" in said
    assert "damaged" in refusal(bomb(WIDTH, height - 1, 16, 6))


def test_photographs_of_100_megapixels_are_within_the_bound() -> None:
    assert needed(10_000, 10_000, 4, 8) <= MOST
    assert needed(10_000, 5_000, 3, 16) <= MOST < needed(10_000, 10_000, 3, 16)
    assert MOST + needed(6000, 4000, 3, 8) < IN_HAND


def test_the_room_is_asked_for_what_the_header_says() -> None:
    asked: list[int] = []
    deep = Image.fromarray(np.zeros((30, 40), np.uint16))
    for image in (Image.new("RGB", (40, 30)), deep, Image.new("P", (40, 30))):
        open_photo(encoded(image, "PNG"), admit=asked.append)
    assert asked == [needed(40, 30, 3, 8), needed(40, 30, 1, 16), needed(40, 30, 3, 8)]


class Picture(threading.Thread):
    """Takes a place in another thread and keeps it until it is told to leave."""

    def __init__(self, room: Room, owner: str, size: int) -> None:
        super().__init__(daemon=True)
        self._room, self._owner, self._size = room, owner, size
        self.inside, self._leave = threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        with self._room.place(self._owner) as take:
            take(self._size)
            self.inside.set()
            self._leave.wait(60)

    def leave(self) -> None:
        self._leave.set()
        self.join(60)


def test_a_room_is_never_fuller_than_it_is() -> None:
    room = Room(10)
    first, second = Picture(room, "a", 6), Picture(room, "b", 4)
    assert first.inside.wait(60)
    assert second.inside.wait(60)
    third = Picture(room, "c", 5)
    assert not third.inside.wait(0.2)
    second.leave()
    assert not third.inside.wait(0.2)
    first.leave()
    assert third.inside.wait(60)
    third.leave()


def test_an_owner_has_one_picture_in_hand_and_holds_up_nobody() -> None:
    room = Room(10)
    first = Picture(room, "a", 1)
    assert first.inside.wait(60)
    second = Picture(room, "a", 1)
    assert not second.inside.wait(0.2)
    other = Picture(room, "b", 9)
    assert other.inside.wait(60)
    first.leave()
    assert second.inside.wait(60)
    second.leave()
    other.leave()


def test_a_large_picture_is_not_passed_by_small_ones_for_ever() -> None:
    room = Room(10)
    small = Picture(room, "a", 6)
    assert small.inside.wait(60)
    large = Picture(room, "b", 9)
    assert not large.inside.wait(0.2)
    later = Picture(room, "c", 2)
    assert not later.inside.wait(0.2)
    small.leave()
    assert large.inside.wait(60)
    large.leave()
    assert later.inside.wait(60)
    later.leave()


def test_a_picture_that_cannot_be_opened_leaves_its_place() -> None:
    room = Room(10)

    def fail() -> None:
        with room.place("a") as take:
            take(10)
            raise ValueError("no picture")

    with pytest.raises(ValueError, match="no picture"):
        fail()
    with room.place("a") as take:
        take(10)
