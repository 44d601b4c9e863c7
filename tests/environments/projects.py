"""A tiny package in source, with a build backend of its own, so that building it needs no network."""

from __future__ import annotations

from pathlib import Path

_PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "{name}"
version = "0.3"
"""
_BACKEND = """
import os, zipfile

INFO = "{name}-0.3.dist-info/"

def build_wheel(directory, config_settings=None, metadata_directory=None):
    {before}
    files = {{
        "{name}.py": open("{name}.py").read(),
        INFO + "METADATA": "Metadata-Version: 2.1\\nName: {name}\\nVersion: 0.3\\n",
        INFO + "WHEEL": "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        INFO + "RECORD": "",
    }}
    with zipfile.ZipFile(os.path.join(directory, "{name}-0.3-py3-none-any.whl"), "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return "{name}-0.3-py3-none-any.whl"
"""


def write_project(folder: Path, version: str = "as it was", *, name: str = "mine", before: str = "pass") -> Path:
    """Write a package whose module says its version; ``before`` is a statement that its build begins with."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(_PROJECT.format(name=name))
    (folder / "backend.py").write_text(_BACKEND.format(name=name, before=before))
    (folder / f"{name}.py").write_text(f"VERSION = {version!r}\n")
    return folder
