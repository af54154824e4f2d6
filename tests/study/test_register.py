"""A registration: what it needs, what it says, and a run whose report checks itself against it."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import norm
from study_frames import answers, crossed, participants, real_spec

from study import register
from study.database.exported import from_export
from study.database.frames import registration
from study.database.source import from_database
from study.database.store import Store
from study.errors import ConfigError
from study.export import export
from study.page import live
from study.page.service import Service
from study.protocol.config import DEFAULT_SET, StudyConfig, load
from study.protocol.planned import Planned
from study.protocol.registration import Record, Registration, as_file, changed, registered
from study.protocol.texts import CONSENT_VERSION
from study.report.__main__ import computed, report_of
from study.report.summary import Summary, summarise
from study.statistics import comparisons
from study.stimuli.showing import load as load_set

STUDY = f"""
name = "Roads"
stimuli = "{DEFAULT_SET}"
[trials]
scored = 6
practice = 1
[plan]
participants = 3
until = 2030-12-31
primary = "gan"
hypotheses = ["The GAN is picked less often than the truth."]
[plan.rates]
gan = 0.35
classification = 0.05
[exclusion]
min_median_seconds = 0.3
[analysis]
margin = 0.05
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "roads.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_a_limited_exposure_is_registered_in_words(file, capsys):
    file.write_text(STUDY.replace("practice = 1", "practice = 1\nexposure_ms = 500"))
    assert run(file) == 0
    words = file.with_suffix(".registration.md").read_text()
    assert "shown once, for 500 ms, then hidden behind grey patterns" in words
    assert "Secondary: the time to the pick." in words


def run(*options):
    return register.main([*map(str, options), "--studies", "20"])


def test_both_files_say_the_same_and_come_again(file, capsys):
    assert run(file) == 0
    made = load(file).registration
    assert made.intact
    assert made.sha256 in capsys.readouterr().out
    words = file.with_suffix(".registration.md").read_text()
    assert made.sha256 in words
    for heading in (
        *("1) Data collection", "2) Hypothesis", "3) Dependent variable", "4) Conditions"),
        *("5) Analyses", "6) Outliers and exclusions", "7) Sample size", "8) Other"),
        *("Hypotheses", "Study type", "Blinding", "Study design", "Randomization"),
        *("Existing data", "Sample size rationale", "Stopping rule", "Manipulated variables"),
        *("Statistical models", "Inference criteria", "Data exclusion", "Missing data"),
    ):
        assert f"\n### {heading}\n" in words, heading
    for said in (
        "1. The GAN is picked less often than the truth.",
        "Primary contrast: gan against the truth",
        "Recruitment ends when 3 participants have completed, or at the end of 2030-12-31",
        "min_median_seconds = 0.3",
        "Margin of equivalence: 5 points",
    ):
        assert said in words
    first = file.with_suffix(".registration.json").read_bytes()
    assert run(file) == 2
    assert "is there already" in capsys.readouterr().err
    assert run(file, "--replace") == 0
    assert file.with_suffix(".registration.json").read_bytes() == first


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("participants = 3", "", "plan.participants is not set, and a registration needs it"),
        ("participants = 3", "participants = 1", "plan.participants is 1, but an interval"),
        ('primary = "gan"', "", "plan.primary is not set"),
        ("hypotheses = [", "# [", "plan.hypotheses is not set"),
        ("gan = 0.35", "", "plan.rates.gan is not set"),
        ("gan = 0.35", "gan = 0.95", "plan.rates add up to 1, but must leave some for the truth"),
        ("gan = 0.35", "gan = 35", "plan.rates.gan is 35, but must be a share above 0 and below 1"),
        ("gan = 0.35", "gan = 0.3\ntruth = 0.6", "the rate of the truth is what the others leave"),
        ('primary = "gan"', 'primary = "truth"', "plan.primary is 'truth' against 'truth'"),
        (
            'primary = "gan"',
            'primary = "mine"',
            "plan.primary names 'mine', but",
        ),
        ("until = 2030-12-31", 'until = "soon"', "plan.until is 'soon', but must be a day"),
        ("margin = 0.05", "", None),
        (
            'primary = "gan"',
            'primary = "gan"\nclaim = "better"',
            "plan.claim is 'better', but",
        ),
        ('primary = "gan"', 'primary = "gan"\nclaim = "equivalent"', None),
        (
            'primary = "gan"',
            'primary = "gan"\nagainst = "classification"\nclaim = "equivalent"',
            "equivalence is tested against the truth",
        ),
        ("[plan]", "[plan]\npeople = 3", "plan.people is no setting of a study"),
    ],
)
def test_what_a_registration_lacks_is_told_in_one_sentence(file, capsys, old, new, said):
    text = STUDY.replace(old, new)
    assert text != STUDY
    file.write_text(text, encoding="utf-8")
    assert run(file) == (0 if said is None else 2)
    found = capsys.readouterr().err
    assert (said or "") in found
    assert found.count("\n") == (said is not None)


def test_equivalence_without_a_margin_is_refused(file, capsys):
    text = STUDY.replace("margin = 0.05", "").replace("until", 'claim = "equivalent"\nuntil')
    file.write_text(text, encoding="utf-8")
    assert run(file) == 2
    assert "analysis.margin is not set" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["{", '{"sha256": "0", "registration": {"format": 1}}', "[]"])
def test_a_changed_registration_is_refused(file, damage):
    file.with_suffix(".registration.json").write_text(damage)
    with pytest.raises(ConfigError, match="registration"):
        load(file)


def test_the_plan_is_a_setting_and_a_study_without_one_stays_what_it_was():
    assert "plan" not in StudyConfig().conduct()
    plan = Planned(participants=4, hypotheses=("a",), rates={"gan": 0.4})
    assert StudyConfig(plan=plan).conduct()["plan"] == plan.settings()
    assert Planned.of(json.loads(json.dumps(plan.settings()))) == plan


@pytest.mark.parametrize(("against", "claim"), [("truth", "different"), ("truth", "equivalent")])
def test_the_power_is_that_of_independent_answers_where_nobody_differs(against, claim):
    """The reference is the normal distribution's power for one score an answer."""
    rates, n, margin = {"gan": 0.45, "classification": 0.05}, 40 * 30, 0.08
    plan = Planned(40, None, "gan", against, claim, ("h",), rates, participant_sd=0, picture_sd=0)
    methods = ("truth", "gan", "classification")
    config = StudyConfig(plan=plan, margin=margin, methods=methods)
    pictures = {f"{i}": None for i in range(400)}
    spec = config.spec(methods, pictures, dict.fromkeys("abc"), "f" * 64)
    made = register.primary_power(spec, plan, studies=400, seed=2)
    truth, gan = 0.5, rates["gan"]
    gap = (gan - truth) / 2
    error = math.sqrt((truth + gan - (gan - truth) ** 2) / 4 / n)
    if claim == "different":
        expected = norm.cdf(-1.96 - gap / error) + norm.cdf(-1.96 + gap / error)
    else:
        z = margin / error - 1.645
        expected = norm.cdf(z - gap / error) - norm.cdf(-z - gap / error)
    # Clustered variances are never below the answers' own, so a little less is shown.
    assert expected - 0.12 < made["power"] < expected + 0.05
    assert made["low"] < made["power"] < made["high"]


# ---- stored with the first participant ---------------------------------------------------------


def take_part(service: Service, number: int, *, ms: int = 900) -> str:
    """Answer everything, always slot 1; return the participant's id."""
    who = {"token": f"{number:064d}", "recruiter": {}}
    shown = service.consent({**who, "version": CONSENT_VERSION})
    ratings = [{"realism": 3, "quality": 4}] * 3
    while shown["step"] != "done":
        trial = {"trial": shown["trial"]}
        service.pick({**who, **trial, "slot": 1, "response_ms": ms})
        shown = service.rate({**who, **trial, "ratings": ratings})
    return shown["participant"]


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'results.db'}"


def serve(url, file) -> Service:
    return Service(load_set(DEFAULT_SET), Store(url), load(file))


def lines(url, **more):
    summary, _ = computed(from_database(url, **more))
    assert isinstance(summary, Summary)
    return {line.asked: line for line in summary.registered.registration}


def test_a_registration_a_run_and_a_report_that_checks_itself(file, url, tmp_path):
    assert run(file) == 0
    made = load(file).registration
    service = serve(url, file)
    service.enter({"token": "a" * 64, "recruiter": {}})
    people = [take_part(service, number) for number in range(2)]
    assert registration(url, 1).sha256 == made.sha256
    found = lines(url)
    assert [name for name, line in found.items() if not line.held] == ["Participants who completed"]
    assert found["Participants who completed"].found == "2, 1 participant short of planned"
    take_part(service, 3)
    assert all(line.held for line in lines(url).values())
    assert len(lines(url)) == 8
    source = from_database(url)
    said = " ".join(report_of(source).split())
    assert f"8 of 8 points are as registered. SHA-256 of the registration: {made.sha256}." in said
    assert "✓ Registered beforehand, and done so" in said
    assert "Last day of recruitment" in report_of(source, "html")
    whole = json.loads(report_of(source, "json"))
    assert whole["registration_sha256"] == made.sha256
    assert [line["held"] for line in whole["registration"]] == [True] * 8
    assert "registration,,Margin of equivalence,held,1" in report_of(source, "csv")

    export(source, tmp_path / "out")
    assert from_export(tmp_path / "out").registration == source.registration
    assert report_of(from_export(tmp_path / "out"), "json") == report_of(source, "json")

    store = Store(url)
    store.exclude(people[0], "told us who they are")
    store.close()
    exclusions = lines(url)["Rules of exclusion"]
    assert not exclusions.held
    assert "1 of them by a person and not by a rule" in exclusions.found
    take_part(service, 4)
    assert lines(url)["Participants who completed"].found == "4, 1 participant more than planned"


def test_looks_at_the_rates_are_told(file, url, tmp_path):
    assert run(file) == 0
    take_part(serve(url, file), 1)
    live.reveal(url)
    live.reveal(url)
    line = lines(url)["Rates hidden until the end"]
    assert not line.held
    assert "administrator's page 2 times while the study ran: 20" in line.found
    assert line.found.count("(1 completed)") == 2
    source = from_database(url)
    export(source, tmp_path / "out")
    assert from_export(tmp_path / "out").looks == source.looks
    whole = json.loads(report_of(source, "json"))
    assert [look["answers"] for look in whole["looks"]] == [6, 6]
    assert "looks,," in report_of(source, "csv")


def test_looks_of_an_unregistered_study_are_told_too(file, url):
    take_part(serve(url, file), 1)
    assert "Nobody looked at the rates" in " ".join(report_of(from_database(url)).split())
    live.reveal(url)
    said = " ".join(report_of(from_database(url)).split())
    assert (
        "Somebody looked at the rates on the administrator's page once while the study ran" in said
    )


def test_a_study_that_was_changed_after_it_was_registered_says_what(file, url):
    assert run(file) == 0
    changes = (("scored = 6", "scored = 5"), ("margin = 0.05", "margin = 0.1"), ("0.3\n", "0.2\n"))
    text = STUDY
    for change in changes:
        text = text.replace(*change)
    file.write_text(text, encoding="utf-8")
    service = serve(url, file)
    for number in range(3):
        take_part(service, number)
    found = lines(url)
    assert {name for name, line in found.items() if not line.held} == {
        "Rules of exclusion",
        "Margin of equivalence",
        "Settings of the study",
    }
    for said in (
        "design.scored: 6, then 5",
        "margin: 0.05, then 0.1",
        "exclusion.min_median_seconds: 0.3, then 0.2",
    ):
        assert said in found["Settings of the study"].found


def test_who_registers_after_the_first_participant_has_registered_nothing(file, url):
    take_part(serve(url, file), 1)
    assert run(file) == 0
    take_part(serve(url, file), 2)
    assert registration(url, 1) is None
    said = " ".join(report_of(from_database(url)).split())
    assert "No registration was stored before the first participant began" in said
    assert "– Registered beforehand, and done so" in said


def test_a_stored_registration_that_was_changed_is_noticed(file, url):
    assert run(file) == 0
    take_part(serve(url, file), 1)
    store = Store(url)
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE registration SET content = replace(content, 'less often', 'as often')"
        )
    store.close()
    line = lines(url)["Registered before the first participant"]
    assert not line.held
    assert "does not match its hash" in line.found


# ---- the primary contrast ----------------------------------------------------------------------

PICKS = [
    ["gan", "truth", "truth", "classification"],
    ["truth", "gan", "truth", "truth"],
    ["gan", "truth", "gan", "truth"],
    ["truth", "truth", "gan", "truth"],
]


def primary(against, claim):
    frame = answers(crossed(PICKS))
    content = registered(
        StudyConfig(
            plan=Planned(2, None, "gan", against, claim, ("h",), {"gan": 0.3}), scored=3
        ).spec(("truth", "gan"), dict.fromkeys("abcd"), dict.fromkeys("xyz"), "0" * 64),
        {},
    )
    record = Record(content["settings"], Registration(content, "0" * 64, None))
    summary = summarise(frame, participants(frame), database="x", record=record)
    (line,) = [i for i in summary.registered.registration if i.asked == "Primary contrast"]
    return line.found, summary


def test_the_primary_contrast_is_that_of_the_tests_with_its_own_p():
    found, summary = primary("truth", "different")
    (test,) = [t for t in summary.tests.against_truth if t.name == "gan"]
    assert f"gap {100 * test.gap:+.1f} points" in found
    assert f"{100 * test.interval.low:+.1f} to {100 * test.interval.high:+.1f}" in found
    assert f"p = {test.p:.2f}" in found
    found, _ = primary("truth", "equivalent")
    assert f"p = {test.p_equivalent:.2f}" in found
    found, summary = primary("classification", "different")
    (apart,) = [t for t in comparisons.differences(
        answers(crossed(PICKS)).pipe(lambda f: f[f["kind"] == "scored"])
    ) if {t.name, t.other} == {"gan", "classification"}]  # fmt: skip
    sign = 1 if apart.name == "gan" else -1
    assert f"difference {100 * sign * apart.difference:+.1f} points" in found


def test_a_contrast_that_no_trial_shows_is_open():
    found, _ = primary("other", "different")
    assert found == "no trial shows it"


def test_settings_are_compared_flat():
    content = {"settings": {"design": {"scored": 6}, "gone": 1, "same": [1]}}
    assert changed(content, {"design": {"scored": 5}, "same": [1], "new": "x", "pictures": []}) == [
        "design.scored: 6, then 5",
        "gone: 1, then not set",
        'new: not set, then "x"',
    ]


def test_a_database_of_before_has_no_registration(tmp_path):
    url = f"sqlite:///{tmp_path / 'old.db'}"
    store = Store(url)
    store.register(real_spec())
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE registration")
    store.close()
    assert registration(url, 1) is None


def test_a_file_holds_its_hash():
    content = {"format": 1, "a": [0.1, None, "ä"]}
    whole = json.loads(as_file(content))
    assert Registration(whole["registration"], whole["sha256"]).intact


def test_an_export_keeps_the_moment():
    moment = pd.Timestamp("2026-03-01 12:00", tz="UTC").to_pydatetime()
    found = Registration({"format": 1}, "0" * 64, moment)
    assert Registration.of(json.loads(json.dumps(found.stored))) == found
    with pytest.raises(ValueError, match="lacks 'content'"):
        Registration.of({"stored_at": None})
