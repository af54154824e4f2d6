"""A real server process and Debian's Chromium for the browser tests.

Without Chromium these tests are skipped with the reason; with TRUEHUE_REQUIRE_BROWSER=1, as in
.ci/run, they fail instead. A failing test leaves a screenshot in test-artifacts/.
"""

import os
import signal
from collections.abc import Callable, Generator, Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from relay import Relay

import colorizers
from study.database.engine import parse_url
from study.stimuli.making import build

ROOT = Path(__file__).parents[2]
CHROMIUM = Path(os.environ.get("TRUEHUE_CHROMIUM", "/usr/bin/chromium"))
# Each window of Chromium starts two processes for suggestions below its address bar, a fifth of
# what opening a page costs. This list takes the place of Playwright's, so what of that one matters
# to a page on this machine is in it, too.
WITHOUT = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "MediaRouter", "NetworkTimeServiceQuerying",
    "OptimizationHints", "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning",
)  # fmt: skip
expect.set_options(timeout=30_000)  # five seconds are too few where others use the processor
WEIGHTS = ROOT / "colorizers" / "weights"
TRAINED = all((WEIGHTS / f"{name}.safetensors").exists() for name in colorizers.names())
HELPERS = ROOT / "tests" / "helpers"
PROGRAM = ROOT / "app.py" if TRAINED else HELPERS / "untrained.py"


class Tint:
    """Colours any picture with one hue; stands in for a trained network."""

    size = 32
    shape = None

    def __init__(self, a: float, b: float) -> None:
        self.card = {"a": a, "b": b}

    def predict_ab(self, L: np.ndarray) -> np.ndarray:
        return np.stack([np.full_like(L, self.card["a"]), self.card["b"] * L / 100], axis=-1)


class Server:
    """`python app.py` as a process of its own, which a test may kill and start again."""

    def __init__(
        self,
        folder: Path,
        stimuli: Path,
        database_url: str | None = None,
        program: Path = PROGRAM,
        **environment: str,
    ) -> None:
        self.port = programs.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "results.db"
        self.database_url = database_url or f"sqlite:///{self.database}"
        self._program = program
        self._log = folder / "server.log"
        self._environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "GRADIO_SERVER_PORT": str(self.port),
            "GRADIO_TEMP_DIR": str(folder / "gradio"),
            "DATABASE_URL": self.database_url,
            "TRUEHUE_STIMULI": str(stimuli),
            **environment,
        }
        self._process: ForkServerProcess | None = None

    def log(self) -> str:
        """What the process has written so far."""
        return self._log.read_text()

    def peak(self) -> int:
        """The most memory that the process has had, in bytes."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def start(self) -> None:
        self._process = programs.start(self._program, self._log, self._environment)
        programs.wait_for(self.url, self._process, self._log)

    def ask_to_end(self) -> None:
        """Ask the process to end, without waiting for it."""
        if self._process is not None and self._process.is_alive():
            self._process.terminate()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            programs.stop(self._process, how)


@pytest.fixture(scope="session")
def stimuli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stimulus set of coloured blobs, as large as the default study needs."""
    photos = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(5)
    for number in range(48):
        coarse = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        blobs = Image.fromarray(coarse).resize((32, 32), Image.Resampling.BICUBIC)
        blobs.save(photos / f"{number:03d}.png")
    out = tmp_path_factory.mktemp("sets") / "blobs"
    build(photos, {"classification": Tint(8, 30), "gan": Tint(-20, 10)}, out, count=40, practice=4)
    return out


@pytest.fixture(scope="session")
def make_server(
    tmp_path_factory: pytest.TempPathFactory, stimuli: Path
) -> Generator[Callable[..., Server], None, None]:
    """Start further servers, each with a database of its own."""
    servers: list[Server] = []

    def make(database_url: str | None = None, **settings: Any) -> Server:
        folder = tmp_path_factory.mktemp("server")
        server = Server(folder, stimuli, database_url, **settings)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.ask_to_end()  # each takes a moment, so all at once
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(make_server: Callable[..., Server]) -> Server:
    """The server that the browser tests share."""
    return make_server()


@pytest.fixture(scope="session")
def server_url(server: Server) -> str:
    """Where the shared server answers, without a slash at the end."""
    return server.url


@pytest.fixture
def relay(new_postgres: Callable[[], str]) -> Iterator[tuple[Relay, str]]:
    """The way to a new database on PostgreSQL, and its URL by that way."""
    url = parse_url(new_postgres())
    made = Relay(f"{url.query['host']}/.s.PGSQL.5432")
    way = url.set(host="127.0.0.1", port=made.port, query={}, drivername="postgresql")
    yield made, way.render_as_string(hide_password=False)
    made.close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Debian's Chromium is."""
    if not CHROMIUM.exists():
        reason = f"there is no Chromium at {CHROMIUM} (Debian: apt-get install chromium)"
        if os.environ.get("TRUEHUE_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return str(CHROMIUM)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                f"--disable-features={','.join(WITHOUT)}",
            ],
        )
        yield opened
        opened.close()


@pytest.fixture
def context(
    browser: Browser, request: pytest.FixtureRequest
) -> Generator[BrowserContext, None, None]:
    """A fresh browser profile at laptop size; its pages are photographed when the test fails."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    made.set_default_timeout(30_000)
    yield made
    if getattr(request.node, "failed", False):
        folder = ROOT / "test-artifacts"
        folder.mkdir(exist_ok=True)
        for number, page in enumerate(made.pages):
            page.screenshot(path=folder / f"{request.node.name}-{number}.png", full_page=True)
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A new page; nothing is opened yet."""
    return context.new_page()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the fixtures of a test that it failed."""
    report = yield
    if report.when == "call" and report.failed:
        item.failed = True  # type: ignore[attr-defined]
    return report
