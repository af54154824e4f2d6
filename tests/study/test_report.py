"""The report from the database to the terminal: numbers, formats, refusals, what it imports."""

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from study_frames import TRUTH, answers, crossed, participants

from study.coverage import parser as coverage_parser
from study.database import DEFAULT_URL
from study.design import Design, StudySpec
from study.render import CSV_COLUMNS, FORMATS, WIDTH, ascii_only
from study.report import main, parser, report
from study.sections import percent, percent_range
from study.simulate import Simulation, simulate, synthetic_pictures
from study.simulate import parser as simulate_parser
from study.store import Store
from study.summary import NothingToReportError, summarise

ROOT = Path(__file__).resolve().parents[2]
PICKS = [["gan", TRUTH, TRUTH, "gan"], [TRUTH, "gan", "classification", TRUTH]]


@pytest.fixture(scope="module")
def simulated_url(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('report') / 'simulated.db'}"
    simulate(url, Simulation())
    return url


@pytest.fixture
def real_url(tmp_path):
    """Two real people: one has done 2 of 3 scored trials, one has only consented."""
    url = f"sqlite:///{tmp_path / 'results.db'}"
    store = Store(url)
    spec = real_spec()
    study = store.register(spec)
    person = store.join(study, spec, token="a" * 32)
    store.join(study, spec, token="b" * 32)
    for trial in person.trials[:3]:
        store.pick(person.id, trial.token, 1, 1500)
        store.rate(person.id, trial.token, [{"realism": 4, "quality": 3}] * 3)
    store.close()
    return url


def real_spec(name="default", seed=1):
    return StudySpec(
        name=name,
        design=Design(scored=3, practice=1, seed=seed),
        pictures=synthetic_pictures(6),
        practice={"warm-up": None},
        stimuli_sha256="0" * 64,
        consent_version="1",
    )


def summary_of(frame, **settings):
    return summarise(frame, participants(frame), database="sqlite:///x.db", **settings)


def cells(table):
    """All cells of all tables of a text or Markdown report, as sets of words."""
    return {cell.strip() for line in table.splitlines() for cell in re.split(r" {2,}|\|", line)}


def test_every_format_has_the_same_rates(simulated_url):
    found = {form: report(simulated_url, form) for form in FORMATS}
    full = json.loads(found["json"])
    rows = list(csv.DictReader(io.StringIO(found["csv"])))
    for rate in full["fool_rates"]:
        mine = [r for r in rows if (r["section"], r["name"]) == ("fool_rates", rate["name"])]
        headline, naive = (r for r in mine if r["measure"] == "rate")
        assert float(headline["value"]) == float(naive["value"]) == rate["rate"]
        assert (int(headline["numerator"]), int(headline["denominator"])) == (
            rate["picked"],
            rate["trials"],
        )
        for row, interval in ((headline, rate["headline"]), (naive, rate["wilson"])):
            assert (float(row["low"]), float(row["high"])) == (interval["low"], interval["high"])
            assert row["interval"] == interval["method"]
        printed = {
            f"{rate['picked']}/{rate['trials']}",
            f"{100 * rate['rate']:.1f} %",
            f"{100 * rate['headline']['low']:.1f} to {100 * rate['headline']['high']:.1f} %",
            f"{100 * rate['wilson']['low']:.1f} to {100 * rate['wilson']['high']:.1f} %",
        }
        assert printed <= cells(found["text"])
        assert printed <= cells(found["markdown"])


def test_text_and_markdown_have_the_same_tables(simulated_url):
    text, markdown = report(simulated_url, "text"), report(simulated_url, "markdown")
    wanted = {line for line in markdown.splitlines() if line.startswith("| ")}
    assert len(wanted) > 30
    squeezed = {re.sub(r"\s+", "", line) for line in text.splitlines()}
    for line in wanted:
        assert re.sub(r"[\s|]+", "", line) in squeezed


def test_every_section_prints_its_own_numbers(simulated_url):
    full = json.loads(report(simulated_url, "json"))
    tables = {}
    for part in report(simulated_url, "markdown").split("\n## ")[1:]:
        lines = [line for line in part.splitlines() if line.startswith("| ")][1:]
        rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
        tables[part.splitlines()[0]] = {row[0].split(" (")[0]: row[1:] for row in rows}

    def share(value):
        return f"{100 * value:.1f} %"

    def between(interval, digits=1, unit=" %"):
        return f"{100 * interval['low']:.{digits}f} to {100 * interval['high']:.{digits}f}{unit}"

    for joint, rate in zip(full["joint"], full["fool_rates"], strict=True):
        assert tables["The rates together"][joint["name"]] == [
            share(rate["rate"]),
            between(joint["robust"]),
            between(joint["goodman"]),
            f"{rate['design_effect']:.2f}",
        ]
    for gap, pair in zip(full["distances"], full["pairwise"], strict=True):
        assert tables["Against the truth"][gap["name"]] == [
            f"{pair['picked']}/{pair['trials']}",
            share(pair["rate"]),
            between(pair["headline"]),
            share(gap["point"]),
            f"{100 * gap['distance']:+.1f}",
            f"{100 * gap['interval']['low']:+.1f} to {100 * gap['interval']['high']:+.1f}",
        ]
    for scale, ratings in full["ratings"].items():
        for rating in ratings:
            low, high = rating["interval"]["low"], rating["interval"]["high"]
            assert tables["Ratings"][f"{scale}, {rating['name']}"] == [
                str(rating["ratings"]),
                f"{rating['mean']:.2f}",
                f"{low:.2f} to {high:.2f}",
                *(f"{100 * count / rating['ratings']:.0f}" for count in rating["counts"]),
            ]
    for of_class in full["classes"]:
        assert tables["Classes"][of_class["label"]] == [
            str(of_class["pictures"]),
            str(of_class["trials"]),
            *(
                f"{100 * rate['rate']:.0f} ({between(rate['headline'], 0, '')})"
                for rate in of_class["rates"]
            ),
        ]
    slots = full["slots"]
    for slot, shown in zip(slots["slots"], slots["truth_shown"], strict=True):
        assert tables["Places on the screen"][slot["name"]] == [
            str(shown),
            f"{slot['picked']}/{slot['trials']}",
            share(slot["rate"]),
            between(slot["headline"]),
        ]


def test_every_interval_and_count_of_json_is_in_csv(simulated_url):
    full = json.loads(report(simulated_url, "json"))
    values = {
        float(row[key])
        for row in csv.DictReader(io.StringIO(report(simulated_url, "csv")))
        for key in ("value", "low", "high", "numerator", "denominator")
        if row[key]
    }

    def intervals(node):
        if isinstance(node, dict):
            if {"low", "high", "method"} <= node.keys():
                yield node
            for child in node.values():
                yield from intervals(child)
        elif isinstance(node, list):
            for child in node:
                yield from intervals(child)

    every = list(intervals(full))
    assert len(every) > 60
    for interval in every:
        for end in ("low", "high"):
            assert interval[end] is None or interval[end] in values
    for count in ("consented", "completed", "unfinished", "excluded", "analysed"):
        assert full["flow"][count] in values


def test_simulated_is_said_in_every_format(simulated_url):
    for form in FORMATS:
        found = report(simulated_url, form)
        assert "SIMULATED" in found.splitlines()[0] or form in ("json", "csv")
        assert "SIMULATED PARTICIPANTS" in found
    assert json.loads(report(simulated_url, "json"))["simulated"] is True
    rows = csv.DictReader(io.StringIO(report(simulated_url, "csv")))
    assert {row["simulated"] for row in rows} == {"True"}


def test_real_answers_are_not_called_simulated(real_url):
    for form in FORMATS:
        assert "SIMULATED" not in report(real_url, form)


def test_unfinished_participants_are_reported_and_counted(real_url):
    full = json.loads(report(real_url, "json"))
    assert full["flow"] == {
        "consented": 2,
        "completed": 0,
        "unfinished": 2,
        "excluded": 0,
        "reasons": {},
        "analysed": 1,
    }
    assert full["answers"]["by_kind"] == {"practice": 1, "scored": 2}
    assert full["answers"]["analysed"] == 2
    assert sum(rate["picked"] for rate in full["fool_rates"]) == 2
    assert {rate["trials"] for rate in full["fool_rates"]} == {2}
    assert full["fool_rates"][0]["headline"]["low"] is None
    assert full["times"]["median_s"] == 1.5
    assert full["ratings"]["realism"][0]["counts"] == [0, 0, 0, 2, 0]


def test_one_participant_gives_a_statement_and_no_interval():
    text = FORMATS["text"](summary_of(answers(crossed(PICKS[:1]))))
    assert (
        "no interval, because it speaks about other participants and there is only 1"
        in " ".join(text.split())
    )


def test_exclusions_are_reported_with_and_without():
    trials = [
        *crossed(PICKS),
        {"participant": "bot", "picture": "i0", "pick": "gan", "excluded": "failed two catches"},
    ]
    summary = summary_of(answers(trials))
    assert (summary.flow.excluded, summary.flow.reasons) == (1, {"failed two catches": 1})
    assert [(p.name, p.trials) for p in summary.populations] == [
        ("answered", 8),
        ("completed", 8),
        ("everyone", 9),
    ]
    for form in ("text", "markdown", "json", "csv"):
        assert "failed two catches" in FORMATS[form](summary)


def test_one_way_to_count_is_said_in_one_sentence():
    text = " ".join(FORMATS["text"](summary_of(answers(crossed(PICKS)))).split())
    assert "nobody is excluded: there is one way to count" in text


def test_the_papers_rates_stand_beside_marked_as_the_papers(simulated_url):
    for form in ("text", "markdown"):
        found = report(simulated_url, form)
        assert {"40.69 %", "4.80 %"} <= cells(found)
        assert "arXiv 2508.05068" in " ".join(found.split())


def test_text_fits_a_terminal(simulated_url):
    text = report(simulated_url, "text")
    assert max(len(line) for line in text.splitlines()) <= WIDTH == 80
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_plot_marks_rates_where_the_axis_says(simulated_url):
    text = report(simulated_url, "text")
    gan = next(
        r for r in json.loads(report(simulated_url, "json"))["fool_rates"] if r["name"] == "gan"
    )
    lines = text.splitlines()
    drawn = next(line for line in lines if line.strip().startswith("gan │"))
    axis = next(line for line in lines if re.fullmatch(r"\s+0\s+10.* %", line))
    start, ten = axis.index("0"), axis.index("10")
    share = (drawn.index("●") - start) / (10 * (ten - start))
    assert share == pytest.approx(gan["rate"], abs=0.02)
    assert (drawn.index("├") - start) / (10 * (ten - start)) == pytest.approx(
        gan["headline"]["low"], abs=0.02
    )


def test_many_methods_split_the_class_table():
    methods = ("a", "b", "c", "d", TRUTH)
    frame = answers(crossed([list("abcd"), list("dcba")], label="cat"), methods=methods)
    text = FORMATS["text"](summary_of(frame))
    assert text.count("CLASSES\n") == 2
    assert max(len(line) for line in text.splitlines()) <= WIDTH


def test_percent_prints_what_does_not_exist_as_a_dash():
    assert percent(float("nan")) == "–"
    assert percent(0.4069, 2) == "40.69 %"
    one_person = summary_of(answers(crossed(PICKS[:1])))
    assert percent_range(one_person.fool_rates[0].headline) == "–"


def test_real_and_simulated_are_never_mixed():
    real, drawn = answers(crossed(PICKS)), answers(crossed(PICKS, simulated=True))
    drawn = drawn.assign(participant="s-" + drawn["participant"], trial=drawn["trial"] + 100)
    both = pd.concat([real, drawn], ignore_index=True)
    with pytest.raises(NothingToReportError, match=r"2 real and 2 simulated.*--only real"):
        summary_of(both)
    assert summary_of(both, only="real").simulated is False
    assert summary_of(both, only="simulated").title.endswith("(SIMULATED PARTICIPANTS)")
    assert summary_of(both, only="real").answers.analysed == 8
    with pytest.raises(NothingToReportError, match="No participant"):
        summary_of(real, only="simulated")


# What there is nothing to report of.


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
    assert "no scored answers to report yet: 1 participants" in fails(capsys, "--db", url)


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
    assert "--study 1 (default, 2 participants), --study 2 (second, 1 participants)" in said
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


def test_the_report_loads_nothing_heavy(simulated_url):
    heavy = "{'torch', 'gradio', 'statsmodels', 'scipy.stats', 'matplotlib', 'alembic.command'}"
    code = (
        "import sys; from study.report import main; "
        f"assert main(['--db', {simulated_url!r}]) == 0; "
        f"sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    )
    done = run("-c", code)
    assert done.returncode == 0, done.stderr.decode()


def test_a_terminal_without_unicode_gets_ascii(simulated_url):
    done = run(
        *("-m", "study.report", "--db", simulated_url),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode("ascii") == ascii_only(report(simulated_url, "text"))


def test_other_formats_stay_utf8_where_the_terminal_is_not(tmp_path):
    url = f"sqlite:///{tmp_path / 'accents.db'}"
    pictures = {f"é{i}": "Übung" for i in range(30)}
    simulate(url, Simulation(participants=2, trials=5, pictures=pictures))
    for form in ("json", "csv", "markdown"):
        done = run(
            *("-m", "study.report", "--db", url, "--format", form),
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )
        assert done.returncode == 0, done.stderr.decode()
        assert "Übung" in done.stdout.decode("utf-8")


def test_a_closed_pipe_is_no_error(simulated_url):
    command = f'"{sys.executable}" -m study.report --db {simulated_url} | true'
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    assert done.stderr == b""


def test_every_option_and_csv_column_is_documented():
    documented = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    for command in (parser(), simulate_parser(), coverage_parser()):
        for action in command._actions:
            assert action.help
            for option in action.option_strings:
                assert f"`{option}" in documented or option in ("-h", "--help")
    for column in CSV_COLUMNS:
        assert f"`{column}`" in documented


def test_the_documented_report_is_what_the_command_prints(simulated_url):
    text = report(simulated_url, "text")
    section = text[text.index("FOOL RATES") : text.index("\nTHE RATES TOGETHER")]
    assert section in (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
