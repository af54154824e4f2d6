"""The administrator's page on a real server: behind its login, and not there without a password.

The same server runs a study of its own file: without the Colorize tab, with access codes.
"""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from answering import HttpParticipant, post, study_component
from playwright.sync_api import Browser, Page, expect
from test_server import call, get

from study.database.frames import looks
from study.database.store import Store, answers, participants
from study.password import hash_password

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
ADMIN_WORDS = ("admin", "withdrawn", "exclu", "wilson", "download the data", "log out")
PATHS = (
    "", "/", "/config", "/config/", "/info", "/theme.css", "/assets/index.js", "/static/x",
    "/gradio_api/info", "/gradio_api/api_info", "/gradio_api/startup-events",
    "/gradio_api/file=app.py", "/gradio_api/queue/status", "/gradio_api/heartbeat/x",
    "/export.zip?study=1", "/monitoring", "/docs", "/openapi.json",
)  # fmt: skip


@pytest.fixture(scope="module")
def ruled(
    make_server: Callable[..., Any], stimuli: Path, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """A server with a password and a study file."""
    file = tmp_path_factory.mktemp("study") / "study.toml"
    file.write_text(
        f'name = "ruled"\nstimuli = "{stimuli}"\n[trials]\nscored = 4\npractice = 1\ncatch = 1\n'
        'repeats = 2\n[recruitment]\naccess = "code"\n'
        'open_after = 0\ncompletion_link = "https://recruiter.example/done?cc={code}"\n'
        "[exclusion]\nmin_median_seconds = 1.5\n[page]\ncolorize = false\n"
    )
    return make_server(
        TRUEHUE_STUDY=str(file), TRUEHUE_ADMIN_HASH=hash_password(PASSWORD), TRUEHUE_STIMULI=""
    )


@pytest.fixture
def code(ruled: Any) -> str:
    """A new access code."""
    store = Store(ruled.database_url)
    (made,) = store.add_access_codes(1)
    store.close()
    return made


@pytest.mark.parametrize("path", PATHS)
def test_without_a_password_in_the_environment_there_is_no_page(server: Any, path: str) -> None:
    status, _, body = get(f"{server.url}/admin{path}")
    assert status in (403, 404)
    assert b"assword" not in body


@pytest.mark.parametrize("path", PATHS)
def test_without_a_login_there_is_nothing_but_the_form(ruled: Any, path: str) -> None:
    status, headers, body = get(f"{ruled.url}/admin{path}")
    assert headers["cache-control"] == "no-store"
    if path in ("", "/"):
        assert status == 200  # led to the form
        assert b'type="password"' in body
        assert b"gradio" not in body.lower()
    else:
        assert (status, body) == (401, b"Log in first.")


def test_the_participants_side_reveals_nothing_of_it(ruled: Any, server: Any) -> None:
    """What participants get differs in nothing from a server without the page."""

    def received(url: str) -> list[dict[str, Any]]:
        page = get(f"{url}/")[2].decode().lower()
        config = json.loads(get(f"{url}/config")[2])
        text = json.dumps(config).lower()
        for word in ADMIN_WORDS:
            assert word not in text, word
            assert word not in page, word
        return config["dependencies"]

    received(server.url)
    assert received(ruled.url) == []  # neither the administrator's functions nor Colorize's
    assert json.loads(get(f"{ruled.url}/gradio_api/info")[2]) == {
        "named_endpoints": {},
        "unnamed_endpoints": {},
    }
    for function in ("refresh", "export", "look", "bundle"):
        assert call(ruled.url, function, {})[0] == 404


@pytest.mark.parametrize("index", range(4))
def test_its_functions_cannot_be_run_from_the_participants_side(ruled: Any, index: int) -> None:
    body = {"data": [1], "fn_index": index, "session_hash": "x", "trigger_id": None}
    for url in (f"{ruled.url}/gradio_api/queue/join", f"{ruled.url}/gradio_api/run/predict"):
        with pytest.raises(OSError):  # noqa: PT011 - any status but success
            post(url, body)


def test_the_administrator_sees_the_study_and_takes_it_home(
    ruled: Any, browser: Browser, code: str
) -> None:
    person = HttpParticipant(ruled.url, 0)
    ask = person.ask
    person.ask = lambda name, **fields: ask(name, code=code, **fields)  # type: ignore[method-assign]
    person.start()
    person.go_on()
    assert person.shown["link"] == f"https://recruiter.example/done?cc={person.shown['code']}"
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda said: said.type == "error" and troubles.append(said.text))
    page.goto(f"{ruled.url}/admin")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("This is not the password.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#counts")).to_contain_text("completed", timeout=60_000)
    counts = page.locator("#counts div").all_inner_texts()
    shown = {name: value for value, name in (cell.split("\n") for cell in counts)}
    rows, people = answers(ruled.database_url), participants(ruled.database_url)
    assert shown["consented"] == str(len(people))
    assert shown["answered trials"] == str(rows["trial"].nunique())
    cell = page.get_by_role("gridcell", name=person.shown["participant"])
    expect(cell.first).to_be_attached()
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download").click()
    with zipfile.ZipFile(io.BytesIO(caught.value.path().read_bytes())) as archive:
        assert person.shown["participant"] in archive.read("answers.csv").decode()
        whole = {"study.json", "study.toml", "stimuli/manifest.json", "SHA256SUMS"}
        assert whole <= set(archive.namelist())
    rates = page.get_by_text("Hidden while the study runs")
    expect(rates).to_be_visible()
    nobody = page.get_by_text("There is no scored answer yet")  # the only one is too fast
    expect(nobody).to_have_count(0)
    page.get_by_role("button", name="Look at the rates now").click()
    expect(nobody).to_be_visible(timeout=60_000)
    assert len(looks(ruled.database_url, 1)) == 1
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused: nobody new can begin")).to_be_visible(timeout=60_000)
    late = HttpParticipant(ruled.url, 77)
    store = Store(ruled.database_url)
    (other,) = store.add_access_codes(1)
    store.close()
    assert late.ask("enter", code=other)["end"] == "paused"
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Paused: nobody new can begin")).to_have_count(0, timeout=60_000)
    assert late.ask("enter", code=other)["step"] == "consent"
    page.get_by_label("Participant").fill(person.shown["participant"])
    page.get_by_role("button", name="Exclude").click()
    expect(page.get_by_role("alert")).to_contain_text("The reason is empty", timeout=60_000)
    page.get_by_label("Reason").fill("told us that they guessed")
    page.get_by_role("button", name="Exclude").click()
    expect(page.get_by_role("status").filter(has_text="is excluded")).to_be_visible(timeout=60_000)
    people = participants(ruled.database_url).set_index("participant")
    assert people.loc[person.shown["participant"], "excluded"] == "told us that they guessed"
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("status").filter(has_text="is counted again")).to_be_visible(
        timeout=60_000
    )
    page.goto(f"{ruled.url}/admin")  # without its slash
    expect(page.locator("#counts")).to_contain_text("completed", timeout=60_000)
    assert not [text for text in troubles if "Content Security Policy" in text]
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Password").wait_for()
    answer = context.request.get(f"{ruled.url}/admin/config")
    assert answer.status == 401
    context.close()


def test_a_code_is_asked_for_and_opens_the_study_alone(ruled: Any, page: Page, code: str) -> None:
    page.goto(ruled.url)
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(page.get_by_role("button", name="Colorize")).to_have_count(0)
    for wrong in ("AAAA-BBBB-CCCC", "hello"):
        expect(page.get_by_role("alert")).not_to_have_text(
            "This access code is not one of this study."
        )
        page.get_by_label("Your access code").fill(wrong)
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("alert")).to_have_text("This access code is not one of this study.")
        page.get_by_label("Your access code").fill("")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("alert")).to_have_text(
            "Please enter the access code that you were given."
        )
    page.get_by_label("Your access code").fill(code.lower())
    page.keyboard.press("Enter")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Start the practice").click()
    name = page.locator(".foot > span").first.inner_text()
    page.goto(ruled.url)  # the browser remembers the code
    page.get_by_role("button", name="Start the practice").wait_for()
    assert page.locator(".foot > span").first.inner_text() == name


def test_withdrawing_deletes_after_one_more_question(ruled: Any, page: Page, code: str) -> None:
    page.goto(f"{ruled.url}/?code={code}")
    page.get_by_role("button", name="I agree").click()
    name = page.locator(".foot > span").first.inner_text().removeprefix("Participant ")
    assert name in set(participants(ruled.database_url)["participant"])
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Picture 1 is real").wait_for()
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("button", name="Delete my answers").click()
    expect(page.locator("#study h2")).to_have_text("Your answers are deleted")
    assert name not in set(participants(ruled.database_url)["participant"])


def test_withdrawing_later_takes_only_the_code(ruled: Any, page: Page, code: str) -> None:
    person = HttpParticipant(ruled.url, 5)
    ask = person.ask
    person.ask = lambda name, **fields: ask(name, code=code, **fields)  # type: ignore[method-assign]
    person.start()
    page.goto(f"{ruled.url}/?withdraw&code={code}")
    field = page.get_by_label("Your withdrawal code")
    field.fill("AAAA-BBBB-CCCC")
    page.get_by_role("button", name="Delete my answers").click()
    expect(page.get_by_role("alert")).to_contain_text("No answers are stored under this code")
    field.fill(person.shown["withdrawal_code"])
    page.get_by_role("button", name="Delete my answers").click()
    expect(page.locator("#study h2")).to_have_text("Your answers are deleted")
    people = participants(ruled.database_url)
    assert person.shown["participant"] not in set(people["participant"])


@pytest.mark.slow
def test_forty_who_start_in_the_same_second_get_balanced_pictures(
    make_server: Callable[..., Any],
) -> None:
    server = make_server()
    study = study_component(server.url)
    people = [HttpParticipant(server.url, n, component=study) for n in range(100, 140)]
    with ThreadPoolExecutor(40) as pool:
        list(pool.map(HttpParticipant.start, people))
    stored = participants(server.database_url)
    assert sorted(stored["list_number"]) == list(range(40))
    store = Store(server.database_url)
    with store.engine.connect() as connection:
        shown = connection.exec_driver_sql(
            "SELECT picture FROM trial WHERE kind = 'scored'"
        ).scalars()
        used = Counter(shown)
    store.close()
    assert set(used.values()) == {30}  # 40 people x 30 trials on 40 pictures
    assert len({one.shown["trial"] for one in people}) == 40
