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
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.responses import JSONResponse

from study.errors import StudyError
from study.page.faults import LINES, told
from study.page.service import Service, unavailable
from study.protocol.config import StudyConfig
from study.protocol.english import ENGLISH
from study.protocol.wording import over

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("study.js", "traces.js", "screen.js", "exposure.js", "judge.js")  # as one
READING = ("enter", "plates", "pictures")
WRITING = ("consent", "screen", "tell", "expose", "pick", "rate", "withdraw")
READERS, WRITERS = 8, 4  # at once
QUEUE_SECONDS = 3.0  # until a request is told that they are all busy


def build(service: Callable[[], Service], config: StudyConfig | None = None) -> gr.HTML:
    """Put the study into the current Gradio context.

    Parameters
    ----------
    service
        Returns the running study; asked at each request, so that a page can be built before
        the study is opened. When it raises because there is no study, the page says so.
    config
        The study, of which the page has its words, and the names in a recruiter's link, before it
        asks for anything; the default one if None.
    """
    config = config or StudyConfig()
    words = over(ENGLISH, config.texts)
    said = words["refused"]
    threads = ThreadPoolExecutor(READERS + WRITERS, "study")
    free = {READING: asyncio.Semaphore(READERS), WRITING: asyncio.Semaphore(WRITERS)}

    def answer(name: str, request: Any, address: str) -> dict[str, Any]:
        try:
            running = service()
        except StudyError:
            return {"error": said["closed"], "closed": True}
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
            replied = unavailable("busy", said["many"])
        else:
            try:
                loop = asyncio.get_running_loop()
                replied = await loop.run_in_executor(threads, answer, name, request, address)
            except Exception as error:  # a mistake of this program: noted, and said without details
                LINES.say(told(error))
                return JSONResponse({"error": said["ours"]}, 500)
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
        html_template='<section class="study"></section>',
        css_template=(STATIC / "study.css").read_text(encoding="utf-8"),
        js_on_load=_script(config, words),
        apply_default_css=False,
        server_functions=[asked(name) for name in (*READING, *WRITING)],
    )


def _script(config: StudyConfig, words: Mapping[str, Any]) -> str:
    """Return the page's script with what it has to know before the server's first reply."""
    known = {
        "parameters": config.parameters,
        "texts": {name: words[name] for name in ("language", "direction", "page")},
    }
    script = "".join((STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return f"const KNOWN = {json.dumps(known)};\n{script}"
