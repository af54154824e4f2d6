"""How fast the report is, in processor time: the machine that tests may be busy with other work."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from big_study import TRIALS, write

ROOT = Path(__file__).parents[3]
CODE = """
import resource, sys
from study.report.__main__ import main
assert main(sys.argv[1:]) == 0
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20, file=sys.stderr)
"""


def measured(*argv):
    """Processor seconds and gigabytes of a whole process that makes one report."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *argv], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, gigabytes = done.stderr.split()
    return float(seconds), float(gigabytes)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "html"])
def test_the_default_study_takes_three_seconds(simulated_url, form):
    seconds, _ = measured("--db", simulated_url, "--format", form)
    assert seconds < 4 * 3, "the promise, for processors that are slower or shared"


@pytest.mark.slow
def test_a_million_answers_take_thirty_seconds_and_two_gigabytes(tmp_path):
    participants = 1_000_000 // TRIALS + 1
    url = write(tmp_path / "big.db", participants)
    seconds, gigabytes = measured("--db", url, "--format", "json")
    assert gigabytes < 2
    assert seconds < 4 * 30, "the promise, for processors that are slower or shared"
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2 * 2**20
