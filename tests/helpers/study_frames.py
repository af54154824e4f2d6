"""Small studies, mostly as data frames, for the tests of statistics and report."""

import pandas as pd
from hypothesis import HealthCheck, settings

from study.database.frames import TRACED
from study.protocol.design import TRUTH, Design, StudySpec
from study.report.summary import summarise
from study.simulate import synthetic_pictures

# Data frames take milliseconds and a busy machine takes its time: neither is a failure.
relaxed = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])

PICKS = [["gan", TRUTH, TRUTH, "gan"], [TRUTH, "gan", "classification", TRUTH]]


def answers(trials, methods=("gan", "classification", TRUTH)):
    """Rows of `study.database.store.answers` from (participant, picture, picked method) and extras.

    Parameters
    ----------
    trials : list of dict
        participant, picture and pick; optional kind, label, status, excluded, simulated,
        realism and quality (dicts by method), response_ms, position.
    """
    rows = []
    positions: dict[str, int] = {}
    for number, trial in enumerate(trials, start=1):
        person = trial["participant"]
        positions[person] = positions.get(person, 0) + 1
        # The slots rotate, so that places and methods do not go together.
        shown = [methods[(number + i) % len(methods)] for i in range(len(methods))]
        for slot, method in enumerate(shown, start=1):
            rows.append(
                {
                    "study": 1,
                    "participant": person,
                    "simulated": trial.get("simulated", False),
                    "status": trial.get("status", "completed"),
                    "excluded": trial.get("excluded"),
                    "trial": number,
                    "position": trial.get("position", positions[person]),
                    "kind": trial.get("kind", "scored"),
                    "picture": trial["picture"],
                    "label": trial.get("label"),
                    "slot": slot,
                    "method": method,
                    "picked": trial["pick"] == method,
                    "realism": trial.get("realism", {}).get(method),
                    "quality": trial.get("quality", {}).get(method),
                    "response_ms": trial.get("response_ms"),
                    "answered_at": pd.Timestamp("2026-01-01", tz="UTC")
                    + pd.Timedelta(seconds=number),
                }
            )
    frame = pd.DataFrame(rows)
    whole = dict.fromkeys(("realism", "quality", "response_ms"), "Int64")
    return frame.astype({**whole, "excluded": "str", "label": "str"})


def participants(frame):
    """Rows of `study.database.store.participants` that belong to the answers."""
    first = frame.drop_duplicates("participant")
    completed = first["status"] == "completed"
    moment = pd.Series(pd.Timestamp("2026-01-01", tz="UTC"), index=first.index)
    return first[["study", "participant", "simulated", "status", "excluded"]].assign(
        consented_at=moment, completed_at=moment.where(completed), agent_at=pd.NaT,
        n_answered=0, **dict.fromkeys(TRACED, 0),
    )  # fmt: skip


def crossed(picks, **extras):
    """Trials of a grid: picks[p][i] is what participant p picked on picture i."""
    return [
        {"participant": f"p{p}", "picture": f"i{i}", "pick": pick, **extras}
        for p, row in enumerate(picks)
        for i, pick in enumerate(row)
    ]


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
