"""The page in another language: German, and letters that run from right to left."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answering import look
from playwright.sync_api import Page, expect

from study.protocol.english import ENGLISH

pytestmark = pytest.mark.browser

GERMAN = Path(__file__).parents[2] / "study" / "texts" / "de.toml"
# What every person hears or reads: text, labels, pictures' names; and what only CSS adds.
HEARD = """() => {
  const said = [document.body.innerText, document.title];
  for (const node of document.querySelectorAll("#study, #study *, #title *, .notice, .notice *")) {
    for (const name of ["aria-label", "alt", "title", "placeholder", "data-missing"])
      if (node.getAttribute(name)) said.push(node.getAttribute(name));
    if (node.closest(".notice") || node.matches(".unseen")) said.push(node.textContent);
  }
  return said.join("\\n");
}"""


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text.lower()))


ENGLISH_WORDS = words(
    "the of and is are you your to with not picture pictures study trial trials continue progress "
    "missing rate rating page answers which copy finish participant that this have"
)


def hebrew(text: str) -> str:
    """The same text in letters that run from right to left; what stands in braces stays."""
    parts = re.split(r"(\{\w+\})", text)
    turn = {ord(c): chr(0x5D0 + i) for i, c in enumerate("abcdefghijklmnopqrstuvwxyz")}
    return "".join(part if part.startswith("{") else part.lower().translate(turn) for part in parts)


def turned(given: Any, name: str = "") -> Any:
    if isinstance(given, str):
        kept = {"language": "he", "direction": "rtl", "version": "3-he"}
        return kept.get(name) or hebrew(given)
    if isinstance(given, dict):
        return {key: turned(value, key) for key, value in given.items()}
    return [turned(value) for value in given]


def toml(table: dict[str, Any], name: str) -> str:
    """Write a table of texts, lists and tables."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = [f"[{name}]", *(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in plain.items())]
    inner = (toml(v, f"{name}.{k}") for k, v in table.items() if isinstance(v, dict))
    return "\n".join((*lines, *inner))


@pytest.fixture(scope="module")
def start(
    make_server: Callable[..., Any], stimuli: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Any]:
    """A server of a short study with these further settings."""

    def begin(more: str) -> Any:
        file = tmp_path_factory.mktemp("study") / "study.toml"
        short = f'stimuli = "{stimuli}"\n[trials]\nscored = 2\npractice = 1\n'
        file.write_text(short + more, encoding="utf-8")
        return make_server(TRUEHUE_STUDY=str(file), TRUEHUE_STIMULI="")

    return begin


def walk(page: Page, url: str, see: Callable[[str], None]) -> None:
    """Go from the consent to the end by keys and clicks; `see` is called on every page."""
    main = page.locator(".study button.main")
    page.goto(url)
    main.wait_for()
    see("consent")
    page.locator(".study button.plain").click()
    see("declined")
    page.locator(".study button.plain").click()
    main.click()
    page.locator("[data-page=instructions]").wait_for()
    see("instructions")
    main.click()
    for number in range(3):
        look(page)
        see(f"pick {number}")
        page.keyboard.press("1")
        page.locator("[data-page=rate]").wait_for()
        main.click()  # too early
        see(f"rate {number}")
        for _ in range(5):
            page.keyboard.press("4")
        see(f"missing {number}")
        page.keyboard.press("4")
        main.click()
        if not number:
            page.locator("[data-page=between]").wait_for()
            see("between")
            main.click()
    page.locator("[data-page=done]").wait_for()
    main.click()
    see("done")
    page.get_by_role("button").last.click()
    page.locator("[data-page=withdraw]").wait_for()
    page.locator("#study input").fill("nonsense")
    main.click()
    page.locator(".missing:not(:empty)").wait_for()
    see("withdraw refused")
    page.goto(f"{url}&PROLIFIC_PID=%7B%7Bx%7D%7D")
    page.locator("[role=alert]").wait_for()
    see("refused")


def test_no_english_word_is_left_in_german(start: Any, page: Page) -> None:
    server = start(f'[page]\ntexts = "{GERMAN}"\ncolorize = false\n')
    found: dict[str, str] = {}

    def see(where: str) -> None:
        found[where] = page.evaluate(HEARD)

    walk(page, f"{server.url}/?study", see)
    for where, said in found.items():
        # The names in a recruiter's link are names.
        assert not words(said.replace("PROLIFIC_PID", "")) & ENGLISH_WORDS, where
    assert "Sie wählen die echte" in found["consent"]
    assert "Durchgang 2 von 2" in found["pick 2"]
    assert "Bild 1 ist echt" in found["pick 0"]
    assert "6 Bewertungen fehlen." in found["rate 0"]
    assert "Eine Bewertung fehlt." in found["missing 0"]
    assert "Das ist kein Widerrufscode" in found["withdraw refused"]
    assert page.locator("html").get_attribute("lang") == "de"
    page.context.set_offline(True)
    page.get_by_role("button", name="Weiter").click()
    expect(page.locator(".notice")).to_contain_text("Gerade besteht keine Verbindung zum Server.")
    assert not words(page.evaluate(HEARD).replace("PROLIFIC_PID", "")) & ENGLISH_WORDS


@pytest.mark.slow
def test_every_word_can_be_set_and_run_from_right_to_left(start: Any, page: Page) -> None:
    server = start(f"[page]\ncolorize = false\n{toml(turned(ENGLISH), 'texts')}\n")
    found: dict[str, str] = {}

    def see(where: str) -> None:
        found[where] = page.evaluate(HEARD)
        expect(page.locator(".study")).to_have_css("direction", "rtl")
        width = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(width) <= 0, where

    walk(page, f"{server.url}/?study", see)
    for where, said in found.items():
        code = r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){2}\b|\bp-[0-9a-f]{12}\b|PROLIFIC_PID"
        assert re.findall(r"[A-Za-z]+", re.sub(code, "", said)) == [], where
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator("html").get_attribute("lang") == "he"


@pytest.mark.slow
def test_in_right_to_left_picture_one_is_the_rightmost(start: Any, page: Page) -> None:
    server = start('[texts]\ndirection = "rtl"\n')
    page.goto(f"{server.url}/?study")
    page.locator(".study button.main").click()
    page.locator("[data-page=instructions] button.main").click()
    look(page)
    boxes = [page.locator(".choice").nth(slot).bounding_box() for slot in range(3)]
    lefts = [box["x"] for box in boxes if box]
    assert lefts == sorted(lefts, reverse=True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(200)
    for n in range(3):
        number = page.locator(".choice .number").nth(n).bounding_box()
        assert number is not None
        assert 0 <= number["x"] <= 380
    # A code stays as it is written.
    expect(page.locator(".withdrawal")).to_have_css("direction", "ltr")
