"""Starts app.py with an SQLite that finds no room while the file TRUEHUE_TEST_FULL exists.

The limit is SQLite's own (`max_page_count`), so its error is the one of a disk that is full.
"""

import os
import runpy
from pathlib import Path

from sqlalchemy import Connection, Engine, event

ROOT = Path(__file__).parents[2]


def limit(connection: Connection) -> None:
    full = Path(os.environ["TRUEHUE_TEST_FULL"]).exists()
    most = 1 if full else 2**30  # never below what is there already
    connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")


if __name__ == "__main__":
    event.listen(Engine, "begin", limit)
    runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
