from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_deploy.environments import Lock, LockedPackage
from jupyter_deploy.errors import IntegrityError

LOCK = Lock(
    python="3.11.7",
    source="pip",
    packages=(
        LockedPackage("numpy", "2.4.6", ("sha256:aa", "sha256:bb"), ("score.py", "scikit-learn", "the scoring server")),
        LockedPackage("six", "1.17.0", ("sha256:cc",)),
        LockedPackage("torch", "2.5.1+cu124", (), ("score.py",)),
    ),
    left_out=("azureml-core", "azureml-defaults"),
    missing=("nowhere",),
    local_installs=("six",),
)


def test_the_text_is_a_requirements_file_with_remarks() -> None:
    assert LOCK.text() == (
        "# Python 3.11.7, source: pip\n"
        "# left out: azureml-core, azureml-defaults\n"
        "# not installed: nowhere\n"
        "# installed from a folder: six\n"
        "numpy==2.4.6 \\\n"
        "    --hash=sha256:aa \\\n"
        "    --hash=sha256:bb\n"
        "    # asked for by score.py, scikit-learn, the scoring server\n"
        "six==1.17.0 \\\n"
        "    --hash=sha256:cc\n"
        "torch==2.5.1+cu124\n"
        "    # asked for by score.py\n"
    )


@pytest.mark.parametrize("lock", [LOCK, Lock("3.12.0", "kernel", ()), replace(LOCK, left_out=(), missing=())])
def test_the_text_gives_back_the_lock(lock: Lock) -> None:
    assert Lock.parse(lock.text()) == lock


@pytest.mark.parametrize("text", ["", "numpy==2.4.6\n", "# some other file\nnumpy==1\n"])
def test_another_file_is_not_taken_for_a_lock(text: str) -> None:
    with pytest.raises(IntegrityError, match="not a lock"):
        Lock.parse(text)


def test_the_digest_follows_what_is_installed_and_not_who_asked() -> None:
    first, *others = LOCK.packages
    assert replace(LOCK, packages=(replace(first, asked_by=()), *others), left_out=()).digest == LOCK.digest
    assert replace(LOCK, packages=(replace(first, version="2.4.7"), *others)).digest != LOCK.digest
    assert replace(LOCK, packages=(replace(first, hashes=("sha256:aa",)), *others)).digest != LOCK.digest
    assert replace(LOCK, python="3.11.8").digest != LOCK.digest


def test_hashes_count_only_when_every_package_has_them() -> None:
    assert not LOCK.has_hashes
    assert replace(LOCK, packages=LOCK.packages[:2]).has_hashes
