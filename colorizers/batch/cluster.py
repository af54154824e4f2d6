"""The same work over a cluster, with Ray Data: `python -m colorizers FOLDER -o OUT --engine ray`.

Only paths and outcomes travel. Photographs and OUT lie on a disk that all nodes share, at the same
place, and TrueHue is installed on each. Ray is an optional extra: `requirements-ray.txt`.

Every photograph is a block of its own, so that a node that is lost takes with it only what it was
working on; Ray tries that once more, and what does not come back then is reported as failed.

References
----------
Moritz et al.: Ray, a distributed framework for emerging AI applications, OSDI 2018.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from colorizers.batch.album import Job
from colorizers.batch.local import LOST, Outcome, Outcomes, Task, colorize_job, prepare
from colorizers.errors import SettingsError

MISSING = "--engine ray needs Ray, which is not installed: pip install -r requirements-ray.txt"


def run(jobs: Sequence[Job], task: Task, processes: int) -> Outcomes:
    """Colorize files over the nodes of a Ray cluster; outcomes come as they are ready.

    The cluster is the one that RAY_ADDRESS or `ray start` names; without one, a local one is
    started for this run.

    Parameters
    ----------
    jobs, task
        As for `colorizers.batch.local.run`.
    processes : int
        Networks at once over the whole cluster, each with one core.

    Raises
    ------
    SettingsError
        If Ray is not installed, or the settings are wrong.
    """
    if importlib.util.find_spec("ray") is None:
        raise SettingsError(MISSING)
    if not jobs:
        return
    import ray
    import ray.data

    prepare(task)  # here first: on the nodes, wrong settings would be many pages of traceback
    ray.init(
        ignore_reinit_error=True, include_dashboard=False, log_to_driver=False,
        logging_level=logging.ERROR,
    )  # fmt: skip
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # a lost file is a line of the report, not the end of the run
    missing = dict(enumerate(jobs))
    rows = [{"number": number} | _row(job) for number, job in missing.items()]
    try:
        outcomes = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            _Colorizing,
            fn_constructor_args=(task,),
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=min(processes, len(jobs))),
            num_cpus=1,
            ray_remote_args_fn=_one_retry,
        )
        for row in outcomes.iter_rows():
            yield _outcome(missing.pop(row["number"]), row)
        for job in missing.values():
            yield Outcome(job, error=LOST)
    finally:
        ray.shutdown()


def _one_retry() -> dict[str, int]:
    """Ray Data's own rule is to try for ever, which a picture that eats all memory would use."""
    return {"max_restarts": -1, "max_task_retries": 1}


class _Colorizing:
    """An actor that loads the network once; a row with a job in, a row with its outcome out."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._colorizer = prepare(task)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        index = Path(row["index"]) if row["index"] else None
        job = Job(Path(row["source"]), Path(row["target"]), row["format"], index)
        outcome = colorize_job(self._colorizer, job, self._task)
        width, height = outcome.size
        return {
            "number": row["number"],
            "width": width,
            "height": height,
            "error": outcome.error,
            "notices": "\n".join(outcome.notices),
        }


def _row(job: Job) -> dict[str, str]:
    return {name: str(value or "") for name, value in asdict(job).items()}


def _outcome(job: Job, row: dict[str, Any]) -> Outcome:
    notices = tuple(filter(None, row["notices"].split("\n")))
    return Outcome(job, (row["width"], row["height"]), row["error"], notices)
