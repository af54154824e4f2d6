"""What a program may use of the package; whatever else it finds may change."""

import colorizers
import truehue
from colorizers import errors
from study import errors as study_errors


def test_public_names():
    assert colorizers.__all__ == [
        "ImageError",
        "TrueHueError",
        "WeightsError",
        "cifar10_names",
        "load",
        "names",
    ]
    assert all(hasattr(colorizers, name) for name in colorizers.__all__)


def test_one_root_of_exceptions():
    for module in (errors, study_errors):
        classes = [one for one in vars(module).values() if isinstance(one, type)]
        raised = [one for one in classes if issubclass(one, BaseException)]
        assert len(raised) > 3
        assert all(issubclass(one, truehue.TrueHueError) for one in raised)
