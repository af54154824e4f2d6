"""The Colorize tab alone, with fake networks, as a process of its own: `fake_app.py PORT`."""

import sys

import fake_networks
import gradio as gr

from colorizers.page import ui


def main() -> None:
    with gr.Blocks(analytics_enabled=False) as demo, gr.Tab("Colorize"):
        ui.build(fake_networks.load_slow)
    demo.queue(api_open=False).launch(
        server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True, show_error=False
    )


if __name__ == "__main__":
    main()
