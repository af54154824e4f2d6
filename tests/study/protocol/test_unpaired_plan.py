"""One picture a trial: balanced over people and pictures, refused where it cannot be, in words."""

from collections import Counter

import pytest

from study.errors import ConfigError
from study.protocol.about import instructions
from study.protocol.config import StudyConfig, parse
from study.protocol.design import TRUTH, UNPAIRED, Design, plan, version_list
from study.protocol.session import FAKE, REAL, TrialState, view

METHODS = (TRUTH, "classification", "gan")
PICTURES = [f"{number:03d}" for number in range(60)]
UNPAIRED_STUDY = '[trials]\nkind = "unpaired"\nscored = 12\npractice = 3\n'


def design(scored=12, methods=METHODS, practice=3):
    return Design(methods, scored, practice, seed=4, kind=UNPAIRED)


def test_a_participant_sees_each_picture_once_and_each_version_equally_often():
    for number in range(40):
        trials = plan(design(), PICTURES, ["p1", "p2", "p3"], number=number, seed=number)
        scored = [trial for trial in trials if trial.kind == "scored"]
        assert len({trial.picture for trial in scored}) == len(scored) == 12
        assert set(Counter(trial.methods for trial in scored).values()) == {4}
        assert {trial.methods for trial in trials if trial.kind == "practice"} == {
            (method,) for method in METHODS
        }
        assert [trial.position for trial in trials] == list(range(1, 16))


def test_after_all_rounds_each_picture_was_shown_equally_often_in_each_version():
    """Five lists use the sixty pictures up; after three such rounds each had each version once."""
    shown = Counter(
        pair for number in range(15) for pair in version_list(PICTURES, design(), number)
    )
    assert shown == Counter({(picture, method): 1 for picture in PICTURES for method in METHODS})


def test_lists_that_fit_no_round_stay_balanced():
    """Twenty-four trials of 65 pictures: lists straddle rounds, groups differ by a picture."""
    pictures = [f"{number:03d}" for number in range(65)]
    shown: Counter[str] = Counter()
    for number in range(90):
        pairs = version_list(pictures, design(24), number)
        assert len({picture for picture, _ in pairs}) == 24
        assert set(Counter(method for _, method in pairs).values()) == {8}
        shown.update(picture for picture, _ in pairs)
    # Of a group of 21 a picture comes up once in 21 eighths of a list, of 22 in 22 of them.
    assert min(shown.values()) >= 90 * 8 // 22
    assert max(shown.values()) <= 90 * 8 // 21 + 1


def test_the_same_numbers_give_the_same_plan_whatever_the_order_of_the_pictures():
    once = plan(design(), PICTURES, ["p1", "p2", "p3"], number=2, seed=9)
    assert plan(design(), PICTURES[::-1], ["p3", "p2", "p1"], number=2, seed=9) == once
    assert plan(design(), PICTURES, ["p1", "p2", "p3"], number=2, seed=8) != once


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("catch = 1", "1 catch and 0 repeated trials .* have neither"),
        ("repeats = 1", "0 catch and 1 repeated trials .* have neither"),
        ("ratings = true", "trials.ratings is set, but trials.kind is 'unpaired'"),
        ("[scales.realism]", "scales.realism is set, but this study has no ratings"),
        ("[analysis]\nmargin = 0.05", "analysis.margin is set, but trials.kind is 'unpaired'"),
        ('[plan]\nprimary = "truth"', "single pictures are compared with the truth"),
    ],
)
def test_what_does_not_go_with_it_is_refused_in_one_sentence(more, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parse(UNPAIRED_STUDY + more)
    assert "\n" not in str(caught.value)


def test_versions_equally_often_take_a_multiple_and_enough_pictures():
    with pytest.raises(ConfigError, match="12 scored trials were asked for, but 5 versions"):
        parse('methods = ["truth", "a", "b", "c", "d"]\n' + UNPAIRED_STUDY)
    with pytest.raises(
        ConfigError, match="kind is 'both', but must be one of pick, unpaired, preference"
    ):
        parse('[trials]\nkind = "both"')
    config = parse(UNPAIRED_STUDY)
    with pytest.raises(ConfigError, match="4 in each of 3 versions, but the stimulus set has only"):
        config.spec(METHODS, dict.fromkeys("abcdefghijk"), dict.fromkeys("xyz"), "f" * 64)


def spec(config):
    practice = dict.fromkeys(["p1", "p2", "p3"])
    return config.spec(METHODS, dict.fromkeys(PICTURES), practice, "f" * 64)


def test_the_words_are_of_one_picture_and_the_default_study_stores_no_kind():
    settings = spec(parse(UNPAIRED_STUDY)).settings()
    assert settings["design"]["kind"] == UNPAIRED
    read = " ".join(instructions(settings))
    assert "You will see one picture at a time" in read
    assert "Are these colours real?" in read
    assert "versions" not in read
    assert "kind" not in spec(StudyConfig()).settings()["design"]
    hidden = " ".join(instructions(spec(parse(UNPAIRED_STUDY + "exposure_ms = 500")).settings()))
    assert "The picture is shown once, for 0.5 seconds" in hidden


def test_only_practice_says_what_was_right():
    def trial(number, kind, method, picked=None):
        return TrialState(number, f"t{number}", number, kind, "x", (method,), picked)

    assert trial(1, "practice", TRUTH).right == REAL
    assert trial(1, "practice", "gan").right == FAKE
    shown = view([trial(1, "practice", "gan", FAKE), trial(2, "scored", TRUTH)])
    assert shown["real"] == FAKE
    assert "real" not in view([trial(2, "scored", TRUTH, REAL)])
