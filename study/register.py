"""`python -m study.register`: the registration of a study, from its file and a power run.

    python -m study.register roads.toml

writes, beside the study file,

    roads.registration.json   what is registered, and its SHA-256
    roads.registration.md     the same under the headings of AsPredicted and of the OSF

Section [plan] of the study file says how many people are planned, the primary contrast, the
hypotheses and the expected rates. The app stores the JSON file beside its study file with the first
participant; the report then checks itself against it, line by line. The same study file and seed
give the same files. Participants of the power run are simulated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from study.errors import ConfigError, StudyError
from study.protocol.config import load
from study.protocol.design import PREFERENCE, TRUTH, UNPAIRED, StudySpec, digest_of
from study.protocol.planned import EQUIVALENT, Planned
from study.protocol.registration import ENDING, as_file, refuse_incomplete, registered
from study.protocol.registration_words import markdown
from study.statistics.claims import DIFFERENCE, EQUIVALENCE, GAP, TOLD, Claims, Methods, claims
from study.statistics.claims_kinds import Judging, Preferring
from study.statistics.comparisons import MARGIN
from study.statistics.coverage import Plan
from study.statistics.intervals import wilson
from study.stimuli import manifest


def primary_power(spec: StudySpec, plan: Planned, studies: int, seed: int) -> dict[str, Any]:
    """Simulate studies of the planned size and count those that show the primary claim.

    Parameters
    ----------
    spec : StudySpec
        Trials, pictures, methods and margin.
    plan : Planned
        Participants, rates, and how people and pictures differ, all given.
    studies : int
        At least 1.
    seed : int
        The same seed gives the same result.

    Returns
    -------
    dict
        power (share of the studies whose p of the primary contrast is at most 5 %) with low and
        high (its 95 % interval by Wilson), and what they were computed from; ready for JSON.

    Raises
    ------
    ValueError
        If rates or standard deviations are out of range.
    """
    methods = _shown(spec, plan)
    size = Plan(
        plan.participants or 0,
        spec.design.scored,
        len(spec.pictures),
        plan.rates[plan.primary or ""],
        plan.participant_sd,
        plan.picture_sd,
        plan.dropout,
        plan.careless,
    )
    found = claims(size, methods, studies, np.random.default_rng(seed))
    kind = EQUIVALENCE if plan.claim == EQUIVALENT else GAP
    if spec.design.kind == UNPAIRED:
        kind = TOLD
    elif plan.against != TRUTH:
        kind = DIFFERENCE
    two = {plan.primary, plan.against}
    (claim,) = (one for one in found if one.kind == kind and {one.name, one.other} == two)
    interval = wilson(round(claim.power * studies), studies)
    return {
        "simulated": True,
        "studies": studies,
        "seed": seed,
        "rates": dict(methods.shares),
        "participant_sd": plan.participant_sd,
        "picture_sd": plan.picture_sd,
        "dropout": plan.dropout,
        "careless": plan.careless,
        "power": claim.power,
        "low": interval.low,
        "high": interval.high,
    }


def _shown(spec: StudySpec, plan: Planned) -> Claims:
    """What the trials show, with the expected rates of all methods."""
    rates = {name: plan.rates[name] for name in spec.design.methods if name in plan.rates}
    if spec.design.kind == UNPAIRED:
        return Judging(rates)
    if spec.design.kind == PREFERENCE:
        return Preferring(rates)
    return Methods(rates, spec.settings().get("margin", MARGIN))


def register(file: Path, *, studies: int = 400, seed: int = 1) -> dict[str, Any]:
    """Return the content of the registration of a study file.

    Raises
    ------
    ConfigError, StimuliError
        When the file or its stimulus set cannot be used, or the file lacks what a registration
        needs.
    """
    config = load(file)
    found = manifest.read(config.stimuli)
    spec = config.spec(found.methods, found.pictures, found.practice, found.sha256)
    plan = refuse_incomplete(spec)
    if (plan.participants or 0) < 2:
        raise ConfigError(
            f"plan.participants is {plan.participants}, but an interval over people needs at least "
            "2."
        )
    return registered(spec, primary_power(spec, plan, studies, seed))


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        prog="python -m study.register",
        description="Write the registration of a study, for AsPredicted, the OSF and the report, "
        "from the study file and a power run.",
        epilog="Example: python -m study.register roads.toml",
    )
    add = result.add_argument
    add("study", type=Path, metavar="STUDY.toml", help="the study file, with a section [plan]")
    add("--studies", type=int, default=400, metavar="N", help="simulated studies (default: 400)")
    add("--seed", type=int, default=1, help="same seed, same power (default: 1)")
    add(
        "--replace",
        action="store_true",
        help="replace an earlier registration of this file; not once participants have begun",
    )
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; 0, or with a sentence 2 if misused, 1 if it cannot be written."""
    given = parser().parse_args(argv)
    paths = [given.study.with_suffix(ending) for ending in (ENDING, ".registration.md")]
    try:
        if given.studies < 1 or given.seed < 0:
            raise ConfigError(
                f"--studies is {given.studies} and --seed {given.seed}, but must be at least 1 and "
                "0."
            )
        if paths[0].exists() and not given.replace:
            raise ConfigError(
                f"{paths[0]} is there already; a registration is not changed by the way. Give "
                "--replace if nobody has taken part yet."
            )
        content = register(given.study, studies=given.studies, seed=given.seed)
        for path, text in zip(paths, (as_file(content), markdown(content)), strict=True):
            path.write_text(text, encoding="utf-8", newline="\n")
    except (StudyError, ValueError, OSError) as error:
        print(f"study.register: {error}", file=sys.stderr)
        return getattr(error, "exit_code", 1 if isinstance(error, OSError) else 2)
    print(
        f"{paths[0]} and {paths[1].name}: {100 * content['power']['power']:.0f} % of the simulated "
        f"studies show the primary claim. SHA-256 {digest_of(content)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
