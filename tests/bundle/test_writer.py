from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import jupyter_deploy
from jupyter_deploy.bundle.contents import SealedFile, SealedModel, SealedScript
from jupyter_deploy.bundle.writer import BundleContents, service_settings, verify_bundle, write_bundle
from jupyter_deploy.errors import IntegrityError, SystemProblem
from jupyter_deploy.targets.process import ProcessTarget
from jupyter_deploy.targets.process.options import ProcessOptions
from jupyter_deploy.workspace.store import FileStore

SCORING = Path(jupyter_deploy.__file__).parent / "scoring"
SCHEMA = json.loads((SCORING / "service.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", tmp_path / "files.lock")


def sealed(store: FileStore, tmp_path: Path, path: str, text: str) -> SealedFile:
    source = tmp_path / "source.txt"
    source.write_text(text, encoding="utf-8")
    sha256, size = store.put(source)
    return SealedFile(path, sha256, size)


@pytest.fixture
def contents(store: FileStore, tmp_path: Path) -> BundleContents:
    """A file model, a folder model, and a script with a folder of its own."""
    model = SealedModel("ridge", 3, (sealed(store, tmp_path, "ridge.txt", "weights"),))
    files = (sealed(store, tmp_path, "net/graph.json", "{}"), sealed(store, tmp_path, "net/data/part 1.txt", "one"))
    script = (
        sealed(store, tmp_path, "src/score.py", "def init(): pass\ndef run(data): return data\n"),
        sealed(store, tmp_path, "src/lib/helper.py", "ANSWER = 42\n"),
    )
    settings = ProcessTarget().server_settings(ProcessOptions())
    sealed_script = SealedScript("src/score.py", "src", script)
    return BundleContents(
        "service", 2, "1a2b3c4d", (model, SealedModel("net", 1, files)), sealed_script, "# none\n", settings
    )


@pytest.fixture
def bundle(tmp_path: Path, contents: BundleContents, store: FileStore) -> Path:
    """The same, written."""
    folder = tmp_path / "bundles" / "one"
    write_bundle(folder, contents, store)
    return folder


def test_every_part_has_its_place(bundle: Path) -> None:
    found = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    server = {path for path in found if path.startswith("server/")}
    assert found - server == {
        "bundle.json",
        "service.json",
        "requirements.lock",
        "app/src/score.py",
        "app/src/lib/helper.py",
        "app/azureml-models/ridge/3/ridge.txt",
        "app/azureml-models/net/1/net/graph.json",
        "app/azureml-models/net/1/net/data/part 1.txt",
    }
    originals = (path for path in SCORING.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert server == {f"server/jupyter_deploy_scoring/{path.relative_to(SCORING).as_posix()}" for path in originals}
    assert (bundle / "requirements.lock").read_text() == "# none\n"


def test_the_manifest_lists_every_other_file(bundle: Path) -> None:
    manifest = json.loads((bundle / "bundle.json").read_text())
    files = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert manifest["format"] == 1
    assert set(manifest["files"]) == files - {"bundle.json"}
    verify_bundle(bundle)


def test_settings_fit_the_servers_schema_and_name_every_model(bundle: Path) -> None:
    settings = json.loads((bundle / "service.json").read_text())
    jsonschema.validate(settings, SCHEMA)
    assert settings["models"] == [
        {"name": "ridge", "version": 3, "path": "azureml-models/ridge/3"},
        {"name": "net", "version": 1, "path": "azureml-models/net/1"},
    ]
    assert (settings["name"], settings["version"], settings["workspace"]) == ("service", "2", "1a2b3c4d")
    assert (settings["entryScript"], settings["sourceDirectory"]) == ("src/score.py", "src")


@pytest.mark.parametrize(
    ("count", "folder"), [(0, "azureml-models"), (1, "azureml-models/ridge/3"), (2, "azureml-models")]
)
def test_the_model_folder_is_that_of_a_single_model_or_of_all(
    contents: BundleContents, count: int, folder: str
) -> None:
    settings = service_settings(replace(contents, models=contents.models[:count]))
    assert settings["modelDir"] == folder
    jsonschema.validate(settings, SCHEMA)


def test_models_are_linked_not_copied(bundle: Path, contents: BundleContents, store: FileStore) -> None:
    stored = store.root / contents.models[0].files[0].sha256[:2] / contents.models[0].files[0].sha256
    placed = bundle / "app/azureml-models/ridge/3/ridge.txt"
    assert placed.samefile(stored)
    assert placed.stat().st_mode & 0o222 == 0


def test_the_server_of_the_bundle_runs_by_itself(bundle: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", bundle / "server/jupyter_deploy_scoring", "try", "--settings", bundle / "service.json",
         "--result", bundle.parent / "result.json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads((bundle.parent / "result.json").read_text())["ok"] is True


@pytest.mark.parametrize(
    "name", ["app/azureml-models/net/1/net/graph.json", "app/src/score.py", "service.json", "requirements.lock",
             "server/jupyter_deploy_scoring/front.py"],
)  # fmt: skip
def test_a_flipped_byte_is_found_and_the_file_named(bundle: Path, name: str) -> None:
    path = bundle / name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    with pytest.raises(IntegrityError) as raised:
        verify_bundle(bundle)
    assert raised.value.what == f"{path} was changed after it was deployed"
    assert "SHA-256" in raised.value.why
    assert "update the service" in raised.value.remedy


def test_a_missing_file_is_found_and_named(bundle: Path) -> None:
    path = bundle / "app/azureml-models/ridge/3/ridge.txt"
    path.unlink()
    with pytest.raises(IntegrityError, match=f"{path} is missing\n.*update the service again"):
        verify_bundle(bundle)


def test_what_python_compiles_is_no_change(bundle: Path) -> None:
    cache = bundle / "server/jupyter_deploy_scoring/__pycache__"
    cache.mkdir()
    (cache / "front.cpython-311.pyc").touch()
    verify_bundle(bundle)


def test_a_folder_without_manifest_is_no_bundle(bundle: Path) -> None:
    (bundle / "bundle.json").unlink()
    with pytest.raises(SystemProblem, match="is no whole bundle"):
        verify_bundle(bundle)


def test_a_newer_format_is_refused_in_one_line(bundle: Path) -> None:
    manifest: dict[str, Any] = json.loads((bundle / "bundle.json").read_text())
    (bundle / "bundle.json").write_text(json.dumps({**manifest, "format": 2}))
    with pytest.raises(SystemProblem) as raised:
        verify_bundle(bundle)
    assert "has bundle format 2, newer than this release knows (1): upgrade with 'pip install" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_damaged_stored_file_is_not_put_into_a_bundle(
    contents: BundleContents, store: FileStore, tmp_path: Path
) -> None:
    sha256 = contents.models[0].files[0].sha256
    stored = store.root / sha256[:2] / sha256
    stored.chmod(0o600)
    stored.write_text("wrights")
    with pytest.raises(
        IntegrityError, match=r"the stored file of ridge\.txt of model ridge:3 is not what was registered"
    ):
        write_bundle(tmp_path / "bundle", contents, store)
    assert not (tmp_path / "bundle" / "bundle.json").exists()


def test_what_an_interrupted_attempt_left_is_replaced(bundle: Path, contents: BundleContents, store: FileStore) -> None:
    (bundle / "bundle.json").unlink()
    (bundle / "app" / "rest.txt").touch()
    write_bundle(bundle, contents, store)
    verify_bundle(bundle)
    assert not (bundle / "app" / "rest.txt").exists()


def test_the_same_contents_make_the_same_bundle(
    bundle: Path, contents: BundleContents, store: FileStore, tmp_path: Path
) -> None:
    write_bundle(tmp_path / "again", contents, store)
    assert (tmp_path / "again" / "bundle.json").read_bytes() == (bundle / "bundle.json").read_bytes()
