"""Databases that the tests of the report read."""

import pytest
from study_frames import real_spec

from study.simulate import Simulation, simulate
from study.store import Store


@pytest.fixture(scope="session")
def simulated_url(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('report') / 'simulated.db'}"
    simulate(url, Simulation())
    return url


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
