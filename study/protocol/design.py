"""The plan of one participant: which pictures, in which order, in which slots.

Fed by the settings of a study (`Design`), the picture ids of its stimulus set and two numbers
that the database keeps for each participant: the number of the picture list and a seed. The same
four things always give the same plan, so a plan can be rebuilt and checked years later.

Shuffles, lists and orders are drawn by ``balance``, slots and pictures are as balanced as it says,
and no library's version changes a plan.

* **Catch trials.** The truth beside obvious fakes (`CATCH_METHODS`), on pictures of the practice
  pool, one in each of as many equal stretches of the scored trials.
* **Repeated trials.** Pictures of the first half once more, one in each of as many equal stretches
  of the second half, at least one other trial later, with the truth in another slot than before.
* **One picture a trial** (`UNPAIRED`). All pictures are parted into as many groups as there are
  versions, and a list has equally many of each group. A picture's version moves on by one each
  time its group was used up, so a list has every version equally often, a participant sees no
  picture twice, and after as many rounds as there are versions each picture was shown in all
  (nearly so, where the pictures do not part into equal groups).

Catch and repeated trials have balanced slot orders of their own and come beside the scored
trials: a study with them has the scored trials that it would have without.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from study.protocol.balance import picture_list, shuffled, slot_orders

__all__ = [
    "CATCH",
    "CATCH_METHODS",
    "KINDS",
    "MOST_METHODS",
    "PICK",
    "PRACTICE",
    "PREFERENCE",
    "REPEAT",
    "SCORED",
    "TRUTH",
    "UNPAIRED",
    "Design",
    "PlannedTrial",
    "StudySpec",
    "digest_of",
    "kind_of",
    "picture_list",
    "plan",
    "shuffled",
    "slot_orders",
    "version_list",
]

TRUTH = "truth"
PRACTICE = "practice"
SCORED = "scored"
CATCH = "catch"
REPEAT = "repeat"
PICK, UNPAIRED, PREFERENCE = "pick", "unpaired", "preference"
KINDS = {
    PICK: "all versions of a picture beside each other: which one is real?",
    UNPAIRED: "one version of a picture: real or fake?",
    PREFERENCE: "versions of a picture without the truth: which one do you prefer?",
}
MOST_METHODS = 9  # the page's keys are 1 to 9
CATCH_METHODS = tuple(f"catch-{number}" for number in range(1, MOST_METHODS))


@dataclass(frozen=True)
class Design:
    """Settings of a study that decide its plans.

    Attributes
    ----------
    methods
        Names of the pictures of one trial; `TRUTH` is one of them, but where trials ask for a
        preference.
    scored
        Trials that count. 30 is the default study: five times the six orders of three slots.
    practice
        Trials before them, with feedback, on pictures that are not in the study.
    seed
        Draws the picture lists. The participants' own seeds are drawn when they start.
    catch
        Trials among the scored ones in which every picture but the truth is an obvious fake.
    repeats
        Scored trials that come a second time; at most half of them.
    kind
        What a trial shows and asks: a key of `KINDS`.
    """

    methods: tuple[str, ...] = (TRUTH, "classification", "gan")
    scored: int = 30
    practice: int = 3
    seed: int = 1
    catch: int = 0
    repeats: int = 0
    kind: str = PICK

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}, but must be one of {', '.join(KINDS)}")
        if self.kind == PREFERENCE and (TRUTH in self.methods or len(self.methods) < 2):
            raise ValueError(
                f"methods are {list(self.methods)}, but a trial of kind {PREFERENCE!r} needs at "
                f"least two methods, and {TRUTH!r} is none of them"
            )
        if self.kind != PREFERENCE and (TRUTH not in self.methods or len(self.methods) < 2):
            raise ValueError(
                f"methods are {list(self.methods)}, but a trial needs {TRUTH!r} and at least "
                "one colorization beside it"
            )
        if len(set(self.methods)) != len(self.methods):
            raise ValueError(f"methods are {list(self.methods)}, but each may appear only once")
        if len(self.methods) > MOST_METHODS or set(self.methods) & set(CATCH_METHODS):
            raise ValueError(
                f"methods are {list(self.methods)}, but there may be at most {MOST_METHODS}, and "
                f"the names {CATCH_METHODS[0]} to {CATCH_METHODS[-1]} are those of catch trials"
            )
        if self.scored < 1 or self.practice < 0:
            raise ValueError(
                f"{self.scored} scored and {self.practice} practice trials were asked for, "
                "but a study needs at least 1 and 0"
            )
        if not 0 <= self.catch <= self.scored:
            raise ValueError(
                f"{self.catch} catch trials were asked for, but there may be 0 to {self.scored}, "
                "as many as scored trials"
            )
        if not 0 <= self.repeats <= self.scored // 2:
            raise ValueError(
                f"{self.repeats} repeated trials were asked for, but there may be 0 to "
                f"{self.scored // 2}, half as many as scored trials"
            )

        if self.kind != PICK and (self.catch or self.repeats):
            raise ValueError(
                f"{self.catch} catch and {self.repeats} repeated trials were asked for, but trials "
                f"of kind {self.kind!r} have neither; set both to 0"
            )
        if self.kind == UNPAIRED and self.scored % len(self.methods):
            raise ValueError(
                f"{self.scored} scored trials were asked for, but {len(self.methods)} versions "
                f"equally often take a multiple of {len(self.methods)}"
            )

    @property
    def shown(self) -> int:
        """Trials after practice, as the participant counts them."""
        return self.scored + self.catch + self.repeats


def digest_of(settings: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what is stored with a study, whatever the order of its keys."""
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def kind_of(settings: Mapping[str, Any]) -> str:
    """Return the kind of the trials from what is stored with a study, a key of `KINDS`."""
    return str((settings.get("design") or {}).get("kind", PICK))


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
    conduct
        Everything else that a study file settles (texts, scales, rules, links), ready for JSON;
        `study.protocol.config` makes it.
    file
        Text of the study file; not part of what decides, so comments may change.
    registration
        What was registered (`study.protocol.registration`), stored with the first participant; not
        part of what decides.
    """

    name: str
    design: Design
    pictures: Mapping[str, str | None]
    practice: Mapping[str, str | None]
    stimuli_sha256: str
    consent_version: str
    conduct: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    registration: Mapping[str, Any] | None = None

    def settings(self) -> dict[str, Any]:
        """Return what is stored with the study, ready for JSON."""
        return {
            **self.conduct,
            "design": self._design(),
            "pictures": sorted(self.pictures),
            "practice": sorted(self.practice),
            "stimuli_sha256": self.stimuli_sha256,
            "consent_version": self.consent_version,
        }

    def _design(self) -> dict[str, Any]:
        design = {**asdict(self.design), "methods": list(self.design.methods)}
        if self.design.kind == PICK:
            del design["kind"]  # so that studies of before stay what they were
        return design

    def digest(self) -> str:
        """Return the SHA-256 of the settings: another digest is another version."""
        return digest_of(self.settings())

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


def version_list(
    pictures: Sequence[str], design: Design, number: int
) -> tuple[tuple[str, str], ...]:
    """Return list `number` of pictures, each with the method that made its version.

    Raises
    ------
    ValueError
        When there are fewer pictures than a list needs.

    Examples
    --------
    >>> design = Design(("truth", "gan"), scored=2, kind=UNPAIRED)
    >>> [version_list(list("abcd"), design, number) for number in range(2)]
    [(('b', 'truth'), ('d', 'gan')), (('c', 'truth'), ('a', 'gan'))]
    """
    m = len(design.methods)
    each = design.scored // m
    if each > len(pictures) // m:
        raise ValueError(
            f"a participant sees {design.scored} pictures, {each} in each of {m} versions, but the "
            f"stimulus set has only {len(pictures)}: ask for fewer trials or build a larger set"
        )
    order = shuffled(sorted(pictures), design.seed, "versions")
    smallest = len(order) // m  # group; all groups turn together, or a list would lose its balance
    chosen: list[tuple[str, str]] = []
    for group in range(m):
        pool = order[group::m]
        for at, picture in enumerate(picture_list(pool, each, design.seed, number)):
            rounds = (number * each + at) // smallest
            chosen.append((picture, design.methods[(group + rounds) % m]))
    return tuple(chosen)


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
    beside = f"{design.practice} practice trials"
    if design.catch:
        beside += f" and {design.catch} catch trials"
    if design.practice + design.catch > len(practice_pictures):
        raise ValueError(
            f"{beside} were asked for, but the stimulus set has only "
            f"{len(practice_pictures)} practice pictures"
        )
    pool = shuffled(sorted(practice_pictures), seed, PRACTICE)
    if design.kind == UNPAIRED:
        orders = slot_orders(design.methods, design.practice, seed, f"slots/{PRACTICE}")
        warm_up = [(picture, order[0]) for picture, order in zip(pool, orders, strict=False)]
        versions = dict(version_list(pictures, design, number))
        shown = [
            (picture, versions[picture]) for picture in shuffled(list(versions), seed, "trials")
        ]
        kinds = [PRACTICE] * len(warm_up) + [SCORED] * len(shown)
        return tuple(
            PlannedTrial(at, kind, picture, (method,))
            for at, (kind, (picture, method)) in enumerate(
                zip(kinds, warm_up + shown, strict=True), start=1
            )
        )
    practice, catch = pool[: design.practice], pool[design.practice :][: design.catch]
    scored = shuffled(picture_list(pictures, design.scored, design.seed, number), seed, "trials")
    fakes = (TRUTH, *CATCH_METHODS[: len(design.methods) - 1])
    first = _trials(SCORED, scored, design.methods, seed)
    later = _spread(_trials(CATCH, catch, fakes, seed), 0, len(first), seed)
    again = _repeats(first, design, seed)
    for place, more in _spread(again, len(first) // 2, len(first), seed).items():
        later.setdefault(place, []).extend(more)
    whole = _trials(PRACTICE, practice, design.methods, seed)
    for place, trial in enumerate(first):
        whole += [trial, *later.get(place, [])]
    return tuple(replace(trial, position=at) for at, trial in enumerate(whole, start=1))


def _trials(
    kind: str, pictures: Sequence[str], methods: Sequence[str], seed: int
) -> list[PlannedTrial]:
    """Return trials of one kind with balanced slot orders; their positions are given later."""
    orders = slot_orders(methods, len(pictures), seed, f"slots/{kind}")
    return [PlannedTrial(0, kind, *pair) for pair in zip(pictures, orders, strict=True)]


def _repeats(first: Sequence[PlannedTrial], design: Design, seed: int) -> list[PlannedTrial]:
    """Return trials of the first half again, in their order, the truth in another slot."""
    half = list(first[: len(first) // 2])
    chosen = set(shuffled([trial.picture for trial in half], seed, REPEAT)[: design.repeats])
    originals = [trial for trial in half if trial.picture in chosen]
    orders = slot_orders(design.methods, len(originals), seed, f"slots/{REPEAT}")
    again = []
    for trial in originals:
        # Whoever remembers the slot and not the picture must not look consistent.
        moved = [o for o in orders if o.index(TRUTH) != trial.methods.index(TRUTH)]
        order = moved[0] if moved else _turned(orders[0])
        orders.remove(order if moved else orders[0])
        again.append(PlannedTrial(0, REPEAT, trial.picture, order))
    return again


def _turned(order: tuple[str, ...]) -> tuple[str, ...]:
    """Return the order with every method one slot further: none stands where it stood."""
    return order[-1:] + order[:-1]


def _spread(
    trials: Sequence[PlannedTrial], start: int, stop: int, seed: int
) -> dict[int, list[PlannedTrial]]:
    """Put each trial behind one of the scored trials `start` to `stop` - 1, evenly.

    The places are cut into as many stretches as there are trials; in each of them one is drawn.
    """
    places: dict[int, list[PlannedTrial]] = {}
    for number, trial in enumerate(trials):
        low = start + number * (stop - start) // len(trials)
        high = start + (number + 1) * (stop - start) // len(trials)
        (place, *_) = shuffled(range(low, high), seed, f"place/{trial.kind}/{number}")
        places.setdefault(place, []).append(trial)
    return places
