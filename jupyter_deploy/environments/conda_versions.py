"""Reads one entry of a conda file and says its version in pip's words, exactly or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENTRY = re.compile(
    r"(?:(?P<channel>[^\s:]+)::)?"
    r"(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*)"
    r"(?P<version>(?:[\s=<>!~][^\[]*)?)"
)
_WITH_BUILD = re.compile(r"={0,2}([^=\s<>!~|,]+)(?:=|\s+)([^=\s<>!~|,]+)")  # name=1.2=build or name 1.2 build
_TERM = re.compile(r"(~=|==|!=|>=|<=|=|>|<|)\s*([^\s<>=~]+)")


@dataclass(frozen=True)
class CondaEntry:
    """One line under ``dependencies``, taken apart.

    Parameters
    ----------
    name : in small letters. channel : before ``::``, or empty. version : in conda's words, or empty.
    build : conda's build of the package, which no other index has; empty where none is named.
    """

    name: str
    channel: str = ""
    version: str = ""
    build: str = ""


def read_entry(text: str) -> CondaEntry:
    """Take an entry apart.

    Raises
    ------
    ValueError : it is no name with a version.

    Examples
    --------
    >>> read_entry("conda-forge::numpy=1.26.0=py311_0")
    CondaEntry(name='numpy', channel='conda-forge', version='1.26.0', build='py311_0')
    """
    parts = _ENTRY.fullmatch(text)
    if parts is None:
        raise ValueError("this is no name with a version; write it as name=1.2")
    name, channel, version = parts["name"].lower(), parts["channel"] or "", parts["version"].strip()
    with_build = _WITH_BUILD.fullmatch(version)
    if with_build:
        return CondaEntry(name, channel, with_build[1], with_build[2])  # beside a build a version is exact
    return CondaEntry(name, channel, version)


def pip_specifier(version: str) -> str:
    """Say a version of conda in pip's words; an empty text for any version.

    Raises
    ------
    ValueError : pip has no words for it; the text says what to write.

    Examples
    --------
    >>> pip_specifier("=1.26")
    '==1.26.*'
    """
    if version.lstrip("=") in ("", "*"):
        return ""
    if "|" in version:
        raise ValueError("pip has no word for '|'; write one range, as >=1.2,<2")
    return ",".join(filter(None, (_term(term.strip()) for term in version.split(","))))


def _term(term: str) -> str:
    parts = _TERM.fullmatch(term)
    if parts is None:
        raise ValueError(f"{term!r} is no version; write it as name=1.2")
    operator, version = parts.groups()
    if operator == "=":
        return _exactly(version if version.endswith("*") else f"{version}.*")
    if operator == "":
        return _exactly(version)
    if version.endswith("*"):
        return _relational(operator, version)
    return _checked(f"{operator}{version}")


def _relational(operator: str, version: str) -> str:
    """Only ``>=`` and ``!=`` have one meaning with a star, for conda and for pip."""
    plain = version.rstrip("*").rstrip(".")
    if operator == ">=":
        return _checked(f">={plain}")
    if operator == "!=":
        return _checked(f"!={plain}.*")
    raise ValueError(f"conda and pip read '{operator}{version}' differently; write ={plain} or {operator}{plain}")


def _exactly(version: str) -> str:
    """A version that may end in a star; conda reads 1.2* as 1.2.*."""
    if version == "*":
        return ""
    if version.endswith("*"):
        version = version.rstrip("*").rstrip(".") + ".*"
    return _checked(f"=={version}")


def _checked(specifier: str) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return str(SpecifierSet(specifier))
    except InvalidSpecifier:
        raise ValueError(f"pip has no word for '{specifier}'; write a version that PyPI has, as ==1.2") from None
