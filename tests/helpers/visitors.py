"""Visitors of a study's page: scripts that behave like people, and programs that answer for them.

Each is a coroutine that answers one trial; `visit` goes through the whole study with it. People
differ in what they use (mouse, fingers, digits, Tab and Enter, a reader of the screen that puts the
mouse where the user asks), take times that differ from trial to trial, and say nothing about
drivers. Programs are driven by the accessibility tree, by clicks of the DOM and by Playwright's
mouse, at an even pace.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import CDPSession, Page

Act = Callable[[Page, CDPSession, random.Random], Awaitable[None]]
PACE_S = 0.7  # of the programs
MAIN = ".study button.main"
HIDDEN = ["--no-sandbox", "--disable-blink-features=AutomationControlled"]  # says no webdriver


async def think(chance: random.Random) -> None:
    """Wait as people do: 1.3 seconds in the median, seldom below 0.5, now and then 4."""
    await asyncio.sleep(max(0.4, chance.lognormvariate(0.25, 0.5)))


async def mouse(page: Page, cdp: CDPSession, chance: random.Random) -> None:
    await think(chance)
    box = await page.locator(".choice").nth(chance.randrange(3)).bounding_box()
    assert box is not None
    await hand(page, chance, *somewhere(box, chance))


def somewhere(box: Any, chance: random.Random) -> tuple[float, float]:
    """Return a place in a box, seldom its middle."""
    across, down = chance.uniform(0.2, 0.8), chance.uniform(0.2, 0.8)
    return box["x"] + box["width"] * across, box["y"] + box["height"] * down


async def hand(page: Page, chance: random.Random, x: float, y: float) -> None:
    """Move on a bent and trembling way, press, wait and let go."""
    from_x, from_y = chance.uniform(100, 1100), chance.uniform(100, 700)
    bend_x, bend_y = (from_x + x) / 2 + chance.gauss(0, 60), (from_y + y) / 2 + chance.gauss(0, 60)
    steps = chance.randrange(9, 16)
    for step in range(1, steps + 1):
        t = step / steps
        smooth = t * t * (3 - 2 * t)
        a, b, c = (1 - smooth) ** 2, 2 * smooth * (1 - smooth), smooth**2
        await page.mouse.move(
            a * from_x + b * bend_x + c * x + chance.gauss(0, 1),
            a * from_y + b * bend_y + c * y + chance.gauss(0, 1),
        )
    await page.mouse.down()
    await asyncio.sleep(chance.uniform(0.05, 0.13))
    await page.mouse.up()


async def digits(page: Page, cdp: CDPSession, chance: random.Random) -> None:
    await think(chance)
    await page.keyboard.press(str(chance.randrange(1, 4)), delay=chance.uniform(50, 120))


async def tab_and_enter(page: Page, cdp: CDPSession, chance: random.Random) -> None:
    await think(chance)
    for _ in range(chance.randrange(1, 4)):
        await page.keyboard.press("Tab", delay=chance.uniform(40, 100))
    await page.keyboard.press("Enter", delay=chance.uniform(50, 120))


async def touch(page: Page, cdp: CDPSession, chance: random.Random) -> None:
    await think(chance)
    box = await page.locator(".choice").nth(chance.randrange(3)).bounding_box()
    assert box is not None
    x, y = somewhere(box, chance)
    send = cdp.send
    await send(
        "Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]}
    )
    await asyncio.sleep(chance.uniform(0.04, 0.12))
    await send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def reader(page: Page, cdp: CDPSession, chance: random.Random) -> None:
    """What a reader of the screen does with the mouse: to the middle, pressed, let go."""
    await think(chance)
    await page.locator(".choice").nth(chance.randrange(3)).click()


async def by_tree(page: Page, cdp: CDPSession, chance: random.Random) -> None:
    """Press what the accessibility tree calls a picture, in its middle."""
    await asyncio.sleep(PACE_S)
    found = await nodes(cdp, "button", "is real")
    await press(cdp, found[chance.randrange(3)])


async def by_dom(page: Page, cdp: CDPSession, chance: random.Random) -> None:
    """Press whatever button goes on, and where none does, a picture."""
    await asyncio.sleep(PACE_S)
    await page.evaluate(
        """slot => {
          for (const one of document.querySelectorAll(".study button"))
            if (/^(Continue|Start|I agree)/.test(one.textContent)) one.click();
          document.querySelectorAll(".choice")[slot].click();
        }""",
        chance.randrange(3),
    )


async def by_mouse(page: Page, cdp: CDPSession, chance: random.Random) -> None:
    await asyncio.sleep(PACE_S)
    await page.locator(".choice").nth(chance.randrange(3)).click()


PEOPLE: dict[str, Act] = {
    "mouse": mouse,
    "touch screen": touch,
    "digits": digits,
    "Tab and Enter": tab_and_enter,
    "reader of the screen": reader,
}
PROGRAMS: dict[str, Act] = {
    "by accessibility tree": by_tree,
    "by clicks of the DOM": by_dom,
    "by Playwright's mouse": by_mouse,
}


async def nodes(cdp: CDPSession, role: str, name: str) -> list[int]:
    """Return the nodes of the accessibility tree that have this role and name."""
    tree = await cdp.send("Accessibility.getFullAXTree")
    return [
        node["backendDOMNodeId"]
        for node in tree["nodes"]
        if node.get("role", {}).get("value") == role
        and name in node.get("name", {}).get("value", "")
    ]


async def press(cdp: CDPSession, node: int) -> None:
    """Press the middle of a node."""
    model = await cdp.send("DOM.getBoxModel", {"backendNodeId": node})
    corners = model["model"]["content"]
    at = {"x": sum(corners[::2]) / 4, "y": sum(corners[1::2]) / 4}
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        which = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
        await cdp.send("Input.dispatchMouseEvent", {"type": kind, **at, **which})


async def visit(page: Page, url: str, act: Act, trials: int, seed: int) -> str:
    """Go through a study of one scale without practice; return the participant's name.

    The one who reads the accessibility tree does what the page asks of programs.
    """
    chance = random.Random(seed)
    cdp: Any = await page.context.new_cdp_session(page)
    await page.goto(f"{url}/?study")
    await page.locator(MAIN).click()
    await page.locator("[data-page=instructions]").wait_for()
    if act is by_tree:
        await press(cdp, (await nodes(cdp, "button", "I am a program"))[0])
        await page.get_by_text("Noted").wait_for()
    await page.locator(MAIN).click()
    for _ in range(trials):
        await page.locator("[data-page=pick] .stage[data-painted]").wait_for()
        while await page.locator("[data-page=pick]").count():
            await act(page, cdp, chance)
            await page.locator(".study:not([aria-busy])").wait_for()
        await page.locator("[data-page=rate]").wait_for()
        for _ in range(3):
            await page.keyboard.press(str(chance.randrange(1, 6)))
        await page.locator(MAIN).click()
        await page.locator("[data-page=pick], [data-page=done]").wait_for()
    return (await page.locator(".foot span").first.inner_text()).split()[-1]
