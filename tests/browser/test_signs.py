"""Signs of automation in a real page: how often people show them, and how often programs.

    python -m pytest tests/browser/test_signs.py -m slow -s

prints the table of docs/study-protocol.md.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright
from playwright.sync_api import Page, expect
from visitors import HIDDEN, PEOPLE, PROGRAMS, visit

from study.database.source import from_database
from study.statistics.automation import SIGNS, signs

pytestmark = pytest.mark.browser

TRIALS = 10
EACH = int(os.environ.get("TRUEHUE_VISITORS", "2"))  # of every kind
AT_ONCE = 4


@pytest.fixture(scope="module")
def study(
    make_server: Callable[..., Any], stimuli: Path, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    file = tmp_path_factory.mktemp("study") / "study.toml"
    file.write_text(
        f'stimuli = "{stimuli}"\n[trials]\nscored = {TRIALS}\npractice = 0\n[scales.quality]\n'
        'label = "Quality"\n[page]\ncolorize = false\n'
    )
    return make_server(TRUEHUE_STUDY=str(file), TRUEHUE_STIMULI="")


async def everybody(url: str, chromium: str) -> dict[str, str]:
    """Let all of them answer; return the kind of each participant."""
    kinds: dict[str, str] = {}
    few = asyncio.Semaphore(AT_ONCE)

    async def one(browser: Any, kind: str, act: Any, seed: int) -> None:
        async with few:
            context = await browser.new_context(
                viewport={"width": 1280, "height": 800}, has_touch=kind == "touch screen"
            )
            context.set_default_timeout(90_000)
            kinds[await visit(await context.new_page(), url, act, TRIALS, seed)] = kind
            await context.close()

    async with async_playwright() as playwright:
        launch = playwright.chromium.launch
        people = await launch(executable_path=chromium, args=HIDDEN)
        programs = await launch(executable_path=chromium, args=HIDDEN[:1])
        await asyncio.gather(
            *(
                one(browser, kind, act, 100 * number + seed)
                for browser, acts in ((people, PEOPLE), (programs, PROGRAMS))
                for number, (kind, act) in enumerate(acts.items())
                for seed in range(EACH)
            )
        )
        await people.close()
        await programs.close()
    return kinds


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_people_are_not_accused_and_programs_are_seen(study: Any, chromium: str) -> None:
    with ThreadPoolExecutor(1) as apart:  # from the loop of Playwright's other half
        kinds = apart.submit(lambda: asyncio.run(everybody(study.url, chromium))).result()
    source = from_database(study.database_url)
    found = signs(source.participants, source.answers)
    caught = {}
    print(f"\n{'visitors':24} {'n':>3} {'any':>4} {'unsaid':>6}  signs")
    for kind in (*PEOPLE, *PROGRAMS):
        mine = found.loc[[who for who, of in kinds.items() if of == kind]]
        unsaid = mine.drop(columns=["told", "webdriver"]).any(axis=1)
        shown = ", ".join(f"{name} {int(mine[name].sum())}" for name in SIGNS if mine[name].any())
        print(f"{kind:24} {len(mine):3} {mine.any(axis=1).sum():4} {unsaid.sum():6}  {shown}")
        caught[kind] = int(mine.any(axis=1).sum())
    assert caught == {kind: EACH * (kind in PROGRAMS) for kind in (*PEOPLE, *PROGRAMS)}


def test_nobody_but_a_script_comes_to_the_hidden_button(study: Any, page: Page) -> None:
    page.goto(f"{study.url}/?study")
    page.locator(".study button.main").click()
    page.get_by_role("button", name="I am a program").click()
    expect(page.locator(".agent [role=status]")).to_contain_text("Noted, thank you.")
    page.reload()
    expect(page.locator(".agent [role=status]")).to_contain_text("Noted, thank you.")
    page.locator(".study button.main").click()
    page.locator(".stage[data-painted]").wait_for()
    assert page.locator(".trap").count() == 1
    assert page.get_by_role("button", name="Continue").count() == 0  # it is not announced
    focused = set()
    for _ in range(12):  # nor reached by Tab
        page.keyboard.press("Tab")
        focused.add(page.evaluate("document.activeElement.className"))
    assert "choice" in focused
    assert not any("trap" in name for name in focused)
    box = page.locator(".trap").bounding_box()
    assert box is not None
    under = "([x, y]) => document.elementFromPoint(x, y)?.className ?? ''"
    assert "trap" not in page.evaluate(under, [box["x"], box["y"]])  # nor pointed at
    page.wait_for_timeout(300)
    page.keyboard.press("2")
    page.locator("[data-page=rate]").wait_for()
    source = from_database(study.database_url)
    name = page.locator(".foot span").first.inner_text().split()[-1]
    found = signs(source.participants, source.answers).loc[name]
    # The browser of this test says that it is driven.
    assert [sign for sign in SIGNS if found[sign]] == ["told", "webdriver"]
