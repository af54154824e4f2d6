"""What the browser may ask of a study, as plain functions from JSON to JSON.

Joins a stimulus set, a store and the texts; called by ``ui`` for every request of the page, and
by tests without any page. Whatever arrives here may be forged: every request names its
participant by a secret (or by the recruiter's id), every rule is checked inside the store's
transaction, and a reply says only what ``session.view`` allows.
"""

import base64
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from study.design import Design, StudySpec
from study.session import RefusedError, view, visible
from study.stimuli import StimuliError, StimulusSet, load
from study.store import Progress, Recruiter, Store
from study.texts import CONSENT_VERSION, texts

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")
_RECRUITER = re.compile(r"[\x21-\x7e]{1,100}")

_UNKNOWN = "Your place in the study was not found. Reload the page."
_NOT_OURS = "This request is not one that the page makes. Reload the page to go on."


class Service:
    """One running study.

    Parameters
    ----------
    stimuli
        The pictures.
    store
        The database.
    design
        Trials and seed; its methods are taken from the stimulus set.
    """

    def __init__(self, stimuli: StimulusSet, store: Store, *, design: Design | None = None) -> None:
        chosen = design or Design()
        self._stimuli = stimuli
        self._store = store
        self.spec = StudySpec(
            name="default",
            design=Design(stimuli.methods, chosen.scored, chosen.practice, chosen.seed),
            pictures=stimuli.pictures,
            practice=stimuli.practice,
            stimuli_sha256=stimuli.sha256,
            consent_version=CONSENT_VERSION,
        )
        try:
            self.spec.plan(number=0, seed=0)  # found out now, and not by a participant
        except ValueError as error:
            raise StimuliError(f"This stimulus set does not fit the study: {error}.") from error
        store.refuse_mixture(simulated=False)
        self._study_id = store.register(self.spec)

    def enter(self, request: Any) -> dict[str, Any]:
        """Return the texts and where this browser's participant is."""
        return self._answer(lambda: {"texts": texts(self.spec), **self._shown(self._find(request))})

    def consent(self, request: Any) -> dict[str, Any]:
        """Make the participant, with the whole plan; a second consent finds the first."""

        def join() -> dict[str, Any]:
            token, recruiter = _who(request)
            if _field(request, "version") != CONSENT_VERSION:
                raise RefusedError("The text has changed. Reload the page and read it again.")
            progress = self._store.join(self._study_id, self.spec, token=token, recruiter=recruiter)
            return self._shown(progress)

        return self._answer(join)

    def pictures(self, request: Any) -> dict[str, Any]:
        """Return the pictures of the current or the next trial, as PNG in base64, by slot."""

        def encoded() -> dict[str, Any]:
            trial = visible(self._known(request).trials, str(_field(request, "trial")))
            pngs = [self._stimuli.shown(method, trial.picture) for method in trial.methods]
            return {
                "trial": trial.token,
                "pictures": [base64.b64encode(png).decode("ascii") for png in pngs],
            }

        return self._answer(encoded)

    def pick(self, request: Any) -> dict[str, Any]:
        """Save a pick and return where the participant is now."""
        return self._answer(
            lambda: self._shown(
                self._store.pick(
                    self._known_id(request),
                    str(_field(request, "trial")),
                    _field(request, "slot"),
                    _field(request, "response_ms"),
                )
            )
        )

    def rate(self, request: Any) -> dict[str, Any]:
        """Save the ratings of a trial and return where the participant is now."""
        return self._answer(
            lambda: self._shown(
                self._store.rate(
                    self._known_id(request),
                    str(_field(request, "trial")),
                    _field(request, "ratings"),
                )
            )
        )

    def _find(self, request: Any) -> Progress | None:
        token, recruiter = _who(request)
        return self._store.find(self._study_id, token=token, recruiter=recruiter)

    def _known(self, request: Any) -> Progress:
        progress = self._find(request)
        if progress is None:
            raise RefusedError(_UNKNOWN)
        return progress

    def _known_id(self, request: Any) -> int:
        token, recruiter = _who(request)
        known = self._store.identify(self._study_id, token=token, recruiter=recruiter)
        if known is None:
            raise RefusedError(_UNKNOWN)
        return known

    def _shown(self, progress: Progress | None) -> dict[str, Any]:
        if progress is None:
            return {"step": "consent", "version": CONSENT_VERSION}
        shown = {**view(progress.trials), "participant": progress.public_id}
        if shown["step"] == "done":
            shown["code"] = progress.completion_code
        return shown

    @staticmethod
    def _answer(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Turn a refusal into a reply; any other failure is the server's and stays hidden."""
        try:
            return work()
        except RefusedError as refusal:
            return {"error": str(refusal)}


def open_service(stimuli: Path, database_url: str) -> Service:
    """Return the default study on a stimulus set and a database.

    Raises
    ------
    StimuliError
        When the set is missing, damaged or too small; the database is not touched then.
    DatabaseError
        When the database cannot be used.
    """
    return Service(load(stimuli), Store(database_url))


def _field(request: Any, name: str) -> Any:
    if not isinstance(request, Mapping):
        raise RefusedError(_NOT_OURS)
    return request.get(name)


def _who(request: Any) -> tuple[str, Recruiter | None]:
    """Return the browser's secret and what the recruiter's link said, both checked."""
    token = _field(request, "token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise RefusedError(_NOT_OURS)
    given = _field(request, "recruiter") or {}
    parts = {name: _field(given, name) for name in ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID")}
    for name, value in parts.items():
        if value is not None and not (isinstance(value, str) and _RECRUITER.fullmatch(value)):
            raise RefusedError(
                f"The {name} in the link must be 1 to 100 letters, digits or signs without spaces. "
                "Use the link as you received it."
            )
    if parts["PROLIFIC_PID"] is None:
        return token, None
    return token, Recruiter(parts["PROLIFIC_PID"], parts["STUDY_ID"], parts["SESSION_ID"])
