"""Balance and reproducibility of the plans, for any numbers of methods, trials and pictures."""

import math
import time
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.protocol.design import (
    CATCH,
    CATCH_METHODS,
    PRACTICE,
    REPEAT,
    SCORED,
    TRUTH,
    Design,
    StudySpec,
    picture_list,
    plan,
    shuffled,
    slot_orders,
)

PICTURES = [f"{number:04d}" for number in range(240)]
PRACTICE_PICTURES = [f"p{number}" for number in range(6)]


def default_plan(number: int = 0, seed: int = 7):
    return plan(Design(), PICTURES, PRACTICE_PICTURES, number=number, seed=seed)


def test_default_study_has_each_slot_order_five_times():
    scored = [trial for trial in default_plan() if trial.kind == SCORED]
    assert len(scored) == 30
    assert sorted(Counter(trial.methods for trial in scored).values()) == [5] * 6
    assert len({trial.picture for trial in scored}) == 30


def test_practice_comes_first_on_pictures_of_its_own():
    trials = default_plan()
    assert [trial.kind for trial in trials] == [PRACTICE] * 3 + [SCORED] * 30
    assert [trial.position for trial in trials] == list(range(1, 34))
    assert {trial.picture for trial in trials[:3]} <= set(PRACTICE_PICTURES)


def test_a_plan_is_rebuilt_from_its_numbers_whatever_the_order_of_the_pictures():
    again = plan(Design(), PICTURES[::-1], PRACTICE_PICTURES[::-1], number=3, seed=9)
    assert again == default_plan(number=3, seed=9)
    assert again != default_plan(number=3, seed=10)


def test_a_plan_never_changes():
    """Plans of stored seeds must be rebuilt by every later version: this one is written down."""
    trials = plan(Design(scored=3, practice=1, seed=1), list("abcdef"), ["z"], number=1, seed=42)
    assert [(trial.picture, trial.methods) for trial in trials] == [
        ("z", ("truth", "classification", "gan")),
        ("a", ("truth", "gan", "classification")),
        ("c", ("gan", "classification", "truth")),
        ("b", ("classification", "truth", "gan")),
    ]


def test_participants_do_not_share_an_order():
    orders = {tuple(t.methods for t in default_plan(seed=seed)) for seed in range(50)}
    assert len(orders) == 50


def test_which_slot_holds_the_truth_depends_on_neither_position_nor_picture():
    by_position: dict[int, Counter[int]] = {}
    for seed in range(600):
        for trial in default_plan(seed=seed):
            counter = by_position.setdefault(trial.position, Counter())
            counter[trial.methods.index(TRUTH)] += 1
    for counter in by_position.values():  # 200 expected; 5 standard deviations are 58
        assert all(142 <= counter[slot] <= 258 for slot in range(3))


@settings(max_examples=60, deadline=None)
@given(
    pool=st.integers(1, 40),
    size=st.integers(1, 40),
    lists=st.integers(1, 30),
    seed=st.integers(0, 2**62),
)
def test_pictures_are_balanced_after_any_number_of_lists(pool, size, lists, seed):
    pictures = PICTURES[:pool]
    if size > pool:
        with pytest.raises(ValueError, match=f"only {pool}"):
            picture_list(pictures, size, seed, 0)
        return
    used = Counter(dict.fromkeys(pictures, 0))
    for number in range(lists):
        chosen = picture_list(pictures, size, seed, number)
        assert len(set(chosen)) == len(chosen) == size
        used.update(chosen)
        assert max(used.values()) - min(used.values()) <= 1


def list_from_the_first_round_on(pictures, size, seed, number):
    """The definition without its shortcut: every round is drawn after the one before."""
    pool, start = sorted(pictures), number * size
    row: list[str] = []
    while len(row) < start + size:
        order = shuffled(pool, seed, f"pictures/{len(row) // len(pool)}")
        begun = row[len(row) - len(row) % size :] if len(row) % size else []
        head = [x for x in order if x not in begun][: size - len(begun)] if begun else []
        row += head + [x for x in order if x not in head]
    return tuple(row[start : start + size])


@settings(max_examples=100, deadline=None)
@given(pool=st.integers(1, 30), size=st.integers(1, 30), number=st.integers(0, 60))
def test_a_late_list_is_what_it_would_be_when_every_round_is_drawn(pool, size, number):
    if size <= pool:
        pictures = PICTURES[:pool]
        expected = list_from_the_first_round_on(pictures, size, 5, number)
        assert picture_list(pictures, size, 5, number) == expected


def test_the_list_of_the_hundred_thousandth_participant_takes_no_time():
    started = time.perf_counter()
    for number in range(100_000, 100_020):
        picture_list(PICTURES, 30, 1, number)
    assert time.perf_counter() - started < 1  # 0.01 s where nothing else runs; it was 76 s


@settings(max_examples=60, deadline=None)
@given(m=st.integers(2, 7), trials=st.integers(0, 80), seed=st.integers(0, 2**62))
def test_slot_orders_are_balanced_for_any_number_of_methods(m, trials, seed):
    methods = [TRUTH, *"abcdef"[: m - 1]]
    orders = slot_orders(methods, trials, seed, "test")
    assert len(orders) == trials
    assert all(sorted(order) == sorted(methods) for order in orders)
    for slot in range(m):
        at_slot = Counter(order[slot] for order in orders)
        counts = [at_slot[method] for method in methods]
        assert max(counts) - min(counts) <= 1
    whole = trials // math.factorial(m)
    if whole:
        assert min(Counter(orders).values()) >= whole


@settings(deadline=None)
@given(st.lists(st.text(), unique=True), st.integers(), st.text())
def test_shuffling_keeps_every_item(items, seed, purpose):
    assert sorted(shuffled(items, seed, purpose)) == sorted(items)
    assert shuffled(items[::-1], seed, purpose) == shuffled(items, seed, purpose)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"methods": ("gan", "classification")}, "needs 'truth'"),
        ({"methods": (TRUTH,)}, "at least one colorization"),
        ({"methods": (TRUTH, "gan", "gan")}, "only once"),
        ({"scored": 0}, "at least 1"),
        ({"practice": -1}, "at least 1 and 0"),
        ({"catch": 31}, "31 catch trials .* 0 to 30"),
        ({"repeats": 16}, "16 repeated trials .* 0 to 15"),
        ({"methods": (TRUTH, *"abcdefghi")}, "at most 9"),
        ({"methods": (TRUTH, "catch-1")}, "those of catch trials"),
    ],
)
def test_impossible_designs_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Design(**settings)


def test_a_picture_is_never_both_practice_and_study():
    with pytest.raises(ValueError, match="'0003' is used both"):
        plan(Design(), PICTURES, ["0003", "p1", "p2"], number=0, seed=0)


def test_too_few_practice_pictures_are_named():
    with pytest.raises(ValueError, match="only 2"):
        plan(Design(), PICTURES, ["p1", "p2"], number=0, seed=0)


def test_the_digest_tells_versions_apart_and_ignores_the_name():
    def spec(name="a", seed=1, consent="1"):
        labels = dict.fromkeys(PICTURES), dict.fromkeys(PRACTICE_PICTURES)
        return StudySpec(name, Design(seed=seed), *labels, "f" * 64, consent)

    assert spec().digest() == spec(name="b").digest()
    assert len({spec().digest(), spec(seed=2).digest(), spec(consent="2").digest()}) == 3


@st.composite
def designs(draw):
    m = draw(st.integers(2, 5))
    scored = draw(st.integers(1, 40))
    return Design(
        methods=(TRUTH, *"abcd"[: m - 1]),
        scored=scored,
        practice=draw(st.integers(0, 3)),
        catch=draw(st.integers(0, min(scored, 6))),
        repeats=draw(st.integers(0, scored // 2)),
    )


@settings(max_examples=100, deadline=None)
@given(design=designs(), seed=st.integers(0, 2**62), number=st.integers(0, 50))
def test_catch_and_repeated_trials_come_beside_the_scored_ones(design, seed, number):
    pool = [f"p{i}" for i in range(9)]
    trials = plan(design, PICTURES, pool, number=number, seed=seed)
    assert [trial.position for trial in trials] == list(range(1, len(trials) + 1))
    kinds = Counter(trial.kind for trial in trials)
    wanted = {
        PRACTICE: design.practice,
        SCORED: design.scored,
        CATCH: design.catch,
        REPEAT: design.repeats,
    }
    assert kinds == Counter(wanted)
    assert {trial.kind for trial in trials[: design.practice]} <= {PRACTICE}

    # Without them the participant would have the same scored trials in the same order.
    plain = replace(design, catch=0, repeats=0)
    scored = [(t.picture, t.methods) for t in trials if t.kind == SCORED]
    expected = plan(plain, PICTURES, pool, number=number, seed=seed)
    assert scored == [(t.picture, t.methods) for t in expected if t.kind == SCORED]

    catch = [trial for trial in trials if trial.kind == CATCH]
    assert {t.picture for t in catch} <= set(pool)
    assert not {t.picture for t in catch} & {t.picture for t in trials if t.kind == PRACTICE}
    for trial in catch:
        assert set(trial.methods) == {TRUTH, *CATCH_METHODS[: len(design.methods) - 1]}

    first = {trial.picture: trial for trial in trials if trial.kind == SCORED}
    for trial in trials:
        if trial.kind == REPEAT:
            original = first[trial.picture]
            assert sorted(trial.methods) == sorted(design.methods)
            assert trial.methods.index(TRUTH) != original.methods.index(TRUTH)
            assert trial.position - original.position >= 2


def test_catch_and_repeated_trials_are_spread_evenly():
    design = Design(catch=3, repeats=5)
    for seed in range(40):
        trials = plan(design, PICTURES, PRACTICE_PICTURES, number=0, seed=seed)
        before: Counter[str] = Counter()
        places: dict[str, list[int]] = {CATCH: [], REPEAT: []}
        for trial in trials:
            if trial.kind in places:
                places[trial.kind].append(before[SCORED])
            before[trial.kind] += 1
        assert [(place - 1) // 10 for place in places[CATCH]] == [0, 1, 2]
        assert [(place - 16) // 3 for place in places[REPEAT]] == [0, 1, 2, 3, 4]


def test_the_truth_of_catch_and_repeated_trials_stands_in_every_slot_alike():
    design = Design(catch=3, repeats=3)
    slots: dict[str, Counter[int]] = {CATCH: Counter(), REPEAT: Counter()}
    for seed in range(300):
        for trial in plan(design, PICTURES, PRACTICE_PICTURES, number=seed, seed=seed):
            if trial.kind in slots:
                slots[trial.kind][trial.methods.index(TRUTH)] += 1
    assert set(slots[CATCH].values()) == {300}  # each slot once in each participant
    assert all(225 <= slots[REPEAT][slot] <= 375 for slot in range(3))
