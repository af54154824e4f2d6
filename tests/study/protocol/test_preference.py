"""Trials that ask for a preference: without the truth, in the study's own words, or refused."""

import pytest

from study.errors import ConfigError
from study.protocol.about import instructions
from study.protocol.config import parse
from study.protocol.design import TRUTH
from study.protocol.session import TrialState, feedback, view
from study.protocol.texts import texts

STUDY = '[trials]\nkind = "preference"\nscored = 8\npractice = 1\n'
METHODS = (TRUTH, "classification", "gan")


def spec(config):
    pictures = dict.fromkeys(f"{number:02d}" for number in range(20))
    return config.spec(METHODS, pictures, {"p": None}, "f" * 64)


def test_the_truth_of_the_set_is_left_out_and_orders_are_balanced():
    made = spec(parse(STUDY))
    assert made.design.methods == ("classification", "gan")
    orders = [t.methods for t in made.plan(number=0, seed=1) if t.kind == "scored"]
    assert sorted(orders) == [("classification", "gan")] * 4 + [("gan", "classification")] * 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('methods = ["truth", "gan"]\n' + STUDY, "'truth' is none of them"),
        ('methods = ["gan"]\n' + STUDY, "needs at least two methods"),
        (STUDY + "repeats = 2", "trials of kind 'preference' have neither"),
        (STUDY + "ratings = true", "trials.ratings is set, but trials.kind is 'preference'"),
        (STUDY + "[analysis]\nmargin = 0.1", "analysis.margin is set, but"),
        ('[trials]\nquestion = "Which?"', "trials.question is set, but trials.kind is 'pick'"),
    ],
)
def test_what_does_not_go_with_it_is_refused_in_one_sentence(text, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


def test_the_question_is_the_study_s_own_and_part_of_its_version():
    plain, own = spec(parse(STUDY)), spec(parse(STUDY + 'question = "Which is warmer?"'))
    assert plain.digest() != own.digest()
    assert "Which picture do you prefer?" in instructions(plain.settings())
    read = " ".join(instructions(own.settings()))
    assert "The question is always: Which is warmer?" in read
    assert "real colours" not in read
    assert "told" not in texts(plain, scales={})["instructions"]["practice"]


def test_practice_says_nothing_because_nothing_is_right():
    trial = TrialState(1, "t", 1, "practice", "p", ("gan", "classification"), 1, unrated=True)
    assert feedback([trial], "t") is None
    rated = TrialState(1, "t", 1, "practice", "p", ("gan", "classification"), 1)
    assert "real" not in view([rated])
