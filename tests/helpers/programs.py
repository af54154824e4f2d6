"""Programs as processes of their own, which begin where the large libraries are loaded already.

A server imports for seconds before it serves; forked from a process that has done so, it starts
in one. What is forked has none of the project's own code: that is read anew by each program.
"""

import atexit
import contextlib
import multiprocessing
import os
import runpy
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS = 240  # ten where nothing else runs
LIBRARIES = (
    "gradio", "torch", "torch._refs", "pandas", "sqlalchemy.dialects.sqlite", "alembic.command",
    "psycopg", "scipy.stats", "skimage.color", "statsmodels.api", "cv2", "imagecodecs",
)  # fmt: skip
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(list(LIBRARIES))


def start(
    program: Path, log: Path, environment: Mapping[str, str], *arguments: str, folder: Path = ROOT
) -> ForkServerProcess:
    """Start `python PROGRAM ARGUMENTS` in a folder; what it writes goes to the end of the log."""
    command = [str(program), *arguments]
    process = CONTEXT.Process(target=_run, args=(command, str(log), dict(environment), str(folder)))
    process.start()
    return process


def wait_for(url: str, process: ForkServerProcess, log: Path) -> None:
    """Until the process answers there; an AssertionError has what it wrote if it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.is_alive():
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"The server did not start:\n{log.read_text()}")


def stop(process: ForkServerProcess, how: signal.Signals = signal.SIGTERM) -> None:
    """End a process, if it has not ended."""
    if process.is_alive():
        os.kill(process.pid or 0, how)
        process.join(timeout=30)
        assert not process.is_alive(), f"{how.name} has not ended the process within 30 s."


def free_port() -> int:
    """A port that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(program: Path, folder: Path) -> Iterator[str]:
    """The URL at which `python PROGRAM PORT` answers, with Gradio's files in this folder."""
    port, log = free_port(), folder / "log"
    environment = os.environ | {"GRADIO_TEMP_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    process, url = start(program, log, environment, str(port)), f"http://127.0.0.1:{port}"
    try:
        wait_for(url, process, log)
        yield url
    finally:
        stop(process)


def _run(command: list[str], log: str, environment: dict[str, str], folder: str) -> None:
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(written, stream)
    os.close(written)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = command
    sys.path[:0] = [str(Path(command[0]).parent), *environment.get("PYTHONPATH", "").split(":")]
    try:
        runpy.run_path(command[0], run_name="__main__")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        atexit._run_exitfuncs()
