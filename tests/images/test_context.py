from __future__ import annotations

import io
import json
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_deploy.bundle.contents import SealedFile, SealedModel, SealedScript
from jupyter_deploy.bundle.writer import BundleContents, write_bundle
from jupyter_deploy.environments.lock import Lock, LockedPackage
from jupyter_deploy.errors import EnvironmentFailed
from jupyter_deploy.images import dockerfile
from jupyter_deploy.images.context import Context, Stage, context_of
from jupyter_deploy.images.recipe import Recipe
from jupyter_deploy.workspace.folder import open_workspace

LOCK = Lock("3.11.7", "pip", (LockedPackage("six", "1.16.0", ("sha256:" + "0" * 64,), ("score.py",)),))


def bundle(folder: Path, *, version: int = 1, script: str = "def run(x): return x\n", model: str = "one") -> Path:
    """A bundle with a model and a script in a source folder."""
    folder.mkdir(exist_ok=True)
    store = open_workspace(folder / "workspace").files
    for name, text in (("score.py", script), ("model.txt", model)):
        (folder / name).write_text(text)
    with store.adding():
        files = {name: SealedFile(name, *store.put(folder / name)) for name in ("score.py", "model.txt")}
    source = (SealedFile("my code/score.py", files["score.py"].sha256, files["score.py"].size),)
    made = folder / "bundle"
    contents = BundleContents(
        "service", version, "12345678", (SealedModel("tiny", 3, (files["model.txt"],)),),
        SealedScript("my code/score.py", "my code", source), LOCK.text(), {"port": 5001},
    )  # fmt: skip
    write_bundle(made, contents, store)
    return made


def context(folder: Path, lock: Lock = LOCK, **content: str | int) -> Context:
    return context_of(bundle(folder, **content), lock)  # type: ignore[arg-type]


def sent(made: Context) -> bytes:
    return b"".join(Stage(made.dockerfile, made.files).stream())


def test_the_same_content_has_the_same_name_whatever_its_times_and_version(tmp_path: Path) -> None:
    one, other = context(tmp_path / "a"), context(tmp_path / "b", version=7)
    for path in (tmp_path / "b").rglob("*"):
        os.utime(path, (1, 1))
    assert one.digest("base") == other.digest("base")
    assert sent(one) == sent(other)
    asked_by_others = Lock("3.11.7", "pip", (LockedPackage("six", "1.16.0", LOCK.packages[0].hashes, ("other.py",)),))
    assert context(tmp_path / "c", asked_by_others).digest("base") == one.digest("base")


def test_a_new_script_leaves_all_that_is_large_as_it_is(tmp_path: Path) -> None:
    before, after = context(tmp_path / "a"), context(tmp_path / "b", script="def run(x): return 1\n")
    assert before.lasting("base")[0] == after.lasting("base")[0] != before.lasting("another base")[0]
    assert before.lasting("base")[0] != context(tmp_path / "c", model="two").lasting("base")[0]
    _, first = before.lasting("base")
    rest = before.changing("name:tag")
    assert {**first.files, **rest.files} == before.files
    assert set(rest.files) == {"service.json", "azureml-app/my code/score.py"}
    assert rest.dockerfile.startswith("FROM name:tag\n")
    assert before.dockerfile == first.dockerfile + "\n" + rest.dockerfile.partition("\n")[2]


def test_without_its_models_it_is_one_image_for_all_of_them(tmp_path: Path) -> None:
    one, other = (context(tmp_path / text, model=text).without_models() for text in ("one", "two"))
    assert one.digest("base") == other.digest("base")
    assert not [name for name in one.files if "azureml-models" in name]
    assert "azureml-models" not in one.dockerfile
    told = json.loads(str(one.files["service.json"]))
    assert (told["models"], told["modelDir"]) == ([], "azureml-models")


@pytest.mark.parametrize("change", [{"script": "def run(x): return 1\n"}, {"model": "two"}])
def test_other_content_has_another_name(tmp_path: Path, change: dict[str, str]) -> None:
    assert context(tmp_path / "a").digest("base") != context(tmp_path / "b", **change).digest("base")
    assert context(tmp_path / "a").digest("base") != context(tmp_path / "a").digest("another base")


def test_what_is_sent_is_roots_readable_and_without_times(tmp_path: Path) -> None:
    made = context(tmp_path)
    with tarfile.open(fileobj=io.BytesIO(sent(made))) as archive:
        members = archive.getmembers()
        settings = json.load(archive.extractfile("service.json"))  # type: ignore[arg-type]
        model = archive.extractfile("azureml-app/azureml-models/tiny/3/model.txt")
        assert model is not None
        assert model.read() == b"one"
    assert {(each.uid, each.gid, each.uname, each.mtime) for each in members} == {(0, 0, "", 0)}
    assert {each.mode for each in members if each.isfile()} == {0o644}
    assert {each.mode for each in members if each.isdir()} == {0o755}
    assert "version" not in settings
    names = {each.name for each in members}
    assert {"Dockerfile", "requirements.lock", "azureml-app/my code/score.py"} < names


def test_it_is_saved_as_docker_build_takes_it(tmp_path: Path) -> None:
    made = context(tmp_path / "a")
    (tmp_path / "saved").mkdir()
    umask = os.umask(0o077)
    try:
        made.save(tmp_path / "saved")
    finally:
        os.umask(umask)
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in (tmp_path / "saved").rglob("*")}
    assert modes == {(True, 0o755), (False, 0o644)}  # as it is sent to the engine: the service's user reads it
    saved = {
        path.relative_to(tmp_path / "saved").as_posix() for path in (tmp_path / "saved").rglob("*") if path.is_file()
    }
    assert saved == {"Dockerfile", *made.files}
    assert (tmp_path / "saved" / "Dockerfile").read_text() == made.dockerfile


def test_wheels_of_this_machine_are_taken_along_and_folders_of_it_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "mine-1.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    package = LockedPackage("mine", "1.0", ("sha256:" + "1" * 64,), address=wheel.as_uri())
    made = context(tmp_path / "a", Lock("3.11.7", "pip", (package,)))
    assert made.files["wheels/mine-1.0-py3-none-any.whl"] == wheel
    assert "mine @ file:///opt/jupyter-deploy/wheels/mine-1.0-py3-none-any.whl" in str(made.files["requirements.lock"])
    assert str(tmp_path) not in str(made.files["requirements.lock"]) + made.dockerfile
    with pytest.raises(EnvironmentFailed, match=r"packages come from a folder of this machine.*--find-links /srv"):
        context(tmp_path / "b", Lock("3.11.7", "pip", (), sources=("--find-links /srv",)))


STEPS = "RUN apt-get update \\\n && apt-get install --yes libgomp1\nENV OMP_NUM_THREADS=1\n"
BEGINNING = "FROM python:3.11 AS tools\nFROM example.org/python:3.11\nCOPY --from=tools /usr/bin/git /usr/bin/git\n"
SPARK = LockedPackage("pyspark", "4.0.0", ("sha256:" + "2" * 64,))
RECIPES = {
    "Dockerfile": (Recipe(), LOCK),
    "Dockerfile.steps": (Recipe(dockerfile=BEGINNING, steps=STEPS), LOCK),
    "Dockerfile.spark": (Recipe("mine:1", runtime="spark-py"), replace(LOCK, packages=(SPARK,))),
    "Dockerfile.conda": (
        Recipe(
            conda_only_packages=("conda-forge::r-base=4.1", "nodejs >=18"), conda_channels=("conda-forge", "bioconda")
        ),
        LOCK,
    ),
    "Dockerfile.cuda": (Recipe(gpu=True, cuda="12.8"), replace(LOCK, python="3.12.3")),
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_dockerfile_has_what_changes_most_last(tmp_path: Path, name: str) -> None:
    recipe, lock = RECIPES[name]
    expected = Path(__file__).parents[1] / "data" / "images" / name
    assert context_of(bundle(tmp_path), lock, recipe).dockerfile == expected.read_text(encoding="utf-8")


def test_the_image_that_has_conda_counts_as_a_base_image(tmp_path: Path) -> None:
    made = context_of(
        bundle(tmp_path), LOCK, Recipe("mine:1", conda_only_packages=("r-base",), conda_channels=("defaults",))
    )
    assert made.bases == ("mine:1", dockerfile.MICROMAMBA)


def test_other_steps_are_other_content_and_every_base_image_is_known(tmp_path: Path) -> None:
    made = bundle(tmp_path)
    plain, other = (context_of(made, LOCK, recipe) for recipe in (Recipe(), Recipe(steps=STEPS)))
    assert plain.digest("base") != other.digest("base")
    two = context_of(made, LOCK, Recipe(dockerfile=BEGINNING))
    assert two.bases == ("python:3.11", "example.org/python:3.11")
