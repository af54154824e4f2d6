"""The tables of a study, with the rules that must hold written into the schema.

Written by ``store`` and ``rows``, read by ``frames`` and by anybody with a database browser
(study/data-dictionary.md describes every column). The schema itself is made by the migrations
only; a test compares the two.

* ``pick`` has the trial as its primary key: one pick a trial, whoever sends what.
* ``pick`` and ``rating`` point at a slot *of that trial* by a foreign key of two columns.
* ``simulated`` stands in every row that belongs to a participant, and foreign keys of two
  columns make it impossible for a row to disagree with its participant.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from study.protocol.session import HIGHEST, LONGEST_RESPONSE_MS, LOWEST


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: SQLite forgets time zones, so they are stripped and put back here."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment as naive UTC; a naive input is a mistake of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; store moments as UTC")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored moment as aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Common metadata; named constraints, so that migrations can change them on SQLite."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSON()}  # noqa: RUF012


class Study(Base):
    """One version of one study; other settings or other pictures make another row."""

    __tablename__ = "study"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    settings: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    file: Mapped[str | None] = mapped_column(Text)


class Registration(Base):
    """What was registered of a version of a study, stored with its first participant."""

    __tablename__ = "registration"

    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]]
    stored_at: Mapped[datetime]


class Look(Base):
    """That somebody looked at the rates before the planned number of people had completed."""

    __tablename__ = "look"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    at: Mapped[datetime]
    completed: Mapped[int]
    answers: Mapped[int]


class Pause(Base):
    """That a version of a study was paused, or resumed: a log, whose last row counts."""

    __tablename__ = "pause"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    at: Mapped[datetime]
    paused: Mapped[bool]


class AccessCode(Base):
    """A code by which one person may take part, given out by who runs the study."""

    __tablename__ = "access_code"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    created_at: Mapped[datetime]


class AdminSession(Base):
    """That somebody is logged in at the administrator's page: a keyed digest of the cookie."""

    __tablename__ = "admin_session"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    ends_at: Mapped[datetime]


class LoginAttempt(Base):
    """An attempt to log in within the last hour: a keyed digest of where it came from."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index(None, "who"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    slow_at: Mapped[datetime | None]  # when its password is looked at, of the slow lane
    wrong: Mapped[bool] = mapped_column(default=False)


class Withdrawal(Base):
    """That somebody's rows were deleted: the day and the version of the study, nobody's name."""

    __tablename__ = "withdrawal"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    day: Mapped[date]


class Participant(Base):
    """One person, or one simulated one, who has agreed to take part in one study."""

    __tablename__ = "participant"
    __table_args__ = (
        UniqueConstraint("id", "simulated"),
        UniqueConstraint("study_id", "token_sha256"),
        UniqueConstraint("study_id", "recruiter_id"),
        UniqueConstraint("study_id", "access_code"),
        CheckConstraint("status IN ('started', 'completed')", name="status"),
        Index(None, "study_id", "list_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    token_sha256: Mapped[str | None] = mapped_column(String(64))
    recruiter_id: Mapped[str | None] = mapped_column(String(100))
    recruiter_study: Mapped[str | None] = mapped_column(String(100))
    recruiter_session: Mapped[str | None] = mapped_column(String(100))
    list_number: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(16))
    consent_version: Mapped[str] = mapped_column(String(64))
    consented_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    completion_code: Mapped[str | None] = mapped_column(String(32), unique=True)
    excluded: Mapped[str | None] = mapped_column(Text)
    simulated: Mapped[bool]
    access_code: Mapped[str | None] = mapped_column(String(32))
    withdrawal_code: Mapped[str | None] = mapped_column(String(32), unique=True)
    agent_at: Mapped[datetime | None]


class Exclusion(Base):
    """That a person excluded a participant, or took them back (no reason): a log."""

    __tablename__ = "exclusion"
    __table_args__ = (
        ForeignKeyConstraint(
            ["participant_id", "simulated"],
            ["participant.id", "participant.simulated"],
            ondelete="CASCADE",
        ),
        Index(None, "participant_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int]
    at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(Text)
    simulated: Mapped[bool]


class ScreenCheck(Base):
    """How a check of eyes or screen went, where the study has it (`study.protocol.screen`)."""

    __tablename__ = "screen_check"
    __table_args__ = (
        ForeignKeyConstraint(
            ["participant_id", "simulated"],
            ["participant.id", "participant.simulated"],
            ondelete="CASCADE",
        ),
        CheckConstraint("name IN ('plates', 'steps', 'window')", name="name"),
        CheckConstraint("correct BETWEEN 0 AND asked", name="correct"),
    )

    participant_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    correct: Mapped[int]
    asked: Mapped[int]
    passed: Mapped[bool]
    at: Mapped[datetime]
    simulated: Mapped[bool]


class Trial(Base):
    """One grey picture shown to one participant; its plan is stored before it is shown."""

    __tablename__ = "trial"
    __table_args__ = (
        UniqueConstraint("participant_id", "position"),
        UniqueConstraint("id", "simulated"),
        ForeignKeyConstraint(
            ["participant_id", "simulated"],
            ["participant.id", "participant.simulated"],
            ondelete="CASCADE",
        ),
        CheckConstraint("position >= 1", name="position"),
        CheckConstraint("kind IN ('practice', 'scored', 'catch', 'repeat')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int]
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    picture: Mapped[str] = mapped_column(String(200))
    label: Mapped[str | None] = mapped_column(String(200))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    simulated: Mapped[bool]


class Exposure(Base):
    """That the one showing began that a trial has where the study limits the exposure.

    `look` is the random name that the page gave to the showing, so that the page that asks again,
    because the reply was lost, is the one that may show the pictures.
    """

    __tablename__ = "exposure"
    __table_args__ = (
        ForeignKeyConstraint(
            ["trial_id", "simulated"], ["trial.id", "trial.simulated"], ondelete="CASCADE"
        ),
    )

    trial_id: Mapped[int] = mapped_column(primary_key=True)
    look: Mapped[str] = mapped_column(String(64))
    began_at: Mapped[datetime]
    simulated: Mapped[bool]


class Slot(Base):
    """Which method's picture stands in which slot of a trial."""

    __tablename__ = "slot"
    __table_args__ = (
        UniqueConstraint("trial_id", "method"),
        UniqueConstraint("trial_id", "slot", "simulated"),
        ForeignKeyConstraint(
            ["trial_id", "simulated"], ["trial.id", "trial.simulated"], ondelete="CASCADE"
        ),
        CheckConstraint("slot >= 1", name="slot"),
    )

    trial_id: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(String(100))
    simulated: Mapped[bool]


_OF_ITS_TRIAL = ["trial_id", "slot", "simulated"], ["slot.trial_id", "slot.slot", "slot.simulated"]


class Pick(Base):
    """The answer to "which is real": one a trial."""

    __tablename__ = "pick"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_ITS_TRIAL, ondelete="CASCADE"),
        CheckConstraint(f"response_ms BETWEEN 0 AND {LONGEST_RESPONSE_MS}", name="response_ms"),
        CheckConstraint(f"exposure_ms BETWEEN 0 AND {LONGEST_RESPONSE_MS}", name="exposure_ms"),
    )

    trial_id: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int]
    response_ms: Mapped[int | None]
    answered_at: Mapped[datetime]
    simulated: Mapped[bool]
    exposure_ms: Mapped[int | None]
    called_real: Mapped[bool | None]


class Trace(Base):
    """How a pick was made, where the study keeps that: one a trial (`study.protocol.traces`)."""

    __tablename__ = "trace"
    __table_args__ = (
        ForeignKeyConstraint(
            ["trial_id", "simulated"], ["trial.id", "trial.simulated"], ondelete="CASCADE"
        ),
        CheckConstraint("by IN ('mouse', 'pen', 'touch', 'keys')", name="by"),
    )

    trial_id: Mapped[int] = mapped_column(primary_key=True)
    by: Mapped[str] = mapped_column(String(16))
    trusted: Mapped[bool]
    webdriver: Mapped[bool]
    moves: Mapped[int]
    path_px: Mapped[int]
    direct_px: Mapped[int]
    jump_px: Mapped[int]
    press_ms: Mapped[int | None]
    early: Mapped[int]
    trap: Mapped[int]
    simulated: Mapped[bool]


class Rating(Base):
    """One rating of one picture on one scale: one a trial, slot and scale."""

    __tablename__ = "rating"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_ITS_TRIAL, ondelete="CASCADE"),
        CheckConstraint(f"value BETWEEN {LOWEST} AND {HIGHEST}", name="value"),
        CheckConstraint("scale IN ('realism', 'quality')", name="scale"),
    )

    trial_id: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    scale: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[int]
    answered_at: Mapped[datetime]
    simulated: Mapped[bool]
