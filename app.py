"""TrueHue's page: builds the two tabs, opens the study and serves both. Nothing else.

    python app.py

Settings come from the environment (`Settings.from_environment` lists them). One FastAPI
application serves the Gradio app at "/"; `demo` is what Hugging Face Spaces and `gradio` expect.
"""

import functools
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import fastapi
import gradio as gr
import uvicorn
from fastapi.middleware.cors import CORSMiddleware

import colorizers.ui
import study.ui
from study.database import DEFAULT_URL, DatabaseError, sqlite_path
from study.service import Service, open_service
from study.stimuli import StimuliError

HERE = Path(__file__).parent
TITLE = "TrueHue"
UPLOAD_LIMIT = "50mb"
QUEUE_LENGTH = 64  # people waiting for a colorization; the study does not use the queue

# Nothing but this server: a page about a family's photographs tells no third party of its visit.
CONTENT_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'"
)

CSS = """
.gradio-container { max-width: none !important; }
.gradio-container > .main {
  max-width: 1240px;
  margin: 0 auto;
  padding: 1rem clamp(0.75rem, 2.5vw, 2rem) !important;
}
#study .html-container { padding: 0; }
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


@dataclass(frozen=True)
class Settings:
    """Where to serve and what from."""

    server_name: str = "127.0.0.1"
    server_port: int = 7860
    database_url: str = DEFAULT_URL
    stimuli: Path = HERE / "study" / "sets" / "default"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read GRADIO_SERVER_NAME, GRADIO_SERVER_PORT, DATABASE_URL and TRUEHUE_STIMULI.

        Raises
        ------
        ValueError
            When the port is not a number from 1 to 65535.
        """
        port = environment.get("GRADIO_SERVER_PORT") or str(cls.server_port)
        if not port.isdigit() or not 1 <= int(port) <= 65535:
            raise ValueError(f"GRADIO_SERVER_PORT is {port!r}, but must be from 1 to 65535.")
        return cls(
            server_name=environment.get("GRADIO_SERVER_NAME") or cls.server_name,
            server_port=int(port),
            database_url=environment.get("DATABASE_URL") or cls.database_url,
            stimuli=Path(environment.get("TRUEHUE_STIMULI") or cls.stimuli),
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


def build_demo(service: Callable[[], Service]) -> gr.Blocks:
    """Return the Gradio app with both tabs."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(3600, 3600)) as blocks:
        gr.Markdown(
            f"# {TITLE}\n\nColour grey photographs; find out which colours people take for real.",
            elem_id="title",
        )
        with gr.Tabs() as tabs:
            with gr.Tab("Colorize", id="colorize"):
                colorizers.ui.build()
            with gr.Tab("Study", id="study"):
                study.ui.build(service)
        # A recruiter's link, or /?study, opens the study at once.
        blocks.load(
            None,
            outputs=tabs,
            js="""() => {
                const asked = new URLSearchParams(window.location.search);
                const tab = asked.has("PROLIFIC_PID") || asked.has("study") ? "study" : "colorize";
                return { selected: tab, __type__: "update" };
            }""",
        )
    blocks.queue(max_size=QUEUE_LENGTH, default_concurrency_limit=1, api_open=False)
    return blocks


def build_app(blocks: gr.Blocks, settings: Settings) -> fastapi.FastAPI:
    """Return the FastAPI application that serves the Gradio app at "/"."""
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # Without rules of its own, Gradio would allow every origin on a public host.
    app.add_middleware(CORSMiddleware, allow_origins=[])

    @app.middleware("http")
    async def _headers(
        request: fastapi.Request,
        answer: Callable[[fastapi.Request], Awaitable[fastapi.Response]],
    ) -> fastapi.Response:
        response = await answer(request)
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        response.headers["Referrer-Policy"] = "same-origin"  # links carry participants' ids
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    database = sqlite_path(settings.database_url)
    blocked = (
        [f"{database.resolve()}{suffix}" for suffix in ("", "-wal", "-shm", "-journal")]
        if database
        else []
    )
    return gr.mount_gradio_app(
        app,
        blocks,
        path="/",
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
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        theme=theme(),
        css=CSS,
    )


try:
    settings = Settings.from_environment()
except ValueError as error:
    sys.exit(str(error))
running_study = functools.cache(
    functools.partial(open_service, settings.stimuli, settings.database_url)
)
demo = build_demo(running_study)


def main() -> int:
    """Open the study, serve until interrupted, and return the exit code."""
    try:
        running_study()
    except StimuliError as error:
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
        timeout_graceful_shutdown=3,  # open pages hold a connection for as long as they are open
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
