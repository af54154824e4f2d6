"""The README's pictures of the pages, anew: Colorize on a laptop and a phone, `/admin`, a report.

    python -m tools.screenshots                 # into docs/screenshots
    python -m tools.screenshots --out runs/shots

Starts `app.py` with a database of its own, and the administrator's page, without its login, on a
simulated study, which the app itself would refuse: every page that shows answers says that they are
simulated. Drives Debian's Chromium by Playwright.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import skimage
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from study.report.__main__ import main as report
from study.simulate import main as simulate

ROOT = Path(__file__).parents[1]
CHROMIUM = os.environ.get("TRUEHUE_CHROMIUM", "/usr/bin/chromium")
ADMIN = """
import sys, fastapi, uvicorn, app
from study.page import admin
url, port = sys.argv[1:]
page = app._mount(fastapi.FastAPI(), admin.build(url), app.settings, path="", css=admin.CSS)
uvicorn.run(page, port=int(port), log_level="warning")
"""
PATIENCE = 180_000  # milliseconds: the first photograph loads the network
LAPTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True,
}  # fmt: skip


def main() -> int:
    """Take the pictures; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = ROOT / "docs" / "screenshots"
    parser.add_argument("--out", type=Path, default=default, help="folder (default: %(default)s)")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        database = f"sqlite:///{folder}/simulated.db"
        with contextlib.redirect_stdout(io.StringIO()):  # what was written where
            simulate(["--db", database])
            report(["--db", database, "--format", "html", "--out", f"{folder}/report.html"])
        photograph = grey(folder)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with served(folder, "app.py") as url:
            for file, screen in {"colorize": LAPTOP, "colorize-phone": PHONE}.items():
                seen = opened(browser, url, **screen)
                colorize(seen, photograph)
                seen.screenshot(path=out / f"{file}.png")
                if screen is LAPTOP:
                    reference_and_doubt(seen, folder, out)
        with served(folder, "-c", ADMIN, database) as url:
            seen = opened(browser, url, viewport={"width": 1280, "height": 1000})
            expect(seen.get_by_text("SIMULATED").first).to_be_visible()
            seen.wait_for_timeout(1000)
            seen.screenshot(path=out / "admin.png")
        height = {"width": 1100, "height": 1000}
        seen = opened(browser, (folder / "report.html").as_uri(), viewport=height)
        seen.screenshot(path=out / "report.png")
    print(f"written: {out}")
    return 0


def grey(folder: Path) -> Path:
    """scikit-image's photograph of an astronaut without its colours."""
    with Image.open(Path(skimage.__file__).parent / "data" / "astronaut.png") as photograph:
        photograph.convert("L").save(folder / "astronaut.jpg", quality=92)
    return folder / "astronaut.jpg"


@contextlib.contextmanager
def served(folder: Path, *program: str) -> Iterator[str]:
    """The address of a program that is told its port, as long as it runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, *program, str(port)],
        cwd=ROOT,
        env=os.environ
        | {
            "GRADIO_SERVER_PORT": str(port),
            "GRADIO_TEMP_DIR": f"{folder}/gradio",
            "DATABASE_URL": f"sqlite:///{folder}/results.db",
        },
    )
    try:
        while True:
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except (urllib.error.URLError, TimeoutError):
                if server.poll() is not None:
                    raise
                time.sleep(0.5)
        yield url
    finally:
        server.terminate()
        server.wait()


def opened(browser: Browser, url: str, **screen: Any) -> Page:
    """A page of its own at this address."""
    page = browser.new_context(**screen).new_page()
    page.goto(url)
    return page


def colorize(page: Page, photograph: Path) -> None:
    """Bring a photograph, and wait for its colours and versions."""
    page.locator("#photo input[type=file]").set_input_files(photograph)
    expect(page.locator("#result img")).to_have_count(2)
    expect(page.locator("#versions img")).to_have_count(6)
    page.wait_for_timeout(3000)  # the page goes to the colours


def reference_and_doubt(page: Page, folder: Path, out: Path) -> None:
    """The same photograph after a part of it in colour, and how sure the colours are."""
    file = folder / "reference.png"
    with Image.open(Path(skimage.__file__).parent / "data" / "astronaut.png") as photograph:
        photograph.crop((60, 20, 480, 500)).save(file)
    page.locator("#reference input[type=file]").set_input_files(file)
    said = page.locator("#seen-as")
    expect(said).to_contain_text("after your reference")
    page.wait_for_timeout(1500)
    page.screenshot(path=out / "colorize-reference.png")
    page.get_by_label("How sure is it?").check()
    expect(said).to_contain_text("Violet")
    page.wait_for_timeout(1500)
    page.screenshot(path=out / "colorize-doubt.png")


if __name__ == "__main__":
    sys.exit(main())
