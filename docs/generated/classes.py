"""The public classes and the widgets, from their docstrings; and how these are written, for Sphinx."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any

import jupyter_deploy
from docs.generated.markdown import joined
from jupyter_deploy import widgets as views

_FIRST = (
    "Workspace",
    "Model",
    "ModelPackage",
    "InferenceConfig",
    "ProcessWebservice",
    "Webservice",
    "Operation",
    "Environment",
    "CondaDependencies",
)
_ENTRY = re.compile(r"(?:^|(?<=[.;] ))(\w+(?:, \w+)*) : ")
_NOTE = re.compile(r" \(azureml-v1 [\d., ]+\)")  # to those who work on the package


def classes() -> str:
    """A section for every public class, in the order in which one meets them."""
    names = sorted(jupyter_deploy.__all__, key=lambda name: (*_FIRST, name).index(name))
    return joined(*(f"## `{name}`\n\n{_directive(f'jupyter_deploy.{name}', ':members:')}" for name in names))


def widgets() -> str:
    """A section for every widget; their methods are what front ends call."""
    found = {name: f"jupyter_deploy.widgets.{name}({_arguments(getattr(views, name))})" for name in views.__all__}
    return joined(*(f"### `{name}`\n\n{_directive(call)}" for name, call in found.items()))


def _arguments(widget: Any) -> str:
    """What a widget is made of; Sphinx by itself would show what traitlets' own ``__new__`` takes."""
    _, *parameters = inspect.signature(widget.__init__).parameters.values()
    return ", ".join(map(_argument, parameters))


def _argument(parameter: inspect.Parameter) -> str:
    if parameter.default is parameter.empty:
        return parameter.name
    return f"{parameter.name}={'None' if parameter.default is None else '...'}"


def _directive(name: str, *options: str) -> str:
    return "\n".join(["```{eval-rst}", f".. autoclass:: {name}", *(f"   {option}" for option in options), "```"])


def as_lists(lines: Sequence[str]) -> list[str]:
    """Turn the sections of a docstring into lists of reStructuredText; everything else stays as it is.

    >>> as_lists(["Look.", "", "Parameters", "----------", "a : one. b, c : one and", "    two."])
    ['Look.', '', '**Parameters**', '', '- ``a``: one.', '- ``b``, ``c``: one and two.', '']
    """
    starts = [number - 1 for number, line in enumerate(lines) if number and re.fullmatch("-{3,}", line.strip())]
    lines = [_NOTE.sub("", line) for line in lines]
    ends = [*starts, len(lines)]
    found = list(lines[: ends[0]])
    for start, end in zip(starts, ends[1:], strict=True):
        title, section = lines[start].strip(), lines[start + 2 : end]
        entries = [] if title.startswith("Example") else list(_entries(section))
        found += [f"**{title}**", "", *(entries or section), ""]
    return found


def _entries(section: Sequence[str]) -> Iterator[str]:
    """An item of a list for every name, or names, with a meaning; lines that begin with blanks go on with the one above."""
    for entry in re.split(r"\n(?=\S)", "\n".join(section).strip()):
        _, *parts = _ENTRY.split(" ".join(entry.split()) + " ")
        for names, meaning in zip(parts[::2], parts[1::2], strict=True):
            yield f"- {', '.join(f'``{name}``' for name in names.split(', '))}: {meaning.strip()}"
