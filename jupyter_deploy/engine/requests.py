"""What a user asked for, sealed: absolute paths, hashes of every file, and references instead of secrets.

The same request comes out of a magic, a form, the command line or Python; what it names is what will be deployed, whatever happens to
the files on disk afterwards.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from jupyter_deploy.bundle.contents import SealedFile, SealedModel, SealedScript
from jupyter_deploy.images.recipe import PLAIN, Recipe


@dataclass(frozen=True)
class SealedEnvironment:
    """Where the packages come from.

    Parameters
    ----------
    kind : "kernel" for a lock that is there already; "pip" for a requirements file, "conda" for a conda file, to be locked.
    text : of the lock, or of the file; a conda file as JSON. name : the file's name.
    imports : of a kernel's: who imports each module in the script, from which it can be locked anew for other models.
    local : of a kernel's: modules that lie beside the script.
    variables : environment variables of the service.
    trusted : addresses and folders beside the package index from which its packages may come, by the person's word.
    by_conda : of a conda file: the packages that conda itself installs, where the target makes an image.
    wheels : what was built in the call, by the source that the text names: where it lies in the workspace's folder of wheels.
    """

    kind: Literal["kernel", "pip", "conda"]
    text: str
    name: str = ""
    imports: Mapping[str, str] = field(default_factory=dict)
    local: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    trusted: tuple[str, ...] = ()
    by_conda: tuple[str, ...] = ()
    wheels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DeployRequest:
    """Everything that makes one version of a service.

    Parameters
    ----------
    service : its name.
    target : the target's name.
    models : in the order given. script, environment : sealed.
    options : the target's options in their JSON form, without secrets.
    settings : the target's part of the scoring server's settings, with every default filled in.
    inference : the InferenceConfig's settings as given, for the record.
    recipe : how an image for it is to be made, where the target makes one.
    """

    service: str
    target: str
    models: tuple[SealedModel, ...]
    script: SealedScript
    environment: SealedEnvironment
    options: Mapping[str, Any]
    settings: Mapping[str, Any]
    inference: Mapping[str, Any] = field(default_factory=dict)
    recipe: Recipe = PLAIN

    @property
    def digest(self) -> str:
        """Equal for requests that make the same service, whenever and from wherever they are made."""
        return self._digest_without("inference")

    @property
    def content_digest(self) -> str:
        """Equal for requests whose services run the same, whatever is asked of the target beside that."""
        return self._digest_without("inference", "options")

    def _digest_without(self, *names: str) -> str:
        content = {name: part for name, part in self.to_json().items() if name not in names}
        del content["environment"]["name"]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Write it as a plain document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> DeployRequest:
        """Read what :meth:`to_json` wrote."""
        script = document["script"]
        return cls(
            service=document["service"],
            target=document["target"],
            models=tuple(
                SealedModel(model["name"], model["version"], _files(model["files"])) for model in document["models"]
            ),
            script=SealedScript(script["entry"], script["source_directory"], _files(script["files"])),
            environment=_environment(document["environment"]),
            options=document["options"],
            settings=document["settings"],
            inference=document["inference"],
            recipe=_recipe(document.get("recipe", {})),
        )


def _environment(document: Mapping[str, Any]) -> SealedEnvironment:
    tuples = {name: tuple(document.get(name, ())) for name in ("local", "trusted", "by_conda")}
    return SealedEnvironment(**{**document, **tuples})


def _recipe(document: Mapping[str, Any]) -> Recipe:
    tuples = {name: tuple(document.get(name, ())) for name in ("conda_only_packages", "conda_channels")}
    return Recipe(**{**document, **tuples})


def _files(documents: list[Mapping[str, Any]]) -> tuple[SealedFile, ...]:
    return tuple(SealedFile(**document) for document in documents)
