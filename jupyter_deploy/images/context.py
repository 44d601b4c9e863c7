"""What an image is built from: the files of a bundle in a context, named by their content and sent without being copied first."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from jupyter_deploy.environments import Lock
from jupyter_deploy.errors import EnvironmentFailed
from jupyter_deploy.images import dockerfile
from jupyter_deploy.images.bases import base_of, series_of, system_packages
from jupyter_deploy.images.instructions import images_of
from jupyter_deploy.images.recipe import PLAIN, Recipe

_CHUNK = 1 << 20
_BLOCK = tarfile.BLOCKSIZE
_MODELS_LABEL = "jupyter-deploy.models"
_LASTING = ("requirements.lock", "wheels/", "server/", f"{dockerfile.MODELS}/")


@dataclass(frozen=True)
class Stage:
    """A Dockerfile and the files it copies, as they are sent to an engine.

    Parameters
    ----------
    dockerfile : its text. files : where the content of each file is, by its name; a text is the content itself.
    """

    dockerfile: str
    files: Mapping[str, Path | str]

    def stream(self) -> Iterator[bytes]:
        """A tar archive; everything in it belongs to root and was written at the beginning of time."""
        yield from _member("Dockerfile", self.dockerfile)
        for folder in _folders(self.files):  # said, since the engine gives those it has to make itself another mode
            yield _head(f"{folder}/", 0, tarfile.DIRTYPE)
        for name, content in sorted(self.files.items()):
            yield from _member(name, content)
        yield bytes(2 * _BLOCK)


@dataclass(frozen=True)
class Context:
    """A Dockerfile and the files it copies.

    Parameters
    ----------
    service : the service's name. bases : the images it begins with or copies from.
    files : where the content of each file is, by its name in the context; a text is the content itself.
    hashes : SHA-256 of those whose content is known already, by the same names.
    parts : what the Dockerfile is written from.
    """

    service: str
    bases: tuple[str, ...]
    files: Mapping[str, Path | str]
    hashes: Mapping[str, str]
    parts: dockerfile.Parts

    @cached_property
    def dockerfile(self) -> str:
        """The text of the Dockerfile."""
        return dockerfile.render(self.parts)

    def digest(self, base_id: str) -> str:
        """SHA-256, in hexadecimal, of all that makes the image; neither times nor the order of files count.

        Parameters
        ----------
        base_id : the ids of the base images, since what their names mean may change.
        """
        return _digest(base_id, self.dockerfile, self._hashes)

    def lasting(self, base_id: str) -> tuple[str, Stage]:
        """What a new script leaves as it is: its digest, as that of the whole, and how it is built."""
        files = {name: content for name, content in self.files.items() if name.startswith(_LASTING)}
        text = dockerfile.lasting(self.parts)
        return _digest(base_id, text, {name: self._hashes[name] for name in files}), Stage(text, files)

    def changing(self, lasting: str) -> Stage:
        """How the rest is built on an image of what lasts."""
        files = {name: content for name, content in self.files.items() if not name.startswith(_LASTING)}
        return Stage(f"FROM {lasting}\n{dockerfile.changing(self.parts)}", files)

    def without_models(self) -> Context:
        """The same for containers that find their models elsewhere, and are told which: with other models it is the same image."""
        models = f"{dockerfile.MODELS}/"
        files = {name: content for name, content in self.files.items() if not name.startswith(models)}
        told = json.loads(str(files["service.json"]))
        told |= {"models": [], "modelDir": models.partition("/")[2].rstrip("/")}
        files["service.json"] = json.dumps(told, indent=2) + "\n"
        labels = {name: text for name, text in self.parts.labels.items() if name != _MODELS_LABEL}
        return replace(self, files=files, parts=replace(self.parts, models=False, labels=labels))

    @cached_property
    def _hashes(self) -> Mapping[str, str]:
        return {name: self.hashes.get(name) or _sha256(content) for name, content in self.files.items()}

    def save(self, folder: Path) -> None:
        """Write Dockerfile and files into a folder, for ``docker build``; every user of an image may read them, whatever the umask here."""
        import shutil

        for name in _folders(self.files):
            (folder / name).mkdir(parents=True)
            (folder / name).chmod(0o755)
        for name, content in {"Dockerfile": self.dockerfile, **self.files}.items():
            path = folder / name
            if isinstance(content, str):
                path.write_text(content, encoding="utf-8")
            else:
                shutil.copyfile(content, path)
            path.chmod(0o644)


def context_of(bundle: Path, lock: Lock, recipe: Recipe = PLAIN) -> Context:
    """Lay out a bundle as a context.

    Parameters
    ----------
    bundle : a whole bundle. lock : with hashes. recipe : what the user says of the image.

    Raises
    ------
    EnvironmentFailed : packages come from a folder of this machine, which no build can see.
    ConfigError : the recipe does not suit the lock.
    """
    base = base_of(recipe, lock)
    manifest: Mapping[str, str] = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))["files"]
    settings = json.loads((bundle / "service.json").read_text(encoding="utf-8"))
    del settings["version"]  # a container is told, so that versions with the same content share an image
    packages, wheels = _with_wheels(lock)
    files: dict[str, Path | str] = {
        "requirements.lock": packages.requirements(),
        "service.json": json.dumps(settings, indent=2) + "\n",
        **wheels,
    }
    hashes = {}
    for name, sha256 in manifest.items():
        if name.startswith(("app/", "server/")):
            placed = f"{dockerfile.APP}/{name[4:]}" if name.startswith("app/") else name
            files[placed], hashes[placed] = bundle / name, sha256
    named = {} if recipe.dockerfile else {"org.opencontainers.image.base.name": base}
    models = [f"{model['name']}:{model['version']}" for model in settings["models"]]
    parts = dockerfile.Parts(
        service=settings["name"], base=base, dockerfile=recipe.dockerfile, python=series_of(lock),
        system=system_packages(recipe), conda=dockerfile.conda_stage(recipe.conda_only_packages, recipe.conda_channels),
        steps=recipe.steps, wheels=bool(wheels),
        models=any(name.startswith(f"{dockerfile.MODELS}/") for name in files), app=_top_level(files),
        labels={
            "org.opencontainers.image.title": settings["name"],
            **named,
            _MODELS_LABEL: ",".join(models),
            "jupyter-deploy.lock": lock.digest,
        },
    )  # fmt: skip
    bases = images_of(recipe.dockerfile) if recipe.dockerfile else (base,)
    if recipe.conda_only_packages:
        bases = (*bases, dockerfile.MICROMAMBA)
    return Context(settings["name"], bases, files, hashes, parts)


def _digest(base_id: str, text: str, hashes: Mapping[str, str]) -> str:
    document = json.dumps([base_id, text, sorted(hashes.items())])
    return hashlib.sha256(document.encode()).hexdigest()


def _top_level(files: Mapping[str, Path | str]) -> list[str]:
    """What lies in the app's folder beside the models; folders with a slash at their end."""
    found = set()
    for name in files:
        if name.startswith(f"{dockerfile.APP}/") and not name.startswith(f"{dockerfile.MODELS}/"):
            first, slash, _ = name.removeprefix(f"{dockerfile.APP}/").partition("/")
            found.add(first + slash)
    return sorted(found)


def _with_wheels(lock: Lock) -> tuple[Lock, dict[str, Path | str]]:
    """The lock with the places that wheels of this machine have in the image, and those wheels."""
    folders = [source for source in lock.sources if "://" not in source or "file://" in source]
    if folders:
        raise EnvironmentFailed(
            f"packages come from a folder of this machine, which the build of an image cannot see: {folders[0]}",
            remedy="name the wheels one by one, take an index that has them, or deploy with --target process",
        )
    wheels: dict[str, Path | str] = {}
    packages = []
    for package in lock.packages:
        if package.address.startswith("file:"):
            path = Path(unquote(urlsplit(package.address).path))
            wheels[f"wheels/{path.name}"] = path
            package = replace(package, address=f"file://{dockerfile.HOME}/wheels/{path.name}")
        packages.append(package)
    return replace(lock, packages=tuple(packages)), wheels


def _member(name: str, content: Path | str) -> Iterator[bytes]:
    if isinstance(content, str):
        data = content.encode()
        yield _head(name, len(data)) + data + bytes(-len(data) % _BLOCK)
        return
    size = content.stat().st_size
    yield _head(name, size)
    with content.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
    yield bytes(-size % _BLOCK)


def _folders(names: Iterable[str]) -> list[str]:
    return sorted({str(parent) for name in names for parent in PurePosixPath(name).parents if parent.name})


def _head(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    facts = tarfile.TarInfo(name)
    facts.type, facts.size, facts.mode = kind, size, 0o755 if kind == tarfile.DIRTYPE else 0o644
    return facts.tobuf(tarfile.PAX_FORMAT)


def _sha256(content: Path | str) -> str:
    digest = hashlib.sha256()
    if isinstance(content, str):
        digest.update(content.encode())
    else:
        with content.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()
