"""The whole report in sections: its subjects, then what is said of all of them.

Fed by a `study.report.summary.Summary`; printed by `render`, `latex` and `page`.
"""

from __future__ import annotations

from study.report import checklist, paragraph
from study.report.layout import Section
from study.report.summary import Report

_SIMULATED = (
    "SIMULATED: a program drew these answers from a model, to test the pipeline or to plan a "
    "study. No person gave them, and they say nothing about any method."
)
_EDITED = (
    "EDITED: files of this export were changed after the study had written them, so nobody can "
    "tell from them what the participants answered."
)


def sections(summary: Report) -> list[Section]:
    """All sections of the report, in order."""
    return [
        *summary.sections(),
        checklist.checklist(summary),
        paragraph.paper(summary),
        _about(summary),
    ]


def banner(summary: Report) -> str:
    """What must be said before any number; empty for real answers as they were stored."""
    return " ".join(
        said
        for said, holds in ((_SIMULATED, summary.simulated), (_EDITED, summary.edited))
        if holds
    )


def _about(s: Report) -> Section:
    versions = ", ".join(f"{name} {number}" for name, number in s.versions.items())
    return Section(
        "about",
        "About these numbers",
        f"Database {s.database}{f', study {s.study}' if s.study else ''}. Computed with "
        f"{versions}. docs/statistics.md says what each estimate means and how often its interval "
        "holds the truth.",
    )
