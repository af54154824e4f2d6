"""An export read back: what it refuses, in which words, and what it takes as it was meant."""

import hashlib
import io
import json
import shutil

import pandas as pd
import pytest
from small_study import SPEC, Clock, finish

from study.database.exported import ANSWERS, PARTICIPANTS, STUDY, SUMS, from_export
from study.database.source import from_database
from study.database.store import Store
from study.errors import NothingToReportError
from study.export import export
from study.protocol.design import Design, StudySpec, digest_of
from study.report.__main__ import main, report_of
from study.simulate import Simulation, simulate


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Two who have finished practice, scored, catch and repeated trials; one on the way."""
    folder = tmp_path_factory.mktemp("exported")
    url = f"sqlite:///{folder / 'results.db'}"
    design = Design(scored=6, practice=1, seed=3, catch=1, repeats=2)
    spec = StudySpec(
        "small", design, SPEC.pictures, SPEC.practice, SPEC.stimuli_sha256, SPEC.consent_version
    )
    store = Store(url, clock=Clock())
    study = store.register(spec)
    people = [store.join(study, spec, token=letter * 43) for letter in "abc"]
    for person in people[:2]:
        finish(store, person)
    for trial in people[2].trials[:1]:
        store.pick(people[2].id, trial.token, 1, 900)
    store.close()
    export(from_database(url), folder / "export")
    return folder / "export"


@pytest.fixture
def copy(exported, tmp_path):
    return shutil.copytree(exported, tmp_path / "copy")


def table(folder, name):
    return pd.read_csv(folder / name, dtype="str", keep_default_na=False)


def summed(folder):
    """Give the folder the sums that it has, as somebody does who means it."""
    lines = (folder / SUMS).read_text().splitlines()
    names = [line.partition("  ")[2] for line in lines]
    sums = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]
    (folder / SUMS).write_text("".join(f"{s}  {n}\n" for s, n in zip(sums, names, strict=True)))


def refused(folder):
    """The sentence for an export that is refused, also where its editor stands to it."""
    said = []
    for edited in (False, True):
        with pytest.raises(NothingToReportError) as error:
            from_export(folder, edited=edited)
        said.append(str(error.value))
    assert said[0] == said[1]
    assert "\n" not in said[0]
    return said[0]


def both_cells(**values):
    def change(folder):
        frame = table(folder, PARTICIPANTS)
        frame.loc[0, list(values)] = list(values.values())
        frame.to_csv(folder / PARTICIPANTS, index=False, lineterminator="\n")

    return change


def cell(name, column, row, value):
    def change(folder):
        frame = table(folder, name)
        frame.loc[row, column] = value
        frame.to_csv(folder / name, index=False, lineterminator="\n")

    return change


def rows(name, keep):
    def change(folder):
        frame = keep(table(folder, name))
        frame.to_csv(folder / name, index=False, lineterminator="\n")

    return change


def again(**columns):
    """The first trial once more, with other words in some columns."""

    def keep(frame):
        first = frame[frame["trial"] == frame["trial"].iloc[0]].assign(**columns)
        return pd.concat([frame, first])

    return rows(ANSWERS, keep)


def study(**fields):
    def change(folder):
        found = {**json.loads((folder / STUDY).read_text()), **fields}
        if isinstance(found.get("settings"), dict):
            found["digest"] = digest_of(found["settings"])
        (folder / STUDY).write_text(json.dumps(found))

    return change


def drop_a_slot(frame):
    return frame.drop(index=frame.index[frame["picked"] == "False"][0])


def first_scored(frame):
    return frame.index[frame["kind"] == "scored"][0]


DAMAGES = {
    "simulated in row 2 of participants.csv is 'yes', but must be True or False": cell(
        PARTICIPANTS, "simulated", 0, "yes"
    ),
    "simulated in row 2 of participants.csv is empty": cell(PARTICIPANTS, "simulated", 0, ""),
    "'1', but must be True or False": cell(ANSWERS, "picked", 3, "1"),
    "simulated in row 2 of participants.csv is True, but must be True for ids": cell(
        PARTICIPANTS, "simulated", 0, "TRUE"
    ),
    "simulated in row 5 of answers.csv is True, but must be that of the participant": cell(
        ANSWERS, "simulated", 3, "TRUE"
    ),
    "status in row 3 of participants.csv is 'ended'": cell(PARTICIPANTS, "status", 1, "ended"),
    "must be completed where there is a completed_at": cell(PARTICIPANTS, "status", 1, "started"),
    "status in row 2 of answers.csv is 'started', but must be that": cell(
        ANSWERS, "status", 0, "started"
    ),
    "excluded in row 2 of answers.csv is 'odd'": cell(ANSWERS, "excluded", 0, "odd"),
    "kind in row 2 of answers.csv is 'warm-up', but must be one of": cell(
        ANSWERS, "kind", 0, "warm-up"
    ),
    "kind in row 3 of answers.csv is 'scored', but must be the same in all rows": cell(
        ANSWERS, "kind", 1, "scored"
    ),
    "picture in row 2 of answers.csv is empty": cell(ANSWERS, "picture", 0, ""),
    "must be one of the study for practice": rows(
        ANSWERS, lambda f: f.assign(picture=f["picture"].where(f["kind"] != "practice", "00"))
    ),
    "realism in row 2 of answers.csv is '-3', but must be a whole number from 1 to 5 or": cell(
        ANSWERS, "realism", 0, "-3"
    ),
    "quality in row 2 of answers.csv is '6'": cell(ANSWERS, "quality", 0, "6"),
    "realism in row 2 of answers.csv is '4.0'": cell(ANSWERS, "realism", 0, "4.0"),
    "has 2 ratings of realism, but must have 0 or 3": cell(ANSWERS, "realism", 0, ""),
    "response_ms in row 2 of answers.csv is 'inf'": cell(ANSWERS, "response_ms", 0, "inf"),
    "response_ms in row 2 of answers.csv is '3600001'": cell(ANSWERS, "response_ms", 0, "3600001"),
    "response_ms in row 3 of answers.csv is 5, but must be the same in all rows of trial": cell(
        ANSWERS, "response_ms", 1, "5"
    ),
    "answered_at in row 2 of answers.csv is '1.3.2026'": cell(
        ANSWERS, "answered_at", 0, "1.3.2026"
    ),
    "consented_at in row 2 of participants.csv is '-1'": cell(
        PARTICIPANTS, "consented_at", 0, "-1"
    ),
    "n_steps_right in row 2 of participants.csv is 4, but must be at most n_steps": both_cells(
        n_steps="3", n_steps_right="4"
    ),
    "n_window in row 2 of participants.csv is empty, but must be there as n_window_right": (
        both_cells(n_window_right="1")
    ),
    "n_mouse in row 2 of participants.csv is 9, but must be at most n_traced": both_cells(
        n_traced="2", n_mouse="9"
    ),
    "n_traced in row 2 of participants.csv is 999, but must be at most n_answered": both_cells(
        n_traced="999"
    ),
    "completed_at in row 2 of participants.csv is before": cell(
        PARTICIPANTS, "completed_at", 0, "2001-01-01 00:00:00+00:00"
    ),
    "slot in row 2 of answers.csv is '0'": cell(ANSWERS, "slot", 0, "0"),
    "slot in row 4 of answers.csv is 4, but must be at most 3": cell(ANSWERS, "slot", 2, "4"),
    "slot in row 3 of answers.csv is 1, but must be there once in trial": cell(
        ANSWERS, "slot", 1, "1"
    ),
    "has 2 rows, but must have 3": rows(ANSWERS, drop_a_slot),
    "has 2 picks, but must have 1": rows(
        ANSWERS, lambda f: f.assign(picked=["True", "True", "False", *f["picked"][3:]])
    ),
    "has 0 picks, but must have 1": rows(
        ANSWERS, lambda f: f.assign(picked=["False"] * 3 + list(f["picked"][3:]))
    ),
    "method in row 2 of answers.csv is 'best'": cell(ANSWERS, "method", 0, "best"),
    "but must be there once a participant": again(trial="900"),
    "must be scored once a participant": rows(
        ANSWERS,
        lambda f: pd.concat(
            [f, f[f["trial"] == f.loc[first_scored(f), "trial"]].assign(trial="900", position="90")]
        ),
    ),
    "must be one of those of participants.csv": again(trial="900", participant="p-0123456789ab"),
    "must be the number of the participant's trials in answers.csv": rows(
        ANSWERS, lambda f: f[f["trial"] != f.loc[first_scored(f), "trial"]]
    ),
    "n_scored in row 2 of participants.csv is 7": cell(PARTICIPANTS, "n_scored", 0, "7"),
    "participant in row 5 of participants.csv": rows(
        PARTICIPANTS, lambda f: pd.concat([f, f.iloc[:1]])
    ),
    "seed in row 2 of participants.csv is '1.2E+18'": cell(PARTICIPANTS, "seed", 0, "1.2E+18"),
    "study in row 2 of answers.csv is 2, but must be 1, the version in study.json": cell(
        ANSWERS, "study", 0, "2"
    ),
    "answers.csv has no column realism": rows(ANSWERS, lambda f: f.drop(columns="realism")),
    "answers.csv has a column that no export has, notes": rows(
        ANSWERS, lambda f: f.assign(notes="")
    ),
    "settings in study.json is None, but must be an object": study(settings=None),
    "simulated in study.json is true": study(simulated=True),
    "simulated in study.json is 'no', but must be true or false": study(simulated="no"),
    "withdrawn in study.json is -1": study(withdrawn=-1),
    "version in study.json is True": study(version=True),
    "have no design with its methods": study(settings={}),
}


@pytest.mark.parametrize("said", DAMAGES)
def test_what_no_study_stores_is_a_sentence(copy, said):
    DAMAGES[said](copy)
    summed(copy)
    assert said in refused(copy)


@pytest.mark.parametrize("content", ["study;participant\n1;p-1\n", "a,b\n1,2,3\n", "", '"', "\0"])
def test_a_table_of_another_kind_is_a_sentence(copy, content):
    (copy / ANSWERS).write_text(content)
    summed(copy)
    assert "answers.csv" in refused(copy)


@pytest.mark.parametrize("content", ["{", "[]", '{"name": NaN}', "\u00fc"])
def test_a_study_of_another_kind_is_a_sentence(copy, content):
    (copy / STUDY).write_text(content, encoding="latin-1")
    summed(copy)
    refused(copy)


def test_a_moved_pick_is_noticed_by_its_sum_and_taken_when_one_stands_to_it(copy, capsys):
    frame = table(copy, ANSWERS)
    frame.loc[:2, "picked"] = frame["picked"][:3].tolist()[::-1]
    moved = frame["picked"].tolist() != table(copy, ANSWERS)["picked"].tolist()
    if not moved:
        frame.loc[:2, "picked"] = ["True", "False", "False"]
    frame.to_csv(copy / ANSWERS, index=False, lineterminator="\n")
    assert main(["--from", str(copy)]) == 1
    said = capsys.readouterr().err
    assert "answers.csv was changed after it was written" in said
    assert "--edited" in said
    assert main(["--from", str(copy), "--edited"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "TrueHue study report (EDITED EXPORT)"
    assert lines[3].startswith("EDITED: ")
    edited = from_export(copy, edited=True)
    assert "EDITED EXPORT" in report_of(edited, "html")
    assert "(EDITED EXPORT)" in report_of(edited, "latex")
    assert json.loads(report_of(edited, "json"))["edited"] is True


@pytest.mark.parametrize("damage", ["settings", "missing", "no sums", "outside", "no line"])
def test_every_change_is_noticed(copy, damage):
    sums = (copy / SUMS).read_text()
    if damage == "settings":
        found = json.loads((copy / STUDY).read_text())
        found["settings"]["exclusion"] = {"min_completed_trials": 7}
        (copy / STUDY).write_text(json.dumps(found))
        summed(copy)
    elif damage == "missing":
        (copy / "answers.json").unlink()
    elif damage == "no sums":
        (copy / SUMS).unlink()
    elif damage == "outside":
        (copy / SUMS).write_text(sums + f"{'0' * 64}  ../../x\n")
    else:
        (copy / SUMS).write_text("".join(s for s in sums.splitlines(True) if ANSWERS not in s))
    with pytest.raises(NothingToReportError, match="--edited"):
        from_export(copy)
    assert from_export(copy, edited=True).edited


def test_nobody_is_edited_who_changed_nothing(exported):
    assert not from_export(exported, edited=True).edited
    assert "EDITED" not in report_of(from_export(exported, edited=True), "text")


def test_flags_of_a_spreadsheet_are_flags(tmp_path):
    """TRUE for True made real people of simulated ones."""
    url = f"sqlite:///{tmp_path / 'simulated.db'}"
    simulate(url, Simulation(participants=3, trials=6))
    export(from_database(url), tmp_path / "export")
    for name in (ANSWERS, PARTICIPANTS):
        for column in ("simulated", "picked"):
            frame = table(tmp_path / "export", name)
            if column in frame:
                frame[column] = frame[column].str.upper()
                frame.to_csv(tmp_path / "export" / name, index=False)
    source = from_export(tmp_path / "export", edited=True)
    pd.testing.assert_frame_equal(source.answers, from_database(url).answers)
    assert source.simulated
    title = report_of(source, "text").splitlines()[0]
    assert title == "TrueHue study report (SIMULATED PARTICIPANTS) (EDITED EXPORT)"


def test_marks_and_line_ends_of_a_spreadsheet_are_read(copy):
    for name in (ANSWERS, PARTICIPANTS):
        out = io.BytesIO()
        table(copy, name).to_csv(out, index=False, lineterminator="\r\n", encoding="utf-8-sig")
        (copy / name).write_bytes(out.getvalue())
    assert len(from_export(copy, edited=True).participants) == 3


def test_edited_is_about_exports(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--edited"])
    assert stopped.value.code == 2
    assert "--from" in capsys.readouterr().err
