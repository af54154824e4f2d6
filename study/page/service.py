"""What the browser may ask of a study, as plain functions from JSON to JSON.

Joins a stimulus set, a store and the texts; called by ``ui`` for every request of the page, and
by tests without any page. Whatever arrives here may be forged: every request names its
participant by a secret (or by the recruiter's id), every rule is checked inside the store's
transaction, and a reply says only what ``session.view`` allows.
"""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from study.database.storage import why_not_kept
from study.database.store import Progress, Store, Visitor
from study.errors import ClosedError, RefusedError, UnavailableError
from study.page.asked import field, look_name, who
from study.page.faults import LINES
from study.page.proxies import neighbourhood
from study.page.tally import Tally
from study.page.where import at_step, before, ended, has_checks, idle
from study.protocol.codes import tidy
from study.protocol.config import StudyConfig
from study.protocol.refusals import refused
from study.protocol.screen import items, judged
from study.protocol.session import TrialState, feedback, visible
from study.protocol.texts import texts
from study.stimuli.plates import picture
from study.stimuli.showing import StimulusSet, load

PATIENCE = 2.0  # seconds that a request waits for somebody else's lock; the page asks again
ONCE_MORE = timedelta(hours=1)  # after so long without an answer the instructions come again
AGAIN = {"busy": 2, "away": 3, "full": 10}  # seconds until the page asks again, by the reason


class Service:
    """One running study.

    Parameters
    ----------
    stimuli
        The pictures.
    store
        The database.
    config
        The study; the default one if None.
    kept
        Whether what is stored outlives the server; nobody may begin where it does not.

    Raises
    ------
    ConfigError
        When the stimulus set does not fit the study.
    DatabaseError
        When the database holds simulated participants.
    """

    def __init__(
        self,
        stimuli: StimulusSet,
        store: Store,
        config: StudyConfig | None = None,
        *,
        kept: bool = True,
    ) -> None:
        self.config = config or StudyConfig()
        self._stimuli = stimuli
        self._kept = kept
        self._store = store
        self.spec = self.config.spec(
            stimuli.methods, stimuli.pictures, stimuli.practice, stimuli.sha256
        )
        self._texts = texts(
            self.spec,
            consent=self.config.consent.text,
            scales=self.config.scales,
            hours=self.config.hours,
            resume_hours=self.config.resume_hours,
            open_after=self.config.open_after,
            screen=self.config.screen.asks,
            automation=self.config.automation,
            own=self.config.texts,
            exposure_ms=self.config.exposure_ms,
            question=self.config.question,
        )
        store.refuse_mixture(simulated=False)
        self._study_id: int | None = None
        self._consents, self._counting = Tally(), threading.Lock()

    def enter(self, request: Any) -> dict[str, Any]:
        """Return the texts and where this browser's participant is, and whether they were away."""

        def found() -> dict[str, Any]:
            progress = self._find(request)
            away = progress is not None and idle(progress, self._store.now()) > ONCE_MORE
            return {"texts": self._texts, "away": away, **self._shown(progress, request)}

        return self._answer(found)

    def consent(self, request: Any, address: str = "") -> dict[str, Any]:
        """Make the participant, with the whole plan; a second consent finds the first.

        Parameters
        ----------
        request
            From the page.
        address
            Where it came from; remembered for an hour, and never stored.
        """

        def join() -> dict[str, Any]:
            visitor = self._visitor(request)
            if field(request, "version") != self.config.consent.version:
                raise refused("changed")
            if not self._kept and self._find(request) is None:
                raise ClosedError("not_kept")
            # The version of the study is stored with the first participant, and not before.
            study_id = self._store.register(self.spec)
            with self._braked(self._store.identify(study_id, visitor) is None, address):
                progress = self._store.join(
                    study_id,
                    self.spec,
                    token=visitor.token,
                    recruiter=visitor.recruiter,
                    code=visitor.code,
                    cap=self.config.cap,
                )
            return self._shown(progress, request)

        return self._answer(join)

    @contextmanager
    def _braked(self, new: bool, address: str) -> Iterator[None]:
        """Count a new participant, once it is stored, or refuse one too many of an address."""
        limit = self.config.consents_per_hour
        if not (new and limit and self.config.access == "open"):
            yield
            return
        with self._counting:
            begun = self._consents.of(neighbourhood(address))
            if len(begun) >= limit:
                raise refused("address", limit=limit)
            moment = time.monotonic()
            begun.append(moment)
        try:
            yield
        except BaseException:
            with self._counting:
                begun.remove(moment)
            raise

    def withdraw(self, request: Any) -> dict[str, Any]:
        """Delete everything of the participant who holds the withdrawal code."""

        def delete() -> dict[str, Any]:
            self._who(request)
            code = tidy(field(request, "withdrawal_code"))
            if code is None:
                raise refused("withdrawal_form")
            self._store.withdraw(code)
            return {"step": "withdrawn"}

        return self._answer(delete)

    def pictures(self, request: Any) -> dict[str, Any]:
        """Return the pictures of the current or the next trial, as PNG in base64, by slot.

        Of a trial whose limited exposure began, only the sizes.
        """

        def encoded() -> dict[str, Any]:
            trial = visible(self._known(request).trials, str(field(request, "trial")))
            pngs = self._shown_of(trial)
            if self.config.exposure_ms and trial.exposed is not None:
                return {"trial": trial.token, "pictures": [], "sizes": [_size(png) for png in pngs]}
            return {
                "trial": trial.token,
                "pictures": [base64.b64encode(png).decode("ascii") for png in pngs],
            }

        return self._answer(encoded)

    def _shown_of(self, trial: TrialState) -> list[bytes]:
        """Return the PNGs of a trial; a single one is as long as the longest of its versions."""
        if trial.paired:
            return self._stimuli.shown(trial.methods, trial.picture)
        methods = self.spec.design.methods
        every = self._stimuli.shown(methods, trial.picture)
        return [every[methods.index(method)] for method in trial.methods]

    def expose(self, request: Any) -> dict[str, Any]:
        """Begin the one showing of a limited exposure, and say whether this page may show it."""

        def begin() -> dict[str, Any]:
            look = look_name(request)
            if not self.config.exposure_ms or look is None:
                raise refused("not_ours")
            progress, mine = self._store.expose(
                self._due_id(request), str(field(request, "trial")), look
            )
            return {**self._shown(progress, request), "mine": mine}

        return self._answer(begin)

    def pick(self, request: Any) -> dict[str, Any]:
        """Save a pick and return where the participant is now."""

        def save() -> dict[str, Any]:
            token = str(field(request, "trial"))
            progress = self._store.pick(
                self._due_id(request),
                token,
                field(request, "slot"),
                field(request, "response_ms"),
                field(request, "exposure_ms"),
                field(request, "trace") if self.config.automation else None,
                limited=bool(self.config.exposure_ms),
            )
            shown = self._shown(progress, request)
            told = feedback(progress.trials, token)
            return shown if told is None else {**shown, "feedback": told}

        return self._answer(save)

    def plates(self, request: Any) -> dict[str, Any]:
        """Return the pictures that check eyes and screen, as PNG in base64, in their order."""

        def drawn() -> dict[str, Any]:
            progress = self._known(request)
            if not has_checks(self.config, progress):
                raise refused("not_on_show")
            asked = items(self.config.screen, progress.seed)
            return {"plates": [base64.b64encode(picture(*one)).decode("ascii") for one in asked]}

        return self._answer(drawn)

    def screen(self, request: Any) -> dict[str, Any]:
        """Keep how the checks of eyes and screen went, and return where the participant is."""

        def keep() -> dict[str, Any]:
            progress = self._known(request)
            if has_checks(self.config, progress):
                given = (field(request, name) for name in ("answers", "width", "height"))
                checks = judged(self.config.screen, progress.seed, *given)
                if checks is None:
                    raise refused("not_ours")
                progress = self._store.screen(progress.id, checks)
            return self._shown(progress, request)

        return self._answer(keep)

    def tell(self, request: Any) -> dict[str, Any]:
        """Keep that the participant says to be a program, and return where they are."""
        return self._answer(lambda: self._shown(self._store.tell(self._known_id(request)), request))

    def rate(self, request: Any) -> dict[str, Any]:
        """Save the ratings of a trial and return where the participant is now."""
        return self._answer(
            lambda: self._shown(
                self._store.rate(
                    self._known_id(request),
                    str(field(request, "trial")),
                    field(request, "ratings"),
                    tuple(self.config.scales),
                ),
                request,
            )
        )

    def _version(self) -> int | None:
        """Return the id of this version of the study, or None before its first participant."""
        if self._study_id is None:
            self._study_id = self._store.version(self.spec)
        return self._study_id

    def _visitor(self, request: Any) -> Visitor:
        """Return who asks; refuse whom the study is not open to."""
        visitor = self._who(request)
        access = self.config.access
        if access == "recruiter" and visitor.recruiter is None:
            raise refused("recruiter_only")
        if access != "code":
            return replace(visitor, code=None)
        if not field(request, "code"):
            raise refused("code_needed")
        if visitor.code is None or not self._store.knows_access_code(visitor.code):
            raise refused("code_wrong")
        return replace(visitor, recruiter=None)

    def _find(self, request: Any) -> Progress | None:
        visitor, study_id = self._visitor(request), self._version()
        return None if study_id is None else self._store.find(study_id, visitor)

    def _known(self, request: Any) -> Progress:
        progress = self._find(request)
        if progress is None:
            raise refused("unknown")
        return progress

    def _known_id(self, request: Any) -> int:
        visitor, study_id = self._visitor(request), self._version()
        known = None if study_id is None else self._store.identify(study_id, visitor)
        if known is None:
            raise refused("unknown")
        return known

    def _due_id(self, request: Any) -> int:
        """Return who picks; where the study has checks before, not without these."""
        if not self.config.screen.asks:
            return self._known_id(request)
        progress = self._known(request)
        if has_checks(self.config, progress):
            raise refused("not_due")
        return progress.id

    def _shown(self, progress: Progress | None, request: Any) -> dict[str, Any]:
        if progress is None:
            if not self._kept:
                raise ClosedError("not_kept")
            if self._study_id is not None:
                self._store.refuse_new(self._study_id, self.config.cap)
            return before(self.config)
        began = progress.begun_by(self._who(request))
        return at_step(self.config, progress, self._store.now(), began=began)

    def _who(self, request: Any) -> Visitor:
        return who(request, self.config.parameters)

    def _answer(self, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Turn a refusal, or a database that cannot be used just now, into a reply.

        Any other failure is the server's and stays hidden.
        """
        try:
            return work()
        except UnavailableError as trouble:
            LINES.say(f"{trouble} ({trouble.code}) The page asks again by itself.")
            return unavailable(trouble.why, self._texts["refused"][trouble.why])
        except ClosedError as closed:
            return {"texts": self._texts, **ended(self.config, closed.end)}
        except RefusedError as refusal:
            said = self._texts["refused"].get(refusal.key)
            reply = {"error": said.format_map(refusal.values) if said else str(refusal)}
            if refusal.key in ("code_needed", "code_wrong"):
                reply |= {"code_needed": True, "texts": self._texts}
            return reply


def _size(png: bytes) -> list[int]:
    """Return width and height of a PNG in pixels, which its header says."""
    return [int.from_bytes(png[at : at + 4], "big") for at in (16, 20)]


def unavailable(why: str, text: str) -> dict[str, Any]:
    """Return the reply that lets the page wait, say why, and ask again."""
    return {"error": text, "why": why, "again": AGAIN[why]}


def open_service(config: StudyConfig, database_url: str) -> Service:
    """Return a study on its stimulus set and a database.

    Where the database may be lost at the next start, the log says why, and nobody may begin.

    Raises
    ------
    StimuliError, ConfigError
        When the set is missing, damaged, or does not fit; the database is not touched then.
    DatabaseError
        When the database cannot be used.
    """
    stimuli = load(config.stimuli)
    config.spec(stimuli.methods, stimuli.pictures, stimuli.practice, stimuli.sha256)
    store = Store(database_url, patience=PATIENCE)
    if lost := why_not_kept(database_url):
        LINES.say(lost)
    return Service(stimuli, store, config, kept=lost is None)
