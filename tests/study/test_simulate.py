"""Simulated studies: the rates come back through database and report, real answers are safe."""

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import binom
from sqlalchemy import create_engine, inspect, text

from study import simulate as module
from study.database.exported import from_export
from study.database.source import from_database
from study.database.store import Answer, Store, answers, participants
from study.errors import DatabaseError, SimulationError
from study.export import export
from study.protocol.design import Design, StudySpec
from study.report.__main__ import report, report_of
from study.simulate import Simulation, main, simulate, synthetic_pictures
from study.statistics import stats
from study.statistics.model import AnswerModel

ROOT = Path(__file__).resolve().parents[2]
RATES = ["--fool", "gan=0.4069", "--fool", "classification=0.048"]
COMMAND = ["--participants", "16", "--trials", "30", *RATES, "--seed", "1"]


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'simulated.db'}"


@pytest.fixture(autouse=True)
def no_default_set(monkeypatch, tmp_path):
    """The default stimulus set is not a part of these tests."""
    monkeypatch.setattr(module, "DEFAULT_SET", tmp_path / "no set")


def rates_of(url):
    return {rate["name"]: rate for rate in json.loads(report(url, "json"))["fool_rates"]}


def holds(rate, truth):
    return rate["headline"]["low"] <= truth <= rate["headline"]["high"]


def real_study(url, *, people):
    spec = StudySpec("default", Design(scored=2, practice=0), {"a": None, "b": None}, {}, "0", "1")
    store = Store(url)
    study = store.register(spec)
    for number in range(people):
        store.join(study, spec, token=f"{number:032d}")
    store.close()


def test_sixteen_participants_give_intervals_that_hold_their_rates(url, capsys, monkeypatch):
    monkeypatch.setattr(module, "_QUIET_SECONDS", 600)  # no progress on a busy machine either
    assert main([*COMMAND, "--db", url]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("16 simulated participants with 30 trials each are in")
    assert said.err == ""
    rates = rates_of(url)
    assert rates["gan"]["trials"] == 480
    assert holds(rates["gan"], 0.4069)
    assert holds(rates["classification"], 0.048)
    assert holds(rates["truth"], 1 - 0.4069 - 0.048)


@pytest.mark.slow
def test_intervals_hold_the_rates_about_as_often_as_they_promise(tmp_path):
    studies, held = 30, {"gan": 0, "classification": 0}
    for seed in range(studies):
        url = f"sqlite:///{tmp_path / f'{seed}.db'}"
        simulate(url, Simulation(seed=seed))
        # The figures of the report without its other sections, which take two seconds a study.
        for found in stats.fool_rates(stats.analysed(answers(url))):
            if found.name in held:
                truth = {"gan": 0.4069, "classification": 0.048}[found.name]
                held[found.name] += found.headline.low <= truth <= found.headline.high
    for count in held.values():
        # Nominal 95 %; a coverage of 93 % falls below this once in ten thousand.
        assert count >= binom.ppf(1e-4, studies, 0.93)


def test_every_row_is_marked_simulated(url):
    simulate(url, Simulation(participants=3, trials=4))
    engine = create_engine(url)
    with engine.connect() as connection:
        for table in ("participant", "trial", "slot", "pick", "rating"):
            query = text(f"SELECT COUNT(*), SUM(simulated) FROM {table}")
            rows, marked = connection.execute(query).one()
            assert rows == marked > 0
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    # A table that is added later has to be thought of here. These belong to no participant, or
    # are written by people only.
    others = {"study", "access_code", "withdrawal", "exclusion", "alembic_version"}
    others |= {"registration", "look", "pause", "admin_session", "login_attempt"}
    others |= {"exposure", "trace", "screen_check"}
    assert tables <= {"participant", "trial", "slot", "pick", "rating"} | others
    assert answers(url)["simulated"].all()


def test_the_report_says_so_and_names_the_model(url):
    simulate(url, Simulation(participants=3, trials=4, seed=5))
    found = " ".join(report(url, "text").split())
    assert found.startswith("TrueHue study report (SIMULATED PARTICIPANTS)")
    assert "simulated: gan=0.4069 classification=0.048, SD 0.5/1, seed 5" in found


def test_answers_are_complete(url):
    simulate(url, Simulation(participants=4, trials=6))
    rows, people = answers(url), participants(url)
    assert len(rows) == 4 * 6 * 3
    assert set(people["status"]) == {"completed"}
    assert rows["realism"].between(1, 5).all()
    assert rows["quality"].between(1, 5).all()
    assert rows["response_ms"].between(100, 100_000).all()
    assert rows.groupby("trial")["picked"].sum().eq(1).all()
    assert rows.groupby("participant")["picture"].nunique().eq(6).all()
    # One whole set of the six orders: each method twice in each slot, for everybody.
    assert rows.groupby(["participant", "method", "slot"]).size().eq(2).all()


def test_better_methods_are_rated_higher(url):
    simulate(url, Simulation(participants=6, trials=20))
    means = answers(url).groupby("method")["realism"].mean()
    assert means["classification"] < means["gan"] < means["truth"]


def test_the_same_seed_gives_the_same_answers(tmp_path):
    found = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        url = f"sqlite:///{tmp_path / name}.db"
        simulate(url, Simulation(participants=3, trials=5, seed=seed))
        rows = answers(url)
        columns = ["position", "picture", "slot", "method", "picked", "realism", "quality"]
        found.append(rows[[*columns, "response_ms"]])
    pd.testing.assert_frame_equal(found[0], found[1])
    assert not found[0].equals(found[2])


def test_any_methods_on_invented_pictures(url, capsys):
    argv = "--participants 4 --trials 6 --pictures 8 --fool a=0.2 --fool b=0.3 --fool c=0.1"
    assert main([*argv.split(), "--db", url]) == 0
    capsys.readouterr()
    assert set(answers(url)["method"]) == {"a", "b", "c", "truth"}
    assert answers(url)["picture"].nunique() <= 8


# Where it writes.


@pytest.mark.parametrize("people", [0, 2])
def test_a_real_study_is_refused_and_not_touched(url, tmp_path, capsys, people):
    real_study(url, people=people)
    path = tmp_path / "simulated.db"
    before = path.read_bytes()
    assert main([*COMMAND, "--db", url]) == 2
    assert "belongs to the real study 'default'" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert len(participants(url)) == people


def test_real_participants_are_refused_whatever_the_study_is_called(url):
    simulation = Simulation(participants=1, trials=2)
    store = Store(url)
    spec = simulation.spec()
    store.join(store.register(spec), spec, token="a" * 32)
    with pytest.raises(DatabaseError, match="real"):
        store.add_simulated(1, spec, number=0, seed=0, answer=lambda trial: Answer(1, {}, None))
    store.close()
    with pytest.raises(SimulationError):
        simulate(url, simulation)


def test_a_second_simulation_is_refused(url, capsys):
    assert main([*COMMAND, "--participants", "1", "--db", url]) == 0
    capsys.readouterr()
    assert main([*COMMAND, "--participants", "1", "--seed", "2", "--db", url]) == 2
    assert "holds a simulated study already" in capsys.readouterr().err
    assert len(participants(url)) == 1


def test_a_database_of_something_else_is_refused(url, tmp_path, capsys):
    with sqlite3.connect(tmp_path / "simulated.db") as connection:
        connection.execute("CREATE TABLE note (text TEXT)")
    connection.close()
    assert main([*COMMAND, "--db", url]) == 2
    assert "holds something else" in capsys.readouterr().err


def test_a_broken_file_is_refused(url, tmp_path, capsys):
    (tmp_path / "simulated.db").write_bytes(b"no database" * 200)
    assert main([*COMMAND, "--db", url]) == 1
    assert "cannot be opened: file is not a database" in capsys.readouterr().err


def test_an_empty_file_is_filled(url, tmp_path, capsys):
    (tmp_path / "simulated.db").touch()
    assert main([*COMMAND, "--participants", "1", "--trials", "2", "--db", url]) == 0
    capsys.readouterr()


def test_database_url_is_not_used(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///results.db")
    assert main(["--participants", "1", "--trials", "2"]) == 0
    assert "simulated.db" in capsys.readouterr().out
    assert not (tmp_path / "results.db").exists()
    assert (tmp_path / "simulated.db").exists()


# What it refuses on the command line.


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--fool gan=0.7 --fool classification=0.3", "sum to 1; they must stay below 1"),
        ("--fool gan=-0.1", "above 0 and below 1, got -0.1"),
        ("--fool gan=40.69", "above 0 and below 1, got 40.69"),
        ("--fool gan=nan", "got nan"),
        ("--fool deoldify=0.3", "no method deoldify, only gan, classification"),
        ("--fool truth=0.3", "'truth' takes what the methods leave"),
        ("--fool gan=0.1 --fool gan=0.2", "two rates of --fool"),
        ("--participants 0", "0 participants with 30 trials"),
        ("--trials 0", "16 participants with 0 trials"),
        ("--trials 201", "would see 201 pictures, but there are only 200"),
        ("--pictures 20", "only 20; ask for fewer trials"),
        ("--pictures -3", "only 0"),
        ("--participant-sd -1", "participant SD must lie between 0 and 5, got -1"),
        ("--picture-sd nan", "picture SD must lie between 0 and 5, got nan"),
        ("--seed -1", "seed must not be negative, got -1"),
        ("--db sqlite://", "keeps nothing"),
        ("--db nowhere", "not a database URL"),
        ("--db sqlite:///no/such/folder/x.db", "There is no folder"),
        ("--stimuli no/set", "There is no stimulus set at no/set"),
    ],
)
def test_settings_out_of_range_are_a_sentence(argv, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(argv.split()) == (1 if words in ("keeps nothing", "not a database URL") else 2)
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("argument", ["gan", "gan=much", "=0.3", "gan:0.3"])
def test_rates_that_cannot_be_read_show_how_to_write_them(argument, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--fool", argument])
    assert stopped.value.code == 2
    assert "such as gan=0.4069" in capsys.readouterr().err


# Pictures.


def write_manifest(folder, content):
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(content))


MANIFEST = {
    "format": 1,
    "shown": {"pixels": 320, "filter": "lanczos"},
    "methods": {"truth": None, "gan": {}},
    "pictures": [
        {
            "id": f"{i:04d}",
            "label": "cat",
            "practice": i >= 10,
            "sha256": {"truth": "0", "gan": "1"},
        }
        for i in range(12)
    ],
}


def test_pictures_come_from_the_default_set(url, tmp_path, monkeypatch, capsys):
    write_manifest(tmp_path / "set", MANIFEST)
    monkeypatch.setattr(module, "DEFAULT_SET", tmp_path / "set")
    argv = ["--participants", "3", "--trials", "10", "--fool", "gan=0.4", "--db", url]
    assert main(argv) == 0
    rows = answers(url)
    assert set(rows["picture"]) == {f"{i:04d}" for i in range(10)}
    assert set(rows["label"]) == {"cat"}
    assert main([*COMMAND, "--db", f"{url}2"]) == 2
    assert "no method classification, only gan" in capsys.readouterr().err


def test_a_set_can_be_named_and_must_be_one(url, tmp_path, capsys):
    write_manifest(tmp_path / "set", MANIFEST)
    argv = ["--participants", "1", "--trials", "2", "--fool", "gan=0.4"]
    assert main([*argv, "--stimuli", str(tmp_path / "set"), "--db", url]) == 0
    write_manifest(tmp_path / "other", {"methods": []})
    assert main([*argv, "--stimuli", str(tmp_path / "other"), "--db", f"{url}2"]) == 2
    assert "is not a manifest" in capsys.readouterr().err


def test_synthetic_pictures_have_ten_classes():
    pictures = synthetic_pictures(40)
    assert len(pictures) == 40
    assert len(set(pictures.values())) == 10


# The rest of the command.


def test_progress_appears_after_two_seconds_only(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    progress = module._Progress(10)
    now[0] = 1.9
    progress(4)
    assert capsys.readouterr().err == ""
    now[0] = 3.0
    progress(5)
    progress.close()
    assert "5/10 participants, 3 s left" in capsys.readouterr().err


def test_an_interrupted_simulation_says_what_is_left(url, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "add_simulated", interrupted)
    assert main([*COMMAND, "--db", url]) == 130
    assert "holds a part of the study" in capsys.readouterr().err


def test_the_name_tells_the_model():
    model = AnswerModel({"a": 0.25}, 0.1, 0.2)
    assert Simulation(model=model, seed=9).name == "simulated: a=0.25, SD 0.1/0.2, seed 9"


OF_KIND = [
    ("unpaired", ["--real", "truth=0.7", "--real", "gan=0.4", "--real", "classification=0.1"]),
    ("preference", ["--prefer", "gan=0.8", "--prefer", "classification=0.2"]),
]


@pytest.mark.parametrize(("kind", "shares"), OF_KIND)
def test_other_kinds_are_simulated_marked_and_reported(kind, shares, url, tmp_path, capsys):
    given = ["--kind", kind, *shares, "--participants", "12", "--trials", "30", "--pictures", "60"]
    assert main([*given, "--db", url]) == 0
    rows = answers(url, unpaired=kind == "unpaired")
    assert rows["simulated"].all()
    assert rows[["realism", "quality"]].isna().all(axis=None)
    assert rows.groupby("participant")["picture"].nunique().eq(30).all()
    if kind == "unpaired":  # one version of a picture a person, all versions equally often
        assert (rows.groupby("trial").size() == 1).all()
        assert rows.groupby(["participant", "method"]).size().eq(10).all()
    else:
        assert set(rows["method"]) == {"gan", "classification"}
        assert rows.groupby("trial")["picked"].sum().eq(1).all()
    said = " ".join(report(url, "text").split())
    assert "(SIMULATED PARTICIPANTS)" in said
    assert f"simulated: {kind}, {' '.join(shares[1::2])}, SD 0.5/1, seed 1" in said
    whole = json.loads(report(url, "json"))
    wanted = dict(share.split("=") for share in shares[1::2])
    for rate in whole["called_real" if kind == "unpaired" else "preferred"]:
        assert holds(rate, float(wanted[rate["name"]])), rate
    # As an export it comes back, and is believed to be simulated only.
    source = from_database(url)
    export(source, tmp_path / "out")
    assert report_of(from_export(tmp_path / "out"), "json") == report_of(source, "json")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--kind unpaired --fool gan=0.4", "--fool belongs to trials of kind 'pick'"),
        ("--real truth=0.4 --real gan=0.4", "--real belongs to trials of kind 'unpaired'"),
        ("--kind unpaired --real gan=0.4", "'truth' and at least one method must be judged"),
        ("--kind unpaired --real truth=1 --real gan=0.4", "called real must lie above 0 and below"),
        ("--kind unpaired --trials 31", "a multiple of 3"),
        ("--kind preference --prefer gan=0.4 --prefer flow=0.4", "sum to 0.8, but must sum to 1"),
        ("--kind preference --prefer truth=0.4 --prefer a=0.6", "'truth' is none of them"),
        ("--kind preference --prefer a=0.4 --prefer a=0.6", "two rates of --prefer"),
        ("--kind preference --picture-sd 9", "picture SD must lie between 0 and 5"),
    ],
)
def test_what_another_kind_cannot_be_is_a_sentence(argv, words, url, tmp_path, capsys):
    assert main([*argv.split(), "--pictures", "90", "--db", url]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_simulating_loads_neither_torch_nor_gradio():
    code = (
        "import sys, study.simulate, study.coverage; "
        "sys.exit(str({'torch', 'gradio', 'colorizers'} & set(sys.modules) or '') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
