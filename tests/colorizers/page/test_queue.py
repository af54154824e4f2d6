"""Whose turn it is in the queue, and how much of it one visitor may fill."""

from collections.abc import Iterator

import fastapi
import gradio as gr
import pytest
from event_loop import run
from gradio.data_classes import PredictBodyInternal

from colorizers.page import turns
from colorizers.page.turns import Turns
from colorizers.page.uploads import SCOPE, Visitor

HEAVY, LIGHT, LOOK, BACK = 0, 1, 2, 3


@pytest.fixture
def queue() -> Iterator[Turns]:
    with gr.Blocks(analytics_enabled=False) as blocks:
        button = gr.Button()
        button.click(lambda: None, concurrency_id=turns.COLORIZE, concurrency_limit=2)
        button.click(lambda: None, concurrency_id="adjust", concurrency_limit=2)
        button.click(lambda: None, concurrency_id=turns.CHECK, concurrency_limit=1)
        button.click(lambda: None, concurrency_id="history", concurrency_limit=1)
    turns.take_turns(blocks)
    made = blocks._queue
    assert isinstance(made, Turns)
    made.active_jobs = [None] * 40
    yield made
    blocks.close()


def ask(queue: Turns, address: str, session: str | None = "s", fn: int = HEAVY) -> str:
    """Push one job; its id."""
    scope = {"type": "http", SCOPE: (None, Visitor("", address))}
    body = PredictBodyInternal(fn_index=fn, session_hash=session, data=[])
    _, event, how = run(queue.push(body, fastapi.Request(scope), None))
    assert how == "success"
    return str(event)


def refused(queue: Turns, address: str, session: str | None = "s", fn: int = HEAVY) -> str:
    with pytest.raises(fastapi.HTTPException) as error:
        ask(queue, address, session, fn)
    assert error.value.status_code == 429
    assert int((error.value.headers or {})["Retry-After"]) >= 1
    return str(error.value.detail)


def begin(queue: Turns) -> str | None:
    """Let the next job begin; who it is from."""
    found = queue.get_events()
    if found is None:
        return None
    events, _, lane = found
    queue.active_jobs[queue.active_jobs.index(None)] = events
    queue.event_queue_per_concurrency_id[lane].current_concurrency += 1
    return str(events[0].request.scope[SCOPE][1].address)


def end(queue: Turns) -> None:
    """End the job that began first."""
    for place, jobs in enumerate(queue.active_jobs):
        if jobs:
            queue.active_jobs[place] = None
            queue.event_queue_per_concurrency_id[jobs[0].concurrency_id].current_concurrency -= 1
            return


def test_two_wait_for_a_visitor_and_eight_for_an_address(queue: Turns) -> None:
    for session in "abcd":
        ask(queue, "1.1.1.1", session)
        ask(queue, "1.1.1.1", session)
        if session != "d":
            assert "2 photographs of yours" in refused(queue, "1.1.1.1", session)
    assert "8 photographs from your network" in refused(queue, "1.1.1.1", "e")
    ask(queue, "2.2.2.2", "a")


def test_jobs_that_wait_and_jobs_under_way_are_listed(queue: Turns) -> None:
    def listed() -> list[str]:
        return sorted(scope[SCOPE][1].address for scope in queue.jobs())

    for address in ("1.1.1.1", "2.2.2.2", "3.3.3.3"):
        ask(queue, address)
    assert begin(queue) == "1.1.1.1"
    assert listed() == ["1.1.1.1", "2.2.2.2", "3.3.3.3"]
    end(queue)
    assert listed() == ["2.2.2.2", "3.3.3.3"]
    run(queue.clean_events(session_hash="s"))
    assert listed() == []


def test_past_jobs_are_not_kept(queue: Turns) -> None:
    ask(queue, "1.1.1.1")
    assert queue.event_analytics == {}


def test_who_names_no_session_is_one_visitor(queue: Turns) -> None:
    ask(queue, "1.1.1.1", None)
    ask(queue, "1.1.1.1", None)
    assert "of yours" in refused(queue, "1.1.1.1", None)


def test_there_is_an_end_of_it_for_all_together(queue: Turns) -> None:
    for number in range(turns.WAITING_HEAVY.everybody):
        ask(queue, f"10.0.0.{number}")
    assert "room for no more" in refused(queue, "1.1.1.1")
    ask(queue, "1.1.1.1", fn=LIGHT)  # which is another matter


def test_light_jobs_have_bounds_of_their_own(queue: Turns) -> None:
    for _ in range(turns.WAITING_LIGHT.visitor):
        ask(queue, "1.1.1.1", fn=LIGHT)
    assert "changes to photographs of yours" in refused(queue, "1.1.1.1", fn=LIGHT)
    ask(queue, "1.1.1.1")


def test_a_lane_that_nobody_has_used_yet_refuses_as_others_do(queue: Turns) -> None:
    ask(queue, "1.1.1.1")
    ask(queue, "1.1.1.1")
    assert "2 photographs of yours" in refused(queue, "1.1.1.1", fn=LOOK)


def test_a_refusal_says_how_long(queue: Turns) -> None:
    ask(queue, "1.1.1.1")
    ask(queue, "1.1.1.1")
    assert "come back in about 15 s" in refused(queue, "1.1.1.1")  # 10 s each, two places
    queue.process_time_per_fn[queue.blocks.fns[HEAVY]].add(30.0)
    assert "come back in about 45 s" in refused(queue, "1.1.1.1")


def test_an_address_has_one_heavy_job_under_way(queue: Turns) -> None:
    for session in "st":
        ask(queue, "1.1.1.1", session)
        ask(queue, "1.1.1.1", session, LIGHT)
    assert [begin(queue) for _ in range(4)] == ["1.1.1.1"] * 3 + [None]
    ask(queue, "2.2.2.2")
    assert begin(queue) == "2.2.2.2"
    assert begin(queue) is None


def test_a_visitors_light_jobs_are_done_in_the_order_of_the_clicks(queue: Turns) -> None:
    """Or the first of two clicks might be drawn last, beside the mark of the second."""
    ask(queue, "1.1.1.1", "a", LIGHT)
    assert begin(queue) == "1.1.1.1"
    for session, fn in (("a", LIGHT), ("a", BACK), ("b", LIGHT)):
        ask(queue, "1.1.1.1", session, fn)
    assert begin(queue) == "1.1.1.1"
    under_way = [jobs[0].session_hash for jobs in queue.active_jobs if jobs]
    assert under_way == ["a", "b"]
    assert begin(queue) is None
    end(queue)
    assert begin(queue) == "1.1.1.1"


def test_nobodys_second_comes_before_anothers_first(queue: Turns) -> None:
    for address, count in (("1.1.1.1", 3), ("2.2.2.2", 1), ("3.3.3.3", 2)):
        for number in range(count):
            ask(queue, address, f"{number}")
    order = [begin(queue), begin(queue)]
    while order[-1] is not None:
        end(queue)
        order.append(begin(queue))
    assert [address[0] for address in order if address] == ["1", "2", "3", "1", "3", "1"]
