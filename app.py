"""TrueHue's page: builds the two tabs, opens the study and serves both. Nothing else.

    python app.py

Settings come from the environment (`Settings.from_environment` lists them). One FastAPI
application serves the Gradio app at "/"; `demo` is what Hugging Face Spaces and `gradio` expect.
"""

import functools
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import fastapi
import gradio as gr
import uvicorn
from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import colorizers.page.api
import colorizers.page.ui
import study.page.ui
from colorizers.page import streams, uploads
from colorizers.page.doors import Doors
from colorizers.page.turns import IDLE, take_turns
from study.database.engine import DEFAULT_URL, database_url, sqlite_path
from study.database.logins import Logins
from study.errors import ConfigError, DatabaseError, StimuliError, StudyError
from study.page import admin, proxies
from study.page.faults import Faults
from study.page.first import OPENERS, First, script
from study.page.guard import PREFIX, Guard, Sessions, admitted
from study.page.service import PATIENCE, Service, open_service
from study.password import check_hash
from study.protocol.config import PARAMETERS, StudyConfig, from_environment
from study.protocol.english import ENGLISH
from study.protocol.registration import changed
from study.protocol.wording import over

HERE = Path(__file__).parent
UPLOAD_LIMIT = "50mb"
SESSIONS = 500  # pages whose photograph is remembered, those used last

# Of FastAPI: no pages of its own, and no redirects, which it would make of the visitor's `Host`.
BARE: dict[str, Any] = {
    "docs_url": None,
    "redoc_url": None,
    "openapi_url": None,
    "redirect_slashes": False,
}
HEADERS = {
    # Nothing but this server: a page about a family's photographs tells no third party of it.
    "Content-Security-Policy": (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
        # A Space shows its page in a frame.
        + (" https://huggingface.co" if os.environ.get("SPACE_ID") else "")
    ),
    "Referrer-Policy": "same-origin",  # links carry participants' ids
    "X-Content-Type-Options": "nosniff",
}

CSS = """
.gradio-container { max-width: none !important; }
.gradio-container > .main {
  max-width: 1240px;
  margin: 0 auto;
  padding: 1rem clamp(0.75rem, 2.5vw, 2rem) !important;
}
#title .html-container, #study .html-container { padding: 0; }
#title { margin: 0.2rem 0 0; }
#title h1 { display: inline; margin: 0 0.6rem 0 0; font-size: 1.5rem; font-weight: 700; }
#title p { display: inline; color: var(--body-text-color-subdued); }
#title p { white-space: nowrap; }
button[role="tab"][aria-selected="true"] { color: var(--body-text-color); font-weight: 650; }
button[role="tab"][aria-selected="false"] { color: var(--body-text-color-subdued); }
button[role="tab"]::after { background-color: var(--body-text-color) !important; }
@media (max-width: 700px) {
  #title p { display: none; }
  .tabitem { padding: 0.75rem 0 !important; }
}
"""


# A recruiter's link, an access code, or /?study opens the study at once.
OPEN_ASKED_TAB = f"""() => {{
    const asked = new URLSearchParams(window.location.search);
    const study = {list(OPENERS)}.some((name) => asked.has(name));
    return {{ selected: study ? "study" : "colorize", __type__: "update" }};
}}"""


@dataclass(frozen=True)
class Settings:
    """Where to serve and what from."""

    server_name: str = "127.0.0.1"
    server_port: int = 7860
    database_url: str = DEFAULT_URL
    study: StudyConfig = field(default_factory=StudyConfig)
    admin_hash: str = ""  # without one the administrator's page does not exist
    trusted_proxies: tuple[str, ...] = ()
    keep_seconds: int = uploads.KEEP_SECONDS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables that the README lists.

        Raises
        ------
        ValueError
            When the port is not a number from 1 to 65535, a trusted proxy no address, or the time
            that files are kept not a number of seconds.
        ConfigError, PasswordError
            When the study file or the hash of the administrator's password cannot be used.
        """
        port = environment.get("GRADIO_SERVER_PORT") or str(cls.server_port)
        if not port.isdigit() or not 1 <= int(port) <= 65535:
            raise ValueError(f"GRADIO_SERVER_PORT is {port!r}, but must be from 1 to 65535.")
        keep = environment.get("TRUEHUE_KEEP_SECONDS") or str(cls.keep_seconds)
        if not keep.isdigit() or int(keep) < 1:
            raise ValueError(f"TRUEHUE_KEEP_SECONDS is {keep!r}, but must be seconds, 1 or more.")
        admin_hash = environment.get("TRUEHUE_ADMIN_HASH") or ""
        if admin_hash:
            check_hash(admin_hash)
        return cls(
            server_name=environment.get("GRADIO_SERVER_NAME") or cls.server_name,
            server_port=int(port),
            database_url=database_url(environment=environment),
            study=from_environment(environment),
            admin_hash=admin_hash,
            trusted_proxies=proxies.parse(environment.get(proxies.VARIABLE) or ""),
            keep_seconds=int(keep),
        )


def theme() -> gr.themes.Base:
    """Return a theme of neutral greys and the system's own fonts, so nothing is fetched."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.neutral,
        secondary_hue=gr.themes.colors.neutral,
        neutral_hue=gr.themes.colors.neutral,
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Consolas", "monospace"],
    ).set(
        # Secondary text with a contrast above 7:1 in light and dark mode.
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        color_accent="*neutral_900",
        button_primary_background_fill="*neutral_900",
        button_primary_background_fill_hover="*neutral_700",
        button_primary_text_color="white",
        button_primary_background_fill_dark="*neutral_100",
        button_primary_background_fill_hover_dark="white",
        button_primary_text_color_dark="*neutral_900",
    )


def build_demo(service: Callable[[], Service], config: StudyConfig | None = None) -> gr.Blocks:
    """Return the Gradio app with both tabs, or, where the study says so, with the study alone."""
    config = config or StudyConfig()
    words = over(ENGLISH, config.texts)
    said = words["page"]
    with gr.Blocks(title=said["head"], analytics_enabled=False) as blocks:
        # No Markdown: its program is a tenth of all that a slow line has to bring for the study.
        gr.HTML(
            f'<div dir="{words["direction"]}"><h1>{escape(said["head"])}</h1>\n'
            f"<p>{escape(said['subhead'])}</p></div>",
            elem_id="title",
            padding=False,
        )
        if config.colorize:
            with gr.Tabs() as tabs:
                with gr.Tab("Colorize", id="colorize", elem_id="colorize-tab"):
                    colorizers.page.ui.build()
                    colorizers.page.api.build()
                with gr.Tab(said["tab"], id="study"):
                    study.page.ui.build(service, config)
            asked = OPEN_ASKED_TAB.replace(PARAMETERS[0], config.parameters[0])
            blocks.load(None, outputs=tabs, js=asked)
        else:
            study.page.ui.build(service, config)
    blocks.state_session_capacity = SESSIONS
    take_turns(blocks, files)
    return blocks


class Headers:
    """ASGI middleware: `HEADERS` on every answer.

    Not a function under `app.middleware`: that would pass every answer on through a queue of its
    own, behind which the one who answers may not learn that the browser has gone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)  # the administrator's page has its own
            await send(message)

        await self._app(scope, receive, marked)


class Packed:
    """ASGI middleware: the pages themselves in a seventh of their bytes; Gradio packs the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._packed = app, GZipMiddleware(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        page = scope["type"] == "http" and scope["path"].endswith("/")
        await (self._packed if page else self._app)(scope, receive, send)


def build_app(blocks: gr.Blocks, settings: Settings) -> fastapi.FastAPI:
    """Return the FastAPI application that serves the Gradio app at "/"."""
    app = fastapi.FastAPI(**BARE, lifespan=files.swept)
    # Opened by the first who needs it, so that a page whose study is closed touches no database.
    logins = functools.cache(lambda: Logins(settings.database_url, patience=PATIENCE))
    sessions = Sessions(settings.admin_hash, logins) if settings.admin_hash else None
    # What is added later stands before what was added earlier: the guard asks for the password
    # first, and all get the headers.
    app.add_middleware(
        Doors,
        uploads=files,
        under=[PREFIX] if sessions else [],
        more=[admin.EXPORT.removeprefix(PREFIX)] if sessions else [],
        neighbourhood=proxies.neighbourhood,
    )
    if sessions is not None:
        app.add_middleware(Guard, sessions=sessions)
    app.add_middleware(Faults)
    # Without rules of its own, Gradio would allow every origin on a public host.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(Headers)
    app.add_middleware(First, script=script(settings.study.parameters[0], "colorize"))
    app.add_middleware(Packed)
    # The last one added is the first to see a request.
    app.add_middleware(proxies.Forwarded, trusted=settings.trusted_proxies)
    if sessions is not None:
        _mount_admin(app, settings)
    files.publish()  # the examples; no visitor has been here yet
    # Not at "/": Gradio would put that in place of where ``proxies`` says that the page lies.
    return _mount(app, blocks, settings, path="", css=CSS)


def _mount_admin(app: fastapi.FastAPI, settings: Settings) -> None:
    """Serve the administrator's page behind its login; the participants' app knows nothing of it.

    The guard stands before everything under its address, and Gradio asks it once more.
    """

    def export(study: int) -> fastapi.Response:
        return admin.export(settings.database_url, study)

    app.add_api_route(admin.EXPORT, export)
    _mount(
        app,
        admin.build(settings.database_url),
        settings,
        path=PREFIX,
        css=admin.CSS,
        auth_dependency=lambda request: "administrator" if admitted(request) else None,
    )


def _mount(
    app: fastapi.FastAPI, blocks: gr.Blocks, settings: Settings, *, path: str, css: str, **more: Any
) -> fastapi.FastAPI:
    """Mount a Gradio app with every door shut that this project does not use."""
    blocks.has_launched = True  # or Gradio takes any path in a request for an upload
    blocks._queue.sleep_when_free = IDLE
    database = sqlite_path(settings.database_url)
    blocked = (
        [f"{database.resolve()}{suffix}" for suffix in ("", "-wal", "-shm", "-journal")]
        if database
        else []
    )
    return gr.mount_gradio_app(
        app,
        blocks,
        path=path,
        server_name=settings.server_name,
        server_port=settings.server_port,
        allowed_paths=[],
        blocked_paths=blocked,
        max_file_size=UPLOAD_LIMIT,
        show_error=False,
        enable_monitoring=False,
        run_history=False,
        ssr_mode=False,
        pwa=False,
        footer_links=[],
        app_kwargs=dict(BARE),
        theme=theme(),
        css=css,
        head=streams.SCRIPT,
        **more,
    )


try:
    settings = Settings.from_environment()
except (ValueError, StudyError) as error:
    sys.exit(str(error))
running_study = functools.cache(
    functools.partial(open_service, settings.study, settings.database_url)
)
files = uploads.claim(settings.keep_seconds)
demo = build_demo(running_study, settings.study)


def _say_what_differs(running: Service) -> None:
    """Say on stderr where a study is not as it was registered."""
    registered = running.spec.registration
    differs = [] if registered is None else changed(registered, running.spec.settings())
    if differs:
        print(
            f"The study is not as registered ({'; '.join(differs)}), and its report will say so. "
            "Before the first participant, register it anew: python -m study.register --replace.",
            file=sys.stderr,
        )


def main() -> int:
    """Open the study, serve until interrupted, and return the exit code."""
    try:
        _say_what_differs(running_study())
    except (StimuliError, ConfigError) as error:
        print(f"The Study tab is closed: {error}", file=sys.stderr)
    except DatabaseError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"TrueHue is at http://{settings.server_name}:{settings.server_port}", flush=True)
    uvicorn.run(
        build_app(demo, settings),
        host=settings.server_name,
        port=settings.server_port,
        log_level="warning",
        access_log=False,  # it would write participants' addresses down
        proxy_headers=False,  # uvicorn would believe whoever asks from this machine
        timeout_graceful_shutdown=3,  # open pages hold a connection for as long as they are open
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
