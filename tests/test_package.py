"""What `pip install truehue` brings is what was tested, and nothing of the packages is left out."""

import fnmatch
import importlib
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import truehue

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT, SETUPTOOLS = PYPROJECT["project"], PYPROJECT["tool"]["setuptools"]
EXTRAS = {
    name: [Requirement(line) for line in lines]
    for name, lines in PROJECT["optional-dependencies"].items()
}


def pinned(file):
    lines = re.findall(r"^[\w.-]+.*==.*$", (ROOT / file).read_text(), re.M)
    return {canonicalize_name(one.name): one for one in map(Requirement, lines)}


@pytest.mark.parametrize(
    ("file", "extras"),
    [
        ("requirements.txt", ("app", "train")),
        ("requirements-dev.txt", ("dev",)),
        ("requirements-heic.txt", ("heic",)),
        ("requirements-raw.txt", ("raw",)),
        ("requirements-ray.txt", ("cluster",)),
    ],
)
def test_the_pinned_versions_are_among_those_that_the_package_takes(file, extras):
    asked = [one for extra in extras for one in EXTRAS[extra] if one.name != "truehue"]
    if "app" in extras:
        asked += [Requirement(line) for line in PROJECT["dependencies"]]
    pins = pinned(file)
    assert {canonicalize_name(one.name) for one in asked} == set(pins)
    for one in asked:
        (pin,) = pins[canonicalize_name(one.name)].specifier
        assert one.specifier.contains(pin.version), f"{one} and {pin}"
        assert one.extras == pins[canonicalize_name(one.name)].extras


def test_every_file_of_the_packages_is_in_the_wheel():
    patterns = [
        f"{package.replace('.', '/')}/{pattern}"
        for package, found in SETUPTOOLS["package-data"].items()
        for pattern in (*found, *(one.replace("**/", "") for one in found))
    ]
    for package in ("colorizers", "study", "train"):
        for file in (ROOT / package).rglob("*"):
            name = str(file.relative_to(ROOT))
            if not file.is_file() or "__pycache__" in name:
                continue
            in_package = file.suffix == ".py" and (file.parent / "__init__.py").exists()
            assert in_package or any(fnmatch.fnmatch(name, one) for one in patterns), name


@pytest.mark.parametrize("script", PROJECT["scripts"].values())
def test_each_console_script_is_a_function_that_prints_its_help(script, capsys, monkeypatch):
    module, _, name = script.partition(":")
    function = getattr(importlib.import_module(module), name)
    if name == "serve":
        return  # it would open the study; .ci/package starts it
    monkeypatch.setattr("sys.argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        function()
    assert not ended.value.code
    assert "usage:" in capsys.readouterr().out


def test_without_its_extra_a_command_says_which_it_is(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorizers.__main__", raising=False)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(SystemExit) as ended:
        truehue.colorize()
    assert ended.value.code == "tqdm is not installed; it comes with: pip install 'truehue[app]'"


def test_the_version_is_that_of_the_changelog():
    newest = re.findall(r"^## (\d\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[0]
    assert truehue.__version__ == newest
