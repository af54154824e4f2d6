"""A study's own words: every one can be set, mistakes are one sentence, German lacks none."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import study
from study.errors import ConfigError
from study.protocol.about import instructions
from study.protocol.config import StudyConfig, load, parse
from study.protocol.english import ENGLISH
from study.protocol.texts import Scale, texts
from study.protocol.wording import names_in

STUDY = Path(study.__file__).parent
PICTURES = {f"{number:04d}": None for number in range(40)}
PRACTICE = {f"p{number}": None for number in range(6)}


def spec(config: StudyConfig):
    return config.spec(("truth", "classification", "gan"), PICTURES, PRACTICE, "f" * 64)


def shown(config: StudyConfig) -> dict[str, Any]:
    return texts(
        spec(config),
        scales=config.scales,
        hours=config.hours,
        exposure_ms=config.exposure_ms,
        question=config.question,
        own=config.texts,
    )


def leaves(words: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if words is None:
        return
    if isinstance(words, str):
        yield name, words
    else:
        items = words.items() if isinstance(words, dict) else enumerate(words)
        for key, value in items:
            yield from leaves(value, f"{name}.{key}")


def test_the_english_words_are_those_of_before():
    config = StudyConfig()
    said = shown(config)
    assert said["consent"]["lead"] == (
        "You will see 3 versions of one photograph at a time. One has its real colours; the others "
        "were coloured by computer programs. You choose the real one, then rate how each looks. "
        "There are 3 practice and 30 real trials; allow about 11 minutes."
    )
    assert said["instructions"]["points"][0].endswith(
        "or press 1, 2 or 3. Go by your first impression."
    )
    assert said["instructions"]["points"][1] == (
        "Then rate each picture for realism (could these be the real colours?) and for quality "
        "(how good does the picture look?), from 1 to 5."
    )
    assert said["instructions"]["begin"] == "Start the practice"
    assert said["scales"]["realism"] == ["Realism", "not at all real", "completely real"]
    assert "texts" not in spec(config).settings()
    braced = {name for name, words in leaves(said) if "{" in words}
    assert {name.split(".")[1] for name in braced} == {"page", "refused"}


def test_the_words_of_the_page_name_nothing_that_blinding_hides():
    hints = re.compile(r"truth|classif|\bgan|real_|fake|catch|method", re.IGNORECASE)
    words = dict(leaves(shown(StudyConfig())))
    assert not {name for name, said in words.items() if hints.search(said + name)}


def test_without_practice_nothing_speaks_of_it():
    said = shown(parse("[trials]\npractice = 0\nscored = 1\n[recruitment]\nhours = 1"))
    assert said["between"] is None
    assert said["instructions"]["practice"] == "You are not told which picture was real."
    assert said["instructions"]["begin"] == "Start"
    assert "There are 1 trials" in said["consent"]["lead"]
    assert "within an hour of" in said["ends"]["timed_out"][1]


def test_german_has_every_word_and_none_of_the_english_ones():
    german, english = dict(leaves(load(STUDY / "german.toml").texts)), dict(leaves(ENGLISH))
    assert german.keys() == english.keys()
    same = {name for name in english if german[name] == english[name]}
    once = {".unrated.instructions.points.1", ".unpaired.instructions.points.1"}
    once |= {".preference.instructions.points.2", ".preference.consent.title"}  # braces only
    assert same == {".direction", ".phrases.comma", ".page.comma", *once}
    for name, words in german.items():
        assert sorted(names_in(words)) == sorted(names_in(english[name])) or name in (
            ".refused.rate",  # names no scale and no picture: the scales' names are the program's
        ), name


def test_german_is_complete_when_its_numbers_are_in():
    config = load(STUDY / "german.toml")
    said = shown(config)
    assert said["language"] == "de"
    assert "3 Durchgänge zur Übung und 30, die zählen" in said["consent"]["lead"]
    assert "drücken Sie 1, 2 oder 3" in said["instructions"]["points"][0]
    assert said["scales"]["realism"] == ["Echtheit", "gar nicht echt", "völlig echt"]
    assert config.scales["quality"] == Scale("Qualität", "sehr schlecht", "sehr gut")
    assert spec(config).consent_version == "4-de"
    assert "Echtheit: 1 gar nicht echt, 5 völlig echt" in instructions(spec(config).settings())


KINDS = {
    "unrated": "[trials]\nratings = false\n",
    "limited": "[trials]\nexposure_ms = 250\n",
    "preference": '[trials]\nkind = "preference"\n',
    "unpaired": '[trials]\nkind = "unpaired"\nexposure_ms = 1500\n',
}


@pytest.mark.parametrize("kind", KINDS)
def test_german_and_english_say_the_same_of_every_kind_of_trial(kind):
    english = shown(parse(KINDS[kind]))
    german = shown(parse('[page]\ntexts = "texts/de.toml"\n' + KINDS[kind], folder=STUDY))
    said = dict(leaves(english)), dict(leaves(german))
    assert said[0].keys() == said[1].keys()
    assert {name for name in said[0] if said[0][name] == said[1][name]} <= {
        ".direction",
        ".page.comma",
    }
    for language in said:
        braced = {name for name, words in language.items() if "{" in words}
        assert {name.split(".")[1] for name in braced} == {"page", "refused"}
        assert all(language.values())
    assert "ratings" not in english["withdraw"]["lead"]
    assert "Bewertungen" not in german["withdraw"]["lead"] + german["consent"]["points"][0][1]
    if kind in ("limited", "unpaired"):
        assert {"limited": "0,25 Sekunden", "unpaired": "1,5 Sekunden"}[kind] in " ".join(
            german["instructions"]["points"]
        )


def test_the_words_of_a_kind_of_trial_are_for_that_kind_and_the_study_s_own_come_last():
    own = '[texts]\nquestion = "Genuine?"\n'
    assert shown(parse(KINDS["unpaired"] + own))["question"] == "Genuine?"
    both = own + '[texts.unpaired]\nquestion = "Photograph?"\n'
    assert shown(parse(KINDS["unpaired"] + both))["question"] == "Photograph?"
    assert shown(parse(both))["question"] == "Genuine?"
    asked = KINDS["preference"] + 'question = "Which {one}?"\n'
    assert shown(parse(asked + own))["question"] == "Which {one}?"
    assert "judge" not in shown(StudyConfig())
    assert shown(parse(KINDS["preference"]))["page"]["choose"] == "Picture {number}"


def test_without_ratings_two_methods_are_two():
    config = parse('methods = ["truth", "gan"]\n' + KINDS["unrated"])
    lead = shown(config)["consent"]["lead"]
    assert "colours; the other was coloured by a computer program. You choose" in lead
    assert lead.endswith("There are 3 practice and 30 real trials; allow about 3 minutes.")


def test_words_in_the_study_file_lie_over_those_of_the_file_that_it_names(tmp_path):
    (tmp_path / "words.toml").write_text('question = "A?"\n[between]\nbegin = "On"\n')
    text = '[page]\ntexts = "words.toml"\n[texts]\nquestion = "B?"\n'
    config = parse(text, folder=tmp_path)
    assert shown(config)["question"] == "B?"
    assert shown(config)["between"]["begin"] == "On"
    assert spec(config).settings()["texts"] == {"question": "B?", "between": {"begin": "On"}}
    assert spec(config).digest() != spec(StudyConfig()).digest()


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('question = 3', "texts.question is 3, but must be a text."),
        ('quesiton = "A"', "texts.quesiton is no text of the page; there are language, direction"),
        ('question = ""', "texts.question is '', but must be a text."),
        ('[texts.page]\ntrial = "{n}"', "has {n}, which nothing fills in; there are {number}"),
        ('[texts.page]\ntrial = "{scored}"', "has {scored}, which nothing fills in"),
        ('[texts.page]\ntrial = "{number"', "texts.page.trial has a brace that does not"),
        ('[texts.page]\ntrial = "{number!r}"', "has {number!}, which nothing fills in"),
        ('[texts.page]\ntrial = "{number.x}"', "has {number.x}, which nothing fills in"),
        ('direction = "up"', "texts.direction is 'up', but must be one of ltr, rtl."),
        ('[texts.unpaired.judge]\nanswers = ["A"]', "must be two texts: for real and for fake."),
        ('[texts.unpaired.page]\ntrial = "A"', "texts.unpaired.page is no text of the page"),
        ('[texts.preference.page]\nchoose = "{keys}"', "has {keys}, which nothing fills in"),
        ('[texts.unpaired.consent]\nlead = "A"', "texts.unpaired.consent.lead is set and"),
        ('language = "<b>"', "must be a language's code such as de or pt-BR."),
        ('page = "x"', "texts.page is 'x', but must be a table: write [texts.page]."),
        ('[texts.ends]\npaused = ["x"]', "must be two texts: a title and a sentence."),
        ('[texts.consent]\npoints = ["x"]\nversion = "9"', "must be a list of pairs"),
        ('[texts.instructions]\npoints = "x"', "must be a list of texts."),
        ('[texts.consent]\nlead = "x"', "consent.lead is set and texts.consent.version is not"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(toml, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        parse(f"[texts]\n{toml}")


def test_a_file_of_texts_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"page.texts is 'fr.toml', but .*fr.toml cannot be read"):
        parse('[page]\ntexts = "fr.toml"', folder=tmp_path)
