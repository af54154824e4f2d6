"""What lies among the uploads, for how long, and what is left of it when a server was killed."""

import asyncio
import os
import time
from pathlib import Path

import gradio.routes
import pytest
from event_loop import run

from colorizers.page import uploads
from colorizers.page.uploads import Uploads, Visitor

ANNA = Visitor("a" * 32, "192.0.2.1")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uploads:
    folder = tmp_path / "truehue-mine"
    folder.mkdir()
    return Uploads(folder, keep_seconds=100)


def written(folder: Path, name: str = "a.png") -> Path:
    """A file in a folder of its own, as Gradio and the app both make them."""
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b"x")
    return folder / name


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds)


def test_a_file_goes_with_its_folder_when_its_time_is_over(
    files: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(files.folder / "one")
    (files.folder / "empty").mkdir()
    files.give(file, ANNA)
    later(monkeypatch, 90)
    files.sweep()
    assert files.may_name(str(file), ANNA)
    later(monkeypatch, 20)
    files.sweep()
    assert list(files.folder.iterdir()) == []
    assert files._owners == {}


def test_the_examples_stay(files: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(files.folder / "example")
    files.publish()
    later(monkeypatch, 10_000)
    files.sweep()
    assert files.may_name(str(file), ANNA)


def test_what_a_job_needs_stays_until_it_has_ended(
    files: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, other = written(files.folder / "one"), written(files.folder / "other")
    made = files.folder / "made"
    made.mkdir()
    program = Visitor("", "192.0.2.1")
    for file in (named, other, made):
        files.give(file, program)
    job = {uploads.SCOPE: (files, program), uploads.NEEDED: {str(named), str(made)}}
    files.jobs = lambda: [job]
    later(monkeypatch, 110)
    files.sweep()
    assert set(files.folder.iterdir()) == {named.parent, made}
    files.jobs = tuple
    files.sweep()
    assert list(files.folder.iterdir()) == []


def test_what_a_browser_works_on_stays_while_it_waits(
    files: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    hers, his = written(files.folder / "hers"), written(files.folder / "his")
    files.give(hers, ANNA)
    files.give(his, Visitor("b" * 32, ANNA.address))
    files.jobs = lambda: [{uploads.SCOPE: (files, ANNA), uploads.NEEDED: set()}]
    later(monkeypatch, 110)
    files.sweep()
    assert hers.exists()
    assert not his.exists()


def test_the_end_of_a_job_makes_its_files_new(
    files: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(files.folder / "one")
    link = file.with_name("link")
    link.symlink_to(tmp := written(files.folder.parent / "elsewhere"))
    times = [os.lstat(path).st_ctime for path in (file, link, tmp)]
    time.sleep(0.02)
    uploads.touch({uploads.NEEDED: {str(file), str(link), str(file.with_name("gone"))}})
    after = [os.lstat(path).st_ctime for path in (file, link, tmp)]
    assert [now > then for now, then in zip(after, times, strict=True)] == [True, True, False]


def test_what_a_killed_server_left_goes_and_a_living_ones_stays(
    files: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    above = files.folder.parent
    left, living = written(above / "truehue-killed" / "one"), written(above / "truehue-lives" / "1")
    other, elsewhere = written(above / "others" / "one"), above / "truehue-link"
    elsewhere.symlink_to(above / "others")
    with uploads._locked(above / "truehue-lives"):
        later(monkeypatch, 90)
        files.sweep()
        assert left.exists()
        later(monkeypatch, 20)
        files.sweep()
        assert not left.exists()
        assert not (above / "truehue-killed").exists()
        assert living.exists()
    assert other.exists()


def test_a_fresh_folder_is_left_alone(files: Uploads) -> None:
    fresh = files.folder.parent / "truehue-fresh"
    fresh.mkdir()
    files.sweep()
    assert fresh.exists()


def test_a_server_sweeps_from_its_start_and_leaves_nothing(files: Uploads) -> None:
    files.keep_seconds = 1
    file = written(files.folder / "one")

    async def serve() -> None:
        async with files.swept(None):
            for _ in range(300):
                if not file.parent.exists():
                    return
                await asyncio.sleep(0.1)

    run(serve())
    assert not file.exists()
    assert not files.folder.exists()


def test_a_servers_folder_is_its_own_and_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setitem(vars(gradio.routes), "DEFAULT_TEMP_DIR", "")
    claimed = uploads.claim(7)
    assert claimed.keep_seconds == 7
    assert os.stat(claimed.folder).st_mode & 0o777 == 0o700
    with pytest.raises(BlockingIOError), uploads._locked(claimed.folder):
        pass
