"""Chance that anybody can repeat, and balance: shuffles, lists of pictures, orders of slots.

How chance is drawn
-------------------
Shuffling is sorting by SHA-256: item ``x`` gets the key ``sha256("seed/purpose/x")`` and the
items are put in the order of their keys. No generator of any library is involved, so the plans
do not depend on the version of Python or numpy and can be rebuilt in any language.

What is balanced
----------------
* **Slots.** With m methods there are m! orders of the slots. As many whole sets of m! orders as
  fit into the trials are used, then whole Latin squares (each method once in each slot), then
  single rows of one more square. The default study has 30 trials = 5 sets of the 6 orders.
* **Pictures.** All pictures are shuffled, again and again, into one endless row; list k is the
  k-th stretch of that row. After any number of lists no picture was used more than once more
  often than another, and no list holds a picture twice.

References
----------
Durstenfeld, R. (1964). Algorithm 235: random permutation. (What sorting by keys replaces.)
Bradley, J. V. (1958). Complete counterbalancing of immediate sequential effects in a Latin
square design. JASA 53, 525-528.
"""

import hashlib
import itertools
import math
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def shuffled(items: Sequence[T], seed: int, purpose: str) -> list[T]:
    """Return the items in an order that depends only on `seed` and `purpose`.

    Parameters
    ----------
    items
        Distinct items; each is named by ``str(item)``.
    seed
        Any integer.
    purpose
        A word that separates this shuffle from the others of the same seed.

    Examples
    --------
    >>> shuffled("abcdef", 7, "example")
    ['d', 'e', 'b', 'f', 'c', 'a']
    """

    def key(item: T) -> bytes:
        return hashlib.sha256(f"{seed}/{purpose}/{item}".encode()).digest()

    return sorted(items, key=key)


def picture_list(pictures: Sequence[str], size: int, seed: int, number: int) -> tuple[str, ...]:
    """Return list `number` (0, 1, 2, ...) of `size` pictures of the endless shuffled row.

    Raises
    ------
    ValueError
        When there are fewer pictures than a list needs.

    Examples
    --------
    >>> [picture_list(["a", "b", "c", "d"], 2, 1, number) for number in range(2)]
    [('d', 'a'), ('b', 'c')]
    """
    if size > len(pictures):
        raise ValueError(
            f"a participant sees {size} pictures, but the stimulus set has only {len(pictures)}: "
            "ask for fewer trials or build a larger set"
        )
    pool = sorted(pictures)
    chosen: list[str] = []
    start = number * size
    first_round = start // len(pool)
    # Rounds are drawn one after the other because a list that straddles two rounds decides which
    # pictures the second of them must not begin with. Where to begin drawing: at the last round
    # before with which a list begins, too, or, in a large pool, one round before. There the
    # pictures that were moved to the front of a round came from its first `size` places, so its
    # end is what it would be without the rounds before it.
    period = size // math.gcd(size, len(pool))
    round_number = first_round - first_round % period
    if len(pool) >= 2 * size:
        round_number = max(round_number, first_round - 1)
    carried: list[str] = []  # what the last round left over for the list that is being filled
    while round_number * len(pool) < start + size:
        order = shuffled(pool, seed, f"pictures/{round_number}")
        held = set(carried)
        fresh = [picture for picture in order if picture not in held]
        needed = size - len(carried) if carried else 0
        head = fresh[:needed]
        used = set(head)
        order = head + [picture for picture in order if picture not in used]
        first = round_number * len(pool)
        chosen += order[max(start - first, 0) : max(start + size - first, 0)]
        left_over = (first + len(pool)) % size
        carried = order[len(order) - left_over :] if left_over else []
        round_number += 1
    return tuple(chosen)


def slot_orders(
    methods: Sequence[str], trials: int, seed: int, purpose: str
) -> list[tuple[str, ...]]:
    """Return one order of the methods for each trial, balanced as the module says.

    Examples
    --------
    >>> from collections import Counter
    >>> orders = slot_orders(["truth", "a", "b"], 30, seed=1, purpose="example")
    >>> sorted(Counter(orders).values())
    [5, 5, 5, 5, 5, 5]
    """
    names = sorted(methods)
    m = len(names)
    orders: list[tuple[str, ...]] = []
    if math.factorial(m) <= trials:
        every = list(itertools.permutations(names))
        orders = every * (trials // len(every))
    square_number = 0
    while len(orders) < trials:
        row = shuffled(names, seed, f"{purpose}/square/{square_number}")
        square = [tuple(row[shift:] + row[:shift]) for shift in range(m)]
        orders += shuffled(square, seed, f"{purpose}/rows/{square_number}")[: trials - len(orders)]
        square_number += 1
    # The trials are numbered before shuffling, because equal orders would share a key.
    places = shuffled(range(trials), seed, f"{purpose}/order")
    return [orders[place] for place in places]
