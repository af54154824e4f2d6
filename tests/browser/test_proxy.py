"""Two processes of the app on PostgreSQL, behind PgBouncer and nginx with TLS and a sub-path.

The configurations are those of deploy/. Requests reach one process as long as it lives, and the
other one after that; what a process knew of an administrator, the other one knows, too.
"""

import http.client
import json
import signal
import ssl
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from answering import SCRIPT, HttpParticipant, assert_answers, in_threads
from playwright.sync_api import Browser, Page
from test_login import PASSWORD, cheap_hash

from study.database.store import answers, participants
from tools.deployed import Nginx, PgBouncer

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(900)]

PRACTICE, SCORED, PEOPLE = 1, 6, 8
WHOLE = [(True, n + 1) for n in range(PRACTICE)] + [(False, n + 1) for n in range(SCORED)]


@dataclass
class Deployed:
    """What runs: nginx, and the two processes behind it."""

    nginx: Nginx
    apps: list[Any]
    tls: ssl.SSLContext

    def ask(
        self, method: str, path: str, body: str | None = None, source: str = "", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request to nginx; status, headers by their small names, and body."""
        made = http.client.HTTPSConnection(
            "127.0.0.1",
            self.nginx.port,
            context=self.tls,
            timeout=60,
            source_address=(source, 0) if source else None,
        )
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        made.request(method, path, body, {"Host": "localhost", **kind, **named})
        answer = made.getresponse()
        content = answer.read()
        made.close()
        cookies = "\n".join(answer.headers.get_all("set-cookie") or [])
        found = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, found | {"set-cookie": cookies}, content

    def process_of(self, visitor: str) -> int:
        """Return which process a visitor is served by."""
        path, cookie = "/truehue/gradio_api/app_id", f"truehue-visitor={visitor}"
        served = json.loads(self.ask("GET", path, Cookie=cookie)[2])["app_id"]
        own = []
        for app in self.apps:
            made = http.client.HTTPConnection("127.0.0.1", app.port, timeout=60)
            made.request("GET", "/gradio_api/app_id")
            own.append(json.load(made.getresponse())["app_id"])
            made.close()
        return own.index(served)


@pytest.fixture(scope="module")
def deployed(
    proxy_programs: None,
    make_server: Callable[..., Any],
    new_postgres: Callable[[], str],
    stimuli: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("deployed")
    file = folder / "study.toml"
    trials = f"[trials]\npractice = {PRACTICE}\nscored = {SCORED}\n"
    file.write_text(f'name = "Proxy"\nstimuli = "{stimuli}"\n{trials}')
    bouncer = PgBouncer(new_postgres())
    bouncer.start()
    apps = [
        make_server(
            bouncer.url,
            TRUEHUE_STUDY=str(file),
            TRUEHUE_ADMIN_HASH=cheap_hash(PASSWORD),
            TRUEHUE_TRUSTED_PROXIES="127.0.0.1",
        )
        for _ in range(2)
    ]
    (folder / "nginx").mkdir()
    nginx = Nginx(folder / "nginx", (apps[0].port, apps[1].port))
    nginx.start()
    yield Deployed(nginx, apps, ssl.create_default_context(cafile=str(nginx.certificate)))
    nginx.stop()
    bouncer.stop()


def test_the_page_lies_under_its_sub_path(deployed: Deployed) -> None:
    status, headers, _ = deployed.ask("GET", "/truehue?study&code=A")
    assert (status, headers["location"]) == (308, "/truehue/?study&code=A")
    status, headers, body = deployed.ask("GET", "/truehue/?study")
    assert status == 200
    assert "max-age" in headers["strict-transport-security"]
    assert "Path=/truehue/" in headers["set-cookie"]
    assert "Secure" in headers["set-cookie"]
    assert b"127.0.0.1" not in body
    assert deployed.ask("GET", "/truehue/gradio_api/file=/etc/passwd")[0] == 403
    assert deployed.ask("GET", "/config")[0] == 404
    names = [file.name for file in (deployed.nginx.folder).rglob("*") if "log" in file.name]
    assert "access.log" not in names


def test_a_visitor_stays_at_one_process(deployed: Deployed) -> None:
    served = {n: deployed.process_of(f"{n:032d}") for n in range(16)}
    assert set(served.values()) == {0, 1}
    assert served == {n: deployed.process_of(f"{n:032d}") for n in range(16)}


def knock(deployed: Deployed, password: str, **more: str) -> tuple[int, dict[str, str]]:
    body = urllib.parse.urlencode({"password": password})
    return deployed.ask("POST", "/truehue/admin/login", body, **more)[:2]


def test_guessing_is_counted_by_the_address_that_nginx_saw(deployed: Deployed) -> None:
    """The visitor's claims and another cookie, so another process, change nothing."""
    tries = [
        knock(
            deployed,
            "wrong",
            source="127.5.0.1",
            X_Forwarded_For=f"203.0.113.{n}",
            Cookie=f"truehue-visitor={n:032d}",
        )[0]
        for n in range(6)
    ]
    assert tries == [401] * 5 + [429]
    assert knock(deployed, "wrong", source="127.5.0.2")[0] == 401


def test_an_administrator_is_known_at_both_processes(deployed: Deployed) -> None:
    status, headers = knock(deployed, PASSWORD, source="127.6.0.1")
    assert (status, headers["location"]) == (303, "./")
    cookie = headers["set-cookie"].split(";")[0]

    def look() -> list[int]:
        found = []
        for app in deployed.apps:
            made = http.client.HTTPConnection("127.0.0.1", app.port, timeout=60)
            made.request("GET", "/admin/config", headers={"Cookie": cookie})
            found.append(made.getresponse().status)
            made.close()
        return found

    assert look() == [200, 200]
    assert deployed.ask("POST", "/truehue/admin/logout", Cookie=cookie)[0] == 303
    assert look() == [401, 401]


@pytest.mark.browser
def test_the_administrators_page_in_a_browser(deployed: Deployed, browser: Browser) -> None:
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(f"{deployed.nginx.url}/admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="How the study stands").wait_for(timeout=120_000)
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in").wait_for()
    assert page.url == f"{deployed.nginx.url}/admin/login"
    context.close()


@pytest.mark.browser
def test_who_loses_a_process_goes_on_at_the_other(deployed: Deployed, browser: Browser) -> None:
    """Eight people without a browser, at both, and one with; their answers are all there, once."""
    context = browser.new_context(ignore_https_errors=True)
    context.add_init_script(SCRIPT)
    page: Page = context.new_page()
    page.goto(f"{deployed.nginx.url}/?study&person={PEOPLE}")
    page.locator(".foot").wait_for(timeout=120_000)
    (visitor,) = [c["value"] for c in context.cookies() if c["name"] == "truehue-visitor"]
    people = [
        HttpParticipant(deployed.nginx.url, n, tls=deployed.tls, pause=0.2) for n in range(PEOPLE)
    ]
    for one in people:
        one.start()
    served = [deployed.process_of(f"{one.person:032d}") for one in people]
    assert set(served) == {0, 1}
    threads = in_threads([one.go_on for one in people])
    while min(len(one.acknowledged) for one in people) < 2:
        page.wait_for_timeout(50)
    lost = deployed.process_of(visitor)
    deployed.apps[lost].stop(signal.SIGKILL)
    for thread in threads:
        while thread.is_alive():  # the page's events are handled while this thread waits
            page.wait_for_timeout(100)
    page.get_by_label("Completion code").wait_for(timeout=300_000)
    foot = page.locator(".foot > span").first.inner_text()
    context.close()
    names = {foot.removeprefix("Participant "): PEOPLE}
    names |= {one.shown["participant"]: one.person for one in people}
    rows = answers(deployed.apps[0].database_url)
    assert set(rows["participant"]) == set(names)
    for name, mine in rows.groupby("participant"):
        assert_answers(mine, names[name], WHOLE)
    assert set(participants(deployed.apps[0].database_url)["status"]) == {"completed"}
    deployed.apps[lost].start()
