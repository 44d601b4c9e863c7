from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType

import pytest

from jupyter_deploy.environments import Lock, LockedPackage, lacking, lock_kernel

SERVER = {"httptools", "orjson", "pysimdjson", "uvloop"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that the running interpreter finds."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def install(
    site: Path,
    name: str,
    version: str = "1.0",
    *,
    modules: Sequence[str] = (),
    requires: Sequence[str] = (),
    url: str = "",
) -> None:
    """Put a package into a folder as an installer does."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\nRequires-Dist: no-header\n"
    )
    records = [f"{info.name}/METADATA,,"]
    for module in modules:
        path = site / module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        records.append(f"{module},sha256=abc,0")
    if url:
        (info / "direct_url.json").write_text(json.dumps({"url": url, "dir_info": {"editable": True}}))
        records.append(f"{info.name}/direct_url.json,,")
    (info / "RECORD").write_text("\n".join([*records, f"{info.name}/RECORD,,", ""]))


def asked(lock: Lock) -> dict[str, tuple[str, ...]]:
    """Who asked for each package, without what the scoring server brings."""
    server = {package.name for package in lock_kernel({}).packages}
    return {package.name: package.asked_by for package in lock.packages if package.name not in server}


def test_what_a_script_imports_is_locked_with_all_it_needs_in_the_versions_that_are_here() -> None:
    lock = lock_kernel({"sklearn": "score.py", "numpy": "model diabetes:1", "json": "score.py"})
    packages = {package.name: package for package in lock.packages}
    assert lock.python == platform.python_version()
    assert lock.source == "kernel"
    assert lock.missing == ()
    assert SERVER | {"scikit-learn", "numpy", "scipy", "joblib"} <= set(packages)
    assert packages["scikit-learn"].asked_by == ("score.py",)
    assert packages["numpy"].asked_by == ("model diabetes:1", "scikit-learn", "scipy")
    assert packages["httptools"].asked_by == ("the scoring server",)
    assert all(package.version == importlib.metadata.version(name) for name, package in packages.items())
    assert list(packages) == sorted(packages)
    assert "pytest" not in packages
    assert not lock.has_hashes


def test_the_common_case_is_quick() -> None:
    times = []
    for _ in range(3):
        start = time.process_time()
        lock_kernel({"sklearn": "score.py", "numpy": "score.py"})
        times.append(time.process_time() - start)
    assert min(times) < 0.06


def test_a_module_is_found_under_whatever_name_its_package_has(site: Path) -> None:
    install(site, "Folder-Package", modules=["inside/__init__.py"])
    install(site, "one-file", "2.0", modules=["single.py"])
    install(site, "compiled", modules=[f"fast{EXTENSION_SUFFIXES[0]}"])
    lock = lock_kernel(dict.fromkeys(["inside", "single", "fast"], "score.py"))
    assert set(asked(lock)) == {"folder-package", "one-file", "compiled"}


def test_a_package_with_the_modules_name_that_does_not_have_it_is_not_taken(site: Path) -> None:
    install(site, "thing", modules=["other/__init__.py"])
    install(site, "real-thing", modules=["thing/__init__.py"])
    assert asked(lock_kernel({"thing": "score.py"})) == {"real-thing": ("score.py",)}


def test_every_package_with_a_share_in_a_namespace_is_taken(site: Path) -> None:
    install(site, "space", modules=["space/core/__init__.py"])
    install(site, "space-storage", modules=["space/storage/__init__.py"])
    assert set(asked(lock_kernel({"space": "score.py"}))) == {"space", "space-storage"}


def test_markers_and_extras_decide_what_is_followed(site: Path) -> None:
    needs = [
        "always>=1",
        "never; python_version < '3'",
        "on-request; extra == 'more'",
        "with-extra[more] (>=0.1)",
        "not-installed",
        "dated (>dev)",
    ]
    install(site, "root", modules=["root/__init__.py"], requires=needs)
    install(site, "always", requires=["root[more]"])
    install(site, "never")
    install(site, "on-request")
    install(site, "dated")
    install(site, "with-extra", requires=["deep; extra == 'more'", "unwanted; extra == 'other'"])
    install(site, "deep", requires=["always"])
    install(site, "unwanted")
    assert asked(lock_kernel({"root": "score.py"})) == {
        "always": ("deep", "root"),
        "dated": ("root",),
        "deep": ("with-extra",),
        "on-request": ("root",),
        "root": ("always", "score.py"),
        "with-extra": ("root",),
    }


def test_modules_that_belong_to_no_package_are_listed_unless_they_lie_beside_the_script() -> None:
    lock = lock_kernel({"nowhere_to_be_found": "score.py", "helpers": "score.py"}, local={"helpers"})
    assert lock.missing == ("nowhere_to_be_found",)


def test_what_the_scoring_server_stands_in_for_is_left_out(site: Path) -> None:
    install(site, "azureml-core", modules=["azureml/core/__init__.py"], requires=["heavy"])
    install(site, "azureml-dataprep", modules=["azureml/dataprep/__init__.py"])
    install(site, "mine", modules=["mine/__init__.py"], requires=["azureml-defaults"])
    install(site, "azureml-defaults", requires=["heavy"])
    install(site, "heavy")
    lock = lock_kernel({"azureml": "score.py", "mine": "score.py"})
    assert lock.left_out == ("azureml-core", "azureml-defaults")
    assert asked(lock) == {"mine": ("score.py",)}
    assert lock.missing == ()


def test_the_original_need_not_be_installed() -> None:
    lock = lock_kernel({"azureml": "score.py"})
    assert lock.missing == ()
    assert lock.left_out == ()


def test_a_package_that_is_used_from_its_source_folder_is_marked(site: Path, tmp_path: Path) -> None:
    source = tmp_path / "my project"
    (source / "library").mkdir(parents=True)
    (source / "library" / "__init__.py").touch()
    install(site, "my-project", "0.3", url=source.as_uri())
    sys.path.append(str(source))
    try:
        lock = lock_kernel({"library": "score.py", "numpy": "score.py"})
    finally:
        sys.path.remove(str(source))
    assert "my-project" in asked(lock)
    assert "numpy" in asked(lock)
    assert lock.local_installs == ("my-project",)


def test_a_module_that_was_made_by_hand_belongs_to_no_package(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(site, "my-project", url=site.as_uri())
    module = ModuleType("handmade")
    module.__spec__ = None
    monkeypatch.setitem(sys.modules, "handmade", module)
    assert lock_kernel({"handmade": "score.py"}).missing == ("handmade",)


def test_of_two_copies_the_one_that_is_imported_counts(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "mine", "1.0", modules=["module_of_mine/__init__.py"], requires=["old"])
    install(site, "old")
    first = tmp_path / "first"
    first.mkdir()
    install(first, "mine", "2.0", modules=["module_of_mine/__init__.py"])
    monkeypatch.syspath_prepend(str(first))
    lock = lock_kernel({"module_of_mine": "score.py"})
    assert asked(lock) == {"mine": ("score.py",)}
    assert LockedPackage("mine", "2.0", (), ("score.py",)) in lock.packages


def test_an_old_egg_is_read_too(site: Path) -> None:
    egg = site / "Old.Package-0.9.egg-info"
    egg.mkdir()
    (egg / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: Old.Package\nVersion: 0.9\n")
    (egg / "top_level.txt").write_text("oldmodule\n")
    (egg / "requires.txt").write_text("always\n")
    install(site, "always")
    lock = lock_kernel({"oldmodule": "score.py"})
    assert asked(lock) == {"always": ("old-package",), "old-package": ("score.py",)}
    assert LockedPackage("old-package", "0.9", (), ("score.py",)) in lock.packages


def test_the_running_interpreter_satisfies_its_own_lock() -> None:
    assert lacking(lock_kernel({"sklearn": "score.py"})) == ()


def test_each_difference_to_a_lock_is_said(site: Path) -> None:
    install(site, "one", "1.1")
    lock = Lock("3.4.1", "pip", (LockedPackage("one", "1.0"), LockedPackage("two", "2.0")))
    assert lacking(lock) == (
        f"Python 3.4.1 is wanted, {platform.python_version()} is running",
        "one 1.0 is wanted, 1.1 is installed",
        "two 2.0 is not installed",
    )
    assert lacking(replace(lock, python=platform.python_version(), packages=(LockedPackage("one", "1.1"),))) == ()
