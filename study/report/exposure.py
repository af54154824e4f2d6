"""For how long the pictures were on show, where the study limits the exposure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

from study.database.frames import EXPOSURE
from study.report.layout import Row, Scope, Section, Subject, count, measures, row
from study.statistics.behaviour import FRAME_MS, Exposures, exposures
from study.statistics.stats import Counted


@dataclass(frozen=True)
class Exposure(Subject):
    """The limit, and what the pages measured; None where the exposure is not limited."""

    exposure: Exposures | None

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Compute it where the study sets a limit."""
        limit = {} if counted.record is None else counted.record.settings
        return cls(exposures(counted.rows, limit[EXPOSURE]) if EXPOSURE in limit else None)

    def sections(self, scope: Scope) -> Iterator[Section]:
        """The distribution in one table, and what was not as planned."""
        found = self.exposure
        if found is None:
            return
        notes = []
        if found.shorter or found.longer:
            notes.append(
                f"More than {FRAME_MS} ms off the limit: {found.shorter} shorter (the tab was "
                f"left, which hides the pictures), {found.longer} longer (the computer was busy)."
            )
        if unknown := found.answers - found.measured:
            notes.append(
                f"{count(unknown, 'answer')} without a measured exposure: the page was reloaded "
                "after the pictures had appeared, and they stayed hidden. These answers count."
            )
        rows = []
        if found.measured:
            rows = [[str(found.measured), *(f"{ms:.0f}" for ms in found.quantiles_ms)]]
        yield Section(
            "exposure",
            "Exposure",
            f"The pictures of a trial were shown once, for {found.limit_ms} ms, then hidden behind "
            "grey patterns of their size; the choice was open from then on. Measured in the page, "
            "from the frame after the pictures were painted to the frame after they were hidden, "
            "in milliseconds:",
            ("answers", "lowest", "quartile", "median", "quartile", "highest"),
            rows,
            notes,
        )

    def rows(self) -> Iterator[Row]:
        """Limit, counts and quantiles."""
        if self.exposure is None:
            yield row("exposure", "limit_ms", None, note="not limited")
            return
        counts = asdict(self.exposure)
        quantiles = counts.pop("quantiles_ms")
        yield from measures("exposure", self.exposure, *counts)
        for name, ms in zip(
            ("lowest", "first_quartile", "median", "third_quartile", "highest"),
            quantiles,
            strict=False,
        ):
            yield row("exposure", f"{name}_ms", ms)
