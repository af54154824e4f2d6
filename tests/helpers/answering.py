"""Scripted participants: what each will answer is known beforehand, whoever carries it out.

`answer` gives pick and ratings of a trial from the participant's number alone. `HttpParticipant`
sends them as the page would, again and again while the server is away. `SCRIPT` does the same
inside a real page, with its buttons, and goes on by itself after a reload.
"""

import http.client
import json
import random
import ssl
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from playwright.sync_api import Page

SCALES = ("realism", "quality")
PATIENCE_SECONDS = 300
EARLY_MS = 300  # the page takes no click in the first quarter of a second


def look(page: Page) -> None:
    """Wait until the pictures of a trial are painted, and the page takes a click."""
    page.locator(".stage[data-painted]").wait_for()
    page.wait_for_timeout(EARLY_MS)


def answer(person: int, practice: bool, number: int) -> tuple[int, list[dict[str, int]]]:
    """Return the slot and the ratings that a participant gives to a trial."""
    key = person + number * 7 + (5 if practice else 0)
    ratings = [
        {scale: (key + slot * 3 + index * 2) % 5 + 1 for index, scale in enumerate(SCALES)}
        for slot in range(3)
    ]
    return key % 3 + 1, ratings


@dataclass
class HttpParticipant:
    """One participant without a browser.

    Attributes
    ----------
    url, person
        Where, and the number that decides the answers.
    stop_after
        Answered trials after which to stop, or None for the whole study.
    component
        Number of the Study component in the page; asked from the server if -1.
    pause
        Seconds before each answer on average: from half to half as much again.
    tls
        Whom to trust where the address is https.
    retry
        Seconds until a request without an answer is made again.
    acknowledged
        Trials whose pick and ratings the server has confirmed, as (practice, number).
    waits
        Of each answered request, when it was sent for the first time, the seconds until it was
        answered, and its name.
    """

    url: str
    person: int
    stop_after: int | None = None
    component: int = -1
    pause: float = 0.0
    tls: ssl.SSLContext | None = None
    retry: float = 0.2
    acknowledged: list[tuple[bool, int]] = field(default_factory=list)
    shown: dict[str, Any] = field(default_factory=dict)
    waits: list[tuple[float, float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.person)

    def ask(self, name: str, **fields: Any) -> dict[str, Any]:
        """Call a server function until it answers; the server may be down for a while."""
        request = {"token": f"{self.person:064d}", "recruiter": {}, **fields}
        began = time.monotonic()
        deadline = began + PATIENCE_SECONDS
        while True:
            try:
                if self.component < 0:
                    self.component = study_component(self.url, self.tls)
                body = {
                    "data": request,
                    "component_id": self.component,
                    "session_hash": f"person{self.person}",
                    "fn_name": name,
                }
                reply = self.post(body)
            # The last one is of a reply that a kill cut in the middle.
            except (OSError, json.JSONDecodeError, http.client.HTTPException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(self.retry)
            else:
                assert "error" not in reply, reply["error"]
                self.waits.append((began, time.monotonic() - began, name))
                return reply

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request once; a proxy tells visitors apart by this cookie of a browser."""
        cookie = f"truehue-visitor={self.person:032d}"
        return post(f"{self.url}/gradio_api/component_server", body, self.tls, Cookie=cookie)

    def rest(self) -> None:
        """Look for a while."""
        time.sleep(self.pause * self._chance.uniform(0.5, 1.5))

    def start(self) -> None:
        """Consent."""
        self.shown = self.ask("enter")
        if self.shown["step"] == "consent":
            self.shown = self.ask("consent", version=self.shown["version"])

    def go_on(self) -> None:
        """Answer trial after trial until the end, or until it is time to stop."""
        while self.shown["step"] != "done":
            if self.stop_after is not None and len(self.acknowledged) >= self.stop_after:
                return
            practice, number = self.shown["practice"], self.shown["number"]
            trial = self.shown["trial"]
            slot, ratings = answer(self.person, practice, number)
            if practice:  # looking at all of them would test the network and not the study
                assert len(self.ask("pictures", trial=trial)["pictures"]) == 3
            self.rest()
            self.shown = self.ask("pick", trial=trial, slot=slot, response_ms=1000, exposure_ms=900)
            assert self.shown["picked"] == slot
            self.rest()
            self.shown = self.ask("rate", trial=trial, ratings=ratings)
            self.acknowledged.append((practice, number))


def study_component(url: str, tls: ssl.SSLContext | None = None) -> int:
    """Return the number of the Study component in the page's configuration."""
    with urllib.request.urlopen(f"{url}/config", timeout=30, context=tls) as response:
        components = json.load(response)["components"]
    (found,) = [c["id"] for c in components if c["props"].get("elem_id") == "study"]
    return int(found)


def post(
    url: str, body: dict[str, Any], tls: ssl.SSLContext | None = None, **headers: str
) -> dict[str, Any]:
    """Post JSON and return the reply."""
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=60, context=tls) as response:
        reply: dict[str, Any] = json.load(response)
    return reply


def in_threads(work: list[Any]) -> list[threading.Thread]:
    """Start one thread for each function."""
    threads = [threading.Thread(target=one, daemon=True) for one in work]
    for thread in threads:
        thread.start()
    return threads


def assert_answers(rows: pd.DataFrame, person: int, trials: list[tuple[bool, int]]) -> None:
    """Compare the stored rows of one participant with what was answered, value by value.

    Parameters
    ----------
    rows
        Rows of `study.database.store.answers` of this participant.
    person
        The number that decided the answers.
    trials
        Exactly those that must be stored, as (practice, number).
    """
    assert rows["trial"].nunique() == len(trials)
    practised = sum(practice for practice, _ in trials)
    for practice, number in trials:
        slot, ratings = answer(person, practice, number)
        trial = rows[rows["position"] == number + (0 if practice else practised)]
        assert trial["slot"].tolist() == [1, 2, 3]
        assert trial.loc[trial["picked"], "slot"].tolist() == [slot]
        for scale in SCALES:
            assert trial[scale].tolist() == [values[scale] for values in ratings]


SCRIPT = """
(() => {
  const person = Number(new URLSearchParams(window.location.search).get("person"));
  const twice = new URLSearchParams(window.location.search).has("twice");
  const EARLY = 260;
  const press = (node) => { node.click(); if (twice) node.click(); };
  let picture = null, since = 0;
  const step = () => {
    const root = document.querySelector(".study");
    if (!root || root.getAttribute("aria-busy")) return;
    const page = root.dataset.page;
    const main = root.querySelector("button.main");
    if (page === "consent" || page === "instructions" || page === "between") main.click();
    if (page === "message" && main) main.click();
    if (page !== "pick" && page !== "rate") return;
    const said = root.querySelector(".progress span").textContent.match(/(\\\\w+) (\\\\d+) of/);
    const practice = said[1] === "Practice", number = Number(said[2]);
    const key = person + number * 7 + (practice ? 5 : 0);
    if (page === "pick") {
      const choice = root.querySelectorAll(".choice")[key % 3];
      if (picture !== choice) { picture = choice; since = performance.now(); }
      if (performance.now() - since > EARLY) press(choice);
    } else {
      for (const set of root.querySelectorAll("fieldset")) {
        const slot = Number(set.dataset.slot) - 1;
        const value = (key + slot * 3 + (set.dataset.scale === "quality" ? 2 : 0)) % 5 + 1;
        set.querySelector(`input[value="${value}"]`).click();
      }
      press(main);
    }
  };
  window.setInterval(step, 20);
})();
""".replace("\\\\", "\\")
