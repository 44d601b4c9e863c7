from __future__ import annotations

import platform
import re
import sys
from pathlib import Path

import pytest

from jupyter_deploy.environments import Lock, LockedPackage, add_hashes, lock_requirements
from jupyter_deploy.errors import ConfigError, EnvironmentFailed
from tests.environments.wheels import build_wheel

PYTHON = Path(sys.executable)
SIX_HASH = "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"  # of the wheel of six 1.17.0


def quiet(line: str) -> None:
    """Say nothing."""


def test_requirements_become_a_lock_with_hashes_and_the_servers_needs() -> None:
    lock = lock_requirements("# mine\nsix==1.17.0  # old\npython_dateutil~=2.1\n", PYTHON, quiet, "needs.txt")
    packages = {package.name: package for package in lock.packages}
    assert lock.source == "pip"
    assert lock.python == platform.python_version()
    assert packages["six"].version == "1.17.0"
    assert SIX_HASH in packages["six"].hashes
    assert packages["six"].asked_by[0] == "needs.txt"
    assert packages["python-dateutil"].asked_by == ("needs.txt",)
    assert packages["httptools"].asked_by == ("the scoring server",)
    assert {"httptools", "orjson", "pysimdjson", "uvloop"} <= set(packages)
    assert lock.has_hashes
    assert list(packages) == sorted(packages)
    assert Lock.parse(lock.text()) == lock


def test_what_the_scoring_server_stands_in_for_is_left_out_in_one_line() -> None:
    said: list[str] = []
    lock = lock_requirements("azureml-defaults>=1.0.45\nazureml_core[x]\nsix", PYTHON, said.append)
    assert lock.left_out == ("azureml-core", "azureml-defaults")
    assert [line for line in said if "azureml" in line] == [
        "left out, because the scoring server stands in for it: azureml-core, azureml-defaults"
    ]
    assert not [package.name for package in lock.packages if package.name.startswith(("azure", "flask"))]


def test_hashes_that_the_file_gives_are_kept_to() -> None:
    lock = lock_requirements(f"six==1.17.0 \\\n    --hash={SIX_HASH}\n", PYTHON, quiet)
    (six,) = (package for package in lock.packages if package.name == "six")
    assert six.hashes == (SIX_HASH,)


def test_a_hash_of_another_file_is_refused() -> None:
    with pytest.raises(EnvironmentFailed, match=r"no file of six 1\.17\.0 has a hash"):
        lock_requirements(f"six==1.17.0 --hash=sha256:{'0' * 64}", PYTHON, quiet)


@pytest.mark.parametrize(
    ("requirements", "sentence"),
    [
        ("nowhere-to-be", "nowhere-to-be cannot be had: there is no such package"),
        ("lost", "nowhere-to-be cannot be had: there is no such package (lost needs it)"),
        ("plain==9", "plain==9 cannot be had: there is no such version"),
        ("plain>=3", "plain>=3 cannot be had: only plain<=2.0 is available"),
        ("compiled", "compiled==3.1 cannot be had: it has no wheels with a matching Python ABI tag"),
        ("foreign", "foreign==1.0 cannot be had: it has no wheels with a matching platform tag"),
        ("source", "source==1.0 cannot be had: it has no usable wheels"),
        ("newer==1.0", "newer==1.0 cannot be had: it needs Python >=3.99"),
        ("plain==1.0\nplain==2.0", "the packages cannot be had together: you require plain==1.0 and plain==2.0"),
        (
            "needs-old\nplain>=2",
            "the packages cannot be had together: all versions of needs-old depend on plain<2 and you require needs-old;"
            " you require plain>=2",
        ),
    ],
)
def test_why_packages_cannot_be_had_is_told_in_one_sentence(shelf: Path, requirements: str, sentence: str) -> None:
    build_wheel(shelf, "plain")
    build_wheel(shelf, "plain", "2.0")
    build_wheel(shelf, "needs-old", requires=["plain<2"])
    build_wheel(shelf, "lost", requires=["nowhere-to-be"])
    build_wheel(shelf, "compiled", "3.1", tag="cp38-cp38-any")
    series = f"cp{sys.version_info.major}{sys.version_info.minor}"
    build_wheel(shelf, "foreign", tag=f"{series}-{series}-win_arm64")
    build_wheel(shelf, "newer", python=">=3.99")
    (shelf / "source-1.0.tar.gz").write_bytes(b"never unpacked")
    with pytest.raises(EnvironmentFailed) as failed:
        lock_requirements(requirements, PYTHON, quiet)
    assert re.sub(r" \(e\.g\., `.*`\)", "", failed.value.what) == sentence  # without the tag of this very machine
    assert failed.value.remedy


def test_a_package_without_a_wheel_is_not_built() -> None:
    with pytest.raises(EnvironmentFailed) as failed:
        lock_requirements("scikit-learn==0.20.0", PYTHON, quiet)
    assert failed.value.what == "scikit-learn==0.20.0 cannot be had: it has no usable wheels"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-i https://me:secret@host/simple", "~/.netrc, where uv looks: -i https://***@host/simple"),
        ("--extra-index-url=https://me:secret@host/simple", "would be recorded"),
        ("--extra-index-url https://host/simple?token=secret", "would be recorded"),
        ("--extra-index-url https://${TOKEN}/simple", "would be recorded"),
        ("--index-url file:///srv/simple", "only https://"),
        ("--find-links ./wheels", "a folder with /"),
        ("--find-links /no/such/folder", "there is no such folder"),
        ("-e", "this option is not taken"),
        ("-e . --hash=sha256:00", "a folder has no hash"),
        ("./six.zip --hash=md5:00", "a hash is written as sha256"),
        ("--editable=git+https://me:secret@host/six.git", "clone it and name the folder"),
        ("-r other.txt", "this option is not taken"),
        ("--pre", "this option is not taken"),
        ("--trusted-host host", "this option is not taken"),
        ("https://me:secret@host/six-1.0-py3-none-any.whl", "would be recorded"),
        ("six @ https://me:secret@host/six-1.0-py3-none-any.whl", "would be recorded"),
        ("six@https://host/six-1.0-py3-none-any.whl?sig=secret", "would be recorded"),
        ("https://host/six.whl", "no wheel's name"),
        ("https://host/six", "no wheel (.whl) and no source archive (.tar.gz, .tgz, .zip)"),
        ("https://me:secret@host/six-1.0.tar.gz", "would be recorded"),
        ("six @ https://host/six.zip?token=secret", "would be recorded"),
        ("https://host/six.zip#subdirectory=six", "unpack the archive"),
        ("six@1.2", "a version is asked for with name==1.2"),
        ("ftp://host/six-1.0.zip", "only https://"),
        ("six @ file:///srv/six-1.0-py3-none-any.whl", "only https://"),
        ("git+https://me:secret@host/six.git", "not of a repository's address"),
        ("six @ git+https://host/six.git@main#egg=six", "not of a repository's address"),
        ("./six-1.0-py3-none-any.whl", "name the wheel's folder with --find-links"),
        ("six-1.0-py3-none-any.whl", "name the wheel's folder with --find-links"),
        ("six>==1", "no requirement"),
        ("six six", "no requirement"),
    ],
)
def test_lines_that_are_not_taken_are_refused_by_number_without_their_secrets(line: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        lock_requirements(f"six\n\n{line}\n", PYTHON, quiet, "needs.txt")
    assert refused.value.what.startswith("needs.txt: line 3: ")
    assert words in refused.value.what
    assert "secret" not in str(refused.value)


def test_all_refused_lines_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        lock_requirements("--pre\nsix \\\n  ==1.17.0\ngit+https://host/x\n", PYTHON, quiet)
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["line 1", "line 4"]


def test_a_lock_of_the_kernel_gets_hashes_and_keeps_its_versions() -> None:
    lock = Lock(
        platform.python_version(),
        "kernel",
        (LockedPackage("six", "1.16.0", asked_by=("score.py",)),),
        ("left",),
        ("gone",),
    )
    exact = add_hashes(lock, PYTHON, quiet)
    (six,) = exact.packages
    assert (six.version, six.asked_by) == ("1.16.0", ("score.py",))
    assert all(each.startswith("sha256:") for each in six.hashes)
    assert exact.has_hashes
    assert (exact.source, exact.left_out, exact.missing) == ("kernel", ("left",), ("gone",))


def test_what_was_installed_from_a_folder_has_no_hashes_to_find() -> None:
    lock = Lock(platform.python_version(), "kernel", (LockedPackage("mine", "1.0"),), local_installs=("mine",))
    with pytest.raises(EnvironmentFailed, match="mine was installed from a folder"):
        add_hashes(lock, PYTHON, quiet)
