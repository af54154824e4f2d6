"""What the administrator's page shows: a study while it runs, as tables.

Fed by the database through ``frames``; the rates are those of ``stats``, with the exclusion rules
of the study applied as the report applies them. Changed is only what `reveal`, `pause`
and `exclude` change, and nothing here is shown to participants.
"""

import io
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from study.database.engine import snapshot
from study.database.frames import paused, read_studies
from study.database.source import from_database, read
from study.database.store import Store
from study.errors import NothingToReportError
from study.export import export
from study.protocol import exclusions
from study.protocol.design import PICK
from study.report.gallery import named_folder
from study.statistics import stats

_MOMENT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True)
class Live:
    """A study at this moment.

    Attributes
    ----------
    versions
        The versions that somebody has started, newest first, each with what it is called.
    study
        Which of them this is.
    counts
        People and trials by what they are, in the order in which they are read.
    rates
        `stats.fool_rates` of everybody who is not excluded; empty before the first scored answer,
        and None while they are hidden: before the planned number of people has completed, unless
        asked for. Simulated ones are never hidden.
    planned
        How many people shall complete, or None if the study file does not say.
    looks
        How often somebody has looked at hidden rates.
    paused
        Whether nobody new may begin.
    kind
        What a trial shows and asks: a key of `study.protocol.design.KINDS`.
    people
        One row a participant, newest first.
    excluded
        One row a participant and broken rule.
    simulated
        Whether any of them was made by a program.
    """

    versions: dict[int, str]
    study: int
    counts: dict[str, int]
    rates: list[stats.Rate] | None
    people: pd.DataFrame
    excluded: pd.DataFrame
    simulated: bool
    planned: int | None = None
    looks: int = 0
    paused: bool = False
    kind: str = PICK


def look(url: str, study: int | None = None, *, rates: bool = False) -> Live:
    """Return one version of a study as it stands; the newest if there is no such version.

    Parameters
    ----------
    url
        Of the database.
    study
        Which version.
    rates
        Also those that are hidden; the caller has noted the look (`reveal`).

    Raises
    ------
    DatabaseError
        When the database cannot be read.
    NothingToReportError
        When nobody has started the study.
    """
    with snapshot(url) as connection:
        studies = read_studies(connection)
        rows: list[dict[Any, Any]] = studies.iloc[::-1].to_dict("records")
        if not rows:
            raise NothingToReportError("Nobody has started the study yet.")
        chosen = next((row for row in rows if row["study"] == study), rows[0])
        source = read(connection, chosen, url)
        stopped = paused(connection, source.version)
    versions = {
        row["study"]: f"{row['study']}: {row['name']}, from {row['created_at']:%Y-%m-%d}"
        for row in rows
    }
    rules, design = source.rules, source.settings["design"]
    per_person = sum(design.get(kind, 0) for kind in ("practice", "scored", "catch", "repeats"))
    given, people = source.answers, source.participants
    judged = exclusions.judge(given, rules, people)
    given, people = exclusions.apply(given, people, rules)
    trials = given.drop_duplicates("trial")
    counts = {
        "consented": len(people),
        "completed": int((people["status"] == "completed").sum()),
        "on their way": int((people["status"] != "completed").sum()),
        "excluded": int(people["excluded"].notna().sum()),
        "withdrawn": source.withdrawn,
        "answered trials": len(trials),
        "of them scored": int((trials["kind"] == "scored").sum()),
    }
    simulated = bool(people["simulated"].any())
    shown = _people(people, trials, per_person)
    planned = (source.settings.get("plan") or {}).get("participants")
    reached = planned is not None and counts["completed"] >= planned
    return Live(
        versions,
        source.version,
        counts,
        _rates(given) if rates or reached or simulated else None,
        shown,
        _rounded(judged),
        simulated,
        planned,
        len(source.looks),
        stopped,
        source.kind,
    )


def reveal(url: str, study: int | None = None) -> Live:
    """Return the same with the rates; where they are hidden, the look is noted first.

    Raises
    ------
    DatabaseError, NothingToReportError
        See `look`; what cannot be noted is not shown.
    """
    now = look(url, study)
    if now.rates is not None:
        return now
    with _opened(url) as store:
        store.note_look(
            now.study, completed=now.counts["completed"], answers=now.counts["of them scored"]
        )
    return look(url, now.study, rates=True)


def pause(url: str, study: int, paused: bool) -> None:
    """Let nobody new begin a version of a study, or let them begin again.

    Raises
    ------
    DatabaseError
        When the database cannot be written.
    """
    with _opened(url) as store:
        store.pause(study, paused)


def exclude(url: str, participant: str, reason: str | None) -> None:
    """Leave a participant out for this reason, or, without one, no longer.

    Raises
    ------
    RefusedError
        See `study.database.store.Store.exclude`.
    DatabaseError
        When the database cannot be written.
    """
    with _opened(url) as store:
        store.exclude(participant, reason)


@contextmanager
def _opened(url: str) -> Iterator[Store]:
    store = Store(url)
    try:
        yield store
    finally:
        store.close()


def bundle(url: str, study: int) -> bytes:
    """Return the export of one version (see `study.export`) as a ZIP file, the same each time.

    The manifest of its pictures is in it if the environment names their folder, as for the app, or
    if they are the default set.

    Raises
    ------
    DatabaseError
        When the database cannot be read.
    NothingToReportError
        When it holds no such version, or nobody has started it.
    """
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(buffer, "w") as archive:
        source = from_database(url, study)
        for name in export(source, Path(folder), stimuli=named_folder()):
            entry = zipfile.ZipInfo(name.as_posix())  # dated 1980: no clock in the file
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, (Path(folder) / name).read_bytes())
    return buffer.getvalue()


def _rates(given: pd.DataFrame) -> list[stats.Rate]:
    rows = stats.analysed(given)
    return [] if rows.empty else stats.fool_rates(rows)


def _people(people: pd.DataFrame, trials: pd.DataFrame, per_person: int) -> pd.DataFrame:
    scored = trials[trials["kind"] == "scored"]
    millis = scored.groupby("participant")["response_ms"].median().astype(float).to_dict()
    # By dictionaries, which may be empty: somebody has consented and not answered yet. As objects,
    # or what is not found becomes a string where pandas keeps strings by pyarrow.
    names = people["participant"].astype(object)
    last = trials.groupby("participant")["answered_at"].max().to_dict()
    last_seen = pd.to_datetime(names.map(last), utc=True)
    shown = pd.DataFrame(
        {
            "participant": people["participant"],
            "status": people["status"],
            "answered": people["n_answered"].astype(str) + f" of {per_person}",
            "median seconds": names.map(millis).astype(float).div(1000).round(1),
            "consented": people["consented_at"].dt.strftime(_MOMENT),
            "last answer": last_seen.dt.strftime(_MOMENT),
            "picture list": people["list_number"],
            "excluded": people["excluded"],
        }
    )
    return shown.iloc[::-1].astype(object).where(lambda frame: frame.notna(), "")


def _rounded(judged: pd.DataFrame) -> pd.DataFrame:
    return judged.assign(value=judged["value"].round(2), limit=judged["limit"].round(2))
