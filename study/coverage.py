"""`python -m study.coverage`: how often intervals hold the truth and tests err, by simulation.

    python -m study.coverage --studies 1000 --seed 1
    python -m study.coverage --only judged --only preferred --studies 2000     # two of the tables

Prints the tables that docs/statistics.md shows; `study.statistics.coverage` and its neighbours
count. A table is the same with and without the others.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from study.statistics.coverage import (
    LEAVERS,
    PLACES,
    PLANS,
    SPREAD,
    TESTED,
    Plan,
    coverage,
    leaving,
    place_sizes,
    sizes,
    spreads,
)
from study.statistics.coverage_kinds import (
    HITS,
    JUDGED,
    PREFERENCES,
    PREFERRED,
    judged_coverage,
    preferred_coverage,
)
from study.statistics.coverage_models import (
    LAPSES,
    ODDS,
    SCALES,
    lapse_coverage,
    odds_coverage,
    scale_coverage,
)

Lines = Iterator[str]


def _picks(studies: int, seed: int) -> Lines:
    """Rates, then gaps, differences and ratings, by one generator."""
    rng = np.random.default_rng(seed)
    yield from _head("participants|trials|pictures|rate|SD people, pictures|two-way|Wilson")
    for plan in PLANS:
        found = coverage(plan, studies, rng)
        yield _row(
            *_size(plan), f"{100 * plan.rate:g} %", _sds(plan),
            f"{_percent(found.two_way)}, {100 * found.two_way_width:.1f} wide",
            f"{_percent(found.wilson)}, {100 * found.wilson_width:.1f} wide",
        )  # fmt: skip
    yield ""
    yield from _head(
        "participants|trials|pictures|rates|SD people, pictures|gap|difference|ratings|MOS held"
        "|gap, people only"
    )
    for plan in TESTED:
        size = sizes(plan, studies, rng)
        shares = (size.gap, size.difference, size.ratings, size.mean_held, size.people_only)
        yield _row(*_size(plan), f"{100 * plan.rate:.3g} %", _sds(plan), *map(_percent, shares))


def _places(studies: int, seed: int) -> Lines:
    rng = np.random.default_rng([seed, 1])
    yield from _head("participants|trials|SD of places|by participant|naive")
    for plan, place_sd in PLACES:
        places = place_sizes(plan, place_sd, studies, rng)
        shares = map(_percent, (places.by_participant, places.naive))
        yield _row(plan.participants, plan.trials, f"{place_sd:g}", *shares)


def _leavers(studies: int, seed: int) -> Lines:
    rng = np.random.default_rng([seed, 2])
    yield from _head("participants|trials|pictures|rate|by answer|holds|by person|holds")
    for plan in LEAVERS:
        left = leaving(plan, studies, rng)
        both = (left.by_answer, left.by_answer_held, left.by_person, left.by_person_held)
        yield _row(*_size(plan), *map(_percent, (plan.rate, *both)))


def _spreads(studies: int, seed: int) -> Lines:
    rng = np.random.default_rng([seed, 3])
    yield from _head(
        "participants|trials|pictures|rate|SD people|found|holds|SD pictures|found|holds"
    )
    for plan in SPREAD:
        spread = spreads(plan, max(1, studies // 20), rng)  # each takes a tenth of a second
        yield _row(
            *_size(plan), f"{100 * plan.rate:g} %", f"{plan.participant_sd:g}",
            f"{spread.participant_sd:.2f}", f"{100 * spread.participant_held:.0f} %",
            f"{plan.picture_sd:g}", f"{spread.picture_sd:.2f}",
            f"{100 * spread.picture_held:.0f} %",
        )  # fmt: skip


def _scale(studies: int, seed: int) -> Lines:
    rng = np.random.default_rng([seed, 4])
    yield from _head("trials show|participants|trials|pictures|strength held|width|none", words=1)
    for name, plan in SCALES:
        scale = scale_coverage(name, plan, max(1, studies // 4), rng)
        yield _row(
            name, *_size(plan), _percent(scale.held), f"{scale.width:.2f}", _percent(scale.missing)
        )


def _lapses(studies: int, seed: int) -> Lines:
    rng = np.random.default_rng([seed, 5])
    yield from _head("participants|trials|catch|rate|raw|holds|attended|holds")
    for plan, catch in LAPSES:
        lapsed = lapse_coverage(plan, catch, max(1, studies // 2), rng)
        shares = (plan.rate, lapsed.raw, lapsed.raw_held, lapsed.attended, lapsed.attended_held)
        yield _row(plan.participants, plan.trials, catch, *map(_percent, shares))


def _odds(studies: int, seed: int) -> Lines:
    rng = np.random.default_rng([seed, 6])
    yield from _head("participants|trials|pictures|log odds|SD apart|found|two-way|model's own")
    for plan, effect, apart in ODDS:
        odds = odds_coverage(plan, effect, apart, max(1, studies // 20), rng)
        yield _row(
            *_size(plan), f"{effect:g}", f"{apart:g}", f"{odds.found:.2f}", _percent(odds.held),
            _percent(odds.own_held),
        )  # fmt: skip


def _judged(studies: int, seed: int) -> Lines:
    rng = np.random.default_rng([seed, 7])
    yield from _head(
        "participants|trials|pictures|called real: truth, method|hits held|false alarms held"
        "|d' held|c held|p errs|Holm errs|no d'"
    )
    for plan in JUDGED:
        held = judged_coverage(plan, max(1, studies // 4), rng)
        shares = (
            *(held.hits, held.alarms, held.d_prime, held.criterion),
            *(held.error, held.family, held.missing),
        )
        rates = f"{100 * HITS:g} %, {100 * plan.rate:g} %"
        yield _row(*_size(plan), rates, *map(_percent, shares))


def _preferred(studies: int, seed: int) -> Lines:
    rng = np.random.default_rng([seed, 8])
    yield from _head("participants|trials|pictures|shares|first held|last held|p errs|Holm errs")
    for name, plan in PREFERENCES:
        held = preferred_coverage(name, plan, max(1, studies // 4), rng)
        shares = ", ".join(f"{100 * share:.3g} %" for share in PREFERRED[name].values())
        found = map(_percent, (held.first, held.last, held.error, held.family))
        yield _row(*_size(plan), shares, *found)


TABLES: dict[str, Callable[[int, int], Lines]] = {
    "picks": _picks,
    "places": _places,
    "leavers": _leavers,
    "spreads": _spreads,
    "scale": _scale,
    "lapses": _lapses,
    "odds": _odds,
    "judged": _judged,
    "preferred": _preferred,
}


def _head(headings: str, words: int = 0) -> Lines:
    """The first two lines of a table; all columns but the first `words` are numbers."""
    names = headings.split("|")
    yield _row(*names)
    yield f"|{'---|' * words}{'---:|' * (len(names) - words)}"


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _size(plan: Plan) -> tuple[int, int, int]:
    return plan.participants, plan.trials, plan.pictures


def _sds(plan: Plan) -> str:
    return f"{plan.participant_sd:g}, {plan.picture_sd:g}"


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.1f} %"


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        prog="python -m study.coverage",
        description="Simulate studies with known rates and count how often the 95 % intervals "
        "hold them and the tests at 5 % are wrong. Prints Markdown tables.",
    )
    result.add_argument(
        "--studies",
        type=int,
        default=1000,
        metavar="N",
        help="studies per row; tables that take longer have a half to a twentieth of it (default: "
        "1000)",
    )
    result.add_argument("--seed", type=int, default=1, help="same seed, same table (default: 1)")
    result.add_argument(
        "--only",
        action="append",
        choices=tuple(TABLES),
        metavar="TABLE",
        help=f"print this one, of {', '.join(TABLES)}; may be given again (default: all)",
    )
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables as Markdown."""
    command = parser()
    arguments = command.parse_args(argv)
    if arguments.studies < 1 or arguments.seed < 0:
        command.error("--studies must be at least 1 and --seed must not be negative")
    chosen = [name for name in TABLES if not arguments.only or name in arguments.only]
    for number, name in enumerate(chosen):
        if number:
            print()
        for line in TABLES[name](arguments.studies, arguments.seed):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
