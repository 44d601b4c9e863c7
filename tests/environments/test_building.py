"""Packages that are built from their source: what is asked first, what is built, and why it does not build."""

from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.environments import Lock, build_wheel, lock_requirements, plan_conda, read_requirements
from jupyter_deploy.environments.requirement_lines import read_requirement
from jupyter_deploy.errors import ConfigError, DeployError, EnvironmentFailed, Untrusted
from tests.environments.projects import write_project

PYTHON = Path(sys.executable)


def quiet(line: str) -> None:
    """Say nothing."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder for wheels."""
    (tmp_path / "built").mkdir()
    return tmp_path / "built"


def built(line: str, root: Path, place: Path) -> Path:
    return build_wheel(read_requirement(line), root, PYTHON, place, quiet)


@pytest.mark.parametrize(
    ("line", "source", "name", "extras", "marker"),
    [
        ("-e .", ".", "", "", ""),
        ("-e ./mine[dev]", "./mine", "", "[dev]", ""),
        ("--editable=src/mine", "src/mine", "", "", ""),
        ("./mine/ ; python_version > '3'", "./mine", "", "", " ; python_version > '3'"),
        ("../mine", "../mine", "", "", ""),
        ("/srv/mine", "/srv/mine", "", "", ""),
        ("Mine[dev] @ file:///srv/my%20pkg", "/srv/my pkg", "mine", "[dev]", ""),
        ("mine @ ./mine", "./mine", "mine", "", ""),
        ("mine-1.0.zip", "mine-1.0.zip", "", "", ""),
        ("https://host/mine-1.0.tar.gz#egg=mine", "https://host/mine-1.0.tar.gz", "", "", ""),
        ("mine[dev] @ https://host/mine.zip ; os_name == 'posix'", "https://host/mine.zip", "mine", "[dev]", " ; os_name == 'posix'"),
    ],
)  # fmt: skip
def test_what_a_line_builds_is_read(line: str, source: str, name: str, extras: str, marker: str) -> None:
    read = read_requirement(line)
    assert (read.source, read.name, read.extras, read.marker) == (source, name, extras, marker)
    assert read.is_built
    assert read.text == line


def test_consent_is_asked_with_the_line_and_with_what_building_does() -> None:
    with pytest.raises(Untrusted) as refused:
        read_requirements("six\n-e ./mine\n", "needs.txt")
    assert refused.value.what == "needs.txt takes packages from elsewhere than the package index: ./mine"
    assert "- -e ./mine (a wheel is built of it, which runs its code here, as you)" in refused.value.why
    assert "--trust ./mine (in Python: InferenceConfig(…, trust=['./mine']))" in refused.value.remedy
    with pytest.raises(Untrusted, match=r"env\.yml takes packages from elsewhere"):
        plan_conda(CondaFile(pip=("-e ./mine",)), "env.yml").require()


def test_a_folder_and_an_archive_of_it_are_built(tmp_path: Path, place: Path) -> None:
    write_project(tmp_path / "my project" / "mine")
    packed = shutil.make_archive(str(tmp_path / "packed"), "gztar", tmp_path / "my project", "mine")
    sha256 = hashlib.sha256(Path(packed).read_bytes()).hexdigest()
    wheels = [
        built("-e my project/mine", tmp_path, place),
        built(f"mine @ ./packed.tar.gz --hash=sha256:{sha256}", tmp_path, place),
    ]
    for wheel in wheels:
        assert zipfile.ZipFile(wheel).read("mine.py") == b"VERSION = 'as it was'\n"


def test_an_archive_is_fetched_from_its_address(site: tuple[Path, str], tmp_path: Path, place: Path) -> None:
    folder, address = site
    write_project(tmp_path / "mine")
    packed = Path(shutil.make_archive(str(folder / "mine-0.3"), "zip", tmp_path, "mine"))
    assert built(f"{address}/{packed.name}", tmp_path, place).name == "mine-0.3-py3-none-any.whl"
    with pytest.raises(EnvironmentFailed, match=r"mine-0\.3\.zip does not have the hash that the requirements give"):
        built(f"{address}/{packed.name}#sha256={'0' * 64}", tmp_path, place)
    with pytest.raises(EnvironmentFailed, match=r"gone\.zip cannot be fetched: its host answers 404"):
        built(f"{address}/gone.zip", tmp_path, place)


@pytest.mark.parametrize(
    ("line", "kind", "what"),
    [
        ("./nothing", ConfigError, "./nothing: there is no folder /"),
        ("./nothing.zip", ConfigError, "./nothing.zip: there is no file /"),
        ("./empty", EnvironmentFailed, "./empty does not build: "),
        ("other @ ./mine", EnvironmentFailed, "./mine is the package mine, and not other"),
        ("./broken", EnvironmentFailed, "./broken does not build: RuntimeError: no compiler here"),
    ],
)
def test_why_something_is_not_built_is_told_first(
    tmp_path: Path, place: Path, line: str, kind: type[DeployError], what: str
) -> None:
    (tmp_path / "empty").mkdir()
    write_project(tmp_path / "mine")
    write_project(tmp_path / "broken", before="raise RuntimeError('no compiler here')")
    with pytest.raises(kind) as failed:
        built(line, tmp_path, place)
    assert failed.value.what.startswith(what)
    if "broken" in line:
        assert "Traceback" in failed.value.why


def test_what_was_built_is_locked_by_its_hash_with_what_it_needs(shelf: Path, tmp_path: Path, place: Path) -> None:
    write_project(tmp_path / "mine")
    made = built("./mine", tmp_path, place)
    kept = tmp_path / "w s" / hashlib.sha256(made.read_bytes()).hexdigest() / "mine-0.3+g1-py3-none-any.whl"
    kept.parent.mkdir(parents=True)
    shutil.copy(made, kept)
    text, trusted = "./mine ; python_version > '3'", ["./mine"]
    with pytest.raises(EnvironmentFailed, match=r"the wheel that was built of \./mine is not there any more"):
        lock_requirements(text, PYTHON, quiet, "needs.txt", trusted)
    kept = kept.rename(kept.with_name(made.name))
    lock = lock_requirements(text, PYTHON, quiet, "needs.txt", trusted, {"./mine": kept})
    (mine,) = (package for package in lock.packages if package.name == "mine")
    assert (mine.version, mine.hashes, mine.address) == ("0.3", (f"sha256:{kept.parent.name}",), kept.as_uri())
    assert mine.asked_by == ("needs.txt",)
    assert Lock.parse(lock.text()) == lock
    kept.write_bytes(kept.read_bytes() + b"changed")
    with pytest.raises(EnvironmentFailed):
        lock_requirements(text, PYTHON, quiet, "needs.txt", trusted, {"./mine": kept})
