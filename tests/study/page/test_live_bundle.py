"""What the administrator takes home is the export: whole, and the same each time."""

import io
import zipfile

import pytest

from study import simulate
from study.errors import NothingToReportError
from study.page import live
from study.report import __main__ as report


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path / 'simulated.db'}"
    command = ["--participants", "4", "--trials", "6", "--fool", "gan=0.4", "--seed", "1"]
    assert simulate.main([*command, "--fool", "classification=0.1", "--db", url]) == 0
    return url


def test_the_download_reads_back_to_the_report_of_the_database(url, tmp_path, capsys):
    data = live.bundle(url, 1)
    assert live.bundle(url, 1) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path / "home")
    capsys.readouterr()
    assert report.main(["--db", url, "--format", "json"]) == 0
    from_database = capsys.readouterr().out
    assert report.main(["--from", str(tmp_path / "home"), "--format", "json"]) == 0
    assert capsys.readouterr().out == from_database


def test_a_version_that_is_not_there_is_one_sentence(url):
    with pytest.raises(NothingToReportError, match="Study 7"):
        live.bundle(url, 7)
