"""Workers of an album begin where the large libraries are loaded already."""

from collections.abc import Iterator

import programs
import pytest

from colorizers.batch import local


@pytest.fixture(autouse=True, scope="session")
def workers_with_libraries() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "CONTEXT", programs.CONTEXT)
        yield
