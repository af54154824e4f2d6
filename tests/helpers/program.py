"""A visitor without a browser, who colours photographs as a program does."""

from typing import Any

import cv2
import httpx
import numpy as np

API = "/gradio_api"
ENDPOINT = f"{API}/call/v2/colorize_file"


def picture(width: int, height: int) -> bytes:
    """A PNG of few bytes that takes long: 16 bits, opacity, and nothing to see."""
    values = np.full((height, width, 4), 30_000, np.uint16)
    return cv2.imencode(".png", values, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


class Visitor(httpx.Client):
    """Somebody at an address of their own, as a proxy says that is trusted."""

    def __init__(self, url: str, address: str) -> None:
        super().__init__(base_url=url, headers={"X-Forwarded-For": address}, timeout=120)
        self.get("/").raise_for_status()

    def upload(self, content: bytes) -> dict[str, Any]:
        answer = self.post(f"{API}/upload", files={"files": ("a.png", content)})
        (path,) = answer.raise_for_status().json()
        return {"path": path, "orig_name": "a.png", "meta": {"_type": "gradio.FileData"}}

    def ask(self, photo: dict[str, Any], **more: Any) -> httpx.Response:
        return self.post(ENDPOINT, json={"photo": photo, "method": "classification", **more})

    def colour(self, photo: dict[str, Any]) -> str:
        """Ask and wait; how it ended."""
        event = self.ask(photo).raise_for_status().json()["event_id"]
        return self.get(f"{ENDPOINT}/{event}").text.strip().split("\n\n")[-1]
