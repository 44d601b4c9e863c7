"""What an InferenceConfig says of an image, as a recipe; and the logins for its base images, which are secrets of the service."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.registry import address_of, login_of
from jupyter_deploy.engine.places import logins_name
from jupyter_deploy.engine.requests import SealedEnvironment
from jupyter_deploy.engine.service_secrets import held_secrets
from jupyter_deploy.errors import ConfigError
from jupyter_deploy.images.instructions import checked_beginning, checked_steps, images_of
from jupyter_deploy.images.pull import HUB, Logins, registry_of
from jupyter_deploy.images.recipe import Recipe
from jupyter_deploy.workspace.folder import WorkspaceFolder


def recipe_of(inference: InferenceConfig) -> Recipe:
    """Read how the image is to be made; files are read now.

    Raises
    ------
    ConfigError : settings that contradict each other or ask for nothing, and instructions that cannot be taken.
    """
    docker = inference.environment.docker if inference.environment else None
    steps = inference.path_of("extra_docker_file_steps")
    recipe = Recipe(
        base=inference.base_image or (docker and docker.base_image) or "",
        dockerfile=(docker and docker.base_dockerfile) or "",
        steps=checked_steps(_text(steps), steps.name) if steps else "",
        runtime="spark-py" if inference.runtime == "spark-py" else "python",
        gpu=bool(inference.enable_gpu),
        cuda=inference.cuda_version or "",
    )
    if recipe.dockerfile:
        assert inference.environment is not None
        where = f"base_dockerfile of the environment '{inference.environment.name}'"
        recipe = replace(recipe, dockerfile=checked_beginning(recipe.dockerfile, where))
    if recipe.dockerfile and conda_only_packages_of(inference):
        remedy = "have conda install them in that Dockerfile, or name a base_image instead"
        raise ConfigError(["base_dockerfile and conda_only_packages are both given"], "", remedy)
    if problems := [*_contradictions(recipe), *_useless_registry(recipe, inference)]:
        raise ConfigError(problems)
    registry = _registry(inference)
    if registry and recipe.base and not registry_of(recipe.base):
        recipe = replace(recipe, base=f"{address_of(registry)}/{recipe.base}")
    return recipe


def conda_only_packages_of(inference: InferenceConfig) -> Sequence[str]:
    """The names of the packages that conda itself installs."""
    docker = inference.environment.docker if inference.environment else None
    return (docker and docker.conda_only_packages) or inference.conda_only_packages


def with_conda(recipe: Recipe, environment: SealedEnvironment) -> Recipe:
    """The recipe with what conda itself installs, in its words, and the channels that have it."""
    if not environment.by_conda:
        return recipe
    from jupyter_deploy.environments import plan_conda

    file = CondaFile.from_document(json.loads(environment.text), "")
    plan = plan_conda(file, environment.name, environment.by_conda)
    channels = tuple(channel for channel in file.channels if channel != "nodefaults")
    return replace(recipe, conda_only_packages=plan.conda, conda_channels=channels or ("defaults",))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"extra_docker_file_steps {path} cannot be read: {error}"]) from None


def _contradictions(recipe: Recipe) -> list[str]:
    problems = []
    if recipe.cuda and not recipe.gpu:
        problems.append(f"cuda_version is {recipe.cuda} and enable_gpu is not given; give both, or neither")
    if recipe.cuda and recipe.base:
        problems.append("cuda_version and base_image both say what the image begins with; give one of them")
    return problems


def _useless_registry(recipe: Recipe, inference: InferenceConfig) -> list[str]:
    """A registry that no base image comes from would be accepted and ignored."""
    registry = _registry(inference)
    if registry is None:
        return []
    address = address_of(registry)
    names = images_of(recipe.dockerfile) if recipe.dockerfile else [recipe.base] if recipe.base else []
    if not names:
        return [f"base_image_registry {address} is for base_image, which is not given; give both"]
    if address in [registry_of(name) or HUB for name in names] or (recipe.base and not registry_of(recipe.base)):
        return []
    return [f"base_image_registry is {address}, and no image of {', '.join(names)} comes from there"]


def _registry(inference: InferenceConfig) -> Mapping[str, str] | None:
    docker = inference.environment.docker if inference.environment else None
    return inference.base_image_registry or (docker and docker.base_image_registry) or None


def for_record(inference: InferenceConfig) -> dict[str, Any]:
    """The settings without the login; of an environment its name, since what it says is sealed beside them."""
    given = inference.given()
    if inference.environment:
        given["environment"] = inference.environment.name
    if inference.base_image_registry:
        given["base_image_registry"] = {"address": address_of(inference.base_image_registry)}
    return given


def logins_of(inference: InferenceConfig) -> Logins:
    """The login that is given, by the address of its registry.

    Raises
    ------
    UserError : it is in a variable that does not hold one.
    """
    registry = _registry(inference)
    if registry is None:
        return {}
    return {address_of(registry): login_of(registry)}


def provide_login(folder: WorkspaceFolder, service: str, inference: InferenceConfig) -> None:
    """Keep the login that is given; those for other registries stay, since earlier versions may need them."""
    held = held_secrets(folder, logins_name(service))
    changed = {**held, **logins_of(inference)}
    if changed != held:
        folder.secrets.put(logins_name(service), changed)
