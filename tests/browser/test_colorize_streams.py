"""An event that is taken while Gradio shuts the stream of answers gets its answer."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from visitor import SLOW, coloured, rotated_jpeg, upload

pytestmark = pytest.mark.browser

# The word that the stream is shut takes its time, as it may on a busy computer or a slow line.
LATE = """(() => {
    const plain = window.fetch.bind(window);
    window.closing = 0;
    window.fetch = async (what, how) => {
        const answer = await plain(what, how);
        if (!new URL(what?.url ?? what, location.href).pathname.endsWith("/queue/data"))
            return answer;
        const words = answer.body.pipeThrough(new TextDecoderStream());
        const held = words.pipeThrough(new TransformStream({
            async transform(chunk, out) {
                if (chunk.includes("close_stream")) {
                    const at = chunk.lastIndexOf("data:", chunk.indexOf("close_stream"));
                    if (at > 0) out.enqueue(chunk.slice(0, at));
                    window.closing += 1;
                    await new Promise((resolve) => setTimeout(resolve, 1500));
                    out.enqueue(chunk.slice(at));
                } else out.enqueue(chunk);
            },
        }));
        return new Response(held.pipeThrough(new TextEncoderStream()), answer);
    };
})();"""


@pytest.mark.slow
def test_an_event_during_the_shutting_is_answered(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    page.add_init_script(LATE)
    page.goto(server_url)
    upload(page, rotated_jpeg(tmp_path))
    coloured(page)
    expect(page.locator("#versions img")).to_have_count(6, timeout=SLOW)
    page.wait_for_timeout(3000)  # nothing is left to be answered
    for seed in (1, 2, 3):
        shown = page.locator("#result img").last.get_attribute("src") or ""
        times = page.evaluate("window.closing")
        page.get_by_role("button", name=f"Seed {seed}").click()
        expect(page.locator("#result img").last).not_to_have_attribute("src", shown, timeout=SLOW)
        page.wait_for_function(f"window.closing > {times}")
