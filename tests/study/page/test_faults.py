"""A mistake of a visitor or of ours: a sentence for them, one line for the log, no details."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from study.page.faults import Faults, Lines

SECRET = "5f1a-secret"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(clock):
    def fails(request):
        raise {"key": KeyError, "ours": OSError}[request.path_params["how"]](SECRET)

    async def half(request):
        async def parts():
            yield b"half"
            raise OSError(SECRET)

        kind = request.query_params.get("kind", "text/plain")
        return StreamingResponse(parts(), media_type=kind)

    def said(request):
        return PlainTextResponse("as meant", 500)

    routes = [Route("/half", half), Route("/said", said), Route("/{how}", fails)]
    inner = Starlette(routes=[Mount("/in", Starlette(routes=routes)), *routes])
    return TestClient(Faults(inner, Lines(clock)))


@pytest.mark.parametrize("prefix", ["/", "/in/"])
def test_who_asked_gets_a_sentence_and_no_details(client, prefix):
    answer = client.get(f"{prefix}key")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("This request is not one that the page makes.")
    answer = client.get(f"{prefix}ours")
    assert answer.status_code == 500
    assert answer.json()["error"].startswith("Something went wrong on the server")


def test_the_log_gets_a_line_a_minute_with_how_often(client, clock, capfd):
    for _ in range(50):
        client.get("/key")
    (line,) = capfd.readouterr().err.splitlines()
    assert "KeyError at test_faults.py:" in line
    assert SECRET not in line
    clock.now = 61
    client.get("/key")
    (line,) = capfd.readouterr().err.splitlines()
    assert line.endswith("(49 more times since this line was last written)")
    client.get("/ours")  # another line has a minute of its own
    assert "OSError at" in capfd.readouterr().err


def test_an_answer_that_means_its_500_is_handed_on(client, capfd):
    answer = client.get("/said")
    assert (answer.status_code, answer.text) == (500, "as meant")
    assert capfd.readouterr().err == ""


def test_half_an_answer_is_not_followed_by_another(client, capfd):
    answer = client.get("/half")
    assert answer.text == "half"
    assert "OSError" in capfd.readouterr().err


def test_a_stream_of_events_ends_with_one_that_says_so(client):
    text = client.get("/half?kind=text/event-stream").text
    assert text.startswith("halfevent: error\ndata: ")
    assert SECRET not in text
    assert text.endswith('."}\n\n')
