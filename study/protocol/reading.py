"""A table of a study file, whose settings are taken one by one and checked; the rest is unknown.

Used by ``config`` and ``planned``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from study.errors import ConfigError


class Table:
    """A table of a TOML file, whose settings are taken one by one; what is left is unknown."""

    def __init__(self, name: str, values: Any) -> None:
        if not isinstance(values, dict):
            raise ConfigError(f"{name} is {values!r}, but must be a table: write [{name}].")
        self.name = name
        self.values = dict(values)
        self._known: list[str] = []

    def take(self, key: str, default: Any) -> Any:
        """Return a setting as it is, and count it as known."""
        self._known.append(key)
        return self.values.pop(key, default)

    def refuse(self, key: str, value: Any, wanted: str) -> ConfigError:
        """Return the error to raise."""
        return ConfigError(f"{self._full(key)} is {value!r}, but must be {wanted}.")

    def table(self, key: str) -> Table:
        """Return a table in this one."""
        return Table(self._full(key), self.take(key, {}))

    def number(self, key: str, default: int, *, least: int) -> int:
        """Return a whole number."""
        value = self.take(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.refuse(key, value, "a whole number")
        if not least <= value < 2**53:
            raise self.refuse(key, value, f"at least {least} and below 2^53")
        return value

    def share(self, key: str, default: float | None, *, below: float = 1.0) -> float | None:
        """Return a share above 0."""
        value = self.take(key, default)
        if value is default:
            return default
        if not _real(value) or not 0 < value < below:
            raise self.refuse(key, value, f"a share above 0 and below {below:g}, such as 0.05")
        return float(value)

    def spread(self, key: str, default: float) -> float:
        """Return a standard deviation."""
        value = self.take(key, default)
        if not _real(value) or not 0 <= value <= 10:
            raise self.refuse(key, value, "a standard deviation from 0 to 10")
        return float(value)

    def day(self, key: str, default: str | None) -> str | None:
        """Return a day as TOML writes it, in the form 2026-12-31."""
        value = self.take(key, default)
        if value is not default and (not isinstance(value, date) or isinstance(value, datetime)):
            raise self.refuse(key, value, "a day without quotes, such as 2026-12-31")
        return None if value is None else str(value)

    def boolean(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise self.refuse(key, value, "true or false")
        return value

    def text(self, key: str, default: str | None) -> str | None:
        """Return a text that is not blank."""
        value = self.take(key, default)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise self.refuse(key, value, "a text in quotes")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Return a list of texts."""
        value = self.take(key, default)
        if value is default:
            return default
        if not isinstance(value, list) or not all(isinstance(x, str) and x for x in value):
            raise self.refuse(key, value, 'a list of texts such as ["truth", "gan"]')
        return tuple(value)

    def choice(self, key: str, default: str, options: Mapping[str, str]) -> str:
        """Return one of some words."""
        value = self.text(key, default)
        if value not in options:
            raise self.refuse(key, value, f"one of {', '.join(options)}")
        return str(value)

    def refuse_rest(self) -> None:
        """Raise for a setting that nobody has taken."""
        if self.values:
            unknown, known = self._full(next(iter(self.values))), ", ".join(self._known)
            raise ConfigError(f"{unknown} is no setting of a study; there are {known}.")

    def _full(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key


def _real(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
