"""Preferences in the database, and a report without a word of what is real."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.special import logit
from small_study import SPEC

from study.database.exported import from_export
from study.database.source import from_database
from study.database.store import Store
from study.export import export
from study.page.live import look
from study.protocol.design import PREFERENCE, Design
from study.protocol.session import current
from study.report.__main__ import report_of

PREFER = replace(
    SPEC,
    design=Design(("classification", "gan", "flow"), 6, practice=1, seed=3, kind=PREFERENCE),
    conduct={"scales": {}},
)
WORDS = ("fool", "as real", "truth", "indistinguish", "real one", "called real")


def fill(store: Store, spec, people: int = 6) -> None:
    """Everybody prefers gan on half of the pictures, flow on most others, classification once."""
    study = store.register(spec)
    for number in range(people):
        person = store.join(study, spec, token=f"{number}" * 43)
        while (trial := current(person.trials)) is not None:
            place = trial.position + number
            liked = "gan" if place % 2 else "flow" if place % 3 or number else "classification"
            liked = liked if liked in trial.methods else "gan"
            slot = trial.methods.index(liked) + 1
            person = store.pick(person.id, trial.token, slot, 1200, 1000)


@pytest.mark.parametrize("form", ["text", "html", "markdown", "latex", "csv", "json"])
def test_no_format_speaks_of_what_is_real(url, store, form):
    fill(store, PREFER)
    said = report_of(from_database(url), form).lower()
    if form == "html":
        said = said.split("</style>")[1]
    said = " ".join(said.split()).replace("its interval holds the truth", "")
    for word in WORDS:
        assert word not in said, word
    assert "prefer" in said


def test_rates_and_strengths_are_those_of_the_counts(url, store):
    """All trials show the same three, so a strength is the log of the ratio of picks."""
    fill(store, PREFER)
    source = from_database(url)
    picks = source.answers.query("picked and kind == 'scored'")["method"].value_counts()
    found = json.loads(report_of(source, "json"))
    assert {rate["name"]: rate["picked"] for rate in found["preferred"]} == dict(picks)
    least = picks.index[-1]
    assert found["reference"] == least
    for strength in found["strengths"]["strengths"]:
        assert strength["strength"] == pytest.approx(
            math.log(picks[strength["name"]] / picks[least])
        )
    assert [rate.name for rate in look(url, rates=True).rates] == list(picks.index)


def test_of_two_methods_the_strength_is_the_log_odds_of_the_rate(url, store):
    two = replace(PREFER, design=Design(("gan", "flow"), 6, practice=1, seed=3, kind=PREFERENCE))
    fill(store, two)
    found = json.loads(report_of(from_database(url), "json"))
    first = found["preferred"][0]
    (strength,) = found["strengths"]["strengths"]
    assert strength["strength"] == pytest.approx(float(logit(first["rate"])))
    assert strength["pair"] == pytest.approx(first["rate"])


def test_where_one_is_always_preferred_the_report_says_so(url, store):
    study = store.register(PREFER)
    for number in range(3):
        person = store.join(study, PREFER, token=f"{number}" * 43)
        while (trial := current(person.trials)) is not None:
            person = store.pick(person.id, trial.token, trial.methods.index("gan") + 1, 900)
    said = " ".join(report_of(from_database(url)).split())
    assert "Not computed: there is no scale, because only gan was picked" in said
    assert "never picked: classification, flow" in said
    for form in ("html", "csv", "json", "latex", "markdown"):
        report_of(from_database(url), form)


def test_an_export_gives_the_same_report(url, store, tmp_path: Path):
    fill(store, PREFER)
    source = from_database(url)
    export(source, tmp_path / "out")
    assert report_of(from_export(tmp_path / "out")) == report_of(source)
