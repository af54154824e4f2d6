"""The Study tab: one HTML component whose script asks the server, and the server decides.

``build`` is called inside a ``gr.Tab``. The page itself is ``static/study.js`` and
``static/study.css``; it talks to `study.page.service.Service` through the component's server
functions, plain HTTP requests that do not wait in Gradio's queue behind a colorization.

Why no Gradio image component: it would serve pictures under file names, as lossy webp by
default, one by one. Here the pictures of a trial come in one reply, as PNGs of equal length,
and appear together.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from study.errors import StudyError
from study.page.service import Service

STATIC = Path(__file__).parent / "static"


def build(service: Callable[[], Service]) -> gr.HTML:
    """Put the study into the current Gradio context.

    Parameters
    ----------
    service
        Returns the running study; asked at each request, so that a page can be built before
        the study is opened. When it raises because there is no study, the page says so.
    """

    def reply(name: str, request: Any) -> Any:
        try:
            running = service()
        except StudyError:
            return {"error": "No study is running here at the moment.", "closed": True}
        return getattr(running, name)(request)

    def enter(request: Any) -> Any:
        return reply("enter", request)

    def consent(request: Any) -> Any:
        return reply("consent", request)

    def pictures(request: Any) -> Any:
        return reply("pictures", request)

    def pick(request: Any) -> Any:
        return reply("pick", request)

    def rate(request: Any) -> Any:
        return reply("rate", request)

    def withdraw(request: Any) -> Any:
        return reply("withdraw", request)

    return gr.HTML(
        elem_id="study",
        html_template='<section class="study" aria-label="Study"></section>',
        css_template=(STATIC / "study.css").read_text(encoding="utf-8"),
        js_on_load=(STATIC / "study.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        server_functions=[enter, consent, pictures, pick, rate, withdraw],
    )
