"""How app.py mounts a Gradio app, without what stands before it."""

import importlib
from pathlib import Path

import fastapi
import gradio as gr
import pytest
from event_loop import run
from gradio.exceptions import InvalidPathError


def test_gradio_itself_takes_no_path_for_an_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tmp_path / "study.toml"
    study.write_text('name = "none"\n[page]\ncolorize = false\n')
    monkeypatch.setenv("TRUEHUE_STUDY", str(study))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")

    async def ask() -> None:  # all in one event loop, as Gradio makes another one otherwise
        app = importlib.import_module("app")
        with gr.Blocks(analytics_enabled=False) as blocks:
            file = gr.File()
            file.upload(lambda file: None, file)
        app._mount(fastapi.FastAPI(), blocks, app.Settings(), path="/", css="")
        assert blocks._queue.sleep_when_free >= 0.01  # a server at rest leaves the processor alone
        await blocks.process_api(0, [{"path": str(secret), "meta": {"_type": "gradio.FileData"}}])

    with pytest.raises(InvalidPathError, match="not uploaded by a user"):
        run(ask())
    assert not list((tmp_path / "uploads").rglob(secret.name))
