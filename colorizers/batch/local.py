"""Many photographs over the cores of this machine: one process a core, one file at a time each.

The process that was started hands out the work and never imports PyTorch; each worker loads the
network once. A worker that the system kills (out of memory, usually) costs the one file it had:
that is reported as failed and a new worker takes its place, which is what `concurrent.futures`
cannot do, as it gives up all files when a process dies.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np

from colorizers.batch.album import Job, partial_name, partials, recipe_name
from colorizers.batch.index import content_of, record
from colorizers.errors import ImageError, SettingsError
from colorizers.files.reading import open_photo
from colorizers.painting import doubt, masks, pipeline, recipe, repair
from colorizers.painting.adjust import adjust
from colorizers.painting.pipeline import Options
from colorizers.painting.predictor import Predictor
from colorizers.painting.recipe import Recipe
from colorizers.painting.references import with_references
from colorizers.parallel import cores, use_threads

CONTEXT: SpawnContext | ForkServerContext = multiprocessing.get_context("spawn")
"""How a worker starts: a fork of a process with threads may hang."""
LOST = (
    "The process that worked on it was ended by the system, most likely for want of memory; "
    "try it alone with --jobs 1, or make it smaller."
)


@dataclass(frozen=True, slots=True)
class Task:
    """What to do with every photograph.

    Attributes
    ----------
    load : callable
        Gives the colorizer of a name; importable by name, since it goes to other processes.
    method : str
    options : Options
        The format is that of each job.
    recipe : Recipe, optional
        Which the options follow; it must be of the weights that are loaded.
    beside : bool
        Write the recipe of each picture beside it, too.
    doubt : Path, optional
        Write how sure the method is, place by place, to this file; see `colorizers.painting.doubt`.
    mask : Path, optional
        Write scratches and dust to this file; see `colorizers.painting.repair`.
    """

    load: Callable[[str], Predictor]
    method: str
    options: Options = field(default_factory=Options)
    recipe: Recipe | None = None
    beside: bool = False
    doubt: Path | None = None
    mask: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: width and height, or in `error` one sentence why not."""

    job: Job
    size: tuple[int, int] = (0, 0)
    error: str = ""
    notices: tuple[str, ...] = ()


Outcomes = Generator[Outcome, None, None]


def prepare(task: Task) -> Predictor:
    """Load the network and try the options on a plain grey square.

    Raises
    ------
    SettingsError
        If there are no weights or others than the recipe's, the method has no such option or not
        this value of it, or saturation or warmth is out of its range.
    """
    try:
        colorizer = task.load(task.method)
    except Exception as error:  # WeightsError, most likely; whatever it is, nothing can be begun
        raise SettingsError(str(error) or repr(error)) from error
    if task.recipe is not None:
        try:
            task.recipe.fit(colorizer)
        except ImageError as error:
            raise SettingsError(str(error)) from error
    for option in task.options.method:
        if option not in colorizer.options:
            raise SettingsError(
                f"--{option} does nothing for the method {task.method}; leave it out."
            )
    try:
        side = (colorizer.size, colorizer.size)
        ab = colorizer.predict_ab(np.full((1, *side), 50.0, np.float32), **task.options.method)
        adjust(ab, task.options.saturation, task.options.warmth)
        if task.doubt is not None:
            doubt.within(colorizer)
        if task.options.references:
            with_references(colorizer, np.full(side, 50.0, np.float32), ab[0],
                            task.options.references)  # fmt: skip
        if task.options.mask is not None:
            masks.options(task.options.mask, colorizer, task.options.method)
    except ImageError as error:
        raise SettingsError(str(error)) from error
    except ValueError as error:
        raise SettingsError(f"{task.method}: {error}") from error
    return colorizer


def colorize_job(colorizer: Predictor, job: Job, task: Task) -> Outcome:
    """Colorize one file; whatever is wrong with it becomes the outcome's `error`."""
    partial = partial_name(job.target)
    try:
        content = content_of(job.source)  # first, as the photograph may change meanwhile
        options = replace(task.options, format=job.format)
        try:
            made = pipeline.colorize_file(job.source, partial, colorizer, options)
            if task.beside:
                told = recipe.text(recipe.of(colorizer, options))
                recipe_name(job.target).write_text(f"{told}\n")
            said = made.notices
            if task.doubt is not None:
                share = doubt.write(open_photo(job.source), task.doubt, colorizer)
                said += (doubt.told(share, colorizer),)
            if task.mask is not None:
                found = repair.look(open_photo(job.source))
                repair.write(found, task.mask)
                said += () if options.repair else (repair.told(found),)
            os.replace(partial, job.target)
        finally:
            partial.unlink(missing_ok=True)
        if job.index and content:
            record(job.index, job.target, content)
    except ImageError as error:
        return Outcome(job, error=str(error))
    except MemoryError:
        return Outcome(job, error="There is not enough memory for it; make it smaller.")
    except OSError as error:
        reason = error.strerror or str(error)
        return Outcome(job, error=f"{job.target} cannot be written ({reason}); choose another OUT.")
    except Exception as error:  # the next file must still get its turn
        return Outcome(job, error=f"It failed in a way that was not foreseen ({error!r}).")
    height, width = made.rgb.shape[:2]
    return Outcome(job, (width, height), notices=said)


def run(jobs: Sequence[Job], task: Task, processes: int) -> Outcomes:
    """Colorize files over processes; outcomes come as they are ready, one for every job.

    Closing the iterator ends the processes and removes what they have not finished.

    Parameters
    ----------
    jobs : sequence of Job
    task : Task
    processes : int
        How many at once; the cores are shared between them.

    Raises
    ------
    SettingsError
        Before any file is touched, if the settings are wrong.
    """
    processes = max(1, min(processes, len(jobs)))
    threads = max(1, cores() // processes)
    waiting = list(reversed(jobs))
    workers: dict[Any, _Worker] = {}

    def start() -> None:
        worker = _Worker(task, threads)
        workers[worker.pipe] = worker

    try:
        start()  # alone at first: if the settings are wrong, one process says so
        _first_word(next(iter(workers.values())))
        for _ in range(processes - 1):
            start()
        for worker in workers.values():
            worker.give(waiting)
        while any(worker.job for worker in workers.values()):
            for pipe in wait([pipe for pipe, worker in workers.items() if worker.job]):
                worker = workers[pipe]
                outcome = worker.outcome()
                if outcome is None:  # its "ready", of a worker that was started later
                    continue
                if worker.alive:
                    worker.give(waiting)
                else:
                    del workers[pipe]
                    if waiting:
                        start()
                        workers[next(reversed(workers))].give(waiting)
                yield outcome
    finally:
        for worker in workers.values():
            worker.end()


def _first_word(worker: _Worker) -> None:
    try:
        problem = worker.pipe.recv()
    except (EOFError, OSError):
        raise SettingsError(
            "The first worker was ended by the system while it loaded the network, "
            "most likely for want of memory."
        ) from None
    if problem:
        raise SettingsError(problem)
    worker.ready = True


class _Worker:
    """A process with a pipe, and the job that it has."""

    def __init__(self, task: Task, threads: int) -> None:
        self.pipe, theirs = CONTEXT.Pipe()
        self.process: BaseProcess = CONTEXT.Process(
            target=_serve, args=(theirs, task, threads), daemon=True
        )
        with _no_interrupt():
            self.process.start()
        theirs.close()  # so that its death is the end of the pipe here
        self.job: Job | None = None
        self.ready = False
        self.alive = True

    def give(self, waiting: list[Job]) -> None:
        """Hand over the next job, if there is one."""
        self.job = waiting.pop() if waiting else None
        if self.job is not None:
            with contextlib.suppress(OSError):  # it has died; `outcome` will find out
                self.pipe.send(self.job)

    def outcome(self) -> Outcome | None:
        """Receive the worker's next message: an outcome, or None once the network has loaded."""
        job = self.job
        assert job is not None
        try:
            said = self.pipe.recv()
        except (EOFError, OSError):
            self.end()
            return Outcome(job, error=LOST)
        if not self.ready:
            self.ready = True
            if not said:
                return None
            self.end()  # the same network that loaded before: memory again
            return Outcome(job, error=str(said))
        return Outcome(job, error=LOST) if not isinstance(said, Outcome) else said

    def end(self) -> None:
        """End the process at once and remove what it has not finished."""
        self.alive = False
        self.pipe.close()
        if self.job is None:
            self.process.join(2)  # it ends by itself when its pipe does
        self.process.kill()
        self.process.join()
        if self.job is not None and self.process.pid is not None:
            for file in partials(self.job.target.parent, self.process.pid):
                file.unlink(missing_ok=True)


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Let a child that is started in here be deaf to Ctrl-C, which ends its parent, and that it."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _keep_quiet() -> None:
    """Print nothing of what decoders mutter about a file: what matters is in its outcome."""
    warnings.simplefilter("ignore")  # Pillow's
    logging.disable()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)  # libjpeg's and libtiff's, which know no other place
    os.close(nowhere)


def _serve(pipe: Connection, task: Task, threads: int) -> None:
    """Work in another process: say "" or what is wrong, then answer every job."""
    _keep_quiet()
    try:
        use_threads(threads)
        colorizer = prepare(task)
    except SettingsError as error:
        pipe.send(str(error))
        return
    use_threads(threads)  # PyTorch's, too, which has come with the network
    pipe.send("")
    with contextlib.suppress(EOFError, OSError):  # the parent has gone
        while True:
            pipe.send(colorize_job(colorizer, pipe.recv(), task))
