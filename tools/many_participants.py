"""Many people answer while a process is killed and PostgreSQL restarts: is every answer there?

    python -m tools.many_participants                        # as deploy/ has it, 1,000 people
    python -m tools.many_participants --sqlite --people 200  # one process, killed and started again

Starts everything itself, in a temporary folder: PostgreSQL, PgBouncer, two processes of app.py and
nginx, or one process on SQLite. When a third of the answers is in, a process is killed with
SIGKILL, and is started again; when two thirds are, PostgreSQL is stopped as by a crash, and started
again. Afterwards what is stored is compared with what each person answered. The participants are
those of the tests, without browsers, each on a connection that is kept open.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import random
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from study.database.frames import answers, participants
from tools.deployed import App, Nginx, PgBouncer

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests" / "helpers"))

from answering import SCALES, HttpParticipant, answer, in_threads, study_component  # noqa: E402

PRACTICE = 3
RETRY = 2.0  # seconds; the page waits 0.4, 1.2, 3 and 5


@dataclass
class Person(HttpParticipant):
    """A participant whose connection is kept open, as a browser's."""

    _line: http.client.HTTPConnection | None = field(default=None, repr=False)

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request once; an OSError where the answer is none.

        A server closes a connection that nobody has used for some seconds; then a browser opens
        another one and sends again at once, and so does this.
        """
        where = urlsplit(self.url)
        headers = {
            "Content-Type": "application/json",
            "Cookie": f"truehue-visitor={self.person:032d}",
        }
        path = f"{where.path}/gradio_api/component_server"
        used = self._line is not None
        if self._line is None:
            self._line = (
                http.client.HTTPSConnection(where.netloc, context=self.tls, timeout=60)
                if where.scheme == "https"
                else http.client.HTTPConnection(where.netloc, timeout=60)
            )
        try:
            self._line.request("POST", path, json.dumps(body), headers)
            reply = self._line.getresponse()
            content = reply.read()
        except BaseException as error:
            self._line.close()
            self._line = None
            if used and isinstance(error, ConnectionError):
                return self.post(body)
            raise
        if reply.status != 200:
            raise OSError(f"status {reply.status}")
        found: dict[str, Any] = json.loads(content)
        return found


@dataclass
class Running:
    """What was started."""

    url: str
    database_url: str
    apps: list[App]
    tls: ssl.SSLContext | None = None
    restart_database: Callable[[], None] | None = None


@contextmanager
def running(folder: Path, trials: int, *, sqlite: bool) -> Iterator[Running]:
    """Start everything, and stop it at the end."""
    file = folder / "study.toml"
    file.write_text(
        f'name = "Many"\n[trials]\npractice = {PRACTICE}\nscored = {trials}\n'
        "[recruitment]\nconsents_per_hour = 0\n"  # all of them come from this machine
    )
    with ExitStack() as stack:

        def app(name: str, url: str) -> App:
            (folder / name).mkdir()
            settings = {"DATABASE_URL": url, "TRUEHUE_STUDY": str(file)}
            made = App(folder / name, settings | {"TRUEHUE_TRUSTED_PROXIES": "127.0.0.1"})
            made.start()
            stack.callback(made.stop)
            return made

        if sqlite:
            url = f"sqlite:///{folder}/results.db"
            one = app("one", url)
            yield Running(one.url, url, [one])
            return
        server = [str(ROOT / ".ci/postgres")]
        place = str(folder / "postgres")

        def restart() -> None:
            subprocess.run([*server, "restart", place], check=True)

        done = subprocess.run([*server, "start", place], check=True, capture_output=True, text=True)
        stack.callback(subprocess.run, [*server, "stop", place], check=True)
        bouncer = PgBouncer(done.stdout.strip())
        bouncer.start()
        stack.callback(bouncer.stop)
        apps = [app("one", bouncer.url), app("two", bouncer.url)]
        (folder / "nginx").mkdir()
        nginx = Nginx(folder / "nginx", (apps[0].port, apps[1].port))
        nginx.start()
        stack.callback(nginx.stop)
        yield Running(
            nginx.url,
            done.stdout.strip(),
            apps,
            ssl.create_default_context(cafile=str(nginx.certificate)),
            restart,
        )


@dataclass
class Outage:
    """Seconds of the monotonic clock between which something was away.

    `spent` is what the processes of the app had taken of processors when it began.
    """

    what: str
    began: float
    ended: float = 0.0
    spent: float = 0.0


def faults(
    now: Running, people: list[Person], whole: int, going: Callable[[], bool]
) -> list[Outage]:
    """Kill a process when a third is answered, and the database when two thirds are.

    At the latest when nobody is `going` on: some may have been refused.
    """

    def wait_for(share: float) -> float:
        while going() and sum(len(one.acknowledged) for one in people) < share * whole:
            time.sleep(0.05)
        return time.monotonic()

    killed = Outage("process killed", wait_for(1 / 3))
    killed.spent = sum(app.processor_seconds() for app in now.apps)
    now.apps[0].stop(signal.SIGKILL)
    now.apps[0].start()
    killed.ended = time.monotonic()
    if now.restart_database is None:
        return [killed]
    restarted = Outage("PostgreSQL restarted", wait_for(2 / 3))
    now.restart_database()
    restarted.ended = time.monotonic()
    return [killed, restarted]


def compared(url: str, people: list[Person]) -> dict[str, int]:
    """Return how many acknowledged answers are stored as given, and how many of anything else."""
    # Who never got in has nothing that could be lost.
    names = {one.shown["participant"]: one for one in people if "participant" in one.shown}
    due = {
        (name, number + (0 if practice else PRACTICE)): answer(one.person, practice, number)
        for name, one in names.items()
        for practice, number in one.acknowledged
    }
    rows = answers(url).sort_values("slot")
    stored: dict[tuple[str, int], tuple[list[int], list[dict[str, int]]]] = {}
    for row in rows.to_dict("records"):
        picks, ratings = stored.setdefault((row["participant"], row["position"]), ([], []))
        if row["picked"]:
            picks.append(row["slot"])
        ratings.append({scale: row[scale] for scale in SCALES})
    right = sum(stored.get(key) == ([slot], ratings) for key, (slot, ratings) in due.items())
    return {
        "acknowledged": len(due),
        "stored as given": right,
        "lost or changed": len(due) - right,
        "stored without a word": len(stored.keys() - due.keys()),
    }


def balance(url: str) -> str:
    """Return how evenly lists were given out, and methods stand in the slots."""
    lists = Counter(participants(url)["list_number"])
    rows = answers(url)
    scored = rows[rows["kind"] == "scored"]
    places = Counter(zip(scored["method"], scored["slot"], strict=True))
    slots = scored.drop_duplicates(["participant", "position"]).shape[0] / 3
    even = sorted(lists) == list(range(len(lists))) and set(lists.values()) == {1}
    return (
        f"picture lists 0 to {max(lists)}, {'each once' if even else 'not each once'}; each "
        f"method {min(places.values()):,} to {max(places.values()):,} times in each slot, where "
        f"{slots:,.0f} would be even"
    )


def p95(waits: list[float]) -> str:
    """Return median and 95 % point in milliseconds."""
    if len(waits) < 20:
        return "too few"
    median, high = statistics.median(waits), statistics.quantiles(waits, n=20)[-1]
    return f"median {1e3 * median:,.0f} ms, p95 {1e3 * high:,.0f} ms, n = {len(waits):,}"


def main() -> int:
    """Run, print what was found, and return 1 where an answer was lost or somebody stayed out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=1000, help="how many (default: 1000)")
    parser.add_argument("--trials", type=int, default=30, help="scored trials each (default: 30)")
    parser.add_argument(
        "--pause", type=float, default=10.0, help="seconds before each answer (default: 10)"
    )
    parser.add_argument(
        "--arrive", type=float, default=60.0, help="seconds in which they come (default: 60)"
    )
    parser.add_argument("--sqlite", action="store_true", help="one process on SQLite")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)  # PostgreSQL does not run as root
        with running(folder, chosen.trials, sqlite=chosen.sqlite) as now:
            return measure(now, chosen)


def measure(now: Running, chosen: argparse.Namespace) -> int:
    """Let everybody answer through the faults; print and compare."""
    component = study_component(now.url, now.tls)
    people = [
        Person(now.url, n, component=component, pause=chosen.pause, tls=now.tls, retry=RETRY)
        for n in range(chosen.people)
    ]
    chance = random.Random(1)

    def take_part(one: Person, late: float) -> Callable[[], None]:
        def work() -> None:
            time.sleep(late)
            one.start()
            one.go_on()

        return work

    idle = sum(app.processor_seconds() for app in now.apps)
    load, began = os.getloadavg()[0], time.monotonic()
    threading.stack_size(512 * 1024)
    threads = in_threads([take_part(one, chance.uniform(0, chosen.arrive)) for one in people])
    outages = faults(
        now,
        people,
        chosen.people * (PRACTICE + chosen.trials),
        lambda: any(thread.is_alive() for thread in threads),
    )
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    waits = [one for person in people for one in person.waits if one[2] in ("pick", "rate")]
    before = [wait for sent, wait, _ in waits if sent + wait < outages[0].began]
    print(f"{chosen.people:,} people, {chosen.trials} trials each, in {seconds:,.0f} s")
    spent = 1e3 * (outages[0].spent - idle) / len(before) if before else 0.0
    print(f"answers before the first fault: {p95(before)}")
    print(f"processors' time in the app, entering and pictures too: {spent:.1f} ms an answer")
    for fault in outages:
        met = [wait for sent, wait, _ in waits if sent < fault.ended and sent + wait > fault.began]
        print(
            f"{fault.what}: back after {fault.ended - fault.began:.1f} s; {len(met):,} answers met "
            f"it, of which the longest took {max(met, default=0):.1f} s"
        )
    print(f"all answers: {p95([wait for _, wait, _ in waits])}")
    found = compared(now.database_url, people)
    print(", ".join(f"{name} {count:,}" for name, count in found.items()))
    done = Counter(participants(now.database_url)["status"])
    print(f"participants: {dict(done)}; {balance(now.database_url)}")
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; load of others "
        f"before {load:.1f}, load at the end {os.getloadavg()[0]:.1f}"
    )
    unfinished = sum(one.shown.get("step") != "done" for one in people)
    if unfinished:
        print(f"{unfinished:,} of {chosen.people:,} people did not come to the end")
    return int(unfinished + found["lost or changed"] + found["stored without a word"] > 0)


if __name__ == "__main__":
    sys.exit(main())
