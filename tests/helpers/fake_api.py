"""The endpoint for programs alone, with fake networks, as a process: `fake_api.py PORT`.

Mounted as app.py mounts it: the queue's back door shut, errors without their tracebacks.
"""

import sys

import fake_networks
import fastapi
import gradio as gr
import uvicorn

from colorizers.page import api


def main() -> None:
    with gr.Blocks(analytics_enabled=False) as demo:
        api.build(fake_networks.load)
    demo.queue(api_open=False)
    app = gr.mount_gradio_app(
        fastapi.FastAPI(), demo, path="/", show_error=False, max_file_size="5mb", ssr_mode=False
    )
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")


if __name__ == "__main__":
    main()
