r"""`python -m study.simulate`: a study answered by simulated participants, in its own database.

    python -m study.simulate --participants 16 --trials 30 --fool gan=0.4069 \
        --fool classification=0.048 --seed 1 --db sqlite:///simulated.db
    python -m study.report --db sqlite:///simulated.db

For testing the pipeline from end to end and for planning, never for results. Plans come from
`study.protocol.design`, answers from the model of `study.statistics.model`, rows go through
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
from pathlib import Path

import numpy as np

from study.database.engine import connect, in_words, sqlite_path
from study.database.store import Answer, Store, read_studies
from study.errors import SimulationError, StudyError
from study.protocol.config import DEFAULT_SET
from study.protocol.design import TRUTH, Design, PlannedTrial, StudySpec
from study.protocol.session import HIGHEST, LOWEST, SCALES
from study.statistics.model import AnswerModel, Effects, draw_effects, draw_picks
from study.statistics.stats import PAPER_RATES
from study.stimuli import manifest

DEFAULT_DB = "sqlite:///simulated.db"
SYNTHETIC_PICTURES = 200
_NAME = "simulated"
_QUIET_SECONDS = 2.0

# Ratings on a latent scale, rounded to 1..5: the truth's mean, how much a point of log odds adds,
# and the standard deviations of people's leniency and of single ratings.
_TRUTH_MEAN, _PER_LOGIT, _LENIENCY_SD, _RATING_SD = 3.9, 0.45, 0.4, 0.7
# Seconds to the pick: log-normal, faster by a little with every trial.
_MEDIAN_S, _PERSON_LOG_SD, _TRIAL_LOG_SD, _LOG_SLOPE = 4.0, 0.3, 0.4, -0.006


@dataclass(frozen=True)
class Simulation:
    """What to simulate.

    Attributes
    ----------
    participants, trials
        People, and scored trials each.
    model
        The rates and how much people and pictures differ.
    pictures
        Picture ids with their class labels.
    seed
        The same seed gives the same answers.
    """

    participants: int = 16
    trials: int = 30
    model: AnswerModel = field(default_factory=AnswerModel)
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

    @property
    def name(self) -> str:
        """The study's name, with everything that made it; at most 200 characters."""
        rates = " ".join(f"{method}={rate:g}" for method, rate in self.model.fool.items())
        sds = f"SD {self.model.participant_sd:g}/{self.model.picture_sd:g}"
        return f"{_NAME}: {rates}, {sds}, seed {self.seed}"[:200]

    def spec(self) -> StudySpec:
        """The study whose plans the participants follow: no practice, all trials scored."""
        return StudySpec(
            name=self.name,
            design=Design((TRUTH, *self.model.methods), self.trials, practice=0, seed=self.seed),
            pictures=self.pictures,
            practice={},
            stimuli_sha256=_NAME,
            consent_version=_NAME,
        )


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
        index = {picture: i for i, picture in enumerate(simulation.pictures)}
        effects = draw_effects(simulation.model, simulation.participants, len(index), rng)
        for number in range(simulation.participants):
            person = _Person(number, simulation.model.methods, effects, index, rng)
            seed = int(rng.integers(2**62))
            store.add_simulated(study_id, spec, number=number, seed=seed, answer=person.answer)
            if progress is not None:
                progress(number + 1)
    finally:
        store.close()


class _Person:
    """One simulated participant, who is asked for an answer a trial."""

    def __init__(
        self,
        number: int,
        methods: Sequence[str],
        effects: Effects,
        index: Mapping[str, int],
        rng: np.random.Generator,
    ) -> None:
        self._number, self._effects, self._index, self._rng = number, effects, index, rng
        self._option = {method: i for i, method in enumerate((TRUTH, *methods))}
        self._leniency = rng.normal(0, _LENIENCY_SD)
        self._log_speed = rng.normal(0, _PERSON_LOG_SD)

    def answer(self, trial: PlannedTrial) -> Answer:
        """Pick one slot, rate all of them, and take some time."""
        rng = self._rng
        picture = np.array([self._index[trial.picture]])
        utilities = self._effects.utilities(np.array([self._number]), picture)  # (1, options)
        pick = int(draw_picks(utilities, rng)[0])
        ratings = {}
        for slot, method in enumerate(trial.methods, start=1):
            latent = _TRUTH_MEAN + _PER_LOGIT * utilities[0, self._option[method]] + self._leniency
            for scale in SCALES:
                value = round(latent + rng.normal(0, _RATING_SD))
                ratings[slot, scale] = min(HIGHEST, max(LOWEST, value))
        log_s = self._log_speed + _LOG_SLOPE * trial.position + rng.normal(0, _TRIAL_LOG_SD)
        picked = next(
            slot
            for slot, method in enumerate(trial.methods, start=1)
            if self._option[method] == pick
        )
        return Answer(picked, ratings, round(1000 * _MEDIAN_S * float(np.exp(log_s))))


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
        "--fool",
        type=_fool,
        action="append",
        metavar="METHOD=RATE",
        help="share of trials in which the method's picture is taken for the real one, between 0 "
        "and 1; once a method (default: the paper's, gan=0.4069 and classification=0.048)",
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
    given = arguments.fool or list(PAPER_RATES.items())
    fool = dict(given)
    if len(fool) < len(given):
        raise SimulationError("A method has two fool rates; give --fool once a method.")
    model = AnswerModel(fool, arguments.participant_sd, arguments.picture_sd)
    if arguments.pictures is not None:
        pictures = synthetic_pictures(arguments.pictures)
    elif arguments.stimuli is not None or DEFAULT_SET.exists():
        pictures = set_pictures(arguments.stimuli or DEFAULT_SET, model.methods)
    else:
        _refuse_unknown(model.methods, list(PAPER_RATES))
        pictures = synthetic_pictures(SYNTHETIC_PICTURES)
    return Simulation(arguments.participants, arguments.trials, model, pictures, arguments.seed)


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
