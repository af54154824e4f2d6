"""Where a participant is, as the page is told: a step of the trials, or an end on the way.

Pure: fed by the settings of the study, what is stored of the participant, and the moment.
"""

from datetime import datetime, timedelta
from typing import Any

from study.database.rows import Progress
from study.protocol.config import StudyConfig
from study.protocol.screen import items
from study.protocol.session import current, own_result, view


def at_step(
    config: StudyConfig, progress: Progress, now: datetime, *, began: bool
) -> dict[str, Any]:
    """Return the step that a participant has before them, with all that the page needs for it.

    Parameters
    ----------
    config
        The study.
    progress
        The participant.
    now
        The moment.
    began
        Whether the browser that asks is the one that began; only that one is told how to withdraw.
    """
    shown = view(progress.trials)
    due = current(progress.trials)
    if config.exposure_ms and due is not None:
        shown |= {"exposure_ms": config.exposure_ms, "exposed": due.exposed is not None}
    if end := _end(config, progress, shown["step"], now):
        shown = ended(config, end)
    elif has_checks(config, progress):
        shown = {
            "step": "screen",
            "items": len(items(config.screen, progress.seed)),
            "min_width": config.screen.min_width,
            "min_height": config.screen.min_height,
        }
    shown["participant"] = progress.public_id
    shown["tells"], shown["told"] = config.automation, progress.agent
    shown["withdrawal_code"] = progress.withdrawal_code if began else None
    if shown["step"] == "done":
        shown["code"] = progress.completion_code
        link = config.completion_link
        shown["link"] = link and link.replace("{code}", progress.completion_code or "")
        shown["open_after"] = config.open_after
        if config.own_result:
            shown["own"] = own_result(progress.trials)
    return shown


def before(config: StudyConfig) -> dict[str, Any]:
    """Return the step of who has not consented."""
    return {
        "step": "consent",
        "version": config.consent.version,
        "declined_link": config.links.get("declined"),
        "open_after": config.open_after,
    }


def ended(config: StudyConfig, end: str) -> dict[str, Any]:
    """Return the step of who cannot begin or go on; `end` is a key of the texts' `ends`."""
    link = config.links.get(end)
    return {"step": "ended", "end": end, "link": link, "open_after": config.open_after}


def idle(progress: Progress, now: datetime) -> timedelta:
    """Return how long ago a participant's last answer was."""
    last = progress.last_seen_at
    return timedelta(0) if last is None else now - last


def has_checks(config: StudyConfig, progress: Progress) -> bool:
    """Return whether a participant has the checks of eyes and screen before them."""
    begun = any(trial.picked is not None for trial in progress.trials)
    return config.screen.asks and not progress.screened and not begun


def _end(config: StudyConfig, progress: Progress, step: str, now: datetime) -> str | None:
    """Return at which end a participant is who has not completed.

    Who rates may end that, but not where they come back too late.
    """
    if step == "done":
        return None
    resume = config.resume_hours
    if resume and idle(progress, now) > timedelta(hours=resume):
        return "timed_out"
    if step != "pick":
        return None
    if progress.excluded:
        return "screened_out"
    hours, began = config.hours, progress.consented_at
    over = hours and began and now - began > timedelta(hours=hours)
    return "timed_out" if over else None
