"""A Space that forgets is told from one that keeps its files."""

import pytest

from study.database.storage import why_not_kept

SPACE = {"SPACE_ID": "somebody/truehue"}


@pytest.fixture
def machine(tmp_path):
    """Makes what the kernel would tell: a start of the container, and what is mounted at data/."""

    def make(start=100, kind="ext4"):
        proc = tmp_path / f"proc{start}{kind}"
        (proc / "1").mkdir(parents=True)
        (proc / "1/stat").write_text(f"1 (a (b) c) S {' '.join('0' * 18)} {start} 0 0")
        (proc / "sys/kernel/random").mkdir(parents=True)
        (proc / "sys/kernel/random/boot_id").write_text("0d6b\n")
        lines = ["overlay / overlay rw 0 0" if start % 2 else "/dev/sda / ext4 rw 0 0"]
        lines += [f"/dev/sdb {tmp_path}/data {kind} rw 0 0"] if kind else []
        (proc / "mounts").write_text("\n".join(lines))
        return proc

    return make


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/data/results.db"


def test_elsewhere_nothing_is_asked(machine, url, tmp_path):
    assert why_not_kept(url, {}, machine(kind="")) is None
    assert why_not_kept("postgresql://a@b/c", SPACE, machine(kind="overlay")) is None
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("kind", ["", "tmpfs", "overlay"])
def test_a_file_of_the_container_is_lost(machine, url, kind):
    for start in (1, 2):
        told = why_not_kept(url, SPACE, machine(start, kind))
        assert "is lost whenever this Space sleeps" in told
        assert "sqlite:////data/results.db" in told


def test_a_storage_must_show_that_it_keeps(machine, url):
    first = machine(1)
    for _ in range(2):  # the server may start twice without the container
        assert "restart the Space once" in why_not_kept(url, SPACE, first)
    assert why_not_kept(url, SPACE, machine(2)) is None
    assert why_not_kept(url, SPACE, machine(3)) is None


def test_a_marker_that_is_gone_shuts_the_study_again(machine, url, tmp_path):
    why_not_kept(url, SPACE, machine(1))
    assert why_not_kept(url, SPACE, machine(2)) is None
    (tmp_path / "data/results.db.started").unlink()
    assert "answers were lost" in why_not_kept(url, SPACE, machine(3))
