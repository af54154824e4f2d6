"""Whose turn it is: how much one visitor may have waiting, and in which order it is done.

Gradio's queue is one line for everybody: whoever fills it with large photographs closes the page
for all others. Here a visitor waits with a few jobs at most, nobody's second job comes before
somebody else's first, and of heavy jobs, those that open photographs, an address has one under way
in each lane. Light jobs (sliders, hints) have lanes of their own, in which a visitor's clicks are
answered in their order. What does not fit is refused with a sentence that says when to come back.
The files that a job needs stay until it has ended. The queue itself stays Gradio's.

References
----------
gradio/queueing.py (6.31): `Queue.push` takes a job, `Queue.get_events` picks the next one.
"""

from __future__ import annotations

import math
import random
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import fastapi
import gradio as gr
from gradio import route_utils
from gradio.queueing import Event, Queue
from starlette.types import Scope

from colorizers.files.memory import IN_HAND, Room
from colorizers.files.picture import Picture
from colorizers.files.reading import open_photo
from colorizers.page.uploads import SCOPE, Uploads, touch, visitor

CHECK, COLORIZE, MANY = HEAVY = ("check", "colorize", "many")
"""Lanes of jobs that open photographs."""
GUESS = 10.0
"""Seconds of a heavy job, as long as none has ended."""


class Bounds(NamedTuple):
    """How many jobs may wait, those under way not counted."""

    visitor: int
    address: int
    everybody: int


WAITING_HEAVY = Bounds(2, 8, 64)
WAITING_LIGHT = Bounds(30, 60, 300)
IDLE = 0.02
"""Seconds between two looks for a job where none waits. Gradio looks each millisecond, which takes
a tenth of a core from a server that does nothing."""
_ADDRESSES = 4096  # that are remembered, those served last

_room = Room(IN_HAND)


@contextmanager
def opened(path: Path) -> Iterator[Picture]:
    """Open a photograph when there is memory for it and its visitor has no other in hand.

    Raises
    ------
    ImageError
        As `open_photo`.
    """
    asks = visitor()
    with _room.place(asks.address if asks else "") as admit:
        yield open_photo(path, admit=admit)


class Turns(Queue):
    """Gradio's queue, with bounds for each visitor and an order that is fair to all.

    Parameters
    ----------
    blocks : gr.Blocks
    """

    def __init__(self, blocks: gr.Blocks) -> None:
        super().__init__(
            live_updates=True,
            concurrency_count=blocks.max_threads,
            update_intervals=1,
            max_size=None,
            blocks=blocks,
            default_concurrency_limit=1,
        )
        # Gradio's page of figures about past jobs is shut, and each job would count them all.
        self.ANALYTICS_MAX_EVENTS = 0
        self._served: OrderedDict[str, float] = OrderedDict()

    async def push(self, body: Any, request: fastapi.Request, username: str | None) -> Any:
        """Take a job, unless too many are waiting.

        Raises
        ------
        fastapi.HTTPException
            429 with one sentence, and `Retry-After` in seconds.
        """
        if body.fn_index is not None:
            lane = route_utils.get_fn(self.blocks, None, body).concurrency_id
            self._admit(lane, body.session_hash or "", _address(request))
            touch(request.scope)
        return await super().push(body, request, username)

    def get_events(self) -> tuple[list[Event], bool, str] | None:
        """The job whose address was served longest ago, of a lane that has a place."""
        lanes = list(self.event_queue_per_concurrency_id.values())
        random.shuffle(lanes)
        light = {lane.concurrency_id for lane in lanes} - set(HEAVY)
        for lane in lanes:
            name = lane.concurrency_id
            if not lane.queue or lane.current_concurrency >= (lane.concurrency_limit or math.inf):
                continue
            whose = _address_of if name in HEAVY else _session_of
            # One heavy job an address in each lane, one light job a session in all.
            lanes_too = (name,) if name in HEAVY else light
            under_way = [job for jobs in self.active_jobs for job in jobs or ()]
            busy = {whose(job) for job in under_way if job.concurrency_id in lanes_too}
            ready = [event for event in lane.queue if whose(event) not in busy]
            if ready:
                # Of several the first: they lie in the order in which they came.
                event = min(ready, key=lambda one: self._served.get(_address_of(one), 0.0))
                touch(event.request.scope)
                lane.queue.remove(event)
                self._serve(_address_of(event))
                return [event], False, name
        return None

    async def process_events(self, events: list[Event], *more: Any) -> None:
        """Do a job; from its end on, its files stay for as long as if they were new."""
        try:
            await super().process_events(events, *more)
        finally:
            for event in events:
                touch(event.request.scope)

    def jobs(self) -> list[Scope]:
        """The requests whose jobs wait or are under way."""
        lanes = list(self.event_queue_per_concurrency_id.values())
        waiting = [event for lane in lanes for event in list(lane.queue)]
        under_way = [event for jobs in list(self.active_jobs) for event in jobs or ()]
        return [event.request.scope for event in (*waiting, *under_way)]

    def _serve(self, address: str) -> None:
        self._served[address] = time.monotonic()
        self._served.move_to_end(address)
        if len(self._served) > _ADDRESSES:
            self._served.popitem(last=False)

    def _admit(self, lane: str, session: str, address: str) -> None:
        heavy = lane in HEAVY
        waiting = [
            # Who names no session, as programs do, gets one for each job.
            ("" if event.session_hash == event._id else event.session_hash, _address_of(event))
            for name, one in self.event_queue_per_concurrency_id.items()
            if (name in HEAVY) == heavy
            for event in one.queue
        ]
        bounds, what = (
            (WAITING_HEAVY, "photographs") if heavy else (WAITING_LIGHT, "changes to photographs")
        )
        addresses = [where for _, where in waiting]
        if waiting.count((session, address)) >= bounds.visitor:
            who = f"{bounds.visitor} {what} of yours are waiting"
        elif addresses.count(address) >= bounds.address:
            who = f"{bounds.address} {what} from your network are waiting"
        elif len(waiting) >= bounds.everybody:
            who = f"{bounds.everybody} {what} are waiting, and there is room for no more"
        else:
            return
        seconds = self._seconds(lane, len(set(addresses))) if heavy else 1
        sentence = f"{who}; come back in about {seconds} s, when the next one has had its turn."
        raise fastapi.HTTPException(429, sentence, {"Retry-After": str(seconds)})

    def _seconds(self, lane: str, addresses: int) -> int:
        """Until an address that waits has had a turn: one job of each before it."""
        times = [
            spent for fn, spent in self.process_time_per_fn.items() if fn.concurrency_id == lane
        ]
        done = sum(spent.count for spent in times)
        each = sum(spent.process_time for spent in times) / done if done else GUESS
        used = self.event_queue_per_concurrency_id.get(lane)  # None before its first job
        places = (used.concurrency_limit if used else None) or 1
        return max(1, math.ceil(each * (1 + addresses / places)))


def take_turns(blocks: gr.Blocks, uploads: Uploads | None = None) -> None:
    """Give an app this queue, of which programs may use what is public; uploads heed its jobs."""
    blocks.queue(default_concurrency_limit=1, api_open=False)
    blocks._queue = turns = Turns(blocks)
    if uploads is not None:
        uploads.jobs = turns.jobs


def _address_of(event: Event) -> str:
    return _address(event.request)


def _session_of(event: Event) -> str:
    return f"{event.session_hash} {_address_of(event)}"


def _address(request: fastapi.Request) -> str:
    found = request.scope.get(SCOPE)
    return found[1].address if found else request.client.host if request.client else ""
