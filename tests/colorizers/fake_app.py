"""The Colorize tab alone, with fake networks, as a process of its own: `fake_app.py PORT`."""

import sys

import gradio as gr
from fakes import FakeColorizer, hue_wheel

from colorizers import ui


def load(name: str) -> FakeColorizer:
    return FakeColorizer(hue_wheel(chroma=12.0), name)


def main() -> None:
    with gr.Blocks(analytics_enabled=False) as demo, gr.Tab("Colorize"):
        ui.build(load)
    demo.queue(api_open=False).launch(
        server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True, show_error=False
    )


if __name__ == "__main__":
    main()
