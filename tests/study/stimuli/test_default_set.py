"""The committed stimulus set: complete, fit for the default study, and made by these weights."""

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

FOLDER = Path(__file__).parents[3] / "study" / "sets" / "default"
METHODS = ("classification", "gan")


@pytest.fixture(scope="module")
def default() -> StimulusSet:
    return load(FOLDER)


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image)


def test_it_is_large_enough_for_the_default_study(default):
    assert len(default.pictures) >= 200
    assert default.methods == (TRUTH, *METHODS)
    spec = StudySpec("d", Design(), default.pictures, default.practice, default.sha256, "1")
    assert len(spec.plan(number=0, seed=0)) == 33


def test_every_class_is_in_it_and_every_picture_is_32_pixels(default):
    assert len(set(default.pictures.values())) == 10
    assert {pixels(png).shape for png in default.files.values()} == {(32, 32, 3)}


def test_small_pictures_fill_their_places_on_the_contact_sheet(default):
    sheet = np.asarray(contact_sheet(default))
    background = (sheet == 107).all(axis=-1).mean()
    assert background < 0.2


@pytest.mark.parametrize("name", METHODS)
def test_it_was_made_by_the_committed_weights(default, name):
    colorizer = colorizers.load(name)
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["methods"][name]["weights_sha256"] == colorizer.card["weights"]["sha256"]
    some = list(default.pictures)[:16]
    truth = np.stack([pixels(default.files[TRUTH, picture]) for picture in some])
    stored = np.stack([pixels(default.files[name, picture]) for picture in some])
    L = rgb_to_lab(truth)[..., 0]
    again = colorize_u8(L, colorizer.predict_ab(L))
    # Another processor rounds differently, by a level here and there.
    assert np.abs(stored.astype(int) - again.astype(int)).mean() < 0.5
