from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_deploy import Model, Workspace
from jupyter_deploy.engine.models import delete_model, users_of
from jupyter_deploy.errors import InUse, ModelNotFound, OperationFailed, UserError
from tests.helpers import READS_ITS_MODEL, register_text, wait_until, write_script
from tests.services import NAME, begin, behind, has_begun, operation_of, serve

Stored = Callable[[Model], Path]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return write_script(tmp_path, READS_ITS_MODEL)


@pytest.fixture
def stored(workspace: Workspace) -> Stored:
    """Where the store keeps a model's file."""
    return lambda model: workspace.path / "files" / (sha256 := model.record.files[0].sha256)[:2] / sha256


def test_a_model_is_kept_while_a_service_or_its_rollback_needs_it(
    workspace: Workspace, script: Path, stored: Stored
) -> None:
    models = [register_text(workspace, text) for text in ("one", "two", "three")]
    files = [stored(model) for model in models]
    service = serve(workspace, script, models[:1])
    register_text(workspace, "unused", "other").delete()  # takes nothing away that the updates below need
    with pytest.raises(InUse, match=f"model tiny:1 is in use by {NAME}"):
        models[0].delete()
    service.update(models=[models[1]])
    service.wait_for_deployment()
    with pytest.raises(InUse, match=NAME) as refused:  # a rollback would return to it
        models[0].delete()
    assert "update or delete these services first" in refused.value.remedy
    assert service.run("") == "two"
    service.update(models=[models[2]])
    service.wait_for_deployment()
    folder = workspace.path / "services" / NAME / "bundles"
    bundles = [folder / version.bundle for version in service.view.versions]
    assert [path.exists() for path in bundles] == [True, True, True]
    models[0].delete()
    assert [path.exists() for path in bundles] == [False, True, True]
    assert [path.exists() for path in files] == [False, True, True]
    assert service.run("") == "three"
    service.rollback()
    assert service.run("") == "two"
    assert [model.id for model in Model.list(workspace)] == ["tiny:3", "tiny:2"]
    assert users_of(workspace.folder, "tiny:3") == (NAME,)
    service.delete()
    assert users_of(workspace.folder, "tiny:2") == ()
    models[2].delete()
    assert delete_model(workspace.folder, models[1].record) >= len("two")
    assert [path.exists() for path in files] == [False, False, False]
    assert register_text(workspace, "four").version == 4  # no number is used again


def test_a_model_that_an_operation_brings_up_is_in_use(workspace: Workspace, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    model = register_text(workspace)
    service = begin(workspace, write_script(tmp_path, behind(gate)), [model])
    wait_until(lambda: has_begun(operation_of(service), "start"))
    with pytest.raises(InUse, match=NAME):
        model.delete()
    gate.touch()
    service.wait_for_deployment()
    assert service.run("x") == "x"


def test_a_model_that_is_gone_from_the_store_leaves_its_service_serving(
    workspace: Workspace, script: Path, stored: Stored
) -> None:
    model = register_text(workspace)
    service = serve(workspace, script, [model])
    stored(model).unlink()
    assert service.run("") == "one"
    service.stop()
    service.start()  # from the bundle, which has its own link
    assert service.run("") == "one"
    service.update(models=[model])
    with pytest.raises(OperationFailed, match=r"the stored file of tiny\.txt of model tiny:1 is missing"):
        service.wait_for_deployment()
    assert (service.run(""), service.state, service.version) == ("one", "Healthy", 1)


def test_a_flipped_byte_in_a_stored_file_stops_a_start_and_names_the_file(
    workspace: Workspace, script: Path, stored: Stored
) -> None:
    model = register_text(workspace)
    service = serve(workspace, script, [model])
    service.stop()
    stored(model).chmod(0o600)
    stored(model).write_text("onf")
    with pytest.raises(
        OperationFailed, match=r"/azureml-models/tiny/1/tiny\.txt was changed after it was deployed"
    ) as refused:
        service.start()
    assert "register the model again" in refused.value.remedy
    assert service.state == "Stopped"
    other = begin(workspace, script, [model], name="other-service")
    with pytest.raises(
        OperationFailed, match=r"the stored file of tiny\.txt of model tiny:1 is not what was registered"
    ):
        other.wait_for_deployment()
    assert other.state == "Failed"


def test_models_are_found_by_what_a_user_types(workspace: Workspace) -> None:
    for text in ("one", "two"):
        register_text(workspace, text, "diabetes")
    assert Model(workspace, id="diabetes").version == 2
    assert Model(workspace, id="diabetes:1").version == 1
    for wanted, hint in (
        ("diabetse", "did you mean 'diabetes'?"),
        ("diabetes:7", "'diabetes' has the versions 1, 2"),
        ("other", "list the models"),
    ):
        with pytest.raises(ModelNotFound, match=rf"^ModelNotFound: there is no model '{wanted}'") as missing:
            Model(workspace, id=wanted)
        assert hint in str(missing.value)
    with pytest.raises(UserError, match="'diabetes:latest' is no model id"):
        Model(workspace, id="diabetes:latest")
