"""The report as a command: what it refuses, what it loads, where it writes, what is documented."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from study_frames import PICKS, answers, crossed, real_spec, summary_of

from study.coverage import parser as coverage_parser
from study.database.engine import DEFAULT_URL
from study.database.store import Store
from study.errors import NothingToReportError
from study.export import parser as export_parser
from study.power import parser as power_parser
from study.report.__main__ import main, parser
from study.report.render import CSV_COLUMNS, ascii_only
from study.simulate import Simulation, simulate
from study.simulate import parser as simulate_parser

ROOT = Path(__file__).resolve().parents[3]


def fails(capsys, *argv):
    """Run the command, expect exit code 1 and one line on stderr, and return that line."""
    assert main(argv) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


def test_a_missing_database_is_a_sentence_and_is_not_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert DEFAULT_URL == "sqlite:///results.db"
    assert "results.db" in fails(capsys)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///other.db")
    assert "other.db" in fails(capsys)
    assert "third.db" in fails(capsys, "--db", "sqlite:///third.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, b"SQLite format 3\0junk"])
def test_a_file_that_is_no_database_is_a_sentence(tmp_path, capsys, content):
    path = tmp_path / "broken.db"
    path.write_bytes(content)
    assert "broken.db" in fails(capsys, "--db", f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_a_sentence(tmp_path, capsys):
    path = tmp_path / "notes.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE note (text TEXT)")
    connection.close()
    assert "holds no study" in fails(capsys, "--db", f"sqlite:///{path}")


def test_a_database_that_lost_a_table_is_a_sentence(simulated_url, tmp_path, capsys):
    path = tmp_path / "lost.db"
    with sqlite3.connect(simulated_url.removeprefix("sqlite:///")) as source:
        with sqlite3.connect(path) as target:
            source.backup(target)
            target.execute("DROP TABLE rating")
        target.close()
    source.close()
    assert "rating" in fails(capsys, "--db", f"sqlite:///{path}")


def test_a_database_that_was_made_before_withdrawals_is_reported(simulated_url, tmp_path, capsys):
    path = tmp_path / "old.db"
    with sqlite3.connect(simulated_url.removeprefix("sqlite:///")) as source:
        with sqlite3.connect(path) as target:
            source.backup(target)
            target.execute("DROP TABLE withdrawal")
            target.execute("ALTER TABLE study DROP COLUMN file")
        target.close()
    source.close()
    assert main(["--db", f"sqlite:///{path}"]) == 0
    assert "FOOL RATES" in capsys.readouterr().out


@pytest.mark.parametrize(
    "url",
    [
        "results.db",
        "nonsense://x/y",
        "sqlite://",
        "postgresql://nobody:secret@127.0.0.1:1/study",
        "sqlite:////",
    ],
)
def test_a_url_that_leads_nowhere_is_a_sentence(url, capsys):
    assert "secret" not in fails(capsys, "--db", url)


def test_a_study_without_answers_is_a_sentence(tmp_path, capsys):
    url = f"sqlite:///{tmp_path / 'results.db'}"
    store = Store(url)
    study = store.register(real_spec())
    assert "No participant" in fails(capsys, "--db", url)
    store.join(study, real_spec(), token="a" * 32)
    store.close()
    assert "no scored answers to report yet: 1 participant," in fails(capsys, "--db", url)


def test_only_excluded_participants_are_a_sentence():
    frame = answers(crossed(PICKS, excluded="too fast"))
    with pytest.raises(NothingToReportError, match="2 participants, 2 of them excluded"):
        summary_of(frame)


def test_versions_of_a_study_are_not_pooled(real_url, capsys):
    store = Store(real_url)
    second = real_spec(name="second", seed=2)
    store.join(store.register(second), second, token="c" * 32)
    store.close()
    said = fails(capsys, "--db", real_url)
    assert "--study 1 (default, 2 participants), --study 2 (second, 1 participant)" in said
    assert "no scored answers" in fails(capsys, "--db", real_url, "--study", "2")
    assert "Study 7 has no participants" in fails(capsys, "--db", real_url, "--study", "7")
    assert main(["--db", real_url, "--study", "1"]) == 0


def test_reading_changes_nothing(simulated_url, capsys):
    path = Path(simulated_url.removeprefix("sqlite:///"))
    before = path.read_bytes(), sorted(path.parent.iterdir())
    assert main(["--db", simulated_url]) == 0
    assert (path.read_bytes(), sorted(path.parent.iterdir())) == before
    assert capsys.readouterr().err == ""


def run(*argv, **settings):
    return subprocess.run(
        [sys.executable, *argv], cwd=ROOT, capture_output=True, check=False, timeout=60, **settings
    )


@pytest.mark.parametrize("form", [pytest.param("text", marks=pytest.mark.slow), "html"])
def test_the_report_loads_nothing_heavy(simulated_url, form):
    # Before the models are fitted, not even statsmodels: that is how it starts in a second.
    late = "{'statsmodels', 'scipy.stats', 'jinja2', 'PIL'}"
    heavy = "{'torch', 'gradio', 'matplotlib', 'alembic.command', 'colorizers'}"
    code = (
        "import sys; from study.report.__main__ import main; "
        f"found = ({heavy} | {late}) & set(sys.modules); assert not found, found; "
        f"assert main(['--db', {simulated_url!r}, '--format', {form!r}]) == 0; "
        f"found = {heavy} & set(sys.modules); assert not found, found"
    )
    done = run("-c", code)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.slow
def test_a_terminal_without_unicode_gets_ascii(simulated_url, printed):
    done = run(
        *("-m", "study.report", "--db", simulated_url),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode("ascii") == ascii_only(printed["text"])


@pytest.mark.parametrize(
    "form", ["csv", *(pytest.param(form, marks=pytest.mark.slow) for form in ("json", "markdown"))]
)
def test_other_formats_stay_utf8_where_the_terminal_is_not(tmp_path, form):
    url = f"sqlite:///{tmp_path / 'accents.db'}"
    pictures = {f"é{i}": "Übung" for i in range(30)}
    simulate(url, Simulation(participants=2, trials=5, pictures=pictures))
    done = run(
        *("-m", "study.report", "--db", url, "--format", form),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr.decode()
    assert "Übung" in done.stdout.decode("utf-8")


@pytest.mark.slow
def test_a_closed_pipe_is_no_error(simulated_url):
    command = f'"{sys.executable}" -m study.report --db {simulated_url} | true'
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    assert done.stderr == b""


def test_every_option_and_csv_column_is_documented():
    documented = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    commands = (parser(), simulate_parser(), coverage_parser(), power_parser(), export_parser())
    for command in commands:
        for action in command._actions:
            assert action.help
            for option in action.option_strings:
                assert f"`{option}" in documented or option in ("-h", "--help")
    for column in CSV_COLUMNS:
        assert f"`{column}`" in documented


def test_the_documented_report_is_what_the_command_prints(printed):
    text = printed["text"]
    section = text[text.index("FOOL RATES") : text.index("\nTHE RATES TOGETHER")]
    assert section in (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
