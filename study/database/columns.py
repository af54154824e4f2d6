"""Millions of rows of a database as plain columns, and columns as pandas holds them.

Rows of Python objects would not fit into the memory, so a query's rows are taken apart chunk by
chunk; equal texts share one object.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Boolean, Connection, Select

_CHUNK = 20_000


@contextmanager
def unwatched() -> Iterator[None]:
    """Pause the collector of cycles, which would visit millions of rows that hold none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_columns(
    connection: Connection, query: Select[*tuple[Any, ...]]
) -> list["np.ndarray[Any, Any]"]:
    """Run a query and return its columns; equal texts share one object."""
    width = len(query.selected_columns)
    chunks: list[list[np.ndarray[Any, Any]]] = [[] for _ in range(width)]
    known: dict[Any, Any] = {}
    for rows in _batches(connection, query):
        for column, values in enumerate(zip(*rows, strict=True)):
            chunks[column].append(_array(values, known))
    return [np.concatenate(parts) if parts else np.empty(0, dtype=object) for parts in chunks]


def _batches(
    connection: Connection, query: Select[*tuple[Any, ...]]
) -> Iterator[Sequence[Sequence[Any]]]:
    """Run a query and yield its rows in chunks.

    SQLite's driver is asked directly, in the transaction of the snapshot: SQLAlchemy's rows take
    half of the time of a million answers. What the driver gives as it is, are texts, whole
    numbers, and moments as texts, so columns of truth values must not come this way.
    """
    plain = not any(isinstance(column.type, Boolean) for column in query.selected_columns)
    if connection.dialect.name != "sqlite" or not plain:
        yield from connection.execute(query).partitions(_CHUNK)
        return
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    cursor = connection.connection.cursor()
    try:
        cursor.execute(str(compiled))
        while rows := cursor.fetchmany(_CHUNK):
            yield rows
    finally:
        cursor.close()


def _array(values: Sequence[Any], known: dict[Any, Any]) -> "np.ndarray[Any, Any]":
    first = next((value for value in values if value is not None), None)
    if isinstance(first, bool):
        return np.array(values, dtype=bool)
    if isinstance(first, int):
        if None in values:  # NaN holds the place; every such integer is far below 2**53
            return np.array([np.nan if value is None else value for value in values])
        return np.array(values, dtype=np.int64)
    if isinstance(first, str):
        values = [known.setdefault(value, value) for value in values]
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def as_text(values: "np.ndarray[Any, Any]") -> "pd.Series[Any]":
    """Return texts, where None is missing."""
    return pd.Series(values, dtype="str")


def as_moments(values: "np.ndarray[Any, Any]") -> pd.DatetimeIndex:
    """Return moments in UTC to the microsecond, where None is missing."""
    return pd.DatetimeIndex(pd.to_datetime(values, utc=True)).as_unit("us")


def as_whole(values: "np.ndarray[Any, Any]") -> "pd.api.extensions.ExtensionArray":
    """Return whole numbers, where None or NaN is missing."""
    return pd.array(values, dtype="Int64")
