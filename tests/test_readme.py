"""The README is the map: its tree, commands, variables and front matter are those of the code."""

import ast
import functools
import io
import re
import runpy
import sys
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PACKAGES = ("colorizers", "study", "tools", "train")
DOCS = sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("docs/*.md"))
MODULES = sorted(
    str(file.relative_to(ROOT)) for package in PACKAGES for file in (ROOT / package).rglob("*.py")
)
# What `python -m` can run, as the modules themselves say.
COMMANDS = tuple(
    module.removesuffix(".py").replace("/", ".").removesuffix(".__main__")
    for module in MODULES
    if 'if __name__ == "__main__":' in (ROOT / module).read_text()
)


def paths_of_the_tree():
    """Path -> comment of each line of the README's tree; a folder's path ends with a slash."""
    found: dict[str, str] = {}
    folders: list[str] = []
    tree = README.split("## The tree")[1].split("```")[1]
    for indent, name, comment in re.findall(r"^( *)(\S+) +(\S.*)$", tree, re.M):
        del folders[len(indent) // 2 :]
        path = "".join([*folders, name])
        assert path not in found, path
        found[path] = comment
        if name.endswith("/"):
            folders.append(name)
    return found


@pytest.mark.parametrize("module", ["app.py", *MODULES])
def test_each_file_is_in_the_readmes_tree_and_says_what_it_does(module):
    assert ast.get_docstring(ast.parse((ROOT / module).read_text())), "needs a docstring"
    tree = paths_of_the_tree()
    room = f"{Path(module).parent}/"
    closed = [f for f in tree if f.endswith("/") and sum(name.startswith(f) for name in tree) == 1]
    if module.endswith("/__init__.py") and module not in tree:
        assert room in tree or room.startswith(tuple(closed))
    else:
        assert module in tree or room.startswith(tuple(closed))


def test_what_is_in_the_readmes_tree_exists():
    for path in paths_of_the_tree():
        assert path == "results.db" or (ROOT / path).exists(), path


@functools.cache
def help_of(*command):
    """What `python -m COMMAND --help` prints, without a process each, which takes seconds."""
    module, *rest = command
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*found in sys.modules", RuntimeWarning)
        patch.setattr(sys, "argv", [module, *rest, "--help"])
        patch.setattr(sys, "stdout", printed)
        with pytest.raises(SystemExit) as ended:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert not ended.value.code
    return printed.getvalue()


@pytest.mark.parametrize("file", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", *DOCS])
def test_commands_that_a_page_names_exist(file):
    for command in re.findall(r"python -m ([\w.]*\w)", (ROOT / file).read_text()):
        if command != "train.NAME":
            assert command in COMMANDS or command.split(".")[0] not in PACKAGES, command


@pytest.mark.parametrize("command", [name for name in COMMANDS if not name.startswith("tools.")])
def test_each_command_is_in_the_readme_and_has_help(command):
    assert f"python -m {command}" in README
    assert "usage: " in help_of(command)


def test_options_that_the_readme_names_exist():
    # A line of a code block that begins with a command: each --option must be in its help.
    lines = re.findall(r"^(?:\.venv/bin/)?python -m (\S+)(.*)$", README, re.M)
    assert len(lines) >= len(COMMANDS)
    for command, rest in lines:
        words = rest.split("#")[0].split()
        sub = [words[0]] if words and command in ("study.stimuli", "train.data") else []
        shown = help_of(command, *sub)
        for option in [word for word in words if word.startswith("--")]:
            assert option in shown, f"{command} {option}"


def test_every_environment_variable_is_documented():
    used = set()
    for file in [ROOT / "app.py", *(ROOT / module for module in MODULES)]:
        used |= set(
            re.findall(r"""["'](TRUEHUE_[A-Z_]+|DATABASE_URL|GRADIO_SERVER_[A-Z]+)["']""",
                       file.read_text())
        )  # fmt: skip
    assert used
    for name in used:
        assert name in README, name


def test_spaces_front_matter_names_the_pinned_gradio():
    front = README.split("---")[1]
    fields = dict(re.findall(r"^(\w+): (.+)$", front, re.M))
    pinned = re.search(r"^gradio==(\S+)$", (ROOT / "requirements.txt").read_text(), re.M)
    assert pinned is not None
    assert fields["sdk"] == "gradio"
    assert fields["sdk_version"] == pinned[1]
    assert fields["app_file"] == "app.py"
    assert (ROOT / fields["app_file"]).exists()


def test_links_lead_somewhere():
    for file in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("study/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", file.read_text()):
            if "://" not in target:
                assert (file.parent / target).exists(), f"{file.name}: {target}"
