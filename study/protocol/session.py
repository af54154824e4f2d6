"""What a participant may do next: consent -> practice -> trials -> debriefing, as pure rules.

Fed by the rows of one participant (`TrialState`, read by ``store``); asked by ``store`` inside
the transaction that saves an answer, and by ``service`` for what the page shows. No clock, no
database, no picture. The browser proposes, these rules decide:

* the current trial is the first one that is not finished; each trial is picked, then rated;
* a pick or a rating for an earlier trial, or the same one sent again, changes nothing: the
  caller returns what is stored;
* anything else is refused with a sentence, and nothing is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from study.protocol.design import PRACTICE, SCORED, TRUTH
from study.protocol.refusals import refused

SCALES = ("realism", "quality")
LOWEST, HIGHEST = 1, 5
AHEAD = 2  # trials whose pictures are fetched while one is answered
REAL, FAKE = 1, 2  # answers about a single picture
LONGEST_RESPONSE_MS = 3_600_000  # a page left open over lunch is no response time


@dataclass(frozen=True)
class TrialState:
    """One trial of one participant as it is stored.

    `methods[i]` stands in slot i + 1; `picked` is a slot, or `REAL` or `FAKE` where there is one
    slot only, or None; `ratings` maps (slot, scale)
    to 1..5 and is either empty or complete, and always empty where the study is `unrated`.
    `exposed` names the one showing of its pictures that a limited exposure allows, once it began.
    """

    id: int
    token: str
    position: int
    kind: str
    picture: str
    methods: tuple[str, ...]
    picked: int | None = None
    ratings: Mapping[tuple[int, str], int] = field(default_factory=dict)
    unrated: bool = False
    exposed: str | None = None

    @property
    def paired(self) -> bool:
        """Whether it shows several pictures, one of which is picked; else one is judged."""
        return len(self.methods) > 1

    @property
    def options(self) -> int:
        """How many answers there are."""
        return len(self.methods) if self.paired else FAKE

    @property
    def right(self) -> int | None:
        """The answer that is right; None where the truth is not among several pictures."""
        if self.paired:
            return self.methods.index(TRUTH) + 1 if TRUTH in self.methods else None
        return REAL if self.methods == (TRUTH,) else FAKE

    @property
    def finished(self) -> bool:
        """Whether the trial is picked and, where the study asks for it, rated."""
        return self.picked is not None and (self.unrated or bool(self.ratings))


def current(trials: Sequence[TrialState]) -> TrialState | None:
    """Return the first unfinished trial, or None when all are done."""
    return next((trial for trial in trials if not trial.finished), None)


def visible(trials: Sequence[TrialState], token: str) -> TrialState:
    """Return the trial whose pictures may be sent: the current one or, to preload, the next ones.

    Raises
    ------
    RefusedError
        For any other token.
    """
    unfinished = [trial for trial in trials if not trial.finished]
    for trial in unfinished[: 1 + AHEAD]:
        if trial.token == token:
            return trial
    raise refused("not_on_show")


def allow_exposure(trials: Sequence[TrialState], token: str) -> TrialState:
    """Return the trial whose limited exposure may begin; when `exposed` is set, it has begun.

    Raises
    ------
    RefusedError
        When the trial is not this participant's, not yet due, or picked already.
    """
    trial = _find(trials, token)
    if trial.picked is not None or trial != current(trials):
        raise refused("not_now")
    return trial


def allow_pick(
    trials: Sequence[TrialState], token: str, slot: Any, *, limited: bool = False
) -> TrialState:
    """Return the trial that a pick is for; when its `picked` is set, that pick stands.

    Raises
    ------
    RefusedError
        When the trial is not this participant's, not yet due, or has no such slot, or when its
        pictures are shown for a limited time and were not shown yet.
    """
    trial = _find(trials, token)
    if trial.picked is None:
        if trial != current(trials):
            raise refused("not_due")
        if limited and trial.exposed is None:
            raise refused("look_first")
        if not _is_int(slot) or not 1 <= slot <= trial.options:
            if trial.paired:
                raise refused("choose", pictures=trial.options)
            raise refused("judge", real=REAL, other=FAKE)
    return trial


def allow_ratings(
    trials: Sequence[TrialState], token: str, ratings: Any, scales: Sequence[str] = SCALES
) -> tuple[TrialState, dict[tuple[int, str], int]]:
    """Return the trial and its checked ratings; when the trial is rated, those ratings stand.

    Parameters
    ----------
    trials, token
        The participant's trials and the trial's own token.
    ratings
        What the browser sent: for each slot in order a mapping of each scale to 1..5.
    scales
        The scales of the study.

    Raises
    ------
    RefusedError
        When the trial is not this participant's or not picked, or a value is missing or outside
        of 1 to 5.
    """
    trial = _find(trials, token)
    if trial.unrated:
        raise refused("no_ratings")
    if trial.ratings:
        return trial, dict(trial.ratings)
    if trial.picked is None:
        raise refused("choose_first")
    m = len(trial.methods)
    if not isinstance(ratings, Sequence) or isinstance(ratings, str) or len(ratings) != m:
        raise refused("rate_all", pictures=m)
    checked: dict[tuple[int, str], int] = {}
    for slot, values in enumerate(ratings, start=1):
        for scale in scales:
            value = values.get(scale) if isinstance(values, Mapping) else None
            if not _is_int(value) or not LOWEST <= value <= HIGHEST:
                raise refused("rate", scale=scale, picture=slot, low=LOWEST, high=HIGHEST)
            checked[slot, scale] = value
    return trial, checked


def response_time(milliseconds: Any) -> int | None:
    """Return the browser's response time as whole milliseconds, or None if it makes no sense.

    Examples
    --------
    >>> response_time(1834.6), response_time(-3), response_time("fast"), response_time(1e9)
    (1835, None, None, None)
    """
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, (int, float)):
        return None
    if not 0 <= milliseconds <= LONGEST_RESPONSE_MS:  # also false for nan
        return None
    return round(milliseconds)


def view(trials: Sequence[TrialState]) -> dict[str, Any]:
    """Return everything that the page may know about where its participant is.

    Only a practice trial that is already picked says which picture is real; nothing else here
    depends on the methods.
    """
    trial = current(trials)
    if trial is None:
        return {"step": "done"}
    phase = [other for other in trials if other.kind == trial.kind]
    if trial.kind != PRACTICE:
        # Whatever other kinds a study mixes in, the participant counts one row of trials.
        phase = [other for other in trials if other.kind != PRACTICE]
    upcoming = [other for other in trials if not other.finished][1 : 1 + AHEAD]
    shown: dict[str, Any] = {
        "step": "pick" if trial.picked is None else "rate",
        "trial": trial.token,
        "upcoming": [other.token for other in upcoming],
        "practice": trial.kind == PRACTICE,
        "number": phase.index(trial) + 1,
        "of": len(phase),
        "slots": len(trial.methods),
        "picked": trial.picked,
    }
    if trial.kind == PRACTICE and trial.picked is not None:
        shown |= _told(trial)
    return shown


def own_result(trials: Sequence[TrialState]) -> dict[str, int]:
    """Return how many scored trials there were, how many were right, and how many by guessing.

    For who has finished all of them, and for nobody else.

    Examples
    --------
    >>> made = TrialState(1, "a", 1, SCORED, "x", (TRUTH, "gan", "other"), picked=1)
    >>> own_result([made])
    {'right': 1, 'scored': 1, 'guessed': 0}
    """
    scored = [trial for trial in trials if trial.kind == SCORED]
    right = sum(trial.picked == trial.right for trial in scored)
    guessed = round(sum(1 / trial.options for trial in scored))
    return {"right": right, "scored": len(scored), "guessed": guessed}


def feedback(trials: Sequence[TrialState], token: str) -> dict[str, int] | None:
    """Return what a practice trial tells after its pick where no ratings follow, or None."""
    trial = _find(trials, token)
    if trial.kind != PRACTICE or trial.picked is None or not trial.unrated:
        return None
    told = _told(trial)
    return {"picked": trial.picked, **told} if told else None


def _told(trial: TrialState) -> dict[str, int]:
    """Return the right answer; nothing where there is none, as of a preference."""
    return {} if trial.right is None else {"real": trial.right}


def _find(trials: Sequence[TrialState], token: str) -> TrialState:
    for trial in trials:
        if trial.token == token:
            return trial
    raise refused("not_yours")


def _is_int(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
