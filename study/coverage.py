"""`python -m study.coverage`: how often intervals hold the truth and tests err, by simulation.

    python -m study.coverage --studies 1000 --seed 1

Prints the tables that docs/statistics.md shows; `study.statistics.coverage` counts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from study.statistics.coverage import (
    LEAVERS,
    PLACES,
    PLANS,
    SPREAD,
    TESTED,
    coverage,
    leaving,
    place_sizes,
    sizes,
    spreads,
)
from study.statistics.coverage_models import (
    LAPSES,
    ODDS,
    SCALES,
    lapse_coverage,
    odds_coverage,
    scale_coverage,
)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        prog="python -m study.coverage",
        description="Simulate studies with known rates and count how often the 95 % intervals "
        "hold them and the tests at 5 % are wrong. Prints Markdown tables.",
    )
    result.add_argument(
        "--studies", type=int, default=1000, metavar="N", help="studies per row (default: 1000)"
    )
    result.add_argument("--seed", type=int, default=1, help="same seed, same table (default: 1)")
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables as Markdown."""
    command = parser()
    arguments = command.parse_args(argv)
    if arguments.studies < 1 or arguments.seed < 0:
        command.error("--studies must be at least 1 and --seed must not be negative")
    rng = np.random.default_rng(arguments.seed)
    print("| participants | trials | pictures | rate | SD people, pictures | two-way | Wilson |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for plan in PLANS:
        found = coverage(plan, arguments.studies, rng)
        print(
            f"| {plan.participants} | {plan.trials} | {plan.pictures} | {100 * plan.rate:g} % "
            f"| {plan.participant_sd:g}, {plan.picture_sd:g} "
            f"| {100 * found.two_way:.1f} %, {100 * found.two_way_width:.1f} wide "
            f"| {100 * found.wilson:.1f} %, {100 * found.wilson_width:.1f} wide |",
            flush=True,
        )
    print(
        "\n| participants | trials | pictures | rates | SD people, pictures | gap | difference ",
        end="",
    )
    print("| ratings | MOS held | gap, people only |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for plan in TESTED:
        size = sizes(plan, arguments.studies, rng)
        shares = (size.gap, size.difference, size.ratings, size.mean_held, size.people_only)
        print(
            f"| {plan.participants} | {plan.trials} | {plan.pictures} | {100 * plan.rate:.3g} % "
            f"| {plan.participant_sd:g}, {plan.picture_sd:g} | "
            + " | ".join(f"{100 * share:.1f} %" for share in shares)
            + " |",
            flush=True,
        )
    print("\n| participants | trials | SD of places | by participant | naive |")
    print("|---:|---:|---:|---:|---:|")
    rng = np.random.default_rng([arguments.seed, 1])  # whatever the tables above have drawn
    for plan, place_sd in PLACES:
        places = place_sizes(plan, place_sd, arguments.studies, rng)
        print(
            f"| {plan.participants} | {plan.trials} | {place_sd:g} "
            f"| {100 * places.by_participant:.1f} % | {100 * places.naive:.1f} % |",
            flush=True,
        )
    print("\n| participants | trials | pictures | rate | by answer | holds | by person | holds |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    rng = np.random.default_rng([arguments.seed, 2])
    for plan in LEAVERS:
        left = leaving(plan, arguments.studies, rng)
        both = (left.by_answer, left.by_answer_held, left.by_person, left.by_person_held)
        print(
            f"| {plan.participants} | {plan.trials} | {plan.pictures} | {100 * plan.rate:.1f} % | "
            + " | ".join(f"{100 * share:.1f} %" for share in both)
            + " |",
            flush=True,
        )
    print("\n| participants | trials | pictures | rate | SD people | found | holds ", end="")
    print("| SD pictures | found | holds |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    rng = np.random.default_rng([arguments.seed, 3])
    for plan in SPREAD:
        spread = spreads(
            plan, max(1, arguments.studies // 20), rng
        )  # each takes a tenth of a second
        print(
            f"| {plan.participants} | {plan.trials} | {plan.pictures} | {100 * plan.rate:g} % "
            f"| {plan.participant_sd:g} | {spread.participant_sd:.2f} "
            f"| {100 * spread.participant_held:.0f} % | {plan.picture_sd:g} "
            f"| {spread.picture_sd:.2f} | {100 * spread.picture_held:.0f} % |",
            flush=True,
        )
    print("\n| trials show | participants | trials | pictures | strength held | width | none |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    rng = np.random.default_rng([arguments.seed, 4])
    for name, plan in SCALES:
        scale = scale_coverage(name, plan, max(1, arguments.studies // 4), rng)
        print(
            f"| {name} | {plan.participants} | {plan.trials} | {plan.pictures} "
            f"| {100 * scale.held:.1f} % | {scale.width:.2f} | {100 * scale.missing:.1f} % |",
            flush=True,
        )
    print("\n| participants | trials | catch | rate | raw | holds | attended | holds |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    rng = np.random.default_rng([arguments.seed, 5])
    for plan, catch in LAPSES:
        lapsed = lapse_coverage(plan, catch, max(1, arguments.studies // 2), rng)
        shares = (plan.rate, lapsed.raw, lapsed.raw_held, lapsed.attended, lapsed.attended_held)
        print(
            f"| {plan.participants} | {plan.trials} | {catch} | "
            + " | ".join(f"{100 * share:.1f} %" for share in shares)
            + " |",
            flush=True,
        )
    print("\n| participants | trials | pictures | log odds | SD apart | found | two-way ", end="")
    print("| model's own |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    rng = np.random.default_rng([arguments.seed, 6])
    for plan, effect, apart in ODDS:
        odds = odds_coverage(plan, effect, apart, max(1, arguments.studies // 20), rng)
        print(
            f"| {plan.participants} | {plan.trials} | {plan.pictures} | {effect:g} | {apart:g} "
            f"| {odds.found:.2f} | {100 * odds.held:.1f} % | {100 * odds.own_held:.1f} % |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
