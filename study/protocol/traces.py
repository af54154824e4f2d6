"""How an answer was given: what the page tells of it, checked. Pure.

Sent by ``static/traces.js`` with each pick, stored by ``store``, judged by
`study.statistics.automation`. Whatever comes may be forged; what makes no sense is no trace.
"""

from collections.abc import Mapping
from typing import Any

WAYS = ("mouse", "pen", "touch", "keys")
FLAGS = ("trusted", "webdriver")
COUNTS = {
    "moves": "events of a moving pointer while the pictures were on show",
    "path_px": "length of its path, CSS pixels",
    "direct_px": "straight from where that path began to where the pick was made, CSS pixels",
    "jump_px": "from where the pointer was last seen to where it was pressed, CSS pixels",
    "press_ms": "from pressing to releasing; missing for keys",
    "early": "picks that came within the first quarter of a second, and were not taken",
    "trap": "touches of the hidden button since the page was opened",
}
MOST = 1_000_000

# A pick by the mouse has no path where the pointer hardly moved, or was somewhere else, and was
# let go at once; a path is straight where it is no longer than the way.
FEWEST_MOVES = 2
SHORTEST_PRESS_MS = 12  # people's are 50 and more
LONG_WAY_PX = 100
STRAIGHT_PX = 1


def checked(given: Any) -> dict[str, Any] | None:
    """Return a trace as it is stored, or None if it is none.

    Parameters
    ----------
    given
        From the page: `by` (one of `WAYS`), `FLAGS` (true or false), `COUNTS` (numbers from 0 to
        `MOST`; larger ones are cut there, and `press_ms` may be missing).

    Examples
    --------
    >>> counts = dict.fromkeys(COUNTS, 0.6)
    >>> checked({"by": "mouse", "trusted": True, "webdriver": False, **counts})["moves"]
    1
    >>> checked({"by": "thought"}) is None
    True
    """
    if not isinstance(given, Mapping) or given.get("by") not in WAYS:
        return None
    flags = {name: given.get(name) for name in FLAGS}
    counts = {name: _count(given.get(name)) for name in COUNTS}
    if not all(isinstance(flag, bool) for flag in flags.values()):
        return None
    if any(count is None for name, count in counts.items() if name != "press_ms"):
        return None
    return {"by": given["by"], **flags, **counts}


def _count(given: Any) -> int | None:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not given >= 0:
        return None
    return round(min(given, MOST))
