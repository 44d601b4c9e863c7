"""Base images from a registry that wants a login."""

from __future__ import annotations

import io
import tarfile

import docker
import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.pull import Logins, base_image, registry_of
from tests.images.test_build import Progress
from tests.registries import PASSWORD, USER, ImageRegistry

LOGIN = {"username": USER, "password": PASSWORD}


@pytest.fixture
def guarded(guarded_registry: ImageRegistry, engine: docker.DockerClient) -> str:
    """The name of an image that only a registry with a password has."""
    return private_image(engine, guarded_registry.address)


def private_image(engine: docker.DockerClient, address: str) -> str:
    """Push an image with one small file to a guarded registry, and forget it."""
    name = f"{address}/team/tiny"
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("hello"))
    engine.api.import_image_from_data(written.getvalue(), repository=name, tag="1")
    pushed = engine.api.push(name, "1", auth_config=LOGIN, stream=True, decode=True)
    assert not [record for record in pushed if "error" in record]
    engine.images.remove(f"{name}:1")
    return f"{name}:1"


def test_the_address_is_read_as_docker_reads_it() -> None:
    names = ("python:3.11", "team/python", "example.org/python", "localhost/python", "host:5000/a/b@sha256:1")
    assert [registry_of(name) for name in names] == ["", "", "example.org", "localhost", "host:5000"]


def test_an_image_is_pulled_with_its_login_and_not_without(guarded: str, engine: docker.DockerClient) -> None:
    progress = Progress()
    address = registry_of(guarded)

    def refusal(logins: Logins) -> TargetError:
        with pytest.raises(TargetError) as refused:
            base_image(engine, guarded, progress, logins)
        return refused.value

    begins = f"the base image '{guarded}' was not given out by {address}: "
    assert refusal({}).what == f"{begins}it has none of that name, or wants a login"
    assert refusal({"example.org": LOGIN}).what == f"{begins}it has none of that name, or wants a login"
    error = refusal({address: {**LOGIN, "password": "wrong"}})
    assert error.what == f"{begins}it refused the username and password"
    assert "docker login" in error.remedy

    assert base_image(engine, guarded, progress, {address: LOGIN}).startswith("sha256:")
    assert f"pulling {guarded}" in progress.lines
    assert PASSWORD not in f"{progress.lines} {progress.steps}"
    engine.images.remove(guarded)


def test_a_registry_that_gives_nothing_out_is_told_from_one_that_refuses_a_login(
    engine: docker.DockerClient, closed_registry: ImageRegistry
) -> None:
    begins = f"the base image '{closed_registry.address}/a:1' was not given out by {closed_registry.address}: "
    for logins, why in (
        ({}, "it has none of that name, or wants a login"),
        ({closed_registry.address: LOGIN}, "it has none of that name, or none for this login"),
    ):
        with pytest.raises(TargetError) as refused:
            base_image(engine, f"{closed_registry.address}/a:1", Progress(), logins)
        assert refused.value.what == begins + why
        assert "denied" in refused.value.why


def test_a_registry_without_tls_is_told_as_such(engine: docker.DockerClient, plain_registry: ImageRegistry) -> None:
    address = plain_registry.address
    with pytest.raises(TargetError) as refused:
        base_image(engine, f"{address}/a:1", Progress(), {})
    assert refused.value.what == (
        f"the base image '{address}/a:1' cannot be pulled:"
        f" {address} answers without TLS, which the Docker Engine does not allow it"
    )
    assert f"list {address} under insecure-registries" in refused.value.remedy
