"""The committed stimulus sets: complete, fit for their studies, and made by these weights."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import colorizers
from colorizers.color import colorize_u8, rgb_to_lab
from study.protocol.design import TRUTH, Design, StudySpec
from study.stimuli.showing import StimulusSet, contact_sheet, load

SETS = Path(__file__).parents[3] / "study" / "sets"
METHODS = {"default": ("classification", "gan"), "flow": ("flow", "gan")}


@pytest.fixture(scope="module", params=METHODS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def committed(name: str) -> StimulusSet:
    return load(SETS / name)


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image)


def test_it_is_large_enough_for_its_study(name, committed):
    assert len(committed.pictures) >= 200
    assert sorted(committed.methods) == sorted((TRUTH, *METHODS[name]))
    design = Design(methods=committed.methods)
    spec = StudySpec("d", design, committed.pictures, committed.practice, committed.sha256, "1")
    assert len(spec.plan(number=0, seed=0)) == 33


def test_every_class_is_in_it_and_every_picture_is_32_pixels(committed):
    assert len(set(committed.pictures.values())) == 10
    assert {pixels(png).shape for png in committed.files.values()} == {(32, 32, 3)}


def test_small_pictures_fill_their_places_on_the_contact_sheet(committed):
    sheet = np.asarray(contact_sheet(committed))
    background = (sheet == 107).all(axis=-1).mean()
    assert background < 0.2


@pytest.mark.parametrize("number", [0, 1])
def test_it_was_made_by_the_committed_weights(name, committed, number):
    method = METHODS[name][number]
    colorizer = colorizers.load(method)
    manifest = json.loads((SETS / name / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["methods"][method]["weights_sha256"] == colorizer.card["weights"]["sha256"]
    some = list(committed.pictures)[:16]
    truth = np.stack([pixels(committed.files[TRUTH, picture]) for picture in some])
    stored = np.stack([pixels(committed.files[method, picture]) for picture in some])
    L = rgb_to_lab(truth)[..., 0]
    again = colorize_u8(L, colorizer.predict_ab(L))
    # Another processor rounds differently, by a level here and there.
    assert np.abs(stored.astype(int) - again.astype(int)).mean() < 0.5


def test_both_studies_show_the_same_pictures():
    one, other = (json.loads((SETS / name / "manifest.json").read_text()) for name in METHODS)
    sources = [[entry["source"] for entry in each["pictures"]] for each in (one, other)]
    assert sources[0] == sources[1]
    truths = [[entry["sha256"][TRUTH] for entry in each["pictures"]] for each in (one, other)]
    assert truths[0] == truths[1]
