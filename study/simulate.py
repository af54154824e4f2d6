r"""`python -m study.simulate`: a study answered by simulated participants, in its own database.

    python -m study.simulate --participants 16 --trials 30 --fool gan=0.4069 \
        --fool classification=0.048 --seed 1 --db sqlite:///simulated.db
    python -m study.report --db sqlite:///simulated.db
    python -m study.simulate --kind unpaired --real truth=0.75 --real gan=0.5 --trials 30
    python -m study.simulate --kind preference --prefer gan=0.7 --prefer classification=0.3

For testing the pipeline from end to end and for planning, never for results. Plans come from
`study.protocol.design`, answers from the people of `study.statistics.people`, rows go through
`study.database.store` into the tables that people's answers use; every row is marked simulated, the
study's name says with which rates and seed it was made, and the report says SIMULATED in its title.
A database that belongs to a real study is refused, and a database holds one simulated study.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from study.database.engine import connect, in_words, sqlite_path
from study.database.store import Answer, Store, read_studies
from study.errors import SimulationError, StudyError
from study.protocol.config import DEFAULT_SET
from study.protocol.design import (
    KINDS,
    PICK,
    PREFERENCE,
    TRUTH,
    UNPAIRED,
    Design,
    PlannedTrial,
    StudySpec,
)
from study.statistics.model import AnswerModel
from study.statistics.model_kinds import JudgeModel, PreferenceModel
from study.statistics.people import KIND_OF, Model, People, Person
from study.statistics.stats import PAPER_RATES
from study.stimuli import manifest

DEFAULT_DB = "sqlite:///simulated.db"
SYNTHETIC_PICTURES = 200
_NAME = "simulated"
_QUIET_SECONDS = 2.0


@dataclass(frozen=True)
class Simulation:
    """What to simulate.

    Attributes
    ----------
    participants, trials
        People, and scored trials each.
    model
        The rates and how much people and pictures differ; its class decides the kind of the trials.
    pictures
        Picture ids with their class labels.
    seed
        The same seed gives the same answers.
    """

    participants: int = 16
    trials: int = 30
    model: Model = field(default_factory=AnswerModel)
    pictures: Mapping[str, str | None] = field(
        default_factory=lambda: synthetic_pictures(SYNTHETIC_PICTURES)
    )
    seed: int = 1

    def __post_init__(self) -> None:
        if self.participants < 1 or self.trials < 1:
            raise SimulationError(
                f"{self.participants} participants with {self.trials} trials each were asked "
                "for; both must be at least 1."
            )
        if self.trials > len(self.pictures):
            raise SimulationError(
                f"A participant would see {self.trials} pictures, but there are only "
                f"{len(self.pictures)}; ask for fewer trials, or more pictures (--pictures)."
            )
        if self.seed < 0:
            raise SimulationError(f"The seed must not be negative, got {self.seed}.")
        try:
            self.spec().plan(number=0, seed=0)  # found out now, before a database is made
        except ValueError as error:
            raise SimulationError(f"{error}.") from error

    @property
    def kind(self) -> str:
        """What a trial shows and asks, a key of `study.protocol.design.KINDS`."""
        return KIND_OF[type(self.model)]

    @property
    def methods(self) -> tuple[str, ...]:
        """What the trials show: the truth first, but where they ask for a preference."""
        model = self.model
        return (TRUTH, *model.methods) if isinstance(model, AnswerModel) else model.versions

    @property
    def name(self) -> str:
        """The study's name, with everything that made it; at most 200 characters."""
        rates = " ".join(f"{method}={rate:g}" for method, rate in _rates(self.model).items())
        sds = f"SD {self.model.participant_sd:g}/{self.model.picture_sd:g}"
        kind = "" if self.kind == PICK else f"{self.kind}, "
        return f"{_NAME}: {kind}{rates}, {sds}, seed {self.seed}"[:200]

    def spec(self) -> StudySpec:
        """The study whose plans the participants follow: no practice, all trials scored."""
        return StudySpec(
            name=self.name,
            design=Design(self.methods, self.trials, practice=0, seed=self.seed, kind=self.kind),
            pictures=self.pictures,
            practice={},
            stimuli_sha256=_NAME,
            consent_version=_NAME,
            # Only trials in which the real one is picked have ratings.
            conduct={} if self.kind == PICK else {"scales": {}},
        )


def _rates(model: Model) -> Mapping[str, float]:
    if isinstance(model, AnswerModel):
        return model.fool
    return model.real if isinstance(model, JudgeModel) else model.shares


def synthetic_pictures(count: int) -> dict[str, str | None]:
    """Ids of pictures that do not exist, in ten classes."""
    return {f"synthetic-{i:05d}": f"class-{i % 10}" for i in range(count)}


def set_pictures(folder: Path, methods: Sequence[str]) -> dict[str, str | None]:
    """Ids and labels of the pictures of a stimulus set; only its manifest is read.

    Raises
    ------
    StimuliError
        If there is no set, or its manifest cannot be read.
    SimulationError
        If it lacks one of the methods.
    """
    found = manifest.read(folder)
    _refuse_unknown(methods, [name for name in found.methods if name != TRUTH])
    return dict(found.pictures)


def _refuse_unknown(methods: Sequence[str], known: Sequence[str]) -> None:
    unknown = [method for method in methods if method not in known]
    if unknown:
        raise SimulationError(
            f"The study has no method {', '.join(unknown)}, only {', '.join(known)}; with "
            f"--pictures {SYNTHETIC_PICTURES} methods may have any name."
        )


def simulate(
    url: str, simulation: Simulation, progress: Callable[[int], None] | None = None
) -> None:
    """Write a simulated study into a new or empty database.

    Parameters
    ----------
    url : str
        SQLAlchemy URL.
    simulation : Simulation
    progress : callable, optional
        Called with the number of participants written so far.

    Raises
    ------
    DatabaseError, SimulationError
        If the database holds a real study, another simulated one, or something else.
    """
    _refuse_used(url)
    store = Store(url)
    try:
        spec = simulation.spec()
        study_id = store.register(spec)
        rng = np.random.default_rng(simulation.seed)
        people = People(simulation.model, simulation.participants, tuple(simulation.pictures), rng)
        for number in range(simulation.participants):
            answer = partial(_asked, people.person(number))
            seed = int(rng.integers(2**62))
            store.add_simulated(study_id, spec, number=number, seed=seed, answer=answer)
            if progress is not None:
                progress(number + 1)
    finally:
        store.close()


def _asked(person: Person, trial: PlannedTrial) -> Answer:
    """Ask a simulated participant, and write down the answer as the store takes it."""
    slot, ratings, response_ms = person.answer(trial)
    return Answer(slot, ratings, response_ms)


def _refuse_used(url: str) -> None:
    """Refuse a database that holds anything; a missing or empty one is fine."""
    from sqlalchemy import inspect

    path = sqlite_path(url)
    if path is not None and not path.exists():
        if not path.absolute().parent.is_dir():
            raise SimulationError(f"There is no folder {path.absolute().parent}; make it first.")
        return
    engine = connect(url)
    try:
        with in_words(path or engine.url, "opened"):
            tables = inspect(engine).get_table_names()
    finally:
        engine.dispose()
    if not tables:
        return
    if "study" not in tables:
        raise SimulationError(f"{path or engine.url} holds something else; name a new database.")
    for name in read_studies(url)["name"]:
        if not str(name).startswith(f"{_NAME}:"):
            raise SimulationError(
                f"{path or engine.url} belongs to the real study {str(name)!r}; "
                f"simulated answers live in a database of their own, such as {DEFAULT_DB}."
            )
        raise SimulationError(
            f"{path or engine.url} holds a simulated study already ({name}); delete it or name "
            "a new database."
        )


class _Progress:
    """A line on stderr that appears when the work takes longer than two seconds."""

    def __init__(self, total: int) -> None:
        self._total, self._start, self._shown = total, time.monotonic(), False

    def __call__(self, done: int) -> None:
        passed = time.monotonic() - self._start
        if passed < _QUIET_SECONDS:
            return
        self._shown = True
        left = passed / done * (self._total - done)
        line = f"\r{done}/{self._total} participants, {left:.0f} s left "
        print(line, end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._shown:
            print(file=sys.stderr)


def _fool(argument: str) -> tuple[str, float]:
    method, equals, rate = argument.partition("=")
    try:
        if not (equals and method):
            raise ValueError
        return method, float(rate)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{argument!r} is not METHOD=RATE, such as gan=0.4069"
        ) from None


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        prog="python -m study.simulate",
        description="Answer a study with simulated participants, to test the pipeline or to plan "
        "a study. Every row is marked simulated; a database with a real study is refused.",
        epilog="Example: python -m study.simulate --participants 16 --trials 30 --fool gan=0.4069 "
        "--fool classification=0.048 --seed 1 --db sqlite:///simulated.db",
    )
    add = result.add_argument
    add("--participants", type=int, default=16, metavar="N", help="people (default: 16)")
    add("--trials", type=int, default=30, metavar="N", help="trials each (default: 30)")
    add(
        "--kind",
        choices=tuple(KINDS),
        default=PICK,
        help="; ".join(f"{kind}: {asked}" for kind, asked in KINDS.items()) + " (default: pick)",
    )
    for option, kind, share, default in (
        (
            "--fool",
            PICK,
            "share of trials in which the method's picture is taken for the real one, between 0 "
            "and 1",
            "the paper's, gan=0.4069 and classification=0.048",
        ),
        (
            "--real",
            UNPAIRED,
            f"share of the pictures of this version that are called real, of {TRUTH}, too",
            "truth=0.75, gan=0.5 and classification=0.2",
        ),
        (
            "--prefer",
            PREFERENCE,
            "share of trials in which the method's picture is preferred, together 1",
            "gan=0.7 and classification=0.3",
        ),
    ):
        add(
            option,
            type=_fool,
            action="append",
            metavar="METHOD=RATE",
            help=f"of --kind {kind}: {share}; once a method (default: {default})",
        )
    add(
        "--participant-sd",
        type=float,
        default=0.5,
        metavar="SD",
        help="how much people differ, standard deviation on the log odds (default: 0.5)",
    )
    add(
        "--picture-sd",
        type=float,
        default=1.0,
        metavar="SD",
        help="how much pictures differ, likewise (default: 1.0)",
    )
    pictures = result.add_mutually_exclusive_group()
    pictures.add_argument(
        "--stimuli",
        type=Path,
        metavar="FOLDER",
        help="take picture ids and methods from this stimulus set (default: the default set, or "
        f"{SYNTHETIC_PICTURES} invented pictures where there is none)",
    )
    pictures.add_argument(
        "--pictures",
        type=int,
        metavar="N",
        help="invent N pictures, and allow methods of any name",
    )
    add("--seed", type=int, default=1, help="same seed, same answers (default: 1)")
    add(
        "--db",
        default=DEFAULT_DB,
        metavar="URL",
        help=f"a new database for the simulated study (default: {DEFAULT_DB}; DATABASE_URL is "
        "not used, it names the real one)",
    )
    return result


def simulation_of(arguments: argparse.Namespace) -> Simulation:
    """The simulation that the command line asks for.

    Raises
    ------
    SimulationError, ValueError
        If a setting is out of range.
    """
    model = _model(arguments)
    methods = [name for name in _rates(model) if name != TRUTH]
    if arguments.pictures is not None:
        pictures = synthetic_pictures(arguments.pictures)
    elif arguments.stimuli is not None or DEFAULT_SET.exists():
        pictures = set_pictures(arguments.stimuli or DEFAULT_SET, methods)
    else:
        _refuse_unknown(methods, list(PAPER_RATES))
        pictures = synthetic_pictures(SYNTHETIC_PICTURES)
    return Simulation(arguments.participants, arguments.trials, model, pictures, arguments.seed)


def _model(arguments: argparse.Namespace) -> Model:
    """The model of the kind of trials, with the shares that belong to it and no others."""
    options = {PICK: "fool", UNPAIRED: "real", PREFERENCE: "prefer"}
    for kind, option in options.items():
        if kind != arguments.kind and getattr(arguments, option):
            raise SimulationError(
                f"--{option} belongs to trials of kind {kind!r}, but --kind is "
                f"{arguments.kind!r}; give --{options[arguments.kind]}."
            )
    option = options[arguments.kind]
    given = getattr(arguments, option) or []
    shares = dict(given)
    if len(shares) < len(given):
        raise SimulationError(
            f"A method has two rates of --{option}; give --{option} once a method."
        )
    sds = {"participant_sd": arguments.participant_sd, "picture_sd": arguments.picture_sd}
    if arguments.kind == UNPAIRED:
        return JudgeModel(shares, **sds) if shares else JudgeModel(**sds)
    if arguments.kind == PREFERENCE:
        return PreferenceModel(shares, **sds) if shares else PreferenceModel(**sds)
    return AnswerModel(shares or dict(PAPER_RATES), **sds)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; 0 if the study was written, 2 if misused, 1 if the database fails."""
    arguments = parser().parse_args(argv)
    progress = _Progress(arguments.participants)
    try:
        simulation = simulation_of(arguments)
        simulate(arguments.db, simulation, progress)
    except (StudyError, ValueError) as error:
        print(f"study.simulate: {error}", file=sys.stderr)
        return getattr(error, "exit_code", 2)
    except KeyboardInterrupt:
        print("\nStopped; the database holds a part of the study. Delete it.", file=sys.stderr)
        return 130
    finally:
        progress.close()
    print(
        f"{simulation.participants} simulated participants with {simulation.trials} trials each "
        f"are in {arguments.db}. Report: python -m study.report --db {arguments.db}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
