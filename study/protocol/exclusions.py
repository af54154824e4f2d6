"""Who is left out of the analysis, by rules that a study fixes before it begins.

Fed by the data frames of `study.database.frames` and by `Rules`, which a study file gives in its
section `[exclusion]`. Pure: nothing is written back, so that the same answers can be reported with
and without exclusions. `judge` names every participant who breaks a rule and how, `apply` marks
them in both frames, `flow` counts people on their way from recruitment to the analysis.

All rules are off by default: the default study excludes nobody. A rule judges what a participant
has answered; one that has nothing to judge (no catch trial answered, no time measured) excludes
nobody.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from study.protocol.design import SCORED, TRUTH

JUDGED_COLUMNS = ("participant", "rule", "value", "limit", "reason")


@dataclass(frozen=True)
class Rules:
    """What a participant's answers must show to be analysed; None switches a rule off.

    Attributes
    ----------
    min_completed_trials
        Scored trials with a pick; at least 1.
    min_catch_correct
        Share of the answered catch trials in which the real picture was picked, 0 to 1.
    min_repeat_agreement
        Share of the repeated trials with the same pick as the first time, 0 to 1.
    min_median_seconds, max_median_seconds
        Median time to the pick over scored trials, in seconds, above 0.
    max_same_slot_share
        Share of the scored trials in which the most used slot was picked, 0 to 1: who presses
        one key throughout has 1, and slots picked for their pictures come near 1/m.
    min_plates_right, min_steps_right, min_window_right
        Share of the plates for colour vision, of the steps of brightness, and whether the window
        was large enough (1) or not (0): `study.protocol.screen`.

    Raises
    ------
    ValueError
        If a limit is out of its range, or the two times leave no room between them.

    Examples
    --------
    >>> Rules(min_catch_correct=0.75).settings()
    {'min_catch_correct': 0.75}
    """

    min_completed_trials: int | None = None
    min_catch_correct: float | None = None
    min_repeat_agreement: float | None = None
    min_median_seconds: float | None = None
    max_median_seconds: float | None = None
    max_same_slot_share: float | None = None
    min_plates_right: float | None = None
    min_steps_right: float | None = None
    min_window_right: float | None = None

    def __post_init__(self) -> None:
        for name, value in self.settings().items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(
                    f"{name} must be a number, got {value!r}; leave it out for no rule."
                )
            if name == "min_completed_trials":
                if value != int(value) or value < 1:
                    raise ValueError(f"{name} must be a whole number from 1 on, got {value}.")
            elif name.endswith("seconds"):
                if not 0 < value < math.inf:
                    raise ValueError(f"{name} must be above 0 seconds, got {value}.")
            elif not 0 <= value <= 1:
                raise ValueError(f"{name} is a share and must lie between 0 and 1, got {value}.")
        low, high = self.min_median_seconds, self.max_median_seconds
        if low is not None and high is not None and low >= high:
            raise ValueError(
                f"min_median_seconds is {low} and max_median_seconds {high}; nobody lies between."
            )

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Rules:
        """Return the rules of a study file's section, or of what was stored with a study.

        Raises
        ------
        ValueError
            If a name is unknown or a limit out of range.

        Examples
        --------
        >>> Rules.of({"min_median_seconds": 0.5}).min_median_seconds
        0.5
        """
        known = [field.name for field in fields(cls)]
        unknown = [str(name) for name in settings if name not in known]
        if unknown:
            raise ValueError(
                f"There is no exclusion rule {', '.join(unknown)}; there are {', '.join(known)}."
            )
        return cls(**settings)

    def settings(self) -> dict[str, float]:
        """Return the rules that are on, ready for JSON; `of` reads them back."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Flow:
    """People from recruitment to analysis.

    `recruited` and `withdrawn` are None where they are not recorded: nothing is stored about who
    has not consented. Who withdrew had consented, and counts there only. `reasons` counts the
    excluded by reason; who broke two rules stands under both words once, joined.
    """

    recruited: int | None
    consented: int
    completed: int
    unfinished: int
    excluded: int
    reasons: dict[str, int]
    analysed: int
    withdrawn: int | None = None


def judge(
    answers: pd.DataFrame, rules: Rules, participants: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return who breaks which rule, one row a participant and rule.

    Parameters
    ----------
    answers : DataFrame
        From `study.database.frames.answers`, all kinds of trials.
    rules : Rules
    participants : DataFrame, optional
        From `study.database.frames.participants`, for the checks of eyes and screens.

    Returns
    -------
    DataFrame
        participant (str), rule (name in `Rules`), value (what was measured, float), limit (what
        the rule asks, float), reason (for people), ordered by participant, then by rule.
    """
    picks = _given(answers)
    found: list[dict[str, Any]] = []
    for rule, limit in rules.settings().items():
        if rule in _CHECKS:
            check, words = _CHECKS[rule]
            values = _share_right(participants, check)
        else:
            measure, words = _MEASURES[rule]
            values = measure(picks).dropna()
        broken = values < limit if rule.startswith("min_") else values > limit
        found += [
            {
                "participant": str(participant),
                "rule": rule,
                "value": float(value),
                "limit": float(limit),
                "reason": words.format(limit=_brief(rule, limit)),
            }
            for participant, value in values[broken].items()
        ]
    frame = pd.DataFrame(found, columns=list(JUDGED_COLUMNS))
    for column in ("participant", "rule", "reason"):
        frame[column] = frame[column].astype("str")
    for column in ("value", "limit"):
        frame[column] = frame[column].astype(np.float64)
    return frame.sort_values("participant", kind="stable", ignore_index=True)


def apply(
    answers: pd.DataFrame, participants: pd.DataFrame, rules: Rules
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both frames with the reasons of `judge` in their column `excluded`.

    A reason that is stored already, because a person decided it, stays and comes first.

    Parameters
    ----------
    answers, participants : DataFrame
        From `study.database.frames`; they are not changed.
    rules : Rules

    Returns
    -------
    answers, participants : DataFrame
    """
    judged = judge(answers, rules, participants)
    if judged.empty:
        return answers, participants
    reasons = judged.groupby("participant")["reason"].agg("; ".join)
    return _mark(answers, reasons), _mark(participants, reasons)


def flow(
    participants: pd.DataFrame,
    analysed: pd.Series,
    *,
    recruited: int | None = None,
    withdrawn: int | None = None,
) -> Flow:
    """Count people from recruitment to analysis.

    Parameters
    ----------
    participants : DataFrame
        From `study.database.frames.participants`, marked by `apply`.
    analysed : Series
        The participants of the rows that are analysed, repeated as they are there.
    recruited, withdrawn : int, optional
        How many were invited, and how many had their answers deleted, where that is known.
    """
    reasons = participants["excluded"].astype(object)
    out = reasons.notna() | (participants["status"] == "excluded")
    named = reasons[out].fillna("no reason stored").value_counts()
    completed = participants["completed_at"].notna()
    return Flow(
        recruited=recruited,
        consented=len(participants) + (withdrawn or 0),
        completed=int(completed.sum()),
        unfinished=int((~completed).sum()),
        excluded=int(out.sum()),
        reasons={str(reason): int(count) for reason, count in sorted(named.items())},
        analysed=int(analysed.nunique()),
        withdrawn=withdrawn,
    )


def _given(answers: pd.DataFrame) -> pd.DataFrame:
    """One row a trial, the picked one; of a single picture, slot 1 if real was said, 2 if fake."""
    alone = ~answers["trial"].duplicated(keep=False)
    given = answers[answers["picked"] | alone]
    return given.assign(slot=np.where(given["picked"], given["slot"], 2))


def repeated(picks: pd.DataFrame) -> pd.DataFrame:
    """Return repeated trials beside the first answers to the same pictures.

    Parameters
    ----------
    picks : DataFrame
        Picked rows of answers.

    Returns
    -------
    DataFrame
        participant, picture, again and first (methods picked), one row a repeat whose first
        answer is there.
    """
    key = ["participant", "picture"]
    first = picks.loc[picks["kind"] == SCORED, [*key, "method"]]
    again = picks.loc[picks["kind"] == "repeat", [*key, "method"]]
    return again.rename(columns={"method": "again"}).merge(
        first.rename(columns={"method": "first"}), on=key, how="inner"
    )


def _completed_trials(picks: pd.DataFrame) -> pd.Series:
    # Over the picks of every kind, so that those without any scored one count as 0.
    return (picks["kind"] == SCORED).groupby(picks["participant"], observed=True).sum()


def _catch_correct(picks: pd.DataFrame) -> pd.Series:
    catch = picks[picks["kind"] == "catch"]
    return (catch["method"] == TRUTH).groupby(catch["participant"], observed=True).mean()


def _repeat_agreement(picks: pd.DataFrame) -> pd.Series:
    both = repeated(picks)
    same = both["again"].astype(object) == both["first"].astype(object)
    return same.groupby(both["participant"], observed=True).mean()


def _median_seconds(picks: pd.DataFrame) -> pd.Series:
    scored = picks[picks["kind"] == SCORED]
    seconds = scored["response_ms"].astype("Float64").astype(np.float64) / 1000
    return seconds.groupby(scored["participant"], observed=True).median()


def _same_slot_share(picks: pd.DataFrame) -> pd.Series:
    scored = picks[picks["kind"] == SCORED]
    counts = scored.groupby(["participant", "slot"], observed=True).size()
    people = counts.groupby(level="participant", observed=True)
    return people.max() / people.sum()


_MEASURES: dict[str, tuple[Callable[[pd.DataFrame], pd.Series], str]] = {
    "min_completed_trials": (_completed_trials, "fewer than {limit} scored trials"),
    "min_catch_correct": (_catch_correct, "less than {limit} of the catch trials correct"),
    "min_repeat_agreement": (_repeat_agreement, "less than {limit} of the repeats answered alike"),
    "min_median_seconds": (_median_seconds, "median time to the pick below {limit}"),
    "max_median_seconds": (_median_seconds, "median time to the pick above {limit}"),
    "max_same_slot_share": (_same_slot_share, "one slot in more than {limit} of the trials"),
}


_CHECKS = {
    "min_plates_right": ("plates", "fewer than {limit} of the plates for colour vision right"),
    "min_steps_right": ("steps", "fewer than {limit} of the steps of brightness right"),
    "min_window_right": ("window", "a window smaller than asked for"),
}


def _share_right(participants: pd.DataFrame | None, check: str) -> pd.Series:
    """Of those who had a check, the share that was right."""
    if participants is None or f"n_{check}" not in participants:
        return pd.Series(dtype=np.float64)
    people = participants.set_index("participant")
    asked = people[f"n_{check}"].astype("Float64")
    return (people[f"n_{check}_right"] / asked.where(asked > 0)).dropna().astype(np.float64)


def _brief(rule: str, limit: float) -> str:
    if rule.endswith("seconds"):
        return f"{limit:g} s"
    return f"{limit:g}" if rule.endswith("trials") else f"{100 * limit:g} %"


def _mark(frame: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
    """Join the new reasons to those that are stored."""
    new = frame["participant"].astype(object).map(reasons.astype(object))
    both = frame["excluded"].astype(object)
    marked = new.notna()
    both[marked] = [
        f"{old}; {more}" if isinstance(old, str) else more
        for old, more in zip(both[marked], new[marked], strict=True)
    ]
    return frame.assign(excluded=both.astype("str"))
