"""Study files: every setting arrives, every mistake is one sentence, every change is a version."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from study.errors import ConfigError
from study.protocol.about import instructions
from study.protocol.config import StudyConfig, from_environment, load, parse
from study.protocol.design import TRUTH
from study.protocol.exclusions import Rules
from study.protocol.texts import Scale, texts

EXAMPLE = Path(__file__).parents[3] / "study" / "example.toml"
PICTURES = {f"{number:04d}": None for number in range(40)}
PRACTICE = {f"p{number}": None for number in range(6)}

WHOLE = """
name = "roads"
stimuli = "sets/roads"
methods = ["truth", "mine"]
seed = 9
[trials]
scored = 12
practice = 1
catch = 2
repeats = 3
[consent]
version = "7"
text = '''
First
paragraph.

Second.
'''
[scales.quality]
label = "Sharpness"
[recruitment]
access = "code"
completion_link = "https://recruiter.example/done?cc={code}"
[exclusion]
min_catch_correct = 0.5
[page]
colorize = false
"""


def spec(config, methods=(TRUTH, "classification", "gan")):
    return config.spec(methods, PICTURES, PRACTICE, "f" * 64)


def test_every_setting_arrives():
    config = parse(WHOLE, folder=Path("/studies"))
    assert config.stimuli == Path("/studies/sets/roads")
    assert config.consent.text == ("First paragraph.", "Second.")
    assert config.scales == {"quality": Scale("Sharpness", "very bad", "very good")}
    assert config.exclusion == Rules(min_catch_correct=0.5)
    assert not config.colorize
    made = spec(config, (TRUTH, "mine", "theirs"))
    assert made.design.methods == (TRUTH, "mine")
    assert (made.design.scored, made.design.shown, made.design.seed) == (12, 17, 9)
    assert made.consent_version == "7"
    assert made.file == WHOLE
    assert made.settings()["exclusion"] == {"min_catch_correct": 0.5}
    shown = texts(made, consent=config.consent.text, scales=config.scales)
    assert shown["consent"]["paragraphs"] == ["First paragraph.", "Second."]
    assert "Sharpness (very bad to very good)" in str(shown["instructions"])


def test_the_example_is_the_default_study():
    assert replace(load(EXAMPLE), file=None) == StudyConfig()


def test_the_second_study_is_the_default_one_on_other_pictures():
    flow = load(EXAMPLE.with_name("flow.toml"))
    default = StudyConfig()
    assert replace(flow, file=None) == replace(default, name="flow", stimuli=flow.stimuli)
    assert flow.stimuli == EXAMPLE.with_name("sets") / "flow"


def test_the_settings_that_the_example_only_mentions_exist():
    uncommented = re.sub(r"^# (?=[\[\w\"]|$)", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    text = uncommented.replace("A study,", "#").replace("Name your", "#")
    config = parse(text, folder=EXAMPLE.parent)
    assert config.consent.version == "2026-03-1"
    assert config.completion_link is not None
    assert config.margin == 0.05
    assert None not in [getattr(config.exclusion, name) for name in Rules.__dataclass_fields__]


def test_a_change_is_a_version_and_a_comment_is_none():
    base = spec(parse(WHOLE), (TRUTH, "mine")).digest()
    assert spec(parse(WHOLE + "# a remark\n"), (TRUTH, "mine")).digest() == base
    changes = [
        ("seed = 9", "seed = 8"),
        ("catch = 2", "catch = 1"),
        ("repeats = 3", "repeats = 2"),
        ('version = "7"', 'version = "8"'),
        ("Second.", "Third."),
        ("Sharpness", "Detail"),
        ('"code"', '"open"'),
        ("done?cc", "end?cc"),
        ("min_catch_correct = 0.5", "min_catch_correct = 0.6"),
        ("colorize = false", "colorize = true"),
    ]
    digests = {spec(parse(WHOLE.replace(*change)), (TRUTH, "mine")).digest() for change in changes}
    assert len(digests - {base}) == len(changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", r"this is not TOML .*example\.toml is"),
        ("trails = 3", "trails is no setting of a study; there are .*trials"),
        ("[trials]\nscore = 3", "trials.score is no setting .*trials|scored"),
        ("trials = 3", r"trials is 3, but must be a table: write \[trials\]"),
        ("[trials]\nscored = 3.5", "trials.scored is 3.5, but must be a whole number"),
        ("[trials]\nscored = true", "trials.scored is True, but must be a whole number"),
        ("[trials]\npractice = -1", "trials.practice is -1, but must be at least 0"),
        ("[trials]\nscored = 4\nrepeats = 3", "3 repeated trials .* 0 to 2"),
        ('methods = ["gan"]', "needs 'truth'"),
        ('methods = "gan"', "methods is 'gan', but must be a list"),
        ('name = ""', "name is '', but must be a text"),
        ('[consent]\nversion = "2"', "consent.version is set and consent.text is not"),
        ('[consent]\ntext = "Yes?"', "consent.text is set and consent.version is not"),
        ("[scales.charm]", "scales.charm is no rating scale; there are realism, quality"),
        ('[scales.realism]\nmiddle = "so"', "scales.realism.middle is no setting"),
        ('[recruitment]\naccess = "all"', "recruitment.access is 'all', but must be one of open"),
        (
            '[recruitment]\ncompletion_link = "javascript:alert(1)"',
            "completion_link is 'javascript:alert.1.', but must be an address .* https",
        ),
        ("[exclusion]\nmin_charm = 1", "exclusion: There is no exclusion rule min_charm"),
        ("[exclusion]\nmin_catch_correct = 2", "exclusion: min_catch_correct .*between 0 and 1"),
        (
            "[trials]\nexposure_ms = 5",
            "trials.exposure_ms is 5, but must be 50 to 60000 milliseconds",
        ),
        ("[trials]\nexposure_ms = 500\nratings = true", "pictures that are hidden cannot be rated"),
        (
            "[trials]\nexposure_ms = 500\n[scales.realism]",
            "scales.realism is set, but .* no ratings",
        ),
        ("[trials]\nratings = false\n[scales.realism]", "scales.realism is set, but .* no ratings"),
        ("[analysis]\nmargin = 5", "analysis.margin is 5, but must be a share above 0 and below"),
        ("[analysis]\nmargin = 0", "analysis.margin is 0, but must be a share"),
        ("[analysis]\nmargin = true", "analysis.margin is True, but must be a share"),
        ("[analysis]\nedge = 1", "analysis.edge is no setting of a study; there are margin"),
        ('[page]\ncolorize = "no"', "page.colorize is 'no', but must be true or false"),
    ],
)
def test_mistakes_are_told_in_one_sentence(text, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


def test_a_limited_exposure_has_no_ratings_and_says_so_in_the_instructions():
    limited = spec(parse("[trials]\nexposure_ms = 250"))
    assert limited.settings()["exposure_ms"] == 250
    assert limited.settings()["scales"] == {}
    assert "exposure_ms" not in spec(StudyConfig()).settings()
    read = " ".join(instructions(limited.settings()))
    assert "shown once, for 0.25 seconds" in read
    assert "rate" not in read.lower()
    assert spec(parse("[trials]\nratings = false")).settings()["scales"] == {}
    # As before the setting, word for word.
    assert texts(spec(StudyConfig())) == texts(spec(StudyConfig()), exposure_ms=0)
    assert "then rate how each looks" in texts(spec(StudyConfig()))["consent"]["lead"]


def test_a_margin_is_stored_only_where_it_is_fixed():
    """A study of before the setting keeps its digest, so its participants are not parted."""
    assert "margin" not in StudyConfig().conduct()
    fixed = parse("[analysis]\nmargin = 0.03")
    assert fixed.conduct() == {**StudyConfig().conduct(), "margin": 0.03}


def test_a_study_that_does_not_fit_its_set_is_refused():
    with pytest.raises(ConfigError, match="names other, but the stimulus set has only truth"):
        spec(StudyConfig(methods=(TRUTH, "other")))
    with pytest.raises(ConfigError, match="41 pictures, but the stimulus set has only 40"):
        spec(StudyConfig(scored=41))
    with pytest.raises(ConfigError, match=r"3 practice trials and 4 catch trials .* only 6"):
        spec(StudyConfig(catch=4))


def test_the_environment_names_the_study(tmp_path):
    assert from_environment({}) == StudyConfig()
    assert from_environment({"TRUEHUE_STIMULI": "/a"}).stimuli == Path("/a")
    file = tmp_path / "study.toml"
    file.write_text('stimuli = "set"')
    both = from_environment({"TRUEHUE_STUDY": str(file), "TRUEHUE_STIMULI": "/a"})
    assert both.stimuli == tmp_path / "set"
    with pytest.raises(ConfigError, match=r"no study file at .*nothing\.toml"):
        load(tmp_path / "nothing.toml")
    file.write_text("seed = -1")
    with pytest.raises(ConfigError, match=r"study\.toml: seed is -1"):
        load(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(file)
