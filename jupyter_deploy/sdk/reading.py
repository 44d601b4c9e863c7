"""Configuration from files, and what a face adds to it: what is said on a line wins over the file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_deploy.config.files import read_document
from jupyter_deploy.config.inference import ENVIRONMENT_KEYS, InferenceConfig
from jupyter_deploy.config.options import Options, set_path
from jupyter_deploy.errors import ConfigError, UserError
from jupyter_deploy.sdk.deploying import default_options
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.targets import find_target, is_target, plain_name, target_names


def read_inference(file: str | None, over: Mapping[str, Any], trust: Sequence[str] = ()) -> InferenceConfig | None:
    """Read an inference configuration file and put what was said elsewhere over it.

    Parameters
    ----------
    file : the file, or None.
    over : values by their paths in the file, which win over what it says; an environment wins over those of any kind,
        and what is said of an object replaces the whole of it.
    trust : sources of packages that are trusted.

    Returns
    -------
    InferenceConfig, or None where neither says anything.

    Raises
    ------
    ConfigError, ScriptError : it does not fit.
    """
    if file is None and not over:
        if trust:
            raise ConfigError(["trust is for the sources of a requirements or conda file, and none is given"])
        return None
    document = {} if file is None else read_document(file, "inference configuration")
    others = dict.fromkeys(ENVIRONMENT_KEYS) if any(key in over for key in ENVIRONMENT_KEYS) else {}
    said: dict[str, Any] = {}
    for path, value in over.items():
        set_path(said, path, value)
    return InferenceConfig.from_json(
        {**document, **others, **said}, "inference configuration" if file is None else Path(file).name, trust
    )


def environment_keys(env: str | None, root: Path | None = None) -> dict[str, str | None]:
    """What ``--env`` means in an inference configuration; it wins over all kinds of environment that a file may name.

    Parameters
    ----------
    env : "kernel", or a file; None for nothing said. root : the folder to which a relative file belongs, where it is not the script's.
    """
    if env is None:
        return {}
    nothing: dict[str, str | None] = dict.fromkeys(ENVIRONMENT_KEYS)
    if env == "kernel":
        return nothing
    path = Path(env).expanduser()
    kind = "condaFile" if path.suffix in (".yml", ".yaml") else "pipRequirementsFile"
    return {**nothing, kind: str(root / path if root else path)}


class Destination(NamedTuple):
    """Where to deploy.

    Parameters
    ----------
    kind : the class of the target's options. over : those that follow from the name of a compute, by Python name.
    """

    kind: type[Options]
    over: Mapping[str, Any]


@dataclass(frozen=True)
class DeploymentFile:
    """A deployment configuration file that was read, or none.

    Parameters
    ----------
    path : the file; None where none was given. document : what it holds.
    """

    path: str | None
    document: Mapping[str, Any]

    @classmethod
    def read(cls, path: str | None) -> DeploymentFile:
        """Read the file; an empty document where there is none."""
        return cls(path, {} if path is None else read_document(path, "deployment configuration"))

    def target(self, named: str | None, workspace: Workspace) -> Destination:
        """The target that is meant: by its name or that of a compute, by the file's ``computeType``, or, with neither, the default.

        Raises
        ------
        ConfigError : the name and the file disagree, or the file does not say. UserError : there is no such target, nor a compute.
        """
        over: dict[str, Any] = {}
        if named and not is_target(named):
            record = workspace.folder.computes.get(named)
            if record is None:
                raise _neither(named, [each.name for each in workspace.folder.computes.list()])
            named, over = record.kind, {"compute_target_name": record.name}
        in_file = next((value for key, value in self.document.items() if str(key).lower() == "computetype"), None)
        if in_file is not None and not isinstance(in_file, str):
            raise ConfigError([f"computeType is {in_file!r}; it takes a text"], self._where)
        if named and in_file and plain_name(named) != plain_name(in_file):
            raise ConfigError([f"it is for the target '{in_file}', and '{named}' was asked for"], self._where)
        if self.path is not None and not (named or in_file):
            raise ConfigError(["computeType is missing"], self._where, f"choose one of: {', '.join(target_names())}")
        chosen = named or in_file
        return Destination(find_target(chosen).options if chosen else type(default_options()), over)

    def options(self, kind: type[Options], over: Mapping[str, Any]) -> Options:
        """The options that the file holds, with others over them, by Python name.

        Raises
        ------
        ConfigError : keys or values that do not fit.
        """
        changed = kind.from_json(self.document, self._where).replaced(over)
        changed.require()
        return changed

    @property
    def _where(self) -> str:
        return Path(self.path).name if self.path else ""


def _neither(name: str, computes: Sequence[str]) -> UserError:
    """The error for a name that is none of a target, nor of a compute."""
    known = [*target_names(), *computes]
    close = difflib.get_close_matches(name, known, n=1)
    question = f"; did you mean '{close[0]}'?" if close else ""
    return UserError(
        f"there is no target or compute '{name}'{question}",
        remedy=f"targets: {', '.join(target_names())}; attached computes: {', '.join(computes) or 'none'};"
        f" attach another one: jupyter ml computetarget attach kubernetes -n {name}",
    )
