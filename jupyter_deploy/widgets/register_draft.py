"""What is typed into the form that registers a model, read as the magic would read it."""

from __future__ import annotations

import os
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_deploy.config.names import check_model_name
from jupyter_deploy.errors import DeployError
from jupyter_deploy.models import frameworks
from jupyter_deploy.models.registry import Found
from jupyter_deploy.sdk.registering import what_is_meant
from jupyter_deploy.widgets.fields import Problem
from jupyter_deploy.widgets.lines import option, repeated, word

Look = Callable[[Path], Found]
"""Looks into files, as ``registry.look_at``."""
_NO_MODELS = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)


@dataclass(frozen=True)
class Texts:
    """What stands in the fields.

    Parameters
    ----------
    path : of a file or folder. variable : that holds a path or an object; one of the two is given.
    name : of the model. framework, framework_version : empty for those that are found.
    sample : a variable or a file; empty for none. tags : ``KEY=VALUE`` in each line. description : free text.
    trust : the names that were ticked.
    """

    path: str = ""
    variable: str = ""
    name: str = ""
    framework: str = ""
    framework_version: str = ""
    sample: str = ""
    tags: str = ""
    description: str = ""
    trust: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Texts:
        """Take what a page sent."""
        names = [name for name in cls.__dataclass_fields__ if name != "trust"]
        plain = {name: str(values.get(name, "")).strip() for name in names}
        return cls(**plain, trust=tuple(map(str, values.get("trust", ()))))

    @property
    def tag_lines(self) -> list[str]:
        """The tags that are given, each as it is typed."""
        return [line.strip() for line in self.tags.splitlines() if line.strip()]

    @property
    def line(self) -> str:
        """The ``%register_model`` line."""
        words = ["%register_model", word(self.variable or self.path), *option("name", self.name)]
        for name in ("sample", "description", "framework", "framework_version"):
            words += option(name, " ".join(str(getattr(self, name)).split("\n")))
        return " ".join([*words, *repeated("tag", self.tag_lines), *repeated("trust", self.trust)])


@dataclass(frozen=True)
class Draft:
    """A model that is to be registered.

    Parameters
    ----------
    texts : as they stand. what : the path or the object, as ``registering.register`` takes it.
    found : what its files say, where it is files. kind, framework : the class and framework of an object.
    problems : all that is in the way.
    """

    texts: Texts
    what: Mapping[str, Any] = field(default_factory=dict)
    found: Found | None = None
    kind: str = ""
    framework: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def tags(self) -> dict[str, str]:
        """The tags."""
        return dict(line.split("=", 1) for line in self.texts.tag_lines)


def read(texts: Texts, variables: Mapping[str, Any], look: Look) -> Draft:
    """Read a form: what is named is looked into, nothing is loaded or changed."""
    problems: list[Problem] = []
    given = texts.variable or texts.path
    place = "variable" if texts.variable else "path"
    what: Mapping[str, Any] = {}
    found, kind, framework = None, "", None
    try:
        what = _meant(texts, variables)
        if path := what.get("model_path"):
            found = look(path)
            framework = found.framework
        elif what:
            kind = f"{type(what['model']).__module__}.{type(what['model']).__qualname__}"
            framework = frameworks.framework_of(what["model"])
    except OSError as error:  # of a path that no system takes, or of a file that may not be read
        problems.append(Problem((place,), str(error.strerror)))
    except DeployError as error:
        problems.append(Problem((place,), "\n".join(filter(None, (error.what, error.why)))))
    if not given:
        problems.append(Problem(("path",), "choose a file or a folder, or a variable"))
    problems += _of_texts(texts, variables)
    if found and (asked := [name for name in found.outside if name not in texts.trust]):
        text = f"loading it imports names that are not known to be safe: {', '.join(asked)}"
        problems.append(
            Problem(("trust",), f"{text}\nTick those that you trust, if you know where the file comes from.")
        )
    return Draft(texts, what, found, kind, framework, tuple(problems))


def _meant(texts: Texts, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    if not texts.variable:
        return what_is_meant(texts.path, {}) if texts.path else {}
    if texts.variable not in variables:
        raise DeployError(f"there is no variable '{texts.variable}' any more")
    if Path(texts.variable).exists():
        raise DeployError(f"a file '{texts.variable}' is here too, and would be taken instead", "Rename the variable.")
    return what_is_meant(texts.variable, variables)


def _of_texts(texts: Texts, variables: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for name, check in (
        ("name", lambda: check_model_name(texts.name)),
        ("framework", lambda: frameworks.check(texts.framework or None, texts.framework_version or None)),
    ):
        try:
            check()
        except DeployError as error:
            problems.append(Problem((name,), "\n".join(filter(None, (error.what, error.why, error.remedy)))))
    wrong = [line for line in texts.tag_lines if not all(line.partition("=")[::2])]
    problems += [Problem(("tags",), f"{line!r} is no KEY=VALUE") for line in wrong]
    if texts.sample and texts.sample not in variables and not os.path.isfile(Path(texts.sample).expanduser()):  # noqa: PTH113  (never fails)
        problems.append(Problem(("sample",), f"'{texts.sample}' is neither a variable nor a file"))
    return problems


def candidates(variables: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The variables that may hold a model or the path of one, with the names of their types."""
    return [
        (name, type(value).__name__)
        for name, value in variables.items()
        if not name.startswith("_") and not isinstance(value, _NO_MODELS) and value is not None
    ]
