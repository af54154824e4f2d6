"""Whether the tables of an export agree with the study and with one another.

Fed by ``exported``, once every cell is right by itself. What no study can have stored is refused by
one sentence that names file, row, value and limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from study.database.cells import refuse
from study.database.frames import EXPOSURE, SCREENED, TRACED
from study.protocol.design import (
    CATCH,
    CATCH_METHODS,
    PRACTICE,
    REPEAT,
    SCORED,
    TRUTH,
    UNPAIRED,
    kind_of,
)
from study.protocol.session import SCALES

STUDY, ANSWERS, PARTICIPANTS = "study.json", "answers.csv", "participants.csv"
KINDS = (PRACTICE, SCORED, CATCH, REPEAT)
# Counts of a participant, and the count of which they are a part.
_PARTS = {
    **{f"{check}_right": check for check in SCREENED if f"{check}_right" in SCREENED},
    **{name: "n_traced" for name in TRACED if name != "n_traced"},
    "n_traced": "n_answered",
}
_OF_PARTICIPANT = ("simulated", "status", "excluded")
_OF_TRIAL = ("participant", "position", "kind", "picture", "label", "response_ms", "answered_at")


def check(answers: pd.DataFrame, people: pd.DataFrame, study: Mapping[str, Any]) -> None:
    """Raise a ValueError for the first row that does not agree.

    Parameters
    ----------
    answers, people
        Tables as `study.database.frames` makes them.
    study
        What `study.json` holds.
    """
    _check_people(people, study)
    _check_of_participants(answers, people, study)
    _check_trials(answers, study["settings"])
    _check_counts(answers, people)


def _check_people(people: pd.DataFrame, study: Mapping[str, Any]) -> None:
    """One row a participant, of this version, real or simulated as the ids and study.json say."""
    _one_version(PARTICIPANTS, people, study)
    twice = people["participant"].duplicated().to_numpy()
    refuse(PARTICIPANTS, "participant", people["participant"], twice, "there once")
    wrong = people["simulated"] != people["participant"].str.startswith("s-")
    refuse(
        PARTICIPANTS, "simulated", people["simulated"], wrong.to_numpy(),
        "True for ids that begin with s-, and for no other",
    )  # fmt: skip
    if bool(people["simulated"].all()) != study["simulated"]:
        raise ValueError(
            f"simulated in {STUDY} is {str(study['simulated']).lower()}, and {PARTICIPANTS} says "
            "something else"
        )
    undated = people["excluded_at"].notna() & people["excluded"].isna()
    refuse(
        PARTICIPANTS, "excluded_at", people["excluded_at"], undated.to_numpy(),
        "empty where nobody is excluded",
    )  # fmt: skip
    ended = people["completed_at"].notna() != (people["status"] == "completed")
    refuse(
        PARTICIPANTS, "status", people["status"], ended.to_numpy(),
        "completed where there is a completed_at, and started where there is none",
    )  # fmt: skip
    backwards = (people["completed_at"] < people["consented_at"]).fillna(False)
    if backwards.any():
        row = int(backwards.to_numpy().argmax())
        raise ValueError(
            f"completed_at in row {row + 2} of {PARTICIPANTS} is before consented_at, but must be "
            "later"
        )
    for part, whole in _PARTS.items():
        if part not in people:
            continue
        found, limit = people[part].astype("Int64"), people[whole].astype("Int64")
        refuse(
            PARTICIPANTS, whole, limit, (limit.isna() & found.notna()).to_numpy(),
            f"there as {part} is",
        )  # fmt: skip
        more = (found > limit).fillna(False).to_numpy(dtype=bool)
        refuse(PARTICIPANTS, part, found, more, f"at most {whole}")


def _check_of_participants(
    answers: pd.DataFrame, people: pd.DataFrame, study: Mapping[str, Any]
) -> None:
    """Answers of participants who are there, with what is known about them."""
    _one_version(ANSWERS, answers, study)
    at = pd.Index(people["participant"]).get_indexer(pd.Index(answers["participant"]))
    refuse(
        ANSWERS, "participant", answers["participant"], at < 0, f"one of those of {PARTICIPANTS}"
    )
    for name in _OF_PARTICIPANT:
        known = _filled(people[name])[at]
        refuse(
            ANSWERS, name, answers[name], _filled(answers[name]) != known,
            f"that of the participant in {PARTICIPANTS}",
        )  # fmt: skip


def _check_trials(answers: pd.DataFrame, settings: Mapping[str, Any]) -> None:
    """Whole trials, each as the study shows it, none of them twice."""
    methods = tuple(settings["design"]["methods"])
    unpaired = kind_of(settings) == UNPAIRED
    places, picks = (1, {0, 1}) if unpaired else (len(methods), {1})
    trial, _ = pd.factorize(answers["trial"])
    first = answers.index[~answers["trial"].duplicated()].to_numpy()
    for name in (*_OF_TRIAL, *({EXPOSURE} & set(answers))):
        cells, _ = pd.factorize(answers[name])
        refuse(
            ANSWERS, name, answers[name], cells != cells[first][trial],
            "the same in all rows of trial {trial}", answers,
        )  # fmt: skip
    slots = answers["slot"].to_numpy(dtype=np.int64)
    refuse(ANSWERS, "slot", answers["slot"], slots > places, f"at most {places}")
    for name in ("slot", "method"):
        again = answers.duplicated(["trial", name]).to_numpy()
        refuse(ANSWERS, name, answers[name], again, "there once in trial {trial}", answers)
    catch = (answers["kind"] == CATCH).to_numpy()
    shown = np.where(
        catch,
        answers["method"].isin((TRUTH, *CATCH_METHODS[: len(methods) - 1])),
        answers["method"].isin(methods),
    )
    refuse(
        ANSWERS, "method", answers["method"], ~shown,
        f"one of {', '.join(methods)}, or in a catch trial {TRUTH} or an obvious fake",
    )  # fmt: skip
    for what, per_trial, wanted in (
        ("rows", np.bincount(trial), {places}),
        ("picks", np.bincount(trial, answers["picked"]), picks),
        *(
            (f"ratings of {scale}", np.bincount(trial, answers[scale].notna()), {0, places})
            for scale in SCALES
        ),
    ):
        wrong = np.flatnonzero(~np.isin(per_trial, list(wanted)))
        if wrong.size:
            which = answers["trial"].iloc[first[wrong[0]]]
            raise ValueError(
                f"trial {which} in {ANSWERS} has {per_trial[wrong[0]]:.0f} {what}, but must have "
                f"{' or '.join(map(str, sorted(wanted)))}"
            )
    trials = answers.loc[first]
    pools = {
        **dict.fromkeys((SCORED, REPEAT), settings["pictures"]),
        **dict.fromkeys((PRACTICE, CATCH), settings["practice"]),
    }
    for kind in KINDS:
        of_kind = (trials["kind"] == kind).to_numpy()
        unknown = of_kind & ~trials["picture"].isin(pools[kind]).to_numpy()
        refuse(ANSWERS, "picture", trials["picture"], unknown, f"one of the study for {kind}")
        again = of_kind & trials.duplicated(["participant", "picture", "kind"]).to_numpy()
        refuse(
            ANSWERS, "picture", trials["picture"], again & (kind in (SCORED, REPEAT)),
            f"{kind} once a participant",
        )  # fmt: skip
    again = trials.duplicated(["participant", "position"]).to_numpy()
    refuse(ANSWERS, "position", trials["position"], again, "there once a participant")


def _check_counts(answers: pd.DataFrame, people: pd.DataFrame) -> None:
    """As many trials a participant as participants.csv says."""
    trials = answers.drop_duplicates("trial")
    for name, counted in (
        ("n_answered", trials),
        ("n_scored", trials[trials["kind"] == SCORED]),
    ):
        there = counted.groupby("participant").size()
        found = people["participant"].map(there).fillna(0).to_numpy(dtype=np.int64)
        refuse(
            PARTICIPANTS, name, people[name], people[name].to_numpy(dtype=np.int64) != found,
            f"the number of the participant's trials in {ANSWERS}",
        )  # fmt: skip


def _one_version(file: str, frame: pd.DataFrame, study: Mapping[str, Any]) -> None:
    other = (frame["study"] != study["version"]).to_numpy(dtype=bool)
    refuse(file, "study", frame["study"], other, f"{study['version']}, the version in {STUDY}")


def _filled(column: pd.Series[Any]) -> NDArray[Any]:
    """Values that can be compared, also where some are missing."""
    return np.asarray(column.astype(object).where(column.notna(), None), dtype=object)
