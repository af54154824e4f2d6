"""Ask a running page as a visitor's program would: the page itself, then one photograph in colour.

    python .ci/asked.py URL

Waits up to four minutes for the page. `.ci/deploy` gives it to the Python of what it has started,
so it needs nothing but what the app has.
"""

from __future__ import annotations

import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from gradio_client import Client, handle_file
from PIL import Image

WAIT_SECONDS = 240.0


def main(url: str) -> None:
    """Raise unless the page at `url` comes, and colours a grey picture."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            page = urllib.request.urlopen(url, timeout=30).read().decode()
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
    assert "TrueHue" in page
    with tempfile.TemporaryDirectory() as folder:
        grey = Path(folder) / "grey.png"
        Image.linear_gradient("L").save(grey)
        client = Client(url, verbose=False, download_files=folder)
        coloured, _ = client.predict(handle_file(grey), api_name="/colorize_file")
        with Image.open(coloured) as picture:
            assert picture.mode == "RGB"
            assert picture.size == (256, 256)
    print(f"{url} serves the page, and colours.")


if __name__ == "__main__":
    main(sys.argv[1])
