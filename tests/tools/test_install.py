"""Installing by hashes, against a registry of this test's own: a folder of wheels."""

import hashlib
import zipfile

import pytest

from tools import install


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Files that pip finds, and the lock of them; returns a function that puts one there."""
    wheels, lock = tmp_path / "wheels", tmp_path / "requirements.lock"
    wheels.mkdir()
    lock.write_text("# first line\n")
    (tmp_path / "requirements.txt").write_text("# what it needs\nbrush==1.0\n")
    monkeypatch.setattr(install, "REQUIREMENTS", tmp_path / "requirements.txt")
    monkeypatch.setattr(install, "LOCK", lock)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "site"))

    def put(name, version, requires=(), *, locked=None):
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
        info = f"{name}-{version}.dist-info"
        file = wheels / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(file, "w") as wheel:
            wheel.writestr(f"{name}.py", f"version = {version!r}\n")
            wheel.writestr(f"{info}/METADATA", metadata)
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if locked:
            known, told = locked if isinstance(locked, tuple) else (locked, digest)
            with lock.open("a") as lines:
                lines.write(f"{name}=={known} \\\n    --hash=sha256:{told}\n")

    return put


def installed(tmp_path):
    return {file.name: file.read_text() for file in (tmp_path / "site").glob("*.py")}


def test_locked_files_are_installed_with_all_they_need(registry, tmp_path, capfd):
    registry("brush", "1.0", ["paint>=1"], locked="1.0")
    registry("paint", "1.1", locked="1.1")
    registry("paint", "1.2")  # newer than the lock
    assert install.main(["--strict"]) == 0
    assert installed(tmp_path) == {"brush.py": "version = '1.0'\n", "paint.py": "version = '1.1'\n"}
    assert "requirements.lock" not in capfd.readouterr().out


def test_a_registrys_own_build_is_named_and_taken(registry, tmp_path, capfd):
    registry("brush", "1.0", locked="1.0")
    registry("brush", "1.0+cpu")
    assert install.main(["--strict"]) == 1
    assert installed(tmp_path) == {}
    assert install.main([]) == 0
    assert installed(tmp_path) == {"brush.py": "version = '1.0+cpu'\n"}
    assert "not the files of requirements.lock: brush 1.0+cpu." in capfd.readouterr().out


def test_another_file_of_the_same_version_is_named(registry, tmp_path, capfd):
    registry("brush", "1.0", ["paint"], locked="1.0")
    registry("paint", "1.1", locked=("1.1", "0" * 64))
    assert install.main(["--strict"]) == 1
    assert installed(tmp_path) == {}
    assert install.main([]) == 0
    assert len(installed(tmp_path)) == 2
    assert "not the files of requirements.lock: paint 1.1." in capfd.readouterr().out


def test_a_version_that_is_not_served_gives_way(registry, tmp_path, capfd):
    registry("brush", "1.0", ["paint"], locked="1.0")
    registry("paint", "1.0", locked="1.1")
    assert install.main([]) == 0
    assert installed(tmp_path)["paint.py"] == "version = '1.0'\n"
    assert "lacks a version of requirements.lock" in capfd.readouterr().out


def test_what_is_not_to_be_had_is_pips_error(registry, capfd):
    with pytest.raises(SystemExit) as ended:
        install.main([])
    assert ended.value.code == 1
    assert "No matching distribution found for brush==1.0" in capfd.readouterr().err
