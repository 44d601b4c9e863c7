"""Models that pods fetch before they start: from where they are kept, checked, and in no image."""

from __future__ import annotations

import functools
import http.server
import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_deploy import AksWebservice, InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.errors import OperationFailed
from tests.clusters import attached, clear, kubectl
from tests.contract.test_secrets import holders_of
from tests.engines import BASE_IMAGE
from tests.helpers import register_text, write_script
from tests.servers import S3
from tests.services import operation_of

MARKER = "MARKEDSECRET"
SIZE = 200 * 1024 * 1024
SCRIPT = """
import os
from pathlib import Path

def init():
    global found
    found = next(Path(os.environ["AZUREML_MODEL_DIR"]).iterdir())

def run(data):
    with found.open("rb") as file:
        return [found.stat().st_size, file.read(3).decode()]
"""


def bridge() -> str:
    """The address at which pods of the lab reach this machine."""
    found = psutil.net_if_addrs().get("docker0", ())
    return next(each.address for each in found if each.family == socket.AF_INET)


class Files(http.server.SimpleHTTPRequestHandler):
    """Gives the files of a folder to whoever has the word."""

    def do_GET(self) -> None:
        if self.headers.get("Authorization") == f"Bearer {MARKER}":
            super().do_GET()
        else:
            self.send_error(403)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def served(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder whose files pods can fetch, and its URL."""
    folder = tmp_path_factory.mktemp("served")
    handler = functools.partial(Files, directory=str(folder))
    server = http.server.ThreadingHTTPServer((bridge(), 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://{bridge()}:{server.server_address[1]}/models"
    server.shutdown()
    thread.join()
    server.server_close()


def put(folder: Path, model: Model, content: bytes) -> None:
    """Put a model's only file where pods fetch it."""
    place = folder / "models" / model.name / str(model.version)
    place.mkdir(parents=True)
    (place / model.record.files[0].path).write_bytes(content)


def deploy(workspace: Workspace, name: str, model: Model, **options: Any) -> Webservice:
    script = InferenceConfig(str(write_script(workspace.path.parent, SCRIPT)), base_image=BASE_IMAGE)
    asked = AksWebservice.deploy_configuration(num_replicas=1, **options)
    return Model.deploy(workspace, name, [model], script, asked, attached(workspace))


def images(service: Webservice) -> list[dict[str, Any]]:
    """What the newest operation told of its image."""
    return [event.facts for event in operation_of(service).events() if event.kind == "moved" and event.step == "image"]


def shown() -> str:
    return kubectl("get", "deployments,pods,replicasets,configmaps,events", "-o", "yaml")


def test_models_are_fetched_checked_and_in_no_image(served: tuple[Path, str], workspace: Workspace) -> None:
    folder, url = served
    first, second, third = (register_text(workspace, text) for text in ("one", "two", "six"))
    put(folder, first, b"one")
    put(folder, second, b"two")
    put(folder, third, b"bad")
    service = deploy(
        workspace, "fetcher", first, bake_models_up_to_mb=0, models_url=url,
        models_storage_options=json.dumps({"headers": {"Authorization": f"Bearer {MARKER}"}}),
    )  # fmt: skip
    service.wait_for_deployment()
    assert service.run('{"data": 1}') == [3, "one"]
    assert MARKER not in shown()
    assert {path.parent.name for path in holders_of(MARKER, workspace.path)} == {"secrets"}

    service.update(models=[second])
    service.wait_for_deployment()
    assert service.run('{"data": 1}') == [3, "two"]
    assert [facts["cached"] for facts in images(service)] == [True]  # nothing was built

    service.update(models=[third])
    with pytest.raises(OperationFailed) as failed:
        service.wait_for_deployment()
    assert "the models cannot be had: tiny/3/tiny.txt from http://" in str(failed.value)
    assert "is not the file that was registered: its SHA-256 is" in str(failed.value)
    assert "bake_models_up_to_mb" in str(failed.value)
    assert service.run('{"data": 1}') == [3, "two"]


@pytest.mark.soak
def test_a_model_of_200_mb(served: tuple[Path, str], workspace: Workspace, tmp_path: Path) -> None:
    folder, url = served
    content = b"big" + os.urandom(1024) * (SIZE // 1024 - 1)
    (tmp_path / "big.bin").write_bytes(content)
    model = Model.register(workspace, str(tmp_path / "big.bin"), "big")
    put(folder, model, content)
    options = json.dumps({"headers": {"Authorization": f"Bearer {MARKER}"}})
    service = deploy(
        workspace, "large", model, bake_models_up_to_mb=100, models_url=url, models_storage_options=options
    )
    service.wait_for_deployment()
    assert service.run('{"data": 1}') == [len(content), "big"]
    service.update(bake_models_up_to_mb=1000)  # and now from the image
    service.wait_for_deployment()
    assert service.run('{"data": 1}') == [len(content), "big"]
    assert "initContainers" not in kubectl("get", "deployments", "-o", "yaml", "-l", "jupyter-deploy/service=large")


@pytest.mark.soak
def test_large_models_come_from_the_store_of_the_workspace(cluster: None, tmp_path: Path) -> None:
    server = S3(bridge())
    workspace = Workspace(tmp_path / "workspace", files=f"{server.new_bucket()}/team", files_options=server.options)
    try:
        model = register_text(workspace, "one")
        service = deploy(workspace, "from-store", model, bake_models_up_to_mb=0)
        service.wait_for_deployment()  # the store's own credentials, which write there, are given to no pod unasked
        note = "models of 0 MB go into the image, more than bake_models_up_to_mb (0); pods fetch them where models_storage_options"
        assert any(note in event.text for event in operation_of(service).events())
        assert service.run('{"data": 1}') == [3, "one"]
        service.update(models_storage_options=json.dumps(server.options))
        service.wait_for_deployment()
        assert service.run('{"data": 1}') == [3, "one"]
        path = "jsonpath={.items[*].spec.template.spec.initContainers[*].name}"
        names = kubectl("get", "deployments", "-l", "jupyter-deploy/service=from-store", "-o", path)
        assert names == "fetch-models"
        service.update(models=[register_text(workspace, "two")])
        service.wait_for_deployment()
        assert service.run('{"data": 1}') == [3, "two"]
    finally:
        clear(workspace)
        server.stop()
