"""Images built on a real engine."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import re
import tarfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from jupyter_deploy.environments.lock import Lock, LockedPackage
from jupyter_deploy.errors import DeployError, EnvironmentFailed, TargetError
from jupyter_deploy.images import dockerfile
from jupyter_deploy.images.build import build
from jupyter_deploy.images.context import context_of
from jupyter_deploy.images.recipe import Recipe
from tests.engines import BASE_IMAGE
from tests.goldens import assert_golden
from tests.helpers import wait_until
from tests.images.test_context import bundle

pytestmark = pytest.mark.usefixtures("docker_engine")
NOTHING = Lock(platform.python_version(), "pip", ())


class Progress:
    """What a build has said."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.lines: list[str] = []

    def report(self, text: str, **facts: Any) -> None:
        self.steps.append({"text": text, **facts})

    def say(self, line: str) -> None:
        self.lines.append(line)

    def of(self, instruction: str) -> dict[str, Any]:
        return next(step for step in self.steps if step["text"].startswith(instruction))


@pytest.fixture
def progress() -> Progress:
    return Progress()


def test_a_new_script_installs_nothing_again_and_no_change_builds_nothing(
    tmp_path: Path, progress: Progress, engine: docker.DockerClient
) -> None:
    first = build(context_of(bundle(tmp_path / "a"), NOTHING, Recipe(BASE_IMAGE)), progress)
    again = Progress()
    assert build(context_of(bundle(tmp_path / "b", version=2), NOTHING, Recipe(BASE_IMAGE)), again) == first
    assert [step["text"] for step in again.steps] == ["the image is there already"]

    changed = Progress()
    second = build(context_of(bundle(tmp_path / "c", script=f"# {tmp_path}\n"), NOTHING, Recipe(BASE_IMAGE)), changed)
    assert second != first
    assert changed.of("RUN python3 -m pip")["cached"]
    assert changed.of('COPY ["azureml-app/azureml-models/"')["cached"]
    assert not changed.of('COPY ["azureml-app/my code/"')["cached"]
    image = engine.images.get(second)
    shown = f"{image.attrs} {image.history()}"
    assert image.attrs["Config"]["User"] == "10001:10001"
    assert image.labels["jupyter-deploy.models"] == "tiny:3"
    assert image.labels["jupyter-deploy.lock"] == NOTHING.digest
    assert str(Path.home()) not in shown.replace("/home/service", "")
    for name in (first, second):
        engine.images.remove(name)


def failure(tmp_path: Path, lock: Lock, base: str, progress: Progress) -> DeployError:
    with pytest.raises(DeployError) as raised:
        build(context_of(bundle(tmp_path), lock, Recipe(base)), progress)
    return raised.value


def test_a_base_image_that_nobody_has_is_named(tmp_path: Path, progress: Progress) -> None:
    error = failure(tmp_path, NOTHING, "localhost:1/nowhere/python:3.11", progress)
    assert isinstance(error, TargetError)
    assert_golden("errors/docker/base_image_missing.txt", re.sub(r"dial tcp .*:1:", "dial tcp ADDRESS:", str(error)))


def test_a_base_image_of_another_platform_is_refused(
    tmp_path: Path, progress: Progress, engine: docker.DockerClient
) -> None:
    name = "jupyter-deploy-tests/of-another-platform:1"
    engine.images.load(empty_image(name, "s390x"))
    try:
        error = failure(tmp_path, NOTHING, name, progress)
    finally:
        engine.images.remove(name)
    ours = engine.version()["Arch"]
    assert_golden("errors/docker/base_image_of_another_platform.txt", str(error), {ours: "ENGINE"})


def empty_image(name: str, architecture: str) -> bytes:
    """An image as ``docker save`` writes it, with nothing in it."""
    layer = bytes(2 * tarfile.BLOCKSIZE)
    layers = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}
    config = {"architecture": architecture, "os": "linux", "config": {}, "rootfs": layers}
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        documents = {"config.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
        for path, content in {**documents, "layer.tar": layer}.items():
            facts = tarfile.TarInfo(path)
            facts.size = len(content)
            archive.addfile(facts, io.BytesIO(content))
    return written.getvalue()


def test_a_base_image_with_another_python_is_refused(tmp_path: Path, progress: Progress) -> None:
    error = failure(tmp_path, replace(NOTHING, python="3.9.1"), BASE_IMAGE, progress)
    assert error.what == ("the image cannot be built: the base image has Python 3.11, and the packages are for 3.9")


def test_a_package_that_does_not_install_is_quoted_from_pip(tmp_path: Path, progress: Progress) -> None:
    none = LockedPackage("no-such-package-of-ours", "1.0", ("sha256:" + "0" * 64,))
    error = failure(tmp_path, replace(NOTHING, packages=(none,)), BASE_IMAGE, progress)
    assert isinstance(error, EnvironmentFailed)
    assert_golden("errors/docker/package_does_not_install.txt", str(error))
    assert any("no-such-package-of-ours" in line for line in progress.lines)


def test_another_file_than_the_locked_one_is_refused(tmp_path: Path, progress: Progress) -> None:
    other = LockedPackage("six", "1.16.0", ("sha256:" + "0" * 64,))
    error = failure(tmp_path, replace(NOTHING, packages=(other,)), BASE_IMAGE, progress)
    assert error.what.startswith(
        "the packages cannot be installed in the image: THESE PACKAGES DO NOT MATCH THE HASHES"
    )


def test_a_build_that_is_interrupted_ends_in_the_engine_too(tmp_path: Path, engine: docker.DockerClient) -> None:
    class Interrupted(Progress):
        def say(self, line: str) -> None:
            super().say(line)
            if line == "begun":
                raise KeyboardInterrupt

    def steps_under_way() -> list[str]:
        return [found["Command"] for found in engine.api.containers() if str(tmp_path) in found["Command"]]

    progress = Interrupted()
    begun = context_of(
        bundle(tmp_path), NOTHING, Recipe(BASE_IMAGE, steps=f"RUN echo begun && sleep 100 # {tmp_path}\n")
    )
    with pytest.raises(KeyboardInterrupt) as raised:
        build(begun, progress)
    assert progress.steps
    wait_until(lambda: not steps_under_way())
    digest, _ = begun.lasting(engine.images.get(BASE_IMAGE).id)
    assert not engine.images.list(f"jupyter-deploy/service:parts-{digest[:20]}")
    assert raised.traceback  # which holds on to what was interrupted, as a notebook's does


def test_further_steps_are_shown_then_run_as_root_and_leave_the_packages_in_the_cache(
    tmp_path: Path, progress: Progress, engine: docker.DockerClient
) -> None:
    steps = f"RUN id -u > /who && echo {tmp_path} \\\n && echo done\nENV FACTOR=2\n"
    made = bundle(tmp_path, script=f"# {tmp_path}\n")
    first = build(context_of(made, NOTHING, Recipe(BASE_IMAGE)), progress)
    changed = Progress()
    second = build(context_of(made, NOTHING, Recipe(BASE_IMAGE, steps=steps)), changed)
    assert second != first
    assert changed.steps[0]["text"] == "extra_docker_file_steps: this runs as root in the build"
    assert changed.steps[0]["lines"] == steps.splitlines() == changed.lines[:3]
    assert changed.of("RUN python3 -m pip")["cached"]
    assert not changed.of("RUN id -u")["cached"]
    assert "FACTOR=2" in engine.images.get(second).attrs["Config"]["Env"]
    said = engine.containers.run(second, ["/who"], entrypoint=["cat"], remove=True)
    assert said == b"0\n"
    for name in (first, second):
        engine.images.remove(name)


STAND_IN = """\
FROM {base}
LABEL key={key}
RUN printf '%s\\n' '#!/bin/sh -e' 'echo "$@"' 'case "$*" in *no-such*) echo nothing provides no-such; exit 1;; esac' \\
    'mkdir -p /opt/conda/bin /opt/conda/lib && cd /opt/conda' 'cp /bin/true bin/python3' 'cp /bin/true bin/only-conda' \\
    'cp /lib/*/libz.so.1 lib/' > /usr/bin/micromamba && chmod +x /usr/bin/micromamba
"""


@pytest.fixture
def micromamba(engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An image that stands in for micromamba's, as no channel of conda can be reached: it has a program and a library."""
    key = uuid.uuid4()  # nothing in the engine's cache was made with it
    name = f"jupyter-deploy-tests/micromamba:{key}"
    engine.images.build(fileobj=io.BytesIO(STAND_IN.format(base=BASE_IMAGE, key=key).encode()), tag=name, rm=True)
    monkeypatch.setattr(dockerfile, "MICROMAMBA", name)
    yield
    engine.images.remove(name)


@pytest.mark.usefixtures("micromamba")
def test_what_conda_installs_is_found_after_what_the_base_image_has(
    tmp_path: Path, progress: Progress, engine: docker.DockerClient
) -> None:
    recipe = Recipe(BASE_IMAGE, conda_only_packages=("only-conda >=1,<2",), conda_channels=("conda-forge",))
    name = build(context_of(bundle(tmp_path), NOTHING, recipe), progress)
    assert "install --yes --name base --override-channels --channel conda-forge only-conda >=1,<2" in progress.lines
    asked = "command -v only-conda; command -v python3; /sbin/ldconfig -p | grep -o '/.*/libz.so.1$'"
    said = engine.containers.run(name, ["-c", asked], entrypoint=["sh"], remove=True).decode().splitlines()
    engine.images.remove(name)
    assert said[:2] == ["/opt/conda/bin/only-conda", "/opt/venv/bin/python3"]
    assert said[2] != said[3] == "/opt/conda/lib/libz.so.1"


@pytest.mark.usefixtures("micromamba")
def test_what_conda_does_not_install_is_quoted_from_it(tmp_path: Path, progress: Progress) -> None:
    recipe = Recipe(BASE_IMAGE, conda_only_packages=("no-such",), conda_channels=("conda-forge",))
    with pytest.raises(EnvironmentFailed) as raised:
        build(context_of(bundle(tmp_path), NOTHING, recipe), progress)
    assert raised.value.what == "conda cannot install what conda_only_packages names: nothing provides no-such"


def test_a_further_step_that_fails_is_named_as_such(tmp_path: Path, progress: Progress) -> None:
    steps = "ENV A=1\nRUN echo no such thing; \\\n  exit 3\n"
    with pytest.raises(TargetError) as raised:
        build(context_of(bundle(tmp_path), NOTHING, Recipe(BASE_IMAGE, steps=steps)), progress)
    assert raised.value.what == "a step of extra_docker_file_steps failed: no such thing"
    assert "returned a non-zero code: 3" in raised.value.why
    assert "RUN echo no such thing;" in raised.value.remedy
