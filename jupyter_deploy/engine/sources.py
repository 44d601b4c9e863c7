"""The files of a source directory: which of them are deployed, what they import, and which modules they are."""

from __future__ import annotations

import os
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.errors import UserError
from jupyter_deploy.script import describe

LEFT_OUT = frozenset({".git", "__pycache__", ".ipynb_checkpoints"})
"""Folders of a source directory that are never deployed; virtual environments are not either."""


def python_text(path: Path) -> str:
    """The text of a Python file, in the encoding that it names; SyntaxError or UnicodeDecodeError where it is in none."""
    with tokenize.open(path) as file:
        return file.read()


def source_files(inference: InferenceConfig, workspace: Path) -> tuple[Path, ...]:
    """The files of the source directory, where there is one, without those of a workspace that lies in it."""
    return tuple(_walk(inference.root, workspace.resolve())) if inference.source_directory else ()


def _walk(root: Path, workspace: Path) -> Iterator[Path]:
    """Every file below a folder; links are followed, but none in a circle."""
    seen = {root.resolve()}
    for base, folders, files in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if _is_deployed(Path(base, name), workspace, seen))
        for name in sorted(files):
            path = Path(base, name)
            if not path.is_file():
                raise UserError(
                    f"{path} in the source directory is a broken link or no plain file",
                    remedy="remove it, or move the script into a folder that holds only what it needs",
                )
            yield path


def _is_deployed(folder: Path, workspace: Path, seen: set[Path]) -> bool:
    real = folder.resolve()
    if folder.name in LEFT_OUT or real == workspace or (folder / "pyvenv.cfg").exists() or real in seen:
        return False
    seen.add(real)
    return True


def imports_of(sources: Iterable[Path]) -> dict[str, str]:
    """Who imports each module: the name of a file by the name of the module."""
    asked: dict[str, str] = {}
    for path in sources:
        if path.suffix == ".py":
            asked.update(dict.fromkeys(_imports(path), path.name))
    return asked


def _imports(path: Path) -> tuple[str, ...]:
    try:
        return describe(python_text(path), path.name).imports
    except (SyntaxError, UnicodeDecodeError):
        return ()  # not every .py file of a folder is meant for this Python


def modules_of(entry: str, source_directory: str | None, files: Iterable[str]) -> tuple[str, ...]:
    """Modules that lie in the source directory: they are deployed with it and belong to no package."""
    if source_directory is None:
        return ()
    entry_folder = entry.rsplit("/", 1)[0]
    names = set()
    for file in files:
        for base in (source_directory, entry_folder):
            if file.startswith(base + "/") and file.endswith(".py"):
                names.add(file[len(base) + 1 :].split("/")[0].removesuffix(".py"))
    return tuple(sorted(names))
