"""Images pushed to real registries, and pulled from them."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from jupyter_deploy.errors import DeployError, TargetError, UserError
from jupyter_deploy.images.registry import Registry, deliver, pull, push
from tests.images.test_build import Progress
from tests.registries import PASSWORD, USER, ImageRegistry

pytestmark = pytest.mark.usefixtures("docker_engine")


@pytest.fixture(autouse=True)
def docker_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's configuration: a file of the test's own, with no credentials yet."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


@pytest.fixture
def image(engine: docker.DockerClient) -> Iterator[str]:
    """A small image, unlike all others."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        content = uuid.uuid4().bytes
        facts = tarfile.TarInfo("content")
        facts.size = len(content)
        archive.addfile(facts, io.BytesIO(content))
    name = f"jupyter-deploy/small:{uuid.uuid4().hex}"
    engine.api.import_image_from_data(data.getvalue(), *name.split(":"))
    yield name
    for tag in engine.images.get(name).tags:
        engine.api.remove_image(tag)


def log_in(configuration: Path, registry: str, password: str) -> None:
    """Write what ``docker login`` does."""
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    configuration.write_text(json.dumps({"auths": {registry: {"auth": auth}}}))


def refusal(image: str, registry: Registry) -> DeployError:
    with pytest.raises(DeployError) as raised:
        push(image, f"{registry.address}/small:v1", registry, Progress())
    assert PASSWORD not in str(raised.value)
    return raised.value


def test_an_image_comes_back_from_where_it_was_pushed(
    image: str, engine: docker.DockerClient, open_registry: ImageRegistry
) -> None:
    registry, progress = Registry(f"{open_registry.address}/team"), Progress()
    name = f"{registry.address}/small:{uuid.uuid4().hex}"
    push(image, name, registry, progress)
    pushed = progress.steps[-1]
    assert pushed["text"] == f"image pushed as {name}"
    assert pushed["digest"].startswith("sha256:")
    assert any(line.endswith(": Pushed") for line in progress.lines)
    engine.api.remove_image(name)
    pull(name, registry, progress)
    assert engine.images.get(name).id == engine.images.get(image).id
    with pytest.raises(TargetError, match=r"the image cannot be pulled: manifest for .* not found"):
        pull(f"{registry.address}/small:none", registry, progress)


def test_what_a_registry_has_is_not_pushed_again(
    image: str, engine: docker.DockerClient, guarded_registry: ImageRegistry, docker_configuration: Path
) -> None:
    log_in(docker_configuration, guarded_registry.address, PASSWORD)
    registry, first, again = Registry(guarded_registry.address), Progress(), Progress()
    name = f"{registry.address}/{image}"
    deliver(image, name, registry, first)
    assert first.steps[-1]["text"] == f"image pushed as {name}"
    assert engine.images.get(image).tags == [image]  # it is the registry's name, not the engine's
    deliver(image, name, registry, again)
    assert again.steps == [{"text": "the registry has the image already", "image": name, "cached": True}]
    assert again.lines == []


def test_a_push_that_is_interrupted_leaves_no_name(
    image: str, engine: docker.DockerClient, open_registry: ImageRegistry
) -> None:
    class Interrupted(Progress):
        def say(self, line: str) -> None:
            raise KeyboardInterrupt

    registry = Registry(open_registry.address)
    with pytest.raises(KeyboardInterrupt):
        push(image, f"{registry.address}/small:interrupted", registry, Interrupted())
    assert engine.images.get(image).tags == [image]


def test_credentials_come_from_dockers_configuration_or_from_a_variable(
    image: str, guarded_registry: ImageRegistry, docker_configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(docker_configuration, guarded_registry.address, PASSWORD)
    monkeypatch.setenv("REGISTRY_LOGIN", f"{USER}:{PASSWORD}")
    for number, credentials in enumerate((None, "REGISTRY_LOGIN")):
        registry, progress = Registry(guarded_registry.address, credentials), Progress()
        push(image, f"{registry.address}/small:v{number}", registry, progress)
        pull(f"{registry.address}/small:v{number}", registry, progress)
        assert PASSWORD not in f"{progress.steps}{progress.lines}{registry}"
        docker_configuration.unlink(missing_ok=True)


def test_without_credentials_the_remedy_is_to_log_in(
    image: str, engine: docker.DockerClient, guarded_registry: ImageRegistry
) -> None:
    address = guarded_registry.address
    error = refusal(image, Registry(address))
    assert error.what == f"the image cannot be pushed: {address} asks for credentials, and there are none for it"
    assert f"docker login {address}" in error.remedy
    assert engine.images.get(image).tags == [image]  # nothing of the attempt is left


def test_a_wrong_password_is_told_from_none(
    image: str, guarded_registry: ImageRegistry, docker_configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = guarded_registry.address
    log_in(docker_configuration, address, "wrong" + PASSWORD)
    what = f"the image cannot be pushed: {address} does not accept the credentials of"
    assert refusal(image, Registry(address)).what == f"{what} Docker's configuration"
    monkeypatch.setenv("REGISTRY_LOGIN", f"{USER}:wrong{PASSWORD}")
    assert refusal(image, Registry(address, "REGISTRY_LOGIN")).what == f"{what} REGISTRY_LOGIN"


def test_who_may_not_push_there_is_told_from_who_is_not_known(
    image: str, closed_registry: ImageRegistry, docker_configuration: Path
) -> None:
    address = f"{closed_registry.address}/team"
    log_in(docker_configuration, closed_registry.address, PASSWORD)
    error = refusal(image, Registry(address))
    assert error.what == f"the image cannot be pushed: {closed_registry.address} does not let you use {address}"
    assert error.why == "denied: requested access to the resource is denied"
    assert "take a path that you may use" in error.remedy


def test_a_registry_without_tls_is_told_with_what_the_engine_needs(image: str, plain_registry: ImageRegistry) -> None:
    error = refusal(image, Registry(plain_registry.address))
    what = f"{plain_registry.address} answers without TLS, which the Docker Engine does not allow it"
    assert error.what == f"the image cannot be pushed: {what}"
    assert f"list {plain_registry.address} under insecure-registries" in error.remedy
    with pytest.raises(TargetError) as refused:
        pull(f"{plain_registry.address}/small:v1", Registry(plain_registry.address), Progress())
    assert refused.value.what == f"the image cannot be pulled: {what}"


@pytest.mark.parametrize("address", ["127.0.0.1:1", "registry.invalid/team"])
def test_where_no_registry_answers_that_is_said(image: str, address: str) -> None:
    error = refusal(image, Registry(address))
    assert error.what == f"the image cannot be pushed: no registry answers at {address.partition('/')[0]}"
    assert "dial tcp" in error.why


def test_what_holds_no_credentials_is_named_and_not_repeated(
    image: str, docker_configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unset = refusal(image, Registry("127.0.0.1:1", "REGISTRY_LOGIN"))
    assert isinstance(unset, UserError)
    assert unset.what.endswith("the registry's credentials, is not set")
    monkeypatch.setenv("REGISTRY_LOGIN", PASSWORD.replace(":", ""))
    assert refusal(image, Registry("127.0.0.1:1", "REGISTRY_LOGIN")).what.endswith("holds no user:password")
    assert "and this is none" in refusal(image, Registry("127.0.0.1:1", f"{USER}:{PASSWORD}")).what
    docker_configuration.write_text('{"auths": {"127.0.0.1:1": {"auth": "no base64"}}}')
    assert "Docker's configuration does not give the credentials" in refusal(image, Registry("127.0.0.1:1")).what
