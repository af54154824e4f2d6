"""A database of very many simulated answers, written past the store: for tests of speed only."""

import sqlite3
from pathlib import Path

import numpy as np

from study.design import TRUTH, Design, StudySpec
from study.simulate import synthetic_pictures
from study.store import Store

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
    ids, labels = list(pictures), list(pictures.values())
    rng = np.random.default_rng(1)
    connection = sqlite3.connect(path)
    for pragma in ("synchronous = OFF", "foreign_keys = OFF", "cache_size = -200000"):
        connection.execute(f"PRAGMA {pragma}")
    batch = 2_000
    for first in range(0, participants, batch):
        people = range(first, min(first + batch, participants))
        _write_batch(connection, study, people, ids, labels, rng)
    connection.commit()
    connection.close()
    return url


def _write_batch(connection, study, people, ids, labels, rng):
    n = len(people) * TRIALS
    trial = np.arange(people[0] * TRIALS, people[0] * TRIALS + n) + 1
    person = np.repeat(np.arange(people[0], people[-1] + 1) + 1, TRIALS)
    shown = rng.permuted(np.tile(np.arange(PICTURES), (len(people), 1)), axis=1)[:, :TRIALS].ravel()
    order = rng.permuted(np.tile(np.arange(3), (n, 1)), axis=1)
    slot = 1 + (rng.random(n)[:, None] > np.array([0.4, 0.8])).sum(axis=1)
    ms = np.exp(rng.normal(8.2, 0.5, n)).astype(int)
    connection.executemany(
        "INSERT INTO participant (id, study_id, public_id, list_number, seed, status,"
        " consent_version, consented_at, last_seen_at, completed_at, simulated)"
        " VALUES (?, ?, ?, ?, 1, 'completed', 's', ?, ?, ?, 1)",
        ((p + 1, study, f"s-{p:012x}", p, _NOW, _NOW, _NOW) for p in people),
    )
    connection.executemany(
        "INSERT INTO trial (id, participant_id, position, kind, picture, label, token, simulated)"
        " VALUES (?, ?, ?, 'scored', ?, ?, ?, 1)",
        (
            (t, p, (t - 1) % TRIALS + 1, ids[i], labels[i], f"t{t}")
            for t, p, i in zip(trial.tolist(), person.tolist(), shown.tolist(), strict=True)
        ),
    )
    connection.executemany(
        "INSERT INTO slot (trial_id, slot, method, simulated) VALUES (?, ?, ?, 1)",
        (
            (t, s + 1, METHODS[m])
            for t, row in zip(trial.tolist(), order.tolist(), strict=True)
            for s, m in enumerate(row)
        ),
    )
    connection.executemany(
        "INSERT INTO pick (trial_id, slot, response_ms, answered_at, simulated)"
        " VALUES (?, ?, ?, ?, 1)",
        (
            (t, s, m, _NOW)
            for t, s, m in zip(trial.tolist(), slot.tolist(), ms.tolist(), strict=True)
        ),
    )
    values = rng.integers(1, 6, (n, 3, 2)).tolist()
    connection.executemany(
        "INSERT INTO rating (trial_id, slot, scale, value, answered_at, simulated)"
        " VALUES (?, ?, ?, ?, ?, 1)",
        (
            (t, s + 1, scale, value[s][c], _NOW)
            for t, value in zip(trial.tolist(), values, strict=True)
            for s in range(3)
            for c, scale in enumerate(("realism", "quality"))
        ),
    )
