"""The cells of an export's tables, read strictly: each column has its type and its range.

Whoever reads a table through here gets the values as the database has them, or one sentence that
names file, row, value and limit.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_MOST = 2**63 - 1
Good = NDArray[np.bool_]
Read = Callable[["pd.Series[str]"], tuple[Any, Good]]


@dataclass(frozen=True)
class Column:
    """What the cells of a column must be, in words, and how they are read.

    `read` gives the values and which cells are right; a cell that is empty is right where `maybe`.
    """

    wanted: str
    read: Read
    maybe: bool = False


def read_table(
    path: Path, columns: Mapping[str, Column], *, later: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a table of which every cell is right: empty cells are missing, and no word is.

    Parameters
    ----------
    path
        A file of comma-separated values.
    columns
        All columns that the table must have, in their order.
    later
        Those of them that may be lacking, as they do in exports of earlier versions.

    Raises
    ------
    ValueError
        For the first column or cell that is wrong.
    """
    with warnings.catch_warnings():
        # A row of more cells than there are headings.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                path, dtype="str", keep_default_na=False, na_values=[""], index_col=False,
                encoding="utf-8-sig",
            )  # fmt: skip
        except (pd.errors.ParserWarning, ValueError) as error:
            why = str(error).strip().splitlines()[-1].rstrip(".")
            raise ValueError(f"{path.name} is no table of comma-separated values ({why})") from None
    frame = frame.assign(**{n: None for n in later if n not in frame})
    for title, names in (
        ("no column", [name for name in columns if name not in frame]),
        ("a column that no export has,", [str(name) for name in frame if name not in columns]),
    ):
        if names:
            raise ValueError(f"{path.name} has {title} {', '.join(names)}")
    read = {}
    for name, column in columns.items():
        cells = frame[name]
        empty = cells.isna().to_numpy()
        values, good = column.read(cells)
        refuse(path.name, name, cells, ~np.where(empty, column.maybe, good), column.wanted)
        read[name] = values
    return pd.DataFrame(read, columns=list(columns))


def whole(least: int, most: int = _MOST, *, maybe: bool = False) -> Column:
    """Return a column of whole numbers from `least` to `most`, which may be missing if `maybe`."""

    def read(cells: pd.Series[str]) -> tuple[Any, Good]:
        good = _matches(cells, r"[0-9]{1,19}")
        digits = cells.where(good, str(least)).to_numpy(dtype=object)
        numbers = digits.astype(np.uint64)
        good &= (numbers >= least) & (numbers <= most)
        whole = np.where(good, numbers, least).astype(np.int64)
        return _gaps(whole, cells) if maybe else whole, good

    limit = f"from {least} on" if most == _MOST else f"from {least} to {most}"
    return Column(f"a whole number {limit}{' or empty' if maybe else ''}", read, maybe)


def _gaps(whole: NDArray[np.int64], cells: pd.Series[str]) -> Any:
    return pd.arrays.IntegerArray(whole, cells.isna().to_numpy())


def flag() -> Column:
    """Return a column of True and False, in any case."""

    def read(cells: pd.Series[str]) -> tuple[Any, Good]:
        words = cells.str.lower()
        true = words.eq("true").fillna(False).to_numpy(dtype=bool)
        false = words.eq("false").fillna(False).to_numpy(dtype=bool)
        return true, true | false

    return Column("True or False", read)


def text(*among: str, maybe: bool = False) -> Column:
    """Return a column of texts, one of these if there are any."""

    def read(cells: pd.Series[str]) -> tuple[Any, Good]:
        good = cells.isin(among) if among else cells.str.strip().ne("").fillna(False)
        return cells, good.to_numpy(dtype=bool)

    return Column(f"one of {', '.join(among)}" if among else "a text", read, maybe)


def moment(*, maybe: bool = False) -> Column:
    """Return a column of moments in UTC."""

    def read(cells: pd.Series[str]) -> tuple[Any, Good]:
        # pandas takes -1 for a year.
        dated = cells.where(_matches(cells, r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*"))
        moments = pd.to_datetime(dated, utc=True, format="ISO8601", errors="coerce")
        return moments.dt.as_unit("us"), moments.notna().to_numpy()

    return Column("a moment such as 2026-03-01 12:00:00+00:00", read, maybe)


def refuse(
    file: str,
    name: str,
    cells: pd.Series[Any],
    wrong: Any,
    wanted: str,
    answers: pd.DataFrame | None = None,
) -> None:
    """Raise for the first wrong cell; rows are numbered as a spreadsheet does, headings 1."""
    bad = np.flatnonzero(np.asarray(wrong, dtype=bool))
    if not bad.size:
        return
    value, row = cells.iloc[bad[0]], int(cells.index[bad[0]]) + 2
    if answers is not None:
        wanted = wanted.format(trial=answers["trial"].iloc[bad[0]])
    said = "empty" if missing(value) else brief(value)
    raise ValueError(f"{name} in row {row} of {file} is {said}, but must be {wanted}")


def _matches(cells: pd.Series[str], pattern: str) -> Good:
    return np.array(cells.str.fullmatch(pattern).fillna(False), dtype=bool)


def missing(value: object) -> bool:
    """Return whether a cell has no value."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def brief(value: object) -> str:
    """Return a value as a message may quote it, at most 60 letters."""
    said = repr(value) if isinstance(value, str) else str(value)
    return said if len(said) <= 60 else f"{said[:57]}..."
