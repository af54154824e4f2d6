"""The exceptions of the study: one root, and every text is for the person who reads it.

A program that uses this package catches `StudyError`; the commands print its text and no traceback.
"""

from collections.abc import Mapping

from truehue import TrueHueError


class StudyError(TrueHueError):
    """Something cannot be done as asked; the text says why and what to do."""

    exit_code = 2  # of the commands, as argparse has it for what is misused


class RefusedError(StudyError):
    """A request that the rules do not allow; its text can be shown to the participant.

    `key` names the same sentence in a study's own words, `values` what stands in its braces
    (`study.protocol.refusals`); a sentence that no participant can meet has no key.
    """

    def __init__(
        self, text: str, *, key: str = "", values: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(text)
        self.key = key
        self.values = values or {}


class ClosedError(RefusedError):
    """Nobody new may begin just now; `end` is a key of the texts' `ends`."""

    def __init__(self, end: str) -> None:
        super().__init__(f"Nobody new may begin this study just now ({end}).")
        self.end = end


class ConfigError(StudyError):
    """A study file cannot be used; the text names the setting, the limit and the way out."""


class StimuliError(StudyError):
    """A stimulus set cannot be built or used."""


class DatabaseError(StudyError):
    """The database cannot be used as asked."""

    exit_code = 1


class UnavailableError(DatabaseError):
    """The database cannot be used just now, and nothing was stored; later it may be.

    Attributes
    ----------
    why
        "full" (no room on the disk), "busy" (somebody else holds it) or "away".
    code
        What the driver calls it, without a word of what was asked: for the log.
    """

    def __init__(self, text: str, why: str, code: str) -> None:
        super().__init__(text)
        self.why = why
        self.code = code


class NothingToReportError(StudyError):
    """There is no report of these answers."""

    exit_code = 1


class ExportError(StudyError):
    """The export cannot be written, or read back, as asked."""


class SimulationError(StudyError):
    """The simulation cannot run as asked."""


class PasswordError(StudyError):
    """A password, or the hash of one, cannot be used."""
