"""Attempts to log in: which are answered, in which order, how fast.

Guessing has to be slow, and nobody may lock the administrator out by guessing. One limit for all
together would do the first and not the second: thirty wrong passwords a minute, from anywhere, and
the right one is refused with them. So there is no such limit. Attempts are kept apart instead:

* A network (an IPv4 address, 48 bits of IPv6) has five attempts a minute; more are refused.
* A browser in which somebody has logged in keeps a badge, a signed cookie. It is counted by
  itself, and its attempts have a lane of their own: whatever strangers do neither refuses them nor
  makes them wait. The badge stands in for no password: whoever steals it may guess five times a
  minute. Another password makes all badges worthless.
* The first three attempts of a network in an hour have a second lane, where one at a time is
  answered, first come, first served. Each costs the server a part of a second of scrypt, so that
  the few who may wait there get their answer in seconds, the right password among them.
* Further attempts share the third lane, which slows down for all in it: each wrong one of the last
  ten minutes adds to the pause before the next, up to two seconds.

So a guesser with N networks gets 3 N guesses an hour by the second lane, and with any number of
them one in two seconds by the third. What remains: somebody who brings thousands of networks can
fill the second lane as fast as it empties, and a browser without a badge may be told to try again.
The administrator's own browser is not.

Attempts are counted, and the third lane is paced, in the database (``database.logins``), for all
processes of a server together; in the lanes of each process one at a time is looked at.

References
----------
OWASP, Slow Down Online Guessing Attacks with Device Cookies.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable

from study.database.logins import Logins
from study.page.proxies import neighbourhood

PER_MINUTE, FRESH = 5, 3
MOST_WAITING = 32  # attempts in the lanes of strangers; each waits some tenths of a second
FREE, LONGEST_PAUSE = 10, 2.0  # wrong attempts before the third lane slows down; seconds


class TooManyError(Exception):
    """An attempt was refused before anybody looked at its password."""


class _Lane:
    """One attempt at a time, in the order of arrival."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.waiting = 0


class Attempts:
    """Counts attempts, and lets them through one after the other.

    Parameters
    ----------
    secret
        What signs badges, and keys what is stored of addresses: the hash of the password.
    logins
        Returns the database; asked in threads.
    sleep
        How to let seconds pass; tests replace it.
    """

    def __init__(
        self,
        secret: str,
        logins: Callable[[], Logins],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._secret = secret
        self._logins, self._sleep = logins, sleep
        self._badged, self._fresh, self._slow = _Lane(), _Lane(), _Lane()

    def new_badge(self) -> str:
        """Return what a browser keeps in which somebody has logged in."""
        name = secrets.token_urlsafe(12)
        return f"{name}.{keyed(self._secret, 'badge', name)}"

    async def answered(
        self, address: str, badge: str | None, check: Callable[[], Awaitable[bool]]
    ) -> bool:
        """Return what `check` says when it is this attempt's turn.

        Parameters
        ----------
        address
            Where the attempt comes from.
        badge
            What the browser sent as one.
        check
            Whether the password is right.

        Raises
        ------
        TooManyError
            When the attempt is refused.
        UnavailableError
            When the database cannot be used just now.
        """
        name = self._name_in(badge)
        who = f"badge {name}" if name else neighbourhood(address, 48)
        who = keyed(self._secret, "tries", who)
        lately, tries = await asyncio.to_thread(lambda: self._logins().tries(who))
        lane = self._badged if name else self._fresh if tries < FRESH else self._slow
        if lately >= PER_MINUTE or (lane is not self._badged and lane.waiting >= MOST_WAITING):
            raise TooManyError
        lane.waiting += 1
        try:
            attempt = await asyncio.to_thread(lambda: self._logins().take(who, PER_MINUTE))
            if attempt is None:  # others came in the meantime
                raise TooManyError
            async with lane.turn:
                if lane is self._slow:
                    turn = self._logins().turn
                    await self._sleep(await asyncio.to_thread(turn, attempt, pause))
                right = await check()
        finally:
            lane.waiting -= 1
        await asyncio.to_thread(lambda: self._logins().settle(who, attempt, right=right))
        return right

    def _name_in(self, badge: str | None) -> str | None:
        name, _, signature = (badge or "").partition(".")
        right = keyed(self._secret, "badge", name)
        return name if name and hmac.compare_digest(signature.encode(), right.encode()) else None


def keyed(secret: str, purpose: str, text: str) -> str:
    """Return a digest that only who has the secret can make, and that serves one purpose."""
    return hmac.new(f"{purpose} {secret}".encode(), text.encode(), hashlib.sha256).hexdigest()


def pause(wrong: int) -> float:
    """Return the seconds before an attempt in the third lane is looked at.

    Parameters
    ----------
    wrong
        How many there were wrong in the last ten minutes.
    """
    return min(max(wrong - FREE, 0) / 50, LONGEST_PAUSE)
