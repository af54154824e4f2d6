"""Whether what SQLite writes outlives the server, on a Hugging Face Space, which may sleep.

A Space without persistent storage begins anew after each sleep, and its answers are gone. So before
anybody may begin, two things must be there: a mounted storage under the database, and beside it the
marker that an earlier start of the Space left. Elsewhere, and on PostgreSQL, nothing is asked.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from study.database.engine import sqlite_path

SPACE = "SPACE_ID"  # set by Hugging Face in every Space
_OF_THE_CONTAINER = ("overlay", "aufs", "tmpfs", "ramfs", "rootfs", "devtmpfs")
_OUT = "or name a PostgreSQL database in DATABASE_URL."


def why_not_kept(
    url: str, environment: Mapping[str, str] = os.environ, proc: Path = Path("/proc")
) -> str | None:
    """Return why answers may be lost, and what helps, or None where they are kept.

    Parameters
    ----------
    url
        Of the database.
    environment
        Where `SPACE_ID` stands on a Space.
    proc
        What the kernel tells of mounts and of the start of this container.

    Raises
    ------
    OSError
        When the marker cannot be written.
    """
    path = sqlite_path(url) if environment.get(SPACE) else None
    if path is None:
        return None
    path = path.resolve()
    if _filesystem(path.parent, proc) in _OF_THE_CONTAINER:
        return (
            f"{path} is lost whenever this Space sleeps or restarts, so nobody may begin the "
            "study. Give the Space persistent storage and set DATABASE_URL to a file on it, such "
            f"as sqlite:////data/results.db, {_OUT}"
        )
    marker = path.with_name(f"{path.name}.started")
    now = _start(proc)
    if not marker.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(now, encoding="utf-8")
    if marker.read_text(encoding="utf-8") != now:
        return None
    return (
        f"Nothing from an earlier start of this Space is at {path.parent}, so nobody may begin the "
        "study: its storage may be one that forgets. If it is new, restart the Space once, and the "
        f"study opens where {marker.name} is still there. If this comes back, answers were lost: "
        f"give the Space persistent storage, {_OUT}"
    )


def _filesystem(folder: Path, proc: Path) -> str:
    """Return the type of what is mounted where a folder is, or will be."""
    found = {"/": "rootfs"}
    for line in (proc / "mounts").read_text(encoding="utf-8").splitlines():
        _, point, kind = line.split()[:3]
        if point != "/":  # whatever it is made of, it is the container's
            found[point.replace("\\040", " ")] = kind
    return next(found[str(one)] for one in (folder, *folder.parents) if str(one) in found)


def _start(proc: Path) -> str:
    """Return what tells this start of the container from others: when its first process began."""
    boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    fields = (proc / "1/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return f"{boot} {fields[19]}"
