"""Who comes for the study gets it first: nothing of the other tab is loaded before it.

Gradio loads what every tab is made of before it shows one, which on a slow line takes longer than
all that the study needs. A page of the study (a recruiter's link, an access code, /?study) is sent
with a script that empties the other tab before Gradio's own script reads what there is; a click on
that tab opens its page. Where Gradio's page is not as it is known here (6.31), the script leaves
all as it was, and the page only takes longer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPENERS = ("PROLIFIC_PID", "code", "study", "withdraw")  # parameters that open the study

_SCRIPT = """<script>
(() => {
    const asked = new URLSearchParams(window.location.search);
    if (!OPENERS.some((name) => asked.has(name))) return;
    const config = window.gradio_config;
    const { components, dependencies } = config;
    const tab = components?.find((one) => one.type === "tabitem" && one.props.id === "OTHER");
    const find = (node) =>
        node.id === tab?.id ? node : (node.children ?? []).map(find).find(Boolean);
    const layouts = [config, ...Object.values(config.page ?? {})].map((one) => one.layout);
    const nodes = layouts.map((layout) => layout && find(layout)).filter(Boolean);
    const left = new Set();
    const leave = (one) => { left.add(one.id); (one.children ?? []).forEach(leave); };
    for (const node of nodes) node.children.splice(0).forEach(leave);
    if (!left.size) return;
    config.components = components.filter((one) => !left.has(one.id));
    config.dependencies = dependencies.filter(({ targets, inputs, outputs }) =>
        ![...targets.flat(), ...inputs, ...outputs].some((id) => left.has(id)));
    for (const one of components) if (one.type === "tabs") one.props.selected = "study";
    document.addEventListener("click", (event) => {
        if (!event.target.closest?.("#OTHER-tab-button")) return;
        event.stopImmediatePropagation();
        window.location.assign(window.location.pathname);
    }, true);
})();
</script>"""


def script(parameter: str, other: str) -> str:
    """Return the script of a page with another tab.

    Parameters
    ----------
    parameter
        The recruiter's name of a participant's id.
    other
        Id of the tab that is emptied; its element's id is that with "-tab".
    """
    openers = json.dumps([parameter, *OPENERS[1:]]).replace("<", "\\u003c")
    return _SCRIPT.replace("OTHER", other).replace("OPENERS", openers)


class First:
    """ASGI middleware: puts a script at the end of the head of Gradio's pages."""

    def __init__(self, app: ASGIApp, script: str, paths: Sequence[str] = ("", "/")) -> None:
        self._app, self._paths = app, paths
        self._script = script.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and the page back with the script."""
        if scope["type"] != "http" or scope["path"] not in self._paths:
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def marked(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    page = bytes(body).replace(b"</head>", self._script + b"</head>", 1)
                    headers = MutableHeaders(scope=start)
                    if body:  # HEAD has none, and says how long the page is
                        headers["Content-Length"] = str(len(page))
                    await send(start)
                    await send({"type": "http.response.body", "body": page})
            else:
                await send(message)

        await self._app(scope, receive, marked)
