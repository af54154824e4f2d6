"""Guessing is slow, and it locks nobody out."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from event_loop import run
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from study.database.logins import Logins
from study.database.tables import LoginAttempt
from study.page.attempts import (
    FREE,
    FRESH,
    LONGEST_PAUSE,
    MOST_WAITING,
    PER_MINUTE,
    Attempts,
    TooManyError,
    pause,
)


class Time:
    """A clock that passes only while somebody sleeps."""

    now = 1000.0

    def __call__(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def logins(time, tmp_path, tables):
    (file := tmp_path / "results.db").write_bytes(tables)
    made = Logins(f"sqlite:///{file}", clock=time)
    yield made
    made.close()


@pytest.fixture
def attempts(time, logins):
    return Attempts("scrypt:2:8:1:x:y", lambda: logins, time.sleep)


async def wrong() -> bool:
    return False


async def right() -> bool:
    return True


def ask(attempts, address, check=wrong, badge=None):
    try:
        return run(attempts.answered(address, badge, check))
    except TooManyError:
        return "refused"


def test_an_address_has_five_attempts_a_minute(attempts, time):
    assert [ask(attempts, "192.0.2.1") for _ in range(7)] == [False] * PER_MINUTE + ["refused"] * 2
    assert ask(attempts, "192.0.2.1", right) == "refused"
    assert ask(attempts, "192.0.2.2", right) is True
    time.now += 61
    assert ask(attempts, "192.0.2.1", right) is True


def test_a_household_of_ipv6_is_one_address(attempts):
    tries = [ask(attempts, f"2001:db8:1:{n}::{n}") for n in range(PER_MINUTE + 1)]
    assert tries[-1] == "refused"
    assert ask(attempts, "2001:db8:2::1", right) is True


@pytest.mark.slow
def test_a_hundred_strangers_lock_nobody_out(attempts, time):
    """Neither the browser that has logged in, nor somebody from an address that is new."""
    badge = attempts.new_badge()
    for n in range(100):
        for _ in range(PER_MINUTE):
            ask(attempts, f"10.0.0.{n}")
    assert ask(attempts, "10.0.0.1", right, badge) is True  # from an address of theirs, too
    assert ask(attempts, "192.0.2.1", right) is True


def test_who_has_the_badge_does_not_wait_for_strangers(attempts):
    """Strangers fill both of their lanes; the badge has its own."""

    async def flood() -> bool:
        hanging = asyncio.Event()

        async def never() -> bool:
            await hanging.wait()
            return False

        crowd = []
        for n in range(MOST_WAITING + 1):
            crowd += [
                asyncio.ensure_future(attempts.answered(f"10.{n}.0.1", None, never))
                for _ in range(PER_MINUTE)
            ]
        await asyncio.sleep(0.5)  # until all wait
        with pytest.raises(TooManyError):
            await attempts.answered("192.0.2.1", None, right)
        entered = await attempts.answered("192.0.2.1", attempts.new_badge(), right)
        hanging.set()
        await asyncio.gather(*crowd, return_exceptions=True)
        return entered

    assert run(flood())


def test_a_new_address_does_not_wait_for_those_that_failed_before(attempts):
    async def flood() -> bool:
        hanging = asyncio.Event()

        async def never() -> bool:
            await hanging.wait()
            return False

        for n in range(5):
            for _ in range(FRESH):
                await attempts.answered(f"10.0.0.{n}", None, wrong)
        slow = [
            asyncio.ensure_future(attempts.answered(f"10.0.0.{n}", None, never)) for n in range(5)
        ]
        await asyncio.sleep(0.5)  # until all wait
        entered = await attempts.answered("192.0.2.1", None, right)
        hanging.set()
        await asyncio.gather(*slow)
        return entered

    assert run(flood())


def test_guessing_on_gets_slower_up_to_a_limit_and_recovers(attempts, time, logins):
    pauses = []
    for n in range(60):
        for _ in range(PER_MINUTE):
            began = time.now
            ask(attempts, f"10.0.0.{n}")
        pauses.append(time.now - began)  # of the last one, which was in the third lane
    assert pauses[FREE // (PER_MINUTE - FRESH) - 1] == 0
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE)
    time.now += 601
    assert pause(logins.slow_and_wrong()) == 0


def test_the_third_lane_has_one_pace_in_all_processes(attempts, time, logins):
    """What two processes look at comes one after the other, and not side by side."""
    for n in range(20):
        for _ in range(PER_MINUTE):
            ask(attempts, f"10.0.0.{n}")
    wait = pause(logins.slow_and_wrong())
    assert wait > 0
    turns = [logins.turn(logins.take(f"somebody {n}", PER_MINUTE), pause) for n in range(3)]
    assert turns == pytest.approx([wait, 2 * wait, 3 * wait])


def test_the_right_password_makes_an_address_new_again(attempts, time):
    for _ in range(20):
        assert ask(attempts, "192.0.2.1", right) is True
    assert ask(attempts, "192.0.2.1") is False


@pytest.mark.parametrize("change", [lambda b: b + "0", lambda b: "x" + b, lambda b: b[:-1]])
def test_a_forged_badge_is_none(attempts, logins, change):
    for _ in range(PER_MINUTE):
        ask(attempts, "192.0.2.1")
    badge = attempts.new_badge()
    assert ask(attempts, "192.0.2.1", right, change(badge)) == "refused"
    assert ask(attempts, "192.0.2.1", right, Attempts("another", logins).new_badge()) == "refused"
    assert ask(attempts, "192.0.2.1", right, badge) is True
    assert [ask(attempts, "9.9.9.9", wrong, badge) for _ in range(PER_MINUTE + 1)][-1] == "refused"


def test_what_is_stored_of_an_attempt_is_no_badge(attempts, logins):
    """Neither of an address nor of a badge: each digest serves one purpose."""
    ask(attempts, "192.0.2.1")
    ask(attempts, "192.0.2.1", badge=attempts.new_badge())
    with Session(logins.engine) as session:
        stored = session.scalars(select(LoginAttempt.who)).all()
    assert len(set(stored)) == 2
    for name in ("192.0.2.1", "from 192.0.2.1", "tries 192.0.2.1"):
        assert not [who for who in stored if attempts._name_in(f"{name}.{who}")]


def test_what_is_over_is_forgotten(attempts, time, logins):
    for n in range(100):
        ask(attempts, f"10.0.{n}.{n}")
        time.now += 60
    with Session(logins.engine) as session:
        assert session.scalar(select(func.count()).select_from(LoginAttempt)) <= 61
