"""Versions of conda in pip's words: exactly, or refused."""

from __future__ import annotations

import re

import pytest

from jupyter_deploy.environments.conda_versions import CondaEntry, pip_specifier, read_entry


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("numpy", CondaEntry("numpy")),
        ("NumPy=1.26", CondaEntry("numpy", version="=1.26")),
        ("numpy >=1.26, <3", CondaEntry("numpy", version=">=1.26, <3")),
        ("numpy 1.26", CondaEntry("numpy", version="1.26")),
        ("numpy=1.26.0=py311h_0", CondaEntry("numpy", version="1.26.0", build="py311h_0")),
        ("numpy==1.26.0=py311h_0", CondaEntry("numpy", version="1.26.0", build="py311h_0")),
        ("numpy 1.26.0 py311h_0", CondaEntry("numpy", version="1.26.0", build="py311h_0")),
        ("pytorch=*=*cpu*", CondaEntry("pytorch", version="*", build="*cpu*")),
        ("conda-forge::numpy", CondaEntry("numpy", "conda-forge")),
        ("conda-forge/linux-64::numpy=2", CondaEntry("numpy", "conda-forge/linux-64", "=2")),
        ("_libgcc_mutex=0.1=main", CondaEntry("_libgcc_mutex", version="0.1", build="main")),
    ],
)
def test_entries_are_taken_apart(text: str, entry: CondaEntry) -> None:
    assert read_entry(text) == entry


@pytest.mark.parametrize(
    "text", ["", "=1.2", "numpy[version='>=1']", "numpy@1.2", "https://example.org/numpy-1.tar.bz2", "./numpy.conda"]
)
def test_what_is_no_name_with_a_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no name with a version"):
        read_entry(text)


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("", ""),
        ("*", ""),
        ("=*", ""),
        ("=1.26", "==1.26.*"),
        ("= 1.26", "==1.26.*"),
        ("=1.26.*", "==1.26.*"),
        ("=1.26*", "==1.26.*"),
        ("1.26.*", "==1.26.*"),
        ("1.26", "==1.26"),
        ("==1.26", "==1.26"),
        (">=1.26", ">=1.26"),
        (">=1.26.*", ">=1.26"),
        ("!=1.26.*", "!=1.26.*"),
        ("~=1.26", "~=1.26"),
        (">= 1.26, <3", ">=1.26,<3"),
        (">=1.26,1.*", ">=1.26,==1.*"),
        ("=1!2.0", "==1!2.0.*"),
    ],
)
def test_versions_keep_their_meaning(conda: str, pip: str) -> None:
    assert pip_specifier(conda) == pip


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("1.2|1.3", "no word for '|'"),
        ("==1.2.*", "read '==1.2.*' differently; write =1.2 or ==1.2"),
        ("<2.*", "read '<2.*' differently; write =2 or <2"),
        ("=1.1.1k", "no word for '==1.1.1k.*'"),
        ("=>1.2", "is no version"),
        (">=1.2,", "is no version"),
        ("1.2 py36 0", "is no version"),
    ],
)
def test_versions_that_pip_cannot_say_are_refused_with_what_to_write(version: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        pip_specifier(version)
