"""Registrations of real or fake and of preferences, reports that check themselves, checklists."""

import json
import math
import random
from pathlib import Path

import pytest
from scipy.stats import norm

from study import register
from study.database.source import from_database
from study.database.store import Store
from study.protocol.config import DEFAULT_SET, StudyConfig, load
from study.protocol.design import PREFERENCE, TRUTH, UNPAIRED
from study.protocol.planned import Planned
from study.protocol.session import FAKE, REAL, current
from study.report.__main__ import computed, report_of
from study.report.checklist import DONE, checklist
from study.report.layout import equal
from study.statistics.comparisons import differences
from study.statistics.judged import judged
from study.statistics.stats import analysed
from study.stimuli.showing import load as load_set

PEOPLE = 6
HEAD = f"""
name = "Roads"
stimuli = "{DEFAULT_SET}"
[trials]
kind = "KIND"
scored = 12
practice = 1
[exclusion]
min_median_seconds = 0.3
[plan]
participants = {PEOPLE}
primary = "gan"
hypotheses = ["The GAN is not like the other."]
"""
STUDIES = {
    UNPAIRED: HEAD.replace("KIND", UNPAIRED)
    + "[plan.rates]\ntruth = 0.75\ngan = 0.5\nclassification = 0.2\n",
    PREFERENCE: HEAD.replace("KIND", PREFERENCE).replace(
        'primary = "gan"', 'primary = "gan"\nagainst = "classification"'
    )
    + "[plan.rates]\ngan = 0.7\nclassification = 0.3\n",
}


@pytest.fixture(params=[UNPAIRED, PREFERENCE])
def kind(request):
    return request.param


@pytest.fixture
def file(kind, tmp_path: Path) -> Path:
    path = tmp_path / "roads.toml"
    path.write_text(STUDIES[kind], encoding="utf-8")
    return path


def run(*options):
    return register.main([*map(str, options), "--studies", "20"])


def spec_of(file):
    stimuli = load_set(DEFAULT_SET)
    return load(file).spec(stimuli.methods, stimuli.pictures, stimuli.practice, stimuli.sha256)


def take_part(url, spec, number):
    """Answer every trial by a die that likes the truth and the GAN."""
    die = random.Random(number)
    store = Store(url)
    study = store.register(spec)
    person = store.join(study, spec, token=f"{number:064d}")
    while (trial := current(person.trials)) is not None:
        if trial.paired:
            liked = trial.methods.index("gan") + 1
            slot = liked if die.random() < 0.7 else 3 - liked
        else:
            slot = REAL if die.random() < (0.8 if trial.methods == (TRUTH,) else 0.4) else FAKE
        person = store.pick(person.id, trial.token, slot, 700 + die.randrange(900))
    store.close()


def whole(url):
    summary, _ = computed(from_database(url))
    return summary


def lines(url):
    return {line.asked: line for line in whole(url).registered.registration}


def test_a_registration_a_run_and_a_report_that_checks_itself(file, kind, tmp_path, capsys):
    assert run(file) == 0
    assert "% of the simulated studies show the primary claim" in capsys.readouterr().out
    url = f"sqlite:///{tmp_path / 'results.db'}"
    for number in range(PEOPLE):
        take_part(url, spec_of(file), number)
    found = lines(url)
    assert [name for name, line in found.items() if not line.held] == []
    assert len(found) == 6  # no last day, no margin
    rows = analysed(from_database(url).answers)
    if kind == UNPAIRED:
        (one,) = [t for t in judged(rows) if t.name == "gan"]
        said, value, p, interval = "gan against the truth", one.difference, one.p, one.interval
    else:
        (pair,) = differences(rows)
        sign = 1 if pair.name == "gan" else -1
        said, value, p = "gan against classification", sign * pair.difference, pair.p
        interval = None
    line = found["Primary contrast"]
    assert line.registered == f"{said}, different"
    assert f"difference {100 * value:+.1f} points, interval" in line.found
    if interval is not None:
        assert f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f}" in line.found
    assert line.found.endswith("shown")
    assert f"p {equal(p)}" in line.found
    text = " ".join(report_of(from_database(url)).split())
    assert "6 of 6 points are as registered." in text
    assert "✓ Registered beforehand, and done so" in text
    take_part(url, spec_of(file), PEOPLE)
    assert not lines(url)["Participants who completed"].held


WORDS = {
    UNPAIRED: (
        "Primary contrast: gan against the truth; the claim is that pictures of the one are not "
        "called real as often as those of the other.",
        "whether the picture is called real or fake",
        "each trial shows one picture, in one of 3 versions, by truth, classification, gan",
        "whether the picture is real",
        "shares called real of truth 75 %, classification 20 %, gan 50 %",
        "the share of the method's pictures called real less that of the real pictures",
    ),
    PREFERENCE: (
        "Primary contrast: gan against classification; the claim is that the two are not preferred "
        "equally often.",
        "In each trial, which picture is preferred",
        "each trial shows the same picture 2 times, by classification, gan",
        "do not know which method made a picture",
        "shares preferred of classification 30 %, gan 70 %",
        "picks of the one minus picks of the other",
    ),
}


def test_the_words_are_of_the_kind(file, kind):
    assert run(file) == 0
    words = file.with_suffix(".registration.md").read_text()
    for said in WORDS[kind]:
        assert said in words, said
    for other in ("fool rate", "picked as the real one", "Margin of equivalence", "None", "{"):
        assert other not in words, other


def test_the_same_file_and_seed_give_the_same_registration(file):
    assert run(file) == 0
    first = file.with_suffix(".registration.json").read_bytes()
    assert run(file, "--replace") == 0
    assert file.with_suffix(".registration.json").read_bytes() == first
    assert json.loads(first)["registration"]["settings"]["design"]["kind"] in (UNPAIRED, PREFERENCE)


@pytest.mark.parametrize(
    ("kind", "old", "new", "said"),
    [
        (UNPAIRED, "truth = 0.75", "", "plan.rates.truth is not set"),
        (UNPAIRED, 'primary = "gan"', 'primary = "truth"', "primary is a method, and against"),
        (
            UNPAIRED,
            'primary = "gan"',
            'primary = "gan"\nagainst = "classification"',
            "single pictures are compared with the truth",
        ),
        (
            UNPAIRED,
            'primary = "gan"',
            'primary = "gan"\nclaim = "equivalent"',
            "plan.claim is 'equivalent', but trials.kind is 'unpaired'",
        ),
        (PREFERENCE, 'against = "classification"', "", "a preference is between two methods"),
        (PREFERENCE, "gan = 0.7", "gan = 0.8", "plan.rates add up to 1.1, but each trial prefers"),
        (PREFERENCE, "gan = 0.7", "gan = 0.6", "plan.rates add up to 0.9, but each trial prefers"),
        (PREFERENCE, "gan = 0.7", "", "plan.rates.gan is not set"),
        (PREFERENCE, "gan = 0.7", "gan = 0.6\ntruth = 0.1", "plan.rates names 'truth'"),
        (PREFERENCE, 'primary = "gan"', "", 'and against = "gan" into the study file'),
    ],
)
def test_what_does_not_fit_is_told_in_one_sentence(kind, old, new, said, tmp_path, capsys):
    path = tmp_path / "roads.toml"
    text = STUDIES[kind].replace(old, new)
    assert text != STUDIES[kind]
    path.write_text(text, encoding="utf-8")
    assert run(path) == 2
    found = capsys.readouterr().err
    assert said in found
    assert found.count("\n") == 1
    assert not path.with_suffix(".registration.json").exists()


def test_a_plan_without_a_contrast_needs_no_other_method():
    plan = Planned(participants=40)
    methods = ("gan", "classification")
    config = StudyConfig(kind=PREFERENCE, plan=plan, methods=methods, scales={})
    config.plan.refuse_unknown(methods)
    assert config.conduct()["plan"] == {"participants": 40}


def power_of(kind, rates, against):
    """The power run of 40 people with 30 trials, where nobody and no picture differs."""
    plan = Planned(40, None, "gan", against, "different", ("h",), rates, 0.0, 0.0)
    config = StudyConfig(kind=kind, plan=plan, scales={})
    set_methods = (TRUTH, "gan", "flow")
    pictures = {f"{i}": None for i in range(400)}
    spec = config.spec(set_methods, pictures, dict.fromkeys("abc"), "f" * 64)
    return register.primary_power(spec, plan, studies=400, seed=2)


def test_the_power_of_real_or_fake_is_that_of_two_shares():
    rates = {TRUTH: 0.6, "gan": 0.51, "flow": 0.3}
    n = 40 * 30 / 3
    error = math.sqrt(sum(p * (1 - p) / n for p in (0.6, 0.51)))
    expected = norm.cdf(0.09 / error - 1.96)
    made = power_of(UNPAIRED, rates, TRUTH)
    # Clustered variances are never below the answers' own, so a little less is shown.
    assert expected - 0.12 < made["power"] < expected + 0.05
    assert made["rates"] == rates


def test_the_power_of_a_preference_is_that_of_one_share():
    apart, n = 0.08, 40 * 30
    error = math.sqrt((1 - apart**2) / n)
    expected = norm.cdf(apart / error - 1.96)
    made = power_of(PREFERENCE, {"gan": 0.54, "flow": 0.46}, "flow")
    assert expected - 0.12 < made["power"] < expected + 0.05
    assert made["low"] < made["power"] < made["high"]


# ---- the checklist of these kinds ---------------------------------------------------------------


def marks(url, **more):
    source = from_database(url)
    items = checklist(computed(source, **more)[0]).items
    return {asked: (mark == DONE, answer) for mark, asked, answer in items}


@pytest.fixture
def url(file, tmp_path):
    url = f"sqlite:///{tmp_path / 'checked.db'}"
    assert run(file) == 0
    for number in range(10):
        take_part(url, spec_of(file), number)
    return url


def test_every_point_of_the_checklist_is_computed(url, file, kind, tmp_path):
    found = marks(url)
    # Ten people took part where six were registered; nothing else speaks against it.
    assert [a for a, (done, _) in found.items() if not done and a != "Variance components"] == [
        "Registered beforehand, and done so"
    ]
    assert "nan" not in " ".join(answer for _, answer in found.values())
    said = found["Effect sizes and corrected tests"][1]
    rows = analysed(from_database(url).answers)
    if kind == UNPAIRED:
        for one in judged(rows):
            assert f"{one.name}: {100 * one.difference:+.1f} points, d' = {one.d_prime:.2f}" in said
            assert (
                f"{one.name}: c = {one.criterion:+.2f}"
                in (found["Response bias apart from sensitivity"][1])
            )
    else:
        (pair,) = differences(rows)
        assert f"{pair.name} − {pair.other}: {100 * pair.difference:+.1f} points" in said
        assert found["Slot bias"][0]
    assert "min_median_seconds = 0.3" in found["Attention"][1]
    store = Store(url)
    store.exclude(from_database(url).participants["participant"].iloc[0], "saw the answers")
    store.close()
    assert not marks(url)["Exclusions fixed beforehand, results with and without"][0]
    html = report_of(from_database(url), "html")
    assert "A reviewer&#39;s checklist" in html or "A reviewer's checklist" in html


def test_points_are_open_where_something_speaks_against_them(kind, tmp_path):
    text = STUDIES[kind].replace("[exclusion]\nmin_median_seconds = 0.3\n", "")
    file = tmp_path / "few.toml"
    file.write_text(text[: text.index("[plan]")], encoding="utf-8")
    url, spec = f"sqlite:///{tmp_path / 'few.db'}", spec_of(file)
    store = Store(url)
    study = store.register(spec)
    for number in range(3):  # the first key throughout, and no times
        person = store.join(study, spec, token=f"{number:064d}")
        while (trial := current(person.trials)) is not None:
            person = store.pick(person.id, trial.token, 1)
    store.close()
    found = marks(url)
    for asked in (
        "Registered beforehand, and done so",
        "Response times",
        "Attention",
        "Limits",
        *(("Effect sizes and corrected tests",) if kind == UNPAIRED else ("Slot bias",)),
        *(("Response bias apart from sensitivity",) if kind == UNPAIRED else ()),
    ):
        assert not found[asked][0], (asked, found[asked])
