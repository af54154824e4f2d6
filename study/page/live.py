"""What the administrator's page shows: a study while it runs, as tables.

Fed by the database through ``frames``; the rates are those of ``stats``, with the exclusion rules
of the study applied as the report applies them. Read only. Nothing here is shown to participants.
"""

import io
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import func, select

from study.database.engine import DatabaseError, open_existing
from study.database.frames import answers, participants, read_studies
from study.database.source import from_database
from study.database.tables import Withdrawal
from study.export import export
from study.protocol import exclusions
from study.protocol.exclusions import Rules
from study.report.gallery import named_folder
from study.statistics import stats

_MOMENT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True)
class Live:
    """A study at this moment.

    Attributes
    ----------
    counts
        People and trials by what they are, in the order in which they are read.
    rates
        `stats.fool_rates` of everybody who is not excluded; empty before the first scored answer.
    people
        One row a participant, newest first.
    excluded
        One row a participant and broken rule.
    simulated
        Whether any of them was made by a program.
    """

    counts: dict[str, int]
    rates: list[stats.Rate]
    people: pd.DataFrame
    excluded: pd.DataFrame
    simulated: bool


def versions(url: str) -> dict[int, str]:
    """Return the versions of the study that somebody has started, newest first.

    Raises
    ------
    DatabaseError
        When the database cannot be read.
    """
    studies = read_studies(url).iloc[::-1]
    days = studies["created_at"].dt.strftime("%Y-%m-%d")
    return {
        int(study): f"{study}: {name}, from {day}"
        for study, name, day in zip(
            studies["study"].tolist(), studies["name"].tolist(), days.tolist(), strict=True
        )
    }


def look(url: str, study: int) -> Live:
    """Return one version of a study as it stands.

    Raises
    ------
    DatabaseError
        When the database cannot be read, or holds no such version.
    """
    settings = _settings(url, study)
    rules = Rules.of(settings.get("exclusion", {}))
    design = settings["design"]
    per_person = sum(design.get(kind, 0) for kind in ("practice", "scored", "catch", "repeats"))
    given, people = answers(url, study=study), participants(url, study=study)
    judged = exclusions.judge(given, rules)
    given, people = exclusions.apply(given, people, rules)
    trials = given.drop_duplicates("trial")
    counts = {
        "consented": len(people),
        "completed": int((people["status"] == "completed").sum()),
        "on their way": int((people["status"] != "completed").sum()),
        "excluded": int(people["excluded"].notna().sum()),
        "withdrawn": _withdrawn(url, study),
        "answered trials": len(trials),
        "of them scored": int((trials["kind"] == "scored").sum()),
    }
    simulated = bool(people["simulated"].any())
    shown = _people(people, trials, per_person)
    return Live(counts, _rates(given), shown, _rounded(judged), simulated)


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


def _settings(url: str, study: int) -> dict[str, Any]:
    studies = read_studies(url).set_index("study")["settings"]
    if study not in studies.index:
        raise DatabaseError(f"There is no version {study} of the study in the database.")
    found: dict[str, Any] = studies.loc[study]
    return found


def _withdrawn(url: str, study: int) -> int:
    engine = open_existing(url)
    try:
        with engine.connect() as connection:
            query = select(func.count()).select_from(Withdrawal)
            return connection.scalar(query.where(Withdrawal.study_id == study)) or 0
    finally:
        engine.dispose()


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
