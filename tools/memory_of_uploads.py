"""Whether the server keeps memory of visitors who are gone: so many uploads, each of a new one.

    python -m tools.memory_of_uploads --uploads 3000

Starts `app.py` with a database and files of its own, uploads photographs of noise, four wide and
three high, each in a session of its own, has each checked as the page does, and prints what the
process has in memory. On Linux only, as it reads /proc.
"""

from __future__ import annotations

import argparse
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

API = "/gradio_api"


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--uploads", type=int, default=3000, help="how many (default: 3000)")
    parser.add_argument("--every", type=int, default=250, help="between two lines (default: 250)")
    parser.add_argument("--width", type=int, default=320, help="of each photograph (default: 320)")
    chosen = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "app.py"],
            env=os.environ
            | {
                "GRADIO_SERVER_PORT": str(port),
                "GRADIO_TEMP_DIR": folder,
                "DATABASE_URL": f"sqlite:///{folder}/results.db",
                "TRUEHUE_KEEP_SECONDS": "60",
            },
        )
        try:
            measure(
                f"http://127.0.0.1:{port}", server.pid, chosen.uploads, chosen.every, chosen.width
            )
        finally:
            server.terminate()
            server.wait()
    return 0


def measure(url: str, pid: int, uploads: int, every: int, width: int = 320) -> None:
    """Print the resident memory of a server after every so many uploads."""
    rng = np.random.default_rng(0)
    with httpx.Client(base_url=url, timeout=120) as client:
        while True:
            try:
                config = client.get("/config").raise_for_status().json()
                break
            except httpx.TransportError:
                time.sleep(0.5)
        (check,) = (
            one["id"] for one in config["dependencies"] if one["api_name"] == "check_upload"
        )
        began = time.monotonic()
        for number in range(uploads + 1):
            if number % every == 0:
                status = Path(f"/proc/{pid}/status").read_text()
                rss = int(status.split("VmRSS:")[1].split()[0]) / 1e3
                seconds = time.monotonic() - began
                print(f"{number:>6} uploads {rss:8.0f} MB {seconds:8.0f} s", flush=True)
            stream = io.BytesIO()
            pixels = rng.integers(0, 256, (width * 3 // 4, width, 3), np.uint8)
            Image.fromarray(pixels).save(stream, "JPEG")
            files = {"files": ("a.jpg", stream.getvalue())}
            (path,) = client.post(f"{API}/upload", files=files).raise_for_status().json()
            session = f"visitor{number}"
            photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
            asked = {"data": [photo], "fn_index": check, "session_hash": session}
            client.post(f"{API}/queue/join", json=asked).raise_for_status()
            client.get(f"{API}/queue/data", params={"session_hash": session}).raise_for_status()


if __name__ == "__main__":
    sys.exit(main())
