"""Databases that the tests of the report read."""

import pytest
from study_frames import real_spec

from study.database.source import from_database
from study.database.store import Store
from study.protocol.config import DEFAULT_SET
from study.report.__main__ import FORMS, computed, written
from study.simulate import Simulation, set_pictures, simulate
from study.statistics.model import AnswerModel


@pytest.fixture(scope="session")
def simulated_url(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('report') / 'simulated.db'}"
    simulate(url, Simulation())
    return url


@pytest.fixture(scope="session")
def set_url(tmp_path_factory):
    """A simulated study on the pictures of the default set."""
    url = f"sqlite:///{tmp_path_factory.mktemp('set') / 'simulated.db'}"
    model = AnswerModel()
    simulate(url, Simulation(model=model, pictures=set_pictures(DEFAULT_SET, model.methods)))
    return url


@pytest.fixture(scope="session")
def printed(simulated_url):
    """The report of the simulated study in every format, computed once."""
    found = computed(from_database(simulated_url))
    return {form: written(*found, form) for form in FORMS}


@pytest.fixture
def real_url(tmp_path):
    """Two real people: one has done 2 of 3 scored trials, one has only consented."""
    url = f"sqlite:///{tmp_path / 'results.db'}"
    store = Store(url)
    spec = real_spec()
    study = store.register(spec)
    person = store.join(study, spec, token="a" * 32)
    store.join(study, spec, token="b" * 32)
    for trial in person.trials[:3]:
        store.pick(person.id, trial.token, 1, 1500)
        store.rate(person.id, trial.token, [{"realism": 4, "quality": 3}] * 3)
    store.close()
    return url
