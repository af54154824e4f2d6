"""The report from the database to the terminal: numbers and formats."""

import csv
import dataclasses
import html
import io
import json
import re
from typing import get_type_hints

import pandas as pd
import pytest
from study_frames import PICKS, TRUTH, answers, crossed, summary_of

from study.database.source import from_database
from study.database.store import Store
from study.errors import NothingToReportError
from study.page.service import Service
from study.protocol.config import DEFAULT_SET
from study.report.__main__ import FORMS, computed, report, report_of
from study.report.layout import Subject, percent, percent_range
from study.report.page import PARTS
from study.report.render import FORMATS, WIDTH
from study.report.summary import OF_KIND, Summary
from study.stimuli.showing import load


def cells(table):
    """All cells of all tables of a text or Markdown report, as sets of words."""
    return {cell.strip() for line in table.splitlines() for cell in re.split(r" {2,}|\|", line)}


def tables_of(form, found):
    """Rows of cells of all tables of a report, in order, whatever the format."""
    if form == "html":
        rows = re.findall(r"<tr>(.*?)</tr>", found)
        return [
            [
                html.unescape(re.sub("<.*?>", "", cell))
                for cell in re.findall(r"<t[hd].*?</t[hd]>", row)
            ]
            for row in rows
        ]
    if form == "latex":
        lines = [line[:-2].strip() for line in found.splitlines() if line.endswith(r" \\")]
        plain = [re.sub(r"\\(quad|,)", " ", line) for line in lines]
        for said, meant in (
            (r"\textless{}", "<"), (r"$\pm$", "±"), (r"\%", "%"), (r"\_", "_"), ("--", "–"),
        ):  # fmt: skip
            plain = [line.replace(said, meant) for line in plain]
        return [re.split(r"\s*(?<!\\)&\s*", line) for line in plain]
    rows = [line.strip("| ").split("|") for line in found.splitlines() if line.startswith("| ")]
    return rows


def normal(rows):
    """Rows whose spaces and kinds of dashes do not matter."""
    return sorted(
        "|".join(" ".join(cell.replace("−", "–").split()) for cell in row).strip("|")
        for row in rows
    )


def test_html_latex_and_markdown_have_the_same_tables(printed):
    wanted = normal(tables_of("markdown", printed["markdown"]))
    assert len(wanted) > 90
    for form in ("html", "latex"):
        assert normal(tables_of(form, printed[form])) == wanted, form


def test_the_checklist_and_the_paragraph_are_in_every_readable_format(printed):
    text = " ".join(printed["text"].split())
    paragraph = text[text.index("SIMULATED, not for") : text.index(" ABOUT THESE NUMBERS")]
    numbers = re.findall(r"[\d.]+", paragraph)
    assert len(numbers) > 40
    for form in ("markdown", "html", "latex"):
        found = html.unescape(printed[form]).replace(r"\,", " ").replace("\\", "")
        for dash, plain in (("–", "--"), ("textless{}", "<")):
            found = found.replace(plain, dash) if dash == "–" else found.replace(dash, plain)
        squeezed = " ".join(found.split())
        assert " ".join(paragraph.split()) in squeezed, form
        for asked in ("Question and estimand", "Slot bias", "Variance components", "Limits"):
            assert asked in squeezed, (form, asked)


def test_every_subject_is_a_line_of_the_summary(simulated_url):
    summary, _ = computed(from_database(simulated_url))
    of_kinds = {kind for report in OF_KIND.values() for kind in get_type_hints(report).values()}
    assert set(Subject.__subclasses__()) <= of_kinds
    assert {type(subject) for subject in summary.subjects} == of_kinds & set(
        get_type_hints(Summary).values()
    ) & set(Subject.__subclasses__())
    for subject in summary.subjects:
        assert list(subject.rows()), type(subject)
    keys = [section.key for section in summary.sections()]
    assert set(keys) <= {key for part in PARTS.values() for key in part}, (
        "each has its place in HTML"
    )


def test_every_format_has_the_same_rates(printed):
    found = printed
    full = json.loads(found["json"])
    rows = list(csv.DictReader(io.StringIO(found["csv"])))
    for rate in full["fool_rates"]:
        mine = [r for r in rows if (r["section"], r["name"]) == ("fool_rates", rate["name"])]
        headline, naive = (r for r in mine if r["measure"] == "rate")
        assert float(headline["value"]) == float(naive["value"]) == rate["rate"]
        assert (int(headline["numerator"]), int(headline["denominator"])) == (
            rate["picked"],
            rate["trials"],
        )
        for row, interval in ((headline, rate["headline"]), (naive, rate["wilson"])):
            assert (float(row["low"]), float(row["high"])) == (interval["low"], interval["high"])
            assert row["interval"] == interval["method"]
        printed = {
            f"{rate['picked']}/{rate['trials']}",
            f"{100 * rate['rate']:.1f} %",
            f"{100 * rate['headline']['low']:.1f} to {100 * rate['headline']['high']:.1f} %",
            f"{100 * rate['wilson']['low']:.1f} to {100 * rate['wilson']['high']:.1f} %",
        }
        assert printed <= cells(found["text"])
        assert printed <= cells(found["markdown"])


def test_text_and_markdown_have_the_same_tables(printed):
    text, markdown = printed["text"], printed["markdown"]
    wanted = {line for line in markdown.splitlines() if line.startswith("| ")}
    assert len(wanted) > 30
    squeezed = {re.sub(r"\s+", "", line) for line in text.splitlines()}
    for line in wanted:
        assert re.sub(r"[\s|]+", "", line) in squeezed


def test_every_section_prints_its_own_numbers(printed):
    full = json.loads(printed["json"])
    tables = {}
    for part in printed["markdown"].split("\n## ")[1:]:
        lines = [line for line in part.splitlines() if line.startswith("| ")][1:]
        rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
        tables[part.splitlines()[0]] = {row[0].split(" (")[0]: row[1:] for row in rows}

    def share(value):
        return f"{100 * value:.1f} %"

    def between(interval, digits=1, unit=" %"):
        return f"{100 * interval['low']:.{digits}f} to {100 * interval['high']:.{digits}f}{unit}"

    for joint, rate in zip(full["joint"], full["fool_rates"], strict=True):
        assert tables["The rates together"][joint["name"]] == [
            share(rate["rate"]),
            between(joint["robust"]),
            between(joint["goodman"]),
            f"{rate['design_effect']:.2f}",
        ]
    for gap, pair in zip(full["distances"], full["pairwise"], strict=True):
        assert tables["Against the truth"][gap["name"]] == [
            f"{pair['picked']}/{pair['trials']}",
            share(pair["rate"]),
            between(pair["headline"]),
            share(gap["point"]),
            f"{100 * gap['distance']:+.1f}",
            f"{100 * gap['interval']['low']:+.1f} to {100 * gap['interval']['high']:+.1f}",
        ]
    for scale, ratings in full["ratings"].items():
        for rating in ratings:
            low, high = rating["interval"]["low"], rating["interval"]["high"]
            assert tables["Ratings"][f"{scale}, {rating['name']}"] == [
                str(rating["ratings"]),
                f"{rating['mean']:.2f}",
                f"{low:.2f} to {high:.2f}",
                *(f"{100 * count / rating['ratings']:.0f}" for count in rating["counts"]),
            ]
    for of_class in full["classes"]:
        assert tables["Classes"][of_class["label"]] == [
            str(of_class["pictures"]),
            str(of_class["trials"]),
            *(
                f"{100 * rate['rate']:.0f} ({between(rate['headline'], 0, '')})"
                for rate in of_class["rates"]
            ),
        ]
    slots = full["slots"]
    for slot, shown in zip(slots["slots"], slots["real_shown"], strict=True):
        assert tables["Places on the screen"][slot["name"]] == [
            str(shown),
            f"{slot['picked']}/{slot['trials']}",
            share(slot["rate"]),
            between(slot["headline"]),
        ]


def test_every_interval_and_count_of_json_is_in_csv(printed):
    full = json.loads(printed["json"])
    values = {
        float(row[key])
        for row in csv.DictReader(io.StringIO(printed["csv"]))
        for key in ("value", "low", "high", "numerator", "denominator")
        if row[key]
    }

    def intervals(node):
        if isinstance(node, dict):
            if {"low", "high", "method"} <= node.keys():
                yield node
            for child in node.values():
                yield from intervals(child)
        elif isinstance(node, list):
            for child in node:
                yield from intervals(child)

    every = list(intervals(full))
    assert len(every) > 60
    for interval in every:
        for end in ("low", "high"):
            assert interval[end] is None or interval[end] in values
    for count in ("consented", "completed", "unfinished", "excluded", "analysed"):
        assert full["flow"][count] in values


def test_simulated_is_said_in_every_format(printed):
    for form, found in printed.items():
        assert "SIMULATED" in "".join(found.splitlines()[:2]) or form in ("json", "csv", "html")
        assert "SIMULATED PARTICIPANTS" in found
    assert json.loads(printed["json"])["simulated"] is True
    rows = csv.DictReader(io.StringIO(printed["csv"]))
    assert {row["simulated"] for row in rows} == {"True"}


def test_real_answers_are_not_called_simulated(real_url):
    source = from_database(real_url)
    for form in FORMS:
        found = report_of(source, form)
        assert "SIMULATED" not in found
        assert 'class="mark"' not in found


def test_unfinished_participants_are_reported_and_counted(real_url):
    full = json.loads(report(real_url, "json"))
    assert full["flow"] == {
        "consented": 2,
        "completed": 0,
        "unfinished": 2,
        "excluded": 0,
        "reasons": {},
        "analysed": 1,
        "recruited": None,
        "withdrawn": 0,
    }
    assert full["answers"]["by_kind"] == {"practice": 1, "scored": 2}
    assert full["answers"]["analysed"] == 2
    assert sum(rate["picked"] for rate in full["fool_rates"]) == 2
    assert {rate["trials"] for rate in full["fool_rates"]} == {2}
    assert full["fool_rates"][0]["headline"]["low"] is None
    assert full["times"]["median_s"] == 1.5
    assert full["ratings"]["realism"][0]["counts"] == [0, 0, 0, 2, 0]


def test_one_participant_gives_a_statement_and_no_interval():
    text = FORMATS["text"](summary_of(answers(crossed(PICKS[:1]))))
    assert "no interval over other participants, because there is only 1" in " ".join(text.split())


def test_exclusions_are_reported_with_and_without():
    trials = [
        *crossed(PICKS),
        {"participant": "bot", "picture": "i0", "pick": "gan", "excluded": "failed two catches"},
    ]
    summary = summary_of(answers(trials))
    assert (summary.participants.flow.excluded, summary.participants.flow.reasons) == (
        1,
        {"failed two catches": 1},
    )
    assert [(p.name, p.trials) for p in summary.populations.populations] == [
        ("answered", 8),
        ("completed", 8),
        ("everyone", 9),
    ]
    for form in ("text", "markdown", "json", "csv"):
        assert "failed two catches" in FORMATS[form](summary)


def test_one_way_to_count_is_said_in_one_sentence():
    text = " ".join(FORMATS["text"](summary_of(answers(crossed(PICKS)))).split())
    assert "nobody is excluded, so there is only one way to count" in text


def test_the_papers_rates_stand_beside_marked_as_the_papers(printed):
    for form in ("text", "markdown"):
        found = printed[form]
        assert {"40.69 %", "4.80 %"} <= cells(found)
        assert "arXiv 2508.05068" in " ".join(found.split())


def test_text_fits_a_terminal(printed):
    text = printed["text"]
    assert max(len(line) for line in text.splitlines()) <= WIDTH == 80
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_plot_marks_rates_where_the_axis_says(printed):
    text = printed["text"]
    gan = next(r for r in json.loads(printed["json"])["fool_rates"] if r["name"] == "gan")
    lines = text.splitlines()
    drawn = next(line for line in lines if line.strip().startswith("gan │"))
    axis = next(line for line in lines if re.fullmatch(r"\s+0\s+10.* %", line))
    start, ten = axis.index("0"), axis.index("10")
    share = (drawn.index("●") - start) / (10 * (ten - start))
    assert share == pytest.approx(gan["rate"], abs=0.02)
    assert (drawn.index("├") - start) / (10 * (ten - start)) == pytest.approx(
        gan["headline"]["low"], abs=0.02
    )


def test_many_methods_split_the_class_table():
    methods = ("a", "b", "c", "d", TRUTH)
    frame = answers(crossed([list("abcd"), list("dcba")], label="cat"), methods=methods)
    text = FORMATS["text"](summary_of(frame))
    assert text.count("CLASSES\n") == 2
    assert max(len(line) for line in text.splitlines()) <= WIDTH


def test_percent_prints_what_does_not_exist_as_a_dash():
    assert percent(float("nan")) == "–"
    assert percent(0.4069, 2) == "40.69 %"
    one_person = summary_of(answers(crossed(PICKS[:1])))
    assert percent_range(one_person.rates.fool_rates[0].headline) == "–"


def test_real_and_simulated_are_never_mixed():
    real, drawn = answers(crossed(PICKS)), answers(crossed(PICKS, simulated=True))
    drawn = drawn.assign(participant="s-" + drawn["participant"], trial=drawn["trial"] + 100)
    both = pd.concat([real, drawn], ignore_index=True)
    with pytest.raises(NothingToReportError, match=r"2 real and 2 simulated.*--only real"):
        summary_of(both)
    assert summary_of(both, only="real").simulated is False
    assert summary_of(both, only="simulated").title.endswith("(SIMULATED PARTICIPANTS)")
    assert summary_of(both, only="real").participants.answers.analysed == 8
    with pytest.raises(NothingToReportError, match="No participant"):
        summary_of(real, only="simulated")


@pytest.fixture(scope="module")
def default_study(tmp_path_factory):
    """Two people who did four trials of the default study on its own pictures."""
    stimuli = load(DEFAULT_SET)
    url = f"sqlite:///{tmp_path_factory.mktemp('default') / 'results.db'}"
    store = Store(url)
    service = Service(stimuli, store)
    study = store.register(service.spec)
    for token in "ab":
        person = store.join(study, service.spec, token=token * 32)
        for i, trial in enumerate(person.trials[:7]):
            store.pick(person.id, trial.token, 1 + i % 3, 2000 + 100 * i)
            store.rate(person.id, trial.token, [{"realism": 4, "quality": 3}] * 3)
    store.close()
    return from_database(url)


def test_a_real_study_has_its_words_pictures_and_hashes(default_study):
    full = json.loads(report_of(default_study, "json"))
    about = full["about"]
    assert about["design"]["scored"] == 30
    assert about["stimuli"]["sha256"] == about["stimuli_sha256"] != ""
    assert about["stimuli"]["shown"] == {"pixels": 320, "filter": "lanczos"}
    assert "Which picture is real?" in about["instructions"]
    assert any("Choose the picture that you think" in words for words in about["instructions"])
    text = " ".join(report_of(default_study, "text").split())
    for ticked in ("Instructions verbatim", "Display size and filter", "Selection of pictures"):
        assert f"✓ {ticked}" in text
    assert "enlarged to 320 pixels by the filter lanczos" in text
    assert "<img" in report_of(default_study, "html")


def test_unknown_words_are_said_to_be_unknown(default_study):
    settings = {**default_study.settings, "consent_version": "another"}
    other = dataclasses.replace(default_study, settings=settings)
    text = " ".join(report_of(other, "text").split())
    assert "– Instructions verbatim: Not known" in text


def test_rules_of_the_study_file_are_applied(default_study):
    settings = {**default_study.settings, "exclusion": {"min_completed_trials": 5}}
    strict = dataclasses.replace(default_study, settings=settings)
    with pytest.raises(NothingToReportError, match="2 of them excluded"):
        report_of(strict, "json")
    settings = {**default_study.settings, "exclusion": {"min_completed_trials": 4}}
    mild = json.loads(report_of(dataclasses.replace(default_study, settings=settings), "json"))
    assert mild["rules"] == {"min_completed_trials": 4}
    assert mild["flow"]["analysed"] == 2
    broken = {**default_study.settings, "exclusion": {"min_iq": 100}}
    with pytest.raises(ValueError, match="no exclusion rule min_iq"):
        report_of(dataclasses.replace(default_study, settings=broken), "json")


def test_the_margin_of_the_study_file_is_taken(default_study):
    fixed = dataclasses.replace(default_study, settings={**default_study.settings, "margin": 0.03})
    found = json.loads(report_of(fixed, "json"))
    assert {test["margin"] for test in found["against_truth"]} == {0.03}
    assert found["margin_fixed"] is True
    assert json.loads(report_of(default_study, "json"))["margin_fixed"] is False
    broken = {**default_study.settings, "margin": "wide"}
    with pytest.raises(ValueError, match="stored margin is 'wide'"):
        report_of(dataclasses.replace(default_study, settings=broken), "json")


def test_a_study_files_own_words_are_quoted(default_study):
    settings = {
        **default_study.settings,
        "consent_version": "2026-03",
        "consent_text": ["Ask <me>.", "You may leave."],
        "scales": {"realism": {"label": "Echtheit", "low": "falsch", "high": "echt"}},
    }
    other = dataclasses.replace(default_study, settings=settings)
    words = json.loads(report_of(other, "json"))["about"]["instructions"]
    assert {"Ask <me>.", "You may leave."} <= set(words)
    assert "Echtheit: 1 falsch, 5 echt" in words
    assert not any("What is stored" in text for text in words)


def test_who_withdrew_had_consented(default_study):
    left = dataclasses.replace(default_study, withdrawn=3)
    flow = json.loads(report_of(left, "json"))["flow"]
    assert (flow["consented"], flow["withdrawn"], flow["analysed"]) == (5, 3, 2)
    assert "3 withdrew" in report_of(left, "html")
