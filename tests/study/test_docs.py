"""The data dictionary describes every column that there is, and no other."""

import re
from pathlib import Path

import pytest

from study.database.frames import ANSWER_COLUMNS
from study.database.store import Store, participants
from study.database.tables import Base

ROOT = Path(__file__).parents[2]
DICTIONARY = ROOT / "study" / "data-dictionary.md"


def described(heading: str) -> list[str]:
    """Return the names in the first column of the table under a heading."""
    text = DICTIONARY.read_text(encoding="utf-8")
    section = re.split(r"^#+ ", text.split(f"### {heading}:", 1)[1], flags=re.MULTILINE)[0]
    return re.findall(r"^\| `(\w+)`", section, flags=re.MULTILINE)


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_column_of_every_table_is_described(table):
    assert described(table.name) == [column.name for column in table.columns]


def test_every_column_of_the_frames_is_described(tmp_path):
    assert described("answers") == list(ANSWER_COLUMNS)
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    Store(url).close()
    assert described("participants") == list(participants(url).columns)


def test_the_deletion_in_the_protocol_deletes(tmp_path):
    """The command that the consent text promises is run as it is written."""
    import sqlite3

    from study.protocol.design import Design, StudySpec

    protocol = (ROOT / "docs" / "study-protocol.md").read_text(encoding="utf-8")
    (statement,) = re.findall(r'sqlite3 results\.db "(.+)"', protocol)
    url = f"sqlite:///{tmp_path / 'results.db'}"
    store = Store(url)
    pictures = {f"{n}": None for n in range(3)}
    spec = StudySpec("s", Design(scored=3, practice=0), pictures, {}, "a" * 64, "1")
    study_id = store.register(spec)
    gone, kept = (store.join(study_id, spec, token=letter * 40) for letter in "ab")
    with sqlite3.connect(tmp_path / "results.db") as connection:
        connection.executescript(statement.replace("p-0123456789ab", gone.public_id))
        (trials,) = connection.execute("SELECT count(*) FROM trial").fetchone()
    connection.close()
    store.close()
    assert trials == 3
    assert participants(url)["participant"].tolist() == [kept.public_id]
