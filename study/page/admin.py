"""The administrator's page: how a study stands, who takes part, and the data to take home.

A Gradio app of its own, mounted beside the participants' under ``guard.PREFIX`` and behind
``guard``; the numbers come from ``live``. While a study runs its rates are hidden: who wants to see
them presses a button, and the look is noted for the report. The page pauses a study, and leaves
participants out; it changes nothing else.
"""

import html
from collections.abc import Callable, Sequence
from typing import Any

import fastapi
import gradio as gr
import pandas as pd

from study.errors import StudyError
from study.page import live
from study.page.guard import PREFIX
from study.protocol.design import PREFERENCE, UNPAIRED
from study.report.layout import name_of, percent, percent_range
from study.statistics.stats import Rate

EXPORT = f"{PREFIX}/export.zip"
REFRESH_SECONDS = 30
CSS = """
#counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem; }
#counts div { padding: 0.7rem 0.9rem; border: 1px solid var(--border-color-primary);
  border-radius: 0.6rem; background: var(--block-background-fill); }
#counts strong { display: block; font-size: 1.7rem; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
#counts span { color: var(--body-text-color-subdued); font-size: 0.9rem; }
#head { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: center;
  justify-content: space-between; }
#head h1 { margin: 0; font-size: 1.5rem; }
#head button { border: 1px solid var(--border-color-primary); border-radius: 0.4rem;
  padding: 0.3rem 0.8rem; font-size: 0.95rem; background: none; }
#simulated { margin: 0 0 1rem; padding: 0.6rem 0.9rem; border-radius: 0.6rem; font-weight: 650;
  color: #fff; background: #8a2be2; }
h2 { margin: 0.6rem 0 0; font-size: 1.15rem; }
.note { color: var(--body-text-color-subdued); font-size: 0.9rem; margin: 0.5rem 0 0; }
.wide { overflow-x: auto; }
/* Gradio frames the tables of texts; these only have lines between their rows. */
.rows { width: 100%; border: 0 !important; border-collapse: collapse;
  font-variant-numeric: tabular-nums; }
.rows th, .rows td { padding: 0.45rem 0.8rem !important; text-align: left; white-space: nowrap;
  border: 0 !important; border-bottom: 1px solid var(--border-color-primary) !important; }
.rows tr, .rows tbody { border: 0 !important; }
.rows th { color: var(--body-text-color-subdued); font-weight: 600; font-size: 0.9rem; }
.rows .n { text-align: right !important; }
.rows td:first-child, .rows th:first-child { padding-left: 0 !important; }
.rows .plot { width: 40%; min-width: 12rem; padding-right: 0 !important; }
.track { position: relative; height: 1.1rem; border-radius: 0.2rem;
  background: var(--background-fill-secondary); }
.track i { position: absolute; top: 0.42rem; height: 0.26rem; border-radius: 0.13rem;
  background: var(--body-text-color); opacity: 0.55; }
.track b { position: absolute; top: 0.25rem; width: 0.6rem; height: 0.6rem; margin-left: -0.3rem;
  border-radius: 50%; background: var(--body-text-color); }
#people table, #people table * { font-family: var(--font) !important; }
#peek, #switch { max-width: 16rem; }
#leave-out { align-items: end; }
#paused { margin: 0 0 1rem; padding: 0.6rem 0.9rem; border-radius: 0.6rem; font-weight: 650;
  border: 2px solid currentcolor; }
a[download] { margin: 0; padding: 0; }
"""
_HEAD = (
    '<div id="head"><h1>How the study stands</h1>'
    '<form method="post" action="logout"><button>Log out</button></form></div>'
)
_NOTE = (
    "The rates are those of the report: scored answers of participants who are not excluded, with "
    "the interval over other participants and other pictures."
)
_HIDDEN = (
    "Anyone who sees the rates could end the study because of them, and so choose its result. A "
    "look now is recorded, with its time, and the report mentions it."
)
_SIMULATED = (
    '<p id="simulated">SIMULATED: a program drew these answers. They say nothing about any '
    "method.</p>"
)
_PAUSED = (
    '<p id="paused">Paused: nobody new can begin. Those who have begun can continue to the end.</p>'
)
_NONE = "<p>There is no scored answer yet.</p>"
_RULES = (
    "Participants who currently break a rule of the study file, with the value and the limit. The "
    "rules were fixed before the first participant. Those excluded by hand, here or with "
    "study.exclude, are listed in the report with day and reason; they do not count as fixed "
    "beforehand."
)


def build(url: str) -> gr.Blocks:
    """Return the page.

    Parameters
    ----------
    url
        Database of the study.
    """

    def refresh(chosen: int | None) -> tuple[Any, ...]:
        return show(live.look, chosen)

    def reveal(chosen: int | None) -> tuple[Any, ...]:
        return show(live.reveal, chosen)

    def tick(chosen: int | None) -> tuple[Any, ...]:
        """Refresh, and leave rates on the screen that somebody has asked for."""
        found = show(live.look, chosen)
        hidden = isinstance(found[2], str) and _HIDDEN in found[2]
        return (*found[:2], gr.skip(), gr.skip(), *found[4:]) if hidden else found

    def turn(chosen: int | None) -> tuple[Any, ...]:
        """Pause what runs, resume what is paused."""
        try:
            now = live.look(url, chosen)
            live.pause(url, now.study, not now.paused)
        except StudyError as error:
            return _nothing(str(error))
        return tick(now.study)

    def leave_out(chosen: int | None, who: str, why: str) -> tuple[Any, ...]:
        return (exclude(who, why or " "), *tick(chosen))

    def take_back(chosen: int | None, who: str) -> tuple[Any, ...]:
        return (exclude(who, None), *tick(chosen))

    def exclude(who: str, why: str | None) -> str:
        """Decide about a participant, and return what came of it."""
        name = (who or "").strip()
        try:
            live.exclude(url, name, why)
        except StudyError as error:
            return f'<p role="alert">{html.escape(str(error))}</p>'
        done = "is counted again" if why is None else "is excluded; day and reason are kept"
        return f'<p role="status">{html.escape(name)} {done}.</p>'

    def show(look: Callable[[str, int | None], live.Live], chosen: int | None) -> tuple[Any, ...]:
        try:
            now = look(url, chosen)
        except StudyError as error:
            return _nothing(str(error))
        choices = [(name, number) for number, name in now.versions.items()]
        return (
            gr.update(choices=choices, value=now.study),
            (_SIMULATED if now.simulated else "")
            + (_PAUSED if now.paused else "")
            + _counts(now.counts),
            _hidden(now) if now.rates is None else _rates(now.rates, now.kind),
            gr.update(visible=now.rates is None),
            now.people,
            gr.update(value="Resume" if now.paused else "Pause", visible=True),
            _excluded(now.excluded),
            f'<p><a href="export.zip?study={now.study}" download>Download answers, participants '
            "and settings of this version (ZIP)</a></p>",
        )

    with gr.Blocks(title="Study", analytics_enabled=False) as page:
        _html(_HEAD)
        version = gr.Dropdown([], label="Version of the study", interactive=True)
        switch = gr.Button("Pause", visible=False, size="sm", elem_id="switch")
        counts, data, rates = (_html() for _ in range(3))
        peek = gr.Button("Look at the rates now", visible=False, size="sm", elem_id="peek")
        excluded = _html()
        with gr.Row(elem_id="leave-out"):
            who = gr.Textbox(label="Participant", placeholder="p-0123456789ab", max_lines=1)
            why = gr.Textbox(label="Reason, which the report quotes", max_lines=1, scale=2)
            out = gr.Button("Exclude", size="sm")
            back = gr.Button("Take back", size="sm")
        said = _html()
        _html("<h2>Participants</h2>")
        people = gr.Dataframe(interactive=False, show_label=False, buttons=[], elem_id="people")
        shown = [version, counts, rates, peek, people, switch, excluded, data]
        hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        page.load(refresh, version, shown, **hidden)
        version.input(refresh, version, shown, **hidden)
        gr.Timer(REFRESH_SECONDS).tick(tick, version, shown, **hidden)
        peek.click(reveal, version, shown, **hidden)
        switch.click(turn, version, shown, **hidden)
        out.click(leave_out, [version, who, why], [said, *shown], **hidden)
        back.click(take_back, [version, who], [said, *shown], **hidden)
    page.queue(default_concurrency_limit=1, api_open=False)
    return page


def export(url: str, study: int) -> fastapi.Response:
    """Answer the download; ``guard`` has asked for the password before."""
    try:
        data = live.bundle(url, study)
    except StudyError as error:
        raise fastapi.HTTPException(404, str(error)) from error
    name = f"study-{study}.zip"
    return fastapi.Response(
        data,
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _html(text: str | None = None) -> gr.Markdown:
    """Show HTML of ours; `gr.HTML` would make code of it, which the page's policy forbids."""
    return gr.Markdown(text, sanitize_html=False, latex_delimiters=[])


def _counts(counts: dict[str, int]) -> str:
    cells = (
        f"<div><strong>{number}</strong><span>{html.escape(name)}</span></div>"
        for name, number in counts.items()
    )
    return f'<div id="counts">{"".join(cells)}</div>'


def _rates(rates: Sequence[Rate], kind: str) -> str:
    """Print the rates, each with its interval as a bar on an axis from 0 to 100 %."""
    rows = [
        [
            html.escape(name_of(rate)),
            f"{rate.picked} of {rate.trials}",
            percent(rate.rate),
            percent_range(rate.headline),
            percent_range(rate.wilson),
            _bar(rate),
        ]
        for rate in rates
    ]
    heads = [
        "method",
        {UNPAIRED: "called real", PREFERENCE: "preferred"}.get(kind, "picked as real"),
        "rate",
        "95 % interval",
        "naive (Wilson)",
        "0 to 100 %",
    ]
    table = _table(heads, rows, ["", "n", "n", "n", "n", "plot"])
    return f'<h2>Rates</h2>{table or _NONE}<p class="note">{_NOTE}</p>'


def _hidden(now: live.Live) -> str:
    """Say why there are no rates, and how often somebody has looked all the same."""
    why = (
        "the study file does not say how many people should complete it ([plan] participants)"
        if now.planned is None
        else f"{now.counts['completed']} of the {now.planned} planned people have completed"
    )
    times = {0: "Nobody has looked so far.", 1: "Somebody has looked once."}
    looked = times.get(now.looks, f"Somebody has looked {now.looks} times.")
    return f"<h2>Rates</h2><p>Hidden while the study runs: {why}.</p>" + (
        f'<p class="note">{_HIDDEN} {looked}</p>'
    )


def _excluded(excluded: pd.DataFrame) -> str:
    """Print who breaks a rule, and by how much."""
    rows = [[html.escape(str(cell)) for cell in row] for row in excluded.to_numpy().tolist()]
    classes = ["n" if name in ("value", "limit") else "" for name in excluded.columns]
    table = _table(list(excluded.columns), rows, classes)
    return (
        f'<h2>Exclusions</h2>{table or "<p>Nobody breaks a rule.</p>"}<p class="note">{_RULES}</p>'
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], classes: Sequence[str]) -> str:
    """Return a table of HTML cells, or nothing where there are no rows."""
    if not rows:
        return ""

    def line(tag: str, cells: Sequence[str]) -> str:
        found = zip(cells, classes, strict=True)
        return "".join(f'<{tag} class="{kind}">{cell}</{tag}>' for cell, kind in found)

    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    return f'<div class="wide"><table class="rows"><tr>{line("th", heads)}</tr>{body}</table></div>'


def _bar(rate: Rate) -> str:
    low, high = 100 * rate.headline.low, 100 * rate.headline.high
    line = f'<i style="left:{low:.1f}%;width:{high - low:.1f}%"></i>'
    dot = f'<b style="left:{100 * rate.rate:.1f}%"></b>'
    return f'<div class="track">{line if rate.headline.defined else ""}{dot}</div>'


def _nothing(why: str) -> tuple[Any, ...]:
    said, hidden = f"<p>{html.escape(why)}</p>", [gr.update(visible=False)] * 2
    return (
        gr.update(choices=[], value=None),
        said,
        "",
        *hidden[:1],
        pd.DataFrame(),
        *hidden[1:],
        "",
        "",
    )
