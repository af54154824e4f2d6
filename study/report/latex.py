r"""The report's tables for a paper: LaTeX with booktabs.

Fed by a `study.report.summary.Report`; the same sections, in the same rounding, as text and
HTML. The output is to be `\input` into a document that loads booktabs, with pdfLaTeX, XeLaTeX or
LuaLaTeX. Every caption says it where participants are simulated, or an export was edited.
"""

from __future__ import annotations

from collections.abc import Sequence

from study.report.layout import Section
from study.report.sections import banner, sections
from study.report.summary import TITLE, Report

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
    "−": "--",
    "±": r"$\pm$",
    "½": r"$\frac12$",
    "✓": r"$\surd$",
    "“": "``",
    "”": "''",
}


def escape(text: str) -> str:
    r"""Return text that LaTeX prints as it is; control characters become spaces.

    Examples
    --------
    >>> print(escape("50 % of a_b & {c}"))
    50\,\% of a\_b \& \{c\}
    """
    plain = "".join(" " if ord(letter) < 32 else letter for letter in text)
    escaped = "".join(_SPECIAL.get(letter, letter) for letter in plain)
    return escaped.replace(r" \%", r"\,\%")


def latex(summary: Report) -> str:
    """All tables of the report, the checklist and the paragraph for a paper."""
    lines = [
        "% Needs \\usepackage{booktabs}. Every number is that of python -m study.report.",
        f"% {escape(summary.title)}",
    ]
    if banner(summary):
        lines += [f"% {escape(banner(summary))}", "", rf"\textbf{{{escape(banner(summary))}}}"]
    for section in sections(summary):
        lines += ["", rf"% --- {escape(section.title)}"]
        if section.rows:
            lines += _table(section, summary)
        elif section.intro:
            lines += [escape(section.intro)]
        if section.items:
            lines += [r"\begin{description}"]
            lines += [
                rf"\item[{{{escape(mark)} {escape(asked)}}}] {escape(answer)}"
                for mark, asked, answer in section.items
            ]
            lines += [r"\end{description}"]
    return "\n".join(lines) + "\n"


def _table(section: Section, summary: Report) -> list[str]:
    mark = summary.title.removeprefix(TITLE)
    caption = f"{section.title}{mark}. {' '.join((section.intro, *section.notes))}".strip()
    return [
        r"\begin{table}[htbp]",
        r"\centering\small",
        rf"\caption{{{escape(caption)}}}",
        rf"\label{{tab:{section.key}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(section.columns) - 1)}}}",
        r"\toprule",
        _row(section.columns),
        r"\midrule",
        *(_row(row) for row in section.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def _row(cells: Sequence[str]) -> str:
    indent = r"\quad " if cells[0].startswith("  ") else ""
    return indent + " & ".join(escape(cell.strip()) for cell in cells) + r" \\"
