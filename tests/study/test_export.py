"""The export: the same bytes twice, and the same report from its files."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from study_frames import real_spec

from study.database.exported import from_export
from study.database.source import from_database
from study.database.store import Store
from study.errors import NothingToReportError
from study.export import main as export_main
from study.protocol.config import DEFAULT_SET
from study.report.__main__ import FORMS, computed, report_of, written
from study.report.__main__ import main as report_main
from study.report.gallery import find, thumbnail


def export(url, out, *options):
    assert export_main(["--db", url, "--out", str(out), *options]) == 0
    return out


@pytest.fixture(scope="module")
def exported(set_url, tmp_path_factory):
    return export(set_url, tmp_path_factory.mktemp("export") / "study")


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_second_run_gives_the_same_bytes(set_url, exported, tmp_path):
    first = contents(exported)
    assert {
        "answers.csv", "answers.json", "participants.csv", "participants.json", "study.json",
        "data-dictionary.md", "versions.json", "stimuli/manifest.json", "cards/gan.json",
        "cards/classification.json", "SHA256SUMS",
    } == set(first)  # fmt: skip
    assert contents(export(set_url, tmp_path / "again")) == first
    export(set_url, exported)
    assert contents(exported) == first, "into the same folder, too"


def test_the_sums_are_those_of_the_files(exported):
    lines = (exported / "SHA256SUMS").read_text().splitlines()
    found = dict(reversed(line.split("  ")) for line in lines)
    files = {name: content for name, content in contents(exported).items() if name != "SHA256SUMS"}
    assert found == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def test_the_report_reads_it_back(set_url, exported):
    one, other = computed(from_database(set_url)), computed(from_export(exported))
    for form in FORMS:
        assert written(*other, form) == written(*one, form), form


def test_the_frames_come_back_as_they_were(set_url, exported):
    one, other = from_database(set_url), from_export(exported)
    pd.testing.assert_frame_equal(other.answers, one.answers)
    pd.testing.assert_frame_equal(other.participants, one.participants)
    assert other.settings == one.settings
    assert (other.name, other.digest, other.version) == (one.name, one.digest, one.version)


def test_a_row_a_trial_and_slot(exported):
    rows = json.loads((exported / "answers.json").read_text(encoding="utf-8"))
    table = pd.read_csv(exported / "answers.csv")
    assert len(rows) == len(table) == 16 * 30 * 3
    assert set(rows[0]) == set(table.columns)
    assert not table.duplicated(["trial", "slot"]).any()
    assert {row["simulated"] for row in rows} == {True}
    assert table["simulated"].all()
    assert json.loads((exported / "study.json").read_text())["simulated"] is True


def test_real_answers_with_gaps_and_odd_words_come_back(tmp_path):
    url = f"sqlite:///{tmp_path / 'odd.db'}"
    store = Store(url)
    spec = real_spec()
    pictures = {"NA": "null", 'a,"b"\n\r=1+1': "Übung", "nan": None, "x": "None", "True": "1"}
    spec = type(spec)(
        spec.name, spec.design, pictures, spec.practice, spec.stimuli_sha256, spec.consent_version
    )
    study = store.register(spec)
    for token in "ab":
        person = store.join(study, spec, token=token * 32)
        for trial in person.trials[1:] if token == "b" else person.trials:
            if token == "b":
                break
            store.pick(person.id, trial.token, 1, None)
            if trial.position < 3:
                store.rate(person.id, trial.token, [{"realism": 4, "quality": 3}] * 3)
            else:
                break
    store.close()
    one = from_database(url)
    other = from_export(export(url, tmp_path / "out"))
    pd.testing.assert_frame_equal(other.answers, one.answers)
    pd.testing.assert_frame_equal(other.participants, one.participants)
    assert report_of(other, "json") == report_of(one, "json")
    assert "stimuli" not in {path.name for path in (tmp_path / "out").iterdir()}


def test_nothing_of_recruiters_or_secrets_is_exported(tmp_path):
    from study.database.store import Recruiter

    url = f"sqlite:///{tmp_path / 'results.db'}"
    store = Store(url)
    study = store.register(real_spec())
    recruiter = Recruiter("KEPT-PERSON", "KEPT-STUDY", "KEPT-SESSION")
    person = store.join(study, real_spec(), token="s" * 32, recruiter=recruiter)
    store.pick(person.id, person.trials[0].token, 1, 900)
    store.close()
    everything = b"".join(contents(export(url, tmp_path / "out")).values())
    for secret in (b"KEPT-", b"s" * 32, hashlib.sha256(b"s" * 32).hexdigest().encode()):
        assert secret not in everything


def test_pictures_are_copied_when_asked_for(set_url, tmp_path, monkeypatch):
    out = export(set_url, tmp_path / "out", "--pictures")
    copied = find(from_export(out))
    assert copied.folder == out / "stimuli"
    assert len(list((out / "stimuli" / "gan").iterdir())) == 246
    original = find(from_database(set_url), DEFAULT_SET)
    assert thumbnail(copied, "gan", "0001") == thumbnail(original, "gan", "0001") is not None


def test_a_changed_picture_is_not_shown_nor_copied(set_url, tmp_path, capsys):
    changed = tmp_path / "set"
    shutil.copytree(DEFAULT_SET, changed)
    shutil.copy(changed / "truth" / "0001.png", changed / "gan" / "0001.png")
    gallery = find(from_database(set_url), changed)
    assert thumbnail(gallery, "gan", "0001") is None
    assert thumbnail(gallery, "gan", "../../x") is None
    argv = ["--db", set_url, "--out", str(tmp_path / "out"), "--pictures"]
    assert export_main([*argv, "--stimuli", str(changed)]) == 2
    assert "not the file that its manifest names" in capsys.readouterr().err


def test_a_set_of_another_study_is_not_taken(real_url):
    assert find(from_database(real_url), DEFAULT_SET) is None


def test_other_folders_are_left_alone(set_url, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert export_main(["--db", set_url, "--out", str(tmp_path)]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("damage", ["missing", "study.json", "answers.csv"])
def test_a_damaged_export_is_a_sentence(exported, tmp_path, capsys, damage):
    folder = tmp_path / "damaged"
    shutil.copytree(exported, folder)
    if damage == "missing":
        (folder / "answers.csv").unlink()
    else:
        (folder / damage).write_text("{", encoding="utf-8")
    assert report_main(["--from", str(folder)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(NothingToReportError):
        from_export(Path("/nonexistent"))


def test_a_missing_database_is_a_sentence(tmp_path, capsys):
    assert export_main(["--db", f"sqlite:///{tmp_path / 'no.db'}", "--out", str(tmp_path)]) == 1
    assert "There is no database" in capsys.readouterr().err
