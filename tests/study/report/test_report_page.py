"""The HTML page and the LaTeX tables: nothing loaded, nothing injected, everything marked."""

import dataclasses
import re
from html.parser import HTMLParser

import pytest
from study_frames import PICKS, TRUTH, answers, crossed, summary_of

from study.protocol.about import About
from study.protocol.exclusions import Rules
from study.report.__main__ import report
from study.report.latex import escape, latex
from study.report.page import page
from study.report.sections import sections as sections_of

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}\\input{x}%$#_^~"


class Page(HTMLParser):
    """Tags, attributes and the depth of what is open."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_loads_nothing(printed):
    found = printed["html"]
    parsed = Page(found)
    assert parsed.open == [], "every tag is closed"
    assert "script" not in [tag for tag, _ in parsed.tags]
    for tag, attributes in parsed.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name == "href" and tag == "a":
                assert value.startswith("#")
            elif name in ("src", "href", "xlink:href"):
                assert value.startswith("data:image/")
    assert "default-src 'none'" in found
    assert not re.search(r"url\(|@import|https?:", found)


def test_every_plot_and_heading_says_simulated(printed):
    found = printed["html"]
    assert "<title>TrueHue study report (SIMULATED PARTICIPANTS)</title>" in found
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", found, re.S)
    assert len(captions) >= 11
    assert all('<span class="mark">simulated</span>' in caption for caption in captions)
    headings = re.findall(r"<h3>(.*?)</h3>", found, re.S)
    assert all("simulated" in heading for heading in headings)
    tables = re.findall(r"\\caption\{(.*?)\}\n", printed["latex"])
    assert len(tables) > 12
    assert all("(SIMULATED PARTICIPANTS)" in caption for caption in tables)


def test_the_pictures_are_in_the_page(set_url):
    pictures = [
        attributes for tag, attributes in Page(report(set_url, "html")).tags if tag == "img"
    ]
    assert len(pictures) == 2 * 2 * 6 * 2, "two methods, two ends, six pictures beside the truth"
    assert all(picture["src"].startswith("data:image/jpeg;base64,") for picture in pictures)
    assert all(picture["alt"] for picture in pictures)


def hostile_summary(**settings):
    trials = [
        {
            "participant": f"p{p}", "picture": f"{HOSTILE}{i}", "pick": HOSTILE if pick == "gan"
            else pick, "label": HOSTILE, "response_ms": 1000,
            "realism": {HOSTILE: 2, TRUTH: 5}, "excluded": HOSTILE if p == 1 else None,
        }
        for p, row in enumerate([*PICKS, PICKS[0]])
        for i, pick in enumerate(row)
    ]  # fmt: skip
    frame = answers(trials, methods=(HOSTILE, "classification", TRUTH))
    about = About(
        instructions=(HOSTILE,),
        consent_version=HOSTILE,
        stimuli={
            "drawn": HOSTILE, "source": HOSTILE, "seed": 1, "size": [2, 3], "sha256": HOSTILE,
            "shown": {"pixels": 9, "filter": HOSTILE}, "methods": {}, "pictures": 4,
        },
    )  # fmt: skip
    return summary_of(frame, study=HOSTILE, about=about, **settings)


def test_hostile_words_stay_words():
    found = page(hostile_summary())
    parsed = Page(found)
    assert parsed.open == []
    assert "script" not in [tag for tag, _ in parsed.tags]
    assert "{{7*7}}" in found, "what looks like a template is not filled in"
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found
    for tag, attributes in parsed.tags:
        assert not any(name.startswith("on") or name == "alert(1)" for name in attributes), tag


def test_hostile_words_stay_words_in_latex():
    found = latex(hostile_summary())
    assert r"\input{x}" not in found
    assert r"\textbackslash{}input\{x\}\%\$\#\_\textasciicircum{}\textasciitilde{}" in found
    # Nothing that LaTeX would act on is left but what this program wrote itself.
    rest = re.sub(r"\$\\(pm|frac12|surd)\$", "", found)
    assert not re.search(r"(?<!\\)[$#_^~]", rest)


def test_escape_keeps_lines_whole():
    assert escape("a\nb\rc\x00d") == "a b c d"
    assert escape("1 % & 2") == r"1\,\% \& 2"


def test_a_page_without_pictures_says_so():
    found = page(summary_of(answers(crossed(PICKS))))
    assert "<img" not in found
    assert "not at hand" in found


@pytest.mark.parametrize(
    "trials",
    [
        crossed(PICKS[:1]),
        crossed([["gan"] * 3] * 3),
        crossed([[TRUTH] * 3] * 3, response_ms=0),
        [{"participant": "a", "picture": "x", "pick": TRUTH}],
    ],
)
def test_pages_of_very_small_studies(trials):
    summary = summary_of(answers(trials))
    for found in (page(summary), latex(summary)):
        assert "nan%" not in found
        assert ">nan" not in found
    assert Page(page(summary)).open == []


def test_six_methods_have_six_colours():
    methods = ("a", "b", "c", "d", "e", "f", TRUTH)
    found = page(summary_of(answers(crossed([list("abcdef")] * 3), methods=methods)))
    assert {f"card m{i}" for i in range(1, 7)} <= set(re.findall(r'class="(card m\d)"', found))


def test_the_flow_names_who_left_and_why():
    trials = [
        *crossed(PICKS, response_ms=3000),
        {"participant": "fast", "picture": "i0", "pick": "gan", "response_ms": 90},
        {"participant": "gone", "picture": "i1", "pick": TRUTH, "status": "started"},
    ]
    rules = Rules(min_median_seconds=0.2, min_completed_trials=2)
    summary = summary_of(answers(trials), rules=rules)
    assert (summary.participants.flow.excluded, summary.participants.flow.analysed) == (2, 2)
    assert summary.participants.rules == {"min_completed_trials": 2, "min_median_seconds": 0.2}
    flow = re.search(r'<ol class="flow">(.*?)</ol>', page(summary), re.S)[1]
    assert "1 unfinished" in flow
    assert "2 excluded" in flow
    assert "median time to the pick below 0.2 s" in flow
    by_name = {p.name: p.trials for p in summary.populations.populations}
    assert by_name == {"answered": 8, "completed": 8, "everyone": 10}


def test_a_real_study_is_not_marked():
    summary = dataclasses.replace(summary_of(answers(crossed(PICKS))), simulated=False)
    found = page(summary)
    assert 'class="mark"' not in found
    assert "SIMULATED" not in found.upper().replace(".SIMULATED", "")


def test_the_contents_name_every_section(printed):
    found = printed["html"]
    nav = re.search(r"<nav.*?</nav>", found, re.S)[0]
    asked = re.findall(r'href="#([^"]+)"', nav)
    there = re.findall(r'<section (?:class="paper" )?id="([^"]+)"', found)
    assert sorted(asked) == sorted(there)
    assert len(asked) > 15


def test_on_paper_pages_are_numbered_and_headings_stay_with_what_they_head(printed):
    style = re.search(r"<style>(.*?)</style>", printed["html"], re.S)[1]
    page_rule = style[style.index("@page") :]
    assert "margin:" in page_rule[:80]
    assert "counter(page)" in page_rule[:200]
    on_paper = style[style.index("@media print") :]
    assert re.search(r"h2, h3[^{]*\{ break-after: avoid;", on_paper)


def test_what_cannot_be_computed_is_one_sentence():
    one = [{"participant": "a", "picture": "x", "pick": TRUTH}]
    sections = {s.key: s for s in sections_of(summary_of(answers(one)))}
    for key in ("joint", "tests", "differences", "components"):
        folded = sections[key]
        assert folded.intro.startswith("Not computed: "), folded
        assert folded.intro.count(". ") == 0
        assert not [*folded.rows, *folded.notes]
    for key, section in sections.items():
        said = {cell for cells in section.rows for cell in cells[1:]} - {"–", ""}
        assert said or not section.rows, key
