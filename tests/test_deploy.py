"""What deploy/ ships is read by the programs that it is for, and names what there is."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.deployed import DEPLOY, Nginx, changed, program

ROOT = DEPLOY.parent
README = (ROOT / "README.md").read_text()
UNIT = (DEPLOY / "truehue@.service").read_text()


def test_nginx_reads_its_configuration(proxy_programs, tmp_path):
    assert "test is successful" in Nginx(tmp_path, (7861, 7862)).check()


@pytest.mark.skipif(program("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_reads_the_unit(tmp_path):
    here = {
        "/opt/truehue/.venv/bin/python": sys.executable,
        "/opt/truehue/app.py": str(ROOT / "app.py"),
        "=/opt/truehue\n": f"={ROOT}\n",
        "file:/opt/truehue/docs": f"file:{ROOT}/docs",
    }
    unit = tmp_path / "truehue@7861.service"
    unit.write_text(changed(UNIT, here))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert unit.name not in done.stderr


def test_ports_and_proxy_agree():
    site, environment = (DEPLOY / "nginx.conf").read_text(), (DEPLOY / "truehue.env").read_text()
    ports = re.findall(r"server 127\.0\.0\.1:(\d+)", site)
    assert re.findall(r"truehue@(\d+)", UNIT.splitlines()[0]) == ports
    assert "TRUEHUE_TRUSTED_PROXIES=127.0.0.1" in environment
    bouncer = (DEPLOY / "pgbouncer.ini").read_text()
    (port,) = re.findall(r"listen_port = (\d+)", bouncer)
    assert f"@127.0.0.1:{port}/truehue" in environment
    assert "pool_mode = transaction" in bouncer


def test_every_variable_that_deploy_sets_is_in_the_readme():
    texts = [file.read_text() for file in DEPLOY.iterdir()]
    named = re.findall(r"\b(?:TRUEHUE|GRADIO|DATABASE)_[A-Z_]+\b", "\n".join(texts))
    assert named
    for name in named:
        assert f"| `{name}` |" in README, name


# ---- the container's file, as far as it can be read without a container engine -----------------


def instructions():
    """The file's lines as (instruction, rest), without comments; a continued line is one."""
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def test_the_container_has_all_that_it_needs_and_nothing_else():
    found = instructions()
    known = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "ENV", "EXPOSE", "HEALTHCHECK"}
    assert {name for name, _ in found} == known | {"CMD"}
    assert re.fullmatch(r"python:3\.11-\S+", found[0][1])
    copied = [name for what, rest in found if what == "COPY" for name in rest.split()[:-1]]
    for name in copied:
        assert (ROOT / name).exists(), name
    # What app.py imports of this project, and what installs it.
    for name in ("app.py", "truehue.py", "colorizers", "study", "tools", "requirements.lock"):
        assert name in copied
    assert not {"tests", "train", "data", "results.db", "."} & set(copied)


def test_the_container_runs_as_a_user_who_may_write_where_answers_are_kept():
    found = instructions()
    order = [name for name, _ in found]
    user = dict(found)["USER"]
    assert user != "root"
    assert order.index("USER") > max(n for n, name in enumerate(order) if name in ("COPY", "RUN"))
    (made,) = [rest for name, rest in found if name == "RUN" and "useradd" in rest]
    folder = dict(found)["VOLUME"]
    assert f"-o {user}" in made
    assert made.endswith(f" {folder}")
    assert f"DATABASE_URL=sqlite:///{folder}/results.db" in dict(found)["ENV"]


def test_the_containers_commands_are_lists_that_can_be_run():
    found = dict(instructions())
    place = Path(found["WORKDIR"])
    for text in (found["CMD"], found["HEALTHCHECK"].split("CMD", 1)[1]):
        python, *rest = json.loads(text)
        assert python == str(place / ".venv/bin/python")
        compile(rest[1], "healthcheck", "exec") if rest[0] == "-c" else (ROOT / rest[0]).stat()
    assert found["EXPOSE"] == "7860"
