"""How long a 12-megapixel photograph takes from JPEG to JPEG, beside two published pipelines.

    python -m train.benchmark
    python -m train.benchmark --publish

Three pipelines take turns, round after round, so that a noisy machine disturbs all alike; each
lives in a process of its own, so that its peak memory is its own. All read the same photograph,
made of scikit-image's pictures with grain, and write JPEG of quality 95 at 4:4:4.

- `photo`: this project's, as the page and the command line use it.
- `ECCV16`: Zhang's: scikit-image's Lab, 256 x 256 into the network, ab enlarged bilinearly.
- `DDColor-T`: OpenCV's Lab, 512 x 512 into the network, ab enlarged bilinearly.

The peers' networks have the published shapes and random weights (`train.peers`); time and
memory do not depend on what the weights are. Run it on an idle machine.

References
----------
Linux's proc(5): VmHWM, the peak of resident memory. Papers: see `train.peers`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .options import command_line

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- inference speed -->", "<!-- end of inference speed -->"
WIDTH, HEIGHT = 4000, 3000
TILES = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")
QUALITY = 95

Run = Callable[[bytes], tuple[bytes, float]]
"""JPEG in; JPEG out, and the seconds that the network took."""


def photograph(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A photograph of this size as JPEG: four of scikit-image's, enlarged, with grain."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    whole = Image.new("RGB", (width, height))
    size = width // 2, height // 2
    for number, name in enumerate(TILES):
        with Image.open(folder / name) as picture:
            tile = picture.convert("RGB").resize(size, Image.Resampling.BICUBIC)
        whole.paste(tile, (number % 2 * size[0], number // 2 * size[1]))
    grain = np.random.default_rng(0).normal(0, 3, (height, width, 1)).astype(np.float32)
    rgb_u8 = np.clip(np.asarray(whole) + grain, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(rgb_u8).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def ours() -> Run:
    """The pipeline of this project; with random weights where there are none yet."""
    import colorizers
    from colorizers.errors import WeightsError
    from colorizers.files import reading, writing
    from colorizers.networks.base import ready
    from colorizers.networks.photo import PhotoNet
    from colorizers.painting import predict

    try:
        colorizer = colorizers.load("photo")
    except WeightsError:
        colorizer = ready(PhotoNet(), {"name": "photo", "title": "untrained"})
    network = Stopwatch(colorizer._predict)
    colorizer._predict = network

    def run(data: bytes) -> tuple[bytes, float]:
        network.seconds = 0.0
        read = reading.open_photo(data)
        stream = io.BytesIO()
        rgb_u8 = predict.colorize_photo(colorizer, read)
        writing.save(stream, rgb_u8, read, format="JPEG", quality=QUALITY)
        return stream.getvalue(), network.seconds

    return run


def eccv16() -> Run:
    """Zhang's pipeline: float64 Lab of the whole photograph by scikit-image."""
    import torch
    from skimage.color import lab2rgb, rgb2lab
    from torch.nn.functional import interpolate

    from .peers import Eccv16

    network = Stopwatch(Eccv16().eval())

    def run(data: bytes) -> tuple[bytes, float]:
        network.seconds = 0.0
        rgb_u8 = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        L = rgb2lab(rgb_u8)[..., :1]
        small = np.asarray(Image.fromarray(rgb_u8).resize((256, 256), Image.Resampling.BICUBIC))
        L_small = torch.from_numpy(rgb2lab(small)[None, None, ..., 0]).float()
        with torch.inference_mode():
            ab = network(L_small / 50 - 1)
            ab = interpolate(ab, size=L.shape[:2], mode="bilinear")
        lab = np.concatenate([L, ab[0].permute(1, 2, 0).numpy()], axis=-1)
        return _jpeg((lab2rgb(lab) * 255).round().astype(np.uint8)), network.seconds

    return run


def ddcolor() -> Run:
    """DDColor's pipeline: float32 Lab of the whole photograph by OpenCV."""
    import cv2
    import torch
    from torch.nn.functional import interpolate

    from .peers import DDColorTiny

    network = Stopwatch(DDColorTiny().eval())

    def run(data: bytes) -> tuple[bytes, float]:
        network.seconds = 0.0
        bgr: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        bgr = (bgr / 255.0).astype(np.float32)
        L = cv2.cvtColor(bgr, cv2.COLOR_BGR2Lab)[..., :1]
        lab_small = cv2.cvtColor(cv2.resize(bgr, (512, 512)), cv2.COLOR_BGR2Lab)
        lab_small[..., 1:] = 0
        grey = torch.from_numpy(cv2.cvtColor(lab_small, cv2.COLOR_Lab2RGB)).permute(2, 0, 1)[None]
        with torch.inference_mode():
            ab = network(grey)
            ab = interpolate(ab, size=L.shape[:2], mode="bilinear")
        lab = np.concatenate([L, ab[0].permute(1, 2, 0).numpy()], axis=-1)
        bgr_u8 = (cv2.cvtColor(lab, cv2.COLOR_Lab2BGR) * 255.0).round().astype(np.uint8)
        settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
        settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
        return cv2.imencode(".jpg", bgr_u8, settings)[1].tobytes(), network.seconds

    return run


PIPELINES: dict[str, tuple[str, Callable[[], Run]]] = {
    "photo": ("160 x 224", ours),
    "ECCV16": ("256 x 256", eccv16),
    "DDColor-T": ("512 x 512", ddcolor),
}


class Stopwatch:
    """A function whose time is added up in `seconds`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.seconds = 0.0
        self._function = function

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call the function."""
        start = time.perf_counter()
        result = self._function(*arguments, **options)
        self.seconds += time.perf_counter() - start
        return result


def work(name: str, file: Path) -> None:
    """Run one pipeline each time a line arrives; answer with its figures as a line of JSON."""
    data = file.read_bytes()
    run = PIPELINES[name][1]()
    run(data)  # the first one loads libraries
    print(json.dumps({}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        _, network = run(data)
        seconds = time.perf_counter() - start
        figures = {"seconds": seconds, "network": network, "megabytes": peak_megabytes()}
        print(json.dumps(figures), flush=True)


def peak_megabytes() -> float:
    """The most resident memory that this process has had, in 10^6 bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError("/proc/self/status has no VmHWM; this needs Linux.")


def measure(rounds: int) -> dict[str, list[dict[str, float]]]:
    """Figures of each pipeline, one a round; the pipelines take turns in each round."""
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in PIPELINES}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "photograph.jpg"
        file.write_bytes(photograph())
        workers = {}
        try:
            for name in PIPELINES:
                print(f"warming up: {name}", file=sys.stderr, flush=True)
                command = [sys.executable, "-m", "train.benchmark"]
                workers[name] = subprocess.Popen(
                    [*command, "--worker", name, "--file", str(file)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
                )  # fmt: skip
                _answer(workers[name], name)
            for number in range(rounds):
                print(f"round {number + 1}/{rounds}", file=sys.stderr, flush=True)
                for name, worker in workers.items():
                    assert worker.stdin is not None
                    worker.stdin.write("\n")
                    worker.stdin.flush()
                    figures[name].append(_answer(worker, name))
        finally:
            for worker in workers.values():
                worker.communicate()  # closes its input, at which it ends
    return figures


def table(figures: dict[str, list[dict[str, float]]]) -> str:
    """The figures in Markdown."""
    middle = {
        name: statistics.median(one["seconds"] for one in runs) for name, runs in figures.items()
    }
    lines = [
        "| pipeline | network sees | seconds, median | range | network alone, s | peak memory, GB "
        "| times as long as `photo` |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for name, runs in figures.items():
        seconds = [one["seconds"] for one in runs]
        network = statistics.median(one["network"] for one in runs)
        memory = max(one["megabytes"] for one in runs) / 1000
        lines.append(
            f"| {name} | {PIPELINES[name][0]} | {middle[name]:.2f} | {min(seconds):.2f} to "
            f"{max(seconds):.2f} | {network:.3f} | {memory:.2f} "
            f"| {middle[name] / middle['photo']:.1f} |"
        )
    rounds = len(figures["photo"])
    return "\n".join(
        [
            *lines, "",
            f"{WIDTH} x {HEIGHT} pixels, JPEG in to JPEG out, {rounds} rounds in turn after one "
            f"to warm up; the peers' networks are untrained. {conditions()}.",
        ]
    )  # fmt: skip


def conditions() -> str:
    """Processor, cores and versions."""
    import os

    import torch

    from .run import processor

    packages = (
        "torch",
        "numpy",
        "opencv-contrib-python-headless",
        "numba",
        "pillow",
        "scikit-image",
        "timm",
    )
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    python = ".".join(map(str, sys.version_info[:3]))
    load = os.getloadavg()[0]
    return (
        f"{processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, "
        f"load at the end {load:.1f}; Python {python}, {versions}"
    )


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = command_line("python -m train.benchmark", __doc__)
    add = parser.add_argument
    add("--rounds", type=int, default=9, metavar="N", help="of all pipelines in turn (default 9)")
    add("--publish", action="store_true", help="write the table into docs/performance.md")
    add("--worker", choices=tuple(PIPELINES), help=argparse.SUPPRESS)
    add("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.worker:
        work(arguments.worker, arguments.file)
        return 0
    if arguments.rounds < 1:
        parser.error(f"--rounds is {arguments.rounds}; it must be at least 1.")
    text = table(measure(arguments.rounds))
    print(text)
    if arguments.publish:
        page = ROOT / "docs" / "performance.md"
        before, _, rest = page.read_text().partition(BEGIN)
        page.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")
    return 0


def _answer(worker: subprocess.Popen[str], name: str) -> dict[str, float]:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError(f"The pipeline {name} ended early; its error is above.")
    return json.loads(line)


def _jpeg(rgb_u8: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(rgb_u8).save(stream, "JPEG", quality=QUALITY, subsampling=0)
    return stream.getvalue()


if __name__ == "__main__":
    sys.exit(main())
