"""Requests that come many times and at once, as from two tabs, against a real server process."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from answering import HttpParticipant, study_component

from study.database.store import answers, participants

pytestmark = pytest.mark.browser


ON_POSTGRES = [pytest.mark.postgres, pytest.mark.slow]  # a second server, for `make test-all`


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=ON_POSTGRES)])
def test_replayed_requests_make_one_answer(
    kind: str, make_server: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        server = request.getfixturevalue("server")
    else:
        server = make_server(request.getfixturevalue("new_postgres")())
    person = HttpParticipant(server.url, 777, component=study_component(server.url))

    def at_once(name: str, variants: list[dict[str, Any]]) -> list[dict[str, Any]]:
        with ThreadPoolExecutor(len(variants)) as pool:
            return list(pool.map(lambda fields: person.ask(name, **fields), variants))

    version = person.ask("enter")["version"]
    joined = at_once("consent", [{"version": version}] * 8)
    assert len({reply["participant"] for reply in joined}) == 1
    trial = joined[0]["trial"]
    picked = at_once("pick", [{"trial": trial, "slot": n % 3 + 1} for n in range(12)])
    assert len({reply["picked"] for reply in picked}) == 1  # all are told the one that stands
    rated = at_once(
        "rate",
        [
            {"trial": trial, "ratings": [{"realism": n % 5 + 1, "quality": n % 5 + 1}] * 3}
            for n in range(10)
        ],
    )
    assert {reply["number"] for reply in rated} == {2}
    late = person.ask("pick", trial=trial, slot=1, response_ms=1)  # replayed after the next began
    assert late["number"] == 2

    people = participants(server.database_url)
    name = joined[0]["participant"]
    assert (people["participant"] == name).sum() == 1
    rows = answers(server.database_url)
    mine = rows[rows["participant"] == name]
    assert mine.loc[mine["picked"], "slot"].tolist() == [picked[0]["picked"]]
    # Six ratings of one request, and no mixture of several.
    assert mine[["realism", "quality"]].stack().nunique() == 1
    assert len(mine) == 3
