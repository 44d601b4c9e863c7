from __future__ import annotations

import os
import pickle
import platform
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import Conflict, IntegrityError, Untrusted, UserError
from jupyter_deploy.models import delete, download, register, registry
from jupyter_deploy.models.selection import select
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.store import FileStore


class Runs:
    def __reduce__(self) -> Any:
        return os.system, ("true",)


SYSTEM = f"{os.system.__module__}.system"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def harmful(tmp_path: Path) -> Path:
    path = tmp_path / "harmful.pkl"
    path.write_bytes(pickle.dumps(Runs()))
    return path


def stored_files(workspace: WorkspaceFolder) -> list[Path]:
    return [path for path in workspace.files.root.rglob("*") if path.is_file()]


def test_everything_about_a_model_is_recorded(workspace: WorkspaceFolder, tmp_path: Path) -> None:
    import numpy as np
    import sklearn
    from sklearn.linear_model import Ridge

    path = tmp_path / "ridge.pkl"
    path.write_bytes(pickle.dumps(Ridge().fit([[1], [2]], [1, 2])))
    record = register(
        workspace, path=path, name="diabetes", tags={"data": "sklearn", "rows": 442}, properties={"p": "1"}, description="d",
        run_id="r", experiment_name="e", resource_configuration={"cpu": 1, "memoryInGB": 0.5},
    )  # fmt: skip
    assert record.id == "diabetes:1"
    assert [found.path for found in record.files] == ["ridge.pkl"]
    assert (record.root, record.is_folder) == ("ridge.pkl", False)
    assert record.tags == {"data": "sklearn", "rows": "442"}
    assert (record.framework, record.framework_version) == ("ScikitLearn", sklearn.__version__)
    assert record.imports == ("numpy", "sklearn")
    assert record.packages == {"numpy": np.__version__, "scikit-learn": sklearn.__version__}
    assert record.python == platform.python_version()
    assert record.resource_configuration == {"cpu": 1, "memoryInGB": 0.5}
    assert datetime.now(timezone.utc) - record.created_time < timedelta(minutes=1)
    assert record.created_by
    assert workspace.models.get("diabetes") == record


def test_a_folder_is_registered_with_its_layout(workspace: WorkspaceFolder, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "out" / "net" / name).mkdir(parents=True)
        (tmp_path / "out" / "net" / name / "w").write_text("same")
    record = register(workspace, path=tmp_path / "out" / "net", name="net")
    assert [found.path for found in record.files] == ["net/a/w", "net/b/w"]
    assert record.is_folder
    assert len(stored_files(workspace)) == 1
    child = register(workspace, path=tmp_path / "out" / "net", name="net", child_paths=["b"])
    assert [found.path for found in child.files] == ["net/b/w"]


def test_eight_processes_registering_at_once_get_eight_versions(workspace: WorkspaceFolder, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from jupyter_deploy.workspace.folder import open_workspace\n"
        "from jupyter_deploy.models import register\n"
        "path = Path(sys.argv[2]); path.write_text(path.name)\n"
        "register(open_workspace(Path(sys.argv[1])), path=path, name='m')\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(workspace.path), str(tmp_path / f"file{number}")])
        for number in range(8)
    ]
    assert [process.wait() for process in processes] == [0] * 8
    models = workspace.models.list("m")
    assert sorted(model.version for model in models) == list(range(1, 9))
    assert {model.root for model in models} == {f"file{number}" for number in range(8)}
    for model in models:
        workspace.files.verify(model.files[0].sha256, model.id)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "-bad"}, "'-bad' is not a valid model name"),
        ({"name": "a" * 256}, "is not a valid model name"),
        ({"tags": ["a"]}, "tags must be a dict, not list"),
        ({"tags": {"a": "b\0"}}, "holds a NUL character"),
        ({"properties": {"a": None}}, "properties: 'a': None"),
        ({"framework": "Sklearn"}, "not a known framework"),
        ({"framework_version": "1"}, "needs a framework"),
        ({"resource_configuration": {"cpu": 0}}, "'cpu': 0 is not acceptable"),
        ({"resource_configuration": {"disk": 1}}, "'disk': 1 is not acceptable"),
        ({"child_paths": ["a"]}, "child_paths needs a folder"),
        ({"path": Path("missing.pkl")}, "there is no file or folder .*/missing.pkl"),
    ],
)
def test_what_is_refused_leaves_nothing(
    workspace: WorkspaceFolder, file: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        register(workspace, **{"path": file, "name": "m", **arguments})
    assert workspace.models.list() == ()
    assert stored_files(workspace) == []


def test_a_given_framework_stands_and_takes_a_version_that_was_read(workspace: WorkspaceFolder, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text('{"learner":{"learner_model_param":{}},"version":[2,0,3]}')
    custom = register(workspace, path=path, name="m", framework="Custom")
    assert (custom.framework, custom.framework_version) == ("Custom", None)
    given = register(workspace, path=path, name="m", framework="XGBoost")
    assert (given.framework, given.framework_version) == ("XGBoost", "2.0.3")


def test_an_untrusted_pickle_is_refused_with_its_names(workspace: WorkspaceFolder, harmful: Path) -> None:
    with pytest.raises(Untrusted, match=f"harmful.pkl would import .*: {SYSTEM}") as caught:
        register(workspace, path=harmful, name="m")
    assert f"--trust {SYSTEM}" in caught.value.remedy
    assert workspace.models.list() == ()
    assert stored_files(workspace) == []


def test_trust_is_by_name_and_recorded(workspace: WorkspaceFolder, harmful: Path) -> None:
    with pytest.raises(Untrusted):
        register(workspace, path=harmful, name="m", trust=["os.other"])
    assert register(workspace, path=harmful, name="m", trust=[SYSTEM, "not.needed"]).trusted == (SYSTEM,)


def test_the_user_s_list_is_kept_in_the_workspace(workspace: WorkspaceFolder, harmful: Path) -> None:
    (workspace.path / "trusted.txt").write_text(f"{SYSTEM}  # mine\n")
    assert register(workspace, path=harmful, name="m").trusted == (SYSTEM,)


def test_a_list_beside_the_model_counts_for_nothing(workspace: WorkspaceFolder, tmp_path: Path) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "trusted.txt").write_text(SYSTEM)
    (folder / "weights").write_bytes(pickle.dumps(Runs()))
    with pytest.raises(Untrusted):
        register(workspace, path=folder, name="m")


def test_a_file_that_changes_after_it_was_inspected_is_refused(
    workspace: WorkspaceFolder, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect = registry.inspect

    def inspect_and_change(path: Path) -> Any:
        found = inspect(path)
        path.write_bytes(pickle.dumps(Runs()))
        return found

    monkeypatch.setattr(registry, "inspect", inspect_and_change)
    with pytest.raises(UserError, match=r"model\.bin changed while it was registered"):
        register(workspace, path=file, name="m")
    assert workspace.models.list() == ()


def test_progress_is_told_over_all_files_and_only_when_there_is_much(
    workspace: WorkspaceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "a").write_bytes(b"123")
    (folder / "b").write_bytes(b"4567")
    seen: list[tuple[int, int]] = []
    register(workspace, path=folder, name="m", progress=lambda done, total: seen.append((done, total)))
    assert seen == []
    monkeypatch.setattr(registry, "_PROGRESS_FROM", 5)
    register(workspace, path=folder, name="m", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 7), (7, 7)]


def test_deleting_frees_what_nothing_uses_and_keeps_the_counter(workspace: WorkspaceFolder, file: Path) -> None:
    first, second = (register(workspace, path=file, name="m") for _ in range(2))
    assert delete(workspace, first, tuple) == 0
    workspace.files.verify(second.files[0].sha256, second.id)
    assert delete(workspace, second, tuple) == 7
    assert stored_files(workspace) == []
    assert register(workspace, path=file, name="m").version == 3


def test_deleting_keeps_what_others_need(workspace: WorkspaceFolder, file: Path) -> None:
    record = register(workspace, path=file, name="m")
    assert delete(workspace, record, lambda: {record.files[0].sha256}) == 0
    workspace.files.verify(record.files[0].sha256, record.id)


def test_a_download_is_the_user_s_own_copy(workspace: WorkspaceFolder, tmp_path: Path) -> None:
    (tmp_path / "net" / "inner").mkdir(parents=True)
    (tmp_path / "net" / "inner" / "w").write_text("weights")
    record = register(workspace, path=tmp_path / "net", name="m")
    path = download(workspace, record, tmp_path / "here" / "there")
    assert path == tmp_path / "here" / "there" / "net"
    (path / "inner" / "w").write_text("mine now")
    workspace.files.verify(record.files[0].sha256, record.id)
    with pytest.raises(Conflict, match="exists already"):
        download(workspace, record, tmp_path / "here" / "there")
    assert (path / "inner" / "w").read_text() == "mine now"
    download(workspace, record, tmp_path / "here" / "there", exist_ok=True)
    assert (path / "inner" / "w").read_text() == "weights"


def test_a_damaged_file_is_not_downloaded(workspace: WorkspaceFolder, file: Path, tmp_path: Path) -> None:
    record = register(workspace, path=file, name="m")
    (stored,) = stored_files(workspace)
    stored.chmod(0o600)
    stored.write_bytes(b"weighty")
    with pytest.raises(IntegrityError, match=r"m:1, model\.bin is not what was registered"):
        download(workspace, record, tmp_path / "here")
    assert not (tmp_path / "here" / "model.bin").exists()


def test_a_failing_record_leaves_no_model(
    workspace: WorkspaceFolder, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(FileStore, "put", fail)
    with pytest.raises(OSError, match="disk full"):
        register(workspace, path=file, name="m")
    assert workspace.models.list() == ()


def test_files_are_looked_at_as_registering_them_would(
    workspace: WorkspaceFolder, harmful: Path, tmp_path: Path
) -> None:
    from sklearn.linear_model import Ridge

    asking = registry.look_at(workspace, select(harmful))
    assert (asking.framework, asking.names, asking.outside) == (None, (SYSTEM,), (SYSTEM,))
    (workspace.path / "trusted.txt").write_text(SYSTEM)
    assert registry.look_at(workspace, select(harmful)).outside == ()
    path = tmp_path / "ridge.pkl"
    path.write_bytes(pickle.dumps(Ridge().fit([[1], [2]], [1, 2])))
    known = registry.look_at(workspace, select(path))
    record = register(workspace, path=path, name="ridge")
    assert (known.framework, known.framework_version) == (record.framework, record.framework_version)
    assert "sklearn.linear_model._ridge.Ridge" in known.names
    assert known.outside == ()
