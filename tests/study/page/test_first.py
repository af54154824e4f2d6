"""What a page of the study gets besides: a script in its head, and nothing else is touched."""

import json
import re

import httpx
import pytest
from event_loop import run
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from study.page.first import First, script

PAGE = "<html><head><title>x</title></head><body>é</body></html>"


@pytest.fixture
def asked():
    async def page(request):
        return HTMLResponse(PAGE)

    async def other(request):
        return PlainTextResponse(PAGE)

    app = First(Starlette(routes=[Route("/", page), Route("/other", other)]), "<script>1</script>")

    def ask(method, path):
        async def go():
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://x"
            ) as client:
                return await client.request(method, path)

        return run(go())

    return ask


def test_the_script_comes_last_in_the_head_and_the_length_is_that_of_the_page(asked):
    reply = asked("GET", "/?study")
    assert reply.text == PAGE.replace("</head>", "<script>1</script></head>")
    assert int(reply.headers["content-length"]) == len(reply.content)


def test_who_asks_for_no_page_gets_what_there_was(asked):
    assert asked("GET", "/other").text == PAGE
    assert asked("HEAD", "/").content == b""
    assert asked("GET", "/nothing").status_code == 404


def test_the_parameter_is_that_of_the_recruiter_and_cannot_leave_the_script():
    found = script("</script><b>", "colorize")
    assert found.count("</script>") == 1
    openers = json.loads(re.search(r"\[\".*?\]", found).group())
    assert openers == ["</script><b>", "code", "study", "withdraw"]
