"""The Study tab: one HTML component whose script asks the server, and the server decides.

``build`` is called inside a ``gr.Tab``. The page itself is in ``static/``; it talks to
`study.page.service.Service` through the component's server functions, plain HTTP requests that do
not wait in Gradio's queue behind a colorization.

Why no Gradio image component: it would serve pictures under file names, as lossy webp by
default, one by one. Here the pictures of a trial come in one reply, as PNGs of equal length,
and appear together.

The study has threads of its own: a database that hangs keeps these busy, and none of those that
serve everything else. Who finds all of them busy is asked to come again, and so is everybody while
the database cannot be used: status 503 with Retry-After, and the reason for the page.
"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.responses import JSONResponse

from study.errors import StudyError
from study.page.faults import LINES, OURS, told
from study.page.service import Service, unavailable
from study.protocol.config import PARAMETERS

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("exposure.js", "judge.js", "study.js")  # one after the other; the last one begins
READING = ("enter", "pictures")
WRITING = ("consent", "expose", "pick", "rate", "withdraw")
READERS, WRITERS = 8, 4  # at once
QUEUE_SECONDS = 3.0  # until a request is told that they are all busy


def build(service: Callable[[], Service], parameters: tuple[str, str, str] = PARAMETERS) -> gr.HTML:
    """Put the study into the current Gradio context.

    Parameters
    ----------
    service
        Returns the running study; asked at each request, so that a page can be built before
        the study is opened. When it raises because there is no study, the page says so.
    parameters
        What a recruiter's link calls the person, the study there, and the session.
    """
    threads = ThreadPoolExecutor(READERS + WRITERS, "study")
    free = {READING: asyncio.Semaphore(READERS), WRITING: asyncio.Semaphore(WRITERS)}

    def answer(name: str, request: Any, address: str) -> dict[str, Any]:
        try:
            running = service()
        except StudyError:
            return {"error": "No study is running here at the moment.", "closed": True}
        if name == "consent":
            return running.consent(request, address)
        replied: dict[str, Any] = getattr(running, name)(request)
        return replied

    async def reply(name: str, request: Any, address: str) -> Any:
        lane = free[READING if name in READING else WRITING]
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await lane.acquire()
        except TimeoutError:
            replied = unavailable("busy", "Answers cannot be stored just now: many are waiting.")
        else:
            try:
                loop = asyncio.get_running_loop()
                replied = await loop.run_in_executor(threads, answer, name, request, address)
            except Exception as error:  # a mistake of this program: noted, and said without details
                LINES.say(told(error))
                return JSONResponse({"error": OURS}, 500)
            finally:
                lane.release()
        if "again" in replied:
            return JSONResponse(replied, 503, {"Retry-After": str(replied["again"])})
        return replied

    def asked(name: str) -> Callable[..., Any]:
        async def function(request: Any, http: gr.Request) -> Any:
            return await reply(name, request, http.client.host if http.client else "")

        function.__name__ = name
        return function

    return gr.HTML(
        elem_id="study",
        html_template='<section class="study" aria-label="Study"></section>',
        css_template=(STATIC / "study.css").read_text(encoding="utf-8"),
        js_on_load=_script(parameters),
        apply_default_css=False,
        server_functions=[asked(name) for name in (*READING, *WRITING)],
    )


def _script(parameters: tuple[str, str, str]) -> str:
    """Return the page's script, which reads a recruiter's link by these names."""
    script = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return script.replace(json.dumps(list(PARAMETERS)), json.dumps(list(parameters)))
