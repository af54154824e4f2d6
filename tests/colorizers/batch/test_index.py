"""Names and results of an OUT: by content, in one piece, for several runs at once."""

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from colorizers.batch.album import plan
from colorizers.batch.index import JOURNAL, Content, Index, content_of, record


def write(file: Path, data: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def test_a_result_counts_for_its_content_only(tmp_path: Path) -> None:
    source = write(tmp_path / "a.png", b"first")
    (target,) = Index(tmp_path).place([(source, Path("out.png"))])
    assert not Index(tmp_path).is_done(source, target)
    write(target, b"result")
    before = content_of(source)
    assert before == Content(5, "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e")
    record(tmp_path / JOURNAL, target, before)
    for date in (0, time.time() + 10**7):
        os.utime(source, (date, date))
        assert Index(tmp_path).is_done(source, target)
    write(source, b"other")  # of the same size
    assert not Index(tmp_path).is_done(source, target)
    record(tmp_path / JOURNAL, target, content_of(source))
    assert Index(tmp_path).is_done(source, target)
    target.unlink()
    assert not Index(tmp_path).is_done(source, target)


def test_results_of_before_contents_were_written_down_count_by_their_dates_once(
    tmp_path: Path,
) -> None:
    source, target = write(tmp_path / "a.png", b"photo"), write(tmp_path / "out.png", b"result")
    os.utime(source, (1000, 1000))
    assert Index(tmp_path).is_done(source, target)
    os.utime(source, (time.time() + 1000,) * 2)
    assert Index(tmp_path).is_done(source, target)  # its content is known by now
    ahead = write(tmp_path / "b.png", b"another")
    other = write(tmp_path / "other.png", b"result")
    os.utime(ahead, (time.time() + 1000,) * 2)
    assert not Index(tmp_path).is_done(ahead, other)


def test_pipes_and_folders_have_no_content(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "gone"):
        assert content_of(tmp_path / name) is None


def test_names_are_found_where_the_index_can_only_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "a.png", b"1")
    (target,) = Index(tmp_path).place([(source, Path("out.png"))])
    index = Index(tmp_path)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("opened"))
    assert index.place([(source, Path("out.png"))]) == [target]


def test_two_runs_at_once_never_give_one_name_twice(tmp_path: Path) -> None:
    """Forty folders each with an a.png, in two albums, planned by turns into one OUT.

    The lock is of the open file, so two threads stand for two processes.
    """
    for album in ("one", "two"):
        for number in range(40):
            write(tmp_path / album / str(number) / "a.png", f"{album} {number}".encode())
    out = tmp_path / "out"
    out.mkdir()
    start = threading.Barrier(2)

    def run(album: str) -> None:
        start.wait()
        for number in range(40):
            plan([tmp_path / album / str(number)], out, "photo")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, ("one", "two")))
    assert len(Index(out).results) == 80
    assert len((out / JOURNAL).read_bytes().splitlines()) == 80


def test_lines_of_many_writers_stay_whole(tmp_path: Path) -> None:
    def write_many(writer: int) -> None:
        for number in range(100):
            record(tmp_path / JOURNAL, tmp_path / f"{writer}-{number}", Content(1, "0" * 64))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_many, range(4)))
    lines = (tmp_path / JOURNAL).read_bytes().splitlines()
    assert len({json.loads(line)["to"] for line in lines}) == 400
