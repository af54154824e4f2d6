"""The plan of one participant: which pictures, in which order, in which slots.

Fed by the settings of a study (`Design`), the picture ids of its stimulus set and two numbers
that the database keeps for each participant: the number of the picture list and a seed. The same
four things always give the same plan, so a plan can be rebuilt and checked years later.

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
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

T = TypeVar("T")

TRUTH = "truth"
PRACTICE = "practice"
SCORED = "scored"


@dataclass(frozen=True)
class Design:
    """Settings of a study that decide its plans.

    Attributes
    ----------
    methods
        Names of the pictures of one trial; `TRUTH` is one of them.
    scored
        Trials that count. 30 is the default study: five times the six orders of three slots.
    practice
        Trials before them, with feedback, on pictures that are not in the study.
    seed
        Draws the picture lists. The participants' own seeds are drawn when they start.
    """

    methods: tuple[str, ...] = (TRUTH, "classification", "gan")
    scored: int = 30
    practice: int = 3
    seed: int = 1

    def __post_init__(self) -> None:
        if TRUTH not in self.methods or len(self.methods) < 2:
            raise ValueError(
                f"methods are {list(self.methods)}, but a trial needs {TRUTH!r} and at least "
                "one colorization beside it"
            )
        if len(set(self.methods)) != len(self.methods):
            raise ValueError(f"methods are {list(self.methods)}, but each may appear only once")
        if self.scored < 1 or self.practice < 0:
            raise ValueError(
                f"{self.scored} scored and {self.practice} practice trials were asked for, "
                "but a study needs at least 1 and 0"
            )


@dataclass(frozen=True)
class StudySpec:
    """One version of one study: what the database must know to keep versions apart.

    Attributes
    ----------
    name
        For people; not part of what decides.
    design
        Settings that decide the plans.
    pictures, practice
        Ids of the pictures of the stimulus set, each with its class label or None.
    stimuli_sha256
        SHA-256 of the manifest of the stimulus set.
    consent_version
        Version of the text that the participants agreed to.
    """

    name: str
    design: Design
    pictures: Mapping[str, str | None]
    practice: Mapping[str, str | None]
    stimuli_sha256: str
    consent_version: str

    def settings(self) -> dict[str, Any]:
        """Return what is stored with the study, ready for JSON."""
        return {
            "design": {**asdict(self.design), "methods": list(self.design.methods)},
            "pictures": sorted(self.pictures),
            "practice": sorted(self.practice),
            "stimuli_sha256": self.stimuli_sha256,
            "consent_version": self.consent_version,
        }

    def digest(self) -> str:
        """Return the SHA-256 of the settings: another digest is another version."""
        text = json.dumps(self.settings(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def plan(self, *, number: int, seed: int) -> "tuple[PlannedTrial, ...]":
        """Return the plan of one participant; see `plan`."""
        return plan(
            self.design, tuple(self.pictures), tuple(self.practice), number=number, seed=seed
        )

    def label(self, picture: str) -> str | None:
        """Return the class label of a picture of either pool."""
        return self.pictures[picture] if picture in self.pictures else self.practice[picture]


@dataclass(frozen=True)
class PlannedTrial:
    """One trial of a plan: `methods[i]` is the method that is shown in slot i + 1."""

    position: int
    kind: str
    picture: str
    methods: tuple[str, ...]


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
    carried: list[str] = []  # what the last round left over for the list that is being filled
    start = number * size
    # Rounds are drawn one after the other because a list that straddles two rounds decides
    # which pictures the second of them must not begin with.
    for round_number in range((start + size - 1) // len(pool) + 1):
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


def plan(
    design: Design,
    pictures: Sequence[str],
    practice_pictures: Sequence[str],
    *,
    number: int,
    seed: int,
) -> tuple[PlannedTrial, ...]:
    """Return the whole plan of one participant.

    Parameters
    ----------
    design
        Settings of the study.
    pictures, practice_pictures
        Ids of the pictures of the stimulus set; the order in which they are given is ignored.
    number
        Number of the picture list, 0, 1, 2, ...: decides which pictures.
    seed
        The participant's own seed: decides the order of the trials and of the slots.

    Returns
    -------
    tuple of PlannedTrial
        Practice trials first; positions count from 1.

    Raises
    ------
    ValueError
        When a picture is in both pools, or when a pool is too small.

    Examples
    --------
    >>> trials = plan(Design(scored=6, practice=1), list("abcdefgh"), ["z"], number=0, seed=5)
    >>> [trial.kind for trial in trials].count("scored"), trials[0].picture
    (6, 'z')
    """
    shared = set(pictures) & set(practice_pictures)
    if shared:
        raise ValueError(f"picture {min(shared)!r} is used both for practice and in the study")
    if design.practice > len(practice_pictures):
        raise ValueError(
            f"{design.practice} practice trials were asked for, but the stimulus set has only "
            f"{len(practice_pictures)} practice pictures"
        )
    trials: list[PlannedTrial] = []
    practice = shuffled(sorted(practice_pictures), seed, PRACTICE)[: design.practice]
    scored = shuffled(picture_list(pictures, design.scored, design.seed, number), seed, "trials")
    for kind, ids in ((PRACTICE, practice), (SCORED, scored)):
        orders = slot_orders(design.methods, len(ids), seed, f"slots/{kind}")
        for picture, order in zip(ids, orders, strict=True):
            trials.append(PlannedTrial(len(trials) + 1, kind, picture, order))
    return tuple(trials)
