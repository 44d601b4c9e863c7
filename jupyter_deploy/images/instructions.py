"""Reads the Dockerfiles of users: the steps that are added to ours, and one that ours begins with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import Template

from jupyter_deploy.errors import ConfigError

STEPS = ("ARG", "ENV", "EXPOSE", "LABEL", "RUN")
"""What may be added (azureml-v1 2)."""
_KNOWN = frozenset({
    *STEPS, "ADD", "CMD", "COPY", "ENTRYPOINT", "FROM", "HEALTHCHECK", "MAINTAINER", "ONBUILD", "SHELL", "STOPSIGNAL",
    "USER", "VOLUME", "WORKDIR",
})  # fmt: skip
_CONTINUED = re.compile(r"\\[ \t]*$")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*[^\\\s]", re.IGNORECASE)
_OPTION = re.compile(r"--([a-z]+)=(\S+)")


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile.

    Parameters
    ----------
    line : where it begins, from 1. name : in capitals. text : as it stands there, over several lines where it is, without comments.
    """

    line: int
    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """What follows the name."""
        return _CONTINUED.sub("", " ".join(_CONTINUED.sub("", line) for line in self.text.splitlines())).split()[1:]

    def option(self, name: str) -> str:
        """The value of ``--name=value``; empty without it."""
        found = (_OPTION.fullmatch(word) for word in self.words)
        return next((each[2] for each in found if each and each[1] == name), "")


def checked_steps(text: str, where: str) -> str:
    """The steps of a text without its comments.

    Parameters
    ----------
    where : what the text is called, for errors.

    Raises
    ------
    ConfigError : other instructions than :data:`STEPS`, each with its line.
    """
    found = _read(text, where)
    problems = [
        f"line {each.line}: {each.name} cannot be added; the steps are {', '.join(STEPS)}"
        for each in found
        if each.name not in STEPS
    ]
    if problems:
        remedy = "files come with source_directory; whatever else an image needs can be in a base_image of your own"
        raise ConfigError(problems, where, remedy)
    return _joined(found)


def checked_beginning(text: str, where: str) -> str:
    """A Dockerfile that ours can begin with, without its comments.

    Raises
    ------
    ConfigError : no FROM, what is no instruction, files of a context, which it has not, or an image whose name cannot be read.
    """
    found = _read(text, where)
    problems = [] if any(each.name == "FROM" for each in found) else ["it has no FROM, so no image to begin with"]
    for each in found:
        if each.name not in _KNOWN:
            problems.append(f"line {each.line}: {each.name} is no instruction of a Dockerfile")
        elif each.name in ("COPY", "ADD") and not each.option("from") and not _is_fetched(each):
            problems.append(f"line {each.line}: {each.name} takes files of a folder, and this Dockerfile has none")
    for line, name in _images(found):
        if not name or "$" in name:
            problems.append(f"line {line}: the image's name '{name}' cannot be read; write it out")
    if problems:
        raise ConfigError(problems, where)
    return _joined(found)


def images_of(text: str) -> tuple[str, ...]:
    """The names of the images that a checked Dockerfile begins with or copies from, each once."""
    return tuple(dict.fromkeys(name for _, name in _images(_read(text, ""))))


def has_step(text: str, step: str) -> bool:
    """Whether a checked text has the instruction that an engine names as its step."""
    return any([each.name, *each.words] == step.split() for each in _read(text, ""))


def _read(text: str, where: str) -> list[Instruction]:
    lines = text.removeprefix("\ufeff").splitlines()
    if lines and _ESCAPE.match(lines[0]):
        raise ConfigError(["line 1: another escape character than the backslash is not taken"], where)
    found: list[Instruction] = []
    is_open = False
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):  # within an instruction too
            continue
        if is_open:
            last = found[-1]
            found[-1] = Instruction(last.line, last.name, f"{last.text}\n{line.rstrip()}")
        else:
            name = next(iter(_CONTINUED.sub("", line).split()), "\\").upper()
            found.append(Instruction(number, name, line.strip()))
        is_open = bool(_CONTINUED.search(line))
    if is_open:  # what follows in ours would become part of it
        raise ConfigError([f"line {found[-1].line}: its last line ends with a backslash, and nothing follows"], where)
    return found


def _joined(found: Sequence[Instruction]) -> str:
    return "".join(f"{each.text}\n" for each in found)


def _is_fetched(instruction: Instruction) -> bool:
    sources = [word for word in instruction.words if not word.startswith("--")][:-1]
    return instruction.name == "ADD" and bool(sources) and all("://" in source for source in sources)


def _images(found: Sequence[Instruction]) -> Iterator[tuple[int, str]]:
    """The images that are named, with the lines; stages are none."""
    arguments: dict[str, str] = {}
    stages = {"scratch"}
    is_begun = False
    for each in found:
        if each.name == "ARG" and not is_begun:  # what the names of images may be made of
            pairs = (word.partition("=") for word in each.words)
            arguments |= {name: value.strip("\"'") for name, is_set, value in pairs if is_set}
        elif each.name == "FROM":
            is_begun = True
            image, *rest = [word for word in each.words if not word.startswith("--")] or [""]
            image = Template(image.strip("\"'")).safe_substitute(arguments)
            if image.lower() not in stages:
                yield each.line, image
            stages.add(rest[1].lower() if len(rest) == 2 else "")
        elif (source := each.option("from")) and not source.isdigit() and source.lower() not in stages:
            yield each.line, source
