"""A database of very many simulated answers, written past the store: for tests of speed only."""

import sqlite3
from itertools import permutations
from pathlib import Path

import numpy as np

from study.database.store import Store
from study.protocol.design import TRUTH, Design, StudySpec
from study.simulate import synthetic_pictures

METHODS = ("classification", "gan", TRUTH)
TRIALS = 30
PICTURES = 240
_NOW = "2026-01-01 00:00:00.000000"


def write(path: Path, participants: int) -> str:
    """Write `participants` with 30 rated trials each; return the database's URL."""
    url = f"sqlite:///{path}"
    store = Store(url)
    pictures = synthetic_pictures(PICTURES)
    spec = StudySpec("big: simulated", Design(METHODS), pictures, {"w": None}, "simulated", "s")
    study = store.register(spec)
    store.close()
    rng = np.random.default_rng(1)
    connection = sqlite3.connect(path)
    for pragma in ("synchronous = OFF", "foreign_keys = OFF", "journal_mode = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA cache_size = -200000")
    _write_trials(connection, study, participants, pictures, rng)
    # What comes three and six times a trial is made inside of SQLite, mixed by its number.
    for slot in range(1, len(METHODS) + 1):
        cases = " ".join(
            f"WHEN {number} THEN '{order[slot - 1]}'"
            for number, order in enumerate(permutations(METHODS))
        )
        connection.execute(
            f"INSERT INTO slot (trial_id, slot, method, simulated) SELECT id, {slot}, "
            f"CASE {_mixed(0, 6)} {cases} END, 1 FROM trial ORDER BY id"
        )
        for number, scale in enumerate(("realism", "quality")):
            connection.execute(
                "INSERT INTO rating (trial_id, slot, scale, value, answered_at, simulated) "
                f"SELECT id, {slot}, '{scale}', 1 + {_mixed(2 * slot + number, 5)}, '{_NOW}', 1 "
                "FROM trial ORDER BY id"
            )
    connection.commit()
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    return url


def _mixed(salt: int, kinds: int) -> str:
    """SQL for a number below `kinds` that looks drawn, from the number of a trial."""
    return f"((((id + {salt * 1_000_003}) * 2654435761 & 4294967295) >> 11) % {kinds})"


def _write_trials(connection, study, participants, pictures, rng):
    ids, labels = list(pictures), list(pictures.values())
    n = participants * TRIALS
    every = np.tile(np.arange(PICTURES, dtype=np.uint8), (participants, 1))
    shown = rng.permuted(every, axis=1)[:, :TRIALS].ravel().tolist()
    slot = 1 + (rng.random(n)[:, None] > np.array([0.4, 0.8])).sum(axis=1)
    ms = np.exp(rng.normal(8.2, 0.5, n)).astype(int)
    connection.executemany(
        "INSERT INTO participant (id, study_id, public_id, list_number, seed, status,"
        " consent_version, consented_at, last_seen_at, completed_at, simulated)"
        " VALUES (?, ?, ?, ?, 1, 'completed', 's', ?, ?, ?, 1)",
        ((p + 1, study, f"s-{p:012x}", p, _NOW, _NOW, _NOW) for p in range(participants)),
    )
    connection.executemany(
        "INSERT INTO trial (id, participant_id, position, kind, picture, label, token, simulated)"
        " VALUES (?, ?, ?, 'scored', ?, ?, ?, 1)",
        (
            (t + 1, t // TRIALS + 1, t % TRIALS + 1, ids[i], labels[i], f"t{t:09d}")
            for t, i in enumerate(shown)
        ),
    )
    connection.executemany(
        "INSERT INTO pick (trial_id, slot, response_ms, answered_at, simulated)"
        " VALUES (?, ?, ?, ?, 1)",
        (
            (t + 1, s, m, _NOW)
            for t, (s, m) in enumerate(zip(slot.tolist(), ms.tolist(), strict=True))
        ),
    )
