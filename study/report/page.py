"""The report as one HTML page: plots, pictures, tables, nothing loaded from anywhere.

Fed by a `study.report.summary.Summary` and the pictures of `study.report.gallery`; the tables
are the sections of `study.report.sections`, hence the numbers of every other format, and the plots
are those of `study.report.charts`. The page has no script, and its content security policy lets it
load nothing; all text that comes from data is escaped by Jinja.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.protocol.design import TRUTH
from study.protocol.session import SCALES
from study.report import charts
from study.report.axis import Plot
from study.report.gallery import thumbnail
from study.report.layout import Section, percent, percent_range
from study.report.paragraph import paragraph
from study.report.sections import banner, sections
from study.report.summary import Judgements, Report, Summary
from study.report.truth import d_prime_words
from study.stimuli.manifest import Manifest

TEMPLATES = Path(__file__).parent / "templates"
# Parts of the page and the sections in each; a section of no part comes last.
PARTS: Mapping[str, tuple[str, ...]] = {
    "Results": (
        *("called-real", "judged", "detection", "preferred", "preference-differences", "strengths"),
        *("rates", "truth", "tests", "differences", "scale", "weighting", "lapses", "joint"),
    ),
    "How sure is that?": ("roads", "components"),
    "Ratings": ("ratings", *(f"ratings-{scale}" for scale in SCALES), "rating-odds"),
    "Pictures": ("classes", "pictures"),
    "Participants": (
        "participants",
        "exposure",
        "people",
        "time",
        "attention",
        "slots",
        "automation",
        "screen",
        "populations",
    ),
    "For review": ("registration", "checklist", "about"),
}


@dataclass(frozen=True)
class Shown:
    """A picture of the gallery: data URIs of the fake and of the truth, or None."""

    picture: str
    label: str
    words: str
    fake: str | None
    real: str | None


def page(summary: Report, gallery: Manifest | None = None) -> str:
    """Return the page.

    Parameters
    ----------
    summary : Report
    gallery : Manifest, optional
        Where the pictures are; without it the page has a sentence in their place.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    every: dict[str, list[Section]] = {}
    for section in sections(summary):
        every.setdefault(section.key, []).append(section)
    placed = {key for keys in PARTS.values() for key in keys}
    parts = {title: [(k, every[k]) for k in keys if k in every] for title, keys in PARTS.items()}
    rest = [(key, found) for key, found in every.items() if key not in placed and key != "paper"]
    parts["For review"] += rest
    drawn = _drawn(summary, gallery) if isinstance(summary, Summary) else _of_kind(summary)
    return environment.get_template("report.html").render(
        **drawn,
        s=summary,
        style=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        banner=banner(summary),
        paragraph=paragraph(summary),
        parts={title: found for title, found in parts.items() if found},
        flow=_flow(summary),
        folded=_folded,
    )


def _drawn(s: Summary, gallery: Manifest | None) -> dict[str, Any]:
    """What the page draws of a study in which the real picture is picked."""
    options = s.participants.answers.options
    return {
        "asked": "Which picture is real?",
        "shown": f"{options} versions of a picture in each trial",
        "cards": _cards(s),
        "plots": _plots(s),
        "gallery": _gallery(s, gallery),
        "seconds": charts.seconds(s.behaviour.blocks),
        "correct": charts.correct(s.behaviour.blocks, 1 / options),
    }


def _of_kind(s: Report) -> dict[str, Any]:
    """What it draws of another kind of trials: the rates."""
    options = s.participants.answers.options
    apart: dict[str, str] = {}
    asked, shown, words, key, title = (
        "Which picture is preferred?", f"{options} versions of a picture in each trial",
        "preferred", "preferred", "Preferred",
    )  # fmt: skip
    if isinstance(s, Judgements):
        asked, shown = "Real or fake?", "one version of a picture in each trial"
        words, key, title = "called real", "called-real", "Called real"
        apart = {
            t.name: f"; d' = {t.d_prime:.2f}"
            for t in s.answered.against_truth
            if t.d_interval.defined
        }
    ink = charts.inks(rate.name for rate in s.rates_shown)
    return {
        "asked": asked,
        "shown": shown,
        "cards": [
            {
                "ink": ink[rate.name],
                "name": "the real picture" if rate.name == TRUTH else rate.name,
                "figure": percent(rate.rate),
                "range": percent_range(rate.headline),
                "words": f"{words} in {rate.picked} of {rate.trials} trials"
                + apart.get(rate.name, ""),
            }
            for rate in s.rates_shown
        ],
        "plots": {key: [charts.forest(s.rates_shown, s.level, title)]},
        "gallery": [],
        "seconds": "",
        "correct": "",
    }


def _plots(s: Summary) -> dict[str, list[Plot]]:
    """Plots by the key of the section that they stand in."""
    plots = {
        "rates": [charts.forest(s.rates.fool_rates, s.level, "Picked as the real picture")],
        "truth": [charts.indistinguishability(s)],
        "roads": [charts.roads(s)],
        "ratings": [charts.rating_bars(s, scale) for scale in s.ratings.ratings],
        "people": [charts.people(s)],
        "slots": [charts.slots(s)],
    }
    if len(s.one_scale.scale.strengths) > 1:
        plots["scale"] = [charts.strengths(s)]
    if s.pictures.classes:
        plots["classes"] = [charts.classes(s)]
    return plots


def _folded(section: Section) -> bool:
    """Whether a table only repeats a plot and can be folded away."""
    return section.key in {
        *(
            "called-real",
            "preferred",
            "rates",
            "truth",
            "scale",
            "roads",
            "ratings",
            "classes",
            "pictures",
            "people",
            "time",
            "slots",
        ),
        "participants",
    }


def _cards(s: Summary) -> list[dict[str, str]]:
    """The large figures at the top."""
    ink = charts.inks(rate.name for rate in s.rates.fool_rates)
    points = {d.name: d for d in s.truth.distances}
    cards = [
        {
            "ink": ink[rate.name],
            "name": rate.name,
            "figure": percent(rate.rate),
            "range": percent_range(rate.headline),
            "words": f"taken for the real picture in {rate.picked} of {rate.trials} trials; "
            f"at {percent(points[rate.name].point)} it would be picked as often as the real one",
        }
        for rate in s.rates.fool_rates
        if rate.name != TRUTH
    ]
    truth = next(rate for rate in s.rates.fool_rates if rate.name == TRUTH)
    cards.append(
        {
            "ink": "truth",
            "name": "the real picture",
            "figure": percent(truth.rate),
            "range": percent_range(truth.headline),
            "words": f"found in {truth.picked} of {truth.trials} trials; "
            f"{d_prime_words(s.truth.detection)}",
        }
    )
    return cards


def _gallery(s: Summary, gallery: Manifest | None) -> list[dict[str, Any]]:
    """The pictures at both ends, each beside its truth; empty if none is at hand."""
    if gallery is None:
        return []
    ends: list[dict[str, Any]] = []
    at_hand = False
    for of_method in s.pictures.extremes:
        for title, found in (("Most fooling", of_method.most), ("Least fooling", of_method.least)):
            shown = [
                Shown(
                    picture=p.picture,
                    label=p.label or p.picture,
                    words=f"{p.picked} of {p.trials}",
                    fake=thumbnail(gallery, p.name, p.picture),
                    real=thumbnail(gallery, TRUTH, p.picture),
                )
                for p in found
            ]
            at_hand = at_hand or any(picture.fake for picture in shown)
            ends.append({"title": title, "name": of_method.name, "shown": shown})
    return ends if at_hand else []


def _flow(s: Report) -> list[dict[str, str]]:
    """Boxes from recruitment to analysis; `aside` is who left before the next box."""
    f = s.participants.flow
    not_analysed = f.consented - (f.withdrawn or 0) - f.excluded - f.analysed
    left = "; ".join(
        text
        for text, count in (
            (f"{f.excluded} excluded", f.excluded),
            (f"{not_analysed} without a scored answer", not_analysed),
        )
        if count
    )
    reasons = "; ".join(f"{reason} ({count})" for reason, count in f.reasons.items())
    recruited = "not recorded" if f.recruited is None else str(f.recruited)
    return [
        {"name": "recruited", "figure": recruited, "aside": ""},
        {
            "name": "consented",
            "figure": str(f.consented),
            "aside": "" if not f.withdrawn else f"{f.withdrawn} withdrew",
        },
        {
            "name": "completed",
            "figure": str(f.completed),
            "aside": f"{f.unfinished} unfinished" if f.unfinished else "",
        },
        {
            "name": "analysed",
            "figure": str(f.analysed),
            "aside": f"{left}: {reasons}" if reasons else left,
        },
    ]
