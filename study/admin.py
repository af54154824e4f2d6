"""The administrator's page: how a study stands, who takes part, and the data to take home.

A Gradio app of its own, mounted beside the participants' under ``guard.PREFIX`` and behind
``guard``; the numbers come from ``live``. Reads the database and changes nothing.
"""

import html
from typing import Any

import fastapi
import gradio as gr
import pandas as pd

from study import live
from study.database import DatabaseError
from study.guard import PREFIX
from study.summary import NothingToReportError

EXPORT = f"{PREFIX}/export.zip"
REFRESH_SECONDS = 30
CSS = """
#counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem; }
#counts div { padding: 0.7rem 0.9rem; border: 1px solid var(--border-color-primary);
  border-radius: 0.6rem; background: var(--block-background-fill); }
#counts strong { display: block; font-size: 1.7rem; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
#counts span { color: var(--body-text-color-subdued); font-size: 0.9rem; }
#head { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: baseline; }
#head h1 { margin: 0; font-size: 1.5rem; }
#simulated { margin: 0 0 1rem; padding: 0.6rem 0.9rem; border-radius: 0.6rem; font-weight: 650;
  color: #fff; background: #8a2be2; }
h2 { margin: 1.2rem 0 0; font-size: 1.15rem; }
.note { color: var(--body-text-color-subdued); font-size: 0.9rem; }
"""
_HEAD = (
    '<div id="head"><h1>How the study stands</h1>'
    f'<form method="post" action="{PREFIX}/logout"><button>Log out</button></form></div>'
)
_NOTE = (
    "The rates are those of the report: scored answers of participants who are not excluded, with "
    "the interval over other participants and other pictures. Whoever ends a study because of "
    "them chooses its result; fix the number of participants beforehand."
)
_SIMULATED = (
    '<p id="simulated">SIMULATED: a program drew these answers. They say nothing about any '
    "method.</p>"
)
_RULES = (
    "Who breaks a rule of the study file at the moment, with the value and the limit. The rules "
    "are fixed before the first participant."
)


def build(url: str) -> gr.Blocks:
    """Return the page.

    Parameters
    ----------
    url
        Database of the study.
    """

    def refresh(chosen: int | None) -> tuple[Any, ...]:
        try:
            known = live.versions(url)
        except DatabaseError as error:
            return _nothing(str(error))
        if not known:
            return _nothing("Nobody has started the study yet.")
        study = chosen if chosen in known else next(iter(known))
        now = live.look(url, study)
        choices = [(name, number) for number, name in known.items()]
        return (
            gr.update(choices=choices, value=study),
            (_SIMULATED if now.simulated else "") + _counts(now.counts),
            now.rates,
            now.people,
            now.excluded,
            f'<p><a href="{EXPORT}?study={study}" download>Download answers, participants and '
            "settings of this version (ZIP)</a></p>",
        )

    with gr.Blocks(title="Study", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        gr.HTML(_HEAD)
        version = gr.Dropdown([], label="Version of the study", interactive=True)
        counts = gr.HTML()
        data = gr.HTML()
        gr.HTML("<h2>Rates</h2>")
        rates = gr.Dataframe(interactive=False, show_label=False)
        gr.HTML(f'<p class="note">{_NOTE}</p>')
        gr.HTML("<h2>Exclusions</h2>")
        excluded = gr.Dataframe(interactive=False, show_label=False)
        gr.HTML(f'<p class="note">{_RULES}</p>')
        gr.HTML("<h2>Participants</h2>")
        people = gr.Dataframe(interactive=False, show_label=False)
        shown = [version, counts, rates, people, excluded, data]
        hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        page.load(refresh, version, shown, **hidden)
        version.input(refresh, version, shown, **hidden)
        gr.Timer(REFRESH_SECONDS).tick(refresh, version, shown, **hidden)
    page.queue(default_concurrency_limit=1, api_open=False)
    return page


def export(url: str, study: int) -> fastapi.Response:
    """Answer the download; ``guard`` has asked for the password before."""
    try:
        data = live.bundle(url, study)
    except (DatabaseError, NothingToReportError) as error:
        raise fastapi.HTTPException(404, str(error)) from error
    name = f"study-{study}.zip"
    return fastapi.Response(
        data,
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _counts(counts: dict[str, int]) -> str:
    cells = (
        f"<div><strong>{number}</strong><span>{html.escape(name)}</span></div>"
        for name, number in counts.items()
    )
    return f'<div id="counts">{"".join(cells)}</div>'


def _nothing(why: str) -> tuple[Any, ...]:
    empty = pd.DataFrame()
    said = f"<p>{html.escape(why)}</p>"
    return gr.update(choices=[], value=None), said, empty, empty, empty, said
