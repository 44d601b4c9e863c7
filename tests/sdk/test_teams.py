"""Two people, each with a folder of their own, over one database and one store."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace
from jupyter_deploy.errors import Busy, Elsewhere, InUse
from jupyter_deploy.workspace import postgres
from tests.contract.test_secrets import holders_of, tellers_of
from tests.environments.conftest import cache as cache
from tests.helpers import READS_ITS_MODEL, processes_of, register_text, take_away, wait_until, write_script
from tests.servers import PASSWORD, S3
from tests.services import begin, behind, has_begun, operation_of

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


@pytest.mark.usefixtures("cache")
def test_prune_takes_nothing_that_another_folder_needs(person: Person, s3: S3, bucket: str, tmp_path: Path) -> None:
    ada, bob, gate = person("ada"), person("bob"), tmp_path / "gate"
    service = deploy(ada, "ada-service", register_text(ada))
    again = write_script(tmp_path, behind(gate), "again.py")
    begin(ada, again, ["tiny"], name="ada-service", overwrite=True)
    wait_until(lambda: has_begun(operation_of(service), "start"))
    assert list(bob.prune(dry_run=False)) == []
    gate.touch()
    service.wait_for_deployment()
    shutil.rmtree(ada.path / "files")  # a cache
    service.update(models=[register_text(ada, "two")])  # the script comes from the store
    service.wait_for_deployment()
    assert service.run("x") == "x"

    operations = ada.folder.operations.list()
    assert {item.what.split(":")[0] for item in ada.prune() if item.kind == "bundle"} == {"ada-service, version 1"}
    assert {item.kind for item in bob.prune(dry_run=False)} == {
        "file"
    }  # the first script, which no rollback returns to
    assert list(bob.prune()) == []
    assert [each for each in ada.prune(dry_run=False) if each.kind == "operation"] == []
    assert ada.folder.operations.list() == operations
    service.rollback()
    service.wait_for_deployment()
    service.delete()
    assert [item.kind for item in bob.prune(dry_run=False) if item.kind != "file"] == []
    assert "operation" in {item.kind for item in ada.prune(dry_run=False)}
    assert ada.folder.operations.list() == ()
    assert sizes_of_models(s3, bucket) == [3, 3]


@pytest.mark.usefixtures("cache")
def test_prune_frees_at_the_address_what_nobody_needs(person: Person, s3: S3, bucket: str, tmp_path: Path) -> None:
    ada, bob = person("ada"), person("bob")
    broken = write_script(tmp_path, "def init():\n    1 / 0\n\ndef run(data):\n    return data", "broken.py")
    failing = begin(ada, broken, [register_text(ada)], name="ada-service")
    wait_until(lambda: failing.state == "Failed")
    [found] = bob.prune()
    [key] = [key for key, info in s3.system.find(bucket, detail=True).items() if info["size"] == found.size]
    assert (found.kind, found.size) == ("file", broken.stat().st_size)
    assert found.what == f"{key}: no model and no script that is needed names it"
    assert [item.is_freed for item in bob.prune(dry_run=False)] == [True]
    assert not s3.system.exists(key)
    assert sizes_of_models(s3, bucket) == [3]


@pytest.mark.usefixtures("cache")
def test_prune_says_so_while_others_add(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, bob = person("ada"), person("bob")
    with ada.folder.files.adding(), monkeypatch.context() as impatient:
        impatient.setattr(postgres, "_PATIENCE_S", 0.2)
        with pytest.raises(Busy, match=r"^files are being added or fetched at s3://"):
            bob.prune()
    assert list(bob.prune()) == []


@pytest.mark.usefixtures("cache")
def test_what_is_left_under_the_name_of_a_service_of_others_goes(person: Person) -> None:
    ada, bob = person("ada"), person("bob")
    his = deploy(bob, "a-service", register_text(bob))
    his.delete()
    left = bob.path / "services" / "a-service" / "bundles" / "old"
    left.mkdir(parents=True)
    os.utime(left.parents[1], (0, 0))
    hers = deploy(ada, "a-service", Model(ada, "tiny"))
    assert {"leftover", "operation"} <= {item.kind for item in bob.prune(dry_run=False)}
    assert (left.exists(), hers.run({"data": 1})) == (False, "one")
    assert [record.service for record in ada.folder.operations.list()] == ["a-service"]
