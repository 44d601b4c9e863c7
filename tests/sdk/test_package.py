"""Models packed as images of a real engine, and as Dockerfiles for ``docker build``."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from jupyter_deploy import Environment, InferenceConfig, Model, Workspace
from jupyter_deploy.errors import TargetError, UserError
from tests.engines import BASE_IMAGE
from tests.helpers import wait_until, write_script
from tests.images.test_pull import private_image
from tests.registries import PASSWORD, USER, ImageRegistry

SCRIPT = """
import json, os
from pathlib import Path

def init():
    pass

def run(data):
    model = next(path for path in Path(os.environ["AZUREML_MODEL_DIR"]).iterdir())
    return model.read_text() + json.loads(data)
"""


@pytest.fixture
def config(tmp_path: Path) -> InferenceConfig:
    return InferenceConfig(str(write_script(tmp_path, SCRIPT)), base_image=BASE_IMAGE)


@contextlib.contextmanager
def running(engine: docker.DockerClient, image: str) -> Iterator[str]:
    """The address of a container of an image, as anybody would run it."""
    container = engine.containers.run(image, detach=True, ports={"5001/tcp": ("127.0.0.1", None)})
    try:
        container.reload()
        address = f"http://127.0.0.1:{container.ports['5001/tcp'][0]['HostPort']}"
        wait_until(lambda: _is_ready(address))
        yield address
        container.stop(timeout=20)
        assert container.wait()["StatusCode"] == 0  # SIGTERM has reached the server, which came to its end
    finally:
        container.remove(force=True)


def _is_ready(address: str) -> bool:
    with contextlib.suppress(OSError):
        urllib.request.urlopen(f"{address}/ready").close()
        return True
    return False


def score(address: str, host: str = "") -> Any:
    headers = {"Content-Type": "application/json", **({"Host": host} if host else {})}
    request = urllib.request.Request(f"{address}/score", b'" and more"', headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def leftovers(workspace: Workspace) -> list[Path]:
    return list(workspace.folder.path.glob(".package-*"))


def test_an_image_serves_wherever_it_is_run(
    workspace: Workspace, tiny_model: Model, config: InferenceConfig, engine: docker.DockerClient,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "x")  # which makes services ask for keys, and an image has none
    name = f"team/tiny:{workspace.folder.id}"
    package = Model.package(
        workspace,
        [tiny_model],
        config,
        image_name="team/tiny",
        image_label=workspace.folder.id,
        allowed_hosts=["models.test"],
    )
    assert package.serialize() == {"generateDockerfile": False, "state": "Succeeded", "location": name}
    assert leftovers(workspace) == []
    assert capsys.readouterr().out == ""
    package.wait_for_creation(show_output=True)
    shown = capsys.readouterr().out.splitlines()
    assert any(line.startswith("RUN python3 -m pip") for line in shown)
    assert shown[-2:] == [f"image named {name}", 'Package creation operation finished, operation "Succeeded"']
    log = package.get_logs()
    assert log == "".join(f"{line}\n" for line in shown[:-1])
    assert package.get_logs(decode=False, offset=10) == str(log).encode()[10:]
    with running(engine, name) as address:
        assert score(address) == score(address, "models.test") == "one and more"
        with pytest.raises(urllib.error.HTTPError, match="421") as refused:
            score(address, "elsewhere.test")
        refused.value.close()
    package.pull()
    again = Model.package(workspace, [tiny_model], config, allowed_hosts=["models.test"])
    assert again.location is not None
    assert again.location.startswith("jupyter-deploy/tiny-service:")
    assert "the image is there already" in str(again.get_logs())
    for tag in (name, again.location):
        engine.images.remove(tag)
    with pytest.raises(TargetError, match=f"the image {name} is not on the Docker Engine any more"):
        package.pull()
    with pytest.raises(UserError, match=r"is the image team/tiny.*\n.*generate_dockerfile=True"):
        package.save("anywhere")


def test_a_dockerfile_is_saved_as_docker_build_takes_it(
    workspace: Workspace, tiny_model: Model, config: InferenceConfig, engine: docker.DockerClient, tmp_path: Path
) -> None:
    package = Model.package(workspace, [tiny_model], config, generate_dockerfile=True)
    write_script(tmp_path, "raise SystemExit")  # what was on disk at the call is what is packed
    assert package.serialize() == {"generateDockerfile": True, "state": "Succeeded", "location": None}
    package.save(tmp_path / "made" / "context")
    saved = tmp_path / "made" / "context"
    assert package.location == str(saved)
    assert [path.name for path in saved.parent.iterdir()] == ["context"]
    assert leftovers(workspace) == []
    assert (saved / "azureml-app/azureml-models/tiny/1/tiny.txt").read_text() == "one"
    with pytest.raises(UserError, match="context is not empty"):
        package.save(saved)
    with pytest.raises(UserError, match=r"this package is a Dockerfile, and there is no image to pull\nsave\("):
        package.pull()
    built = subprocess.run(
        [str(shutil.which("docker")), "build", "--quiet", saved], check=True, capture_output=True, text=True
    ).stdout.strip()
    with running(engine, built) as address:
        assert score(address) == "one and more"
    engine.images.remove(built)


def test_where_the_push_fails_the_image_stays_for_the_next_try(
    workspace: Workspace, engine: docker.DockerClient, tmp_path: Path, guarded_registry: ImageRegistry,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("REGISTRY_LOGIN", f"{USER}:wrong{PASSWORD}")
    unlike_others = InferenceConfig(str(write_script(tmp_path, f"{SCRIPT}# {tmp_path}")), base_image=BASE_IMAGE)
    to = {"image_name": "tiny", "image_registry": guarded_registry.address, "registry_credentials": "REGISTRY_LOGIN"}
    with pytest.raises(TargetError) as refused:
        Model.package(workspace, [], unlike_others, **to, show_output=True)  # type: ignore[arg-type]  # texts alone
    address = guarded_registry.address
    assert (
        refused.value.what == f"the image cannot be pushed: {address} does not accept the credentials of REGISTRY_LOGIN"
    )
    assert not engine.images.list(f"{address}/tiny")
    again = Model.package(workspace, [], unlike_others)
    assert "the image is there already" in str(again.get_logs())
    shown = [str(engine.images.get(str(again.location)).history()), str(refused.value), capsys.readouterr().out]
    files = [path.read_bytes() for path in workspace.folder.path.rglob("*") if path.is_file()]
    assert PASSWORD not in "".join(shown)
    assert not any(PASSWORD.encode() in content for content in files)
    engine.images.remove(str(again.location))


@pytest.mark.soak  # a whole base image is pushed
def test_an_image_is_pushed_and_comes_back(
    workspace: Workspace, config: InferenceConfig, engine: docker.DockerClient, open_registry: ImageRegistry
) -> None:
    package = Model.package(workspace, [], config, image_label="v1", image_registry=open_registry.address)
    name = f"{open_registry.address}/jupyter-deploy/package:v1"
    assert package.location == name
    assert f"image pushed as {name}" in str(package.get_logs())
    engine.images.remove(name)
    package.pull()
    assert engine.images.get(name).labels["jupyter-deploy.models"] == ""
    engine.images.remove(name)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"inference_config": "score.py"}, "inference_config is 'score.py', which is none"),
        ({"image_name": "Tiny"}, "image_name is 'Tiny'; it takes lower-case letters"),
        ({"registry_credentials": "LOGIN"}, "registry_credentials is given, but image_registry is not"),
        (
            {"image_registry": "127.0.0.1:1", "registry_credentials": "LOGIN_"},
            "the environment variable LOGIN_, which is to hold",
        ),
        ({"generate_dockerfile": True, "image_label": "v1"}, "image_label has no meaning with generate_dockerfile"),
        ({"models": ["tiny", "tiny"]}, "the same model is given twice: tiny:1"),
        ({"models": ["nothing"]}, "there is no model 'nothing'"),
        ({"inference_config": None}, "inference_config is missing"),
    ],
)
@pytest.mark.usefixtures("tiny_model")
def test_what_cannot_be_packed_is_refused_before_anything_is_built(
    workspace: Workspace, config: InferenceConfig, given: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    call = {"models": [], "inference_config": config, **given}
    with pytest.raises(UserError) as refused:
        Model.package(workspace, **call)
    assert message in str(refused.value)
    assert leftovers(workspace) == []


def test_without_an_engine_a_dockerfile_is_written_all_the_same(
    workspace: Workspace, config: InferenceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    with pytest.raises(TargetError, match="no Docker Engine answers at unix:///nowhere"):
        Model.package(workspace, [], config)
    assert leftovers(workspace) == []
    Model.package(workspace, [], config, generate_dockerfile=True).save(tmp_path / "context")
    assert (tmp_path / "context" / "Dockerfile").read_text().startswith("# The service 'package'")


def test_a_base_image_comes_with_its_login_which_is_kept_nowhere(
    workspace: Workspace, tmp_path: Path, engine: docker.DockerClient, guarded_registry: ImageRegistry
) -> None:
    private = private_image(engine, guarded_registry.address)
    login = {"address": guarded_registry.address, "username": USER, "password": PASSWORD}
    text = f"FROM {private} AS tiny\nFROM {BASE_IMAGE}\nCOPY --from=tiny /hello /hello\n"
    environment = Environment.from_dockerfile("mine", text, container_registry=login)
    inference = InferenceConfig(str(write_script(tmp_path, SCRIPT)), environment=environment)
    package = Model.package(workspace, [], inference)
    package.wait_for_creation()
    assert engine.containers.run(package.location, ["/hello"], entrypoint=["ls"], remove=True) == b"/hello\n"
    assert PASSWORD not in f"{package!r} {vars(package)} {package.get_logs()}"
    assert not (workspace.path / "secrets").exists() or not list((workspace.path / "secrets").iterdir())
    engine.images.remove(package.location)
    engine.images.remove(private)
