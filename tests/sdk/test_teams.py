"""Two people, each with a folder of their own, over one database and one store."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace
from jupyter_deploy.errors import Elsewhere, InUse
from tests.contract.test_secrets import holders_of, tellers_of
from tests.helpers import READS_ITS_MODEL, processes_of, register_text, take_away, write_script
from tests.servers import PASSWORD, S3

Person = Callable[[str], Workspace]


@pytest.fixture
def bucket(s3: S3) -> str:
    return s3.new_bucket()


@pytest.fixture
def person(postgres_url: str, s3: S3, bucket: str, tmp_path: Path) -> Iterator[Person]:
    """The workspace of a member of the team, by name."""
    made: list[Workspace] = []

    def open_for(name: str) -> Workspace:
        (tmp_path / name).mkdir()
        made.append(
            Workspace(postgres_url, files=f"{bucket}/models", folder=tmp_path / name / "ws", files_options=s3.options)
        )
        return made[-1]

    yield open_for
    for workspace in made:
        take_away(workspace)


def deploy(workspace: Workspace, name: str, model: Model) -> Webservice:
    config = InferenceConfig(entry_script=str(write_script(workspace.path.parent, READS_ITS_MODEL)))
    options = ProcessWebservice.deploy_configuration(auth_enabled=True)
    service = Model.deploy(workspace, name, [model], config, options)
    service.wait_for_deployment()
    return service


def sizes_of_models(s3: S3, bucket: str) -> list[int]:
    """The sizes of the models' files in a bucket; those of scripts are longer."""
    found = s3.system.find(bucket, detail=True)
    return sorted(info["size"] for key, info in found.items() if "/files/" in key and info["size"] < 10)


def test_a_model_goes_round_a_team(person: Person, s3: S3, bucket: str) -> None:
    ada, bob = person("ada"), person("bob")
    hers = deploy(ada, "ada-service", register_text(ada))
    assert hers.run({"data": 1}) == "one"
    his = deploy(bob, "bob-service", Model(bob, "tiny"))
    assert his.run({"data": 1}) == "one"
    assert sizes_of_models(s3, bucket) == [3]

    seen = Webservice(bob, "ada-service")
    assert (seen.state, seen.error) == ("Unknown", f"runs on {socket.gethostname()}, workspace {ada.folder.id}")
    assert [service.name for service in Webservice.list(bob)] == ["bob-service", "ada-service"]
    assert seen.serialize()["modelIds"] == ["tiny:1"]
    assert "Unknown" in seen._repr_html_()
    script = InferenceConfig(entry_script=str(write_script(bob.path.parent, READS_ITS_MODEL)))
    for refused in (
        seen.stop, seen.delete, seen.restart, seen.rollback, seen.get_keys, seen.get_logs, seen.packages,
        lambda: seen.update(tags={"a": "b"}), lambda: seen.run({}), lambda: seen.regen_key("Primary"),
        lambda: Model.deploy(bob, "ada-service", [Model(bob, "tiny")], script, overwrite=True),
    ):  # fmt: skip
        with pytest.raises(Elsewhere, match=f"^the service 'ada-service' runs on .*workspace {ada.folder.id}"):
            refused()
    assert hers.run({"data": 1}) == "one"

    with pytest.raises(InUse, match="in use by ada-service, bob-service"):
        Model(bob, "tiny").delete()
    hers.delete()
    with pytest.raises(InUse, match="in use by bob-service"):
        Model(ada, "tiny").delete()
    assert sizes_of_models(s3, bucket) == [3]
    his.delete()
    Model(ada, "tiny").delete()
    assert sizes_of_models(s3, bucket) == []
    assert Model.list(bob) == []


def test_the_credentials_are_nowhere_but_in_the_secrets_folder(person: Person, s3: S3, tmp_path: Path) -> None:
    ada = person("ada")
    service = deploy(ada, "ada-service", register_text(ada))
    for marker in (PASSWORD.split("/")[0], s3.options["secret"]):
        assert {path.parent for path in holders_of(marker, tmp_path)} == {ada.path / "secrets"}
        assert tellers_of(marker, processes_of(ada)) == []
        assert marker not in f"{ada!r} {ada._repr_html_()} {service!r} {service.serialize()} {service.get_logs()}"


def test_every_face_opens_the_folder_alone(person: Person) -> None:
    ada = person("ada")
    register_text(ada)
    assert Workspace(ada.path).models.keys() == {"tiny"}
    program = "import sys; from jupyter_deploy.cli.main import main; sys.exit(main())"
    listed = subprocess.run(
        [sys.executable, "-c", program, "model", "list", "-o", "json"],
        env={**os.environ, "JUPYTER_DEPLOY_WORKSPACE": str(ada.path)}, capture_output=True, check=True,
    )  # fmt: skip
    assert [model["id"] for model in json.loads(listed.stdout)] == ["tiny:1"]
